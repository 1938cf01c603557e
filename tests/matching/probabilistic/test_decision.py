from dataclasses import replace

import numpy as np
import pytest

from matching.probabilistic.decision import decide
from matching.probabilistic.decoys import Scored


def made(rows: int, partners: int, twins: float, seed: int = 1) -> tuple[Scored, np.ndarray]:
    """Rows with a partner of the same number; some of them have a twin that looks nearly as good."""
    chance = np.random.default_rng(seed)
    left, right, score = [], [], []
    for row in range(rows):
        if row < partners:
            left.append(row), right.append(row), score.append(chance.normal(12_000, 2_000))
        for other in chance.choice(rows, 6, replace=False):
            if other != row:
                near = chance.normal(11_500, 2_000) if chance.random() < twins else chance.normal(-8_000, 4_000)
                left.append(row), right.append(int(other)), score.append(near)
    pairs = np.array(left, np.int32), np.array(right, np.int32)
    return Scored(pairs, np.rint(score).astype(np.int64), (rows, rows)), pairs[0] == pairs[1]


@pytest.mark.integration
def test_true_pairs_are_found_without_being_told_how_many_there_are():
    scored, is_true = made(1000, 600, twins=0.0)

    found = decide(scored)

    chosen = is_true[found.chosen.pair]
    assert chosen.sum() > 590
    assert chosen.mean() > 0.99
    assert abs(found.without_partner - 0.4) < 0.1
    assert is_true[found.chosen.pair[found.is_sure]].mean() > 0.998
    assert found.is_sure.sum() > 500


@pytest.mark.integration
def test_what_looks_like_its_twins_is_not_confirmed():
    scored, is_true = made(1000, 600, twins=0.15)

    found = decide(scored)

    assert found.is_sure.sum() < 60
    assert is_true[found.chosen.pair].mean() > 0.5


@pytest.mark.integration
def test_few_partners_among_many_rows_are_not_drowned():
    scored, is_true = made(1000, 200, twins=0.0)

    found = decide(scored)

    assert is_true[found.chosen.pair].sum() > 190
    assert len(found.chosen.pair) < 300
    assert not found.is_sure.any()  # so few do not show that one in a thousand is wrong
    assert abs(found.without_partner - 0.8) < 0.12


def test_a_pair_like_several_others_is_left_out_unless_its_row_has_a_partner():
    scored, _ = made(1000, 600, twins=0.0)
    rows, twins = np.repeat(np.arange(600, 608, dtype=np.int32), 8), np.tile(np.arange(600, 608, dtype=np.int32), 8)
    pairs = tuple(np.concatenate(part) for part in zip(scored.pairs, (rows, twins), strict=True))
    alike = Scored(pairs, np.concatenate((scored.score, np.full(64, 3_000))), scored.sizes)

    found = decide(alike)

    assert not np.isin(pairs[0][found.chosen.pair], rows).any()


@pytest.mark.integration
def test_a_pair_is_only_confirmed_if_it_has_the_odds_by_itself_too():
    scored, _ = made(1000, 600, twins=0.0)
    odds = replace(scored, are_odds=True)
    low = Scored(odds.pairs, odds.score - 8_000, odds.sizes, are_odds=True)

    sure, fewer = decide(odds), decide(low)

    assert sure.is_sure.sum() > 500
    assert fewer.is_sure.sum() < 0.5 * sure.is_sure.sum()
    assert (low.score[fewer.chosen.pair[fewer.is_sure]] >= 5_000).all()
