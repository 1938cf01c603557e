"""Subsets by meeting in the middle, against a search through all of them."""

from itertools import combinations
from math import comb

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.sums import density
from matching.sums.search import Halves, Target, work_of

values = st.lists(st.integers(-500, 2_000), min_size=2, max_size=9)


@given(values, st.integers(1, 5), st.integers(-500, 4_000), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_subsets_are_those_of_a_complete_search(given_values, size, low, width):
    amounts = np.array(given_values, np.int64)
    target = Target(size, low, low + width)

    halves = Halves(amounts, size)

    expected = [
        chosen
        for chosen in combinations(range(len(amounts)), size)
        if low <= amounts[list(chosen)].sum() <= low + width
    ]
    assert sorted(halves.find(target, 1_000)) == expected
    assert halves.count(target) == len(expected)


def test_no_more_subsets_are_returned_than_asked_for():
    equal = np.full(12, 990, np.int64)

    found = Halves(equal, 4).find(Target(4, 3_960, 3_960), 7)

    assert len(found) == 7
    assert found == Halves(equal, 4).find(Target(4, 3_960, 3_960), 7)


def test_equal_sums_are_looked_up_once_and_all_counted():
    halves = Halves(np.full(12, 990, np.int64), 4)

    assert halves.count(Target(4, 3_960, 3_960)) == comb(12, 4)
    assert [len(half.distinct[0]) for half in halves.halves] == [5, 5]


def test_the_work_is_the_number_of_partial_sums():
    assert work_of(6, 2) == 2 * (1 + 3 + 3)
    assert work_of(3, 9) == 2 + 4


def test_expected_sums_by_chance_are_as_many_as_there_are():
    chance = np.random.default_rng(5)
    pool = chance.integers(500, 20_000, 24)

    halves, expected = Halves(pool, 4), np.zeros(5)
    for target in range(30_000, 30_200):
        expected += density.near(pool, target, 4)

    for size in (3, 4):
        there = halves.count(Target(size, 30_000, 30_199))
        assert abs(there - expected[size]) < 4 * np.sqrt(expected[size]) + 1


def test_weights_of_subsets_add_up():
    weights = np.array([0.5, 2.0, 3.0])

    assert density.symmetric(weights, 3).tolist() == [1.0, 5.5, 0.5 * 2 + 0.5 * 3 + 2 * 3, 3.0]
