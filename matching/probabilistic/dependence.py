"""
Comparisons that say the same twice, taken together: what they sum up to gets the bits that it deserves.

EM adds up the bits of all comparisons as if they were independent. Street, postal code and town are not: who has moved
differs in all of them, and who lives in the same house agrees in all of them. Comparisons that go together among likely
pairs become one, whose levels are steps of the sum of their bits, and EM learns the bits of these.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching.probabilistic import em
from matching.probabilistic.em import Candidates, Learned, Random
from matching.probabilistic.levels import ALL_TEXTS, Compared, Levels

TOGETHER = 0.25  # mean correlation of the bits of two groups, among likely pairs
LIKELY = 0.5
ENOUGH_PAIRS = 50  # likely ones, that have both values
MAX_PAIRS = 500_000  # candidates; deciding twice takes most of the time where there are more
STEPS = 10  # of the sums of likely pairs, and as many of those of others

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dependent:
    """Comparisons in groups, as candidates whose levels are those of the groups."""

    groups: list[list[int]]  # indices of comparisons
    some: Candidates
    random: Random


def join(compared: Compared, some: Candidates, learned: Learned, random: Random) -> Dependent | None:
    """
    Group the comparisons of single fields; those of all texts together say once more what these say, and are left out. None
    if none go together, or if there are no such texts; catalogues need them, since shops write into one column what others
    write into another.
    """
    single = [n for n, one in enumerate(compared.comparisons) if one.field != ALL_TEXTS]
    has_all = any(one.field == ALL_TEXTS and one.compare == "similarity" for one in compared.comparisons)
    if not has_all or compared.catalogue is not None or len(some.pairs[0]) > MAX_PAIRS:
        return None
    groups = _groups(single, _correlations(some, learned))
    if len(groups) == len(single):
        return None
    known = some.known or [None] * len(some.levels)
    levels: list[Levels] = []
    by_chance: list[Levels] = []
    counts: list[int] = []
    for group in groups:
        if len(group) == 1:
            levels.append(some.levels[group[0]])
            by_chance.append(random.levels[group[0]])
            counts.append(random.counts[group[0]])
            continue
        bits = [learned.bits[n] for n in group]
        sums, is_known = _sums(bits, [some.levels[n] for n in group])
        edges = _edges(sums[is_known], learned.chance[is_known])
        levels.append(_steps(sums, is_known, edges))
        by_chance.append(_steps(*_sums(bits, [random.levels[n] for n in group]), edges))
        counts.append(len(edges) + 2)
    kept = [known[group[0]] if len(group) == 1 else None for group in groups]
    made = replace(some, levels=levels, known=kept)
    return Dependent(groups, made, Random(random.numbers, by_chance, counts))


def shares(
    dependent: Dependent, learned: Learned, tables: list[NDArray[np.int64]], some: Candidates, kept: NDArray[np.int64]
) -> list[NDArray[np.int64] | None]:
    """
    What each comparison contributes to the scores of some pairs: its own bits, and an equal share of what the group's bits
    differ from their sum.

    Args:
        learned: the bits of the single comparisons.
        tables: milli-bits of each level of each group.
        some: the levels of the single comparisons.

    Returns: for each comparison, shape (kept,), whole milli-bits; None for those that are in no group.
    """
    found: list[NDArray[np.int64] | None] = [None] * len(some.levels)
    for group, table, level in zip(dependent.groups, tables, dependent.some.levels, strict=True):
        own = [np.rint(1000 * learned.bits[n][some.levels[n][kept]]).astype(np.int64) for n in group]
        rest = table[level[kept]] - sum(own, np.int64(0))
        each = rest // len(group)
        for n, bits in zip(group, own, strict=True):
            found[n] = bits + each
        found[group[0]] = own[0] + rest - each * (len(group) - 1)
    return found


def _correlations(some: Candidates, learned: Learned) -> Floats:
    """How the bits of each two comparisons go together among likely pairs, shape (comparisons, comparisons)."""
    likely = np.flatnonzero(learned.chance > LIKELY)
    chance = learned.chance[likely]
    levels = [level[likely] for level in some.levels]
    bits = [table[level] for table, level in zip(learned.bits, levels, strict=True)]
    found = np.zeros((len(levels), len(levels)))
    for i in range(len(levels)):
        for j in range(i):
            both = (levels[i] > 0) & (levels[j] > 0)
            if int(both.sum()) < ENOUGH_PAIRS:
                continue
            weight = chance[both] / chance[both].sum()
            one, other = (some_bits[both] - float((weight * some_bits[both]).sum()) for some_bits in (bits[i], bits[j]))
            size = float(np.sqrt((weight * one * one).sum() * (weight * other * other).sum()))
            found[i, j] = found[j, i] = float((weight * one * other).sum()) / size if size > 1e-9 else 0.0
    return np.round(found, 6)


def _groups(single: list[int], correlations: Floats) -> list[list[int]]:
    """Join the two groups that go together most, on average over their comparisons, until none do."""
    groups = [[n] for n in single]
    while len(groups) > 1:
        likeness, first, second = max(
            (float(correlations[np.ix_(groups[a], groups[b])].mean()), -a, -b)
            for b in range(len(groups))
            for a in range(b)
        )
        if likeness < TOGETHER:
            break
        groups[-first] = sorted(groups[-first] + groups[-second])
        del groups[-second]
    return groups


def _sums(bits: list[Floats], levels: list[Levels]) -> tuple[Floats, NDArray[np.bool_]]:
    """The sums of the bits of a group, and whether any of its values is known."""
    total, is_known = np.zeros(len(levels[0])), np.zeros(len(levels[0]), bool)
    for table, level in zip(bits, levels, strict=True):
        total += table[level]
        is_known |= level > 0
    return np.round(total, 6), is_known


def _edges(sums: Floats, chance: Floats) -> Floats:
    """Steps that have an equal part of the likely pairs each, and as many that have one of the others."""
    if not len(sums):
        return np.zeros(0)
    order = np.argsort(sums, kind="stable")
    found = []
    for weight in (chance[order], 1 - chance[order]):
        part = np.cumsum(weight) / max(float(weight.sum()), 1e-9)
        at = np.searchsorted(part, np.arange(1, STEPS + 1) / (STEPS + 1))
        found.append(sums[order][np.minimum(at, len(sums) - 1)])
    return np.unique(np.concatenate(found))


def _steps(sums: Floats, is_known: NDArray[np.bool_], edges: Floats) -> Levels:
    found: Levels = np.where(is_known, np.searchsorted(edges, sums, side="right") + 1, 0).astype(np.int8)
    return found


def learn(dependent: Dependent, learned: Learned) -> Learned:
    """Learn the bits of the groups, from the chances that the single comparisons have led to."""
    return em.learn(dependent.some, learned.chance, dependent.random)
