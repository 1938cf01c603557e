"""Which column is the reference: the text by which both sides of a payment are known."""

import re
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.roles.facts import Column, Facts, Mask

_CODE = re.compile(r"^(?=.*\d)[\w./#-]{2,40}$")
_ACCOUNT = re.compile(r"^[A-Z]{2}\d{2}\w{8,30}$")
SAMPLE = 500
LONG_NUMBER = re.compile(r"^[0-9]{10,18}$")
MIN_NUMBERS = 4  # that must go on from row to row


def reference_of(facts: Facts, rows: Mask, taken: set[str]) -> Column | None:
    """The column of references: by its name, else the one column of different codes; or None."""
    found = [
        (column, column.role("reference"))
        for column in facts.columns
        if column.name not in taken and not column.numbers.blank.all() and bool((column.filled & rows).any())
    ]
    named = [(column, share) for column, share in found if share >= 0.3 and _differs(column, rows)]
    if named:
        return max(named, key=lambda item: _rank(item[0], item[1], rows))[0]
    codes = [column for column, _ in found if _is_code_column(column, rows)]
    if not codes:
        codes = [column for column, _ in found if _goes_on(column, rows)]
    return codes[0] if len(codes) == 1 else None


def _rank(column: Column, share: float, rows: Mask) -> tuple[float, float, int]:
    fill = float((column.filled & rows).sum()) / max(1, int(rows.sum()))
    own = 0.4 * (_differing(column, rows) > 0.5) - 0.5 * column.role("account")
    return share + own + fill, fill, -column.index


def _differs(column: Column, rows: Mask) -> bool:
    return int(rows.sum()) < 2 or _differing(column, rows) > 0


def _differing(column: Column, rows: Mask) -> float:
    """The share of different values, above one of each."""
    values = column.texts.filter(pa.array(rows & column.filled)).slice(0, SAMPLE)
    return (pc.count_distinct(values).as_py() - 1) / max(1, len(values) - 1) if len(values) > 1 else 0.0


def _is_code_column(column: Column, rows: Mask) -> bool:
    """Whether the cells are different codes of letters and digits, such as RF-10021 and INV-7. Account numbers are not."""
    if column.role("identity", "booked", "amount", "balance", "value_date", "text", "status") >= 0.5:
        return False
    # One word can mean the number of an account and of a bill, and hardly any table has an account of its own in each row.
    if column.role("account") >= 0.5 and (int(rows.sum()) < MIN_NUMBERS or _differing(column, rows) < 1):
        return False
    values = [v.strip() for v in column.texts.filter(pa.array(rows & column.filled)).slice(0, SAMPLE).to_pylist() if v]
    if len(values) < 2 or not all(_CODE.match(value) and not _ACCOUNT.match(value) for value in values):
        return False
    lettered = sum(any(c.isalpha() for c in value) for value in values)
    if lettered < 0.3 * len(values) or bool((column.days.ok & rows).any()):
        return False
    return len(set(values)) >= 0.9 * len(values)


def _goes_on(column: Column, rows: Mask) -> bool:
    """Whether all cells are long numbers of one length that only rise or only fall, as a bank numbers its bookings."""
    if column.role("account", "identity", "booked", "amount", "balance", "value_date", "text", "status") >= 0.5:
        return False
    if not bool(column.filled[rows].all()) or bool((column.days.ok & rows).any()):
        return False
    values = [v.strip() for v in column.texts.filter(pa.array(rows)).slice(0, SAMPLE).to_pylist()]
    if len(values) < MIN_NUMBERS or len({len(v) for v in values}) > 1 or not all(LONG_NUMBER.match(v) for v in values):
        return False
    return all(a < b for a, b in pairwise(values)) or all(a > b for a, b in pairwise(values))
