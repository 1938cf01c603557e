"""Reports of the stages of payments, in which what one stage puts into a column is taken out of it by the next."""

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings

MIN_PAIRS = 3  # values that stand in a column with their minus as well
PAIRED_SHARE = 0.5  # of the values of a column that must do so; the last payments have not passed all stages
MIN_COLUMNS = 2  # one alone may be that of bookings that were reversed, unless another one has the whole on each stage


def stages_of(bookings: Bookings) -> list[Amounts]:
    """
    The columns of money of a report of stages, those that keep what they got first, or none if it is no such report.

    Each row tells of the same payment again, so that no column of all rows is what moved.
    """
    money = [n for n in bookings.numbers if n.moves.any() and n.has_decimals and not n.is_identifier]
    passed = [n for n in money if passes_on(n)]
    others = [n for n in money if n not in passed]
    is_said_again = any(_says_again(n, first) for n in others for first in passed)
    count = len({np.abs(n.values).tobytes() for n in passed})  # columns of the same numbers are one
    return [*others, *passed] if count >= MIN_COLUMNS or is_said_again else []


def _says_again(number: Amounts, passed: Amounts) -> bool:
    """Whether a column has what a payment comes to on each of its stages."""
    rows = passed.moves
    return not number.is_signed and bool((number.values[rows] == np.abs(passed.values[rows])).all())


def passes_on(number: Amounts) -> bool:
    """Whether most values stand in a column with their minus as well."""
    into, count_in = np.unique(number.values[number.values > 0], return_counts=True)
    out, count_out = np.unique(-number.values[number.values < 0], return_counts=True)
    both, first, second = np.intersect1d(into, out, return_indices=True)
    pairs = int(np.minimum(count_in[first], count_out[second]).sum())
    return len(both) >= MIN_PAIRS and 2 * pairs >= PAIRED_SHARE * int(number.moves.sum())
