"""Assignments of large components: optima, margins, and what happens where they are too large."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from matching import assignment
from matching.engine import AMBIGUOUS_BELOW_BITS

CLOSE = AMBIGUOUS_BELOW_BITS * 1000


def edges_of(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right = np.nonzero(matrix)
    return left.astype(np.int32), right.astype(np.int32), matrix[left, right].astype(np.int64)


def best_total(matrix: np.ndarray) -> int:
    return int(matrix[linear_sum_assignment(matrix, maximize=True)].sum())


def loss_without(matrix: np.ndarray, i: int, j: int) -> int:
    """The loss in the best total without a pair, found by solving again without it."""
    other = matrix.copy()
    other[i, j] = 0
    return best_total(matrix) - best_total(other)


def one_component(rows: int, columns: int, density: float, most: int, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    matrix = np.where(chance.random((rows, columns)) < density, chance.integers(1, most + 1, (rows, columns)), 0)
    for n in range(max(rows, columns)):  # a path through all nodes
        matrix[n % rows, n % columns] = matrix[n % rows, n % columns] or 1
        matrix[(n + 1) % rows, n % columns] = matrix[(n + 1) % rows, n % columns] or 1
    return matrix


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(2, 24),
    columns=st.integers(2, 24),
    density=st.sampled_from([0.05, 0.3, 1.0]),
    most=st.sampled_from([3, 50, 20_000]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_margin_is_the_loss_in_the_total_without_the_pair(rows, columns, density, most, seed):
    matrix = one_component(rows, columns, density, most, seed)
    left, right, weight = edges_of(matrix)

    found = assignment.assign(left, right, weight)

    assert int(weight[found.pair].sum()) == best_total(matrix)
    assert found.is_exact.all()
    losses = [loss_without(matrix, int(left[pair]), int(right[pair])) for pair in found.pair]
    assert found.margin.tolist() == losses


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(2, 24), columns=st.integers(2, 24), seed=st.integers(0, 2**32 - 1), dense=st.booleans())
def test_margins_that_are_only_estimated_are_never_too_large(rows, columns, seed, dense):
    matrix = one_component(rows, columns, 0.4, 20_000, seed)
    left, right, weight = edges_of(matrix)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "DENSE_NODES", 2_000 if dense else 0)
        found = assignment.assign(left, right, weight, margin_work=0)

    assert (found.is_exact.any(), found.local_components) == (False, 1)
    for pair, margin in zip(found.pair, found.margin, strict=True):
        assert 0 <= margin <= max(loss_without(matrix, int(left[pair]), int(right[pair])), 0)


@pytest.mark.parametrize("nodes", [8, 24, 64, 200, 2400])
def test_two_solutions_half_a_bit_apart_have_small_margins_in_components_of_any_size(nodes):
    # Rows n and n + 1 may swap their columns: 20 + 10 bits against 2 x 14.75. Judged by its own row and column only,
    # the first pair looks safe. Weak links join all such squares.
    n = nodes // 2
    matrix = np.zeros((n, n), dtype=np.int64)
    for a in range(0, n, 2):
        matrix[a : a + 2, a : a + 2] = [[20_000, 14_750], [14_750, 10_000]]
        matrix[a, (a + 2) % n] = 100

    found = assignment.assign(*edges_of(matrix))

    assert len(found.pair) == n
    assert (found.margin < CLOSE).all()
    if nodes <= assignment.DENSE_NODES:
        assert found.is_exact.all()
        assert (found.margin == 500).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_component_too_large_for_a_matrix_is_solved_as_well(monkeypatch, seed):
    matrix = one_component(60, 50, 0.3, 5 if seed % 2 else 20_000, seed)
    left, right, weight = edges_of(matrix)
    monkeypatch.setattr(assignment, "DENSE_NODES", 0)

    found = assignment.assign(left, right, weight)

    assert len(set(left[found.pair])) == len(found.pair) == len(set(right[found.pair]))
    # The last auction's bids rise by a milli-bit, and the optimum of whole numbers may be missed by as much for each pair.
    assert best_total(matrix) - len(found.pair) <= weight[found.pair].sum() <= best_total(matrix)
    nearly = assignment.optimum(left, right, weight)
    assert weight[nearly].sum() >= best_total(matrix) - 128 * len(nearly)


@pytest.mark.integration
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 9000)), min_size=1, max_size=12))
def test_the_assignment_is_an_optimum_with_exact_margins(edges):
    best = {(a, b): w for a, b, w in edges}
    left, right = (np.array([key[i] for key in best], dtype=np.int32) for i in (0, 1))
    weight = np.array(list(best.values()), dtype=np.int64)

    chosen = assignment.assign(left, right, weight)

    def optimum(forbidden: int = -1) -> int:
        totals = [0]
        for size in range(1, 5):
            for group in itertools.combinations([i for i in range(len(weight)) if i != forbidden], size):
                if len({left[i] for i in group}) == len({right[i] for i in group}) == size:
                    totals.append(int(weight[list(group)].sum()))
        return max(totals)

    total = optimum()
    assert int(weight[chosen.pair].sum()) == total
    assert [int(m) for m in chosen.margin] == [total - optimum(int(p)) for p in chosen.pair]
