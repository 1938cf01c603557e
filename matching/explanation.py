"""Why two rows were matched, or why not: the gate that failed, the match that took one of them, or the bound that was reached."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from core.money import NO_CURRENCY
from matching import candidates, normalise, scoring
from matching.candidates import Candidates
from matching.plan import Pass, Plan, RulesPass, distinct_names
from matching.reading.values import prepared
from matching.sides import Sides

if TYPE_CHECKING:
    from matching.engine import Options
    from matching.library import Tabular
    from matching.results import Chunk

Verdict = Literal["matched", "lost_to", "gated", "not_compared"]


@dataclass(frozen=True)
class Gate:
    """A gate of a pass, and whether it let the two rows through."""

    pass_name: str
    field: str
    compare: str
    ok: bool


@dataclass(frozen=True)
class Compared:
    """
    What a pass looks at in two rows: a field, its values as they are shown, and how alike they are, 0 to 1, if it asks.

    `holds` is None if it is no gate, and so cannot keep two rows apart by itself.
    """

    pass_index: int
    field: str
    compare: str
    left: str | None
    right: str | None
    similarity: float | None
    holds: bool | None


@dataclass(frozen=True)
class PairSeen:
    """What a pass made of two rows. `weight` is in bits, None if the pass did not compare them or has not kept them."""

    pass_name: str
    is_open: bool  # whether no earlier pass had used either of them
    gates: list[Gate]
    weight: float | None
    is_bounded: bool  # whether the pass left pairs out, since there would have been too many
    compared: list[Compared] = field(default_factory=list)  # what the pass looks at in them

    @property
    def is_let_through(self) -> bool:
        """Whether all gates hold, and the currencies fit. A pass without gates lets everything else through."""
        return all(gate.ok for gate in self.gates) and all(one.holds is not False for one in self.compared)


@dataclass(frozen=True)
class Weighed:
    """What a field adds to the evidence for a match: `weight` in bits, of its values as they are shown."""

    field: str
    compare: str
    left: str | None
    right: str | None
    similarity: float | None
    weight: float


@dataclass(frozen=True)
class Competitor:
    """A match of one of the two rows, or what came second to it."""

    pass_name: str
    left: list[int]
    right: list[int]
    score: float
    margin: float | None = None  # bits; None for what came second
    fields: list[Weighed] = field(default_factory=list)
    runner_up: "Competitor | None" = None

    @property
    def prior(self) -> float:
        """The bits that no field adds: with those of the fields they are the score."""
        return round(self.score - sum(one.weight for one in self.fields), 3)


Rows = tuple[Sequence[int], Sequence[int]]  # for each side, by what numbers people know its rows


@dataclass(frozen=True)
class Explanation:
    """
    Why two rows were matched, or why not. `match` is theirs, or what came second to their competitor, if that is these two.
    `seen` is what each pass made of them, up to the one that matched them.
    """

    verdict: Verdict
    pass_name: str | None
    gates: list[Gate]
    weight: float | None
    competitor: Competitor | None
    match: Competitor | None = None
    seen: list[PairSeen] = field(default_factory=list)

    def __str__(self) -> str:
        """The explanation in words."""
        return self.in_words()

    def in_words(self, rows: Rows | None = None) -> str:
        """The explanation in words, with other numbers of rows than those of the tables."""
        lines = [_WORDS[self.verdict].format(name=self.pass_name)]
        if self.competitor is not None and self.verdict == "lost_to":
            told = f"matched {_named(self.competitor, rows)}, at {self.competitor.score:.3f} bits."
            lines.append(f"The pass {self.competitor.pass_name!r} {told}")
        if self.verdict == "not_compared" and any(
            one.is_bounded and one.pass_name == self.pass_name for one in self.seen
        ):
            lines.append(
                "It left out groups of records, since there would have been more pairs than there is memory for."
            )
        if self.match is not None:
            lines += _evidence(self.match, rows)
        elif self.weight is not None:
            lines.append(f"The evidence for these two is {self.weight:.3f} bits.")
        lines += [
            f"  {one.pass_name}: {item.field} {item.compare}: {_values(item)}{_HOLDS[item.holds]}"
            for one in self.seen
            if self.match is None or one.pass_name != self.match.pass_name
            for item in one.compared
        ]
        return "\n".join(lines)


def _evidence(match: Competitor, rows: Rows | None) -> list[str]:
    """The lines that add up to a match's total, and what came second."""
    lines = [f"  {one.field} {one.compare}: {_values(one)}: {one.weight:.3f} bits" for one in match.fields]
    lines += [f"  prior: {match.prior:.3f} bits", f"  total: {match.score:.3f} bits"]
    if match.margin is None:
        return lines
    second = match.runner_up
    runner_up = "none" if second is None else f"{_named(second, rows)}, at {second.score:.3f} bits"
    return [*lines, f"  runner-up: {runner_up}", f"  margin: {match.margin:.3f} bits"]


def _values(item: Compared | Weighed) -> str:
    left, right = ("nothing" if value is None else f"“{value}”" for value in (item.left, item.right))
    alike = "" if item.similarity is None else f", {100 * item.similarity:.1f} % alike"
    return f"{left} and {right}{alike}"


def _named(match: Competitor, rows: Rows | None) -> str:
    left, right = (
        _numbers(side if rows is None else [int(rows[n][row]) for row in side])
        for n, side in enumerate((match.left, match.right))
    )
    return f"left {left} with right {right}"


_HOLDS = {True: ": holds", False: ": fails", None: ""}
_WORDS = {
    "matched": "The two rows are matched by the pass {name!r}.",
    "lost_to": "The two rows could be a match in the pass {name!r}, but another match is better or came first.",
    "gated": "No pass lets the two rows through: in each, a gate fails or there is too little evidence.",
    "not_compared": "The pass {name!r} would let the two rows through, but it did not compare them.",
}


def explain(
    left: "Tabular",
    right: "Tabular",
    left_row: int,
    right_row: int,
    plan: Plan | dict[str, Any] | str | None = None,
    options: "Options | None" = None,
) -> Explanation:
    """
    Run a plan and explain what became of two rows, counted from 0. Without a plan, one is suggested.

    Raises: IndexError if there are no such rows; PlanInvalid.
    """
    from matching import engine, library  # the engine asks this module about each pass

    tables = library.table_of(left), library.table_of(right)
    chosen = engine_plan(tables, plan)
    for row, table, side in zip((left_row, right_row), tables, ("left", "right"), strict=True):
        if not 0 <= row < table.num_rows:
            raise IndexError(f"the {side} table has no row {row}; its rows are 0 to {table.num_rows - 1}")
    seen: list[PairSeen] = []
    asked = replace(
        options or engine.Options(), asked=(left_row, right_row), on_pair=seen.append, with_explanations=True
    )
    taken: list[Competitor] = []
    for item in engine.run(*tables, chosen, options=asked):
        if isinstance(item, engine.Chunk) and not item.is_reported:
            taken += _touching(item, left_row, right_row)
    found = _judged(seen, taken, left_row, right_row)
    names = [step.name for step in chosen.passes]
    last = names.index(found.pass_name) if found.pass_name is not None else len(names)
    return replace(found, seen=[one for one in seen if names.index(one.pass_name) <= last])


def compare_first(
    left: pa.Table, right: pa.Table, plan: Plan, shown: tuple[pa.Table | None, pa.Table | None] = (None, None)
) -> list[Compared]:
    """
    Compare the first rows of two tables as each pass of a plan would, without running it.

    The other rows only show how a file writes numbers and days. Weights depend on all rows, so there are none here.

    Args:
        left, right, shown: as engine.run takes them.

    Returns: the comparisons of each pass, in the plan's order. Of a pass that is not by rules, the fields that it uses.
    Raises: PlanInvalid if the plan does not fit the tables.
    """
    plan.bind(left.column_names, right.column_names)
    connection = prepared(left.num_rows + right.num_rows)
    try:
        for name, table, texts in (("l", left, shown[0]), ("r", right, shown[1])):
            normalise.load(connection, name, table.select(distinct_names(table.column_names)), plan, texts)
        positions = [connection.execute(f"SELECT i FROM {side} WHERE _row_ = 0").fetchall()[0][0] for side in "lr"]
        sides, rows = Sides(connection, plan, (left.num_rows, right.num_rows), 1), (positions[0], positions[1])
        return [one for index, step in enumerate(plan.passes) for one in _compared(sides, index, step, rows)]
    finally:
        connection.close()


def _compared(sides: Sides, index: int, step: Pass, rows: tuple[int, int]) -> list[Compared]:
    if step.kind != "rules":
        fields = step.fields if step.kind == "probabilistic" else step.fields.values()
        return [Compared(index, name, step.kind, *_shown(sides, name, rows), None, None) for name in fields]
    found = []
    for number, item in enumerate((*step.where, *step.score)):
        likeness = None
        if item.compare == "similarity":
            value = float(scoring.similarity(sides, item, _pair(rows))[0])
            likeness = None if np.isnan(value) else round(value, 4)
        holds = _holds(sides, item, rows) if number < len(step.where) else None
        found.append(Compared(index, item.field, item.compare, *_shown(sides, item.field, rows), likeness, holds))
    return found + _currencies(sides, index, step, rows)


def _currencies(sides: Sides, index: int, step: RulesPass, rows: tuple[int, int]) -> list[Compared]:
    """Amounts in two currencies are never candidates, also if the amount is no gate, or the pass compares none."""
    found = []
    fields, compared = sides.plan.fields, dict.fromkeys(item.field for item in (*step.where, *step.score))
    difference = sides.plan.money_of(step)
    names = [one for one in compared if fields[one].type == "money"]
    if not names and difference is not None:
        names = [difference]
    for name in names:
        k = list(sides.plan.fields).index(name)
        codes = [
            sides.connection.execute(f"SELECT c{k}::VARCHAR FROM {side} WHERE i = {row}").fetchall()[0][0]
            for side, row in zip("lr", rows, strict=True)
        ]
        if codes[0] != codes[1] and NO_CURRENCY not in codes:
            found.append(Compared(index, name, "currency", codes[0], codes[1], None, False))
    return found


def _shown(sides: Sides, field: str, rows: tuple[int, int]) -> tuple[str | None, str | None]:
    """The values of a field as people see them."""
    k = list(sides.plan.fields).index(field)
    left, right = (
        sides.connection.execute(f"SELECT o{k}::VARCHAR FROM {side} WHERE i = {row}").fetchall()[0][0]
        for side, row in zip("lr", rows, strict=True)
    )
    return left, right


def engine_plan(tables: tuple[Any, Any], plan: Plan | dict[str, Any] | str | None) -> Plan:
    """The plan that was given, or one that is suggested."""
    from matching.faults import plan_of
    from matching.suggest import suggest

    return suggest(*tables) if plan is None else plan_of(plan)


def seen_in(sides: Sides, step: Pass, rows: tuple[int, int], pairs: Candidates, weight: Any) -> PairSeen:
    """What a pass made of two rows, which are given by position. It must not have used any rows yet."""
    used = [
        sides.connection.execute(f"SELECT count(*) FROM {side}_used WHERE i = {row}").fetchall()[0][0]
        for side, row in zip("lr", rows, strict=True)
    ]
    found = np.flatnonzero((pairs.left == rows[0]) & (pairs.right == rows[1]))
    gates = (
        [Gate(step.name, gate.field, gate.compare, _holds(sides, gate, rows)) for gate in step.where]
        if step.kind == "rules"
        else []
    )
    bits = float(weight[found[0]]) / scoring.MILLI if len(found) else None
    compared = _compared(sides, sides.plan.passes.index(step), step, rows)
    return PairSeen(step.name, not any(used), gates, bits, pairs.skipped_blocks > 0, compared)


def _holds(sides: Sides, gate: Any, rows: tuple[int, int]) -> bool:
    if gate.compare != "similarity":
        return candidates.holds(sides, gate, rows)
    likeness = float(scoring.similarity(sides, gate, _pair(rows))[0])
    return not np.isnan(likeness) and likeness >= (gate.minimum or 0.0)


def _pair(rows: tuple[int, int]) -> Candidates:
    return Candidates(np.array(rows[:1], np.int32), np.array(rows[1:], np.int32), 0, 0)


def _touching(chunk: "Chunk", left_row: int, right_row: int) -> list[Competitor]:
    """The matches that use one of the two rows."""
    table = chunk.matches.select(["left", "right", "score", "margin", "fields", "runner_up"])
    used = zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True)
    places = [n for n, (left, right) in enumerate(used) if left_row in left or right_row in right]
    return [_match(chunk.pass_name, match) for match in table.take(places).to_pylist()] if places else []


def _match(pass_name: str, match: dict[str, Any]) -> Competitor:
    """A match as the engine yields it. What came second is within its JSON."""
    fields, second = (json.loads(one) if isinstance(one, str) else one for one in (match["fields"], match["runner_up"]))
    weighed = [Weighed(**{name: one[name] for name in Weighed.__annotations__}) for one in fields or ()]
    runner_up = None if second is None else _match(pass_name, {"margin": None, "runner_up": None, **second})
    return Competitor(pass_name, match["left"], match["right"], match["score"], match["margin"], weighed, runner_up)


def _judged(seen: list[PairSeen], taken: list[Competitor], left_row: int, right_row: int) -> Explanation:
    gates = [gate for one in seen for gate in one.gates]
    weights = {one.pass_name: one.weight for one in seen}
    for match in taken:
        if left_row in match.left and right_row in match.right:
            return Explanation("matched", match.pass_name, gates, weights.get(match.pass_name), None, match)
    for one in seen:
        if not one.is_let_through:
            continue
        before = taken[0] if taken and not one.is_open else None
        rival = before or next((match for match in taken if match.pass_name == one.pass_name), None)
        if rival is not None and (one.weight is None or one.weight > 0 or before is not None):
            second = rival.runner_up
            is_second = second is not None and (second.left, second.right) == ([left_row], [right_row])
            return Explanation("lost_to", one.pass_name, gates, one.weight, rival, second if is_second else None)
        if one.weight is None:
            return Explanation("not_compared", one.pass_name, gates, None, None)
    return Explanation("gated", None, gates, next((w for w in weights.values() if w is not None), None), None)


def _numbers(rows: list[int]) -> str:
    return ", ".join(map(str, rows))
