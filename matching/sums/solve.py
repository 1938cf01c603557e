"""
Finds groups of rows that come to the same: what references prove first, what chance could make last.

One side, `a`, is named (invoices with a reference and a party), the other, `b`, names them in its texts. A total is a row
of b that pays several rows of a, or a row of a that several rows of b pay.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from matching.sums import judge as judging
from matching.sums.fees import NO_FEE, Fee, Learned, Proof, learn
from matching.sums.judge import ABSENT, Judged, Limits, Listed, Prior, Problem
from matching.sums.naming import Naming
from matching.sums.prices import Absence, Prices, is_price_list
from matching.sums.rows import Rows
from matching.sums.words import words

T = TypeVar("T")
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SURE = 1e-6  # the chance that what references prove to the unit is wrong
BY_FEE = 1e-5  # the same, if a fee that was learned explains the difference
MOST_FEE = 0.15  # of the gross amount
FEW = 20  # proofs of a kind; with fewer a default is taken
TAIL = 0.001  # share of lags left out at each end
LAGS = (-7, 21)  # days, without proofs
SPREAD = 7  # days between parts, without proofs
STEPS = (1e-4, 1e-3, 1e-2, 0.05, 0.2)  # what is nearly certain is taken first, because it makes the pools smaller
ROUNDS = 3  # at each step, at most
# How much of the work each step is (the first one looks at every total), and the totals that name somebody (measured).
_STEP_SHARES = (0.52, 0.1, 0.13, 0.12, 0.13)
_ROUND_SHARES = (0.6, 0.2, 0.2)
_NAMED_SHARE = 0.1
APART = 100.0  # of two that share a row, one must be so many times better
LEAST_PROVEN = 5  # batches with a text that names nobody, before others with it are taken for batches
MOST_POOL = 500  # rows that one total is looked for in
_NO_ROWS: Ints = np.zeros(0, np.int64)
MOST_ALIKE = (
    20  # rows of one party and amount that a pair is looked for among; with more than one it is not certain anyway
)
DOUBTED = 1e-4  # the chance of being wrong from which on the rows of a group still count for others
MOST_PRICES = 500  # parties whose sums are kept
LOOK = 100  # the work of counting sums by chance, for each row of a pool, in subsets listed


@dataclass(frozen=True)
class Group:
    """Rows that belong together, why, and the chance that they do not."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    fee: Fee
    error: float
    how: str  # reference | party | day
    named: int  # parts that the texts name
    chance: float = 0.0  # other sums that chance is expected to make
    density: float = 0.0
    pool: int = 0  # rows that the others were chosen from
    by_prices: float = 0.0  # how much likelier it is that other rows of a price list come to the total

    @property
    def error_at_most(self) -> float:
        """The chance that they do not belong together, with that of a coincidence of prices."""
        return min(self.error + self.by_prices, 1.0)


class Windows:
    """Days from a row of a to the row of b that pays it, and between parts, learned for each kind."""

    def __init__(self) -> None:
        self._lags: dict[str, list[float]] = defaultdict(list)
        self._spreads: dict[str, list[float]] = defaultdict(list)
        self._known: dict[tuple[str, str], Any] = {}  # what was learned from these, until there are more

    def add(self, kind: str, lags: list[float], spread: float | None) -> None:
        """Learn from one group."""
        self._lags[kind] += lags
        if kind != "split":
            self._lags["paid"] += lags  # whatever a row with a party pays, one row or several
        if spread is not None:
            self._spreads[kind].append(spread)
        self._known.clear()

    def lag(self, kind: str) -> tuple[float, float]:
        """The least and the greatest lag, without a few at each end."""
        return self._once("lag", kind, self._lag)

    def spread(self, kind: str) -> float:
        """The days between parts, at most."""
        return self._once("spread", kind, self._spread)

    def weights(self, kind: str, lags: Floats) -> Floats:
        """How frequent lags are, for each of them."""
        low, high = self.lag(kind)
        share = self._once("share", kind, self._share)
        found: Floats = share[np.clip(np.nan_to_num(lags - low), 0, int(high - low)).astype(np.int64)]
        return np.where(np.isnan(lags), 1.0, found)

    def _once(self, what: str, kind: str, learn: Callable[[str], T]) -> T:
        if (what, kind) not in self._known:
            self._known[what, kind] = learn(kind)
        found: T = self._known[what, kind]
        return found

    def _lag(self, kind: str) -> tuple[float, float]:
        known = self._lags[kind]
        if len(known) < FEW:
            known = [n for name, of in self._lags.items() if name != "paid" for n in of]
        if len(known) < FEW:
            return LAGS
        low, high = np.quantile(known, (TAIL, 1 - TAIL), method="nearest")
        margin = len(known) < 10 * FEW
        return float(low) - margin, float(high) + margin

    def _spread(self, kind: str) -> float:
        known = self._spreads[kind]
        if len(known) < FEW:
            low, high = self.lag(kind)
            return min(high - low, SPREAD)
        return float(np.quantile(known, 1 - TAIL, method="nearest")) + (len(known) < 10 * FEW)

    def _share(self, kind: str) -> Floats:
        low, high = self.lag(kind)
        width = int(high - low) + 1
        known = np.array(self._lags[kind] if len(self._lags[kind]) >= FEW else [], np.float64)
        counts = np.bincount(np.clip(known - low, 0, width - 1).astype(np.int64), minlength=width) + 0.5
        found: Floats = counts / counts.mean()
        return found


@dataclass(frozen=True)
class Options:
    """Bounds, given fees, and whom to ask whether to stop."""

    most_parts: int = 8
    fees: tuple[Fee, ...] | None = None  # None: learned
    limits: Limits = field(default_factory=Limits)
    work: int = 300_000_000  # subsets of the whole pass
    unnamed: bool = True  # whether totals that name nobody are looked at
    check: Callable[[], None] = lambda: None
    tell: Callable[[float], None] = lambda done: None  # how much of the work is done, 0 to 1


@dataclass(frozen=True)
class _Before:
    """What was found of a total, and in which pool."""

    rows: Ints
    fixed: Ints
    free: Floats
    judged: Judged
    listed: Listed


class Solver:
    """The state of a pass: which rows are open, and the groups so far."""

    def __init__(self, a: Rows, b: Rows, naming: Naming, options: Options) -> None:
        self.a, self.b, self.naming, self.options = a, b, naming, options
        self.open_a, self.open_b = np.ones(len(a), bool), np.ones(len(b), bool)
        # The chance that a row is free after all, though a group that is not sure has it.
        self.free_a, self.free_b = np.ones(len(a)), np.ones(len(b))
        self.groups: list[Group] = []
        self.windows = Windows()
        self.sizes: dict[str, Counter[int]] = defaultdict(Counter)
        self.templates: Counter[str] = Counter()
        self.work = 0
        self.out_of_budget: set[tuple[str, int]] = set()
        self.looked_at = 0
        self.learned = Learned((), (), ())
        self.shares: tuple[dict[Fee, float], dict[Fee, float]] = ({NO_FEE: 1.0}, {NO_FEE: 1.0})
        self.lines_of: dict[int, list[int]] = defaultdict(list)  # rows of b whose texts name a row of a
        for line, rows in enumerate(naming.rows):
            for row in rows:
                self.lines_of[row].append(line)
        self.has_price_list = is_price_list(a.amount)
        self.prices: dict[tuple[bool, tuple[int, ...]], Prices] = {}  # of a side and of its parties
        self.absence = Absence()
        self._judged: dict[tuple[str, int], _Before] = {}
        self._done, self._share, self._round = 0.0, 0.0, 0  # of the work: what is done, and the step under way

    # -- what references prove ----------------------------------------------------------------------------------------

    def solve(self) -> list[Group]:
        """All groups, the surest first within each step."""
        self.prove()
        self.prove_against_slips()
        self.learn_fees()
        self.pay_with_fees()
        self.forget_slips()
        self.whole_batches()
        self.options.check()
        self.one_to_one()
        self.one_to_one_with_fees()
        # Totals that name nobody are looked for among all open rows, which takes nine tenths of the time (measured).
        has_unnamed = self.options.unnamed and bool((self.naming.party < 0).any())
        self._search(self._by_name, _NAMED_SHARE if has_unnamed else 1.0)
        if self.options.unnamed:
            self._search(self._by_day, 1 - _NAMED_SHARE if has_unnamed else 0.0)
        return [replace(group, by_prices=group.by_prices * self._coincidence(group)) for group in self.groups]

    def _coincidence(self, group: Group) -> float:
        """The odds that a total takes rows that are not its own: its own are not there, and nothing else pays these."""
        if len(group.b) == 1:
            return self.absence.share * float(self.open_a.mean())
        proven = [len(one.b) > 1 for one in self.groups if one.how == "reference"]  # few rows are paid in parts at all
        return (len(proven) + 1) / (sum(proven) + 1) * float(self.open_b.mean())

    def prove(self) -> None:
        """Take what ties to the unit: a row of b with all it names, or a row of a with all that name it alone."""
        for line, rows in enumerate(self.naming.rows):
            is_alone = bool(rows) and self.open_b[line] and self._is_open(rows) and self._named_alone(rows, line)
            if is_alone and self._ties(line):
                self._take(Group(rows, (line,), NO_FEE, SURE, "reference", len(rows)))
        for row, lines in sorted(self.lines_of.items()):
            some = [n for n in lines if self.open_b[n] and self.naming.rows[n] == (row,)]
            is_whole = self.open_a[row] and len(some) > 1 and len(some) == sum(self.open_b[lines])
            if is_whole and not self._has_whole(row, some) and int(self.b.amount[some].sum()) == self.a.amount[row]:
                self._take(Group((row,), tuple(some), NO_FEE, SURE, "reference", len(some)))

    def _has_whole(self, row: int, lines: list[int]) -> bool:
        """Whether one of several lines is all of a row. The others cancel each other then, and are no parts of it."""
        return len(lines) > 1 and bool((self.b.amount[lines] == self.a.amount[row]).any())

    def prove_against_slips(self) -> None:
        """
        Take what ties to the unit though other texts name the same rows, if none of these ties with what it names. Their
        numbers have a slip, then: rows that one payment pays to the unit leave nothing for another. One row alone must have an
        amount that no other has, since a few units of most things are common.
        """
        equal = Counter(self.a.amount.tolist())
        for line, rows in enumerate(self.naming.rows):
            if not (rows and self.open_b[line] and self._is_open(rows) and self._ties(line)):
                continue
            others = {n for row in rows for n in self.lines_of[row] if n != line and self.open_b[n]}
            rest = sum(int(self.b.amount[n]) for n in others)
            is_rare = len(rows) > 1 or equal[int(self.a.amount[rows[0]])] == 1
            if others and rest and is_rare and not any(self._ties(n) for n in others):
                self._take(Group(rows, (line,), NO_FEE, BY_FEE, "reference", len(rows)))

    def forget_slips(self) -> None:
        """
        Forget the rows that a text names of another party than it says, where its amount is not theirs. One digit of a
        number is soon wrong, a name and a sum are not.
        """
        for line, rows in enumerate(self.naming.rows):
            meant = self.naming.meant(int(self.naming.party[line]))
            if not (rows and meant and self.open_b[line]):
                continue
            kept = tuple(row for row in rows if self.naming.parties[row] in meant or self.naming.parties[row] < 0)
            if len(kept) < len(rows):
                self.naming.rows[line] = kept
                for row in set(rows) - set(kept):
                    self.lines_of[row].remove(line)

    def _ties(self, line: int) -> bool:
        return bool(self.a.amount[list(self.naming.rows[line])].sum() == self.b.amount[line])

    def learn_fees(self) -> None:
        """Learn fees from what is named and falls short."""
        proofs = []
        for line, rows in enumerate(self.naming.rows):
            if rows and self.open_b[line] and self._is_open(rows) and self._named_alone(rows, line):
                parts = self.a.amount[list(rows)]
                short = int(parts.sum() - self.b.amount[line])
                if 0 < short <= MOST_FEE * abs(int(parts.sum())):
                    proofs.append(Proof(tuple(parts.tolist()), short))
        without = tuple(
            sum(g.fee == NO_FEE and len(g.b) == 1 and (len(g.a) > 1) == several for g in self.groups)
            for several in (False, True)
        )
        if self.options.fees is not None:
            self.learned = Learned(self.options.fees, *(((LEAST_PROVEN,) * len(self.options.fees),) * 2))
        else:
            self.learned = learn(proofs)
        self.shares = self.learned.shares(without)  # type: ignore[arg-type]  # two of them

    def pay_with_fees(self) -> None:
        """Take what is named and falls short by a fee."""
        for line, rows in enumerate(self.naming.rows):
            if not (rows and self.open_b[line] and self._is_open(rows) and self._named_alone(rows, line)):
                continue
            parts = self.a.amount[list(rows)].tolist()
            for fee in self.shares[len(rows) > 1]:
                if fee != NO_FEE and sum(parts) - fee.of(parts) == self.b.amount[line]:
                    self._take(Group(rows, (line,), fee, BY_FEE, "reference", len(rows)))
                    break

    def whole_batches(self) -> None:
        """
        Take all rows of one reference for a total that names no row, if it is the only one that comes to their sum.

        Only where references of several rows have been proven to be the numbers of batches.
        """
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, value in enumerate(self.a.reference):
            rows_of["".join(words(value))].append(row)
        whole = {
            rows: key for key, rows in ((key, tuple(rows)) for key, rows in rows_of.items()) if key and len(rows) > 1
        }
        if sum(len(group.b) == 1 and group.a in whole for group in self.groups) < LEAST_PROVEN:
            return
        fees = self.shares[True]
        free = set(self._free_a().tolist())
        batches = [rows for rows in whole if free.issuperset(rows)]
        sums = np.array([int(self.a.amount[list(rows)].sum()) for rows in batches], np.int64)
        nets: dict[int, list[tuple[int, Fee]]] = defaultdict(list)
        for n, rows in enumerate(batches):
            for fee in fees:
                nets[int(sums[n]) - fee.of(self.a.amount[list(rows)].tolist())].append((n, fee))
        low, high = self.windows.lag("batch")
        first, last = (np.array([of(self.a.day[list(rows)]) for rows in batches]) for of in (np.min, np.max))
        found: dict[int, list[tuple[int, Fee]]] = {}
        takers: Counter[int] = Counter()
        for line in self._free_b().tolist():
            day = self.b.day[line]
            fits = [
                (n, fee)
                for n, fee in nets.get(int(self.b.amount[line]), ())
                if not (day - first[n] > high or day - last[n] < low)
            ]
            found[line] = fits
            takers.update({n for n, _ in fits})
        ordered = np.sort(sums)
        for line, fits in found.items():
            if len(fits) != 1 or takers[fits[0][0]] > 1:
                continue
            n, fee = fits[0]
            day = self.b.day[line]
            rivals = len(batches) if np.isnan(day) else int((~((day - first > high) | (day - last < low))).sum())
            near = np.searchsorted(ordered, [round(sums[n] * 0.98), round(sums[n] * 1.02) + 1])
            share = max(abs(int(near[1] - near[0])), 1) / max(abs(int(sums[n])) * 0.04, 1) / len(batches)
            error = ABSENT * max(rivals, 1) * len(fees) * share
            if error <= STEPS[1]:
                self._take(Group(batches[n], (line,), fee, max(float(error), SURE), "day", 0))

    # -- one to one by party ------------------------------------------------------------------------------------------

    def one_to_one(self) -> None:
        """Take rows of one party that have one amount and that no other row competes for."""
        self._pairs({NO_FEE: 1.0})

    def one_to_one_with_fees(self) -> None:
        """The same with a fee."""
        self._pairs({fee: share for fee, share in self.shares[0].items() if fee != NO_FEE})

    def _pairs(self, fees: dict[Fee, float]) -> None:
        by_key: dict[tuple[int, int], list[int]] = defaultdict(list)
        free = self._free_a()
        for row in free[np.argsort(self.a.day[free], kind="stable")].tolist():  # those without a day come last
            if self.naming.parties[row] >= 0:
                by_key[int(self.naming.parties[row]), int(self.a.amount[row])].append(row)
        days = {key: self.a.day[alike] for key, alike in by_key.items()}
        low, high = self.windows.lag("one")
        found: dict[int, list[tuple[int, Fee]]] = defaultdict(list)
        takers: Counter[int] = Counter()
        crowded: set[tuple[int, int]] = set()  # parties and amounts with so many rows that none is certain
        for line in self._free_b().tolist():
            net, day = int(self.b.amount[line]), float(self.b.day[line])
            for party in self.naming.meant(int(self.naming.party[line])):
                for fee in fees:
                    for gross in fee.gross_of(net, 1):
                        key = (party, gross)
                        if key not in by_key or gross - fee.of((gross,)) != net:
                            continue
                        alike = _on_days(by_key[key], days[key], day - high, day - low)
                        if len(alike) > MOST_ALIKE:
                            crowded.add(key)
                        for row in alike[:MOST_ALIKE]:
                            found[line].append((row, fee))
                            takers[row] += 1
        sizes = Counter(self.naming.parties[self.open_a].tolist())
        ordered = np.sort(self.a.amount)
        for line, some in sorted(found.items()):
            row, fee = some[0]
            amount = int(self.a.amount[row])
            if len(some) > 1 or takers[row] > 1 or (int(self.naming.parties[row]), amount) in crowded:
                continue
            near = np.searchsorted(ordered, [amount, amount + 1, round(amount * 0.98), round(amount * 1.02) + 1])
            others = near[1] - near[0] - 1
            share = max(others, (near[3] - near[2]) / max(abs(amount) * 0.04, 1)) / len(ordered)
            open_ = sum(sizes[one] for one in self.naming.meant(int(self.naming.party[line])))
            rivals = open_ * min((high - low + 1) / self._days(), 1.0)
            error = ABSENT * max(rivals, 1.0) * len(fees) * share
            if error <= STEPS[1]:
                self._take(Group((row,), (line,), fee, max(float(error), SURE), "party", 0))

    def _days(self) -> float:
        known = self.a.day[~np.isnan(self.a.day)]
        return float(np.ptp(known)) + 1 if len(known) else 1.0

    # -- sums -------------------------------------------------------------------------------------------------------------

    def _search(self, candidates: Callable[[], Iterable[tuple[Group, Judged]]], share: float) -> None:
        """Take the surest sums first. `share` is how much of the work this is."""
        for step, part in zip(STEPS, _STEP_SHARES, strict=True):
            self._share = share * part
            self.options.tell(self._done)
            self._rounds(step, candidates)
            self._done += self._share

    def _rounds(self, step: float, candidates: Callable[[], Iterable[tuple[Group, Judged]]]) -> None:
        for self._round in range(ROUNDS):
            self.options.check()
            found = [group for group, _ in candidates() if group.error <= step]
            if not self._take_all(found):
                return

    def _told(self, rows: Ints) -> Iterator[int]:
        """The rows one after another, telling after each hundredth of them how far the step is."""
        every = max(len(rows) // 100, 1)
        before, own = sum(_ROUND_SHARES[: self._round]), _ROUND_SHARES[self._round]
        for number, row in enumerate(rows.tolist()):
            if number % every == 0:
                self.options.tell(self._done + self._share * (before + own * number / len(rows)))
            yield row

    def _take_all(self, found: list[Group]) -> int:
        """Take groups that share no row. Of those that share one, only one that is much better than the others."""
        found.sort(key=lambda g: (g.error, g.a, g.b))
        claims: dict[tuple[int, int], list[Group]] = defaultdict(list)
        for group in found:
            for key in (*((0, row) for row in group.a), *((1, row) for row in group.b)):
                claims[key].append(group)
        taken = 0
        for group in found:
            if not (self.open_a[list(group.a)].all() and self.open_b[list(group.b)].all()):
                continue
            keys = [*((0, row) for row in group.a), *((1, row) for row in group.b)]
            rivals = [
                r.error for key in keys for r in claims[key] if r is not group and (r.a, r.b) != (group.a, group.b)
            ]
            if min(rivals, default=1.0) < max(group.error, SURE) * APART and rivals:
                continue
            self._take(group)
            taken += 1
        return taken

    def _by_name(self) -> Iterable[tuple[Group, Judged]]:
        """Sums of rows that share a party, or that the text names in part."""
        by_party_a, by_party_b = (
            self._by_party(self._with_doubted(self._free_a(), self.free_a), self.naming.parties),
            self._by_party(self._with_doubted(self._free_b(), self.free_b), self.naming.party),
        )
        meaning: dict[int, list[int]] = defaultdict(list)
        for number, meant in self.naming.several.items():
            for one in meant:
                meaning[one].append(number)
        for row in np.flatnonzero(self.open_a):  # a row of a that several rows of b pay
            lines = [n for n in self.lines_of.get(int(row), ()) if self.open_b[n]]
            if any(self.naming.rows[n] != (int(row),) for n in lines) or self._has_whole(int(row), lines):
                continue
            party = int(self.naming.parties[row])
            pools = [by_party_b[one] for one in (party, *meaning[party]) if one in by_party_b]
            pool = np.concatenate(pools) if pools else _NO_ROWS
            pool = self._within("split", pool, self.b.day[pool] - self.a.day[row], self.b.day[pool], self.b.day[lines])
            if len(lines) + len(pool) > 1:
                # A single line is judged below, where other rows that it may pay speak against it.
                yield from (one for one in self._judge_split(int(row), lines, pool) if len(one[0].b) > 1)
        for line in np.flatnonzero(self.open_b):
            rows, party = self.naming.rows[line], self._party(int(line))
            if party < 0 or not self._is_open(rows) or not self._named_alone(rows, int(line)):
                continue
            pools = [by_party_a[one] for one in self.naming.meant(party) if one in by_party_a]
            pool = np.concatenate(pools) if pools else _NO_ROWS
            if len(rows) + len(pool):
                yield from self._judge_batch(int(line), rows, pool, "party")

    def _by_day(self) -> Iterable[tuple[Group, Judged]]:
        """Sums of any rows around a day, for texts that have been found on batches before."""
        pool = self._with_doubted(self._free_a(), self.free_a)
        for line in self._told(np.flatnonzero(self.open_b)):
            rows = self.naming.rows[line]
            if self._party(line) >= 0 or not self._is_open(rows) or not self._named_alone(rows, int(line)):
                continue
            if self.templates[self.naming.template[line]] >= LEAST_PROVEN:
                yield from self._judge_batch(int(line), rows, pool, "day")

    def _judge_batch(self, line: int, rows: tuple[int, ...], pool: Ints, how: str) -> Iterable[tuple[Group, Judged]]:
        kind = "paid" if how == "party" else "batch"
        lags = self.b.day[line] - self.a.day[pool]
        pool = self._within(kind, pool, lags, self.a.day[pool], self.a.day[list(rows)])
        target, fixed = int(self.b.amount[line]), self.a.amount[list(rows)]
        before = len(pool)
        if target > 0 and not (self.a.amount[pool] < 0).any() and not (fixed < 0).any():
            pool = pool[self.a.amount[pool] <= target * (1 + MOST_FEE) * 1.05 - fixed.sum()]
        prior = self._prior(
            "batch", self.shares, self._prices(self.a, self.naming.parties, pool if how == "party" else _NO_ROWS)
        )
        weights = self.windows.weights(kind, self.b.day[line] - self.a.day[pool])
        spread = self.windows.spread("batch")
        problem = Problem(
            target,
            fixed,
            self.a.amount[pool],
            weights,
            pool,
            self.a.day[pool],
            spread,
            self.free_a[pool],
            before - len(pool),
        )
        judged = self._judge(("b", line), problem, prior, pool)
        if judged.best is not None:
            members = tuple(sorted((*rows, *pool[list(judged.best.members)].tolist())))
            yield self._group(members, (line,), judged, how, (len(rows), len(pool))), judged

    def _judge_split(self, row: int, lines: list[int], pool: Ints) -> Iterable[tuple[Group, Judged]]:
        target, fixed = int(self.a.amount[row]), self.b.amount[lines]
        before = len(pool)
        if target > 0 and not (self.b.amount[pool] < 0).any() and not (fixed < 0).any():
            pool = pool[self.b.amount[pool] <= target - fixed.sum()]
        weights = self.windows.weights("split", self.b.day[pool] - self.a.day[row])
        prior = self._prior("split", ({NO_FEE: 1.0}, {NO_FEE: 1.0}), self._prices(self.b, self.naming.party, pool))
        problem = Problem(
            target,
            fixed,
            self.b.amount[pool],
            weights,
            pool,
            self.b.day[pool],
            chances=self.free_b[pool],
            too_large=before - len(pool),
        )
        judged = self._judge(("a", row), problem, prior, pool)
        if judged.best is not None:
            members = tuple(sorted((*lines, *pool[list(judged.best.members)].tolist())))
            yield self._group((row,), members, judged, "party", (len(lines), len(pool))), judged

    def _judge(self, key: tuple[str, int], problem: Problem, prior: Prior, pool: Ints) -> Judged:
        """Judge a total, unless its pool is the same as before."""
        before = self._judged.get(key)
        free = (self.free_b if key[0] == "a" else self.free_a)[pool]
        is_same = before is not None and np.array_equal(before.fixed, problem.fixed)
        if is_same and before is not None and np.array_equal(before.rows, pool) and np.array_equal(before.free, free):
            return before.judged
        if self.work > self.options.work or len(pool) > MOST_POOL:
            self.out_of_budget.add(key)
            return judging.NOTHING
        shrunk = before is not None and is_same and bool(np.isin(pool, before.rows).all())
        judged, listed = judging.judge(
            problem, prior, self.options.limits, before.listed if shrunk and before else None
        )
        self.work += judged.work + LOOK * len(pool)
        self.looked_at += before is None
        self.out_of_budget.discard(key)
        if judged.is_out_of_budget and judged.best is None:
            self.out_of_budget.add(key)
        self._judged[key] = _Before(pool, problem.fixed, free, judged, listed)
        if key[0] == "b" and not judged.is_out_of_budget:
            self.absence.add(key[1], has_none=judged.best is None and not listed.is_cut, by_chance=judged.chance)
        return judged

    def _group(
        self, a: tuple[int, ...], b: tuple[int, ...], judged: Judged, how: str, numbers: tuple[int, int]
    ) -> Group:
        assert judged.best is not None
        named, pool = numbers
        return Group(
            a,
            b,
            judged.best.fee,
            max(judged.error, SURE),
            how,
            named,
            judged.chance,
            judged.density,
            pool,
            judged.by_prices,
        )

    def _prior(self, kind: str, shares: tuple[dict[Fee, float], dict[Fee, float]], prices: tuple[Prices, ...]) -> Prior:
        counts = self.sizes[kind]
        sizes = np.array([0.0, *(counts[n] + 1.0 for n in range(1, self.options.most_parts + 1))])
        return Prior(sizes / sizes.sum(), shares[0], shares[1], prices)

    def _prices(self, side: Rows, parties: Ints, pool: Ints) -> tuple[Prices, ...]:
        """The amounts that rows of a pool may have by chance: those of the side, and those of the pool's parties."""
        if not self.has_price_list or not len(side):
            return ()
        found = []
        for own in ((), tuple(np.unique(parties[pool]).tolist())):
            key = (side is self.a, own)
            if key not in self.prices:
                if len(self.prices) > MOST_PRICES:
                    self.prices.pop(next(iter(self.prices)))
                self.prices[key] = Prices(side.amount[np.isin(parties, own)] if own else side.amount)
            found.append(self.prices[key])
        return tuple(found)

    def _within(self, kind: str, pool: Ints, lags: Floats, days: Floats, named: Floats) -> Ints:
        """Rows whose day fits the total, and the parts that are known."""
        low, high = self.windows.lag(kind)
        keep = np.isnan(lags) | ((lags >= low) & (lags <= high))
        named = named[~np.isnan(named)]
        if len(named):
            spread = self.windows.spread("split" if kind == "split" else "batch")
            keep &= np.isnan(days) | ((days >= named.max() - spread) & (days <= named.min() + spread))
        found: Ints = pool[keep]
        return found

    # -- rows --------------------------------------------------------------------------------------------------------------

    def _free_a(self) -> Ints:
        """Open rows of a that no open row of b names."""
        named = {row for row, lines in self.lines_of.items() if self.open_b[lines].any()}
        return np.array([row for row in np.flatnonzero(self.open_a).tolist() if row not in named], np.int64)

    def _free_b(self) -> Ints:
        """Open rows of b that name no open row."""
        return np.array(
            [n for n in np.flatnonzero(self.open_b).tolist() if not self.open_a[list(self.naming.rows[n])].any()],
            np.int64,
        )

    def _with_doubted(self, rows: Ints, free: Floats) -> Ints:
        """
        Open rows, and where amounts are those of a price list, what groups have taken that are not sure: without these rows, what
        is left of equal amounts would look certain.
        """
        return np.union1d(rows, np.flatnonzero((free > 0) & (free < 1))) if self.has_price_list else rows

    @staticmethod
    def _by_party(rows: Ints, parties: Ints) -> dict[int, Ints]:
        order = np.argsort(parties[rows], kind="stable")
        numbers, first = np.unique(parties[rows][order], return_index=True)
        parts = np.split(rows[order], first[1:])
        return {int(n): part for n, part in zip(numbers, parts, strict=True) if n >= 0} if len(rows) else {}

    def _is_open(self, rows: tuple[int, ...]) -> bool:
        return bool(self.open_a[list(rows)].all())

    def _party(self, line: int) -> int:
        """The party that a text names, or else that of all rows that it names."""
        party = int(self.naming.party[line])
        if party >= 0 or not self.naming.rows[line]:
            return party
        owners = {int(self.naming.parties[row]) for row in self.naming.rows[line]}
        return owners.pop() if len(owners) == 1 else -1

    def _named_alone(self, rows: tuple[int, ...], line: int) -> bool:
        """Whether no other open row of b names any of the rows."""
        return all(n == line or not self.open_b[n] for row in rows for n in self.lines_of[row])

    def _take(self, group: Group) -> None:
        self.groups.append(group)
        self.open_a[list(group.a)] = False
        self.open_b[list(group.b)] = False
        chance = group.error if group.error > DOUBTED else 0.0
        self.free_a[list(group.a)] = chance
        self.free_b[list(group.b)] = chance
        kind = "split" if len(group.b) > 1 else "batch" if len(group.a) > 1 else "one"
        days = self.a.day[list(group.a)] if kind != "split" else self.b.day[list(group.b)]
        lags = self.b.day[group.b[0]] - days if kind != "split" else days - self.a.day[group.a[0]]
        spread = None if kind == "one" or np.isnan(days).all() else float(np.nanmax(days) - np.nanmin(days))
        self.windows.add(kind, lags[~np.isnan(lags)].tolist(), spread)
        self.sizes["split" if kind == "split" else "batch"][len(days)] += 1
        if kind == "batch" and self.naming.party[group.b[0]] < 0:
            self.templates[self.naming.template[group.b[0]]] += 1


def _on_days(rows: list[int], days: Floats, first: float, last: float) -> list[int]:
    """The rows, which are in the order of their days, of some days and those without one."""
    if np.isnan(first):
        return rows
    dated = int(np.searchsorted(days, np.inf, side="right"))  # NaN comes after all others
    start, end = np.searchsorted(days[:dated], first), np.searchsorted(days[:dated], last, side="right")
    return [*rows[int(start) : int(end)], *rows[dated:]]
