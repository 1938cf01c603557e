"""
Finds totals of runs: rows that follow each other in time, and whose sum, to the unit, is a row of the other side.

Payouts are such runs, of all that was taken since the last one, and collective entries, of all that has one day and one
key. A run is the difference of two prefix sums, so all that are short enough are looked up at once. What proves them is
that each begins where the last one ended: of all ways to cut time into runs the best chain is taken.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log2

import numpy as np
from numpy.typing import NDArray

from matching.sums.judge import ABSENT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LAGS = (-3, 14)  # days from the last row of a run to its total, before any are known
FEW = 20  # proofs, with fewer of which a default is taken
TAIL = 0.005  # share of lags left out at each end
WIDE = 0.05  # of an amount, within which it is counted how many runs come near it
NEAR = 20  # whole units around an amount, at which it is counted how often runs come to it, as sums of prices do
COST = 3.0  # bits that a run must bring to be taken
MOST_BITS = 30.0
APART = 6.6  # bits: of two runs for one total, one must be so much better
SURE = 1e-6  # the least error
PROVEN = 1e-3  # the error from which on a run counts as proven
MOST_PER_TOTAL = 200  # runs that come to one total; with more, chance makes them
ROUNDS = 5  # of settling which run a total belongs to
RESERVES = tuple(range(50, 2050, 50))  # hundredths of a percent that are tried
LEAST_RESERVES = 5  # runs that prove a reserve
MOST_RESERVES = 3
USUAL, MORE_USUAL = (
    0.1,
    2.0,
)  # share of proven totals with a word, and how many times the share of other totals that must be
TOLD = 1.0  # added to each count from which it is learned how much a text says


@dataclass(frozen=True)
class Parts:
    """The rows that are summed up: amounts in minor units, days and moments (seconds) since 1970, and a key."""

    amount: Ints
    day: Floats
    moment: Ints
    key: Ints  # rows with different keys are in no run together
    gross: Ints  # what a reserve is a share of

    def __len__(self) -> int:
        return len(self.amount)


@dataclass(frozen=True)
class Totals:
    """The rows of the other side, and what their texts say: which keys, and which small numbers."""

    amount: Ints
    day: Floats
    names: tuple[
        NDArray[np.int8], ...
    ]  # for each part of the key, shape (totals, keys): 1 is named, 2 another is, 0 none is
    numbers: Sequence[frozenset[int]]
    words: Sequence[frozenset[str]]

    def __len__(self) -> int:
        return len(self.amount)


@dataclass(frozen=True)
class Options:
    """Bounds, and whom to ask whether to stop."""

    most_days: int = 7
    most_runs: int = 4_000_000  # that are looked at
    unit: int = 100
    with_reserves: bool = False
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Run:
    """Rows that are a total, why, and the chance that they are not."""

    rows: tuple[int, ...]
    total: int
    error: float
    chance: float  # other runs that chance is expected to make
    pool: int  # runs that this one was chosen from
    chained: int  # on how many sides another run adjoins
    reserve: int  # hundredths of a percent that are kept back


@dataclass(frozen=True)
class _Found:
    """Runs that come to a total: the first and the last moment, the total, and the reserve. All of shape (found,)."""

    first: Ints
    last: Ints
    total: Ints
    reserve: Ints

    def taken(self, keep: Bools | Ints) -> "_Found":
        return _Found(self.first[keep], self.last[keep], self.total[keep], self.reserve[keep])

    def __len__(self) -> int:
        return len(self.total)


@dataclass
class _Learned:
    """What proven runs have taught: lags, the shares of reserves, and how much each answer of a text says, in bits."""

    window: tuple[int, int] = LAGS
    lags: Counter[int] = field(default_factory=Counter)
    reserves: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    answers: list[Floats] = field(default_factory=list)  # for each kind of answer, by answer


class Solver:
    """All runs of one currency, and which of them are totals."""

    def __init__(self, parts: Parts, totals: Totals, options: Options) -> None:
        self.parts, self.totals, self.options = parts, totals, options
        known = np.flatnonzero(~np.isnan(parts.day))
        self.order = known[np.lexsort((known, parts.moment[known], parts.key[known]))]
        key, moment = parts.key[self.order], parts.moment[self.order]
        is_new = np.append(True, (np.diff(key) != 0) | (np.diff(moment) != 0)) if len(key) else np.zeros(0, bool)
        self.start: Ints = np.append(np.flatnonzero(is_new), len(key))  # of each moment, the first of its rows
        at = self.start[:-1]
        self.key, self.day = key[at], parts.day[self.order][at]
        amount, gross = parts.amount[self.order], np.maximum(parts.gross[self.order], 0)
        self.sum_to = np.append(0, np.cumsum(amount))[self.start]
        self.gross_to = np.append(0, np.cumsum(gross))[self.start]
        self.days, self.first, self.last = self._runs()
        self.is_bounded = self.days < options.most_days
        self.sums = self.sum_to[self.last + 1] - self.sum_to[self.first]
        self._ordered = np.sort(self.sums)
        self._last_days = np.sort(self.day[self.last]) if len(self.last) else np.zeros(0)
        self._days = np.sort(self.day)
        self.learned = _Learned()
        self._is_usual = np.zeros(len(totals), np.int64)
        self.density = self._densities()

    def _runs(self) -> tuple[int, Ints, Ints]:
        """All runs of at most so many days, fewer if there are too many: their first and last moments."""
        moments = np.arange(len(self.key))
        for days in range(self.options.most_days, 0, -1):
            reach = np.empty(len(moments), np.int64)
            ends = np.append(np.flatnonzero(np.diff(self.key)) + 1, len(moments)) if len(moments) else moments
            begin = 0
            for end in ends.tolist():
                of = self.day[begin:end]
                reach[begin:end] = begin + np.searchsorted(of, of + days - 1, side="right") - 1
                begin = end
            counts = reach - moments + 1
            if counts.sum() <= self.options.most_runs:
                first = np.repeat(moments, counts)
                offset = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
                return days, first, first + offset
        return 0, np.zeros(0, np.int64), np.zeros(0, np.int64)

    # -- chance --------------------------------------------------------------------------------------------------------

    def _densities(self) -> Floats:
        """For each total, the share of all runs that come to its amount by chance."""
        amount, ordered, unit = self.totals.amount, self._ordered, self.options.unit
        size = max(len(ordered), 1)

        def between(low: Ints, high: Ints) -> Ints:
            found: Ints = np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low, side="left")
            return found

        width = np.maximum(np.abs(amount * WIDE).astype(np.int64), unit // 2)
        around = (between(amount - width, amount + width) + 1) / (2 * width + 1)
        at_units = sum(between(amount + n * unit, amount + n * unit) for n in range(-NEAR, NEAR + 1) if n)
        equal = np.maximum(between(amount, amount) - 1, 0)
        found: Floats = np.maximum.reduce([around, np.asarray(at_units) / (2 * NEAR), equal]) / size
        return found

    def _within(self, days: Floats) -> Floats:
        """For each total, how many of these days are in its window."""
        low, high = self.learned.window
        upto = np.searchsorted(days, self.totals.day - low, side="right")
        found: Floats = (upto - np.searchsorted(days, self.totals.day - high, side="left")).astype(np.float64)
        return np.where(np.isnan(self.totals.day), 0.0, found)

    def excess(self, least_rows: int) -> tuple[int, float]:
        """How many totals are runs of so many rows that chance would hardly make, and how many it would."""
        chance = self._within(self._last_days) * self.density
        is_rare = chance <= ABSENT
        found = self._find((0,))
        several = self.start[found.last + 1] - self.start[found.first] >= least_rows
        hit = np.zeros(len(self.totals), bool)
        hit[found.total[several]] = True
        return int((hit & is_rare).sum()), float(chance[is_rare].sum())

    # -- candidates ----------------------------------------------------------------------------------------------------

    def _find(self, reserves: Sequence[int], among: Bools | None = None) -> _Found:
        """The runs that come to a total within its window; `among` says which runs are looked at."""
        order = np.argsort(self.totals.amount, kind="stable")
        amounts = self.totals.amount[order]
        first, last, sums = (of if among is None else of[among] for of in (self.first, self.last, self.sums))
        low, high = self.learned.window
        some: list[_Found] = []
        for reserve in reserves:
            self.options.check()
            net = sums
            if reserve:
                kept = ((self.gross_to[last + 1] - self.gross_to[first]) * reserve + 5_000) // 10_000
                net = np.where(kept > 0, sums - kept, np.iinfo(np.int64).min)
            begin, end = (np.searchsorted(amounts, net, side=side) for side in ("left", "right"))
            hits = np.flatnonzero(end > begin)
            counts = (end - begin)[hits]
            run = np.repeat(hits, counts)
            total = order[
                np.repeat(begin[hits], counts) + np.arange(len(run)) - np.repeat(np.cumsum(counts) - counts, counts)
            ]
            lag = self.totals.day[total] - self.day[last[run]]
            keep = (lag >= low) & (lag <= high)
            run, total = run[keep], total[keep]
            some.append(_Found(first[run], last[run], total, np.full(len(run), reserve)))
        found = _Found(
            *(np.concatenate([getattr(one, name) for one in some]) for name in ("first", "last", "total", "reserve"))
        )
        often = np.bincount(found.total, minlength=len(self.totals)) > MOST_PER_TOTAL
        return found.taken(~often[found.total])

    # -- what texts say ------------------------------------------------------------------------------------------------

    def _answers(self, key: Ints, size: Ints, total: Ints) -> list[Ints]:
        """For each kind of answer, what the totals' texts say to runs with this key and so many rows."""
        found = [names[total, key].astype(np.int64) for names in self.totals.names]
        says = [self.totals.numbers[k] for k in total.tolist()]
        count = [2 if not of else int(n in of) for n, of in zip(size.tolist(), says, strict=True)]
        return [*found, np.array(count, np.int64), self._is_usual[total]]

    def _shape(self, found: _Found) -> tuple[Ints, Ints, Ints]:
        return self.key[found.first], self.start[found.last + 1] - self.start[found.first], found.total

    def _learn_answers(self, proven: _Found) -> None:
        """Compare what texts say about their own runs with what they say about those of others."""
        if len(proven) < FEW:
            return
        key, size, total = self._shape(proven)
        self._is_usual = self._usual(total)
        own = self._answers(key, size, total)
        others = [self._answers(key, size, np.roll(total, n)) for n in (1, 3, 7)]
        rest = np.setdiff1d(np.arange(len(self.totals)), total)
        for answers in others:
            answers[-1] = np.resize(self._is_usual[rest], len(total)) if len(rest) >= FEW else own[-1]
        self.learned.answers = []
        for n, of in enumerate(own):
            true = np.bincount(of, minlength=3) + TOLD
            chance = np.bincount(np.concatenate([one[n] for one in others]), minlength=3) / len(others) + TOLD
            self.learned.answers.append(np.log2(true / true.sum()) - np.log2(chance / chance.sum()))

    def _usual(self, proven: Ints) -> Ints:
        """For each total, whether its text has a word that is usual in those of proven totals and elsewhere is not."""
        is_proven = np.zeros(len(self.totals), bool)
        is_proven[proven] = True
        inside, outside = (
            Counter(word for k in np.flatnonzero(some).tolist() for word in self.totals.words[k])
            for some in (is_proven, ~is_proven)
        )
        many, rest = int(is_proven.sum()), max(int((~is_proven).sum()), 1)
        usual = {
            word
            for word, count in inside.items()
            if count >= USUAL * many and count / many >= MORE_USUAL * outside[word] / rest
        }
        return np.array([not usual.isdisjoint(of) for of in self.totals.words], np.int64)

    def _said(self, found: _Found) -> tuple[Floats, Floats]:
        """
        How much texts say for each run, in bits, and how much of this tells it from other runs of the same sum.

        The number of rows follows from the sum, so it can only speak against a run, and so can usual words.
        """
        bits, telling = np.zeros(len(found)), np.zeros(len(found))
        if self.learned.answers:
            names = len(self.totals.names)
            for n, of in enumerate(self._answers(*self._shape(found))):
                said = self.learned.answers[n][of]
                bits += said
                telling += said if n < names else np.minimum(said, 0.0)
        return bits, telling

    # -- the chain -----------------------------------------------------------------------------------------------------

    def solve(self) -> list[Run]:
        """The runs that are totals."""
        if not len(self.first) or not len(self.totals):
            return []
        _, proven, _ = self._chosen()
        self._learn(proven)
        chosen, proven, _ = self._chosen()
        self._learn(proven)
        if self.options.with_reserves:
            self._learn_reserves(chosen)
        return self._judged()

    def _learn(self, proven: _Found) -> None:
        lags = (self.totals.day[proven.total] - self.day[proven.last]).astype(np.int64)
        if len(lags) >= FEW:
            low, high = np.quantile(lags, (TAIL, 1 - TAIL), method="nearest")
            margin = int(len(lags) < 10 * FEW)
            self.learned.window = (int(low) - margin, int(high) + margin)
            self.learned.lags = Counter(lags.tolist())
        self._learn_answers(proven)

    def _learn_reserves(self, chosen: _Found) -> None:
        """Where no run is a total, what share must be kept back so that they are?"""
        taken = np.zeros(len(self.key) + 1, np.int64)
        np.add.at(taken, chosen.first, 1)
        np.add.at(taken, chosen.last + 1, -1)
        used = np.append(0, np.cumsum(np.cumsum(taken)[:-1] > 0))
        among = (used[self.last + 1] == used[self.first]) & (self.last > self.first)
        is_paid = np.zeros(len(self.totals), bool)
        is_paid[chosen.total] = True
        votes = {}
        for reserve in RESERVES:
            total = self._find((reserve,), among).total
            votes[reserve] = len(np.unique(total[~is_paid[total]]))
        usual = float(np.median(list(votes.values())))
        best = sorted(votes, key=lambda reserve: (-votes[reserve], reserve))[:MOST_RESERVES]
        for reserve in best:
            if votes[reserve] >= max(LEAST_RESERVES, 3 * usual + 2):
                self.learned.reserves[reserve] = votes[reserve] / max(len(chosen), 1)

    def _bits(self, found: _Found) -> tuple[Floats, Floats]:
        """What each run brings by itself, and what it brings besides if it begins where another one ended."""
        k, low_high = found.total, self.learned.window
        pool, ends = (np.maximum(self._within(days), 1.0) for days in (self._last_days, self._days))
        bits = -np.log2(np.maximum(self.density * pool, 2**-MOST_BITS))[k] - COST + self._said(found)[0]
        if self.learned.lags:
            width, many = low_high[1] - low_high[0] + 1, sum(self.learned.lags.values())
            lag = (self.totals.day[k] - self.day[found.last]).astype(np.int64).tolist()
            bits += np.array([log2((self.learned.lags[n] + 0.5) / (many + 0.5 * width) * width) for n in lag])
        shares = self.learned.reserves
        bits += np.array([log2(min(shares[n], 1.0)) for n in found.reserve.tolist()])
        return bits, np.log2(pool / np.minimum(ends, pool))[k]

    def _chosen(self) -> tuple[_Found, _Found, Floats]:
        """The best chain: the runs in it, those of them that are proven, and the errors of all."""
        found = self._find(tuple(self.learned.reserves))
        bits, bonus = self._bits(found)
        keep = bits + 2 * bonus > 0
        found, bits, bonus = found.taken(keep), bits[keep], bonus[keep]
        order = np.lexsort((found.total, found.first, found.last))
        found, bits, bonus = found.taken(order), bits[order], bonus[order]
        self._all = (found, bits, bonus)
        allowed = np.ones(len(found), bool)
        chosen: list[int] = []
        for _ in range(ROUNDS):
            self.options.check()
            chosen = self._best_chain(found, bits, bonus, allowed)
            worth = self._worth(found, bits, bonus, chosen)
            of: dict[int, list[int]] = defaultdict(list)
            for c in chosen:
                of[int(found.total[c])].append(c)
            lost: list[int] = []
            for rivals in of.values():
                rivals.sort(key=lambda c: (-worth[c], c))
                if len(rivals) > 1:
                    lost += rivals[1:] if worth[rivals[0]] - worth[rivals[1]] >= APART else rivals
            if not lost:
                break
            allowed[lost] = False
            gone = set(lost)
            chosen = [c for c in chosen if c not in gone]
        self._picked = chosen
        at = np.array(chosen, np.int64)
        errors = np.array([one.error for one in self._runs_of(chosen)])
        return found.taken(at), found.taken(at[errors <= PROVEN] if len(at) else at), errors

    def _best_chain(self, found: _Found, bits: Floats, bonus: Floats, allowed: Bools) -> list[int]:
        """Runs that do not overlap and bring most together; those that adjoin bring more."""
        first, stop = found.first.tolist(), (found.last + 1).tolist()
        own, more, day = bits.tolist(), bonus.tolist(), self.totals.day[found.total].tolist()
        total = found.total.tolist()
        key = self.key.tolist()
        value, before = [0.0] * len(own), [-1] * len(own)
        stops: list[int] = [0]  # ends, and what the best chain up to each brings
        best: list[tuple[float, int]] = [(0.0, -1)]
        at: dict[int, int] = {}  # the best chain that ends exactly here
        for c in np.flatnonzero(allowed).tolist():
            free = best[bisect_right(stops, first[c]) - 1]
            value[c], before[c] = own[c] + free[0], free[1]
            last = at.get(first[c], -1)
            is_chained = last >= 0 and key[first[last]] == key[first[c]] and total[last] != total[c]
            if is_chained and day[last] <= day[c] and own[c] + more[c] + value[last] > value[c]:
                value[c], before[c] = own[c] + more[c] + value[last], last
            if stop[c] not in at or value[c] > value[at[stop[c]]]:
                at[stop[c]] = c
            if value[c] > best[-1][0]:
                if stops[-1] == stop[c]:
                    best[-1] = (value[c], c)
                else:
                    stops.append(stop[c])
                    best.append((value[c], c))
        chain = []
        c = best[-1][1]
        while c >= 0:
            chain.append(c)
            c = before[c]
        return chain[::-1]

    def _sides(self, found: _Found, chosen: list[int]) -> Iterator[tuple[int, bool, bool]]:
        """Each chosen run, and whether another one adjoins before and after."""
        begins = {int(found.first[c]) for c in chosen}
        ends = {int(found.last[c]) + 1 for c in chosen}
        for c in chosen:
            first, stop = int(found.first[c]), int(found.last[c]) + 1
            before = first in ends and bool(self.key[first - 1] == self.key[first])
            after = stop in begins and bool(self.key[stop] == self.key[first])
            yield c, before, after

    def _worth(self, found: _Found, bits: Floats, bonus: Floats, chosen: list[int]) -> dict[int, float]:
        return {
            c: float(bits[c]) + (before + after) * float(bonus[c]) for c, before, after in self._sides(found, chosen)
        }

    def _runs_of(self, chosen: list[int]) -> list[Run]:
        found, bits, bonus = self._all
        pool, ends = (np.maximum(self._within(days), 1.0) for days in (self._last_days, self._days))
        cuts = np.maximum(self._within(np.sort(self.day[found.last[chosen]])), 1.0)
        _, said = self._said(found)
        worth = self._worth(found, bits, bonus, chosen)
        used = np.append(0, np.cumsum(self._is_used(found, chosen)))
        of_total: dict[int, list[int]] = defaultdict(list)
        of_run: dict[tuple[int, int], list[int]] = defaultdict(list)
        for c in range(len(found)):
            of_total[int(found.total[c])].append(c)
            of_run[int(found.first[c]), int(found.last[c])].append(c)
        paid = {int(found.total[c]) for c in chosen}
        runs = []
        for c, before, after in self._sides(found, chosen):
            k, first, last = int(found.total[c]), int(found.first[c]), int(found.last[c])
            # A total between two others is no end of any run, but it could be any of those in its window.
            alternatives = (pool[k], min(ends[k], pool[k]), min(cuts[k], pool[k]))[before + after]
            chance = float(alternatives * self.density[k]) * len(self.learned.reserves)
            rivals = 0.0
            for other in of_total[k]:
                a, b = int(found.first[other]), int(found.last[other])
                is_free = used[b + 1] - used[a] == max(min(b, last) - max(a, first) + 1, 0)
                if other != c and is_free:
                    rivals += 2.0 ** float(bits[other] - worth[c])
            for other in of_run[first, last]:
                if other != c and int(found.total[other]) not in paid:
                    rivals += 2.0 ** float(bits[other] - bits[c])
            error = ABSENT * chance * 2.0 ** -float(min(said[c], 10.0)) + rivals / (1 + rivals)
            rows = tuple(self.order[self.start[first] : self.start[last + 1]].tolist())
            runs.append(
                Run(rows, k, max(min(error, 1.0), SURE), chance, int(pool[k]), before + after, int(found.reserve[c]))
            )
        return runs

    def _is_used(self, found: _Found, chosen: list[int]) -> Ints:
        used = np.zeros(len(self.key), np.int64)
        for c in chosen:
            used[found.first[c] : found.last[c] + 1] = 1
        return used

    def _judged(self) -> list[Run]:
        self._chosen()
        return [run for run in self._runs_of(self._picked) if len(run.rows) > 1 or self._is_link(run)]

    def _is_link(self, run: Run) -> bool:
        """Whether a run of one row is proven by its place between others. If not, it is a pair, for which texts count more."""
        return self.options.most_days > 1 and run.chained > 0
