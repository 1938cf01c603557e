"""One pass that finds totals of runs: from the open rows of both sides to groups that are certain enough. See runs.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from matching.groups import MILLI, Budget, Group, Grouped, Line, bits_of
from matching.plan import RunsPass
from matching.sides import Sides, column
from matching.sums import rows, runs
from matching.sums.fees import Fee
from matching.sums.find import ALL_ERROR, CONFIRMED_ERROR, WORST, describe, few, prefix
from matching.sums.read_runs import keyed, moments, totals_of
from matching.sums.rows import Ledgers

Ints = NDArray[np.int64]
Texts = Sequence[str | None]


@dataclass(frozen=True)
class Kept:
    """Runs of one currency that are certain enough, and the rows they are made of."""

    run: runs.Run
    ledgers: Ledgers
    parts: int  # which of both sides has the parts


def find(sides: Sides, step: RunsPass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    kept, looked_at, out = solve(sides, step, budget)
    kept = [one for one in kept if not budget.is_rejected(*_places(one))]
    sure = prefix([one.run.error for one in kept], CONFIRMED_ERROR)
    texts = _Texts(sides, step)
    return Grouped([_explained(one, step, texts, is_sure=n < sure) for n, one in enumerate(kept)], looked_at, out)


def solve(sides: Sides, step: RunsPass, budget: Budget) -> tuple[list[Kept], int, int]:
    """The runs of a pass, the surest first, how many totals were looked at, and how many of them not completely."""
    parts = 1 if step.total == "left" else 0
    found: list[Kept] = []
    looked_at = out = 0
    texts = _Texts(sides, step)
    for ledgers in rows.read(sides, step, budget.remainders):
        budget.check()
        if not all(len(side) for side in ledgers.sides):
            continue
        a, b = ledgers.sides[parts], ledgers.sides[1 - parts]
        if step.gross is None:
            a = a.taken(a.amount != 0)  # nobody knows of which total a row of nothing is
            ledgers = replace(ledgers, sides=(b, a) if parts else (a, b))
        key, keys = keyed([[values[n] for n in a.place.tolist()] for values in texts.keys], len(a))
        gross = a.amount if texts.gross is None else _units(texts.gross[a.place], ledgers.scale)
        made = runs.Parts(a.amount, a.day, moments(a.day, [texts.dates[n] for n in a.place.tolist()]), key, gross)
        said = [texts.text[n] for n in b.place.tolist()] if texts.text is not None else [None] * len(b)
        totals = totals_of(b.amount, b.day, keys, said)
        options = runs.Options(step.max_days, step.max_runs, 10**ledgers.scale, step.gross is not None, budget.check)
        solver = runs.Solver(made, totals, options)
        found += [Kept(run, ledgers, parts) for run in solver.solve() if run.error <= WORST]
        looked_at += len(b)
        out += len(b) if solver.is_bounded else 0
    found.sort(key=lambda one: (one.run.error, _places(one)))
    errors = [one.run.error for one in found]
    return found[: max(prefix(errors, ALL_ERROR), prefix(errors, CONFIRMED_ERROR))], looked_at, out


# -- reading -----------------------------------------------------------------------------------------------------------


class _Texts:
    """What the rows of both sides say, by position, as far as the pass uses it."""

    def __init__(self, sides: Sides, step: RunsPass) -> None:
        numbers = list(sides.plan.fields)
        parts, totals = ("r", "l") if step.total == "left" else ("l", "r")

        def read(side: str, name: str) -> list[str | None]:
            found: list[str | None] = column(sides.connection, side, f"o{numbers.index(name)}").to_pylist()
            return found

        assert step.date is not None
        self.keys = [read(parts, name) for name in step.by]
        self.dates, self.days = read(parts, step.date), read(totals, step.date)
        self.text = None if step.text is None else read(totals, step.text)
        self.gross: NDArray[np.float64] | None = None
        if step.gross is not None:
            sql = f"SELECT coalesce(f{numbers.index(step.gross)}, 0)::DOUBLE AS v FROM {parts} ORDER BY i"
            self.gross = np.asarray(sides.connection.execute(sql).fetchnumpy()["v"], dtype=np.float64)


def _units(amounts: NDArray[np.float64], scale: int) -> Ints:
    found: Ints = np.round(np.clip(amounts * 10**scale, -rows.MAX_UNITS, rows.MAX_UNITS)).astype(np.int64)
    return found


# -- explanations ------------------------------------------------------------------------------------------------------


def _places(one: Kept) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The positions of a run's rows on the left and on the right."""
    parts, totals = one.ledgers.sides[one.parts], one.ledgers.sides[1 - one.parts]
    found = (tuple(sorted(parts.place[list(one.run.rows)].tolist())), (int(totals.place[one.run.total]),))
    return found[::-1] if one.parts else found


def _explained(one: Kept, step: RunsPass, texts: _Texts, *, is_sure: bool) -> Group:
    run, ledgers = one.run, one.ledgers
    parts, totals = ledgers.sides[one.parts], ledgers.sides[1 - one.parts]
    at = parts.place[list(run.rows)].tolist()
    left, right = _places(one)
    score = bits_of(run.error)
    by_sum = min(round(min(-log2(max(run.chance, 1e-9)), 30.0) * MILLI), score)
    difference = int(parts.amount[list(run.rows)].sum() - totals.amount[run.total])
    sums = " + ".join(few([f"{ledgers.decimal(int(parts.amount[n]))}" for n in run.rows]))

    def line(field: str, compare: str, values: tuple[str | None, str | None], weight: int = 0) -> Line:
        return Line(field, compare, *(values[::-1] if one.parts else values), weight)

    assert step.date is not None
    lines = [line(step.amount, "sum", (sums, f"{ledgers.decimal(int(totals.amount[run.total]))}"), by_sum)]
    times = [texts.dates[n] for n in at]
    first_last = f"{times[0]}" if times[0] == times[-1] else f"{times[0]} to {times[-1]}"
    lines.append(line(step.date, "days", (first_last, texts.days[int(totals.place[run.total])])))
    said = None if texts.text is None else texts.text[int(totals.place[run.total])]
    for name, values in zip(step.by, texts.keys, strict=True):
        lines.append(line(name, "named", (values[at[0]], said)))
    if run.reserve:
        kept_back = describe(Fee(0, 0, False, False, False, run.reserve), ledgers)
        lines.append(line("fee", "fee", (kept_back, f"{ledgers.decimal(difference)}")))
    adjoins = ("no other run adjoins", "another run adjoins on one side", "other runs adjoin on both sides")[
        run.chained
    ]
    expected = f"{run.chance:.2g} other runs expected by chance, {run.error:.2g} likely to be wrong"
    lines.append(
        line("choice", "chance", (f"{len(at)} rows, one of {run.pool} runs; {adjoins}", expected), score - by_sum)
    )
    left_less_right = ledgers.decimal(-difference if one.parts else difference)
    return Group(left, right, is_sure, score, left_less_right, tuple(lines))
