"""
Assignments of small components, without SciPy, whose import takes 0.4 s of CPU, as long as reading a file of 300,000 rows.

They are those that SciPy chooses, also where several have the greatest total.

Source: Crouse, On implementing 2D rectangular assignment algorithms (IEEE TAES, 2016), with the choices of SciPy's
rectangular_lsap.cpp among equal paths (P. M. Larsen, BSD licence).
"""

import numpy as np
from numpy.typing import NDArray

_NEVER = 1 << 62  # more than any path can cost

Numbers = NDArray[np.int64]


def linear_sum_assignment(weights: Numbers) -> tuple[Numbers, Numbers]:
    """
    Rows and columns of the assignment with the greatest total, by row.

    Args:
        weights: whole numbers, shape (rows, columns). The work is the cube of the smaller of both.
    """
    is_tall = weights.shape[1] < weights.shape[0]
    cost = (-(weights.T if is_tall else weights)).tolist()
    of_row = np.array(_columns_of(cost), np.int64)
    if not is_tall:
        return np.arange(len(of_row)), of_row
    order = np.argsort(of_row)
    return of_row[order], order


def _columns_of(cost: list[list[int]]) -> list[int]:
    """The column of each row, with the least total; there are at least as many columns as rows."""
    rows, columns = len(cost), len(cost[0])
    u, v = [0] * rows, [0] * columns
    of_row, of_column, path = [-1] * rows, [-1] * columns, [-1] * columns
    for start in range(rows):
        nearest = [_NEVER] * columns
        remaining = list(range(columns - 1, -1, -1))
        visited: list[int] = []
        taken: list[int] = []
        row, reached, sink = start, 0, -1
        while sink < 0:
            visited.append(row)
            place, lowest = -1, _NEVER
            for n, column in enumerate(remaining):
                length = reached + cost[row][column] - u[row] - v[column]
                if length < nearest[column]:
                    path[column], nearest[column] = row, length
                length = nearest[column]
                # Of equally near columns, one that is free ends the search.
                if length < lowest or (length == lowest and of_column[column] < 0):
                    place, lowest = n, length
            reached = lowest
            column = remaining[place]
            if of_column[column] < 0:
                sink = column
            else:
                row = of_column[column]
            taken.append(column)
            remaining[place] = remaining[-1]
            remaining.pop()
        u[start] += reached
        for row in visited[1:]:
            u[row] += reached - nearest[of_row[row]]
        for column in taken:
            v[column] -= reached - nearest[column]
        column, row = sink, -1
        while row != start:
            row = path[column]
            of_column[column] = row
            of_row[row], column = column, of_row[row]
    return of_row


def components(rows: Numbers, columns: Numbers) -> Numbers:
    """
    The connected component of each edge, numbered by their smallest row. Fast for some hundred thousand edges.

    Source: each node follows the least node that it knows of, and that one's own, as in Zhang, Azad & Buluç, Parallel
    algorithms for finding connected components using linear algebra (JPDC, 2020).
    """
    ends = columns + int(rows.max()) + 1
    least = np.arange(int(ends.max()) + 1)
    while True:
        before = least.copy()
        of_ends = least[rows], least[ends]
        smaller = np.minimum(*of_ends)
        for end in of_ends:
            np.minimum.at(least, end, smaller)
        least = least[least]
        if (least == before).all():
            return np.unique(least[rows], return_inverse=True)[1]
