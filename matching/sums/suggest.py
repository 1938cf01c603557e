"""
Whether two tables call for a pass that finds sums, and with which columns.

They do if references prove it: rows of one side that a text of the other names, and that together come to its amount.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from matching.fields import Fields, Roles
from matching.groups import Budget
from matching.plan import (
    Booked,
    Pass,
    PayoutsPass,
    PlanField,
    SeriesPass,
    SumsPass,
    WithinSidePass,
    column_of,
)
from matching.sample import Sample, SampleColumn
from matching.sums import naming, read, series
from matching.sums.find import MAX_ROWS
from matching.sums.ledgers import ledgers_of
from matching.sums.references import References
from matching.sums.schedules import MOST_BRANCHES, MOST_KINDS, Book, learn
from matching.sums.solve import Options, Solver

TEXTS = 2_000  # that are read to choose columns
MAX_COLUMNS = 8  # of a kind and side
MAX_AMOUNTS = 3  # of a side, where no amount of a row is that of another
LEAST_NAMED = 0.02  # share of texts that name a row
LEAST_DISTINCT = 0.2  # references per row
LEAST_PARTIES = 10
LEAST_READ = 0.1  # share of texts that have a party
LEAST_PROVEN, PROVEN_SHARE = (
    8,
    0.002,
)  # groups of several rows that references prove, and their share of the smaller side
PARTS_PER_TOTAL = 1.1  # rows that are paid for each payment, at least
ROWS_PER_BRANCH = 15  # at least
MAX_DATES = 4  # of a side
MAX_PAYERS, MAX_PAID = 3, 2  # columns that say whose payout it is, and texts of payments, that are tried
LEAST_PAYOUTS = 12  # payments of the days that are looked at, to be explained
LOOKED_AT, LOOKED_BACK = 400, 10  # payments, and days of rows before and after them
MOST_OWED = 40_000  # rows of both sides, to look for what is owed again and again
MOSTLY_AGAIN = 0.5  # of the rows, whose amount another row of the same name must have
MOST_BETWEEN = 120  # days from one row of a name to the next, usually; that of a quarter and some more
ROWS_PER_AMOUNT, ROWS_PER_PARTY = 20, 4  # that are owed, at least
MOST_PER_PARTY = 120
LEAST_PAID = 0.3  # share of both sides
NEARLY_ALL_OWED = 0.7  # share of both sides, from which on what is left is mostly something else
NEARLY_ALL = 0.8  # share of texts that name something, from which on no other pass is needed

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_Pair = tuple[float, str, str]  # how good, and the columns of both sides


@dataclass(frozen=True)
class Called:
    """The fields and passes, and whether they need others after them."""

    fields: dict[str, PlanField]
    passes: list[Pass]
    is_enough: bool


def called_for(tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], fields: Fields) -> Called | None:
    """Look for proof of sums. Returns: None if there is none, or too much to look at."""
    if sum(table.num_rows for table in tables) > MAX_ROWS:
        return None
    reference = _reference(samples, (tables[0].num_rows, tables[1].num_rows))
    if reference is None:
        return None
    best: tuple[int, float, dict[str, PlanField]] | None = None
    parties = _parties(samples, reference)
    for amount, party in [(amount, party) for amount in _amounts(samples, fields) for party in (*parties, None)]:
        found = _fields(amount, fields.date, (reference, party))
        proven, agreed = _proven(tables, found)
        if proven < max(LEAST_PROVEN, PROVEN_SHARE * min(table.num_rows for table in tables)):
            continue  # Columns that are no parties may turn the two sides around.
        if best is None or agreed > best[1]:
            best = (proven, agreed, found)
    if best is None:
        return None
    _, agreed, found = best
    named: dict[str, Any] = {"amount": "amount", "date": "date" if "date" in found else None}
    named |= {"reference": "named reference", "party": "named party" if "named party" in found else None}
    return Called(
        found,
        [
            WithinSidePass(name="duplicates and reversals", kind="within_side", **named),
            SumsPass(name="sums", kind="sums", difference=Booked(booked="fee"), **named),
        ],
        is_enough=agreed >= NEARLY_ALL,
    )


def payouts_called_for(
    tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], fields: Fields
) -> tuple[dict[str, PlanField], PayoutsPass] | None:
    """
    Look for proof that payments pay all rows of some days: amounts of many that tie to the unit, by what was learned.

    Only some days are looked at. Returns: the fields and the pass that explain most payments; None if there is none.
    """
    if fields.date is None or sum(table.num_rows for table in tables) > MAX_ROWS:
        return None
    best: tuple[int, dict[str, PlanField], PayoutsPass] | None = None
    for is_usual in (True, False):
        for found, step in _payout_choices(samples, fields, is_usual=is_usual):
            # Commissions, reserves and other dates take longer, so they are tried where nothing else is found, and not by kind
            # of row; and that all rows belong together, if no column tells them apart.
            if (not is_usual and step.fee_by is not None) or (step.by is None and best is not None):
                continue
            tied = _tied(tables, found, step, is_usual=is_usual)
            if tied >= LEAST_PAYOUTS and (best is None or tied > best[0]):
                best = (tied, found, step)
        if best is not None:
            return best[1:]
    return None


def _payout_choices(
    samples: tuple[Sample, Sample], fields: Fields, *, is_usual: bool
) -> Iterator[tuple[dict[str, PlanField], PayoutsPass]]:
    """The columns that may be those of payouts, with each side that may have their rows."""
    assert fields.date is not None
    for parts in _SIDES:
        here, there = samples if parts == "left" else samples[::-1]
        if here.rows / here.rate < PARTS_PER_TOTAL * there.rows / there.rate:
            continue
        # What is paid follows from the day of delivery rather than that of an order.
        dates = [c.name for c in here.columns if c.kind == "date" and (c.profile is None or c.profile.date_order)]
        others = [fields.date.model_copy(update={parts: name}) for name in dates[:MAX_DATES]]
        for date in [fields.date] if is_usual else [fields.date, *(one for one in others if one != fields.date)]:
            for amount in _amounts(samples, fields):
                yield from _payout_passes((here, there), parts, {"amount": amount, "date": date})


def _payout_passes(
    samples: tuple[Sample, Sample], parts: Literal["left", "right"], known: dict[str, PlanField]
) -> Iterator[tuple[dict[str, PlanField], PayoutsPass]]:
    """What payments may depend on: each column of few values, with none or another one, and each text."""
    here, there = samples
    few = [
        column
        for column in here.columns
        if column.kind in ("text", "code") and not column.is_id and column.filled >= NEARLY_ALL * here.rows
    ]
    by = [c for c in few if c.distinct * ROWS_PER_BRANCH <= c.filled and c.distinct <= MOST_BRANCHES][:MAX_PAYERS]
    kinds = [c for c in few if 1 < c.distinct <= MOST_KINDS][:MAX_PAYERS]
    texts = sorted((c for c in there.columns if c.kind == "text" and c.distinct > 1), key=lambda c: -c.distinct)
    for text in texts[:MAX_PAID]:

        def named(column: SampleColumn, text: SampleColumn = text) -> PlanField:
            left, right = (column, text)[:: 1 if parts == "left" else -1]
            return PlanField(type="text", left=left.name, right=right.name)

        for branch in (*by, None):  # if nothing tells rows apart, all belong together
            for kind in (None, *(one for one in kinds if one is not branch)):
                found = dict(known)
                if branch is not None:
                    found["branch"] = named(branch)
                else:
                    found["text of payment"] = named(here.columns[0])
                if kind is not None:
                    found["kind of row"] = named(kind)
                step = PayoutsPass(
                    name="payouts",
                    kind="payouts",
                    amount="amount",
                    date="date",
                    parts=parts,
                    by="branch" if branch is not None else None,
                    text="text of payment" if branch is None else None,
                    fee_by="kind of row" if kind is not None else None,
                    difference=Booked(booked="fee"),
                )
                yield found, step


def _tied(tables: tuple[pa.Table, pa.Table], fields: dict[str, PlanField], step: PayoutsPass, *, is_usual: bool) -> int:
    """How many payments of some days tie with what can be learned from these."""
    tied = 0
    for ledgers in ledgers_of(tables, fields, step):
        parts, totals = ledgers.sides if step.parts == "left" else ledgers.sides[::-1]
        days = np.sort(totals.day[~np.isnan(totals.day)])
        if not len(days) or not len(parts):
            continue
        middle = len(days) // 2
        first, last = days[max(middle - LOOKED_AT // 2, 0)], days[min(middle + LOOKED_AT // 2, len(days) - 1)]
        totals = totals.taken((totals.day >= first) & (totals.day <= last))
        parts = parts.taken((parts.day >= first - 2 * LOOKED_BACK) & (parts.day <= last + LOOKED_BACK))
        if len(parts):
            book = Book(parts, totals, 10**ledgers.scale, is_one=step.by is None)
            tied += sum(one.ties for one in learn(book, lambda: None, is_usual=is_usual))
    return tied


def series_called_for(
    tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], fields: Fields, roles: tuple[Roles, Roles]
) -> Called | None:
    """
    Look for parties that owe the same few amounts again and again, and whom texts of payments name.

    Returns: the fields and the pass that pay most, and whether others are needed after it; None if that is not a good part
    of the smaller side.
    """
    if fields.date is None or fields.amount is None or sum(table.num_rows for table in tables) > MOST_OWED:
        return None
    if not is_money(samples, fields.amount.field, roles):
        return None
    best: tuple[float, dict[str, PlanField], SeriesPass] | None = None
    for owed in ("left", "right"):
        here, there = samples if owed == "left" else samples[::-1]
        known = {"amount": fields.amount.field, "date": fields.date}
        column = here.column(column_of(getattr(fields.amount.field, owed)))
        if column is None or column.distinct * ROWS_PER_AMOUNT > column.filled:
            continue
        for found, step in _series_passes((here, there), owed, known, column):
            paid = _paid(tables, found, step)
            if paid >= LEAST_PAID and (best is None or paid > best[0]):
                best = (paid, found, step)
    if best is None:
        return None
    return Called(best[1], [best[2]], is_enough=best[0] >= NEARLY_ALL_OWED)


def _series_passes(
    samples: tuple[Sample, Sample], owed: Literal["left", "right"], known: dict[str, PlanField], amount: SampleColumn
) -> Iterator[tuple[dict[str, PlanField], SeriesPass]]:
    """
    The names of who owes the same `amount` again and again, with the number that goes with them, and the texts of payments
    that may say them.
    """
    here, there = samples
    names = [
        c
        for c in here.columns
        if _is_party(c)
        and c.distinct * ROWS_PER_PARTY <= c.filled <= c.distinct * MOST_PER_PARTY
        and comes_again_in(here, c, amount)
        and is_due_again(here, c, column_of(getattr(known["date"], owed)))
    ][:MAX_PAYERS]
    texts = sorted((c for c in there.columns if c.kind == "text" and not c.is_code), key=lambda c: -c.distinct)
    texts = texts[:MAX_PAID]

    def named(column: SampleColumn, text: SampleColumn) -> PlanField:
        left, right = (column, text)[:: 1 if owed == "left" else -1]
        return PlanField(type="text", left=left.name, right=right.name)

    for name in names:
        number = next((c for c in here.columns if c.is_code and c is not name and _goes_with(here, c, name)), name)
        for payer in texts:
            for memo in texts:
                if memo is payer and len(texts) > 1:
                    continue
                found = {**known, "name": named(name, payer), "number": named(number, memo)}
                step = SeriesPass(
                    name="what is owed again and again",
                    kind="series",
                    amount="amount",
                    date="date",
                    party="name",
                    reference="number",
                    owed=owed,
                )
                yield found, step


def comes_again_in(sample: Sample, name: SampleColumn, amount: SampleColumn) -> bool:
    """Whether most rows have an amount that another row of the same name has too: otherwise nobody owes it again."""
    both = sample.codes(name.name) * np.uint64(31) + sample.codes(amount.name)
    _, counts = np.unique(both, return_counts=True)
    return bool(counts[counts > 1].sum() >= MOSTLY_AGAIN * len(both))


def is_money(samples: tuple[Sample, Sample], amount: PlanField, roles: tuple[Roles, Roles]) -> bool:
    """Whether amounts are written or known as money, not whole numbers of anything, such as postal codes."""
    columns = [(column_of(getattr(amount, side)), n) for n, side in enumerate(("left", "right"))]
    return any(
        roles[n].amount == name or ((column := samples[n].column(name)) is not None and column.kind == "amount")
        for name, n in columns
    )


def is_due_again(sample: Sample, name: SampleColumn, day: str) -> bool:
    """Whether the rows of a name mostly follow each other within months, as what is owed does and people's births do not."""
    column = sample.column(day)
    if column is None:
        return False
    names, days = sample.codes(name.name), sample.days(column)
    known = (names != 0) & ~np.isnan(days)
    order = np.lexsort((days[known], names[known]))
    is_same = np.diff(names[known][order].view(np.int64)) == 0
    gaps = np.diff(days[known][order])[is_same]
    return bool(len(gaps)) and float(np.median(gaps)) <= MOST_BETWEEN


def _goes_with(sample: Sample, code: SampleColumn, name: SampleColumn) -> bool:
    """Whether a code says the same as a name, but for a few who share one."""
    if not 0.5 * name.distinct <= code.distinct <= 2 * name.distinct:
        return False
    both = sample.codes(code.name) * np.uint64(31) + sample.codes(name.name)
    return bool(len(np.unique(both)) <= 1.05 * max(code.distinct, name.distinct))


def _paid(tables: tuple[pa.Table, pa.Table], fields: dict[str, PlanField], step: SeriesPass) -> float:
    """The least share of both sides that is likely to be paid rightly."""
    rows_, lines, size = 0, 0, (0, 0)
    for ledgers in ledgers_of(tables, fields, step):
        owed, payments = ledgers.sides if step.owed == "left" else ledgers.sides[::-1]
        size = (size[0] + len(owed), size[1] + len(payments))
        if len(owed) and len(payments):
            found = [one for one in series.Solver(owed, payments, Budget()).solve() if one.error <= series.CLEAR]
            rows_, lines = rows_ + sum(len(one.rows) for one in found), lines + len(found)
    return min(rows_ / max(size[0], 1), lines / max(size[1], 1)) if lines else 0.0


def _amounts(samples: tuple[Sample, Sample], fields: Fields) -> list[PlanField]:
    """The amount that rows agree on, or, where no amount of a row is that of another, those that sums may agree on."""
    if fields.amount is not None:
        return [fields.amount.field]
    left, right = ([c.name for c in sample.columns if c.kind == "amount"][:MAX_AMOUNTS] for sample in samples)
    return [PlanField(type="money", left=a, right=b) for a in left for b in right]


def _fields(amount: PlanField, date: PlanField | None, named: tuple[_Pair, _Pair | None]) -> dict[str, PlanField]:
    reference, party = named
    found = {"amount": amount}
    if date is not None:
        found["date"] = date
    found["named reference"] = PlanField(type="text", left=reference[1], right=reference[2])
    if party is not None:
        found["named party"] = PlanField(type="text", left=party[1], right=party[2])
    return found


def _reference(samples: tuple[Sample, Sample], sizes: tuple[int, int]) -> _Pair | None:
    """The column of references of one side, and the texts of the other, of which most name a row."""
    best: _Pair | None = None
    for turned in (False, True):
        a, b = samples[::-1] if turned else samples
        for code in [c for c in a.columns if _is_reference(c, sizes)][:MAX_COLUMNS]:
            references = References.of(a.texts(code.name).to_pylist())
            for text in [c for c in b.columns if c.kind in ("text", "code")][:MAX_COLUMNS]:
                texts = b.texts(text.name)[:TEXTS].to_pylist()
                share = sum(bool(named) for named in references.read(texts)[0]) / max(len(texts), 1)
                if share >= LEAST_NAMED and (best is None or share > best[0]):
                    best = (share, *((text.name, code.name) if turned else (code.name, text.name)))
    return best


def _is_reference(column: SampleColumn, sizes: tuple[int, int]) -> bool:
    """Whether nearly each row has one of its own, or each total of the other side: then it is the number of a batch."""
    least = LEAST_DISTINCT * max(min(column.filled, *sizes), 1)
    return column.is_code and column.kind != "date" and column.distinct >= least


def _parties(samples: tuple[Sample, Sample], reference: _Pair) -> list[_Pair]:
    """Pairs of columns of which one may name the parties of the other, those that name most first."""
    found: list[_Pair] = []
    for turned in (False, True):
        a, b = samples[::-1] if turned else samples
        for party in [c for c in a.columns if _is_party(c)][:MAX_COLUMNS]:
            values = a.texts(party.name).to_pylist()
            for text in [c for c in b.columns if c.kind == "text"][:MAX_COLUMNS]:
                texts = b.texts(text.name)[: TEXTS // 4].to_pylist()
                read_ = naming.read([None] * len(values), values, (texts, texts))
                share = float((read_.party >= 0).mean()) if len(texts) else 0.0
                if share >= LEAST_READ:
                    found.append((share, *((text.name, party.name) if turned else (party.name, text.name))))
    return sorted(found, key=lambda pair: (-pair[0], pair[1:]))[:3]


def _is_party(column: SampleColumn) -> bool:
    is_currency = column.profile is not None and column.profile.currency is not None
    return column.kind == "text" and not column.is_id and column.distinct >= LEAST_PARTIES and not is_currency


def _proven(tables: tuple[pa.Table, pa.Table], fields: dict[str, PlanField]) -> tuple[int, float]:
    """
    How many groups of several rows references prove, and the share of all texts that name something, times the share of
    proven pairs whose party is the one that the text names.
    """
    has_party = "named party" in fields
    step = SumsPass(
        name="sums",
        kind="sums",
        amount="amount",
        date="date" if "date" in fields else None,
        reference="named reference",
        party="named party" if has_party else None,
    )
    found = ledgers_of(tables, fields, step)
    proven = told = total = agreed = pairs = 0
    for ledgers in found:
        named = read.of(ledgers)
        solver = Solver(named.a, named.b, named.naming, Options())
        solver.prove()
        solver.learn_fees()
        proven += sum(len(g.a) + len(g.b) > 2 for g in solver.groups) + sum(solver.learned.batches)
        party, parties = named.naming.party.tolist(), named.naming.parties.tolist()
        told += sum(bool(r) or (p >= 0) for r, p in zip(named.naming.rows, party, strict=True))
        total += len(named.b)
        for group in solver.groups:
            pairs += 1
            meant = named.naming.meant(party[group.b[0]])
            agreed += any(parties[row] in meant for row in group.a)
    share = told / max(total, 1)
    return proven, share * (agreed / max(pairs, 1) if has_party else 0.5 * float(np.sign(pairs)))
