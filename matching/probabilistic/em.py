"""
What each level of agreement says about a pair, learned without labels: EM in which pairs of one row compete.

A row has at most one partner, so the chances of its pairs add up to at most one. That keeps near-twins apart, which EM
without competition would call matches.

Source: Fellegi & Sunter, A Theory for Record Linkage (JASA, 1969); Dempster, Laird & Rubin, Maximum Likelihood from
Incomplete Data via the EM Algorithm (JRSS B, 1977). Rising bits: Barlow & Brunk, The Isotonic Regression Problem and its
Dual (JASA, 1972).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from matching.probabilistic.levels import Compared, Comparison, Levels, Pairs

ROUNDS = 20
ALL_PAIRS = 2_000_000
GROUP, GROUPS = 250, 16  # rows of each side, a million pairs in total
SHRINK = 2.0  # pairs by chance that are added to each field, so that a level nobody has seen earns no weight
RISING = 50.0  # pairs that say that a greater likeness is no less evidence; few true pairs show by chance that it is
SEED = 20260401
MAX_BITS = 60.0
LEAST, MOST = 0.01, 0.999  # of rows of the smaller side with a partner

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs and how they compare."""

    pairs: Pairs  # rows of each side, sorted
    levels: list[Levels]  # of each comparison, shape (pairs,)
    sizes: tuple[int, int]  # rows of both sides
    known: list[Floats | None] | None = None  # of each comparison, true pairs that are known already, shape (levels,)
    rising: list[bool] | None = None  # of each comparison, whether a higher level is a greater likeness


@dataclass(frozen=True)
class Learned:
    """The bits of each level of each comparison, the chance of each pair, and the share of rows with a partner."""

    bits: list[Floats]  # of each comparison, shape (levels,); 0 for missing
    chance: Floats  # shape (pairs,)
    share: float  # of the rows of the smaller side


@dataclass(frozen=True)
class Random:
    """Random pairs of rows, and how they compare."""

    numbers: NDArray[np.int64]  # shape (pairs,), each pair as one number
    levels: list[Levels]  # of each comparison, shape (pairs,)
    counts: list[int]  # levels that each comparison has

    def shares(self) -> list[Floats]:
        """For each comparison, shape (levels,), shares of the pairs that have both values; 0 for missing."""
        counts = [_counts(found, count) for found, count in zip(self.levels, self.counts, strict=True)]
        return [count / max(count.sum(), 1) for count in counts]

    def extended(self, comparison: Comparison, sizes: tuple[int, int]) -> "Random":
        """The same with one comparison more."""
        pairs = (self.numbers // sizes[1]).astype(np.int32), (self.numbers % sizes[1]).astype(np.int32)
        return Random(self.numbers, [*self.levels, level(comparison, pairs)], [*self.counts, comparison.count])

    def beside(self, candidates: Candidates) -> list[Floats]:
        """
        For each comparison, shape (levels,), how many pairs that are no candidates have each level, of all pairs of both
        tables; 0 for missing.
        """
        known = _numbers(candidates.pairs, candidates.sizes)
        place = np.minimum(np.searchsorted(known, self.numbers), max(len(known) - 1, 0))
        others = known[place] != self.numbers if len(known) else np.ones(len(self.numbers), bool)
        each = (candidates.sizes[0] * candidates.sizes[1] - len(known)) / max(int(others.sum()), 1)
        return [_counts(found[others], count) * each for found, count in zip(self.levels, self.counts, strict=True)]


def by_chance(compared: Compared, sizes: tuple[int, int]) -> Random:
    """
    Random pairs: all pairs if there are at most ALL_PAIRS, or else those of a few groups of rows with each other, whose
    products take a fraction of the time that single pairs take.
    """
    numbers: list[NDArray[np.int64]] = []
    levels: list[list[Levels]] = [[] for _ in compared.comparisons]
    for rows, others in _groups(sizes):
        pairs = np.repeat(rows, len(others)).astype(np.int32), np.tile(others, len(rows)).astype(np.int32)
        numbers.append(_numbers(pairs, sizes))
        for comparison, found in zip(compared.comparisons, levels, strict=True):
            found.append(level(comparison, pairs))
    counts = [comparison.count for comparison in compared.comparisons]
    return Random(np.concatenate(numbers), [np.concatenate(found) for found in levels], counts)


def _groups(sizes: tuple[int, int]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    if sizes[0] * sizes[1] <= ALL_PAIRS:
        step = max(1, GROUP * GROUP // max(sizes[1], 1))
        for start in range(0, sizes[0], step):
            yield np.arange(start, min(start + step, sizes[0])), np.arange(sizes[1])
        return
    chance = np.random.default_rng(SEED)
    for _ in range(GROUPS):
        rows, others = (np.sort(chance.choice(size, min(GROUP, size), replace=False)) for size in sizes)
        yield rows, others


def level(comparison: Comparison, pairs: Pairs) -> Levels:
    """The level of each pair in one comparison."""
    return comparison.level(comparison.measure(pairs))


def levels_of(compared: Compared, pairs: Pairs) -> list[Levels]:
    """The level of each pair in each comparison."""
    return [level(comparison, pairs) for comparison in compared.comparisons]


def start(candidates: Candidates, likeness: Floats) -> Floats:
    """
    The chances to start with: 1 for the pairs that are each other's most similar, and clearly so, otherwise 0.

    Clearly: by at least the median of how much such pairs are ahead of the next best pair of their two rows.

    Args:
        likeness: shape (pairs,), similarity of all texts; NaN counts as 0.
    """
    value = np.nan_to_num(likeness)
    ahead = np.full(len(value), np.inf)
    for rows, size in zip(candidates.pairs, candidates.sizes, strict=True):
        first, second = _best_two(rows, value, size)
        ahead = np.minimum(ahead, value - np.where(value >= first[rows], second[rows], np.inf))
    mutual = ahead >= 0
    found = np.zeros(len(value))
    if mutual.any():
        found[mutual & (ahead >= np.median(ahead[mutual]))] = 1.0
    return found


def learn(candidates: Candidates, chance: Floats, random: Random) -> Learned:
    """
    Learn the bits of each level, in ROUNDS rounds.

    What pairs have that do not belong together is known of all candidates, which are nearly all that are alike; only of the
    others it is estimated, from random pairs. So it hardly depends on which pairs are drawn.

    Args:
        chance: shape (pairs,), chances to start with.
    """
    others = random.beside(candidates)
    smaller = min(candidates.sizes)
    share = _share(chance, smaller)
    bits: list[Floats] = []
    for _ in range(ROUNDS):
        bits = bits_of(candidates, chance, others)
        chance = chances(candidates, total(candidates.levels, bits), share)
        share = _share(chance, smaller)
    return Learned(bits, chance, share)


def total(levels: list[Levels], bits: list[Floats]) -> Floats:
    """The sum of the bits of all comparisons, shape (pairs,)."""
    found = np.zeros(len(levels[0]))
    for level_, table in zip(levels, bits, strict=True):
        found += table[level_]
    return found


def chances(candidates: Candidates, bits: Floats, share: float) -> Floats:
    """The chance of each pair, given that each of its two rows has one partner or none."""
    sizes = candidates.sizes
    matches = share * min(sizes)
    prior = np.log2(matches / (sizes[0] * sizes[1]))
    odds = np.exp2(np.clip(bits + prior, -MAX_BITS, MAX_BITS))
    found = np.ones(len(bits))
    for rows, size in zip(candidates.pairs, sizes, strict=True):
        sums = np.bincount(rows, weights=odds, minlength=size)
        found = np.minimum(found, odds / (1 - matches / size + sums[rows]))
    return found


def bits_of(candidates: Candidates, chance: Floats, others: list[Floats]) -> list[Floats]:
    """The bits of each level of each comparison, from the chances of the pairs. `others` is `Random.beside`."""
    found = []
    known = candidates.known or [None] * len(others)
    rising = candidates.rising or [False] * len(others)
    for level_, beside, before, rises in zip(candidates.levels, others, known, rising, strict=True):
        matching, apart = (_weights(level_, one, len(beside)) for one in (chance, 1 - chance))
        matching[0] = apart[0] = 0
        if before is not None:
            matching = matching + before
        unlike: Floats = apart + beside
        u = np.maximum(unlike / max(float(unlike.sum()), 1.0), 1e-12)
        m = (matching + SHRINK * u) / (matching.sum() + SHRINK)
        if rises:
            m = (matching + RISING * _risen(m, u)) / (matching.sum() + RISING)
        bits = np.log2(m / u)
        bits[0] = 0
        found.append(bits)
    return found


def _risen(m: Floats, u: Floats) -> Floats:
    """The shares of the levels among true pairs, such that no level has fewer bits than a lower one."""
    share = isotonic_regression(m[1:] / (m + u)[1:], weights=(m + u)[1:]).x
    found: Floats = np.concatenate((u[:1], u[1:] * share / (1 - share)))
    return found


def _weights(level_: Levels, weight: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(level_, weights=weight, minlength=count), dtype=np.float64)


def _share(chance: Floats, smaller: int) -> float:
    return float(np.clip(chance.sum() / max(smaller, 1), LEAST, MOST))


def _counts(level_: Levels, count: int) -> Floats:
    found = np.bincount(level_, minlength=count).astype(np.float64)
    found[0] = 0
    return found


def _numbers(pairs: Pairs, sizes: tuple[int, int]) -> NDArray[np.int64]:
    """Each pair as one number; in the order of the pairs, if they are sorted."""
    return pairs[0].astype(np.int64) * sizes[1] + pairs[1]


def _best_two(rows: NDArray[np.int32], value: Floats, size: int) -> tuple[Floats, Floats]:
    """For each row the greatest value and the second greatest, 0 if there is none. Equal values are both."""
    order = np.lexsort((-value, rows))
    begins = np.flatnonzero(np.diff(rows[order], prepend=-1))
    first, second = np.zeros(size), np.zeros(size)
    first[rows[order][begins]] = value[order][begins]
    after = begins + 1
    has = (after < len(order)) & (rows[order][np.minimum(after, len(order) - 1)] == rows[order][begins])
    second[rows[order][begins[has]]] = value[order][after[has]]
    return first, second
