"""A table of one row above another table, which is about the account or the sum of the other one."""

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.reading.cells.numbers import Numbers
from matching.reading.roles.facts import Line

MIN_ROWS = 3  # below a header, from which a single row above it may be about the account
MAX_SAID = 20  # amounts of that row; more are those of a table
_DECIMALS = re.compile(r"-?[0-9][0-9.,' ]*[.,][0-9]+")
Mask = NDArray[np.bool_]


def is_about_account(lines: Sequence[Line], typed: Mask, dated: Mask, first: int, firsts: Sequence[int]) -> bool:
    """
    Whether only one row stands between a header and that of the next table, and has its dates elsewhere and repeats a
    balance at the ends of that table, or says what one of its columns comes to. Then it is about the account, and no
    booking.

    Args:
        typed: which cells are numbers or dates, shape (lines, columns).
        dated: which cells are dates, shape (lines, columns).
        first: the first row below the header.
        firsts: those of all tables.
    """
    following = min((other for other in firsts if other > first), default=None)
    if following is None:
        return False
    rows = first + np.flatnonzero(typed[first : following - 1].any(axis=1))
    below = following + np.flatnonzero(dated[following:].any(axis=1))
    if len(rows) != 1 or len(below) < MIN_ROWS:
        return False
    row = lines[rows[0]]
    if _says_sum(row, [lines[place] for place in below.tolist()], typed[below] & ~dated[below]):
        return True
    if bool((dated[rows[0]] & dated[below[0]]).any()):
        return False
    return bool(_decimals(row) & (_decimals(lines[below[0]]) | _decimals(lines[below[-1]])))


def _decimals(line: Line) -> set[str]:
    """The cells of a line that may be amounts with decimals, apart from zero."""
    cells = {cell.strip() for cell in line.cells}
    return {cell for cell in cells if _DECIMALS.fullmatch(cell) and any(c in "123456789" for c in cell)}


def _says_sum(row: Line, below: Sequence[Line], typed: Mask) -> bool:
    """Whether a row has the sum of a column of the rows below, or two amounts that differ by it."""
    said = [value for value in _values(sorted(_decimals(row))) if value is not None]
    if len(said) > MAX_SAID:
        return False
    told = {*said, *(abs(one - other) for one in said for other in said)} - {Decimal(0)}
    for column in np.flatnonzero(typed.any(axis=0)).tolist():
        texts = [line.cells[column] for line in below if column < len(line.cells)]
        values = [value for value in _values(texts) if value is not None]
        if len(values) >= MIN_ROWS and any(v % 1 for v in values) and abs(sum(values)) in told:
            return True
    return False


def _values(texts: list[str]) -> list[Decimal | None]:
    """Texts as numbers, with the decimal mark that all of them allow."""
    if not texts:
        return []
    numbers = Numbers(pa.array(texts, pa.string()))
    found: list[Decimal | None] = numbers.decimal("." if "." in numbers.marks() else ",").to_pylist()
    return found
