"""Rows that the numbers show to be no bookings: sums of others, and lines about the account."""

import numpy as np

from matching.reading.roles import proof, totals
from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.movements import Movement
from matching.reading.roles.walk import Balances, idle_rows

NAMED = 0.5  # of a column's name that says that it holds no amount of its own
MIN_BOOKINGS = 2  # of a table in which a row about the account is looked for


def doubtful_rows(movement: Movement, balance: proof.Proof | None, bookings: Bookings) -> list[int]:
    """The rows that the numbers show to be no bookings: sums of others, or amounts that do not change the balance."""
    if balance is None:
        return totals.sum_rows(movement.values()) or proof.unbalanced_rows(bookings, movement)
    if balance.group is not None or movement is not balance.movement:
        return []
    balances = Balances(balance.balances, balance.balance.valid)
    return idle_rows(balances, movement.values(), balance.walk.direction)


def left_over(bookings: Bookings, movement: Movement) -> list[Amounts]:
    """
    The columns of money that move only where the chosen ones do not, such as one of interest beside those of deposits and
    withdrawals. What they hold would be lost without a word.
    """
    unread = [n.column.filled[bookings.places] & ~n.valid for n in movement.columns]  # too many decimals, and the like
    moved = np.logical_or.reduce([*unread, *(n.moves for n in movement.columns)])
    if bool(moved.all()):
        return []
    return [
        n
        for n in bookings.numbers
        if n not in movement.columns
        and not n.is_identifier
        and n.has_decimals
        and n.moves.any()
        and not bool((n.moves & moved).any())
        and n.column.role("balance", "fee", "other_number", "original") < NAMED
    ]


def rows_about_account(balance: proof.Proof | None, rows: list[int]) -> list[int]:
    """
    Those of the rows that are about the account: at an end of the table, with the balance from before the first
    booking in place of an amount, and the last balance.
    """
    if balance is None or not rows or balance.walk.direction not in ("down", "up"):
        return []
    balances, moved = balance.balances, balance.movement.values()
    bookings = np.setdiff1d(np.arange(len(moved)), rows)
    if not len(bookings):
        return []
    earliest = bookings[0 if balance.walk.direction == "down" else -1]
    opening = abs(int(balances[earliest] - moved[earliest]))
    return [row for row in rows if row in (0, len(moved) - 1) and opening and abs(int(moved[row])) == opening]


def rows_of_both_balances(balance: proof.Proof | None) -> list[int]:
    """The row before the first or behind the last booking that holds the balances from before and after all of them."""
    if balance is None or balance.group is not None or balance.walk.direction not in ("down", "up"):
        return []
    balances, moved = balance.balances, balance.movement.values()
    last = len(moved) - 1
    found = []
    for row, rest in ((0, slice(1, None)), (last, slice(last))) if last > MIN_BOOKINGS else ():
        earliest, latest = (0, -1) if balance.walk.direction == "down" else (-1, 0)
        opening, closing = balances[rest][earliest] - moved[rest][earliest], balances[rest][latest]
        if opening and opening != closing and (moved[row], balances[row]) == (opening, closing):
            found.append(row)
    return found
