"""
Chains: one party pays one amount in each period, so that all its payments together could belong to the period before.

The bits of a pair do not show this, and neither does its margin: each pair of a shifted chain looks like any other. Whether
one is shifted is told by what would follow. The first and the last row would lack a partner, or have one that the files end
before. Or the payments would come a period later, which is as frequent as it is among the other pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.plan import FieldName
from matching.sides import Sides

MOST = 0.5  # a doubt; a pair that may as well be another one
PRIOR_ROWS = 4.0  # by which lags of those that recur are drawn towards those of others
UNSEEN = 0.5  # lags that count as seen anywhere, after Krichevsky and Trofimov
HALF_WAY = 2.0  # what is half a period late is seen before what is a whole one late

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Paired:
    """The chosen pairs of a pass by the positions of their rows (shape k), and what else is known of rows."""

    left: Ints
    right: Ints
    is_proved: Flags  # shape k: pairs that agree on something no other row has
    settled: tuple[Flags, Flags]  # by position: rows that a confirmed match uses, so that they are nobody's partner


@dataclass(frozen=True)
class _Side:
    """The rows of one side that may be shifted, in the order of their chains and days."""

    chain: Ints
    day: Floats
    pair: Ints  # of each row, -1 if it is open
    place: Ints  # of each pair, among these rows
    first: float  # day of all rows
    last: float
    missing: float  # share of all rows that have no partner, without the settled ones
    others_before: Ints  # how many rows that are in no chain come before each day since the first one
    open_before: Ints  # how many of these have no partner

    def neighbour(self, step: int) -> tuple[Ints, Floats]:
        """Of each pair, the next row of its chain that has another day, -1 if there is none, and the days to it."""
        n = len(self.day)
        is_new = np.ones(n + 1, np.bool_)
        is_new[1:n] = (np.diff(self.chain) != 0) | (np.diff(self.day) != 0)
        starts = np.flatnonzero(is_new)
        run = np.searchsorted(starts, self.place, side="right") - 1
        place = starts[run] - 1 if step < 0 else starts[run + 1]
        inside = np.clip(place, 0, n - 1)
        found = np.where((place == inside) & (self.chain[inside] == self.chain[self.place]), inside, -1)
        return found, np.where(found >= 0, np.abs(self.day[inside] - self.day[self.place]), np.nan)

    def cut(self, step: int, gap: Floats) -> Floats:
        """The share of rows without a partner among those that do not recur, within so many days of an end of the file."""
        days = len(self.others_before) - 1
        length = np.clip(np.nan_to_num(gap), 0, days).astype(np.int64) + 1
        start, end = (0, np.minimum(length, days)) if step < 0 else (np.maximum(days - length, 0), days)
        counted = (part[end] - part[start] for part in (self.open_before, self.others_before))
        open_ones, every = counted
        found: Floats = (open_ones + 1) / (every + 2)
        return found

    def gap(self) -> Floats:
        """Of each pair, the days to the nearest other row of its chain, or those that are usual in it, if these are fewer."""
        nearest = np.fmin(*(self.neighbour(step)[1] for step in (-1, 1)))
        within = np.flatnonzero((np.diff(self.chain) == 0) & (np.diff(self.day) > 0))
        days, chain = np.diff(self.day)[within], self.chain[within]
        order = np.lexsort((days, chain))
        numbers, first, size = np.unique(chain, return_index=True, return_counts=True)
        usual = np.full(int(self.chain.max(initial=0)) + 1, np.nan)
        usual[numbers] = days[order][first + (size - 1) // 2]
        found: Floats = np.fmin(nearest, usual[self.chain[self.place]])
        return found


def doubts(sides: Sides, names: Sequence[FieldName], paired: Paired) -> Floats:
    """
    The chance that pairs belong to a chain that is shifted by one row. Shape of the pairs, 0 for all others.

    Args:
        names: fields that the pass compares. Without an amount and a day among them nothing is a chain.
    """
    found = np.zeros(len(paired.left))
    fields = sides.plan.fields
    day = next((name for name in names if fields[name].type == "date"), None)
    if day is None or not len(found) or not any(fields[name].type == "money" for name in names):
        return found
    days = [_days(sides, side, day) for side in "lr"]
    # What is settled is in no chain. Usually an earlier pass has settled most rows, by a number.
    kept = [np.flatnonzero(~settled) for settled in paired.settled]
    rows = [np.searchsorted(one, pair) for one, pair in zip(kept, (paired.left, paired.right), strict=True)]
    chain = _chains([_keys(sides, side, names)[one] for side, one in zip("lr", kept, strict=True)], rows)
    sizes = [np.bincount(one)[one] for one in chain]
    lags = days[1][paired.right] - days[0][paired.left]
    recurs = np.maximum(*(size[one] for size, one in zip(sizes, rows, strict=True))) > 1
    usual = _Lags(lags[~recurs | paired.is_proved], lags[recurs & ~paired.is_proved])
    can_move = recurs & ~paired.is_proved
    found[can_move & np.isnan(lags)] = MOST
    moves = np.flatnonzero(can_move & ~np.isnan(lags))
    if not len(moves):
        return found
    left, right = (
        _side(
            _Rows(chain[n], sizes[n], days[n][kept[n]], days[n][paired.settled[n]]), rows[n], (moves, paired.is_proved)
        )
        for n in (0, 1)
    )
    both = (left, right)
    found[moves] = np.minimum(
        _shifted(both, lags[moves], usual, later=True)
        + _shifted(both, lags[moves], usual, later=False)
        + _exchanged(both, lags[moves], usual),
        MOST,
    )
    return found


class _Lags:
    """How often payments come how late. Those that recur may be later than others; a few of them do not tell."""

    def __init__(self, others: Floats, recurring: Floats) -> None:
        self._known = [np.sort(one[~np.isnan(one)]) for one in (others, recurring)]
        self._every = np.sort(np.concatenate(self._known))
        self._middle = float(np.median(self._every)) if len(self._every) else 0.0

    def odds(self, lag: Floats, now: Floats) -> Floats:
        """How much likelier one lag is than another: as frequent as others or those that recur let expect, half as far out."""
        others, recurring = (self._further(one, lag, HALF_WAY) for one in self._known)
        share = self._share(others, len(self._known[0]))
        again = (recurring.astype(np.float64) + PRIOR_ROWS * share) / (len(self._known[1]) + PRIOR_ROWS)
        return self._odds(np.maximum(share, again), lag, now)

    def odds_alone(self, lag: Floats, now: Floats) -> Floats:
        """The same of one payment, whoever pays: as frequent as such lags are, or would be if they fell off evenly."""
        half, whole = (self._further(self._every, lag, nearer) for nearer in (HALF_WAY, 1.0))
        n = len(self._every)
        return self._odds(np.maximum(self._share(half, n) ** 2, whole / max(n, 1)), lag, now)

    def _odds(self, share: Floats, lag: Floats, now: Floats) -> Floats:
        ratio: Floats = share / self._share(self._further(self._every, now, 1.0), len(self._every))
        return np.where(np.isnan(lag), 0.0, ratio)

    @staticmethod
    def _share(seen: Ints, of: int) -> Floats:
        found: Floats = (seen.astype(np.float64) + UNSEEN) / (of + 2 * UNSEEN)
        return found

    def _further(self, known: Floats, lag: Floats, nearer: float) -> Ints:
        """How many lags are at least as far out, or at least a part of the way."""
        away = (lag - self._middle) / nearer
        late = len(known) - np.searchsorted(known, self._middle + away, side="left")
        early = np.searchsorted(known, self._middle + away, side="right")
        return np.where(away >= 0, late, early)


def _days(sides: Sides, side: str, name: FieldName) -> Floats:
    k = list(sides.plan.fields).index(name)
    found = sides.connection.execute(f"SELECT epoch(f{k}) / 86400 AS v FROM {side} ORDER BY i").fetchnumpy()["v"]
    return np.ma.filled(np.ma.asarray(found, np.float64), np.nan)


def _keys(sides: Sides, side: str, names: Sequence[FieldName]) -> NDArray[np.uint64]:
    """A number for each row, equal for the rows of a party and amount."""
    columns = []
    for k, (name, field) in enumerate(sides.plan.fields.items()):
        if name not in names or field.type == "date":
            continue
        # A number that several rows have is that of a party; one that is alone says nothing of other rows.
        alone = f"CASE WHEN count(*) OVER (PARTITION BY f{k}) > 1 THEN f{k} END"
        columns += [alone if field.type == "reference" else f"f{k}"] + ([f"c{k}"] if field.type == "money" else [])
    sql = f"SELECT hash({', '.join(columns)}) AS v FROM {side} ORDER BY i"
    return np.asarray(sides.connection.execute(sql).fetchnumpy()["v"], np.uint64)


def _chains(keys: list[NDArray[np.uint64]], pairs: Sequence[Ints]) -> tuple[Ints, Ints]:
    """The number of each row's chain: rows with one key, on both sides if any of them are paired."""
    # Imported here: SciPy takes 0.4 s, and many plans have no pass that needs it.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    numbers = [np.unique(one, return_inverse=True)[1] for one in keys]
    sizes = [int(one.max(initial=-1)) + 1 for one in numbers]
    ends = numbers[0][pairs[0]], numbers[1][pairs[1]] + sizes[0]
    graph = coo_matrix((np.ones(len(ends[0]), np.int8), ends), shape=(sum(sizes), sum(sizes)))
    label = connected_components(graph, directed=False)[1].astype(np.int64)
    return label[numbers[0]], label[numbers[1] + sizes[0]]


@dataclass(frozen=True)
class _Rows:
    """The rows of a side that are not settled: the chain of each, how many rows that has, and the day; and the days of the others."""

    chain: Ints
    size: Ints
    day: Floats
    settled: Floats


def _side(every: _Rows, rows: Ints, moves: tuple[Ints, Flags]) -> _Side:
    """
    Read one side.

    Args:
        every: the rows of this side.
        rows: their places of all pairs.
        moves: the pairs that may be shifted, and which of all pairs are proved.
    """
    chain, day = every.chain, every.day
    stays = np.zeros(len(chain), np.bool_)
    stays[rows[moves[1]]] = True
    kept = np.flatnonzero(~stays & ~np.isnan(day))
    kept = kept[np.lexsort((day[kept], chain[kept]))]
    pair, place = np.full(len(chain), -1), np.full(len(chain), 0)
    pair[rows[moves[0]]] = np.arange(len(moves[0]))
    place[kept] = np.arange(len(kept))
    is_open = np.ones(len(chain), np.bool_)
    is_open[rows] = False
    alone = (every.size == 1) | stays
    others = (every.settled, day[alone], day[alone & is_open])
    known = np.concatenate((day, every.settled))
    first, last = float(np.nanmin(known)), float(np.nanmax(known))
    settled, lone, lonely = (
        np.bincount(np.floor(part[~np.isnan(part)] - first).astype(np.int64), minlength=int(last - first) + 1)
        for part in others
    )
    return _Side(
        chain=chain[kept],
        day=day[kept],
        pair=pair[kept],
        place=place[rows[moves[0]]],
        first=first,
        last=last,
        missing=min((int(is_open.sum()) + 1) / (len(chain) + 2), MOST),
        others_before=np.concatenate(([0], np.cumsum(settled + lone))),
        open_before=np.concatenate(([0], np.cumsum(lonely))),
    )


def _shifted(both: tuple[_Side, _Side], lags: Floats, usual: _Lags, *, later: bool) -> Floats:
    """
    For each pair, the chance that its payment belongs to the row before (or after) its own, and so on to both ends of the
    chain: to a row that is open, or is missing, or that the file does not reach to.
    """
    gap, sign = np.fmin(*(side.gap() for side in both)), 1 if later else -1
    ends: list[tuple[tuple[Floats, Floats], tuple[Floats, Floats]]] = []
    for side, other_side, step in zip(both, both[::-1], (-sign, sign), strict=True):
        neighbour, away = side.neighbour(step)
        odds = usual.odds(lags + sign * away, lags), usual.odds(lags + sign * gap, lags)
        beyond = side.day[side.place] + step * gap
        is_outside = (beyond < side.first) | (beyond > side.last)
        # How often a row is not there is seen in those of the other side that lack it.
        lost = np.where(is_outside, other_side.cut(step, gap), other_side.missing)
        ends.append((odds, (_reach(side, step, lost, (neighbour, *odds)), lost)))
    # Whoever pays late does so again and again, so that only the rarer one of the two lags counts.
    return sum(
        (
            np.minimum(one, other) * weight * another
            for one, weight in zip(*ends[0], strict=True)
            for other, another in zip(*ends[1], strict=True)
        ),
        np.zeros(len(lags)),
    )


def _exchanged(both: tuple[_Side, _Side], lags: Floats, usual: _Lags) -> Floats:
    """For each pair, the chance that it and a pair next to it have each other's payments."""
    left, right = both
    lines, found = right.day[right.place], np.zeros(len(lags))
    for step in (-1, 1):
        neighbour, _ = left.neighbour(step)
        other = np.where(neighbour >= 0, left.pair[np.maximum(neighbour, 0)], -1)
        of = np.maximum(other, 0)
        theirs, ours = lines[of] - left.day[left.place], lines - left.day[left.place][of]
        found += np.where(other >= 0, usual.odds_alone(theirs, lags) * usual.odds_alone(ours, lags[of]), 0.0)
    return found


def _reach(side: _Side, step: int, lost: Floats, options: tuple[Ints, Floats, Floats]) -> Floats:
    """
    How much likelier it is that the partner of a pair's row is that of its neighbour, since that is open or is shifted too.

    Args:
        lost: of each pair, the chance that the row that is one step away is not there.
        options: of each pair, its neighbour, the odds of that lag, and those of the lag to a row that is not there.
    """
    neighbour, near, far = options
    there = np.where(neighbour >= 0, side.pair[np.maximum(neighbour, 0)], -1)
    # An open row that gets a partner makes up for the one that loses it.
    most = 1 / side.missing
    found = (most * ((neighbour >= 0) & (there < 0))).tolist()
    ends, following, odds, other = lost.tolist(), there.tolist(), near.tolist(), far.tolist()
    # Each pair after its neighbour in this direction.
    for n in np.argsort(-step * side.place, kind="stable").tolist():
        after = following[n]
        if after >= 0 and odds[n] > 0:
            rarer = min(odds[after] / odds[n], 1.0), min(other[after] / odds[n], 1.0)
            found[n] = min(rarer[0] * found[after] + rarer[1] * ends[after], most)
    return np.array(found)
