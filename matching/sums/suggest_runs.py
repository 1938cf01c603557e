"""
Whether two tables call for a pass that finds totals of runs, and with which columns.

They do if sums prove it: many rows of one side are, to the unit, the sum of rows of the other that follow each other in time,
where chance would make few of them. Columns are tried on a stretch of time, and judged by how many totals they explain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching import normalise
from matching.fields import Roles, currency_of, numeric
from matching.groups import Budget
from matching.plan import Booked, Plan, PlanField, RunsPass, Signed, column_of, distinct_names
from matching.reading.values import prepared
from matching.sample import SAMPLE, Sample, SampleColumn, in_order
from matching.sides import Sides
from matching.sums import find_runs, runs
from matching.sums.read_runs import keyed, moments, totals_of

MAX_ROWS = SAMPLE  # of a side; more are not looked at
MOST_TRIED = 10_000  # parts in the stretch of time that columns are tried on
MOST_RUNS = 300_000  # that are looked at for each choice of columns
MAX_AMOUNTS, MAX_DATES, MAX_KEYS, MAX_CURRENCIES = 5, 3, 8, 6
MAX_PASSES = 3  # each with other keys
MOST_VALUES = 0.1  # different values per row that a key may have
LEAST_PARTS = 2  # of a run that proves anything
LEAST_PROVEN, PROVEN_SHARE = 8, 0.02  # totals that are proven, and their share of the side of the totals
BEYOND_CHANCE = 3.0  # times as many as chance makes
BETTER = 1.05  # times as many that another key or more days must explain
DAYS = 7

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Called:
    """The fields and passes, none if nothing calls for them."""

    fields: dict[str, PlanField] = field(default_factory=dict)
    passes: tuple[RunsPass, ...] = ()


@dataclass(frozen=True)
class _Choice:
    """Columns of the parts and of the totals."""

    amount: SampleColumn
    total: SampleColumn
    is_negated: bool
    dates: tuple[SampleColumn, SampleColumn]
    keys: tuple[SampleColumn, ...] = ()
    days: int = 1


def called_for(tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], roles: tuple[Roles, Roles]) -> Called:
    """Look for proof of runs."""
    sizes = [table.num_rows for table in tables]
    if not min(sizes) or max(sizes) > MAX_ROWS:
        return Called()
    for parts in sorted((0, 1), key=lambda side: -tables[side].num_rows):
        found = _Search(tables, samples, roles, parts).called()
        if found.passes:
            return found
    return Called()


class _Search:
    """The search for columns, with one side as the parts."""

    def __init__(
        self, tables: tuple[pa.Table, pa.Table], samples: tuple[Sample, Sample], roles: tuple[Roles, Roles], parts: int
    ) -> None:
        self.tables = [in_order(table.select(distinct_names(table.column_names))) for table in tables]  # as the samples
        self.parts = parts
        self.a, self.b = samples[parts], samples[1 - parts]
        self.roles_a, self.roles_b = roles[parts], roles[1 - parts]
        self.is_open = np.ones(self.a.rows, bool), np.ones(self.b.rows, bool)
        self.currency = currency_of(roles)
        self.text = self._text()
        self._known: dict[Any, Any] = {}

    def called(self) -> Called:
        """The passes, the most telling first."""
        best = self._best_columns()
        if best is None:
            return Called()
        fields: dict[str, PlanField] = {}
        passes: list[RunsPass] = []
        for number in range(MAX_PASSES):
            choice = self._with_keys(best)
            if choice is None:
                break
            step = self._verified(self._pass(choice, number, fields), fields, choice)
            if step is None:
                break
            passes.append(step)
        used = {name for step in passes for name in step.fields.values()}
        return Called({name: one for name, one in fields.items() if name in used}, tuple(passes))

    # -- columns -------------------------------------------------------------------------------------------------------

    def _text(self) -> SampleColumn | None:
        """The text of the totals that says most: the one with the most different values."""
        texts = [c for c in self.b.columns if c.kind in ("text", "code") and c.name != self.roles_b.currency]
        return max(texts, key=lambda c: c.distinct, default=None)

    def _dated(self, sample: Sample, role: str | None) -> list[SampleColumn]:
        found = [c for c in sample.columns if c.kind == "date" and (c.profile is None or c.profile.date_order)]
        return sorted(found, key=lambda c: c.name != role)[:MAX_DATES]

    def _keys(self) -> list[SampleColumn]:
        """Columns whose values many rows share."""
        return [
            c
            for c in self.a.columns
            if c.kind in ("text", "code", "number")
            and c.name != self.roles_a.currency
            and 1 < c.distinct <= MOST_VALUES * c.filled
        ][:MAX_KEYS]

    def _choices(self) -> Iterator[_Choice]:
        amounts = numeric(self.a, set(), self.roles_a.amount)[:MAX_AMOUNTS]
        totals = numeric(self.b, set(), self.roles_b.amount)[: 1 if self.roles_b.amount else 2]
        for first in self._dated(self.a, self.roles_a.date):
            for second in self._dated(self.b, self.roles_b.date)[:1]:
                for amount in amounts:
                    for total in totals:
                        for is_negated in (False, True):
                            yield _Choice(amount, total, is_negated, (first, second))

    def _best_columns(self) -> _Choice | None:
        """Amounts and dates with which most totals are explained, by whatever key."""
        best: tuple[float, _Choice] | None = None
        for choice in self._choices():
            keyed_ = [replace(choice, keys=(key,)) for key in self._keys()]
            for one in (replace(choice, days=DAYS), *keyed_):
                score = self._score(one)
                if score and (best is None or score > best[0]):
                    best = (score, choice)
        return None if best is None else best[1]

    def _with_keys(self, choice: _Choice) -> _Choice | None:
        """Keys are added as long as they explain more."""
        options = [replace(choice, days=days) for days in (1, DAYS)]
        best, score = max(((one, self._score(one)) for one in options), key=lambda found: found[1])
        while True:
            more = [
                replace(best, keys=(*best.keys, key), days=days)
                for key in self._keys()
                if key not in best.keys
                for days in (1, DAYS)
            ]
            scored = [(one, self._score(one)) for one in more]
            one, found = max(scored, key=lambda tried: tried[1], default=(best, 0.0))
            if found <= BETTER * score:
                return best if score else None
            best, score = one, found

    # -- trying --------------------------------------------------------------------------------------------------------

    def _score(self, choice: _Choice) -> float:
        """How many totals are explained beyond chance, 0 if too few."""
        hit, chance = 0, 0.0
        for solver in self._solvers(choice):
            found = solver.excess(LEAST_PARTS)
            hit, chance = hit + found[0], chance + found[1]
        is_proof = hit >= max(LEAST_PROVEN, BEYOND_CHANCE * chance)
        return hit - chance if is_proof else 0.0

    def _solvers(self, choice: _Choice) -> Iterator[runs.Solver]:
        a, b = self._read(0, choice.amount, choice.dates[0]), self._read(1, choice.total, choice.dates[1])
        sign = -1 if choice.is_negated else 1
        key, _ = (
            keyed([self.a.texts(c.name).to_pylist() for c in choice.keys], self.a.rows) if choice.keys else (None, None)
        )
        for code in self._codes():
            rows = [
                np.flatnonzero(of.is_usable & open_ & self._has(n, code))
                for n, (of, open_) in enumerate(zip((a, b), self.is_open, strict=True))
            ]
            if not all(len(of) for of in rows):
                continue
            first, second = self._stretch(a.day[rows[0]], b.day[rows[1]])
            some, others = rows[0][first], rows[1][second]
            nothing = np.zeros(len(some), np.int64)
            parts = runs.Parts(
                a.units[some], a.day[some], a.moment[some], nothing if key is None else key[some], nothing
            )
            totals = totals_of(sign * b.units[others], b.day[others], [()], [None] * len(others))
            yield runs.Solver(parts, totals, runs.Options(choice.days, MOST_RUNS, 100))

    def _stretch(self, days: Floats, others: Floats) -> tuple[Ints, Ints]:
        """The rows in the middle of the time, as many as are tried, and the totals of that time."""
        if len(days) <= MOST_TRIED:
            return np.arange(len(days)), np.arange(len(others))
        order = np.argsort(days, kind="stable")
        begin = (len(days) - MOST_TRIED) // 2
        first, last = days[order[begin]], days[order[begin + MOST_TRIED - 1]]
        low, high = runs.LAGS
        some = np.flatnonzero((days >= first) & (days <= last))
        return some, np.flatnonzero((others >= first + low) & (others <= last + high))

    @dataclass(frozen=True)
    class _Read:
        units: Ints
        day: Floats
        moment: Ints
        is_usable: NDArray[np.bool_]

    def _read(self, side: int, amount: SampleColumn, date: SampleColumn) -> "_Search._Read":
        key = (side, amount.name, date.name)
        if key not in self._known:
            sample = (self.a, self.b)[side]
            values, day = sample.amounts(amount), sample.days(date)
            is_usable = ~np.isnan(values) & ~np.isnan(day) & (np.abs(values) < 1e12)
            units = np.round(np.where(is_usable, values, 0.0) * 100).astype(np.int64)
            moment = moments(day, sample.texts(date.name).to_pylist()) if side == 0 else np.zeros(0, np.int64)
            self._known[key] = self._Read(units, day, moment, is_usable)
        found: _Search._Read = self._known[key]
        return found

    def _codes(self) -> list[str | None]:
        """The currencies that both sides have, those of most rows first; None stands for all rows."""
        if self.currency is None or not all(self._currency_column(n) for n in (0, 1)):
            return [None]
        both = [self._currencies(n) for n in (0, 1)]
        counts = [dict(zip(*np.unique(of, return_counts=True), strict=True)) for of in both]
        shared = [code for code in counts[0] if code and code in counts[1]]
        return sorted(shared, key=lambda code: (-counts[0][code], code))[:MAX_CURRENCIES]

    def _currency_column(self, side: int) -> str | None:
        return (self.roles_a, self.roles_b)[side].currency

    def _currencies(self, side: int) -> NDArray[np.str_]:
        name = self._currency_column(side)
        assert name is not None
        return np.array([(text or "").strip() for text in (self.a, self.b)[side].texts(name).to_pylist()])

    def _has(self, side: int, code: str | None) -> NDArray[np.bool_]:
        if code is None:
            return np.ones((self.a, self.b)[side].rows, bool)
        found: NDArray[np.bool_] = self._currencies(side) == code
        return found

    # -- the pass ------------------------------------------------------------------------------------------------------

    def _pass(self, choice: _Choice, number: int, fields: dict[str, PlanField]) -> RunsPass:
        """The pass of a choice, whose fields are added."""
        total: Any = Signed(column=choice.total.name, negate=True) if choice.is_negated else choice.total.name
        text = self.text.name if self.text is not None else choice.total.name
        fields["sum"] = self._field("money", choice.amount.name, total)
        fields["sum date"] = self._field("date", choice.dates[0].name, choice.dates[1].name)
        said = None
        if self.text is not None:
            said = "sum text"
            about = next((c.name for c in self.a.columns if c.kind == "text"), choice.dates[0].name)
            fields[said] = self._field("text", about, text)
        known = {column_of(self._of(one)): name for name, one in fields.items() if name.startswith("key ")}
        by = []
        for key in choice.keys:
            name = known.setdefault(key.name, f"key {len(known) + 1}")
            fields[name] = self._field("text", key.name, text)
            by.append(name)
        name = "runs" if not number else f"runs {number + 1}"
        side: Literal["left", "right"] = "right" if self.parts == 0 else "left"
        return RunsPass(
            name=name,
            kind="runs",
            amount="sum",
            date="sum date",
            text=said,
            by=tuple(by),
            total=side,
            max_days=choice.days,
        )

    def _field(self, kind: str, part: str, total: Any) -> PlanField:
        left, right = (part, total) if self.parts == 0 else (total, part)
        currency = self.currency if kind == "money" else None
        return PlanField(type=kind, left=left, right=right, currency=currency)  # type: ignore[arg-type]  # one of its types

    def _of(self, one: PlanField) -> Any:
        return one.left if self.parts == 0 else one.right

    def _verified(self, step: RunsPass, fields: dict[str, PlanField], choice: _Choice) -> RunsPass | None:
        """The pass, with a reserve if one explains more; None if too little is found. Takes the rows of what is found."""
        several, rows = self._found(step, fields)
        # A reserve is looked for only where a run may have any length, since a chain of runs shows what is missing.
        for column in numeric(self.a, set(), None)[:MAX_AMOUNTS] if choice.days > 1 else []:
            tried = fields | {
                "gross": self._field(
                    "money", column.name, fields["sum"].right if self.parts == 0 else fields["sum"].left
                )
            }
            with_gross = step.model_copy(update={"gross": "gross", "difference": Booked(booked="fee")})
            more, found = self._found(with_gross, tried)
            if more > several:
                several, rows, step = more, found, with_gross
                fields["gross"] = tried["gross"]
        if several < max(LEAST_PROVEN, PROVEN_SHARE * min(self.a.rows, self.b.rows)):
            return None
        for is_open, taken in zip(self.is_open, rows, strict=True):
            is_open[taken] = False
        return step

    def _found(self, step: RunsPass, fields: dict[str, PlanField]) -> tuple[int, tuple[Ints, Ints]]:
        """How many totals have several parts, for sure, and the rows of parts and totals of all, as in the samples."""
        plan = Plan(fields=fields, passes=(step,))
        connection = prepared(sum(table.num_rows for table in self.tables))
        try:
            orders = []
            for side, name in zip((0, 1), "lr", strict=True):
                columns = _columns(fields, side)
                sample = self.tables[side].select(columns)
                is_open = self.is_open[side if self.parts == 0 else 1 - side]
                kept = np.flatnonzero(is_open)
                loaded = normalise.load(connection, name, sample.take(pa.array(kept)), plan)
                orders.append(kept[loaded.order])
                connection.execute(f"CREATE TEMP VIEW {name}_free AS SELECT * FROM {name}")
            sizes = (len(orders[0]), len(orders[1]))
            kept_runs, _, _ = find_runs.solve(Sides(connection, plan, sizes, 2), step, Budget())
        finally:
            connection.close()
        a, b = orders[self.parts], orders[1 - self.parts]
        parts = [n for one in kept_runs for n in one.ledgers.sides[one.parts].place[list(one.run.rows)].tolist()]
        totals = [int(one.ledgers.sides[1 - one.parts].place[one.run.total]) for one in kept_runs]
        several = sum(len(one.run.rows) >= LEAST_PARTS and one.run.error <= runs.PROVEN for one in kept_runs)
        return several, (a[parts], b[totals])


def _columns(fields: dict[str, PlanField], side: int) -> list[str]:
    """The columns of a side that the fields read."""
    name = ("left", "right")[side]
    found = [column_of(getattr(one, name)) for one in fields.values()]
    codes = [getattr(one.currency, name) for one in fields.values() if one.currency is not None]
    return list(dict.fromkeys([*found, *(code for code in codes if isinstance(code, str))]))
