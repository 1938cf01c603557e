"""Auctions: near-optimal totals, and proofs of which pairs no optimum contains."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from matching import auction as module
from matching.auction import auction, possible


def edges(seed: int, rows: int = 30, columns: int = 25, highest: int = 20_000) -> tuple[np.ndarray, ...]:
    chance = np.random.default_rng(seed)
    matrix = np.where(chance.random((rows, columns)) < 0.4, chance.integers(1, highest, (rows, columns)), 0)
    row, column = np.nonzero(matrix)
    return matrix, row, column, matrix[row, column]


@pytest.mark.parametrize("step", [1, 16])
@pytest.mark.parametrize("highest", [5, 20_000])
@pytest.mark.parametrize("seed", range(5))
def test_the_total_is_within_a_step_for_each_pair_of_the_greatest(seed, highest, step):
    matrix, row, column, weight = edges(seed, highest=highest)

    sold = auction(row, column, weight, step)

    best = matrix[linear_sum_assignment(matrix, maximize=True)].sum()
    pairs = sold.chosen
    assert len(set(row[pairs])) == len(pairs) == len(set(column[pairs]))
    assert best - step * len(pairs) <= weight[pairs].sum() <= best <= sold.profit.sum() + sold.price.sum()


@pytest.mark.parametrize("seed", range(5))
def test_no_optimum_has_an_edge_that_is_ruled_out(seed):
    matrix, row, column, weight = edges(seed)

    left = possible(row, column, weight, auction(row, column, weight, 1))

    best = matrix[linear_sum_assignment(matrix, maximize=True)].sum()
    assert (~left).sum() > 0
    for edge in np.flatnonzero(~left):
        rest = np.delete(np.delete(matrix, row[edge], 0), column[edge], 1)
        assert weight[edge] + rest[linear_sum_assignment(rest, maximize=True)].sum() < best


def test_of_equal_bids_the_one_of_the_smallest_row_wins():
    row, column, weight = np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([1_000, 1_000, 1_000])

    assert auction(row, column, weight, 16).chosen.tolist() == [0]


def test_of_bids_for_one_column_the_highest_wins_at_once(monkeypatch):
    row, column, weight = np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([1_000, 5_000, 3_000])
    monkeypatch.setattr(module, "MAX_WORK", 1)  # one round

    assert auction(row, column, weight, 16).chosen.tolist() == [1]


def test_an_auction_ends_after_its_work_and_leaves_those_who_still_bid_unmatched(monkeypatch):
    _, row, column, weight = edges(3, rows=60, columns=20)
    whole = auction(row, column, weight, 1)
    monkeypatch.setattr(module, "MAX_WORK", 2 * module.ROUND)

    found = auction(row, column, weight, 1)

    pairs = found.chosen
    assert len(set(row[pairs])) == len(pairs) == len(set(column[pairs])) > 0
    assert weight[pairs].sum() < weight[whole.chosen].sum()
    # The prices bound every total all the same, so nothing that an optimum contains is ruled out.
    assert weight[whole.chosen].sum() <= found.profit.sum() + found.price.sum()
    assert possible(row, column, weight, found)[whole.chosen].all()
