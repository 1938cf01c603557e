"""Columns that are made up of others: of all of them added up, or of the one that is filled in a row."""

from itertools import combinations, permutations, product

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings

MAX_SIGNED = 4  # columns of which each may be added or taken off
MIN_ROWS = 3  # in fewer of them, such a sum may be chance


def sums_of(bookings: Bookings) -> dict[int, tuple[Amounts, tuple[Amounts, ...]]]:
    """
    The columns that are the sum of neighbouring other ones in all rows, by index, with their parts.

    At least two of the parts differ from the sum, and it moves in at least two rows.
    """
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    found: dict[int, tuple[Amounts, tuple[Amounts, ...]]] = {}
    for total in numbers:
        rest = [n for n in numbers if n is not total]
        for first in range(len(rest)):
            for end in range(len(rest), first + 1, -1):
                parts = tuple(rest[first:end])
                if _adds_up(total, parts, TRIED_ROWS) and _adds_up(total, parts):
                    found.setdefault(total.column.index, (total, parts))
    return found


def is_after(bookings: Bookings, amount: Amounts, fee: Amounts) -> bool:
    """Whether the amount is in all rows what a fee and at most four other columns leave, each added or taken off."""
    others = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier and n not in (amount, fee)]
    for count in range(1, MAX_SIGNED + 1) if int(amount.moves.sum()) > MIN_ROWS else ():
        for parts in combinations(others[:MAX_TRIED], count):
            for signs in product((1, -1), repeat=count):
                if _leaves(amount, fee, parts, signs, TRIED_ROWS) and _leaves(amount, fee, parts, signs, None):
                    return True
    return False


def _leaves(
    amount: Amounts, fee: Amounts, parts: tuple[Amounts, ...], signs: tuple[int, ...], most: int | None
) -> bool:
    left = np.sum([sign * n.values[:most] for sign, n in zip(signs, parts, strict=True)], axis=0) - fee.values[:most]
    return bool((left == amount.values[:most]).all())


def union_of(bookings: Bookings) -> Amounts | None:
    """
    The signed column that repeats the one of two other columns that is filled in a row: the net of a sale or of a fee, or
    debit less credit. Where both are empty, in fewer than half of the rows, it may stand alone, as that of a payout.
    """
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for total in numbers:
        if not bool((total.values < 0).any()) or not bool((total.values > 0).any()):
            continue
        for one, other in permutations((n for n in numbers if n is not total), 2):
            if min(int(one.moves.sum()), int(other.moves.sum())) < 2 or bool((one.moves & other.moves).any()):
                continue
            filled = one.moves | other.moves
            if 2 * int(filled.sum()) <= int(total.moves.sum()):
                continue
            if any(bool((one.values + sign * other.values == total.values)[filled].all()) for sign in (1, -1)):
                return total
    return None


def _adds_up(total: Amounts, parts: tuple[Amounts, ...], most: int | None = None) -> bool:
    """Whether parts add up to a total in all rows, or in the first `most` ones."""
    added = np.sum([n.values[:most] for n in parts], axis=0)
    differs = added != total.values[:most]
    if differs.any():
        # A total may stand alone in a few rows, as that of a payout does.
        is_part = np.any([n.valid[:most] for n in parts], axis=0)
        if bool((differs & is_part).any()) or 2 * int(is_part.sum()) <= len(is_part):
            return False
    moving = sum(bool((n.moves & (n.values != total.values)).any()) for n in parts) if most is None else 2
    return moving >= 2 and int(total.moves.sum()) >= 2
