"""Purchases that are paid in instalments: the whole price beside what of it is due now."""

import re
from itertools import permutations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.facts import Int64
from matching.reading.roles.words import counts_instalments

ROUNDED = 0.02  # of the price, by which the instalments may miss it, since one of them takes what rounding leaves
MOST = 99  # instalments of a price
_SHARE = re.compile(r"(?<![\d/.,-])(\d{1,2}) ?(?:/|of|de|von|van|di|z|из|sur) ?(\d{1,2})(?![\d/.,-])", re.IGNORECASE)


def instalments_of(bookings: Bookings) -> tuple[Amounts, Amounts] | None:
    """
    The column of whole prices and that of instalments, where a column such as "3/12" says how many each price is divided
    into, and all of them together are the price.
    """
    head = bookings.head(TRIED_ROWS)
    numbers = [n for n in head.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    if len(numbers) < 2:
        return None
    whole = {n.column.index: n for n in bookings.numbers}
    for counts in _counts(head):
        rows = counts > 1
        for price, part in permutations(numbers, 2):
            if not bool((price.moves & part.moves)[rows].all()) or not bool((price.valid == part.valid).all()):
                continue
            paid = np.abs(part.values) * counts
            if bool((np.abs(paid - np.abs(price.values)) <= ROUNDED * np.abs(price.values)).all()):
                return whole[price.column.index], whole[part.column.index]
    return None


def counted_instalments(bookings: Bookings) -> tuple[Amounts, Amounts] | None:
    """
    The column of whole prices and that of instalments, where a column says how many of these make up each price, but not
    which one is due. Then nobody knows which of the two was paid.
    """
    numbers = [n for n in bookings.numbers if n.moves.any()][:MAX_TRIED]
    unit = 10**bookings.scale
    for count in numbers:
        many = count.values // unit
        if not counts_instalments(count.name) or not bool(((many >= 1) & (many <= MOST)).all()) or not (many > 1).any():
            continue
        for price, part in permutations([n for n in numbers if n is not count], 2):
            off = np.abs(np.abs(part.values) * many - np.abs(price.values))
            if bool((price.moves & part.moves).all()) and bool((off <= ROUNDED * np.abs(price.values)).all()):
                return price, part
    return None


def _counts(bookings: Bookings) -> list[Int64]:
    """For each column that says a number of instalments in some rows, these numbers, and one in the other rows."""
    found = []
    numbers = {n.column.index for n in bookings.numbers}
    for column in bookings.facts.columns:
        if column.index in numbers or bool(column.days.ok[bookings.places].all()):
            continue
        texts = column.texts.take(bookings.places).to_pylist()
        shares = [_SHARE.search(text) if text else None for text in texts]
        pairs = [(int(share[1]), int(share[2])) if share else (1, 1) for share in shares]
        if any(many > 1 for _, many in pairs) and all(1 <= number <= many <= MOST for number, many in pairs):
            found.append(np.array([many for _, many in pairs], np.int64))
    return found
