"""
One pass for what parties owe again and again: each payment of a party pays one or several of its rows that follow each other.

Amounts say little here, since a few cover everybody. Who pays is read from texts (payers.py), and what is paid follows from
the days: of all ways in which a party's payments may pay its rows, weighed by how usual the days between them are, the share
of those that have a payment pay a row is the chance that it does.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from matching.groups import Budget, Group, Grouped, Line, bits_of
from matching.plan import SeriesPass
from matching.sides import Sides
from matching.sums import rows as reading
from matching.sums.find import CONFIRMED_ERROR, MAX_ROWS, days_text, few, prefix
from matching.sums.payers import Parties, Payers
from matching.sums.rows import Ledgers, Rows
from matching.sums.words import words

MOST_PARTS = 12  # rows that one payment pays
REACH = (-45, 100)  # days from a row to the payment that pays it
LIKELY = 0.5  # the chance that a payment is of a party, to be one of it
FAR = 0.02  # share of payments whose days are spread over all of REACH
UNPAID = 0.05  # the chance that a row is not paid
OTHER = 1 / 30  # payments for something else, a day
PAYS = 0.9  # the chance that a payment of a party pays what it owes, before its words are known
DRAWN = 8.0  # payments by which those with a word are drawn towards that
SMOOTH = 2  # days on both sides that a lag makes likely, too
NEVER = 1e-7  # share of all ways; those below are left out
MOST_WAYS = 500  # of a party at once
MOST_BYTES = 200 * 1024**2  # of all ways of a party
MOST_CHOICES = 40  # of rows that a payment may pay
MAX_WORK = 20_000_000  # steps from one way to another, in all
ROUNDS = 3
LEAST_SAID, SAID = 4, 0.9  # payments with a word, and the share of them that pay for a day, for it to name this day
SAID_BY_CHANCE = 0.4  # share of all payments that pay for one day, at most, for words to name it
NAMES, NAMES_NOT = 12.0, 0.1  # how much likelier a row is whose day a word names, and others
ASIDE = 1e-4  # the chance that a payment is something that is not thought of here
WORST = 0.2  # the chance of being wrong of anything that is suggested
CLEAR = 0.05  # the same of payments that speak for such a pass in a suggested plan

_MONTHS = re.compile(
    r"(?<![\d./-])(0?[1-9]|1[0-2])(?:-(0?[1-9]|1[0-2]))?[/.]((?:20)?\d\d)(?![\d./-])"
)  # 07/25, 7-9/2025
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Paid:
    """A payment and the rows that it pays, with the chance that it does not, and how many other ways there are."""

    line: int
    rows: tuple[int, ...]
    error: float
    others: int


@dataclass(frozen=True)
class _Party:
    """The rows of a party by day, their days, and by amount the first and the last of those in a row that come to it."""

    rows: list[int]
    days: list[float]
    runs: dict[int, list[tuple[int, int]]]

    def near(self, day: float) -> tuple[int, int]:
        """Which rows a payment of that day may begin with: the first, and the one behind the last."""
        return bisect_left(self.days, day - REACH[1]), bisect_right(self.days, day - REACH[0])


@dataclass
class Solver:
    """The rows that are owed, and the payments."""

    owed: Rows
    payments: Rows
    budget: Budget
    found: list[Paid] = field(default_factory=list)

    def solve(self) -> list[Paid]:
        """What each payment pays, if it is likelier than not."""
        parties = Parties.of(self.owed)
        self.rows_of: dict[int, list[int]] = defaultdict(list)
        for row in np.argsort(self.owed.day, kind="stable").tolist():
            if parties.of_row[row] >= 0 and not np.isnan(self.owed.day[row]):
                self.rows_of[int(parties.of_row[row])].append(row)
        self.payers = Payers(parties, self.payments)
        self.payers.read(self._fits())
        self.of_party: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for line in np.argsort(self.payments.day, kind="stable").tolist():
            chances = self.payers.chances[line]
            best = max(chances, key=lambda party: (chances[party], -party), default=-1)
            if best >= 0 and chances[best] >= LIKELY and not np.isnan(self.payments.day[line]):
                self.of_party[best].append((line, chances[best]))
        self.lags = {1: self._first_lags()}  # by the number of rows that are paid
        self.work = 0
        self.any_lag = self._smoothed([])
        self.pays = np.full(len(self.payments), PAYS)
        self.days_said: dict[str, frozenset[float]] = {}
        self.owing = {party: self._owing(self.rows_of[party]) for party in self.of_party}
        for number in range(ROUNDS):
            self.budget.tell("comparing", number / ROUNDS)
            self.found, self.out_of_budget = [], 0
            self.seen: dict[int, list[tuple[float, float]]] = defaultdict(list)
            for party in sorted(self.of_party):
                self.budget.check()
                self.found += self._paid(party)
            self._learn()
        return self.found

    def _fits(self) -> list[set[int]]:
        """The parties of which each payment is a multiple of what some rows are."""
        by_amount: dict[int, set[int]] = defaultdict(set)
        for party, rows in self.rows_of.items():
            for amount in {int(self.owed.amount[row]) for row in rows}:
                for times in range(1, min(MOST_PARTS, len(rows)) + 1):
                    by_amount[amount * times].add(party)
        return [by_amount.get(int(amount), set()) for amount in self.payments.amount]

    # -- what is learned ---------------------------------------------------------------------------------------------

    def _first_lags(self) -> Floats:
        """How frequent lags are from each payment to the nearest row of its party that has its amount."""
        found = []
        for party, lines in self.of_party.items():
            days: dict[int, list[float]] = defaultdict(list)
            for row in self.rows_of[party]:
                days[int(self.owed.amount[row])].append(float(self.owed.day[row]))
            for line, _ in lines:
                day, equal = float(self.payments.day[line]), days.get(int(self.payments.amount[line]), [])
                place = bisect_left(equal, day)
                if near := equal[max(place - 1, 0) : place + 1]:
                    found.append((min((day - other for other in near), key=abs), 1.0))
        return self._smoothed(found)

    def _smoothed(self, lags: Sequence[tuple[float, float]]) -> Floats:
        """How frequent lags are, from some that were seen, each with the chance that it was."""
        width = REACH[1] - REACH[0] + 1
        counts = np.zeros(width)
        for lag, chance in lags:
            if REACH[0] <= lag <= REACH[1]:
                counts[round(lag) - REACH[0]] += chance
        kernel = np.bartlett(2 * SMOOTH + 3)[1:-1]
        counts = np.convolve(counts, kernel / kernel.sum(), mode="same") + max(FAR * counts.sum(), 1.0) / width
        found: Floats = counts / counts.sum()
        return found

    def _learn(self) -> None:
        """Learn lags, which words are those of other payments, and which name a day, from what is nearly certain."""
        sure = [one for one in self.found if one.error < 0.1]
        self.lags = {size: self._smoothed(lags) for size, lags in self.seen.items()}
        paying = {one.line for one in self.found if one.error < 0.5}
        seen: dict[str, list[int]] = defaultdict(list)
        lines = [line for some in self.of_party.values() for line, _ in some]
        for line in lines:
            for word in set(self.payers.kinds[line]):
                seen[word].append(line)
        ratio = {
            word: (sum(line in paying for line in some) + PAYS * DRAWN) / (len(some) + DRAWN)
            for word, some in seen.items()
        }
        for line in lines:
            ratios = [ratio[word] for word in self.payers.kinds[line]]
            self.pays[line] = min(max(min(ratios, default=PAYS), 0.02), 0.98)
        self._learn_days(sure)

    def _learn_days(self, sure: list[Paid]) -> None:
        """Words name the days that nearly all payments with them pay for, alone or among others."""
        paid: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for one in sure:
            days = tuple({float(self.owed.day[row]) for row in one.rows})
            for word in set(self._words(one.line)):
                paid[word].append(days)
        self.days_said = {}
        every = Counter(day for one in sure for day in {float(self.owed.day[row]) for row in one.rows})
        for word, found in paid.items():
            counts = Counter(day for days in found for day in days)
            said = {
                day
                for day, count in counts.items()
                if count >= SAID * len(found) and every[day] <= SAID_BY_CHANCE * len(sure)
            }
            if len(found) >= LEAST_SAID and said:
                self.days_said[word] = frozenset(said)

    def _words(self, line: int) -> list[str]:
        return words(self.payments.reference[line])

    # -- one party ---------------------------------------------------------------------------------------------------

    def _lag(self, line: int, row: int) -> float:
        return float(self.payments.day[line] - self.owed.day[row])

    def _owing(self, rows: list[int]) -> _Party:
        runs: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for first in range(len(rows)):
            total = 0
            for last in range(first, min(first + MOST_PARTS, len(rows))):
                total += int(self.owed.amount[rows[last]])
                runs[total].append((first, last))
        return _Party(rows, self.owed.day[rows].tolist(), runs)

    def _options(self, line: int, owing: _Party) -> Iterator[tuple[int, tuple[int, ...], float]]:
        """Rows that follow each other and come to a payment, as bits, with how likely it is to pay them, to other payments."""
        begin, end = owing.near(float(self.payments.day[line]))
        runs = owing.runs.get(int(self.payments.amount[line]), [])
        runs = runs[bisect_left(runs, (begin, 0)) : bisect_left(runs, (end, 0))]
        if not runs:
            return
        said = self._said(line, owing)
        odds = float(self.pays[line] / (1 - self.pays[line]))
        for first, last in runs:
            some = tuple(owing.rows[first : last + 1])
            lags = self.lags.get(len(some), self.any_lag)
            weight = lags[round(self._lag(line, some[0])) - REACH[0]] * ((1 - UNPAID) / UNPAID) ** len(some)
            if said:
                weight *= NAMES if said <= {float(self.owed.day[row]) for row in some} else NAMES_NOT
            yield ((1 << (last + 1)) - (1 << first)), some, weight * odds / OTHER

    def _said(self, line: int, owing: _Party) -> set[float]:
        """The days of rows that a text names, by a word that others use for them or by a month of a year."""
        found = {day for word in self._words(line) for day in self.days_said.get(word, ())}
        months = set(self._months(self.payments.reference[line]))
        if not found and not months:
            return set()
        known = set(owing.days)
        found |= {day for day in known if months and _month(day) in months}
        return found & known

    @staticmethod
    def _months(text: str | None) -> Iterator[tuple[int, int]]:
        for first, last, year in _MONTHS.findall(text or ""):
            for month in range(int(first), int(last or first) + 1):
                yield 2000 + int(year) % 100, month

    def _paid(self, party: int) -> list[Paid]:
        """Weigh all ways, payment after payment, and back again."""
        owing = self.owing[party]
        lines = self.of_party[party]
        before: list[dict[int, float]] = [{0: 1.0}]
        options = [list(islice(self._options(line, owing), MOST_CHOICES + 1)) for line, _ in lines]
        if self.work > MAX_WORK or max(map(len, options)) > MOST_CHOICES:
            self.out_of_budget += len(lines)
            return []
        held, width = 0, 200 + len(owing.rows) // 8  # bytes
        for some in options:
            self.work += len(before[-1]) * (len(some) + 1)
            held += len(before[-1]) * width
            if held > MOST_BYTES:
                self.out_of_budget += len(lines)
                return []
            after: dict[int, float] = defaultdict(float)
            for used, weight in before[-1].items():
                after[used] += weight
                for bits, _, more in some:
                    if not used & bits:
                        after[used | bits] += weight * more
            before.append(_likeliest(after))
        later: dict[int, float] = dict.fromkeys(before[-1], 1.0)
        found = []
        for (line, chance), some, earlier in zip(
            reversed(lines), reversed(options), reversed(before[:-1]), strict=True
        ):
            back: dict[int, float] = defaultdict(float)
            shares: dict[int, float] = defaultdict(float)
            total = 0.0
            for used, weight in earlier.items():
                ways = later.get(used, 0.0)
                total += weight * ways
                for bits, _, more in some:
                    if not used & bits and (rest := later.get(used | bits, 0.0)):
                        shares[bits] += weight * more * rest
                        total += weight * more * rest
                        ways += more * rest
                back[used] = ways
            # Only the shares matter, and along hundreds of payments the weights would grow beyond what a number can be.
            most = max(back.values(), default=0.0) or 1.0
            later = {used: ways / most for used, ways in back.items()}
            for bits, paid, _ in some:
                self.seen[len(paid)].append((self._lag(line, paid[0]), shares[bits] / max(total, 1e-300)))
            best = max(some, key=lambda one: shares[one[0]], default=None)
            if best is not None and total > 0 and shares[best[0]] > 0.5 * total:
                error = 1 - chance * shares[best[0]] / total + ASIDE
                found.append(Paid(line, best[1], error, len(some) - 1))
        return found


def _month(day: float) -> tuple[int, int]:
    found = date(1970, 1, 1) + timedelta(days=day)
    return found.year, found.month


def _likeliest(ways: dict[int, float]) -> dict[int, float]:
    """The ways that are not negligible, scaled so that the likeliest has weight 1."""
    most = max(ways.values())
    kept = sorted(
        ((used, weight / most) for used, weight in ways.items() if weight >= NEVER * most), key=lambda w: (-w[1], w[0])
    )
    return dict(kept[:MOST_WAYS])


def find(sides: Sides, step: SeriesPass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    found: list[tuple[Paid, Ledgers, Solver]] = []
    looked_at = 0
    by_currency, out = reading.read_within(sides, step, budget.remainders, MAX_ROWS)
    for ledgers in by_currency:
        owed, payments = ledgers.sides if step.owed == "left" else ledgers.sides[::-1]
        solver = Solver(owed, payments, budget)
        paid = _apart(solver.solve())
        out += solver.out_of_budget
        looked_at += sum(len(lines) for lines in solver.of_party.values())
        found += [(one, ledgers, solver) for one in paid if one.error <= WORST]
    found = [one for one in found if not budget.is_rejected(*_sides(one[0], one[2], step))]
    found.sort(key=lambda one: (one[0].error, _sides(one[0], one[2], step)))
    sure = prefix([one.error for one, _, _ in found], CONFIRMED_ERROR)
    return Grouped([_explained(*one, step, is_sure=n < sure) for n, one in enumerate(found)], looked_at, out)


def _apart(found: list[Paid]) -> list[Paid]:
    """Without those that pay a row which a surer one pays."""
    used: set[int] = set()
    kept = []
    for one in sorted(found, key=lambda paid: (paid.error, paid.line)):
        if used.isdisjoint(one.rows):
            used.update(one.rows)
            kept.append(one)
    return kept


def _sides(paid: Paid, solver: Solver, step: SeriesPass) -> tuple[tuple[int, ...], tuple[int, ...]]:
    both = (tuple(sorted(solver.owed.place[list(paid.rows)].tolist())), (int(solver.payments.place[paid.line]),))
    return both if step.owed == "left" else both[::-1]


def _explained(paid: Paid, ledgers: Ledgers, solver: Solver, step: SeriesPass, *, is_sure: bool) -> Group:
    left, right = _sides(paid, solver, step)
    rows, line = list(paid.rows), paid.line
    owed, payments = solver.owed, solver.payments
    score = bits_of(max(paid.error, 1e-6))

    def said(name: str, compare: str, one: str | None, other: str | None, weight: int = 0) -> Line:
        return Line(name, compare, *((one, other) if step.owed == "left" else (other, one)), weight)

    of_party = round(score * 0.5)
    lines = [
        said(
            step.amount,
            "sum",
            " + ".join(few([f"{ledgers.decimal(int(n))}" for n in owed.amount[rows]])),
            f"{ledgers.decimal(int(payments.amount[line]))}",
        )
    ]
    for name, ours, theirs in (
        (step.party, owed.party[rows[0]], payments.party[line]),
        (step.reference, owed.reference[rows[0]], payments.reference[line]),
    ):
        if name is not None:
            lines.append(said(name, "named", ours, theirs, of_party if name == step.party else 0))
    days = days_text(owed.day[rows].tolist()), days_text([float(payments.day[line])])
    lines.append(said(step.date, "days", *days, score - (of_party if step.party is not None else 0)))
    others = f"{paid.others} other choices of its records"
    lines.append(said("choice", "chance", others, f"{paid.error:.2g} likely to be wrong"))
    return Group(left, right, is_sure, score, ledgers.decimal(0), tuple(lines))
