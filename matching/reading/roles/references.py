"""Which column is the reference: the text by which both sides of a payment are known."""

import re
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.roles.facts import Column, Facts, Mask
from matching.reading.roles.folding import words_of

_CODE = re.compile(r"^(?=.*\d)[\w./#-]{2,40}$")
_SPACED = re.compile(r"^(?=.*\d)[\w./#-]{1,12} [\w./#-]{1,28}$")  # a code of two parts, such as FV 1/01/2024
_REFERENCE = re.compile("ref$|refer")
_ACCOUNT = re.compile(r"^[A-Z]{2}\d{2}\w{8,30}$")
_PREFIX = re.compile("^[a-z]{1,8}_")
_DRAWN = re.compile("^[0-9A-Za-z]{14,64}$")
_DIGITS = re.compile("[0-9]+")
_BARE = re.compile("[0-9]{1,18}")
COUNTING = 0.7  # of the steps from row to row that must be one
FAR_ABOVE = 10  # times the number of rows, above which a number counts no rows
REPEATED = 0.3  # of the values, at most, that differ in a column of kinds, such as those of documents
CALLED_DATE = 0.4  # of a name that means the date of something
IDENTITY = 0.9  # of a name that must mean what tells rows apart
CALLED_MONEY = 0.4  # of a name that means an amount
LEAST_ID = 5  # letters and digits; what is shorter may only count rows
MAX_SERIES = 3  # years, months and the like within which bills are numbered
SHARED = 4  # letters with which all values begin that go on from row to row
SAMPLE = 500
LONG_NUMBER = re.compile(r"^[0-9]{10,18}$")
MIN_NUMBERS = 4  # that must go on from row to row


def reference_of(facts: Facts, rows: Mask, taken: set[str]) -> Column | None:
    """The column of references: by its name, else the one column of different codes; or None."""
    found = [
        (column, column.role("reference"))
        for column in facts.columns
        if column.name not in taken
        and not column.numbers.blank.all()
        and bool((column.filled & rows).any())
        and not _are_dates(column, rows)
        and not _is_money(column)
    ]
    named = [(column, share) for column, share in found if share >= 0.3 and _differs(column, rows)]
    best = max(named, key=lambda item: _rank(item[0], item[1], rows))[0] if named else None
    if best is not None and (int(rows.sum()) < MIN_NUMBERS or _differing(best, rows) > REPEATED):
        return best
    chosen = _by_values([column for column, _ in found if column is not best], rows) or best
    return chosen or next((column for column, _ in found if _tells_apart(column, rows)), None)


def _tells_apart(column: Column, rows: Mask) -> bool:
    """Whether a column is called an identity and has another value in each row, which has to do where nothing is better."""
    if column.role("identity") < IDENTITY or _is_drawn(column, rows) or not bool(column.filled[rows].all()):
        return False
    is_long = min(map(len, _values(column, rows)), default=0) >= LEAST_ID
    return is_long and int(rows.sum()) >= MIN_NUMBERS and _differing(column, rows) == 1


def _are_dates(column: Column, rows: Mask) -> bool:
    """Whether a column that is called a date holds only dates, whatever else is in its name, such as that of the bill."""
    is_called_so = column.role("booked", "value_date", "other_date") >= CALLED_DATE
    return is_called_so and bool(column.days.ok[rows & column.filled].all())


def _is_money(column: Column) -> bool:
    """Whether a column that is called an amount holds numbers with decimals, such as what each invoice comes to."""
    read = column.numbers
    is_called_so = column.role("amount", "balance", "in", "out", "net", "gross", "fee") >= CALLED_MONEY
    return is_called_so and any(read.max_decimals(mark, read.ok) > 0 for mark in (".", ","))


def _by_values(columns: list[Column], rows: Mask) -> Column | None:
    """The one column of different codes, or of numbers that go on from row to row, whatever it is called."""
    for fits in (_is_code_column, _counts, _goes_on, _counts_from_afar):
        codes = [column for column in columns if fits(column, rows)]
        codes = [column for column in codes if not _is_drawn(column, rows)] or codes
        if codes:
            return codes[0] if len(codes) == 1 else None
    return None


def _rank(column: Column, share: float, rows: Mask) -> tuple[float, float, int]:
    fill = float((column.filled & rows).sum()) / max(1, int(rows.sum()))
    own = 0.4 * (_differing(column, rows) > 0.5) - 0.5 * column.role("account") - 0.6 * _is_drawn(column, rows)
    own += 0.2 * any(_REFERENCE.match(word) for word in words_of(column.name))
    return share + own + fill, fill, -column.index


def _is_drawn(column: Column, rows: Mask) -> bool:
    """
    Whether a program has drawn the values by chance, such as 5f0c2b9e-... and txn_1MqLiJFk..., to tell rows apart. What
    people write on both sides of a payment is shorter, or goes on from row to row.
    """
    values = _values(column, rows)
    bare = [_PREFIX.sub("", value).replace("-", "") for value in values]
    if len(values) < 2 or len(set(values)) < len(values) or not all(_DRAWN.match(value) for value in bare):
        return False
    is_counted = len({value[:SHARED] for value in bare}) == 1
    return not is_counted and any(c.isalpha() for value in bare for c in value)


def _values(column: Column, rows: Mask) -> list[str]:
    filled = column.texts.filter(pa.array(rows & column.filled)).slice(0, SAMPLE)
    return [value.strip() for value in filled.to_pylist() if value]


def _differs(column: Column, rows: Mask) -> bool:
    return int(rows.sum()) < 2 or _differing(column, rows) > 0


def _differing(column: Column, rows: Mask) -> float:
    """The share of different values, above one of each."""
    values = column.texts.filter(pa.array(rows & column.filled)).slice(0, SAMPLE)
    return (pc.count_distinct(values).as_py() - 1) / max(1, len(values) - 1) if len(values) > 1 else 0.0


def _is_code_column(column: Column, rows: Mask) -> bool:
    """Whether the cells are different codes of letters and digits, such as RF-10021 and INV-7. Account numbers are not."""
    if column.role("booked", "amount", "balance", "value_date", "text", "status", "customer") >= 0.5:
        return False
    if column.role("identity") >= 0.5 and _is_drawn(column, rows):
        return False
    # One word can mean the number of an account and of a bill, and hardly any table has an account of its own in each row.
    if column.role("account") >= 0.5 and (int(rows.sum()) < MIN_NUMBERS or _differing(column, rows) < 1):
        return False
    values = _values(column, rows)
    if len(values) < 2 or not all(_is_code(value, column) and not _ACCOUNT.match(value) for value in values):
        return False
    lettered = sum(any(c.isalpha() for c in value) for value in values)
    if lettered < 0.3 * len(values) or bool((column.days.ok & rows).any()):
        return False
    return len(set(values)) >= 0.9 * len(values)


def _is_code(value: str, column: Column) -> bool:
    """Whether a value is a code. Only the name of a column of numbers tells one of two parts from a text."""
    return bool(_CODE.match(value)) or (column.role("number") >= 0.5 and bool(_SPACED.match(value)))


def _counts(column: Column, rows: Mask) -> bool:
    """
    Whether one number in each cell goes on by one from row to row, as bills are numbered: 2024-0001, 1/05/2023. Numbers
    without anything around them count lines as well, unless the column is called a number of something.
    """
    return _counts_on(column, rows, may_be_bare=column.role("number") >= 0.5)


def _counts_from_afar(column: Column, rows: Mask) -> bool:
    """Whether bare numbers go on by one from row to row and are far above the number of rows, so that they count none."""
    values = _values(column, rows)
    is_far = all(_BARE.fullmatch(value) and int(value) > FAR_ABOVE * len(values) for value in values)
    return is_far and not bool((column.days.ok & rows).any()) and _counts_on(column, rows, may_be_bare=True)


def _counts_on(column: Column, rows: Mask, *, may_be_bare: bool) -> bool:
    if column.role("account", "booked", "amount", "balance", "value_date", "other_date", "text", "status") >= 0.5:
        return False
    values = _values(column, rows)
    shapes = {_DIGITS.sub("0", value) for value in values}
    if len(values) < MIN_NUMBERS or len(shapes) > 1 or not all(_is_code(value, column) for value in values):
        return False
    if (shapes == {"0"} or bool((column.days.ok & rows).any())) and not may_be_bare:
        return False
    parts = [[int(digits) for digits in numbers] for numbers in zip(*map(_DIGITS.findall, values), strict=True)]
    counting = [numbers for numbers in parts if _rises_by_one(numbers)]
    others = [numbers for numbers in parts if numbers not in counting]
    return len(counting) == 1 and max(counting[0]) >= len(values) and all(len(set(n)) <= MAX_SERIES for n in others)


def _rises_by_one(numbers: list[int]) -> bool:
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    most = max(sum(step == 1 for step in steps), sum(step == -1 for step in steps))
    return len(set(numbers)) > 1 and most >= COUNTING * len(steps)


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
