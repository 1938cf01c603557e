"""The columns of numbers in the rows that are bookings, as exact integers in one unit for the whole table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.money import MAX_DECIMALS
from matching.reading.roles.facts import Column, Facts, Int64, Levels, Mark, Mask

NUMBER_SHARE = 0.8  # of the filled cells of a column of numbers
MAX_TOKENS = 3  # different letters beside the numbers of one column, such as DR and CR
TRIED_ROWS = 2_000  # on which readings are compared; the best are then tested on all rows
MAX_TRIED = 12  # columns of numbers that are combined
MIN_UNNAMED_SIGN = 4  # steps that must prove a column of unknown words, which could fit by chance
MAX_SCALE = 6  # decimals of the common unit
MAX_DIGITS = 15  # of the numbers of a table, up to which it may have more, so that they can be added up
NAMED_SIDE = 0.5  # of the name must say that an empty column is one of two sides
MIN_STEPS, FAR_STEPS = 4, 100  # equal steps that count something, and how much less they are than the numbers
LONG_DIGITS = 9  # from which whole numbers are identifiers
MONEY = ("amount", "out", "in", "balance", "fee", "gross", "net", "original")


@dataclass(frozen=True)
class Amounts:
    """
    A column of numbers. All arrays have shape (bookings,).

    `values` are in the table's unit, 0 where there is none; `tokens` has the number of the letters beside each, in
    `letters`, where 0 is none. `mark` is None while the decimal mark is open; then the values are those of a point.
    """

    column: Column
    mark: Mark | None
    values: Int64
    valid: Mask
    tokens: NDArray[np.int32]
    letters: tuple[str, ...]
    is_identifier: bool
    has_decimals: bool

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def moves(self) -> Mask:
        """Where the number is not zero."""
        return np.asarray(self.valid & (self.values != 0), np.bool_)

    @property
    def is_signed(self) -> bool:
        """Whether some numbers have a minus sign."""
        return bool((self.values < 0).any())

    @property
    def is_mostly_negative(self) -> bool:
        """Whether the sign only repeats what the column is for."""
        return int((self.values < 0).sum()) > int((self.values > 0).sum())

    @property
    def is_token_signed(self) -> bool:
        """Whether letters beside the numbers differ, so that they may say the sign."""
        return len(set(self.tokens[self.moves].tolist())) > 1

    def token_levels(self) -> Levels:
        """The letters as values of a column; the number without letters has the value ''."""
        return Levels(("", *self.letters), np.where(self.valid, self.tokens, -1).astype(np.int32))


@dataclass(frozen=True)
class Bookings:
    """The rows that are bookings, by their positions in the table, and their columns of numbers."""

    facts: Facts
    places: Int64
    numbers: tuple[Amounts, ...]
    scale: int
    days: Int64 | None = None
    days_valid: Mask | None = None
    levels: dict[int, Levels | None] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of bookings."""
        return len(self.places)

    @property
    def rows(self) -> Mask:
        """Which rows of the table are bookings."""
        rows = np.zeros(self.facts.count, np.bool_)
        rows[self.places] = True
        return rows

    def levels_of(self, column: Column) -> Levels | None:
        """The few different values of a column in these rows, or None."""
        if column.index not in self.levels:
            self.levels[column.index] = column.levels(self.rows)
        return self.levels[column.index]

    def head(self, rows: int) -> "Bookings":
        """Only the first bookings."""
        return self if rows >= self.count else self._part(slice(rows))

    def only(self, rows: Mask) -> "Bookings":
        """Only some bookings."""
        return self._part(rows)

    def _part(self, rows: slice | Mask) -> "Bookings":
        return replace(
            self,
            places=self.places[rows],
            numbers=tuple(
                replace(n, values=n.values[rows], valid=n.valid[rows], tokens=n.tokens[rows]) for n in self.numbers
            ),
            days=None if self.days is None else self.days[rows],
            days_valid=None if self.days_valid is None else self.days_valid[rows],
            levels={},
        )


def number_columns(facts: Facts, rows: Mask, without: Sequence[Column]) -> list[Column]:
    """The columns whose filled cells in these rows are numbers, beside a few different letters at most."""
    found = []
    for column in facts.columns:
        if column in without:
            continue
        numbers = column.numbers
        if numbers.is_text:
            continue
        filled = column.filled & rows
        count = int(filled.sum())
        ok = numbers.ok & filled
        if count == 0 and column.role("out", "in") >= NAMED_SIDE and column.role("amount") < column.role("out", "in"):
            found.append(column)  # an empty side is still one of two
        if count == 0 or ok.sum() < NUMBER_SHARE * count:
            continue
        # Letters that only some shapes have are letters in the file's few special rows.
        if len(set(numbers.token[ok].tolist()) - {0}) <= MAX_TOKENS:
            found.append(column)
    # What is only held back is no amount beside one that has moved.
    moved = [column for column in found if column.role("held") < NAMED_SIDE]
    return moved if any(column.role("amount", "in", "out", "gross", "net") > 0 for column in moved) else found


def marks_of(
    columns: list[Column], rows: Mask, has_no_decimals: frozenset[int], *, has_points: bool = False
) -> dict[int, Mark | None]:
    """
    The decimal mark of each column, by its index, or None if only a person can tell.

    A column's own texts come first, then a currency without decimals, then what the other columns demand. Cells that
    the file stores as numbers say nothing about texts.
    `has_no_decimals` are the indexes of columns whose currency has none. `has_points`: the language of the table has no
    decimals behind a comma, so that commas group.
    """
    found: dict[int, Mark | None] = {}
    open_ones = []
    for column in columns:
        mask = _texts(column, rows)
        marks = column.numbers.marks(mask)
        if len(marks) == 1:
            found[column.index] = _mark(marks)
        elif len(marks) == 0:
            found[column.index] = None
        elif _is_whole(column, mask):
            found[column.index] = "."
        else:
            open_ones.append((column, mask))
    demanded = {mark for column in columns for mark in _demanded(column, rows)}
    for column in columns:
        if column.exact is not None and len(demanded) == 1 and _is_whole(column, _texts(column, rows)):
            found[column.index] = next(iter(demanded))  # it has one value with any mark, so it takes that of the others
    for column, mask in open_ones:
        marks_found: list[Mark] = [".", ","]
        whole = [mark for mark in marks_found if column.numbers.max_decimals(mark, mask) == 0]
        if column.index in has_no_decimals and len(whole) == 1:
            found[column.index] = whole[0]
        elif has_points and whole == ["."] and not demanded:
            found[column.index] = "."
        else:
            found[column.index] = next(iter(demanded)) if len(demanded) == 1 else None
    return found


def _texts(column: Column, rows: Mask) -> Mask:
    """The numbers of a column that the file stores as texts."""
    return np.asarray(column.numbers.ok & column.filled & rows & ~column.numbers.exact, np.bool_)


def _mark(marks: set[str]) -> Mark:
    """The one mark of a set."""
    return "." if "." in marks else ","


def _is_whole(column: Column, mask: Mask) -> bool:
    return column.numbers.max_decimals(".", mask) == 0 and column.numbers.max_decimals(",", mask) == 0


def _demanded(column: Column, rows: Mask) -> set[Mark]:
    marks = column.numbers.marks(_texts(column, rows))
    return {_mark(marks)} if len(marks) == 1 else set()


def bookings_of(facts: Facts, rows: Mask, columns: list[Column], marks: dict[int, Mark | None]) -> Bookings:
    """The bookings among the rows, and their numbers in one unit."""
    places = np.flatnonzero(rows)
    scale = max(
        (column.numbers.max_decimals(marks[column.index] or ".", rows & column.numbers.ok) for column in columns),
        default=2,
    )
    fine = [column for column in columns if not _is_whole(column, rows & column.numbers.ok)]
    whole = max((int(column.numbers.digits[column.numbers.ok & rows].max(initial=0)) for column in fine), default=0)
    scale = min(MAX_DECIMALS, scale, max(MAX_SCALE, MAX_DIGITS - whole))
    return Bookings(
        facts, places, tuple(_amounts(column, marks[column.index], places, scale) for column in columns), scale
    )


def _amounts(column: Column, mark: Mark | None, places: Int64, scale: int) -> Amounts:
    numbers = column.numbers
    # Digits behind the ninth decimal make a row a reject later, but not another column the amount.
    is_fine = numbers.max_decimals(mark or ".", numbers.ok) > MAX_DECIMALS
    values, fits = numbers.integers(mark or ".", scale, cut=is_fine)
    valid = (fits & numbers.ok)[places]
    values = np.where(valid, values[places], 0)
    letters = tuple(token for token in numbers.tokens if token is not None)
    return Amounts(
        column,
        mark,
        values,
        valid,
        numbers.token[places].astype(np.int32),
        letters,
        _is_identifier(column, places, values, valid),
        any(numbers.max_decimals(m, numbers.ok) > 0 for m in (".", ",")),
    )


def _is_identifier(column: Column, places: Int64, values: Int64, valid: Mask) -> bool:
    """
    Whether the numbers only name or count something: long digits, leading zeros, steps of one, or always the same.

    A name that means money outweighs all but the length.
    """
    numbers = column.numbers
    ok = numbers.ok[places] & column.filled[places]
    if not ok.any() or numbers.max_decimals(".", numbers.ok) > 0 or numbers.max_decimals(",", numbers.ok) > 0:
        return False
    if numbers.explicit[places][ok].any() or (numbers.currency[places][ok] != numbers.currency[places][ok][0]).any():
        return False
    # "No." stands for numbers in some languages and for money out in others, so that the digits have to tell.
    is_money = column.role(*MONEY) >= 0.5
    is_named_otherwise = column.role("reference", "identity", "account", "text") > max(0.4, column.role(*MONEY))
    if is_named_otherwise or (numbers.digits[places][ok].max() >= LONG_DIGITS and not is_money):
        return True
    if is_money:
        return False
    if numbers.leading_zero[places][ok].any():
        return True
    steps = np.diff(values[valid])
    is_even = len(steps) >= MIN_STEPS and bool((steps == steps[0]).all())
    if is_even and abs(int(values[valid][0])) >= FAR_STEPS * abs(int(steps[0])):
        return True  # they count on from a large number
    return len(steps) >= 2 and (bool((steps == 1).all()) or bool((steps == -1).all()) or bool((steps == 0).all()))
