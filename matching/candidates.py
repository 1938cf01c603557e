"""
The candidate pairs of a pass: a join in DuckDB over its gates.

Pairs are counted before they are made. If there would be too many, the largest blocks are left out and counted.
"""

from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from core.money import MAX_AMOUNT, NO_CURRENCY
from matching import blocks
from matching.blocks import Skipped, Window
from matching.plan import Comparison, Plan, RulesPass
from matching.sides import Sides

MAX_PAIRS = 20_000_000  # per pass, however much memory there is
LOOKED_AT = 50  # pairs that may share a value, for each that there is memory for: they take a second at most
TOKENS_PER_ROW = 3  # a similarity gate without a key blocks by this many of the rarest tokens
# Up to this size, an amount and what a gate adds to it (at most 999.999999 % and 10**20) can be kept.
FITTING = 10**27
SMALL = 10**8  # up to this size, ten times an amount in units of 10**-9 fits into 64 bits
MOST = f"{MAX_AMOUNT}::DECIMAL(38,9)"
MAX_TOKEN_ROWS = 200  # a token in more rows is common, and makes a block only for rows without a rarer one


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs, and what was left out because there would have been too many."""

    left: NDArray[np.int32]  # shape (n,), positions by content (normalise.load), sorted
    right: NDArray[np.int32]  # shape (n,), sorted within each left position
    skipped_blocks: int
    skipped_pairs: int  # pairs that those blocks would have made


@dataclass(frozen=True)
class _Join:
    """The gates of a pass as SQL over a left row `l` and a right row `r`."""

    keys: list[tuple[str, str]]  # expressions that must be equal
    windows: list[Window]
    codes: list[str]  # currency columns that are unknown in some rows only
    has_equal: bool  # whether there is an equal gate besides the currency
    fits: list[str] = field(default_factory=list)  # conditions that keep the difference of a pair from overflowing

    @property
    def condition(self) -> str:
        """The condition that all gates together make."""
        equal = [f"{left} = {right}" for left, right in self.keys]
        between = [f"{w.right} BETWEEN {w.low} AND {w.high}" for w in self.windows]
        same = [blocks.may_be_same(f"l.{code}", f"r.{code}") for code in self.codes]
        return " AND ".join([*equal, *between, *same, *self.fits]) or "true"

    @property
    def block(self) -> list[str]:
        """The expressions over a left row that identify its block."""
        keys = [left for left, _ in self.keys]
        return keys if self.has_equal or not self.windows else [*keys, blocks.searched(self.windows).left]


def find(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    step: RulesPass,
    max_pairs: int | None = None,
    sides: Sides | None = None,
) -> Candidates:
    """
    Join the rows that are still free (`l_free`, `r_free`) on the gates of a pass.

    Args:
        max_pairs: if there would be more pairs, the largest blocks are left out, and nothing else; at most MAX_PAIRS.
        sides: what is known of them. If it shows that the join cannot explode, the pairs are made without being counted
            first.

    Returns: each pair once. A similarity gate without an equal one gives the pairs that share one of a text's rarest
    words; the minimum similarity is checked later (scoring.score).

    Raises: duckdb.Error when the sides do not have the plan's fields.
    """
    limit = MAX_PAIRS if max_pairs is None else min(MAX_PAIRS, max_pairs)
    sides = sides or Sides(connection, plan, (0, 0), 1)
    join = _join(sides, step)
    similar = [gate for gate in step.where if gate.compare == "similarity"]
    if similar and not join.has_equal:
        return _by_tokens(connection, list(plan.fields).index(similar[0].field), join, limit)
    if _is_tame(sides, step, limit):
        found = _pairs(connection, f"FROM l_free l JOIN r_free r ON {join.condition} LIMIT {limit + 1}")
        if len(found[0]) <= limit:
            return Candidates(*found, 0, 0)
    if join.has_equal and blocks.count_equal(connection, join.keys, join.codes) <= limit:
        return _fetch(connection, f"FROM l_free l JOIN r_free r ON {join.condition}", Skipped())
    if join.windows:
        return _in_windows(connection, join, limit)
    skipped = blocks.drop_largest(connection, len(join.block), limit)
    kept = blocks.is_kept(join.block)
    return _fetch(
        connection, f"FROM (SELECT * FROM l_free l WHERE {kept}) l JOIN r_free r ON {join.condition}", skipped
    )


def holds(sides: Sides, gate: Comparison, rows: tuple[int, int]) -> bool:
    """
    Whether a gate, other than one of similarity, lets two rows through, which are given by position. Only an amount depends on
    currencies; those of the rows' own amounts are a gate by themselves.
    """
    join = _join(sides, RulesPass(name="one gate", kind="rules", where=(gate,)), is_whole=False)
    pair = f"(SELECT * FROM l WHERE i = {rows[0]}) l JOIN (SELECT * FROM r WHERE i = {rows[1]}) r"
    return bool(sides.connection.execute(f"SELECT count(*) FROM {pair} ON {join.condition}").fetchall()[0][0])


def _is_tame(sides: Sides, step: RulesPass, limit: int) -> bool:
    """Whether the equal gates of a pass leave so few pairs that all of them can be looked at."""
    numbers = [sides.number(gate) for gate in step.where if gate.compare == "equal"]
    if not numbers:
        return False
    left, right = sides.free("l"), sides.free("r")
    most = min(min(left * sides.most_equal("r", k), right * sides.most_equal("l", k)) for k in numbers)
    return bool(most <= LOOKED_AT * limit)


def _in_windows(connection: duckdb.DuckDBPyConnection, join: _Join, limit: int) -> Candidates:
    """Pairs for a pass without an equal gate, or with keys that alone would make too many pairs."""
    pairs = blocks.count_within(connection, join.keys, join.windows, join.block, join.codes)
    skipped, kept = Skipped(), "true"
    if pairs > limit:
        skipped = blocks.drop_largest(connection, len(join.block), limit)
        kept = blocks.is_kept([f"s.b{n}" for n in range(len(join.block))])
    spans = f"SELECT s.i, unnest(range(s.a, s.b)) AS pos FROM spans s WHERE s.b > s.a AND {kept}"
    made = f"({spans}) p JOIN ordered o ON o.pos = p.pos JOIN l_free l ON l.i = p.i JOIN r_free r ON r.i = o.i"
    return _fetch(connection, f"FROM {made} WHERE {join.condition}", skipped)


def _by_tokens(connection: duckdb.DuckDBPyConnection, k: int, join: _Join, limit: int) -> Candidates:
    """
    Make blocks from the rarest tokens of a text field. A pair that shares two tokens counts once for each.

    A row with only common tokens gets a block for the rarest of them. So it is either compared, or its block is left
    out and counted.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE tok AS SELECT s, i, t, count(*) OVER (PARTITION BY t) AS n FROM ("
        f"SELECT DISTINCT 'l' AS s, i, unnest(string_split(f{k}, ' ')) AS t FROM l_free UNION ALL "
        f"SELECT DISTINCT 'r', i, unnest(string_split(f{k}, ' ')) FROM r_free)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rare AS SELECT s, i, t FROM tok QUALIFY row_number() OVER (PARTITION BY s, i ORDER BY n, t) "
        f"<= CASE WHEN n <= {MAX_TOKEN_ROWS} THEN {TOKENS_PER_ROW} ELSE 1 END"
    )
    made = (
        "FROM rare a JOIN rare b ON a.t = b.t AND a.s = 'l' AND b.s = 'r' "
        f"JOIN l_free l ON l.i = a.i JOIN r_free r ON r.i = b.i WHERE {join.condition}"
    )
    most = "count(*) FILTER (s = 'l') * count(*) FILTER (s = 'r')"
    skipped, kept = Skipped(), "true"
    # The product is cheap to compute. If it is too large, other gates may still leave few enough pairs, but counting those takes
    # as long as making all pairs.
    pairs = blocks.count(connection, f"SELECT t AS k0, {most} AS pairs FROM rare GROUP BY t")
    if pairs > limit:
        if join.windows and pairs <= LOOKED_AT * limit:
            blocks.count(connection, f"SELECT a.t AS k0, count(*) AS pairs {made} GROUP BY a.t")
        skipped = blocks.drop_largest(connection, 1, limit)
        kept = blocks.is_kept(["a.t"])
    return _fetch(connection, f"{made} AND {kept}", skipped, distinct="DISTINCT")


def _fetch(connection: duckdb.DuckDBPyConnection, made: str, skipped: Skipped, distinct: str = "") -> Candidates:
    return Candidates(*_pairs(connection, made, distinct), skipped.blocks, skipped.pairs)


def _pairs(
    connection: duckdb.DuckDBPyConnection, made: str, distinct: str = ""
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The positions of pairs, in order."""
    found = connection.execute(f"SELECT {distinct} l.i AS l, r.i AS r {made}").fetchnumpy()
    # As one number each, they are sorted in a tenth of the time.
    both = (np.asarray(found["l"], np.int64) << 32) | np.asarray(found["r"], np.int64)
    both.sort()
    return (both >> 32).astype(np.int32), (both & 0xFFFFFFFF).astype(np.int32)


# -- gates as SQL ------------------------------------------------------------------------------------------------------


def _join(sides: Sides, step: RulesPass, *, is_whole: bool = True) -> _Join:
    plan = sides.plan
    numbers = {name: k for k, name in enumerate(plan.fields)}
    keys = [(f"l.f{numbers[g.field]}", f"r.f{numbers[g.field]}") for g in step.where if g.compare == "equal"]
    windows = [_window(sides, numbers[g.field], g) for g in step.where if g.compare in ("days", "within")]
    join = _Join(keys, windows, [], has_equal=bool(keys))
    compared = {numbers[g.field] for g in (*step.where, *step.score) if plan.fields[g.field].type == "money"}
    difference = plan.money_of(step)
    money = None if difference is None else numbers[difference]
    # A pass that compares no amounts pairs no rows of different currencies either.
    for k in sorted(compared or ({money} if is_whole and money is not None else set())):
        _same_currency(sides, k, join)
    if money is not None and _exceeds(sides, money, FITTING):  # a match keeps the difference in this field
        left, right = f"l.f{money}", f"r.f{money}"
        fits = f"({left} < 0) = ({right} < 0) OR abs({left}) <= {MOST} - abs({right})"
        join.fits.append(f"coalesce({fits}, true)")
    return join


def _exceeds(sides: Sides, k: int, most: int) -> bool:
    """Whether a money field has amounts above a size, on either side."""
    return any(
        sides.known(f"SELECT coalesce(greatest(max(f{k}), -min(f{k})) > {most}, false) FROM {side}")[0] for side in "lr"
    )


def _same_currency(sides: Sides, k: int, join: _Join) -> None:
    """
    Add the condition on currencies. An unknown one may be any; if all are known, or none of a side, no check per pair
    is needed.
    """
    unknown = [
        sides.known(
            f"SELECT coalesce(bool_or(c{k} = '{NO_CURRENCY}'), false), coalesce(bool_and(c{k} = '{NO_CURRENCY}'), true) "
            f"FROM {side}"
        )
        for side in "lr"
    ]
    if any(is_all for _, is_all in unknown):
        return
    if not any(is_some for is_some, _ in unknown):
        join.keys.append((f"l.c{k}", f"r.c{k}"))
    else:
        join.codes.append(f"c{k}")


def _window(sides: Sides, k: int, gate: Comparison) -> Window:
    left, right = f"l.f{k}", f"r.f{k}"
    if gate.compare == "days":
        assert gate.from_ is not None
        assert gate.to is not None
        return Window(left, right, f"{left} + ({gate.from_})", f"{left} + ({gate.to})", (gate.from_, gate.to))
    bounds = [f"{gate.absolute}::DECIMAL(38,9)"] if gate.absolute is not None else []
    is_huge = _exceeds(sides, k, FITTING)
    if gate.percent is not None:
        part = share(left, gate.percent, is_small=not _exceeds(sides, k, SMALL))
        if is_huge:
            part = f"CASE WHEN abs({left})::DOUBLE * {gate.percent} / 100 < 9.99e28 THEN {part} ELSE {MOST} END"
        bounds.append(part)
    bound = f"greatest({', '.join(bounds)})"
    if not is_huge:
        return Window(left, right, f"{left} - {bound}", f"{left} + {bound}")
    return Window(  # its ends stop at what can be kept; no amount lies beyond them
        left,
        right,
        f"CASE WHEN {left} < {bound} - {MOST} THEN -({MOST}) ELSE {left} - {bound} END",
        f"CASE WHEN {left} > {MOST} - {bound} THEN {MOST} ELSE {left} + {bound} END",
    )


def share(amount: str, percent: str, *, is_small: bool) -> str:
    """
    SQL: a percentage of an amount, to the last of its nine decimals, rounded down. A difference of amounts is within it exactly
    if it is within the percentage.

    `is_small` promises that no amount is above SMALL, for which numbers of 64 bits are enough.
    """
    whole, _, decimals = percent.partition(".")
    times, by = int(whole + decimals), 100 * 10 ** len(decimals)
    if is_small:
        units = f"(abs({amount}) * 1000000000)::BIGINT"
    else:  # the whole amount times 10**9 would not fit into a decimal
        rest = f"((abs({amount}) - floor(abs({amount}))) * 1000000000)::HUGEINT"
        units = f"(floor(abs({amount}))::HUGEINT * 1000000000 + {rest})"
    return f"(({units} // {by} * {times} + {units} % {by} * {times} // {by})::DECIMAL(38,0) * 0.000000001)"
