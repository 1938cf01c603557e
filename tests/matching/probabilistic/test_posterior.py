import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.probabilistic import posterior
from matching.probabilistic.posterior import Null


def test_isotonic_regression_pools_what_falls():
    found = posterior.isotonic(np.array([1.0, 2, 3, 4]), np.array([0.0, 1, 0, 1]), np.array([1.0, 1, 3, 1]))

    assert found.tolist() == [0.0, 0.25, 0.25, 1.0]


@pytest.mark.integration
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 1)), min_size=1, max_size=40))
def test_isotonic_regression_never_falls_and_keeps_the_mean(points):
    x, y = (np.array(values, dtype=float) for values in zip(*points, strict=True))

    found = posterior.isotonic(x, y, np.ones(len(x)))

    assert (np.diff(found[np.argsort(x, kind="stable")]) >= -1e-12).all()
    assert found.mean() == pytest.approx(y.mean())


def test_targets_that_score_like_decoys_are_not_believed():
    chance = np.random.default_rng(1)
    decoys = chance.normal(0, 1, 1000)
    targets = np.concatenate((chance.normal(0, 1, 400), chance.normal(10, 1, 600)))

    null = Null(decoys, np.ones(1000))
    missing = posterior.without_partner(targets, null)
    found = posterior.chances(targets, null.scaled(missing * 1000))
    floor = posterior.threshold(targets, found)

    assert missing == pytest.approx(0.4, abs=0.06)
    assert found[:400].mean() < 0.1
    assert found[400:].mean() > 0.99
    assert 2 < floor < 8


def test_nothing_is_a_match_where_nothing_beats_the_decoys():
    decoys = np.linspace(0, 1, 100)

    null = Null(decoys, np.ones(100))

    found = posterior.chances(decoys.copy(), null.scaled(100 * posterior.without_partner(decoys, null)))

    assert posterior.threshold(decoys, found) == np.inf


def test_without_decoys_every_target_is_believed():
    targets = np.array([1.0, 2, 3])

    assert posterior.without_partner(targets, Null(np.zeros(0), np.zeros(0))) == 0.0
    assert posterior.chances(targets, Null(np.zeros(0), np.zeros(0))).tolist() == [1.0, 1.0, 1.0]


def test_the_longest_list_of_which_enough_are_right_is_confirmed():
    confidence = np.array([0.9995, 0.5, 0.9999, 0.9984])

    assert posterior.confirmed(confidence).tolist() == [True, False, True, True]
    assert posterior.confirmed(np.array([0.9, 0.8])).tolist() == [False, False]
