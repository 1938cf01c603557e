"""
Judges which rows a total is the sum of, and the chance that this is wrong.

A sum is not accepted because it is the only one found: the sums that chance makes of a pool, those of sizes too large to
look through, and the chance that the true rows are not in the pool all count against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from matching.sums import density
from matching.sums.fees import NO_FEE, PERCENT, Fee
from matching.sums.prices import Prices
from matching.sums.search import Halves, Target, work_of

ABSENT = 0.1  # the chance that the true rows are not all in the pool
MORE = 2  # parts that are looked for beside many that are named
MOST_FOUND = 200  # solutions of one target; with more none is certain
FLOOR = 0.01  # of the mean density of sums, where a coarse grid sees none

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Fees = Mapping[Fee, float]


@dataclass(frozen=True)
class Prior:
    """How frequent sizes and fees are among sums, from those that are known."""

    sizes: Floats  # shape (most + 1,)
    single: Fees
    several: Fees
    prices: tuple[Prices, ...] = ()  # those of the pool's side and of its parties, if there is a price list

    def size(self, parts: int) -> float:
        """How frequent sums of so many parts are. Those of more parts than are looked for are as frequent as the largest."""
        return float(self.sizes[min(parts, len(self.sizes) - 1)])

    def fees(self, parts: int) -> Fees:
        """The fees of a payment for so many parts, with their shares."""
        return self.single if parts == 1 else self.several


@dataclass(frozen=True)
class Limits:
    """Bounds, all of them counts."""

    chance: float = 2.0  # sums by chance; sizes that make more are not looked through
    work: int = 300_000  # subsets listed for one total


@dataclass(frozen=True)
class Problem:
    """A total, the parts it surely has, and those it may have, each with a weight: how well its day fits."""

    target: int
    fixed: Ints
    pool: Ints
    weights: Floats
    rows: Ints  # of the pool
    days: Floats  # of the pool, NaN if there is none
    spread: float = float("inf")  # days between parts, at most
    chances: Floats | None = None  # that each row of the pool is free; those below 1 are taken already, with some doubt
    too_large: int = 0  # rows that would be in the pool, were they not more than the target alone


@dataclass(frozen=True)
class Sum:
    """A subset of a pool that comes to the target less a fee."""

    members: tuple[int, ...]  # positions in the pool
    fee: Fee
    weight: float
    is_free: bool = True  # whether none of its members is taken


@dataclass(frozen=True)
class Judged:
    """The best sum, or None, and what speaks against it."""

    best: Sum | None
    error: float
    chance: float  # sums expected by chance, of the sizes that were looked through
    work: int
    is_out_of_budget: bool
    density: float = 0.0  # the chance that a subset of the best's size comes to the target
    by_prices: float = 0.0  # how much likelier than the best it is that other rows of the price list come to the target


NOTHING = Judged(None, 1.0, 0.0, 0, is_out_of_budget=False)


@dataclass(frozen=True)
class Listed:
    """The sums of a pool of some sizes, by rows, so that they need not be looked for again when the pool has shrunk."""

    sizes: frozenset[int]
    sums: tuple[tuple[tuple[int, ...], Fee], ...]  # rows and fee
    is_cut: bool = False  # there were too many


def judge(problem: Problem, prior: Prior, limits: Limits, before: Listed | None = None) -> tuple[Judged, Listed]:
    """
    Find the best sum, of the sizes that few sums by chance have.

    Args:
        before: the sums of a larger pool around the same fixed parts.

    Returns: the best sum, whose `error` is the chance that it is wrong, 0 to 1, and all sums.
    """
    fixed, pool = problem.fixed, problem.pool
    least, most = (0 if len(fixed) else 1), len(prior.sizes) - 1 - len(fixed)
    most = min(max(most, MORE if len(fixed) else 0), len(pool))
    if most < least:
        return NOTHING, before or Listed(frozenset(), ())
    rest = problem.target - int(fixed.sum())
    expected = density.near(pool, rest, most)
    sizes, is_out = _sizes(problem, prior, limits, expected, (least, most))
    work = 0
    if before is not None and before.sizes >= set(sizes):
        listed = before
    else:
        listed = _listed(problem, prior, sizes)
        work = work_of(len(pool), max(sizes, default=0))
    chance = float(sum(expected[r] * len(prior.fees(len(fixed) + r)) for r in sizes))
    priced = _of_prices(problem, prior, len(expected))
    if prior.prices:
        chance = float(priced[[r for r in sizes if r]].sum())
    nothing = Judged(None, 1.0, chance, work, is_out)
    found = [] if listed.is_cut else _weighed(problem, prior, listed, sizes)
    if not any(one.is_free for one in found):
        return nothing, listed
    width = _width(pool, rest)
    for one in found:  # what was found does not speak against itself
        expected[len(one.members)] = max(expected[len(one.members)] - 1 / width, 0.0)
    mass = [0.0, 0.0]
    for r in range(least, most + 1):
        share = expected[r] / comb(len(pool), r) if r else 0.0
        mass[r not in sizes] += prior.size(len(fixed) + r) * max(share, FLOOR / (width * density.BINS))
    by_prices = sum(prior.size(len(fixed) + r) * priced[r] / comb(len(pool), r) for r in sizes if r)
    best = max((one for one in found if one.is_free), key=lambda s: (s.weight, s.members))
    error = 1 - best.weight / (sum(s.weight for s in found) + mass[1]) + ABSENT * mass[0] / best.weight
    size = len(best.members)
    tie = expected[size] / comb(len(pool), size) if size else 0.0
    tie = max(tie, FLOOR / (width * density.BINS))
    return Judged(best, float(min(error, 1.0)), chance, work, is_out, tie, float(by_prices / best.weight)), listed


def _weighed(problem: Problem, prior: Prior, listed: Listed, sizes: list[int]) -> list[Sum]:
    """The listed sums that are still in the pool, with the chance of each before its amount was seen."""
    at = {row: n for n, row in enumerate(problem.rows.tolist())}
    chances = np.ones(len(problem.pool)) if problem.chances is None else problem.chances
    weights = problem.weights * chances
    every = density.symmetric(weights, max(sizes, default=0))
    found: dict[tuple[int, ...], Sum] = {}
    for rows, fee in listed.sums:
        if len(rows) not in sizes or any(row not in at for row in rows):
            continue
        members = tuple(at[row] for row in rows)
        days = problem.days[list(members)]
        days = days[~np.isnan(days)]
        if len(days) and days.max() - days.min() > problem.spread:
            continue
        size = len(problem.fixed) + len(members)
        share = prior.fees(size).get(fee, 0.0) * float(np.prod(weights[list(members)]))
        weight = prior.size(size) * share / max(every[len(members)], 1e-300)
        same = found.get(members)
        is_free = bool((chances[list(members)] == 1).all())
        found[members] = Sum(members, fee, weight + (same.weight if same else 0.0), is_free)
    return [one for one in found.values() if one.weight > 0]


def _width(pool: Ints, rest: int) -> float:
    negative = float(pool[pool < 0].sum()) + min(rest, 0) * density.ABOVE
    return max((max(rest * density.ABOVE, 1.0) - 2 * negative) / density.BINS, 1.0)


def _sizes(
    problem: Problem, prior: Prior, limits: Limits, expected: Floats, bounds: tuple[int, int]
) -> tuple[list[int], bool]:
    """The numbers of unknown parts that are looked through, and whether one is left out for want of budget."""
    sizes: list[int] = []
    chance = 0.0
    for r in range(bounds[0], bounds[1] + 1):
        fees = prior.fees(len(problem.fixed) + r)
        chance += expected[r] * len(fees)
        if chance > limits.chance:
            return sizes, False
        arrays = 1 + sum(not _is_shared(fee, problem) for fee in fees)
        if work_of(len(problem.pool), r) * arrays > limits.work:
            return sizes, True
        sizes.append(r)
    return sizes, False


def _is_shared(fee: Fee, problem: Problem) -> bool:
    if fee == NO_FEE:
        return True
    has_refunds = bool((problem.pool < 0).any() or (problem.fixed < 0).any())
    return fee.is_shared and not has_refunds


def _listed(problem: Problem, prior: Prior, sizes: list[int]) -> Listed:
    """All sums of some sizes."""
    known, base = len(problem.fixed), int(problem.fixed.sum())
    shared: list[tuple[Fee, Target]] = []
    others: dict[Fee, list[Target]] = {}
    found: list[tuple[tuple[int, ...], Fee]] = []
    for r in sizes:
        for fee in prior.fees(known + r):
            if r == 0:
                if base - fee.of(problem.fixed.tolist()) == problem.target:
                    found.append(((), fee))
            elif _is_shared(fee, problem):
                shared += [(fee, Target(r, g - base, g - base)) for g in fee.gross_of(problem.target, known + r)]
            else:
                others.setdefault(fee, []).append(_interval(fee, problem, r))
    searches = [(problem.pool, shared)] if shared else []
    searches += [(fee.scaled(problem.pool), [(fee, target) for target in targets]) for fee, targets in others.items()]
    for values, targets in searches:
        halves = Halves(values, max(target.size for _, target in targets))
        for fee, target in targets:
            some = halves.find(target, MOST_FOUND)
            if len(some) == MOST_FOUND:
                return Listed(frozenset(sizes), (), is_cut=True)
            found += [(members, fee) for members in some if _ties(problem, members, fee)]
    by_row = tuple((tuple(problem.rows[list(members)].tolist()), fee) for members, fee in found)
    return Listed(frozenset(sizes), by_row)


def _ties(problem: Problem, members: tuple[int, ...], fee: Fee) -> bool:
    """Whether parts come to the total to the unit. Intervals leave rounding open."""
    parts = [*problem.fixed.tolist(), *problem.pool[list(members)].tolist()]
    return bool(sum(parts) - fee.of(parts) == problem.target)


def _interval(fee: Fee, problem: Problem, size: int) -> Target:
    """What scaled values must come to, as far as rounding leaves it open."""
    goal = PERCENT * (problem.target + (0 if fee.per_part else fee.fixed)) - int(fee.scaled(problem.fixed).sum())
    roundings = int(fee.percent > 0 and not fee.rounded_by_part) + int(fee.reserve > 0)
    open_ = roundings * PERCENT // 2
    return Target(size, goal - open_, goal + open_)


def _of_prices(problem: Problem, prior: Prior, length: int) -> Floats:
    """The number of sums of each size that rows of the price list, any that are as many as those of the pool, would make."""
    found = np.zeros(length)
    drawn = len(problem.pool) + problem.too_large
    for r in range(1, length) if prior.prices else ():
        for fee, share in prior.fees(len(problem.fixed) + r).items():
            target = _interval(fee, problem, r)
            found[r] += share * max(prices.density(target, fee) for prices in prior.prices)
        found[r] *= comb(drawn, r)
    return found
