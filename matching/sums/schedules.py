"""
How payouts are made up: whose rows each kind of payment pays, of which days, and less what.

A payout pays all rows of one branch, or shop, or terminal, since the last one: a run of days. No row says so, but a text that comes
again and again, and amounts that tie to the unit, do: each text is tried with each branch and each choice of kinds of rows.
The fees that explain most payments exactly are taken, if amounts that are off by a little are explained far less often.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching.sums.fees import PERCENT, STEP, Fee, halves_up
from matching.sums.prices import is_price_list
from matching.sums.rows import Rows, Texts
from matching.sums.words import words

MOST_BRANCHES = 400
MOST_KINDS = 6  # of rows, whose fees may differ; with more, all are taken together
MOST_CHOSEN = 3  # kinds, of which all choices are tried for fees; of more, each by itself, all, and all but one
MOST_PERCENT = 500  # hundredths of a percent
COMMISSIONS = (550, 3_001, 50)  # of marketplaces, which are tried where usual fees explain no payments of a text
RESERVES = (
    100,
    200,
    250,
    300,
    500,
    750,
    800,
    1_000,
    1_500,
    2_000,
)  # of the gross amount, the same
MOST_FIXED, MOST_BY_ROW = 1.0, 6.0  # for each row, in whole units of the currency; of couriers and marketplaces
LEAST_ROWS = 3  # of a run that tells of a fee for each row
LONGEST = 7  # days with rows of a run, and
LONGEST_SPAN = 8  # days from its first to its last
LAGS = (-1, 10)  # days from the last day of a run to its payment
LEAST_SEEN = 3  # texts that have a word, for it to be one that comes again
LEAST_TIES = 6  # payments that a fee explains, and texts that have a word with digits
LEAST_TIED = 4  # payments of a text that pay a branch, once fees are known
MORE = 0.1  # share of a text's payments that another choice of kinds must explain besides
TIMES_CHANCE = 4  # so many times what amounts that are off show
OFF = (3, -7, 41, -113)  # minor units
FREQUENT = 5  # amounts of a price list, by whose differences payments are taken to be off as well
MAX_WORK = 60_000_000  # pairs of a payment and a run that are looked at
USUAL_FEE, MOST_FEE = 0.15, 0.35  # of the gross amount
MOST_LEARNED, MOST_TRIED = 60_000, 6_000  # pairs of a payment and a run that usual fees are learned from, and others

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Fees = Mapping[int, Fee]  # by kind

_GRID: Ints = np.arange(0, MOST_PERCENT + 1, STEP, dtype=np.int64)


@dataclass(frozen=True)
class Branch:
    """The rows of one branch that are of some kinds, by days."""

    number: int
    kinds: tuple[int, ...]
    rows: Ints  # in the order of their days
    days: Floats  # the different ones
    starts: Ints  # where each day's rows begin, and the end

    def run(self, first: int, last: int) -> Ints:
        """The rows from one day to another, by the numbers of the days."""
        found: Ints = self.rows[self.starts[first] : self.starts[last + 1]]
        return found


@dataclass(frozen=True)
class Pairs:
    """Payments and runs of a branch that may belong together: shape (n,) each."""

    line: Ints
    first: Ints
    last: Ints

    def those(self, keep: Bools) -> "Pairs":
        """Some of them."""
        return Pairs(self.line[keep], self.first[keep], self.last[keep])


@dataclass(frozen=True)
class Schedule:
    """Payments with one text pay the rows of a branch, less fees."""

    series: int
    branch: Branch
    fees: Fees
    ties: int


class Book:
    """The rows that are paid, the payments, and what is known of both."""

    def __init__(self, parts: Rows, totals: Rows, unit: int, *, is_one: bool = False) -> None:
        """`is_one`: all rows are of one branch, and `parts.reference` says nothing."""
        self.parts, self.totals, self.unit = parts, totals, unit
        self.kind = _codes(parts.party)
        if self.kind.max(initial=0) >= MOST_KINDS:
            self.kind = np.zeros(len(parts), np.int64)
        self.series = _series(totals.reference)
        self.branches = _branches(parts, self.kind, is_one=is_one)
        self.offs = (*OFF, *_differences(parts.amount))
        # A payment that some single row comes to proves no payout: books that agree row by row have only such.
        self.is_like_one = np.isin(totals.amount, parts.amount)

    def pairs(self, branch: Branch, off: int = 0, most: float = MOST_FEE) -> Pairs:
        """Payments that a run may come to, by its days and its amount less a share of at most `most`."""
        lines = np.flatnonzero((self.series >= 0) & ~np.isnan(self.totals.day) & (self.totals.amount + off > 0))
        lines = lines[np.argsort(self.totals.day[lines], kind="stable")]
        days = self.totals.day[lines]
        low = np.searchsorted(days, branch.days + LAGS[0])
        high = np.searchsorted(days, branch.days + LAGS[1], side="right")
        count = high - low
        last = np.repeat(np.arange(len(branch.days)), count)
        line = lines[np.arange(len(last)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)]
        sums = np.append(0, np.cumsum(self.parts.amount[branch.rows]))[branch.starts]
        found: list[tuple[Ints, Ints, Ints]] = []
        target = self.totals.amount[line] + off
        for length in range(LONGEST):
            first = np.maximum(last - length, 0)
            gross = sums[last + 1] - sums[first]
            keep = (last >= length) & (branch.days[last] - branch.days[first] <= LONGEST_SPAN)
            keep &= (gross >= target) & (gross - target <= most * gross)
            found.append((line[keep], first[keep], last[keep]))
        return Pairs(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def often(self, pairs: Pairs) -> Pairs:
        """Those of texts with enough payments to prove a fee."""
        lines = np.unique(pairs.line)
        enough = np.bincount(self.series[lines], minlength=1) >= LEAST_TIES
        return pairs.those(enough[self.series[pairs.line]])

    def short(self, branch: Branch, pairs: Pairs, off: int = 0) -> Ints:
        """By how much each run exceeds its payment."""
        found: Ints = self.gross(branch, pairs) - self.totals.amount[pairs.line] - off
        return found

    def fee(self, branch: Branch, fees: Fees, pairs: Pairs) -> Ints:
        """The fees of each run."""
        found = np.zeros(len(pairs.line), np.int64)
        for kind in branch.kinds:
            charged = self.charged(branch, kind, refunds_bear=fees[kind].refunds_bear)
            found += _fee(fees[kind], charged, branch, pairs)
        if (reserve := fees[branch.kinds[0]].reserve) > 0:  # of all kinds
            found += halves_up(self.gross(branch, pairs) * reserve)
        return found

    def gross(self, branch: Branch, pairs: Pairs) -> Ints:
        """What the rows of each run come to."""
        sums = np.append(0, np.cumsum(self.parts.amount[branch.rows]))[branch.starts]
        found: Ints = sums[pairs.last + 1] - sums[pairs.first]
        return found

    def charged(self, branch: Branch, kind: int | None, *, refunds_bear: bool = False) -> Ints:
        """What bears a fee of each row of a branch, of one kind or of all."""
        amounts = self.parts.amount[branch.rows]
        amounts = amounts if refunds_bear else np.maximum(amounts, 0)
        if kind is None:
            return amounts
        found: Ints = np.where(self.kind[branch.rows] == kind, amounts, 0)
        return found

    def ties(self, branch: Branch, fees: Fees, pairs: Pairs, off: int = 0) -> Bools:
        """Which runs come to their payments to the unit."""
        found: Bools = self.short(branch, pairs, off) == self.fee(branch, fees, pairs)
        return found


def _fee(fee: Fee, charged: Ints, branch: Branch, pairs: Pairs) -> Ints:
    rounded = halves_up(charged * fee.percent) if fee.rounded_by_part else charged
    both = [np.append(0, np.cumsum(values))[branch.starts] for values in (rounded, (charged != 0).astype(np.int64))]
    sums, counts = (values[pairs.last + 1] - values[pairs.first] for values in both)
    found: Ints = (sums if fee.rounded_by_part else halves_up(sums * fee.percent)) + fee.fixed * counts
    return found


def _differences(amounts: Ints) -> list[int]:
    """
    The differences between the most frequent amounts, where amounts repeat. Sums of a price list hardly ever come to what is a
    few cents off, and to what is one price more and another less as often as to anything.
    """
    values, counts = np.unique(amounts[amounts != 0], return_counts=True)
    if not is_price_list(amounts[amounts != 0]):
        return []
    frequent = values[np.lexsort((values, -counts))][:FREQUENT]
    return [int(off) * (-1) ** n for n, off in enumerate(np.diff(frequent).tolist())]


def _codes(texts: Texts) -> Ints:
    numbers = {text: n for n, text in enumerate(sorted({" ".join(words(text)) for text in texts}))}
    return np.array([numbers[" ".join(words(text))] for text in texts], np.int64)


def _series(texts: Texts) -> Ints:
    """A number for each text, the same for those that differ only in words that do not come again; -1 for those without any."""
    read = [words(text) for text in texts]
    seen: dict[str, int] = {}
    for found in read:
        for word in set(found):
            seen[word] = seen.get(word, 0) + 1

    def is_kept(word: str) -> bool:
        return seen[word] >= (LEAST_TIES if any(c.isdigit() for c in word) else LEAST_SEEN)

    kept = [" ".join(filter(is_kept, found)) for found in read]
    numbers = {text: n for n, text in enumerate(sorted(set(kept) - {""}))}
    return np.array([numbers.get(text, -1) for text in kept], np.int64)


def _branches(parts: Rows, kind: Ints, *, is_one: bool) -> list[Branch]:
    """Each branch with each choice of the kinds that it has."""
    of = np.zeros(len(parts), np.int64) if is_one else _codes(parts.reference)
    named = ~np.isnan(parts.day) & (parts.amount != 0)  # whatever is nothing is paid by nothing
    if not is_one:
        named &= np.array([bool(words(text)) for text in parts.reference], bool)
    found = []
    for number in np.unique(of[named]).tolist():
        rows = np.flatnonzero(named & (of == number))
        rows = rows[np.argsort(parts.day[rows], kind="stable")]
        has = np.unique(kind[rows]).tolist()
        for size in range(1, len(has) + 1):
            for kinds in combinations(has, size):
                some = rows[np.isin(kind[rows], kinds)]
                days, starts = np.unique(parts.day[some], return_index=True)
                found.append(Branch(number, kinds, some, days, np.append(starts, len(some))))
    return found if len({branch.number for branch in found}) <= MOST_BRANCHES else []


# -- learning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Voted:
    """What a branch's runs say about fees: how many payments of a text a fee explains, and how many that are off."""

    votes: int
    chance: int
    series: int
    branch: Branch
    fees: Fees

    @property
    def is_proof(self) -> bool:
        return self.votes >= max(LEAST_TIES, TIMES_CHANCE * self.chance)


def learn(book: Book, check: Callable[[], None], *, is_usual: bool = False) -> list[Schedule]:
    """Which payments pay which branch, and less what. `is_usual`: commissions and reserves, which take longer, are not tried."""
    if (
        sum(len(branch.days) for branch in book.branches) * len(book.totals) * (LAGS[1] - LAGS[0]) * LONGEST
        > MAX_WORK * 365
    ):
        return []
    models: list[dict[int, Fee]] = []
    voted: list[_Voted] = []
    has = {branch.number: len(branch.kinds) for branch in book.branches if len(branch.kinds)}  # all kinds come last
    for branch in book.branches:
        check()
        if not (
            len(branch.kinds) <= 1 or has[branch.number] <= MOST_CHOSEN or len(branch.kinds) >= has[branch.number] - 1
        ):
            continue
        pairs = _some(book.often(book.pairs(branch, most=USUAL_FEE)), MOST_LEARNED)
        if len(pairs.line):
            voted += _alone(book, branch, pairs, _USUAL)
            if len(branch.kinds) == 2:
                voted += _two(book, branch, pairs)
    for model in () if is_usual else (_COMMISSION, _RESERVE):
        proved = sorted({one.series for one in voted if one.is_proof})
        for branch in [one for one in book.branches if len(one.kinds) == has[one.number]]:
            check()
            pairs = book.often(book.pairs(branch))
            pairs = _some(pairs.those(~np.isin(book.series[pairs.line], proved)), MOST_TRIED)
            voted += _alone(book, branch, pairs, model)
    proofs = sorted((one for one in voted if one.is_proof), key=lambda one: (-one.votes, one.series, one.branch.number))
    for one in proofs:
        fees = dict(one.fees)
        if fees not in models:
            models.append(fees)
    return _schedules(book, _whole(models), check)


def _whole(models: list[dict[int, Fee]]) -> list[dict[int, Fee]]:
    """The models, and what those of different kinds make together. Models that come first explain most."""
    found = list(models)
    for one in models:
        joined = dict(one)
        for other in models:
            joined = {**other, **joined}
        if joined not in found:
            found.append(joined)
    return found


def _schedules(book: Book, models: list[dict[int, Fee]], check: Callable[[], None]) -> list[Schedule]:
    """Each text with the branches that its payments pay, by the model that explains most."""
    found = []
    for branch in book.branches:
        check()
        best: dict[int, tuple[frozenset[int], dict[int, Fee]]] = {}
        tried: list[dict[int, Fee]] = []
        for fees in [{k: fees[k] for k in branch.kinds} for fees in models if set(fees) >= set(branch.kinds)]:
            if fees in tried:
                continue
            tried.append(fees)
            tied = _tied(book, branch, fees, 0)
            if max(map(len, tied.values()), default=0) < LEAST_TIED:
                continue
            chance = [_tied(book, branch, fees, off) for off in book.offs]
            for series, lines in tied.items():
                by_chance = max(len(one.get(series, ())) for one in chance)
                if len(lines) >= max(LEAST_TIED, TIMES_CHANCE * by_chance) and len(lines) > len(
                    best.get(series, ((),))[0]
                ):
                    best[series] = (lines, fees)
        found += [(Schedule(series, branch, fees, len(lines)), lines) for series, (lines, fees) in sorted(best.items())]
    return _distinct(found)


def _distinct(found: list[tuple[Schedule, frozenset[int]]]) -> list[Schedule]:
    """Of a text and a branch the choice of kinds that most payments tie with, and others that explain further payments."""
    kept: list[Schedule] = []
    explained: dict[tuple[int, int], set[int]] = {}
    for one, lines in sorted(found, key=lambda f: (-len(f[1]), len(f[0].branch.kinds), f[0].series, f[0].branch.kinds)):
        known = explained.setdefault((one.series, one.branch.number), set())
        if not known or len(lines - known) >= max(LEAST_TIED, MORE * len(known)):
            kept.append(one)
            known |= lines
    return kept


def tied_by_chance(book: Book, schedules: list[Schedule]) -> dict[int, float]:
    """The share of each text's payments that come to a run though they are off by a difference of a price list."""
    offs = book.offs[len(OFF) :]
    found: dict[int, float] = {}
    for one in schedules if offs else ():
        tied = [len(_tied(book, one.branch, one.fees, off).get(one.series, ())) for off in offs]
        counted = int(((book.series == one.series) & ~book.is_like_one).sum())  # as _tied does
        share = sum(tied) / len(tied) / max(counted, 1)
        found[one.series] = max(found.get(one.series, 0.0), share)
    return found


def _tied(book: Book, branch: Branch, fees: Fees, off: int) -> dict[int, frozenset[int]]:
    """The payments of each text that a branch's runs come to."""
    pairs = book.pairs(branch, off)
    lines = np.unique(pairs.line[book.ties(branch, fees, pairs, off) & ~book.is_like_one[pairs.line]])
    found: dict[int, set[int]] = {}
    for series, line in zip(book.series[lines].tolist(), lines.tolist(), strict=True):
        found.setdefault(series, set()).add(line)
    return {series: frozenset(some) for series, some in found.items()}


def _some(pairs: Pairs, most: int) -> Pairs:
    """The pairs of as many payments as fees are learned from."""
    if len(pairs.line) <= most:
        return pairs
    lines, counts = np.unique(pairs.line, return_counts=True)
    return pairs.those(np.isin(pairs.line, lines[np.cumsum(counts) <= most]))


@dataclass(frozen=True)
class _Model:
    """Fees that are tried: percentages, a fixed amount of each row up to one in whole units, and reserves."""

    grid: Ints
    most_fixed: float
    reserves: tuple[int, ...] = (0,)
    may_refund: bool = False


_USUAL = _Model(_GRID, MOST_FIXED)
_COMMISSION = _Model(np.append(_GRID, np.arange(*COMMISSIONS, dtype=np.int64)), MOST_BY_ROW, may_refund=True)
_RESERVE = _Model(_GRID, MOST_FIXED, RESERVES)


def _alone(book: Book, branch: Branch, pairs: Pairs, model: _Model) -> Iterator[_Voted]:
    """Fees that are the same for all kinds of rows, with or without a reserve of the gross amount."""
    if not len(pairs.line):
        return
    grid, most = model.grid, int(model.most_fixed * book.unit)
    has_refunds = model.may_refund and bool((book.parts.amount[branch.rows] < 0).any())
    gross = book.gross(branch, pairs)
    for refunds_bear in (False, True) if has_refunds else (False,):
        charged = book.charged(branch, None, refunds_bear=refunds_bear)
        counts = np.append(0, np.cumsum(charged != 0))[branch.starts]
        number = np.maximum(counts[pairs.last + 1] - counts[pairs.first], 1)
        for by_part in (True, False):
            fees = _by_percent(charged, branch, pairs, grid, by_part=by_part)
            for reserve in model.reserves:
                kept = halves_up(gross * reserve)

                def keys(off: int, fees: Ints = fees + kept, number: Ints = number) -> tuple[Ints, Ints]:
                    rest = book.short(branch, pairs, off) - fees
                    fixed = rest // number
                    good = (rest >= 0) & (fixed <= most) & (fixed * number == rest)
                    good &= (fixed == 0) | (number >= LEAST_ROWS)
                    percent, pair = np.nonzero(good)
                    return pairs.line[pair], fixed[good] * len(grid) + percent

                for series, key, votes, chance in _counted(book, keys):
                    fixed, percent = divmod(key, len(grid))
                    fee = Fee(int(grid[percent]), fixed, True, by_part, refunds_bear, reserve)
                    yield _Voted(votes, chance, series, branch, dict.fromkeys(branch.kinds, fee))


def _two(book: Book, branch: Branch, pairs: Pairs) -> Iterator[_Voted]:
    """Percentages of two kinds of rows."""
    charged = [book.charged(branch, kind) for kind in branch.kinds]
    first, second = (
        sums[pairs.last + 1] - sums[pairs.first]
        for sums in (np.append(0, np.cumsum(values))[branch.starts] for values in charged)
    )
    has_both = (first > 0) & (second > 0)
    both, second = pairs.those(has_both), second[has_both]
    if not len(both.line):
        return
    at = np.arange(len(both.line))
    for by_part in (True, False):
        fees = [_by_percent(values, branch, both, _GRID, by_part=by_part) for values in charged]

        def keys(off: int, fees: list[Ints] = fees) -> tuple[Ints, Ints]:
            rest = book.short(branch, both, off) - fees[0]
            place = np.rint(rest * (PERCENT / STEP) / second).astype(np.int64)
            inside = np.clip(place, 0, len(_GRID) - 1)
            good = (place == inside) & (fees[1][inside, at] == rest)
            percent, pair = np.nonzero(good)
            return both.line[pair], place[good] * len(_GRID) + percent

        for series, key, votes, chance in _counted(book, keys):
            found = {
                kind: Fee(int(_GRID[percent]), rounded_by_part=by_part)
                for kind, percent in zip(branch.kinds, divmod(key, len(_GRID))[::-1], strict=True)
            }
            yield _Voted(votes, chance, series, branch, found)


def _by_percent(charged: Ints, branch: Branch, pairs: Pairs, grid: Ints, *, by_part: bool) -> Ints:
    """The fee of each run by each percentage of a grid: shape (percentages, pairs)."""
    if by_part:
        sums = np.zeros((len(grid), len(branch.starts)), np.int64)
        for n, percent in enumerate(grid.tolist()):
            sums[n] = np.append(0, np.cumsum(halves_up(charged * percent)))[branch.starts]
        return sums[:, pairs.last + 1] - sums[:, pairs.first]
    gross = np.append(0, np.cumsum(charged))[branch.starts]
    return halves_up((gross[pairs.last + 1] - gross[pairs.first]) * grid[:, None])


def _counted(book: Book, keys: Callable[[int], tuple[Ints, Ints]]) -> Iterator[tuple[int, int, int, int]]:
    """For each text the key that most of its payments vote for, with how many, and how many vote for any if they are off."""
    found = _best(book, *keys(0))
    if not any(votes >= LEAST_TIES for _, votes in found.values()):
        return
    chance = [_best(book, *keys(off)) for off in book.offs]
    for series, (key, votes) in sorted(found.items()):
        if votes >= LEAST_TIES:
            yield series, key, votes, max((one[series][1] for one in chance if series in one), default=0)


def _best(book: Book, lines: Ints, keys: Ints) -> dict[int, tuple[int, int]]:
    if not len(lines):
        return {}
    # A payment votes once for a key. As one number, which fits, both are sorted much faster than as two.
    payments = len(book.totals)
    both = np.unique(keys * payments + lines)
    voted, series = both // payments, book.series[both % payments]
    order = np.argsort(series, kind="stable")
    ordered = np.stack((series[order], voted[order]))
    first = np.flatnonzero(np.append(True, (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)))
    counts = np.diff(np.append(first, len(order)))
    found: dict[int, tuple[int, int]] = {}
    for one, key, votes in zip(ordered[0][first].tolist(), ordered[1][first].tolist(), counts.tolist(), strict=True):
        if votes > found.get(one, (0, 0))[1]:
            found[one] = (key, votes)
    return found
