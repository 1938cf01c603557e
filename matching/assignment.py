"""
One-to-one as an optimum per connected component, in whole milli-bits, so that it is the same on every machine.

Staying unmatched costs nothing: a pair of zero bits or less is never made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

EXACT_MARGIN_NODES = 24  # forbidding each pair in turn: cubic for each
DENSE_NODES = 2_000
UNMATCHED = 0


@dataclass(frozen=True)
class Assigned:
    """Chosen pairs, as indices into the candidates, with margins in milli-bits and their component."""

    pair: NDArray[np.int64]
    margin: NDArray[np.int64]
    is_exact: NDArray[np.bool_]
    component: NDArray[np.int64]
    runner_up: NDArray[np.int64]  # index of the best competing pair, -1 where there is none
    local_components: int


def assign(left: NDArray[np.int32], right: NDArray[np.int32], weight: NDArray[np.int64]) -> Assigned:
    """
    Chooses pairs.

    Args:
        left, right: shape (n,), positions of the candidates' rows.
        weight: shape (n,), milli-bits.
    """
    keep = np.flatnonzero(weight > UNMATCHED)
    if not len(keep):
        empty = np.zeros(0, dtype=np.int64)
        return Assigned(empty, empty, np.zeros(0, dtype=bool), empty, empty, 0)
    lu, li = np.unique(left[keep], return_inverse=True)
    ru, ri = np.unique(right[keep], return_inverse=True)
    w = weight[keep]
    n = len(lu) + len(ru)
    graph = coo_matrix((np.ones(len(keep), dtype=np.int8), (li, ri + len(lu))), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    edge_label = labels[li]
    sizes = np.bincount(edge_label)
    chosen: list[NDArray[np.int64]] = []
    margins: list[NDArray[np.int64]] = []
    exact: list[NDArray[np.bool_]] = []
    runners: list[NDArray[np.int64]] = []
    single = np.flatnonzero(sizes[edge_label] == 1)
    chosen.append(single)
    margins.append(w[single])
    exact.append(np.ones(len(single), dtype=bool))
    runners.append(np.full(len(single), -1, dtype=np.int64))
    local = 0
    rest = np.flatnonzero(sizes[edge_label] > 1)
    if len(rest):
        order = rest[np.argsort(edge_label[rest], kind="stable")]
        bounds = np.flatnonzero(np.diff(edge_label[order])) + 1
        for edges in np.split(order, bounds):
            pair, margin, is_exact, runner, is_local = _component(li[edges], ri[edges], w[edges])
            chosen.append(edges[pair])
            margins.append(margin)
            exact.append(np.full(len(pair), is_exact))
            runners.append(np.where(runner >= 0, edges[np.maximum(runner, 0)], -1))
            local += is_local
    pair = np.concatenate(chosen)
    runner = np.concatenate(runners)
    return Assigned(
        pair=keep[pair],
        margin=np.concatenate(margins),
        is_exact=np.concatenate(exact),
        component=labels[li[pair]].astype(np.int64),
        runner_up=np.where(runner >= 0, keep[np.maximum(runner, 0)], -1),
        local_components=local,
    )


def _component(
    left: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], bool, NDArray[np.int64], int]:
    """Chosen edges of one component, their margins, whether these are exact, runners-up, and 1 if it was too large."""
    rows, r = np.unique(left, return_inverse=True)
    columns, c = np.unique(right, return_inverse=True)
    if len(rows) + len(columns) > DENSE_NODES:
        pair = _greedy(r, c, weight)
        return pair, _local_margins(r, c, weight, pair)[0], False, _local_margins(r, c, weight, pair)[1], 1
    matrix = np.zeros((len(rows), len(columns)), dtype=np.int64)
    matrix[r, c] = weight
    edge = np.full(matrix.shape, -1, dtype=np.int64)
    edge[r, c] = np.arange(len(weight))
    best_rows, best_columns = linear_sum_assignment(matrix, maximize=True)
    made = matrix[best_rows, best_columns] > UNMATCHED
    pair = edge[best_rows[made], best_columns[made]]
    local, runner = _local_margins(r, c, weight, pair)
    if len(rows) + len(columns) > EXACT_MARGIN_NODES:
        return pair, local, False, runner, 1
    total = int(matrix[best_rows, best_columns].sum())
    margins = np.empty(len(pair), dtype=np.int64)
    for position, index in enumerate(pair):
        saved = matrix[r[index], c[index]]
        matrix[r[index], c[index]] = 0
        again = linear_sum_assignment(matrix, maximize=True)
        margins[position] = total - int(matrix[again].sum())
        matrix[r[index], c[index]] = saved
    return pair, margins, True, runner, 0


def _greedy(left: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    used_left: set[int] = set()
    used_right: set[int] = set()
    found = []
    for index in np.lexsort((right, left, -weight)):
        a, b = int(left[index]), int(right[index])
        if a not in used_left and b not in used_right:
            used_left.add(a)
            used_right.add(b)
            found.append(int(index))
    return np.array(sorted(found), dtype=np.int64)


def _local_margins(
    left: NDArray[np.int64], right: NDArray[np.int64], weight: NDArray[np.int64], pair: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each chosen edge: its weight less the best other edge of its row or column, and which edge that is."""
    margins = np.empty(len(pair), dtype=np.int64)
    runner = np.full(len(pair), -1, dtype=np.int64)
    by_left = _best_two(left, weight)
    by_right = _best_two(right, weight)
    for position, index in enumerate(pair):
        best, best_index = UNMATCHED, -1
        for (first, second), key in ((by_left, left[index]), (by_right, right[index])):
            other = int(second[key]) if int(first[key]) == index else int(first[key])
            if other >= 0 and weight[other] > best:
                best, best_index = int(weight[other]), other
        margins[position] = weight[index] - best
        runner[position] = best_index
    return margins, runner


def _best_two(key: NDArray[np.int64], weight: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each key, the indices of its heaviest and second heaviest edge, -1 where there is none."""
    order = np.lexsort((np.arange(len(key)), -weight, key))
    first = np.full(int(key.max()) + 1, -1, dtype=np.int64)
    second = first.copy()
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    first[key[order][starts]] = order[starts]
    seconds = starts + 1
    has = (seconds < len(order)) & (key[order][np.minimum(seconds, len(order) - 1)] == key[order][starts])
    second[key[order][starts][has]] = order[seconds[has]]
    return first, second
