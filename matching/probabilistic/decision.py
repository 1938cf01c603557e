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
ROUNDS = 8
ENOUGH = 0.002  # a smaller step towards the share of rows without a partner is the last
LEAST_WEIGHT = 0.01  # of a decoy
# Of fewer likely matches than these nobody can tell that one in a thousand is wrong: nothing of them is confirmed.
ENOUGH_MATCHES = 250
LIKELY = 0.5
SURE_BITS = 5.0  # odds of a target against a decoy, 32 to 1, that each confirmed pair has
# A pair that looks no better than others is only taken if its row very likely has a partner among them.
DOUBTFUL = 0.2  # the chance that a pair is right
HAS_PARTNER = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """The chosen pairs and how certain each is."""

    threshold: int  # milli-bits: the score that a match must exceed
    chosen: Assigned  # its weights are scores above the threshold
    confidence: Floats  # shape (chosen,): the chance that the pair is right
    is_sure: NDArray[np.bool_]  # shape (chosen,)
    without_partner: float  # share of rows that have none
    expected: float  # the best F1 that the decoys let expect


def decide(scored: Scored) -> Decision:
    """Find the threshold, solve once more above it, and judge each pair."""
    first = decoys.best(scored)
    if not len(first):
        return _nothing(scored)
    targets = scored.score[first].astype(np.float64)
    chance, missing = believed(scored, first, decoys.second(scored, first))
    threshold = posterior.threshold(targets, chance)
    if not np.isfinite(threshold):
        return _nothing(scored)
    floor = int(threshold) - 1
    chosen = assignment.assign(*scored.pairs, scored.score - floor, margin_work=0)
    has_partner = _chance_of(scored.score[chosen.pair], targets, chance)
    confidence = has_partner * _alone(scored, chosen.pair)
    keep = (confidence >= DOUBTFUL) | (has_partner >= HAS_PARTNER)
    chosen, confidence = _some(chosen, keep), confidence[keep]
    # Scores are of rows that compete. That a pair is none at all is known from the decoys only, so its margin is what its
    # confidence says.
    odds = np.log2(np.maximum(confidence, 1e-9) / np.maximum(1 - confidence, 1e-9))
    margin = np.rint(np.clip(odds, 0, MAX_MARGIN_BITS) * MILLI).astype(np.int64)
    chosen = replace(chosen, margin=margin, is_exact=np.zeros(len(margin), bool), local_components=0)
    enough = int((chance >= LIKELY).sum()) >= ENOUGH_MATCHES
    is_sure = _sure(scored, chosen.pair, confidence) & enough
    return Decision(floor, chosen, confidence, is_sure, missing, posterior.best_f1(targets, chance))


def _sure(scored: Scored, pair: NDArray[np.int64], confidence: Floats) -> NDArray[np.bool_]:
    """
    The longest list of pairs that are right on average. Where no decoy is as good, the few that there are say that a pair is
    certain, whatever it looks like: so it has to have the odds by itself as well.
    """
    has_odds = scored.score[pair] >= SURE_BITS * MILLI if scored.are_odds else np.ones(len(pair), dtype=bool)
    return posterior.confirmed(np.where(has_odds, confidence, 0.0)) & has_odds


def believed(scored: Scored, first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[Floats, float]:
    """The chance of each of the best pairs, and the share of rows without a partner, from the best and the second best."""
    targets = scored.score[first].astype(np.float64)
    chance, missing = np.ones(len(first)), 1.0
    for _ in range(ROUNDS):
        null = null_of(scored, first, chance, second)
        before, missing = missing, posterior.without_partner(targets, null)
        for _ in range(2):
            # The first takes all rows for free and is too strict, the second none that has a better pair and is too loose.
            strict = posterior.chances(targets, null.scaled(missing * len(first)))
            free = np.concatenate(decoys.free(scored, first, (1 - missing) * len(first)))
            few = null_of(scored, first, chance, free).scaled(len(free) / decoys.DRAWS)
            found = (strict + posterior.chances(targets, few)) / 2
            # True pairs that score as low as decoys make the estimate too large.
            excess = missing - (1 - float(found.mean()))
            if excess < ENOUGH:
                break
            missing -= excess
        chance = found
        if abs(before - missing) < ENOUGH:
            break
    return chance, missing


def null_of(scored: Scored, first: NDArray[np.int64], chance: Floats, pair: NDArray[np.int64]) -> posterior.Null:
    """
    Decoys, each weighed by how likely its rows have a partner.

    A decoy is the best pair of a row whose partner is forbidden, but only the second best of one that has none: where few rows
    have a partner, most decoys score less than the wrong pairs that they stand for. The root keeps decoys of doubtful
    rows, of which there are more.
    """
    share = np.zeros(len(pair))
    for rows, size in zip(scored.pairs, scored.sizes, strict=True):
        has_partner = np.zeros(size)
        has_partner[rows[first]] = chance
        share += has_partner[rows[pair]] / 2
    return posterior.Null(scored.score[pair].astype(np.float64), np.maximum(np.sqrt(share), LEAST_WEIGHT))


def _nothing(scored: Scored) -> Decision:
    none = assignment.assign(*scored.pairs, np.zeros(len(scored.score), np.int64))
    return Decision(0, none, np.zeros(0), np.zeros(0, bool), 1.0, 0.0)


def _some(chosen: Assigned, keep: NDArray[np.bool_]) -> Assigned:
    """Those of the chosen pairs that are kept."""
    return Assigned(
        pair=chosen.pair[keep],
        margin=chosen.margin[keep],
        is_exact=chosen.is_exact[keep],
        component=chosen.component[keep],
        runner_up=chosen.runner_up[keep],
        local_components=chosen.local_components,
    )


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
