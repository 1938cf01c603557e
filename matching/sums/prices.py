"""
How often rows of a price list come to an amount by chance.

Sums of few prices are far from smooth: hardly any comes to what is a little off, and many to what other rows come to. So rows are
drawn at random of all that a side has. That its own rows come to an amount does not count.
"""

from functools import cache
from math import exp, factorial, fsum

import numpy as np
from numpy.typing import NDArray

from matching.sums.fees import Fee
from matching.sums.search import Target

EQUAL_ROWS = 2e-4  # the chance that two rows have one amount, above which amounts come from a price list
DRAWN = 2_048  # sums of half as many rows, of which each is tried with each other one
ABSENT = 0.1  # the chance that the true rows of a total are not all there, before any is known
AS_MANY = 20  # totals by which the share of those without rows is drawn towards that

Ints = NDArray[np.int64]


def is_price_list(amounts: Ints) -> bool:
    """Whether equal amounts are so frequent that sums come to the same far more often than chance would make them."""
    counts = np.unique(amounts, return_counts=True)[1]
    return bool((counts * (counts - 1)).sum() > EQUAL_ROWS * max(len(amounts) * (len(amounts) - 1), 1))


class Prices:
    """The amounts of many rows, of which others are drawn."""

    def __init__(self, amounts: Ints) -> None:
        """There is one amount at least."""
        self.amounts = amounts
        self.density = cache(self._density)
        self._sums = cache(self._drawn)

    def _density(self, target: Target, fee: Fee) -> float:
        """The share of choices of rows that come to a target, PERCENT times what they are less a fee, but for the same rows."""
        half = target.size // 2
        ours, theirs = self._sums(fee, target.size - half), self._sums(fee, half)
        first = np.searchsorted(ours, target.low - theirs, side="left")
        last = np.searchsorted(ours, target.high - theirs, side="right")
        itself = factorial(target.size) / float(len(self.amounts)) ** target.size
        return max(float((last - first).sum()) / (len(ours) * len(theirs)) - itself, 0.0)

    def _drawn(self, fee: Fee, size: int) -> Ints:
        """Sums of so many rows, in order: all, or as many as are drawn."""
        values = fee.scaled(self.amounts)
        found = np.zeros(1, np.int64)
        if size == 1 or len(values) ** size <= DRAWN:
            for _ in range(size):
                found = (found[:, None] + values).ravel()
        else:
            at = np.random.Generator(np.random.PCG64(size)).integers(0, len(values), (DRAWN, size))
            found = values[at].sum(axis=1)
        return np.sort(found)


class Absence:
    """How often a total has no rows, learned from those for which none were found."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, float]] = {}  # of each total, whether it has none, and the chance to see it

    def add(self, total: int, *, has_none: bool, by_chance: float) -> None:
        """`by_chance` is the number of sums that chance would find of a total that has none."""
        self._seen[total] = float(has_none), exp(-by_chance)

    @property
    def share(self) -> float:
        """The share of totals without rows."""
        none, seen = (fsum(of) for of in zip((0.0, 0.0), *self._seen.values(), strict=True))
        return min((none + ABSENT * AS_MANY) / (seen + AS_MANY), 1.0)
