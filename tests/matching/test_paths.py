"""Small components are found and solved as SciPy does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from matching import paths


@given(st.data())
def test_small_components_are_solved_as_by_scipy(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    weight = st.integers(0, data.draw(st.sampled_from([1, 3, 10_000])))
    matrix = np.array(data.draw(st.lists(weight, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])))
    matrix = matrix.reshape(shape)

    found, expected = paths.linear_sum_assignment(matrix), linear_sum_assignment(matrix, maximize=True)

    assert [side.tolist() for side in found] == [side.tolist() for side in expected]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=60))
def test_components_are_those_of_scipy(edges: list[tuple[int, int]]) -> None:
    rows, columns = np.array(edges).T
    height = int(rows.max()) + 1
    graph = coo_matrix((np.ones(len(rows)), (rows, columns + height)), shape=(height + int(columns.max()) + 1,) * 2)

    expected = connected_components(graph.tocsr(), directed=False)[1][rows]

    assert paths.components(rows, columns).tolist() == np.unique(expected, return_inverse=True)[1].tolist()
