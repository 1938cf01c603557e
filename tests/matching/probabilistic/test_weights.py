import numpy as np
import pytest

from matching.probabilistic import weights


def test_evidence_that_says_the_same_twice_counts_half_each():
    chance = np.random.default_rng(1)
    is_match = chance.random(20_000) < 0.3
    bits = np.where(is_match, 3.0, -3.0) + chance.normal(0, 3, 20_000)

    _, (once,) = weights.fit([bits], is_match.astype(float))
    _, (one, other) = weights.fit([bits, bits], is_match.astype(float))

    assert one == pytest.approx(other, abs=0.01)
    assert one + other == pytest.approx(once, abs=0.05)


def test_evidence_that_contradicts_itself_gets_no_weight():
    is_match = np.arange(1000) % 2 == 0

    _, (beta,) = weights.fit([np.where(is_match, -4.0, 4.0)], is_match.astype(float))

    assert beta == weights.LOWEST
