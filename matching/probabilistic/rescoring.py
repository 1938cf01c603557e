"""
Weighs the comparisons once more, by what tells the best pair of a row from what the row gets when that pair is forbidden.

EM learns what true pairs have that random pairs lack. But a row is never confused with random rows: it is confused with its
family at one address, another recording of a song, or another edition of a book. These are the decoys (decoys.py). And EM
adds up bits as if they were independent, so that pairs which differ in all parts of an address at once are lost to it,
though name and day of birth prove them. Each round fits the comparisons to targets and decoys, and learns the bits of
their levels from the targets that are better than the decoys.

Source: Kall et al., Semi-supervised learning for peptide identification from shotgun proteomics datasets (Nature Methods,
2007).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching.probabilistic import decision, decoys, em, weights
from matching.probabilistic.decoys import Scored
from matching.probabilistic.em import Candidates, Random

ROUNDS = 3
MIN_TARGETS = 200  # pairs that are true; fewer teach the bits of a level what only some of them have
MAX_PAIRS = 500_000  # candidates; where there are more, each round takes too long

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rescored:
    """Scores that are the odds of a target against a decoy, and the milli-bits of each level that they add up from."""

    scored: Scored
    tables: list[NDArray[np.int64]]


def rescore(some: Candidates, random: Random, scored: Scored, bits: list[Floats]) -> Rescored | None:
    """
    Score the pairs again, from scores and bits that EM has led to. None if there are too many candidates, too few
    true pairs, or no decoys.
    """
    if len(some.pairs[0]) > MAX_PAIRS:
        return None
    others = random.beside(some)
    found = None
    for number in range(ROUNDS):
        first = decoys.best(scored)
        if not len(first):
            return None
        second = decoys.second(scored, first)
        chance, missing = decision.believed(scored, first, second)
        if chance.sum() < MIN_TARGETS:
            return None
        if number:
            whole = np.zeros(len(scored.score))
            whole[first] = chance
            bits = em.bits_of(some, whole, others)
        index = np.concatenate((first, second))
        is_target = np.concatenate((np.ones(len(first)), np.zeros(len(second))))
        null = decision.null_of(scored, first, chance, second).weight
        weight = np.concatenate((chance, null))
        features = [table[level[index]] for table, level in zip(bits, some.levels, strict=True)]
        constant, beta = weights.fit(features, is_target, weight)
        excess = too_high(wrong=missing * len(first), decoys=float(null.sum()))
        found = scored_by(some, constant - excess, beta, bits)
        scored = found.scored
    return None if found is None else replace(found, scored=replace(found.scored, are_odds=True))


def too_high(*, wrong: float, decoys: float) -> float:
    """
    By how many nats the odds are too high. Decoys of rows that have no partner hardly count, so where few rows have one,
    more of the best pairs are wrong than decoys stand for.
    """
    return max(0.0, float(np.log(max(wrong, 1.0) / max(decoys, 1.0))))


def scored_by(some: Candidates, constant: float, beta: Floats, bits: list[Floats]) -> Rescored:
    """The scores of all candidates, in whole milli-bits, from nats for each bit of each comparison."""
    scale = decision.MILLI / np.log(2)
    tables = [np.rint(one * table * scale).astype(np.int64) for one, table in zip(beta, bits, strict=True)]
    score = round(constant * scale) + sum(
        (table[level] for table, level in zip(tables, some.levels, strict=True)), np.int64(0)
    )
    return Rescored(Scored(some.pairs, np.asarray(score, np.int64), some.sizes), tables)
