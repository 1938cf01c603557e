"""What a shop took on a day, in columns for each way in which people paid: only some of it reaches a bank."""

from itertools import combinations

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import is_unnamed
from matching.reading.roles.words import says

NAMED = 0.5  # of a column's name that says that it is a fee
MIN_ROWS = 2
MANY_SHARE = 0.5  # of the rows, above which two ways in one row show that rows are days and no sales


def ways_of_payment(bookings: Bookings, amount: Amounts) -> list[Amounts]:
    """
    The columns that make up an amount in all rows, if most rows have several: those named after ways of payment, and at most
    one of an unknown name beside these, or others of unknown names if two more add up to it, as net and tax do.
    """
    if bookings.count < MIN_ROWS:
        return []
    others = [n for n in bookings.numbers if n is not amount and n.moves.any() and not n.is_identifier]
    known = [n for n in others if says("means", n.name) and n.column.role("fee") < NAMED]
    unknown = [n for n in others if n not in known and not n.column.roles and not is_unnamed(n.column)]
    rest = [n for n in others if n not in known and n not in unknown]
    is_whole = any(_make_up([*pair], amount) for pair in combinations(rest, 2))
    tried = [known, *([*known, n] for n in unknown if known)]
    for found in [*tried, [*known, *unknown]] if is_whole else tried:
        several = np.sum([n.moves for n in found], axis=0) > 1 if len(found) > 1 else np.zeros(0)
        if int(several.sum()) > MANY_SHARE * bookings.count and _make_up(found, amount):
            return found
    return []


def _make_up(parts: list[Amounts], whole: Amounts) -> bool:
    return bool((np.sum([n.values for n in parts], axis=0) == whole.values).all())
