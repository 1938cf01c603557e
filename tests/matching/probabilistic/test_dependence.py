"""Comparisons that say the same are taken together, and what they say is still shown field by field."""

from dataclasses import replace

import numpy as np
import pytest

from matching.probabilistic import dependence, em
from matching.probabilistic.em import Candidates, Learned, Random
from matching.probabilistic.levels import ALL_TEXTS, Compared, Comparison, similarity_levels

ROWS = 400
NAMES = [("street", "similarity"), ("town", "similarity"), ("name", "similarity"), (ALL_TEXTS, "similarity")]


@pytest.fixture
def some() -> Candidates:
    """Each row with its partner and two others. A tenth have moved: their street and their town are others."""
    chance = np.random.default_rng(3)
    left = np.repeat(np.arange(ROWS, dtype=np.int32), 3)
    right = (left + np.tile(np.array([0, 1, 7], np.int32), ROWS)) % ROWS
    is_true = left == right
    has_moved = chance.random(ROWS)[left] < 0.1
    at_home = np.where(is_true & ~has_moved, 3, 1) + (chance.random(len(left)) < 0.05)
    town = np.where(is_true & ~has_moved, 3, 1)
    name = np.where(
        is_true, np.where(chance.random(len(left)) < 0.1, 1, 3), np.where(chance.random(len(left)) < 0.1, 3, 1)
    )
    levels = [one.astype(np.int8) for one in (at_home, town, name, at_home)]
    return Candidates((left, right), levels, (ROWS, ROWS), [None] * 4)


def compared(names: list[tuple[str, str]]) -> Compared:
    made = [
        Comparison(field, kind, 5, lambda pairs: np.zeros(len(pairs[0])), similarity_levels) for field, kind in names
    ]
    return Compared(made, None, None, [])  # type: ignore[arg-type]  # no vectors are asked for


def learned(some: Candidates) -> tuple[Learned, Random]:
    random = Random(np.arange(ROWS, dtype=np.int64) * ROWS + 5, [np.ones(ROWS, np.int8)] * 4, [5] * 4)
    is_true = (some.pairs[0] == some.pairs[1]).astype(np.float64)
    return em.learn(some, is_true, random), random


def test_fields_that_agree_and_differ_together_become_one(some):
    found, random = learned(some)

    joined = dependence.join(compared(NAMES), some, found, random)

    assert joined is not None
    assert joined.groups == [[0, 1], [2]]
    again = dependence.learn(joined, found)
    moved = (some.pairs[0] == some.pairs[1]) & (some.levels[1] == 1) & (some.levels[2] == 3)
    # Who has moved differs in both, which counts once: one in ten does.
    twice = found.bits[0][some.levels[0][moved]] + found.bits[1][some.levels[1][moved]]
    assert again.bits[0][joined.some.levels[0][moved]].mean() > 0.8 * twice.mean()
    assert again.chance[moved].mean() > found.chance[moved].mean()


def test_what_a_group_says_is_shared_among_its_fields_to_the_digit(some):
    found, random = learned(some)
    joined = dependence.join(compared(NAMES), some, found, random)
    assert joined is not None
    tables = [np.rint(1000 * bits).astype(np.int64) for bits in dependence.learn(joined, found).bits]
    kept = np.array([0, 1, 5, 17, 600])

    shared = dependence.shares(joined, found, tables, some, kept)

    assert shared[3] is None
    for group, table, level in zip(joined.groups, tables, joined.some.levels, strict=True):
        assert (sum(shared[n] for n in group) == table[level[kept]]).all()


def test_nothing_is_joined_in_catalogues_and_without_several_texts(some):
    found, random = learned(some)
    without = replace(some, levels=some.levels[:3], known=None)

    assert dependence.join(replace(compared(NAMES), catalogue=(None, None)), some, found, random) is None
    assert dependence.join(compared(NAMES[:3]), without, found, random) is None
