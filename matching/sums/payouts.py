"""
One pass that finds payouts: a payment, and the run of days of one branch whose rows it pays, less fees.

What payments pay, and less what, is learned from amounts that tie (schedules.py). Now and then a row comes late: it is missing
from its own payout, and in the next one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from matching.groups import Budget, Grouped, Line, bits_of
from matching.groups import Group as Found
from matching.plan import PayoutsPass
from matching.sides import Sides
from matching.sums import rows as reading
from matching.sums import schedules
from matching.sums.fees import NO_FEE, PERCENT, Fee
from matching.sums.find import CONFIRMED_ERROR, MAX_ROWS, days_text, describe, few, prefix
from matching.sums.judge import ABSENT
from matching.sums.prices import Prices, is_price_list
from matching.sums.rows import Ledgers
from matching.sums.schedules import LAGS, LONGEST, LONGEST_SPAN, Book, Branch, Pairs, Schedule, tied_by_chance
from matching.sums.search import Target
from matching.sums.solve import APART, SURE

STEPS = (1e-4, 1e-3, 1e-2, 0.05)  # what is nearly certain is taken first, because it leaves less for the others
ROUNDS = 12  # at each step, at most: each row that comes late makes another payment certain
WORST = 0.05  # the chance of being wrong of anything that is suggested
LATE = 0.1  # the chance that a payout lacks a row, or has one that came late, before any is known
LATEST = 5  # days by which a row comes late
MOST_LATE = 200  # open rows of earlier days that are tried
LEAST_SHARE = 0.01  # of payments with a lag and a length, for payouts that lack a row
DRAWN = 2.0  # payments by which the days of a day of the week are drawn towards those of all, and these towards any
LEARNED = 8  # steps of learning them
OLDEST = LAGS[1] + LONGEST_SPAN  # days
MOST_PRICED = 8  # rows of a price list whose sums are compared with a payment; more come to any amount more rarely
SPREAD = 0.2  # of an amount, within which others are as likely

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_Key = tuple[tuple[int, ...], int | None]  # kinds of rows, and a day of the week
_Block = tuple[slice, slice]
_WIDTH = OLDEST - LAGS[0] + 1
_UNSEEN: Floats = np.triu(np.ones((_WIDTH, _WIDTH))) / (_WIDTH * (_WIDTH + 1) / 2)


@dataclass(frozen=True)
class Payout:
    """A payment and the rows that it pays, with the chance that it pays others."""

    line: int
    rows: tuple[int, ...]
    schedule: Schedule
    error: float
    choices: int  # runs that it was chosen from
    alike: int = 1  # rows that could as well be the one that is lacking
    run: tuple[int, int] = (0, 0)  # the numbers of its first and its last day
    prior: float = 1 - LATE  # how likely it is that a payout has just these rows of its days


@dataclass
class Solver:
    """The payouts so far, and what is open."""

    book: Book
    schedules: list[Schedule]
    budget: Budget
    found: list[Payout] = field(default_factory=list)
    habits: dict[_Key, Floats] = field(default_factory=dict)
    # The share of a text's payments that tie by chance, where amounts are those of a price list.
    by_chance: dict[int, float] = field(default_factory=dict)
    absent: dict[int, float] = field(default_factory=dict)  # of each text's payments, the share that no run comes to
    prices: dict[int, Prices] = field(default_factory=dict)  # of each branch and, as -1, of all, if it is a price list

    def solve(self) -> list[Payout]:
        """All payouts, the surest first."""
        book = self.book
        self.open_parts, self.open_totals = np.ones(len(book.parts), bool), np.ones(len(book.totals), bool)
        self.by_chance = tied_by_chance(book, self.schedules)
        self.pairs = {id(one): self._own(one) for one in self.schedules}
        whole = self._whole()
        self._count([one for options in whole.values() for one in options])
        tied = np.isin(np.arange(len(book.totals)), list(whole))
        self.absent = {
            series: max(ABSENT, float((~tied[book.series == series]).mean()))
            for series in {one.series for one in self.schedules}
        }
        if is_price_list(book.parts.amount):
            self.prices = {one.branch.number: Prices(book.parts.amount[one.branch.rows]) for one in self.schedules}
            self.prices[-1] = Prices(book.parts.amount)
        for step in STEPS:
            self._rounds(step, is_whole=True)
        for number, step in enumerate(STEPS):
            self.budget.tell("comparing", 0.5 + 0.5 * number / len(STEPS))
            self._rounds(step, is_whole=False)
        return self.found

    def _own(self, schedule: Schedule) -> Pairs:
        pairs = self.book.pairs(schedule.branch)
        return pairs.those(self.book.series[pairs.line] == schedule.series)

    def _rounds(self, step: float, *, is_whole: bool) -> None:
        for _ in range(ROUNDS):
            self.budget.check()
            options = self._whole() if is_whole else self._edited()
            judged = [one for line in sorted(options) for one in self._judged(options[line])]
            if not self._take([one for one in judged if one.error <= step]):
                return
            if is_whole:
                self._count(self.found)

    # -- candidates --------------------------------------------------------------------------------------------------

    def _whole(self) -> dict[int, list[Payout]]:
        """For each open payment the runs that come to it, all of whose rows are open."""
        found: dict[int, dict[tuple[int, ...], Payout]] = defaultdict(dict)
        for schedule in self.schedules:
            branch, pairs = schedule.branch, self.pairs[id(schedule)]
            ties = self.book.ties(branch, schedule.fees, pairs) & self.open_totals[pairs.line]
            some = pairs.those(ties)
            for line, first, last in zip(some.line.tolist(), some.first.tolist(), some.last.tolist(), strict=True):
                rows = branch.run(first, last)
                if self.open_parts[rows].all():
                    key = tuple(sorted(rows.tolist()))
                    found[line].setdefault(key, self._payout(line, key, schedule, (first, last)))
        return {line: list(options.values()) for line, options in found.items()}

    def _payout(self, line: int, rows: tuple[int, ...], schedule: Schedule, run: tuple[int, int]) -> Payout:
        return Payout(line, rows, schedule, 0.0, 0, 1, run)

    def _edited(self) -> dict[int, list[Payout]]:
        """The same for runs that lack a row, or have one of earlier days besides, or both."""
        found = self._whole()
        for schedule in self.schedules:
            pairs = self.pairs_near(schedule)
            nets = self._nets(schedule)
            for line, first, last in zip(pairs.line.tolist(), pairs.first.tolist(), pairs.last.tolist(), strict=True):
                found.setdefault(line, []).extend(self._with_late(line, schedule, (first, last), nets))
        return found

    def pairs_near(self, schedule: Schedule) -> Pairs:
        """Open payments with runs of open rows on the days that are usual for them, whatever they come to."""
        branch, book = schedule.branch, self.book
        lines = np.flatnonzero((book.series == schedule.series) & self.open_totals & (book.totals.amount > 0))
        found: list[tuple[int, int, int]] = []
        for line in lines.tolist():
            for lag in range(LAGS[0], LAGS[1] + 1):
                last = int(np.searchsorted(branch.days, book.totals.day[line] - lag))
                if last == len(branch.days) or branch.days[last] != book.totals.day[line] - lag:
                    continue
                for length in range(1, min(LONGEST, last + 1) + 1):
                    if self._share(branch, line, (last - length + 1, last)) >= LEAST_SHARE:
                        found.append((line, last - length + 1, last))
        columns = np.array(found, np.int64).reshape(-1, 3).T
        return Pairs(columns[0], columns[1], columns[2])

    def _nets(self, schedule: Schedule) -> Ints:
        """What each row of a branch comes to by itself."""
        branch, book = schedule.branch, self.book
        alone = replace(branch, starts=np.arange(len(branch.rows) + 1))
        each = Pairs(*(np.arange(len(branch.rows)),) * 3)
        net = np.zeros(len(book.parts), np.int64)
        net[branch.rows] = book.parts.amount[branch.rows] - book.fee(alone, schedule.fees, each)
        return net

    def _with_late(self, line: int, schedule: Schedule, run: tuple[int, int], nets: Ints) -> Iterator[Payout]:
        branch, book = schedule.branch, self.book
        rows = branch.run(*run)
        rows = rows[self.open_parts[rows]]
        if not len(rows):
            return
        before = branch.rows[: branch.starts[run[0]]]
        before = before[self.open_parts[before] & (book.parts.day[before] >= branch.days[run[0]] - LATEST)]
        if len(before) > MOST_LATE:
            return
        short = self._come_to(schedule, rows) - int(book.totals.amount[line])
        whole = self._payout(line, (), schedule, run)
        if short == 0 and len(rows) < branch.starts[run[1] + 1] - branch.starts[run[0]]:
            yield replace(whole, rows=tuple(sorted(rows.tolist())), prior=LATE)
        for late in (None, *before.tolist()):
            rest = short + (0 if late is None else int(nets[late]))
            lacking = rows[nets[rows] == rest] if rest else rows[:0]
            for missing in [*([None] if rest == 0 and late is not None else []), *lacking.tolist()[-1:]]:
                some = [row for row in (*rows.tolist(), *([] if late is None else [late])) if row != missing]
                if some and self._come_to(schedule, np.array(some)) == book.totals.amount[line]:
                    alike = 1 if missing is None else len(lacking)
                    prior = (1.0 if missing is None else LATE / len(rows)) * (
                        1.0 if late is None else LATE / len(before)
                    )
                    yield replace(whole, rows=tuple(sorted(some)), alike=alike, prior=prior)

    def _come_to(self, schedule: Schedule, rows: Ints) -> int:
        branch = Branch(0, schedule.branch.kinds, rows, np.zeros(1), np.array([0, len(rows)]))
        zero = np.zeros(1, np.int64)
        fee = self.book.fee(branch, schedule.fees, Pairs(zero, zero, zero))
        return int(self.book.parts.amount[rows].sum() - fee[0])

    # -- judging -----------------------------------------------------------------------------------------------------

    def _count(self, payouts: Iterable[Payout]) -> None:
        """Learn of what days the rows of some kinds are paid, on each day of the week."""
        blocks: dict[_Key, list[_Block]] = defaultdict(list)
        for one in payouts:
            kinds = one.schedule.branch.kinds
            for day in (self._weekday(one.line), None):
                blocks[kinds, day].append(self._block(one.schedule.branch, one.line, one.run))
        self.habits = {}
        for (kinds, day), some in sorted(blocks.items(), key=lambda item: (item[0][0], item[0][1] is not None)):
            self.habits[kinds, day] = _learned(some, self.habits.get((kinds, None)) if day is not None else None)

    def _weekday(self, line: int) -> int:
        return int(self.book.totals.day[line]) % 7

    def _share(self, branch: Branch, line: int, run: tuple[int, int]) -> float:
        """How frequently a payment on its day of the week pays just the days of a run, or these and others without rows."""
        unseen = self.habits.get((branch.kinds, None), _UNSEEN)
        return float(self.habits.get((branch.kinds, self._weekday(line)), unseen)[self._block(branch, line, run)].sum())

    def _block(self, branch: Branch, line: int, run: tuple[int, int]) -> "_Block":
        """The windows, by the lags of their last and first days, whose rows are those of a run: days without rows are open."""
        day, days = self.book.totals.day[line], branch.days
        last, first = (round(float(day - days[n])) for n in (run[1], run[0]))
        later = round(float(day - days[run[1] + 1])) if run[1] + 1 < len(days) else LAGS[0] - 1
        earlier = round(float(day - days[run[0] - 1])) if run[0] else OLDEST + 1
        return (
            slice(max(later + 1 - LAGS[0], 0), last + 1 - LAGS[0]),
            slice(first - LAGS[0], max(min(earlier, OLDEST + 1), first + 1) - LAGS[0]),
        )

    def _judged(self, options: list[Payout]) -> list[Payout]:
        """The likeliest option of a payment, with its error."""
        if not options:
            return []
        line = options[0].line
        width = max(SPREAD * abs(int(self.book.totals.amount[line])), 1.0)
        weights = [self._share(one.schedule.branch, line, one.run) * one.prior for one in options]
        by_rows: dict[tuple[int, ...], float] = defaultdict(float)
        for one, weight in zip(options, weights, strict=True):
            by_rows[one.rows] += weight
        best = max(range(len(options)), key=lambda n: (weights[n], options[n].rows))
        chance = 1 / width  # the weights of all runs, with and without what is late, make one
        ours = by_rows[options[best].rows]
        error = 1 - ours / sum(by_rows.values()) + ABSENT * chance / max(ours, 1e-300)
        error += ABSENT * self.by_chance.get(int(self.book.series[line]), 0.0)
        error += self._by_prices(options[best]) / max(ours, 1e-300)
        return [replace(options[best], error=float(min(error, 1.0)), choices=len(by_rows))]

    def _by_prices(self, payout: Payout) -> float:
        """The chance that a payment is of something else, and that as many rows of the price list come to it, or fewer or more."""
        gross = PERCENT * int(self.book.parts.amount[list(payout.rows)].sum())
        found = [
            prices.density(Target(size, gross, gross), NO_FEE)
            for size in range(1, MOST_PRICED + 1)
            for number, prices in self.prices.items()
            if number in (-1, payout.schedule.branch.number)
        ]
        return self.absent[payout.schedule.series] * max(found, default=0.0)

    def _take(self, judged: list[Payout]) -> int:
        """Take payouts that share no row; of those that do, only one that is much better."""
        judged.sort(key=lambda one: (one.error, one.line))
        claims: dict[int, list[Payout]] = defaultdict(list)
        for one in judged:
            for row in one.rows:
                claims[row].append(one)
        taken = 0
        for one in judged:
            if not (self.open_totals[one.line] and self.open_parts[list(one.rows)].all()):
                continue
            rivals = {id(other): other.error for row in one.rows for other in claims[row] if other is not one}
            if rivals and min(rivals.values()) < max(one.error, SURE) * APART:
                continue
            self.open_totals[one.line] = False
            self.open_parts[list(one.rows)] = False
            self.found.append(one)
            taken += 1
        return taken


def _learned(blocks: list[_Block], every: Floats | None) -> Floats:
    """
    How frequent each window is, if all that is known of each payment is a block of windows that it may have.

    Args:
        every: the same on any day of the week, which those of one day are drawn towards.
    """
    found = drawn = _UNSEEN if every is None else every
    for _ in range(LEARNED):
        seen = np.zeros_like(drawn)
        for block in blocks:
            seen[block] += found[block] / found[block].sum()
        found = (seen + DRAWN * drawn) / (len(blocks) + DRAWN)
    return found


def find(sides: Sides, step: PayoutsPass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    found: list[tuple[Payout, Ledgers, Book]] = []
    looked_at = 0
    by_currency, out = reading.read_within(sides, step, budget.remainders, MAX_ROWS)
    for ledgers in by_currency:
        parts, totals = ledgers.sides if step.parts == "left" else ledgers.sides[::-1]
        book = Book(parts, totals, 10**ledgers.scale, is_one=step.by is None)
        learned = schedules.learn(book, budget.check)
        looked_at += int(np.isin(book.series, [one.series for one in learned]).sum())
        found += [(one, ledgers, book) for one in Solver(book, learned, budget).solve()]
    found = [one for one in found if one[0].error <= WORST and not budget.is_rejected(*_sides(one[0], one[2], step))]
    found.sort(key=lambda one: (one[0].alike > 1, one[0].error, _sides(one[0], one[2], step)))
    sure = prefix([one.error for one, _, _ in found if one.alike == 1], CONFIRMED_ERROR)
    groups = [_explained(*one, step, is_sure=n < sure) for n, one in enumerate(found)]
    return Grouped(groups, looked_at, out)


def _sides(payout: Payout, book: Book, step: PayoutsPass) -> tuple[tuple[int, ...], tuple[int, ...]]:
    both = (tuple(book.parts.place[list(payout.rows)].tolist()), (int(book.totals.place[payout.line]),))
    return both if step.parts == "left" else both[::-1]


def _explained(payout: Payout, ledgers: Ledgers, book: Book, step: PayoutsPass, *, is_sure: bool) -> Found:
    left, right = _sides(payout, book, step)
    is_turned = step.parts == "right"
    rows = list(payout.rows)
    score = bits_of(payout.error if payout.alike == 1 else max(payout.error, 1 - 1 / payout.alike))
    parts, total = [int(n) for n in book.parts.amount[rows]], int(book.totals.amount[payout.line])
    text = book.totals.reference[payout.line]

    def line(name: str, compare: str, one: str | None, other: str | None, weight: int = 0) -> Line:
        return Line(name, compare, *((other, one) if is_turned else (one, other)), weight)

    weight = round(score * 0.5)
    branch = ", ".join(few(sorted({book.parts.reference[n] or "" for n in rows})))
    of = set(book.kind[rows].tolist())
    kept = ledgers.decimal(sum(parts) - total)
    fees = ", ".join(
        dict.fromkeys(
            _fee_text(book, payout.schedule.fees, kind, ledgers) for kind in payout.schedule.branch.kinds if kind in of
        )
    )
    lines = [
        line(
            step.amount,
            "sum",
            " + ".join(few([f"{ledgers.decimal(n)}" for n in parts])),
            f"{ledgers.decimal(total)}",
            weight,
        ),
        line(step.by or step.text or step.amount, "named", branch if step.by is not None else None, text),
        line(
            step.date,
            "days",
            days_text(book.parts.day[rows].tolist()),
            days_text([float(book.totals.day[payout.line])]),
            score - weight,
        ),
        line("fee", "fee", fees, f"{kept}"),
        line(
            "choice",
            "chance",
            f"{payout.choices} runs of days, {payout.schedule.ties} payments with such a text tie",
            f"{payout.error:.2g} likely to be wrong",
        ),
    ]
    return Found(left, right, is_sure and payout.alike == 1, score, -kept if is_turned else kept, tuple(lines))


def _fee_text(book: Book, fees: schedules.Fees, kind: int, ledgers: Ledgers) -> str:
    fee: Fee = fees[kind]
    name = next((book.parts.party[n] for n in np.flatnonzero(book.kind == kind).tolist()), None)
    return f"{describe(fee, ledgers) or 'nothing'}{f' of {name}' if name and len(fees) > 1 else ''}"
