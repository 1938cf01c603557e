"""
Whether two tables call for a pass that finds sums, and with which columns.

They do if references prove it: rows of one side that a text of the other names, and that together come to its amount.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from matching import duck, normalise
from matching.fields import Fields
from matching.plan import Booked, Pass, Plan, PlanField, SumsPass, WithinSidePass, column_of
from matching.reading.values import install_macros
from matching.sample import Sample, SampleColumn
from matching.sides import Sides
from matching.sums import naming, read, rows
from matching.sums.find import MAX_ROWS
from matching.sums.references import References
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
NEARLY_ALL = 0.8  # share of texts that name something, from which on no other pass is needed

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
    plan = Plan(fields=fields, passes=(step,))
    connection = duck.connect(threads=2)
    try:
        install_macros(connection)
        for side, table in zip("lr", tables, strict=True):
            normalise.load(connection, side, table.select(_columns(fields, side)), plan)
            connection.execute(f"CREATE VIEW {side}_free AS SELECT * FROM {side}")
        sizes = (tables[0].num_rows, tables[1].num_rows)
        found = rows.read(Sides(connection, plan, sizes, 2), step, ((), ()))
    finally:
        connection.close()
    proven = told = total = agreed = pairs = 0
    for ledgers in found:
        named = read.of(ledgers)
        solver = Solver(named.a, named.b, named.naming, Options(unit=10**ledgers.scale))
        solver.prove()
        solver.learn_fees()
        proven += sum(len(g.a) + len(g.b) > 2 for g in solver.groups) + sum(solver.learned.batches)
        party = named.naming.party
        told += sum(bool(r) or (p >= 0) for r, p in zip(named.naming.rows, party.tolist(), strict=True))
        total += len(named.b)
        for group in solver.groups:
            pairs += 1
            meant = named.naming.meant(int(party[group.b[0]]))
            agreed += bool(np.isin(named.naming.parties[list(group.a)], meant).any())
    share = told / max(total, 1)
    return proven, share * (agreed / max(pairs, 1) if has_party else 0.5 * float(np.sign(pairs)))


def _columns(fields: dict[str, PlanField], side: str) -> list[str]:
    name = "left" if side == "l" else "right"
    found = [column_of(getattr(field, name)) for field in fields.values()]
    codes = [getattr(field.currency, name) for field in fields.values() if field.currency is not None]
    return list(dict.fromkeys([*found, *(code for code in codes if isinstance(code, str))]))
