"""
One-to-one assignment as an optimum per connected component, in whole milli-bits, so it is the same on every machine.

Staying unmatched costs nothing, so a pair of zero bits or less is never made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.auction import Sold, auction, possible

DENSE_NODES = 2_000
MARGIN_WORK = 1_000_000_000  # additions per pass for exact margins, the cube of a component's pairs; a few seconds
# Milli-bits by which bids rise in the first auction of a large component, and in that of what it leaves.
STEPS = (16, 1)
NEARLY = (128,)  # the same where a total that is nearly the greatest will do
UNMATCHED = 0
_NEVER = np.int64(1) << 50  # milli-bits; more than any path can cost

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Assigned:
    """The chosen pairs, as arrays of one length k."""

    pair: Numbers  # indices into the candidates
    margin: Numbers  # milli-bits that the best total loses without the pair
    is_exact: NDArray[np.bool_]  # whether the margin is exact, or else a lower bound
    component: Numbers  # number of the connected component
    runner_up: Numbers  # index of the heaviest other candidate in its row or column, -1 if there is none
    local_components: int  # components without exact margins


def assign(
    left: NDArray[np.int32], right: NDArray[np.int32], weight: Numbers, margin_work: int = MARGIN_WORK
) -> Assigned:
    """
    Choose the pairs with the greatest total weight, using no row and no column twice.

    Args:
        left, right: shape (n,), positions of the candidates' rows, at least 0; no pair of them occurs twice.
        weight: shape (n,), milli-bits; a pair with UNMATCHED or less is never made.

    Returns: whole numbers throughout, so nothing is rounded. The total is the greatest, except in components that have
    more than DENSE_NODES rows and columns and do not fall apart in an auction (auction.py). A margin is exact, or a
    lower bound in such large components, or if the exact ones would take more than `margin_work` additions.

    Source: the optimum is SciPy's linear_sum_assignment, after Crouse, On implementing 2D rectangular assignment
    algorithms (IEEE TAES, 2016); for margins see _Component.margins.
    """
    keep = np.flatnonzero(weight > UNMATCHED)
    if not len(keep):
        empty = np.zeros(0, dtype=np.int64)
        return Assigned(empty, empty, np.zeros(0, dtype=bool), empty, empty, 0)
    # A pair whose rows are in no other is a component by itself, as most are.
    alone = _are_alone(left[keep], right[keep])
    single, keep = keep[alone], keep[~alone]
    found = _assigned_together(left, right, weight, keep, margin_work)
    n = len(single)
    return Assigned(
        pair=np.concatenate((single, found.pair)),
        margin=np.concatenate((weight[single], found.margin)),
        is_exact=np.concatenate((np.ones(n, dtype=bool), found.is_exact)),
        component=np.concatenate((np.arange(n), found.component + n)),
        runner_up=np.concatenate((np.full(n, -1), found.runner_up)),
        local_components=found.local_components,
    )


def _are_alone(rows: NDArray[np.int32], columns: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which edges share no row and no column with another."""
    found = np.ones(len(rows), dtype=bool)
    for ends in (rows, columns):
        found &= np.bincount(ends)[ends] == 1
    return found


def _assigned_together(
    left: NDArray[np.int32], right: NDArray[np.int32], weight: Numbers, keep: Numbers, margin_work: int
) -> Assigned:
    """The same for the candidates `keep`, all of which have a weight."""
    if not len(keep):
        empty = np.zeros(0, dtype=np.int64)
        return Assigned(empty, empty, np.zeros(0, dtype=bool), empty, empty, 0)
    rows, columns, w = left[keep], right[keep], weight[keep]
    label = _components(rows, columns)
    # The edges of a component are contiguous, and components follow the order of their smallest left row.
    order = np.argsort(label, kind="stable")
    components = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    chosen, margins, exact, local = _solve((rows, columns, w), components, margin_work)
    bound, runner = _rivals(rows, columns, w, chosen)
    return Assigned(
        pair=keep[chosen],
        margin=np.where(exact, margins, bound),
        is_exact=exact,
        component=label[chosen].astype(np.int64),
        runner_up=np.where(runner >= 0, keep[np.maximum(runner, 0)], -1),
        local_components=local,
    )


def optimum(left: NDArray[np.int32], right: NDArray[np.int32], weight: Numbers) -> Numbers:
    """
    Nearly the pairs that `assign` chooses, and faster: large components have only one auction.

    Returns: indices of the candidates, sorted.
    """
    keep = np.flatnonzero(weight > UNMATCHED)
    return np.sort(keep[_optimum(left[keep], right[keep], weight[keep], NEARLY)])


def _optimum(rows: NDArray[np.int32], columns: NDArray[np.int32], weight: Numbers, steps: tuple[int, ...]) -> Numbers:
    """The chosen edges of all components."""
    if not len(weight):
        return np.zeros(0, dtype=np.int64)
    label = _components(rows, columns)
    order = np.argsort(label, kind="stable")
    ends = np.flatnonzero(np.diff(label[order])) + 1
    sizes = np.diff(np.concatenate(([0], ends, [len(order)])))
    chosen = [order[np.concatenate(([0], ends))[sizes == 1]]]
    for edges, size in zip(np.split(order, ends), sizes, strict=True):
        if size > 1:
            graph = _Component(rows[edges], columns[edges], weight[edges])
            chosen.append(edges[graph.optimum() if graph.nodes <= DENSE_NODES else graph.large_optimum(steps)])
    return np.concatenate(chosen)


def _components(rows: NDArray[np.int32], columns: NDArray[np.int32]) -> NDArray[np.int32]:
    """The component of each edge."""
    # Imported here: SciPy takes 0.4 s, and most tables have few pairs that need it.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    height, n = int(rows.max()) + 1, int(rows.max()) + int(columns.max()) + 2
    graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns + np.int32(height))), shape=(n, n))
    _, labels = connected_components(graph.tocsr(), directed=False)
    found: NDArray[np.int32] = labels[rows]
    return found


def _solve(
    pairs: tuple[NDArray[np.int32], NDArray[np.int32], Numbers], components: list[Numbers], work: int
) -> tuple[Numbers, Numbers, NDArray[np.bool_], int]:
    """
    The chosen edges of all components, the exact margins where they were computed, and the number of components without
    them.
    """
    rows, columns, weight = pairs
    sizes = np.array([len(edges) for edges in components])
    single = np.array([components[n][0] for n in np.flatnonzero(sizes == 1)], dtype=np.int64)
    chosen, margins, exact = [single], [weight[single]], [np.ones(len(single), dtype=bool)]
    local = 0
    for n in np.flatnonzero(sizes > 1):
        edges = components[n]
        graph = _Component(rows[edges], columns[edges], weight[edges])
        pair = graph.optimum() if graph.nodes <= DENSE_NODES else graph.large_optimum(STEPS)
        cost = (len(pair) + 1) ** 3
        is_exact = graph.nodes <= DENSE_NODES and cost <= work
        work -= cost if is_exact else 0
        local += not is_exact
        chosen.append(edges[pair])
        margins.append(graph.margins(pair) if is_exact else np.zeros(len(pair), dtype=np.int64))
        exact.append(np.full(len(pair), is_exact))
    return np.concatenate(chosen), np.concatenate(margins), np.concatenate(exact), local


class _Component:
    """One connected component."""

    def __init__(self, rows: NDArray[np.int32], columns: NDArray[np.int32], weight: Numbers) -> None:
        self.rows, self.r = np.unique(rows, return_inverse=True)
        self.columns, self.c = np.unique(columns, return_inverse=True)
        self.weight = weight
        self.nodes = len(self.rows) + len(self.columns)

    def optimum(self) -> Numbers:
        """The edges with the greatest total weight, using no row and no column twice."""
        from scipy.optimize import linear_sum_assignment

        matrix = np.zeros((len(self.rows), len(self.columns)), dtype=np.int64)
        edge = np.full(matrix.shape, -1, dtype=np.int32)
        matrix[self.r, self.c] = self.weight
        edge[self.r, self.c] = np.arange(len(self.weight))
        row, column = linear_sum_assignment(matrix, maximize=True)
        made = matrix[row, column] > UNMATCHED
        return edge[row[made], column[made]].astype(np.int64)

    def large_optimum(self, steps: tuple[int, ...]) -> Numbers:
        """
        The same for a component with too many nodes for a matrix, unless what its auctions leave is too large too.
        """
        order = np.lexsort((self.c, self.r))
        row, column, weight = self.r[order].astype(np.int64), self.c[order].astype(np.int64), self.weight[order]
        sold: Sold = auction(row, column, weight, steps[0])
        kept = np.flatnonzero(possible(row, column, weight, sold))
        if len(steps) == 1 and len(kept) > 0.9 * len(weight):
            return order[sold.chosen]
        found = _optimum(row[kept].astype(np.int32), column[kept].astype(np.int32), weight[kept], steps[1:] or steps)
        return order[kept[found]]

    def margins(self, pair: Numbers) -> Numbers:
        """
        For each edge of an optimum: the optimum's total minus the best total without that edge.

        An edge is replaced along a cycle: its row takes another's column, whose row takes a third one's, and so on,
        until somebody takes the first one's. One extra node stands for being unmatched. So the margin is the shortest
        cycle through an edge, where each step costs the weight given up minus the weight gained; in an optimum, no
        cycle costs less than nothing.

        Source: Floyd, Algorithm 97: Shortest path (CACM, 1962), with the diagonal left open.
        """
        free = len(pair)
        of_row, of_column = (np.full(n, free) for n in (len(self.rows), len(self.columns)))
        of_row[self.r[pair]] = of_column[self.c[pair]] = np.arange(free)
        given = np.append(self.weight[pair], UNMATCHED)
        cost = np.full((free + 1, free + 1), _NEVER, dtype=np.int64)
        cost[:, free] = given  # its row stays unmatched
        cost[free, :] = 0  # its column stays unmatched
        taker, taken = of_row[self.r], of_column[self.c]
        np.minimum.at(cost, (taker, taken), given[taker] - self.weight)
        np.fill_diagonal(cost, _NEVER)
        for k in range(free + 1):
            np.minimum(cost, cost[:, k, None] + cost[k], out=cost)
        found: Numbers = np.diagonal(cost)[:free].copy()
        return found


def _rivals(
    rows: NDArray[np.int32], columns: NDArray[np.int32], weight: Numbers, chosen: Numbers
) -> tuple[Numbers, Numbers]:
    """
    For each chosen edge, a lower bound of its margin and the heaviest other edge of its row or column.

    The bound is its weight minus the best other edges of its row and of its column. Whatever replaces it cannot gain
    more than those two.
    """
    others = []
    for key in (rows, columns):
        first, second = _best_two(key, weight)
        mine = key[chosen]
        others.append(np.where(first[mine] == chosen, second[mine], first[mine]))
    worth = [np.where(other >= 0, weight[np.maximum(other, 0)], UNMATCHED) for other in others]
    bound = np.maximum(weight[chosen] - worth[0] - worth[1], 0)
    return bound, np.where(worth[1] > worth[0], others[1], others[0])


def _best_two(key: NDArray[np.int32], weight: Numbers) -> tuple[Numbers, Numbers]:
    """For each key, the indices of its heaviest and second heaviest edge, -1 if there is none."""
    order = np.lexsort((np.arange(len(key)), -weight, key))
    first = np.full(int(key.max()) + 1, -1, dtype=np.int64)
    second = first.copy()
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    first[key[order][starts]] = order[starts]
    seconds = starts + 1
    has = (seconds < len(order)) & (key[order][np.minimum(seconds, len(order) - 1)] == key[order][starts])
    second[key[order][starts][has]] = order[seconds[has]]
    return first, second
