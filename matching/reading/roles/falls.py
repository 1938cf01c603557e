"""Amounts without signs that a balance moves by, so that only the balance says which way."""

from itertools import permutations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, MIN_UNNAMED_SIGN, Amounts, Bookings
from matching.reading.roles.walk import directions_of

SURE_BALANCE = 0.9  # of a column's name that must mean a balance


def unsigned_walk(bookings: Bookings) -> Amounts | None:
    """
    A column without signs whose numbers are all the size of a balance's steps, up in some rows and down in others.

    Only the balance says which way money moved, so no column can be named for it.
    """
    numbers = [n for n in bookings.numbers if n.moves.any()][:MAX_TRIED]
    for balance, amount in permutations(numbers, 2):
        if amount.is_signed or balance.is_identifier or not bool(balance.valid.all()):
            continue
        if balance.column.role("balance") < 0.5 and bookings.count < MIN_UNNAMED_SIGN:
            continue
        change = np.diff(balance.values)
        for rows in (amount.values[1:], amount.values[:-1]):
            if len(change) >= 2 and bool((np.abs(change) == rows).all()) and len(set(np.sign(change).tolist())) > 1:
                return amount
    return None


def falls_by(bookings: Bookings, amount: Amounts) -> bool:
    """Whether some balance falls in every step by an amount without a sign, which is then money out."""
    balances = [n for n in bookings.numbers if n is not amount and n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for balance in balances:
        steps = np.diff(balance.values)
        is_balance = balance.column.role("balance") >= 0.5 or len(steps) >= 2
        if not is_balance or not len(steps) or not bool(balance.valid.all()):
            continue
        falls = steps if _rises_in_time(bookings) else -steps
        if any(bool((falls == -rows).all()) for rows in (amount.values[1:], amount.values[:-1])):
            return True
    return False


def rises_and_falls(bookings: Bookings, amount: Amounts) -> bool:
    """
    Whether a column that is called a balance rises in some rows and falls in others, though it does not walk by the
    amounts: without signs, these cannot all be of one side.
    """
    for balance in bookings.numbers:
        if balance is amount or balance.is_identifier or balance.column.role("balance") < SURE_BALANCE:
            continue
        if bool((np.abs(balance.values) <= np.abs(amount.values))[balance.valid].all()):
            continue  # what of each bill is open
        steps = np.diff(balance.values[balance.valid])
        if balance.column.role("amount", "in", "out") < SURE_BALANCE and {1, -1} <= set(np.sign(steps).tolist()):
            return True
    return False


def _rises_in_time(bookings: Bookings) -> bool:
    return directions_of(bookings.days, bookings.days_valid)[0] == "down"
