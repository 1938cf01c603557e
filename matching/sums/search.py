"""All subsets of given sizes that come to given amounts: meet in the middle, exact, bounded by the number of subsets."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

SHIFT = 55  # bits of a sum; the size of a subset stands above them
MAX_SIZE = 12
MAX_SUM = 1 << (SHIFT - 2)

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Target:
    """Sums of `size` values from `low` to `high`, both included."""

    size: int
    low: int
    high: int


def work_of(n: int, size: int) -> int:
    """How many subsets have to be listed for all sums of up to `size` of n values."""
    return sum(comb(half, r) for half in (n // 2, n - n // 2) for r in range(min(size, half) + 1))


@lru_cache(maxsize=256)
def _choices(n: int, size: int) -> NDArray[np.uint8]:
    """All choices of `size` out of n, shape (choices, size)."""
    return np.array(list(combinations(range(n), size)), np.uint8).reshape(comb(n, size), size)


@dataclass(frozen=True)
class _Half:
    """The subsets of one half: their sums, with their sizes above them."""

    keys: Ints  # in the order in which the subsets are listed
    ordered: Ints
    starts: Ints  # of the subsets of each size

    @cached_property
    def distinct(self) -> tuple[Ints, Ints]:
        """The different keys in order, and how many subsets have each. Amounts of a price list have few."""
        first = np.flatnonzero(np.append(True, self.ordered[1:] != self.ordered[:-1]))
        return self.ordered[first], np.diff(np.append(first, len(self.ordered)))


class Halves:
    """The sums of both halves of some values, in order, so that any target can be looked up."""

    def __init__(self, values: Ints, size: int) -> None:
        """List the subsets of up to `size` values. Their sums are within MAX_SUM, and there are at most 510 values."""
        self.values = values
        self.sides = (np.arange(0, len(values), 2), np.arange(1, len(values), 2))
        self.halves = tuple(self._listed(side, size) for side in self.sides)
        self._left, self._right = self.halves

    def _listed(self, side: Ints, size: int) -> _Half:
        parts = []
        for r in range(min(size, len(side)) + 1):
            chosen = _choices(len(side), r)
            sums = np.full(len(chosen), r << SHIFT, np.int64)
            for column in range(r):
                sums += self.values[side[chosen[:, column]]]
            parts.append(sums)
        keys = np.concatenate(parts)
        # Only sums are sorted, not where they come from: few are ever found, and those are looked up again.
        return _Half(keys, np.sort(keys), np.cumsum([0, *(len(part) for part in parts)]))

    def count(self, target: Target) -> int:
        """How many subsets there are."""
        (left, ours), (right, theirs) = self._left.distinct, self._right.distinct
        before = np.append(0, np.cumsum(theirs))
        needles = (target.size << SHIFT) - left
        first = np.searchsorted(right, needles + target.low, side="left")
        last = np.searchsorted(right, needles + target.high, side="right")
        return int((ours * (before[last] - before[first])).sum())

    def find(self, target: Target, most: int) -> list[tuple[int, ...]]:
        """The subsets as sorted positions, at most so many of them, always the same ones."""
        first, last = self._ranges(target)
        places = np.flatnonzero(last > first)
        if int((last - first)[places].sum()) >= most:
            places = places[:most]
        found: list[tuple[int, ...]] = []
        lefts, chosen = np.unique(self._left.ordered[places], return_index=True)
        for left, place in zip(lefts.tolist(), places[chosen].tolist(), strict=True):
            ours = self._members(0, left)
            for right in np.unique(self._right.ordered[first[place] : last[place]]).tolist():
                theirs = self._members(1, right)
                found += [tuple(sorted((*one, *other))) for one in ours for other in theirs]
                if len(found) >= most:
                    return found[:most]
        return found

    def _ranges(self, target: Target) -> tuple[Ints, Ints]:
        """For each sum of the left half, the range of sums of the right half that complete it."""
        base, right = target.size << SHIFT, self._right.ordered
        needles = base + target.low - self._left.ordered
        first = np.searchsorted(right, needles, side="left")
        if target.low < target.high:
            return first, np.searchsorted(right, base + target.high - self._left.ordered, side="right")
        # Few needles are found at all, and only for these is it asked where their equals end.
        hit = right[np.minimum(first, len(right) - 1)] == needles
        last = first.copy()
        last[hit] = np.searchsorted(right, needles[hit], side="right")
        return first, last

    def _members(self, which: int, key: int) -> list[list[int]]:
        """The subsets of a half with one sum, as positions."""
        half, side = (self._left, self._right)[which], self.sides[which]
        found = []
        for number in np.flatnonzero(half.keys == key).tolist():
            size = int(np.searchsorted(half.starts, number, side="right")) - 1
            chosen = _choices(len(side), size)[number - int(half.starts[size])]
            found.append([int(n) for n in side[chosen]])
        return found
