"""
Decoys: what a row gets when its partner is missing. The best pairs are found, forbidden, and the best pairs without them found.

They come from the same two tables, so near-twins, common names and crowded days are as frequent among them as they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching import assignment
from matching.probabilistic.levels import Pairs

DRAWS = 5
SEED = 20260402

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Scored:
    """Candidate pairs and their scores in milli-bits."""

    pairs: Pairs
    score: NDArray[np.int64]  # shape (pairs,)
    sizes: tuple[int, int]
    are_odds: bool = False  # of a target against a decoy (rescoring.py)


def best(scored: Scored, within: NDArray[np.bool_] | None = None) -> Indices:
    """
    The best pairs, each row used once, among those `within`: first the optimum of the pairs that are likelier than not,
    then that of the rows which are left, however unlikely, so that every row that can has a pair.
    """
    index = np.arange(len(scored.score)) if within is None else np.flatnonzero(within)
    first = _optimum(scored, index, 0)
    for rows, size in zip(scored.pairs, scored.sizes, strict=True):
        used = np.zeros(size, dtype=bool)
        used[rows[first]] = True
        index = index[~used[rows[index]]]
    rest = _optimum(scored, index, int(scored.score[index].min()) - 1 if len(index) else 0)
    return np.sort(np.concatenate((first, rest)))


def _optimum(scored: Scored, index: Indices, floor: int) -> Indices:
    left, right = (rows[index] for rows in scored.pairs)
    return index[assignment.optimum(left, right, scored.score[index] - floor)]


def second(scored: Scored, first: Indices) -> Indices:
    """The optimum without the pairs of the first one."""
    within = np.ones(len(scored.score), dtype=bool)
    within[first] = False
    return best(scored, within)


def free(scored: Scored, first: Indices, matches: float) -> list[Indices]:
    """
    The second optimum of a few seeded draws of rows, as many of each side as are expected to have no partner.

    Args:
        matches: the number of true pairs expected.
    """
    allowed = np.ones(len(scored.score), dtype=bool)
    allowed[first] = False
    chance = np.random.default_rng(SEED)
    found = []
    for _ in range(DRAWS):
        within = allowed.copy()
        for rows, size in zip(scored.pairs, scored.sizes, strict=True):
            drawn = chance.random(size) < 1 - matches / size
            within &= drawn[rows]
        found.append(best(scored, within))
    return found
