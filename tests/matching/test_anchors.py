"""Pairs by unique values, and the evidence that they are true pairs."""

import numpy as np
import pyarrow as pa
import pytest

from matching import anchors
from matching.anchors import MAX_ANCHORS, Anchors

NAN = np.nan


def pairs(found: Anchors) -> list[tuple[int, int]]:
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_only_values_that_are_unique_on_both_sides_make_pairs():
    found = anchors.anchors_of(floats(3, 1, 1, NAN, 5), floats(5, NAN, 3, 2, 2, 1))

    assert pairs(found) == [(0, 2), (4, 0)]


def test_the_hash_of_a_missing_value_is_ignored():
    left, right = np.array([0, 7, 9], np.uint64), np.array([9, 0, 8], np.uint64)

    assert pairs(anchors.anchors_of(left, right)) == [(2, 0)]


def test_the_control_pairs_each_row_with_the_partner_of_the_next():
    by_value = anchors.anchors_of(floats(30, 10, 20), floats(10, 20, 30))
    by_order = anchors.anchors_of(floats(30, 10, 20), floats(10, 20, 30), order=floats(1, NAN, 2))

    assert (by_value.left.tolist(), by_value.other.tolist()) == ([1, 2, 0], [1, 2, 0])
    assert (by_order.left.tolist(), by_order.other.tolist()) == ([0, 2, 1], [1, 0, 2])
    assert by_value.is_controlled
    assert not anchors.anchors_of(floats(1), floats(1)).is_controlled


def test_a_sample_is_spread_evenly():
    rows = np.arange(10 * MAX_ANCHORS, dtype=np.int64)

    some = anchors.few(Anchors(rows, rows, np.roll(rows, -1)))

    assert len(some) == MAX_ANCHORS
    assert (some.left[0], some.left[-1]) == (0, rows[-1])
    assert np.ptp(np.diff(some.left)) <= 1


@pytest.mark.parametrize(("count", "least"), [(1, 0.75), (4, 0.5), (100, 0.3), (10_000, 0.2658)])
def test_with_few_anchors_a_larger_share_must_agree(count, least):
    rows = np.zeros(count, dtype=np.int64)

    assert anchors.is_proof(least + 0.001, Anchors(rows, rows, rows))
    assert not anchors.is_proof(least - 0.001, Anchors(rows, rows, rows))
    assert not anchors.is_proof(1.0, Anchors(rows[:0], rows[:0], rows[:0]))


def three() -> Anchors:
    rows = np.arange(3, dtype=np.int64)
    return Anchors(rows, rows, np.roll(rows, -1))


def test_equal_amounts_count_only_beyond_those_of_the_control():
    assert anchors.equal_amounts(floats(1, 2, 3), floats(1, 2, 4), three()) == pytest.approx(2 / 3)
    assert anchors.equal_amounts(floats(5, 5, 5), floats(5, 5, 5), three()) == 0.0
    assert anchors.equal_amounts(floats(NAN, 2, 3), floats(NAN, 2, 3), three()) == pytest.approx(2 / 3)


def test_dates_agree_if_their_lag_is_constant_and_that_of_the_control_is_not():
    days = floats(0, 100, 200)

    assert anchors.lag_agreement(days, days + 2, three()) == pytest.approx(1.0)
    assert anchors.lag_agreement(floats(0, 0, 0), floats(2, 2, 2), three()) == 0.0
    assert anchors.lag_agreement(floats(NAN, NAN, NAN), days, three()) == 0.0


def test_a_text_that_is_missing_is_not_compared():
    left, right = pa.array(["acme ltd", None, "borea"]), pa.array(["ACME LTD".lower(), "x", ""])
    rows = np.arange(3, dtype=np.int64)

    assert anchors.similarities(left, right, (rows, rows)).tolist() == [1.0]
    assert anchors.similarities(left, right, (rows[1:], rows[1:])).tolist() == []


def test_amounts_overlap_as_they_are_and_running_numbers_even_after_a_shift():
    chance = np.random.default_rng(1)
    amounts = anchors.distinct(np.round(chance.lognormal(5, 1, 500), 2))
    numbers = anchors.distinct(np.arange(500, dtype=np.float64))

    of_amounts, of_numbers = anchors.overlap(amounts, amounts), anchors.overlap(numbers, numbers + 100)

    assert of_amounts[0] == 1.0
    assert of_amounts[1] < 0.2
    assert of_numbers == (pytest.approx(0.8), pytest.approx(1.0))
    assert anchors.overlap(amounts[:0], amounts) == (0.0, 0.0)


def test_distinct_values_are_sorted_and_have_no_gap():
    assert anchors.distinct(floats(3, NAN, 1, 3)).tolist() == [1.0, 3.0]
