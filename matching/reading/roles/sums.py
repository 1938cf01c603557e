"""The figures around a table, such as its totals and balances, and the columns whose sums they are."""

from itertools import combinations

import numpy as np
import pyarrow as pa

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Facts, Int64

MAX_ROWS = 100  # of a table's rows that are no bookings, at either end
MAX_FIGURES, MAX_BALANCES = 400, 16  # figures that are looked at, and those of them that may be two balances
MIN_ROWS = 2  # that a figure must add up
MIN_ONE_SIDED = 3  # amounts whose sum shows that none of them is of the other side


def column_of_sums(bookings: Bookings, columns: list[tuple[Amounts, Int64]]) -> Amounts | None:
    """
    The one column whose sums stand around the table, where those of the others do not.

    `columns` come with their values, shape (bookings,), in the table's unit. A sum is that of all rows, of money in or
    of money out, or the difference between two balances.
    """
    totals = {number.column.index: _totals(values) for number, values in columns}
    found = []
    for number, values in columns:
        figures = _figures(bookings, number)
        whole = abs(int(values.sum()))
        seen = totals[number.column.index] & set(figures)
        seen |= {whole} & totals[number.column.index] & _steps(figures)
        others = set().union(*(totals[n.column.index] for n, _ in columns if n is not number))
        if seen - others:
            found.append(number)
    return found[0] if len(found) == 1 else None


def adds_up(bookings: Bookings, amount: Amounts) -> bool:
    """Whether the sum of all amounts of a column stands around the table, so that all of them are of one side."""
    if int(amount.moves.sum()) < MIN_ONE_SIDED:
        return False
    return abs(int(amount.values.sum())) in _figures(bookings, amount)


def _totals(values: Int64) -> set[int]:
    parts = (values[values != 0], values[values > 0], values[values < 0])
    return {abs(int(part.sum())) for part in parts if len(part) >= MIN_ROWS} - {0}


def _steps(figures: list[int]) -> set[int]:
    """What lies between any two of the figures: an opening and a closing balance differ by all that moved."""
    return {abs(last - first) for first, last in combinations(figures[:MAX_BALANCES], 2)}


def _figures(bookings: Bookings, like: Amounts) -> list[int]:
    """The numbers above and below the table, as read with the decimal mark of a column."""
    texts = _texts(bookings.facts, bookings.places)[:MAX_FIGURES]
    if not texts:
        return []
    numbers = Column(0, "", pa.chunked_array([pa.array(texts, pa.string())])).numbers
    values, valid = numbers.integers(like.mark or ".", bookings.scale)
    return list(dict.fromkeys(abs(int(value)) for value in values[valid & (values != 0)].tolist()))


def _texts(facts: Facts, places: Int64) -> list[str]:
    cells = [cell for line in facts.above for cell in "\t".join(line.cells).split("\t")]
    rest = np.setdiff1d(np.arange(facts.count), places)
    rest = rest if len(rest) <= 2 * MAX_ROWS else np.concatenate((rest[:MAX_ROWS], rest[-MAX_ROWS:]))
    cells += [column.text(place) for place in rest.tolist() for column in facts.columns]
    return [part for cell in cells for part in _parts(cell)]


def _parts(cell: str) -> list[str]:
    """What may be a number in a cell: all of it, what stands behind its last colon, and its last word."""
    text = cell.strip()
    if not text or not any(c.isdigit() for c in text):
        return []
    return list(dict.fromkeys([text, text.rpartition(":")[2].strip(), text.split()[-1]]))
