"""
Assignments of large connected components: an auction, whose prices prove which pairs no optimum can contain.

What remains falls apart into small components, which are solved exactly. So the result is an optimum, except in a component
that stays large, where it is within a known number of milli-bits of one.

Source: Bertsekas, The auction algorithm (Annals of Operations Research, 1988).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
MAX_WORK = 100_000_000  # edges that are looked at; a few seconds
ROUND = 2_000  # edges whose time a round takes besides its own
_NEVER = np.int64(-1) << 60


@dataclass(frozen=True)
class Sold:
    """The outcome of an auction of columns among rows."""

    chosen: Numbers  # indices of the edges, one for each row that has a column
    profit: Numbers  # shape (rows,), milli-bits: what each row gains
    price: Numbers  # shape (columns,), milli-bits: what each column costs


def auction(row: Numbers, column: Numbers, weight: Numbers, step: int) -> Sold:
    """
    Sell columns to rows, each row to the one that gains it most, until nobody bids any more.

    A row that gains nothing stays unmatched, and a column that nobody bids for costs nothing. All bidders of a round bid
    at once; of equal bids the one of the smallest row wins. After MAX_WORK, whoever still bids stays unmatched.

    Args:
        row, column, weight: shape (edges,), sorted by row; weights in milli-bits, above 0.
        step: milli-bits by which a bid exceeds what it must. Small ones take longer.

    Returns: a matching whose total is at most `step` times its size below the greatest, unless the work ended it. The
    profits and prices show how far below it can be.
    """
    rows, columns = int(row[-1]) + 1, int(column.max()) + 1
    starts = np.searchsorted(row, np.arange(rows + 1))
    price = np.zeros(columns, np.int64)
    owner = np.full(columns, -1, np.int64)  # the edge that has the column
    active = np.flatnonzero(np.diff(starts))
    work = 0
    while len(active) and work < MAX_WORK:
        counts = starts[active + 1] - starts[active]
        begins = np.cumsum(counts) - counts
        edges = np.arange(counts.sum()) + np.repeat(starts[active] - begins, counts)
        work += len(edges) + ROUND
        gain = weight[edges] - price[column[edges]]
        best = np.maximum.reduceat(gain, begins)
        is_best = gain == np.repeat(best, counts)
        first = np.flatnonzero(is_best)
        first = first[np.searchsorted(first, begins)]
        gain[first] = _NEVER
        second = np.maximum(np.maximum.reduceat(gain, begins), 0)
        bids = best > 0
        edge, rise = edges[first][bids], (best - second)[bids] + step
        bidder, wanted = active[bids], column[edge]
        offer = price[wanted] + rise
        order = np.lexsort((bidder, -offer, wanted))
        won = order[np.flatnonzero(np.diff(wanted[order], prepend=-1))]
        lost = np.ones(len(edge), bool)
        lost[won] = False
        before = owner[wanted[won]]
        owner[wanted[won]] = edge[won]
        price[wanted[won]] = offer[won]
        active = np.sort(np.concatenate((bidder[lost], row[before[before >= 0]])))
    gain = weight - price[column]
    profit = np.zeros(rows, np.int64)
    np.maximum.at(profit, row, gain)
    return Sold(np.sort(owner[owner >= 0]), profit, price)


def possible(row: Numbers, column: Numbers, weight: Numbers, sold: Sold) -> NDArray[np.bool_]:
    """
    Which edges an optimum may contain, shape (edges,).

    Profits and prices bound every total from above. An edge that falls short of its row's profit and its column's price by
    more than the bound exceeds the auction's total cannot be part of a better matching, nor of an equally good one.
    """
    slack = sold.profit[row] + sold.price[column] - weight
    gap = int(sold.profit.sum() + sold.price.sum() - weight[sold.chosen].sum())
    found: NDArray[np.bool_] = slack <= gap
    return found
