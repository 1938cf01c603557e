"""
Runs a plan, pass by pass: candidates, evidence, an optimum, chunks. The same input and plan give the same output, with
any number of threads.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching import assignment, candidates, chains, duck, groups, normalise, recurring, scoring, sums, within_side
from matching.explanation import PairSeen, seen_in
from matching.groups import Grouped
from matching.plan import (
    AnyGroupPass,
    GroupPass,
    Pass,
    Plan,
    ProbabilisticPass,
    RulesPass,
    distinct_names,
)
from matching.reading.values import install_macros
from matching.results import (
    CONFIRMED,
    MATCHES,
    NOTHING_BARRED,
    ROWS,
    SUGGESTED,
    Barred,
    Chunk,
    Finished,
    PassFinished,
    Progress,
    Stopped,
)
from matching.sides import Sides
from matching.sums import find_runs, find_vouchers

__all__ = ["AMBIGUOUS_BELOW_BITS", "Chunk", "Finished", "Options", "PassFinished", "Progress", "Stopped", "run"]

CHUNK = 1000
# Explaining scans both tables completely, so several chunks are explained together.
MAX_BLOCK_CHUNKS = 16
# Below this margin another interpretation is too likely: 5 bits are odds of 32 to 1. Such a match is never confirmed
# automatically.
AMBIGUOUS_BELOW_BITS = 5.0
# How a run's memory is divided: DuckDB has this share, candidate pairs outside it half, and rows in transit the rest.
_DUCKDB_SHARE = 0.4
_PAIRS_SHARE = 0.5
# The most memory that a candidate pair takes at any time, and the most that each of its comparisons adds (measured).
_PAIR_BYTES, _COMPARISON_BYTES = 200, 24
_LEARNED_BYTES = 150  # that a candidate pair of a probabilistic pass takes (measured)
_NONE: NDArray[np.int64] = np.zeros(0, np.int64)
_AMBIGUITIES = ("none", "ambiguous", "interchangeable")
# The share of a pass that each stage takes, by its kind, measured on 90,000 rows.
_BY_RULES = {"candidates": 0.15, "comparing": 0.35, "assigning": 0.25, "writing": 0.25}
_IN_GROUPS = {"candidates": 0.02, "comparing": 0.93, "writing": 0.05}
_SHARES: dict[str, dict[str, float]] = {
    "rules": _BY_RULES,
    "probabilistic": {"candidates": 0.22, "comparing": 0.53, "assigning": 0.15, "writing": 0.1},
    "sums": _IN_GROUPS,
    "payouts": _IN_GROUPS,
    "series": _IN_GROUPS,
    "runs": _IN_GROUPS,
    "vouchers": _IN_GROUPS,
    "within_side": _IN_GROUPS,
}
# What a record that is still open costs in a pass of each kind, with the writing of its match, and what loading it costs, in
# units of a pass by rules; what a pass costs besides. So that the fraction follows the time, also where few records are left.
_COSTS = {
    "rules": 1.0,
    "within_side": 1.0,
    "runs": 2.0,
    "vouchers": 1.0,
    "probabilistic": 12.0,
    "sums": 35.0,
    "payouts": 25.0,
    "series": 25.0,
}
_BESIDES = {"probabilistic": 50_000.0}  # its libraries
_LOADING = 0.7
_LEFT_OPEN = 0.5  # of the open records, by each pass that is still to come


@dataclass(frozen=True)
class Options:
    """
    How to run. None of this changes what is found, unless memory is too small for all pairs of a pass.

    `memory_limit_mb` does not include the inputs; what a pass has no memory for is left out and counted. `should_stop`
    is called between steps and chunks; `temp_directory` is where DuckDB may spill. Without `with_explanations`, `difference`,
    `fields` and `runner_up` of matches are null: they take as long as all the rest.
    """

    threads: int = 2
    memory_limit_mb: int = 1024
    temp_directory: str | None = None
    chunk_size: int = CHUNK
    with_explanations: bool = True
    on_progress: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] | None = None
    asked: tuple[int, int] | None = None  # an input row of each side, whose fate in each pass `on_pair` is told
    on_pair: Callable[[PairSeen], None] | None = None


@dataclass
class _Run:
    sides: Sides
    options: Options
    rows: tuple[NDArray[np.int64], NDArray[np.int64]] = (_NONE, _NONE)  # input rows, by the position on each side
    is_used: tuple[NDArray[np.bool_], NDArray[np.bool_]] = (
        _NONE.astype(np.bool_),
        _NONE.astype(np.bool_),
    )  # by position
    is_settled: tuple[NDArray[np.bool_], NDArray[np.bool_]] = (
        _NONE.astype(np.bool_),
        _NONE.astype(np.bool_),
    )  # the same, by confirmed matches
    rejected: NDArray[np.int64] = field(default_factory=lambda: _NONE)  # pairs, each encoded as one number
    rejected_sets: pa.Table | None = None
    remainders: tuple[int, int] = (0, 0)  # how many of the last input rows of each side are no records
    pass_name: str | None = None  # of the pass being run
    pass_index: int = 0
    matched: int = 0
    confirmed: int = 0
    used: int = 0  # records of both sides that matches use
    fraction: float = 0.0
    spent: float = 0.0  # of the work, in the units of _COSTS

    @property
    def plan(self) -> Plan:
        """The plan being run."""
        return self.sides.plan

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection with both sides."""
        return self.sides.connection


@dataclass(frozen=True)
class _Scored:
    """The candidate pairs of a pass, their weights in milli-bits (shape n), and the evidence of each comparison."""

    pairs: candidates.Candidates
    weight: NDArray[np.int64]
    evidence: list[scoring.Evidence]


@dataclass(frozen=True)
class _Decided:
    """Of each chosen pair, whether it is confirmed, its place in _AMBIGUITIES, and its group (each of shape n)."""

    is_confirmed: NDArray[np.bool_]
    ambiguity: NDArray[np.int8]
    group: NDArray[np.object_]


@dataclass(frozen=True)
class _Solved:
    """What a pass has chosen among its candidate pairs, of which only those with a match or a runner-up may be kept."""

    scored: _Scored
    chosen: assignment.Assigned
    decided: _Decided
    candidates: int  # pairs that were compared
    too_little: int = 0  # of them those that meet the gates of rules, but have too little evidence


def run(
    left: pa.Table,
    right: pa.Table,
    plan: Plan,
    *,
    shown: tuple[pa.Table | None, pa.Table | None] = (None, None),
    barred: Barred = NOTHING_BARRED,
    options: Options = Options(),
) -> Iterator[Chunk | PassFinished | Finished]:
    """
    Match two tables by a plan. Results are yielded as soon as they are final.

    Args:
        left, right: columns of text, or already typed (decimal, date). Results identify rows by index.
        shown: for each side, the original texts of typed columns, by column name, for explanations; null if unknown.
        barred: what is never proposed.

    Raises: PlanInvalid when the plan does not fit the tables; Stopped.
    """
    plan.bind(left.column_names, right.column_names)
    plan = plan.in_order()
    left, right = (table.select(distinct_names(table.column_names)) for table in (left, right))
    config: dict[str, Any] = {
        "threads": options.threads,
        "memory_limit": f"{int(options.memory_limit_mb * _DUCKDB_SHARE)}MB",
        "preserve_insertion_order": True,
    }
    if options.temp_directory is not None:
        config["temp_directory"] = options.temp_directory
    connection = duck.connect(**config)
    try:
        install_macros(connection)
        sizes = (left.num_rows, right.num_rows)
        work = _Run(Sides(connection, plan, sizes, options.threads), options, remainders=barred.remainders)
        _tell(work, "normalising", 0, sum(sizes), 0.02)
        keeps_texts = options.with_explanations or options.asked is not None or _need_texts(plan)
        left_row = normalise.load(connection, "l", left, plan, shown[0], keeps_texts=keeps_texts).order
        _check(work)
        right_row = normalise.load(connection, "r", right, plan, shown[1], keeps_texts=keeps_texts).order
        work.rows = (left_row, right_row)
        work.is_used = (np.zeros(sizes[0], np.bool_), np.zeros(sizes[1], np.bool_))
        work.is_settled = (np.zeros(sizes[0], np.bool_), np.zeros(sizes[1], np.bool_))
        work.rejected_sets = barred.rejected
        work.rejected = _rejected_pairs(barred.rejected, left_row, right_row)
        for side in "lr":
            connection.execute(f"CREATE TEMP TABLE {side}_used (i INTEGER)")
            connection.execute(f"CREATE TEMP VIEW {side}_free AS SELECT * FROM {side}")
        work.spent = _LOADING * sum(sizes)
        for index, step in enumerate(plan.passes):
            work.pass_index, work.pass_name = index, step.name
            cost = _cost(step, sum(sizes) - work.used)
            if isinstance(step, GroupPass):
                yield from _group_pass(work, index, step)
            else:
                yield from _pass(work, index, step)
            work.spent += cost
        work.pass_index, work.pass_name = len(plan.passes), None
        open_left, open_right = (np.sort(rows[~used]) for rows, used in zip(work.rows, work.is_used, strict=True))
        _tell(work, "writing", sum(sizes), sum(sizes), 1.0)
        yield Finished(work.matched, work.confirmed, work.matched - work.confirmed, open_left, open_right)
    finally:
        connection.close()


def _need_texts(plan: Plan) -> bool:
    """Whether a pass compares texts as they were, and not only cleaned ones."""
    return any(step.kind != "rules" for step in plan.passes)


def _group_pass(work: _Run, index: int, step: AnyGroupPass) -> Iterator[Chunk | PassFinished]:
    """A pass whose matches are groups of any number of rows."""
    tell = _teller(work, step)
    tell("candidates", 0.0)
    budget = groups.Budget(_is_rejected_set(work), _remainders(work), lambda: _check(work), tell)
    found = _grouped(work.sides, step, budget)
    _check(work)
    ordered = sorted(found.groups, key=lambda g: (min(g.left, default=-1), min(g.right, default=-1)))
    reported, size = step.accept == "report", work.options.chunk_size
    confirmed = suggested = ambiguous = 0
    for number, start in enumerate(range(0, len(ordered), size)):
        _check(work)
        part = ordered[start : start + size]
        matches = groups.matches_of(part, work.rows, can_confirm=step.accept == "confirm_if_unique")
        chunk = Chunk(index, step.name, number, matches, is_reported=reported)
        sure = pc.sum(pc.equal(matches["status"], CONFIRMED)).as_py() or 0
        ambiguous += pc.sum(pc.equal(matches["ambiguity"], "ambiguous")).as_py() or 0
        if not reported:
            _settle(work, part, pc.equal(matches["status"], CONFIRMED).to_pylist())
            confirmed, suggested = confirmed + sure, suggested + len(part) - sure
            work.matched, work.confirmed = work.matched + len(part), work.confirmed + sure
            work.used += sum(len(rows) for rows in chunk.used)
        tell("writing", (start + len(part)) / len(ordered))
        yield chunk
    if not reported:
        for side, positions in (("l", [g.left for g in ordered]), ("r", [g.right for g in ordered])):
            _use_rows(work, side, np.array([n for rows in positions for n in rows], np.int64))
    yield PassFinished(
        pass_index=index,
        pass_name=step.name,
        candidates=found.candidates,
        matches=confirmed + suggested,
        confirmed=confirmed,
        suggested=suggested,
        ambiguous=ambiguous,
        reported=len(ordered) if reported else 0,
        skipped_blocks=found.out_of_budget,
        skipped_pairs=0,
        local_components=0,
    )


def _settle(work: _Run, found: list[groups.Group], is_confirmed: list[bool]) -> None:
    """Note the rows of groups that are confirmed."""
    for group, sure in zip(found, is_confirmed, strict=True):
        if sure:
            work.is_settled[0][list(group.left)] = work.is_settled[1][list(group.right)] = True


def _grouped(sides: Sides, step: AnyGroupPass, budget: groups.Budget) -> Grouped:
    """The groups that a pass finds."""
    if step.kind == "sums":
        return sums.find(sides, step, budget)
    if step.kind == "payouts":
        return sums.find_payouts(sides, step, budget)
    if step.kind == "series":
        return sums.find_series(sides, step, budget)
    if step.kind == "runs":
        return find_runs.find(sides, step, budget)
    if step.kind == "vouchers":
        return find_vouchers.find(sides, step, budget)
    if step.kind == "within_side":
        return within_side.find(sides, step, budget)
    assert_never(step)


def _is_rejected_set(work: _Run) -> Callable[[groups.Rows, groups.Rows], bool]:
    """Whether people have rejected exactly these rows, by their positions."""
    if work.rejected_sets is None:
        return lambda left, right: False
    found = {(frozenset(s["left"]), frozenset(s["right"])) for s in work.rejected_sets.to_pylist()}
    rows = work.rows
    return lambda left, right: (
        (frozenset(rows[0][list(left)].tolist()), frozenset(rows[1][list(right)].tolist())) in found
    )


def _remainders(work: _Run) -> tuple[list[int], list[int]]:
    """The positions of what earlier matches left open. It is paid by one row, so it is part of no group."""
    left, right = (
        np.flatnonzero(rows >= size - last).tolist()
        for rows, size, last in zip(work.rows, work.sides.sizes, work.remainders, strict=True)
    )
    return left, right


def _pass(work: _Run, index: int, step: RulesPass | ProbabilisticPass) -> Iterator[Chunk | PassFinished]:
    tell = _teller(work, step)
    solved = _learned(work, step, tell) if step.kind == "probabilistic" else _ruled(work, step, tell)
    _check(work)
    scored, chosen, decided, pairs = solved.scored, solved.chosen, solved.decided, solved.scored.pairs
    if work.options.asked is not None and work.options.on_pair is not None:
        asked = (int(np.flatnonzero(rows == row)[0]) for rows, row in zip(work.rows, work.options.asked, strict=True))
        work.options.on_pair(seen_in(work.sides, step, (next(asked), next(asked)), pairs, scored.weight))
    order = _component_order(work, pairs, chosen)
    reported = step.accept == "report"
    for block in _blocks(len(order), work.options.chunk_size):
        _check(work)
        part = order[block]
        table = _table(work, scored, chosen, decided, part)
        for start in range(0, len(part), work.options.chunk_size):
            _check(work)
            matches = table.slice(start, work.options.chunk_size)
            number = (block.start + start) // work.options.chunk_size
            chunk = Chunk(index, step.name, number, matches, is_reported=reported)
            if not reported:
                work.matched += matches.num_rows
                work.confirmed += pc.sum(pc.equal(matches["status"], CONFIRMED)).as_py() or 0
                work.used += sum(len(rows) for rows in chunk.used)
            tell("writing", (block.start + start + matches.num_rows) / len(order))
            yield chunk
    if not reported:
        _use(work, pairs, chosen)
        sure_pairs = chosen.pair[decided.is_confirmed]
        work.is_settled[0][pairs.left[sure_pairs]] = work.is_settled[1][pairs.right[sure_pairs]] = True
    confirmed = int(decided.is_confirmed.sum())
    yield PassFinished(
        pass_index=index,
        pass_name=step.name,
        candidates=solved.candidates,
        matches=0 if reported else len(order),
        confirmed=0 if reported else confirmed,
        suggested=0 if reported else len(order) - confirmed,
        ambiguous=int(np.count_nonzero(decided.ambiguity)),
        reported=len(order) if reported else 0,
        skipped_blocks=pairs.skipped_blocks,
        skipped_pairs=pairs.skipped_pairs,
        local_components=chosen.local_components,
        too_little=solved.too_little,
    )


def _ruled(work: _Run, step: RulesPass, tell: Callable[[str, float], None]) -> _Solved:
    """Solve a pass by rules."""
    tell("candidates", 0.0)
    limit = _max_pairs(work.options.memory_limit_mb, step)
    pairs = candidates.find(work.connection, work.plan, step, limit, work.sides)
    pairs = _without_remainders(work, _without_rejected(work, pairs))
    _check(work)
    tell("comparing", 0.0)
    weight, evidence, keep = scoring.score(work.sides, step, pairs)
    too_little = int(np.count_nonzero(keep & (weight <= assignment.UNMATCHED)))
    weight = np.where(keep, weight, 0)
    _check(work)
    tell("assigning", 0.0)
    chosen = assignment.assign(pairs.left, pairs.right, weight)
    alone = scoring.loneliness(work.sides, step, pairs, weight)
    margin = np.minimum(chosen.margin, np.maximum(weight[chosen.pair] - alone, 0))
    chosen = replace(chosen, margin=margin)
    can_confirm = np.full(len(margin), step.accept in ("confirm", "confirm_if_unambiguous"))
    if step.accept == "confirm_if_unambiguous" and not scoring.is_by_code(work.plan, step):
        doubt = recurring.doubts(work.sides, evidence, pairs, chosen, (work.sides.free("l"), work.sides.free("r")))
        doubt = np.maximum(doubt, _shifted(work, _Scored(pairs, weight, evidence), chosen))
        can_confirm = recurring.confirmed(doubt, margin >= AMBIGUOUS_BELOW_BITS * scoring.MILLI)
    decided = _decide(work, step, pairs, chosen, can_confirm)
    return _Solved(_Scored(pairs, weight, evidence), chosen, decided, len(pairs.left), too_little)


def _learned(work: _Run, step: ProbabilisticPass, tell: Callable[[str, float], None]) -> _Solved:
    """Solve a probabilistic pass."""
    # Imported here: it needs SciPy, which takes 0.4 s, and many plans have no such pass.
    from matching import probabilistic

    tell("candidates", 0.0)

    def allowed(pairs: candidates.Candidates) -> candidates.Candidates:
        return _without_remainders(work, _without_rejected(work, pairs))

    budget = probabilistic.Budget(
        max_pairs=int(work.options.memory_limit_mb * 1024**2 * _PAIRS_SHARE) // _LEARNED_BYTES,
        allowed=allowed,
        tell=tell,
        check=lambda: _check(work),
    )
    found = probabilistic.find(work.sides, step, budget)
    scored = _Scored(found.pairs, found.weight, found.evidence)
    is_sure = found.is_sure
    if is_sure.any():
        is_sure = recurring.confirmed(_shifted(work, scored, found.chosen), is_sure)
    decided = _decide(work, step, found.pairs, found.chosen, is_sure)
    return _Solved(scored, found.chosen, decided, found.candidates)


def _shifted(work: _Run, scored: _Scored, chosen: assignment.Assigned) -> NDArray[np.float64]:
    """For each chosen pair, the chance that it belongs to a chain of payments that is shifted as a whole."""
    names = list(dict.fromkeys(item.field for item in scored.evidence if item.field in work.plan.fields))
    left, right = (rows[chosen.pair].astype(np.int64) for rows in (scored.pairs.left, scored.pairs.right))
    is_proved = np.zeros(len(left), np.bool_)
    for item in scored.evidence:
        if item.compare == "equal" and item.field in names and work.plan.fields[item.field].type == "reference":
            k = list(work.plan.fields).index(item.field)
            alone = [work.sides.frequencies(side, k)[rows] == 1 for side, rows in (("l", left), ("r", right))]
            is_proved |= (item.bits[chosen.pair] > 0) & alone[0] & alone[1]
    return chains.doubts(work.sides, names, chains.Paired(left, right, is_proved, work.is_settled))


def _max_pairs(memory_limit_mb: int, step: RulesPass) -> int:
    """How many candidate pairs a pass has memory for."""
    size = _PAIR_BYTES + _COMPARISON_BYTES * (len(step.where) + len(step.score))
    return int(memory_limit_mb * 1024**2 * _PAIRS_SHARE) // size


def _blocks(rows: int, chunk: int) -> Iterator[slice]:
    """Slices of whole chunks whose tables are built together: one chunk at first, so that it is out soon, then more."""
    start, size = 0, chunk
    while start < rows:
        yield slice(start, min(start + size, rows))
        start += size
        size = min(size * 4, MAX_BLOCK_CHUNKS * chunk)


def _decide(
    work: _Run,
    step: RulesPass | ProbabilisticPass,
    pairs: candidates.Candidates,
    chosen: assignment.Assigned,
    can_confirm: NDArray[np.bool_],
) -> _Decided:
    """Status, ambiguity and group. `can_confirm`, shape (k,): the chosen pairs that are confirmed if they are clear."""
    n = len(chosen.pair)
    close = chosen.margin < AMBIGUOUS_BELOW_BITS * scoring.MILLI
    group = np.full(n, None, dtype=object)
    ambiguity = close.astype(np.int8)
    if close.any():
        runner = chosen.runner_up
        has = close & (runner >= 0)
        mine, other = chosen.pair[has], runner[has]
        left, right = (
            _signatures(work, step, side, np.concatenate((rows[mine], rows[other]))).reshape(2, -1)
            for side, rows in (("l", pairs.left), ("r", pairs.right))
        )
        # Its best competitor differs by a row with equal compared fields, so it does not matter which of them is taken.
        same = (left[0] == left[1]) & (right[0] == right[1])
        positions = np.flatnonzero(has)[same]
        ambiguity[positions] = _AMBIGUITIES.index("interchangeable")
        for position, one, another in zip(positions, left[0][same], right[0][same], strict=True):
            group[position] = f"{one:016x}{another:016x}"
    return _Decided(can_confirm & ~close, ambiguity, group)


def _signatures(
    work: _Run, step: RulesPass | ProbabilisticPass, side: str, rows: NDArray[np.int32]
) -> NDArray[np.uint64]:
    """A number for each of these rows that is equal if all compared fields are equal."""
    names = list(work.plan.fields)
    compared = step.fields if step.kind == "probabilistic" else [c.field for c in (*step.where, *step.score)]
    numbers = sorted({names.index(field) for field in compared})
    values = [f"f{k}" for k in numbers] + [f"c{k}" for k in numbers if work.plan.fields[names[k]].type == "money"]
    parts = ", ".join(f"coalesce({value}::VARCHAR, chr(1))" for value in values)
    different, place = np.unique(rows, return_inverse=True)
    work.connection.register("asked", pa.table({"i": pa.array(different, pa.int32())}))
    try:
        sql = f"SELECT md5_number_lower(concat_ws(chr(0), {parts})) AS v FROM {side} JOIN asked USING (i) ORDER BY i"
        found = np.asarray(work.connection.execute(sql).fetchnumpy()["v"], dtype=np.uint64)
    finally:
        work.connection.unregister("asked")
    return found[place]


def _component_order(work: _Run, pairs: candidates.Candidates, chosen: assignment.Assigned) -> NDArray[np.int64]:
    """Chosen pairs in the order of their component's smallest position, which is its smallest content hash."""
    if not len(chosen.pair):
        return np.zeros(0, dtype=np.int64)
    left = pairs.left[chosen.pair].astype(np.int64)
    smallest = np.full(int(chosen.component.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, chosen.component, left)
    return np.lexsort((left, smallest[chosen.component]))


def _table(
    work: _Run, scored: _Scored, chosen: assignment.Assigned, decided: _Decided, part: NDArray[np.int64]
) -> pa.Table:
    """The matches of a chunk. `part` holds positions among the chosen pairs."""
    pairs, weight = scored.pairs, scored.weight
    left_row, right_row = work.rows
    pair = chosen.pair[part]
    runner = chosen.runner_up[part]
    left, right = pairs.left[pair], pairs.right[pair]
    fields, runner_up = pa.nulls(len(pair), pa.string()), pa.nulls(len(pair), pa.string())
    if work.options.with_explanations:
        # Runners-up are explained by the same query, since a query takes longer to begin than to explain a few pairs more.
        explained, difference = _explain(work, scored, np.concatenate((pair, runner[runner >= 0])))
        fields, others = explained[: len(pair)], iter(explained[len(pair) :].to_pylist())
        runner_up = [
            None
            if other < 0
            else f'{{"left":[{left_row[pairs.left[other]]}],"right":[{right_row[pairs.right[other]]}],'
            f'"score":{weight[other] / 1000},"fields":{next(others)}}}'
            for other in runner
        ]
    else:
        difference = pa.nulls(len(pair), MATCHES.field("difference").type)
    return pa.table(
        {
            "left": _alone(left_row[left]),
            "right": _alone(right_row[right]),
            "status": pc.if_else(pa.array(decided.is_confirmed[part]), CONFIRMED, SUGGESTED),
            "score": weight[pair] / 1000.0,
            "margin": chosen.margin[part] / 1000.0,
            "margin_kind": pc.if_else(pa.array(chosen.is_exact[part]), "exact", "local"),
            "ambiguity": pa.array(_AMBIGUITIES).take(pa.array(decided.ambiguity[part])),
            "group": _groups_of(decided, part),
            "difference": difference[: len(pair)],
            "fields": fields,
            "runner_up": runner_up,
        },
        schema=MATCHES,
    )


def _groups_of(decided: _Decided, part: NDArray[np.int64]) -> pa.Array:
    """The groups of some chosen pairs. Most have none, so only those of others are looked at one by one."""
    found = np.flatnonzero(decided.ambiguity[part])
    places = np.full(len(part), -1)
    places[found] = np.arange(len(found))
    return pa.array(decided.group[part[found]], pa.string()).take(pa.array(places, mask=places < 0))


def _alone(rows: NDArray[np.int64]) -> pa.ListArray:
    """Each row as a list of its own: a pair has one row per side."""
    return pa.ListArray.from_arrays(pa.array(np.arange(len(rows) + 1), pa.int32()), pa.array(rows, pa.int64()), ROWS)


def _explain(work: _Run, scored: _Scored, pair: NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
    """The comparisons of each pair as JSON, built in one query, and the difference in the pass's money field."""
    columns: dict[str, pa.Array] = {
        "n": pa.array(np.arange(len(pair)), pa.int32()),
        "li": pa.array(scored.pairs.left[pair]),
        "ri": pa.array(scored.pairs.right[pair]),
    }
    parts = []
    names = list(work.plan.fields)
    field = work.plan.money_of(work.plan.passes[work.pass_index])
    money = None if field is None else names.index(field)
    for number, item in enumerate(scored.evidence):
        left, right = "NULL", "NULL"
        if item.field in names:  # otherwise several fields are compared together
            k = names.index(item.field)
            left, right = f"l.o{k}", f"r.o{k}"
        columns[f"w{number}"] = pa.array(np.round(item.bits[pair], 3))
        similarity, rarity = "NULL", "NULL"
        if item.similarity is not None:
            columns[f"s{number}"] = pa.array(np.round(item.similarity[pair], 4), pa.float64(), from_pandas=True)
            similarity = f"p.s{number}"
        if item.rarity is not None:
            columns[f"y{number}"] = pa.array(np.round(item.rarity[pair], 3))
            rarity = f"p.y{number}"
        name = item.field.replace("'", "''")
        parts.append(
            f"json_object('field', '{name}', 'compare', '{item.compare}', 'left', {left}, 'right', {right}, "
            f"'similarity', {similarity}, 'weight', p.w{number}, 'rarity', {rarity})"
        )
    difference = f"(l.f{money} - r.f{money})::DECIMAL(38,9)" if money is not None else "NULL::DECIMAL(38,9)"
    work.connection.register("chosen", pa.table(columns))
    try:
        found = work.connection.sql(
            f"SELECT json_array({', '.join(parts)})::VARCHAR AS fields, {difference} AS difference FROM chosen p "
            "JOIN l ON l.i = p.li JOIN r ON r.i = p.ri ORDER BY p.n"
        ).to_arrow_table()
    finally:
        work.connection.unregister("chosen")
    return found["fields"].combine_chunks(), found["difference"].combine_chunks().cast(pa.decimal128(38, 9))


def _use(work: _Run, pairs: candidates.Candidates, chosen: assignment.Assigned) -> None:
    for side, positions in (("l", pairs.left[chosen.pair]), ("r", pairs.right[chosen.pair])):
        _use_rows(work, side, positions)


def _use_rows(work: _Run, side: str, positions: NDArray[Any]) -> None:
    is_used = work.is_used["lr".index(side)]
    is_used[positions] = True
    work.sides.keep_free(side, int(np.count_nonzero(~is_used)))
    work.connection.register("taken", pa.table({"i": pa.array(positions)}))
    work.connection.execute(f"INSERT INTO {side}_used SELECT i FROM taken")
    work.connection.unregister("taken")
    work.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {side}_free AS SELECT * FROM {side} WHERE i NOT IN (SELECT i FROM {side}_used)"
    )


def _rejected_pairs(
    sets: pa.Table | None, left_row: NDArray[np.int64], right_row: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Rejected pairs as one number each, sorted: position left * rows right + position right.

    A larger set that was rejected says nothing about the pairs in it.
    """
    if sets is None:
        return _NONE
    is_pair = pc.and_(*(pc.equal(pc.list_value_length(sets[side]), 1) for side in ("left", "right")))
    left, right = (pc.list_flatten(sets[side].filter(is_pair)).to_numpy() for side in ("left", "right"))
    left_position, right_position = np.empty(len(left_row), np.int64), np.empty(len(right_row), np.int64)
    left_position[left_row] = np.arange(len(left_row))
    right_position[right_row] = np.arange(len(right_row))
    numbers: NDArray[np.int64] = left_position[left] * len(right_row) + right_position[right]
    return np.unique(numbers)


def _without_rejected(work: _Run, pairs: candidates.Candidates) -> candidates.Candidates:
    if not len(work.rejected):
        return pairs
    numbers = pairs.left.astype(np.int64) * work.sides.sizes[1] + pairs.right
    place = np.minimum(np.searchsorted(work.rejected, numbers), len(work.rejected) - 1)
    return _those(pairs, work.rejected[place] != numbers)


def _without_remainders(work: _Run, pairs: candidates.Candidates) -> candidates.Candidates:
    """Leave out pairs of two remainders. A match pays the remainder of one earlier match with a record."""
    if not all(work.remainders):
        return pairs
    positions = zip(work.rows, (pairs.left, pairs.right), work.sides.sizes, work.remainders, strict=True)
    left, right = (rows[place] >= size - last for rows, place, size, last in positions)
    return _those(pairs, ~(left & right))


def _those(pairs: candidates.Candidates, keep: NDArray[np.bool_]) -> candidates.Candidates:
    return candidates.Candidates(pairs.left[keep], pairs.right[keep], pairs.skipped_blocks, pairs.skipped_pairs)


def _check(work: _Run) -> None:
    if work.options.should_stop is not None and work.options.should_stop():
        raise Stopped


def _teller(work: _Run, step: Pass) -> Callable[[str, float], None]:
    """Tells how far a pass is that is about to begin: how much of a stage is done, 0 to 1."""
    shares, free = _SHARES[step.kind], sum(work.sides.sizes) - work.used
    order, own = list(shares), _cost(step, free)
    later = sum(_cost(one, free * _LEFT_OPEN**n) for n, one in enumerate(work.plan.passes[work.pass_index + 1 :], 1))
    whole = max(work.spent + own + later, 1.0)

    def tell(stage: str, done: float) -> None:
        before = sum(shares[name] for name in order[: order.index(stage)])
        _tell(work, stage, int(free * done), free, (work.spent + own * (before + shares[stage] * done)) / whole)

    return tell


def _cost(step: Pass, free: float) -> float:
    """What a pass costs with so many open records, in the units of _COSTS."""
    return _COSTS[step.kind] * free + _BESIDES.get(step.kind, 0.0)


def _tell(work: _Run, stage: str, processed: int, total: int, fraction: float) -> None:
    work.fraction = max(work.fraction, min(fraction, 1.0))
    if work.options.on_progress is not None:
        place = (work.pass_name, work.pass_index, len(work.plan.passes))
        work.options.on_progress(Progress(stage, *place, processed, total, work.fraction, work.used))
