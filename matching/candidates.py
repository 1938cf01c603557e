"""Candidate pairs of a pass: a join in DuckDB over the gates. What would explode is reported, never silently cut."""

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from core.money import NO_CURRENCY
from matching.plan import Comparison, Pass, Plan

MAX_PAIRS = 20_000_000  # of a pass; 20 bytes each
MAX_BLOCK_PAIRS = 2_000_000  # of one block, where the pass is over its budget
TOKENS_PER_ROW = 3  # rarest tokens that a similarity gate without a key is blocked by
MAX_TOKEN_ROWS = 200


@dataclass(frozen=True)
class Candidates:
    """Pairs as positions by content, and what was left out for its size."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    skipped_blocks: int
    skipped_pairs: int


def find(connection: duckdb.DuckDBPyConnection, plan: Plan, step: Pass) -> Candidates:
    """
    Joins the rows that are still free (`l_free`, `r_free`) on the gates of a pass.

    Blocks are the groups of equal keys. When they hold more pairs than a pass may have, the largest are left out.
    """
    keys = _keys(plan, step)
    conditions = [_gate(plan, gate) for gate in step.where if gate.compare != "similarity"]
    conditions += [_same_currency(connection, k) for k in _money_fields(plan, step)]
    similar = [gate for gate in step.where if gate.compare == "similarity"]
    if not keys and similar:
        return _by_tokens(connection, plan, similar[0], conditions)
    skipped_blocks, skipped_pairs, limit = _oversized(connection, keys)
    condition = " AND ".join([f"{a.format(side='l')} = {b.format(side='r')}" for a, b in keys] + conditions) or "true"
    if limit is not None:
        group = ", ".join(key.format(side="y") for key, _ in keys)
        mine = ", ".join(key.format(side="l") for key, _ in keys)
        condition += f" AND ({mine}) NOT IN (SELECT ({group}) FROM l_free y GROUP BY ALL HAVING count(*) > {limit})"
    found = connection.execute(
        f"SELECT l.i AS l, r.i AS r FROM l_free l JOIN r_free r ON {condition} ORDER BY l.i, r.i"
    ).fetchnumpy()
    return Candidates(
        np.asarray(found["l"], dtype=np.int32), np.asarray(found["r"], dtype=np.int32), skipped_blocks, skipped_pairs
    )


def _keys(plan: Plan, step: Pass) -> list[tuple[str, str]]:
    """Equal gates as expressions of both sides."""
    numbers = {name: k for k, name in enumerate(plan.fields)}
    return [
        (f"{{side}}.f{numbers[g.field]}", f"{{side}}.f{numbers[g.field]}") for g in step.where if g.compare == "equal"
    ]


def _money_fields(plan: Plan, step: Pass) -> list[int]:
    numbers = {name: k for k, name in enumerate(plan.fields)}
    return sorted({numbers[g.field] for g in (*step.where, *step.score) if plan.fields[g.field].type == "money"})


def _same_currency(connection: duckdb.DuckDBPyConnection, k: int) -> str:
    """An unknown currency may be any; where all are known, or none of a side is, the join need not ask each pair."""
    unknown = [
        connection.execute(
            f"SELECT coalesce(bool_or(c{k} = '{NO_CURRENCY}'), false), coalesce(bool_and(c{k} = '{NO_CURRENCY}'), true) "
            f"FROM {side}_free"
        ).fetchall()[0]
        for side in "lr"
    ]
    if any(is_all for _, is_all in unknown):
        return "true"
    if not any(is_some for is_some, _ in unknown):
        return f"l.c{k} = r.c{k}"
    return f"(l.c{k} = r.c{k} OR l.c{k} = '{NO_CURRENCY}' OR r.c{k} = '{NO_CURRENCY}')"


def _gate(plan: Plan, gate: Comparison) -> str:
    k = list(plan.fields).index(gate.field)
    left, right = f"l.f{k}", f"r.f{k}"
    if gate.compare == "equal":
        return f"{left} = {right}"
    if gate.compare == "days":
        return f"{right} BETWEEN {left} + ({gate.from_}) AND {left} + ({gate.to})"
    bounds = [gate.absolute] if gate.absolute is not None else []
    tests = [f"abs({left} - {right}) <= {bound}::DECIMAL(38,9)" for bound in bounds]
    if gate.percent is not None:
        # In whole numbers: |l - r| * 100 <= percent * |l|, without a rounded product.
        tests.append(
            f"abs({left} - {right})::DECIMAL(38,9) <= (abs({left})::DOUBLE * {gate.percent} / 100 + 1e-9)::DECIMAL(38,9)"
        )
    return "(" + " OR ".join(tests) + ")"


def _oversized(connection: duckdb.DuckDBPyConnection, keys: list[tuple[str, str]]) -> tuple[int, int, int | None]:
    """Blocks that make a pass too large: their number, their pairs, and the rows of a left block that is kept."""
    if not keys:
        return 0, 0, None
    left = ", ".join(a.format(side="l") + f" AS k{n}" for n, (a, _) in enumerate(keys))
    right = ", ".join(b.format(side="r") + f" AS k{n}" for n, (_, b) in enumerate(keys))
    names = ", ".join(f"k{n}" for n in range(len(keys)))
    rows = connection.execute(
        f"SELECT a.n AS a, b.n AS b FROM (SELECT {left}, count(*) AS n FROM l_free l GROUP BY ALL) a "
        f"JOIN (SELECT {right}, count(*) AS n FROM r_free r GROUP BY ALL) b USING ({names})"
    ).fetchnumpy()
    pairs = np.asarray(rows["a"], dtype=np.int64) * np.asarray(rows["b"], dtype=np.int64)
    if pairs.sum() <= MAX_PAIRS:
        return 0, 0, None
    big = pairs > MAX_BLOCK_PAIRS
    limit = int(np.asarray(rows["a"])[big].min()) - 1 if big.any() else None
    return int(big.sum()), int(pairs[big].sum()), limit


def _by_tokens(
    connection: duckdb.DuckDBPyConnection, plan: Plan, gate: Comparison, conditions: list[str]
) -> Candidates:
    """Blocks by the rarest tokens of a text field."""
    k = list(plan.fields).index(gate.field)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE tok AS SELECT s, i, t, count(*) OVER (PARTITION BY t) AS n FROM ("
        f"SELECT DISTINCT 'l' AS s, i, unnest(string_split(f{k}, ' ')) AS t FROM l_free UNION ALL "
        f"SELECT DISTINCT 'r', i, unnest(string_split(f{k}, ' ')) FROM r_free)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rare AS SELECT s, i, t FROM tok WHERE n <= {MAX_TOKEN_ROWS} "
        f"QUALIFY row_number() OVER (PARTITION BY s, i ORDER BY n, t) <= {TOKENS_PER_ROW}"
    )
    condition = " AND ".join(conditions) or "true"
    found = connection.execute(
        "SELECT DISTINCT l.i AS l, r.i AS r FROM rare a JOIN rare b ON a.t = b.t AND a.s = 'l' AND b.s = 'r' "
        f"JOIN l_free l ON l.i = a.i JOIN r_free r ON r.i = b.i WHERE {condition} ORDER BY 1, 2"
    ).fetchnumpy()
    return Candidates(np.asarray(found["l"], dtype=np.int32), np.asarray(found["r"], dtype=np.int32), 0, 0)
