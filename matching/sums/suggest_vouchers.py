"""
Whether two tables call for a pass that finds vouchers which both books have, and with which columns.

They do if one side has several rows of one number and day, and enough of these come to a row of the other side that names the
same numbers.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from matching.fields import Fields
from matching.plan import Extracted, PlanField, Signed, VouchersPass, column_of
from matching.sample import Sample, SampleColumn
from matching.sums.ledgers import ledgers_of
from matching.sums.suggest import Called
from matching.sums.vouchers import MOST_LINES, Solver

MOST_ROWS = 60_000  # of both sides; more are not looked at
MAX_NUMBERS, MAX_TEXTS = 2, 2  # columns of a side that are tried
LEAST_VOUCHERS, VOUCHERS_SHARE = 8, 0.002  # of several rows that are found, and their share of the smaller side
MOSTLY = 0.5  # of the rows of both sides, whose vouchers numbers prove: then no runs need be looked for
ONE_DAY = 0.9  # of the numbers that several rows have, whose rows are of one day
LEAST_FILLED = 0.5  # rows that have a number


def called_for(tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], fields: Fields) -> Called | None:
    """Look for proof of vouchers. Returns: None if there is none, or too much to look at."""
    if fields.amount is None or fields.date is None or sum(table.num_rows for table in tables) > MOST_ROWS:
        return None
    step = VouchersPass(
        name="vouchers",
        kind="vouchers",
        amount="amount",
        date="date",
        number="number of voucher",
        text="text of voucher",
    )
    best: tuple[int, dict[str, PlanField]] | None = None
    enough = max(LEAST_VOUCHERS, VOUCHERS_SHARE * min(table.num_rows for table in tables))
    for number, text in _choices(samples, fields.date):
        for amount in (fields.amount.field, _turned(fields.amount.field)):
            known = {"amount": amount, "date": fields.date}
            found = known | {"number of voucher": number, "text of voucher": text}
            several, rows = _shared(tables, found, step)
            if several >= enough and (best is None or rows > best[0]):
                best = (rows, found)
    if best is None:
        return None
    return Called(best[1], [step], is_enough=best[0] >= MOSTLY * sum(table.num_rows for table in tables))


def _shared(tables: tuple[pa.Table, pa.Table], fields: dict[str, PlanField], step: VouchersPass) -> tuple[int, int]:
    """How many vouchers of several rows numbers prove, and the rows of all that they prove."""
    several = rows = 0
    for ledgers in ledgers_of(tables, fields, step):
        if all(len(side) for side in ledgers.sides):
            shared = [one for one in Solver(*ledgers.sides).solve() if one.how in ("number", "named")]
            several += sum(len(one.left) + len(one.right) > 2 for one in shared)
            rows += sum(len(one.left) + len(one.right) for one in shared)
    return several, rows


def _turned(amount: PlanField) -> PlanField:
    """The same amount with the other sign on one side."""
    right = amount.right
    assert not isinstance(right, Extracted)
    turned = right.column if isinstance(right, Signed) else Signed(column=right, negate=True)
    return amount.model_copy(update={"right": turned})


def _choices(samples: tuple[Sample, Sample], date: PlanField) -> Iterator[tuple[PlanField, PlanField]]:
    """Columns of numbers, of which one side's are those of several rows, and columns of texts."""
    texts = [_texts(sample)[:MAX_TEXTS] for sample in samples]
    days = column_of(date.left), column_of(date.right)
    several = [_of_several_rows(sample, day)[:MAX_NUMBERS] for sample, day in zip(samples, days, strict=True)]
    single = [_numbers(sample, text)[:MAX_NUMBERS] for sample, text in zip(samples, texts, strict=True)]
    tried: set[tuple[str, ...]] = set()
    for lefts, rights in ((several[0], several[1] + single[1]), (single[0] + several[0], several[1])):
        for left in lefts:
            for right in rights:
                for said in texts[0]:
                    for says in texts[1]:
                        key = (left.name, right.name, said.name, says.name)
                        if key not in tried:
                            tried.add(key)
                            yield (
                                PlanField(type="reference", left=left.name, right=right.name),
                                PlanField(type="text", left=said.name, right=says.name),
                            )


def _of_several_rows(sample: Sample, day: str) -> list[SampleColumn]:
    """Columns of numbers that several rows share, nearly all of which are of one day."""
    dated = sample.column(day)
    if dated is None:
        return []
    days = sample.days(dated)
    found = []
    for column in sample.columns:
        if not column.is_code or column.kind == "date" or column.filled < LEAST_FILLED * sample.rows:
            continue
        codes = sample.codes(column.name)
        known = (codes != 0) & ~np.isnan(days)
        _, place, counts = np.unique(codes[known], return_inverse=True, return_counts=True)
        low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
        np.minimum.at(low, place, days[known])
        np.maximum.at(high, place, days[known])
        shared = (counts > 1) & (counts <= MOST_LINES)
        if shared.sum() >= LEAST_VOUCHERS and (low == high)[shared].mean() >= ONE_DAY:
            found.append(column)
    return sorted(found, key=lambda c: -c.distinct)


def _texts(sample: Sample) -> list[SampleColumn]:
    """Columns of texts, or else of numbers."""
    found = [c for c in sample.columns if c.kind == "text"]
    return sorted([c for c in found if not c.is_code] or found, key=lambda c: -c.distinct)


def _numbers(sample: Sample, texts: list[SampleColumn]) -> list[SampleColumn]:
    """Columns of numbers, or else of texts."""
    found = [c for c in sample.columns if c.is_code and c.kind not in ("date", "amount")]
    return sorted(found, key=lambda c: -c.distinct) or texts
