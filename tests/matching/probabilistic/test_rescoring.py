"""Comparisons are weighed by what tells the best pair of a row from what it gets without it."""

import numpy as np
import pytest

from matching.probabilistic import em, rescoring, weights
from matching.probabilistic.em import Candidates, Learned, Random

ROWS = 600
MOVED = ROWS // 10  # the first rows
DIFFERENT, EQUAL = 1, 3


@pytest.fixture
def some() -> Candidates:
    """
    Each row with its partner, one of its family at the same address, and a stranger. A tenth have moved: they differ from
    themselves in all five parts of the address.
    """
    left = np.repeat(np.arange(ROWS, dtype=np.int32), 3)
    right = np.where(np.tile([0, 1, 2], ROWS) == 1, left ^ 1, (left + np.tile([0, 0, 7], ROWS)) % ROWS).astype(np.int32)
    kind = np.tile([0, 1, 2], ROWS)
    # Those who moved have left their family.
    address = np.where((left < MOVED) | (right < MOVED), DIFFERENT, np.where(kind < 2, EQUAL, DIFFERENT))
    chance = np.random.default_rng(3)
    name, born = (np.where((kind == 0) ^ (chance.random(len(left)) < 0.02), EQUAL, DIFFERENT) for _ in range(2))
    order = np.lexsort((right, left))
    levels = [level[order].astype(np.int8) for level in (*[address] * 5, name, born)]
    return Candidates((left[order], right[order]), levels, (ROWS, ROWS), [None] * 7)


def learned(some: Candidates) -> tuple[Learned, Random]:
    """What EM learns if it begins with those who have not moved."""
    strangers = Random(np.arange(ROWS, dtype=np.int64) * ROWS + 5, [np.ones(ROWS, np.int8)] * 7, [5] * 7)
    at_home = (some.pairs[0] == some.pairs[1]) & (some.pairs[0] >= MOVED)
    return em.learn(some, at_home.astype(np.float64), strangers), strangers


def test_who_has_moved_is_found_by_name_and_day_of_birth_and_families_stay_apart(some):
    first, strangers = learned(some)
    moved = (some.pairs[0] == some.pairs[1]) & (some.pairs[0] < MOVED)
    family = (some.pairs[0] ^ 1) == some.pairs[1]
    features = [bits[level] for bits, level in zip(first.bits, some.levels, strict=True)]
    before = rescoring.scored_by(some, *weights.fit(features, first.chance), first.bits)

    found = rescoring.rescore(some, strangers, before.scored, first.bits)

    assert found is not None
    assert found.scored.are_odds
    assert first.chance[moved].mean() < 0.1
    assert (found.scored.score[moved] > 0).mean() > 0.9
    assert (found.scored.score[family] > 0).mean() < 0.05
    # What speaks for a pair adds up from its levels, but for one constant.
    parts = sum(table[level] for table, level in zip(found.tables, some.levels, strict=True))
    assert len(np.unique(found.scored.score - parts)) == 1


def test_with_too_many_candidates_the_scores_of_em_are_kept(some, monkeypatch):
    first, strangers = learned(some)
    before = rescoring.scored_by(some, 0.0, np.ones(7), first.bits)
    monkeypatch.setattr(rescoring, "MAX_PAIRS", 100)

    assert rescoring.rescore(some, strangers, before.scored, first.bits) is None


def test_odds_are_lowered_where_fewer_decoys_count_than_best_pairs_are_wrong():
    assert rescoring.too_high(wrong=900.0, decoys=100.0) == pytest.approx(np.log(9))
    assert rescoring.too_high(wrong=100.0, decoys=900.0) == 0
    assert rescoring.too_high(wrong=0.0, decoys=0.0) == 0
