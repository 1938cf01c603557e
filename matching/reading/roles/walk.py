"""
The running balance: whether each balance is the one before it, changed by what moved in between.

Where that holds it proves three columns at once: which is the balance, which is the amount, and which sign it has.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matching.reading.roles.facts import Int64, Mask

# Whether time goes down or up the file, and whether a balance is the one after or before its own row's movement.
Direction = Literal["down", "up", "down_before", "up_before"]
MIN_SHARE = 0.74  # of the tests that must hold if some do not
MIN_TESTS = 4  # from which some may fail


@dataclass(frozen=True)
class Walk:
    """How many of the steps between known balances a movement explains, and the rows at which it does not."""

    direction: Direction
    tests: int
    held: int
    covered: Mask  # rows whose movement is part of a step that holds
    broken: tuple[int, ...]  # positions of the rows at which a step fails

    @property
    def holds(self) -> bool:
        """Whether the steps prove the movement: all of them, or nearly all of many."""
        return self.tests > 0 and (
            self.held == self.tests or (self.tests >= MIN_TESTS and self.held >= MIN_SHARE * self.tests)
        )


@dataclass(frozen=True)
class Balances:
    """
    The known balances of a table.

    `values` are in the smallest unit, shape (rows,); `known` says which of them the file has; `groups` divides the rows
    among accounts or currencies, each with a balance of its own.
    """

    values: Int64
    known: Mask
    groups: NDArray[np.int32] | None = None


def directions_of(days: Int64 | None, valid: Mask | None) -> tuple[Direction, ...]:
    """
    The directions that the dates allow. `days` is days since 1970, shape (rows,).

    Walking up with all signs turned is the same equation as walking down with balances from before each row, so the
    arithmetic cannot tell them apart, and only the dates can.
    """
    if days is None or valid is None:
        return ("down", "up")
    steps = np.diff(days[valid])
    rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
    if rises > 3 * falls:
        return ("down", "down_before")
    if falls > 3 * rises:
        return ("up",)
    return ("down", "up")


def walk(balances: Balances, movement: Int64, direction: Direction) -> Walk:
    """
    Test a movement of shape (rows,), 0 where nothing moved, in the same unit as the balances.

    For a balance b[i] and the next known one b[j]: down: b[j] - b[i] = sum of m over (i, j]; up: b[i] - b[j] = sum of m
    over [i, j). The forms with `_before` take the balance before the row's own movement.
    """
    order = _order(balances)
    moved, values = movement[order], balances.values[order]
    places = np.flatnonzero(balances.known[order])
    covered = np.zeros(len(movement), np.bool_)
    if len(places) < 2:
        return Walk(direction, 0, 0, covered, ())
    first, last = places[:-1], places[1:]
    total = np.concatenate(([0], np.cumsum(moved)))
    change = values[last] - values[first]
    takes_last = direction in ("down", "up_before")
    sums = total[last + 1] - total[first + 1] if takes_last else total[last] - total[first]
    same_group = _same_group(balances, order, first, last)
    right = (change if direction.startswith("down") else -change) == sums
    # A step at which nothing happens says nothing.
    asked = same_group & ((change != 0) | (sums != 0))
    held = asked & right
    shift = 1 if takes_last else 0
    steps = np.zeros(len(movement) + 1, np.int64)
    np.add.at(steps, first[held] + shift, 1)
    np.add.at(steps, last[held] + shift, -1)
    covered[order] = np.cumsum(steps)[:-1] > 0
    broken = order[last[asked & ~right]]
    return Walk(direction, int(asked.sum()), int(held.sum()), covered, tuple(int(row) for row in broken[:20]))


def idle_rows(balances: Balances, movement: Int64, direction: Direction) -> list[int]:
    """The rows that leave the balance as it was although their movement, of shape (rows,), is not 0."""
    if balances.groups is not None or len(movement) < 2:
        return []
    is_same = balances.known[:-1] & balances.known[1:] & (np.diff(balances.values) == 0)
    shift = 1 if direction in ("down", "up_before") else 0
    rows = np.flatnonzero(is_same) + shift
    return [int(row) for row in rows if movement[row]]


def signs_by_walk(
    balances: Balances, sizes: Int64, codes: NDArray[np.int32], count: int, direction: Direction
) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]]:
    """
    The sign that the balances give to each value of a column, for amounts without signs.

    `sizes` and `codes` have shape (rows,); a code is a value's number below `count`, or -1. Returns three arrays of
    shape (count,): the sign, which is 0 where no step shows it; how many steps say so; how many say otherwise.
    """
    order = _order(balances)
    values, known = balances.values[order], balances.known[order]
    both = known[:-1] & known[1:] & _same_group(balances, order, np.arange(len(order) - 1), np.arange(1, len(order)))
    change = np.where(both, values[1:] - values[:-1], 0)
    change = change if direction.startswith("down") else -change
    rows = order[1:] if direction in ("down", "up_before") else order[:-1]
    size, code = np.abs(sizes[rows]), codes[rows]
    asked = both & (size != 0) & (code >= 0)
    signs, agree, differ = np.zeros(count, np.int8), np.zeros(count, np.int64), np.zeros(count, np.int64)
    for value in range(count):
        mine = asked & (code == value)
        plus, minus = int((mine & (change == size)).sum()), int((mine & (change == -size)).sum())
        signs[value] = 0 if plus == minus else 1 if plus > minus else -1
        agree[value] = max(plus, minus)
        differ[value] = int(mine.sum()) - agree[value]
    return signs, agree, differ


def _order(balances: Balances) -> Int64:
    if balances.groups is None:
        return np.arange(len(balances.values))
    return np.argsort(balances.groups, kind="stable")


def _same_group(balances: Balances, order: Int64, first: Int64, last: Int64) -> Mask:
    if balances.groups is None:
        return np.ones(len(first), np.bool_)
    groups = balances.groups[order]
    return np.asarray(groups[first] == groups[last], np.bool_)
