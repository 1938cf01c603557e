"""Auctions: near-optimal totals, and proofs of which pairs no optimum contains."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

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
