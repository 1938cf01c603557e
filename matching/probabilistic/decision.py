"""
Which candidate pairs are matches, and which of them are certain enough to be confirmed.

Nobody says what the right threshold is. It is found from decoys: what rows get whose best pair is forbidden.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching import assignment
from matching.assignment import Assigned
from matching.probabilistic import decoys, posterior
from matching.probabilistic.decoys import Scored

MILLI = 1000
NATS = np.log(2) / MILLI  # of a milli-bit
MAX_NATS = 60.0
MAX_MARGIN_BITS = 20.0  # a million to one; decoys cannot tell more
ROUNDS = 4
ENOUGH = 0.002  # a smaller step towards the share of rows without a partner is the last

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """The chosen pairs and how certain each is."""

    threshold: int  # milli-bits: the score that a match must exceed
    chosen: Assigned  # its weights are scores above the threshold
    confidence: Floats  # shape (chosen,): the chance that the pair is right
    is_sure: NDArray[np.bool_]  # shape (chosen,)
    without_partner: float  # share of rows that have none


def decide(scored: Scored) -> Decision:
    """Find the threshold, solve once more above it, and judge each pair."""
    first = decoys.best(scored)
    if not len(first):
        return _nothing(scored)
    null = _Null.of(scored, first)
    targets = scored.score[first].astype(np.float64)
    missing = posterior.without_partner(targets, null.scores)
    for _ in range(ROUNDS):
        missing = max(missing, posterior.without_partner(targets, null.raised(null.scores, missing)))
    chance = np.zeros(len(first))
    for _ in range(ROUNDS):
        others = null.raised(null.scores, missing)
        strict = posterior.Null(others, missing * len(first) / max(len(others), 1))
        free = np.concatenate(decoys.free(scored, first, (1 - missing) * len(first)))
        few = null.raised(scored.score[free].astype(np.float64), missing)
        loose = posterior.Null(few, 1 / decoys.DRAWS)
        # The first takes all rows for free and is too strict, the second none that has a better pair and is too loose.
        chance = (posterior.chances(targets, strict) + posterior.chances(targets, loose)) / 2
        # True pairs that score as low as decoys make the first estimate too large.
        before, missing = missing, min(missing, 1 - float(chance.mean()))
        if before - missing < ENOUGH:
            break
    threshold = posterior.threshold(targets, chance)
    if not np.isfinite(threshold):
        return _nothing(scored)
    floor = int(threshold) - 1
    chosen = assignment.assign(*scored.pairs, scored.score - floor, margin_work=0)
    confidence = _chance_of(scored.score[chosen.pair], targets, chance) * _alone(scored, chosen.pair)
    # Scores are of rows that compete. That a pair is none at all is known from the decoys only, so its margin is what its
    # confidence says.
    odds = np.log2(np.maximum(confidence, 1e-9) / np.maximum(1 - confidence, 1e-9))
    margin = np.rint(np.clip(odds, 0, MAX_MARGIN_BITS) * MILLI).astype(np.int64)
    chosen = replace(chosen, margin=margin, is_exact=np.zeros(len(margin), bool), local_components=0)
    return Decision(floor, chosen, confidence, posterior.confirmed(confidence), missing)


@dataclass(frozen=True)
class _Null:
    """
    Scores of decoys, and how much the decoys of decoys score less.

    A decoy is the best pair of a row whose partner is forbidden, but the second best of one that has no partner. The step
    from the second best to the third best shows by how much it then is too low.
    """

    scores: Floats  # ascending
    gap: Floats  # at each of them

    @classmethod
    def of(cls, scored: Scored, first: NDArray[np.int64]) -> "_Null":
        """Forbid the best pairs, then the second best as well."""
        second = decoys.second(scored, first)
        third = decoys.second(scored, np.concatenate((first, second)))
        scores, lower = (np.sort(scored.score[found].astype(np.float64)) for found in (second, third))
        if not len(lower):
            return cls(scores, np.zeros(len(scores)))
        gap = np.maximum(scores - np.quantile(lower, np.linspace(0, 1, len(scores))), 0)
        return cls(scores, gap)

    def raised(self, scores: Floats, missing: float) -> Floats:
        """The scores, raised by as much as they are too low if a share `missing` of the rows has no partner."""
        if not len(self.scores):
            return scores
        # The square: a share is overestimated where true pairs score low, and raising decoys would cost these.
        found: Floats = scores + missing**2 * np.interp(scores, self.scores, self.gap)
        return found


def _nothing(scored: Scored) -> Decision:
    none = assignment.assign(*scored.pairs, np.zeros(len(scored.score), np.int64))
    return Decision(0, none, np.zeros(0), np.zeros(0, bool), 1.0)


def _chance_of(score: NDArray[np.int64], targets: Floats, chance: Floats) -> Floats:
    """The chance of a score: that of the nearest target not above it."""
    order = np.argsort(targets, kind="stable")
    place = np.searchsorted(targets[order], score, side="right") - 1
    found: Floats = np.where(place >= 0, chance[order][np.maximum(place, 0)], 0.0)
    return found


def _alone(scored: Scored, pair: NDArray[np.int64]) -> Floats:
    """The share of a pair in what speaks for any pair of its two rows."""
    odds = np.exp(np.clip(scored.score * NATS, -MAX_NATS, MAX_NATS))
    total = -odds[pair]
    for rows, size in zip(scored.pairs, scored.sizes, strict=True):
        total = total + np.bincount(rows, weights=odds, minlength=size)[rows[pair]]
    found: Floats = odds[pair] / total
    return found
