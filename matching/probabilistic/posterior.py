"""
Decides what is a match: compares the scores of the best pairs with those of decoys (decoys.py).

Source: target and decoy competition after Elias & Gygi (Nature Methods, 2007); isotonic regression by pooling adjacent
violators, Ayer et al. (Annals of Mathematical Statistics, 1955).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR_BEST = 0.05  # of what the best expected F1 lacks to 1, a threshold may lack more
CONFIRMED = 0.999  # mean confidence of what is confirmed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Null:
    """Scores of pairs that are none, with weights: a weight of 1 counts as one wrong pair among the targets."""

    scores: Floats
    weight: Floats  # shape of scores

    def scaled(self, total: float) -> "Null":
        """The same with other weights, which add up to `total`."""
        return Null(self.scores, self.weight * (total / max(float(self.weight.sum()), 1e-9)))


def without_partner(targets: Floats, null: Null) -> float:
    """
    The share of rows without a partner, 0 to 1: as many targets as decoys score low, of those that are none themselves.

    The smallest ratio over the middle nine tenths of the decoys counts.
    """
    if not len(targets) or not null.weight.sum() > 0:
        return 0.0
    order = np.argsort(null.scores, kind="stable")
    decoys, total = null.scores[order], np.concatenate(([0.0], np.cumsum(null.weight[order]))) / null.weight.sum()
    at = decoys[np.minimum(np.searchsorted(total[1:], np.linspace(0.05, 0.95, 19)), len(decoys) - 1)]
    low = np.searchsorted(np.sort(targets), at, side="right") / len(targets)
    return float(np.min(low / np.maximum(total[np.searchsorted(decoys, at, side="right")], 1e-9)).clip(0, 1))


def chances(targets: Floats, null: Null) -> Floats:
    """
    The chance that each target is true: one minus the density of decoys over that of targets, which never falls with the
    score.
    """
    if not null.weight.sum() > 0:
        return np.ones(len(targets))
    scores = np.concatenate((targets, null.scores))
    label = np.concatenate((np.ones(len(targets)), np.zeros(len(null.scores))))
    weight = np.concatenate((np.ones(len(targets)), null.weight))
    share = isotonic(scores, label, weight)[: len(targets)]
    found: Floats = np.clip(2 - 1 / np.maximum(share, 1e-9), 0.0, 1.0)
    return found


def isotonic(x: Floats, y: Floats, weight: Floats) -> Floats:
    """The weighted least squares fit of y that never falls with x. Returns: shape of x."""
    every, index = np.unique(x, return_inverse=True)
    total = np.bincount(index, weights=weight, minlength=len(every))
    mean = np.bincount(index, weights=weight * y, minlength=len(every)) / np.maximum(total, 1e-300)
    values: list[float] = []
    weights: list[float] = []
    counts: list[int] = []
    for value, one in zip(mean.tolist(), total.tolist(), strict=True):
        count = 1
        while values and values[-1] >= value:
            before = weights.pop()
            value = (values.pop() * before + value * one) / (before + one)
            one += before
            count += counts.pop()
        values.append(value)
        weights.append(one)
        counts.append(count)
    found: Floats = np.repeat(values, counts)[index]
    return found


def threshold(scores: Floats, chance: Floats) -> float:
    """
    The middle one of the scores whose expected F1 is nearly the best, see NEAR_BEST: the ends depend on few decoys. Infinity
    if nothing is expected to be true.

    Args:
        scores, chance: shape (targets,).
    """
    if float(chance.sum()) <= 0:
        return float("inf")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores all or none are taken
    expected = _expected(chance[order])
    best = float(expected[last].max())
    good = np.flatnonzero(last & (expected >= best - NEAR_BEST * (1 - best)))
    return float(scores[order][good[(len(good) - 1) // 2]])


def best_f1(scores: Floats, chance: Floats) -> float:
    """The best F1 that is expected of any threshold."""
    return float(_expected(chance[np.argsort(-scores, kind="stable")]).max(initial=0.0))


def _expected(chance: Floats) -> Floats:
    """The F1 that is expected of the first one, of the first two and so on."""
    found: Floats = 2 * np.cumsum(chance) / (np.arange(1, len(chance) + 1) + max(float(chance.sum()), 1e-9))
    return found


def confirmed(confidence: Floats) -> NDArray[np.bool_]:
    """The longest list of matches, the surest first, whose mean confidence is at least CONFIRMED."""
    order = np.argsort(-confidence, kind="stable")
    mean = np.cumsum(confidence[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(mean >= CONFIRMED)
    found = np.zeros(len(confidence), dtype=bool)
    if len(good):
        found[order[: good[-1] + 1]] = True
    return found
