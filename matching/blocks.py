"""
Counts the pairs of a pass before they are made, and leaves out blocks if there would be too many.

A block is the left rows with one key, the values of the equal gates. In a pass without equal gates, the left value of a
window (days, within) is the key. The largest blocks are left out first, and of two equally large ones the one with the
greater key, so the order of rows and the number of threads make no difference.
"""

from dataclasses import dataclass

import duckdb

from core.money import NO_CURRENCY

MAX_CODES = 250  # distinct currencies per side, more than exist
MAX_PROBES = 20_000_000  # left rows times days; beyond that, only one window is counted and more may be left out


@dataclass(frozen=True)
class Window:
    """A gate that accepts right values between two bounds, given as expressions over a left row `l`."""

    left: str
    right: str
    low: str
    high: str
    days: tuple[int, int] | None = None  # for a window of days: from and to


@dataclass(frozen=True)
class Skipped:
    """What was left out: blocks, and the pairs they would have made."""

    blocks: int = 0
    pairs: int = 0


def count(connection: duckdb.DuckDBPyConnection, blocks: str) -> int:
    """Fill `blocks` from a query of keys (k0, k1, ...) and `pairs`. Returns: the pairs of all blocks."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE blocks AS {blocks}")
    return int(connection.execute("SELECT coalesce(sum(pairs), 0)::BIGINT FROM blocks").fetchall()[0][0])


def count_equal(connection: duckdb.DuckDBPyConnection, keys: list[tuple[str, str]], codes: list[str]) -> int:
    """
    Count pairs of rows with equal keys and compatible currencies, and fill `blocks`.

    Each key is given as an expression over `l` and one over `r`; currencies are given as columns that both sides have.
    """
    own = "".join(f", {code} AS {code}" for code in codes)
    left, right = (", ".join(f"{key[side]} AS k{n}" for n, key in enumerate(keys)) + own for side in (0, 1))
    names = ", ".join(f"k{n}" for n in range(len(keys)))
    same = " AND ".join(may_be_same(f"a.{code}", f"b.{code}") for code in codes) or "true"
    return count(
        connection,
        f"SELECT {names}, sum(a.n * b.n)::BIGINT AS pairs FROM (SELECT {left}, count(*) AS n FROM l_free l GROUP BY ALL) a "
        f"JOIN (SELECT {right}, count(*) AS n FROM r_free r GROUP BY ALL) b USING ({names}) WHERE {same} GROUP BY ALL",
    )


def may_be_same(left: str, right: str) -> str:
    """SQL: whether two currencies may be the same. An unknown one may be any."""
    return f"({left} = {right} OR {left} = '{NO_CURRENCY}' OR {right} = '{NO_CURRENCY}')"


def count_within(
    connection: duckdb.DuckDBPyConnection,
    keys: list[tuple[str, str]],
    windows: list[Window],
    block: list[str],
    codes: list[str],
) -> int:
    """
    Count pairs of rows with equal keys, compatible currencies `codes`, and values within windows.

    Fills `blocks`, keyed by the left expressions `block`, and `spans`: for each left row, the range of right rows in
    `ordered` that it makes pairs with, a <= pos < b. If there are more windows than can be counted, the remaining ones
    only reduce the number of pairs.
    """
    window, equal, probes = searched(windows), list(keys), "l_free l"
    for n, code in enumerate(codes):
        if _distinct(connection, code) > MAX_CODES:
            continue  # too many to look up one by one, so they are counted as if all were the same
        # One probe for each currency it may be, which makes the currency one more equal key.
        probes += (
            f" JOIN (SELECT DISTINCT {code} AS code{n} FROM r_free) q{n} ON {may_be_same(f'l.{code}', f'code{n}')}"
        )
        equal.append((f"code{n}", f"r.{code}"))
    second = _spread_over_days(connection, windows, probes)
    if second is not None and second.days is not None:
        # One probe for each day of the window, which makes the day one more equal key.
        probes += f" CROSS JOIN (SELECT unnest(range({second.days[0]}, {second.days[1] + 1}))::INTEGER AS lag)"
        equal.append((f"{second.left} + lag", second.right))
    _order_right(connection, equal, window)
    keyed = "".join(f", {left} AS k{n}" for n, (left, _) in enumerate(equal))
    named = "".join(f", {value} AS b{n}" for n, value in enumerate(block))
    high, low = ("".join(f"{step}.k{n} = p.k{n} AND " for n in range(len(equal))) for step in ("hi", "lo"))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE spans AS SELECT p.i{''.join(f', p.b{n}' for n in range(len(block)))}, "
        "hi.start + coalesce(lo.upto, 0) AS a, hi.start + hi.upto AS b "
        f"FROM (SELECT l.i{named}{keyed}, {window.low} AS low, {window.high} AS high FROM {probes} "
        f"WHERE {window.left} IS NOT NULL) p "
        f"ASOF JOIN steps hi ON {high}p.high >= hi.v ASOF LEFT JOIN steps lo ON {low}p.low > lo.v"
    )
    names = ", ".join(f"b{n} AS k{n}" for n in range(len(block)))
    return count(connection, f"SELECT {names}, sum(b - a)::BIGINT AS pairs FROM spans WHERE b > a GROUP BY ALL")


def drop_largest(connection: duckdb.DuckDBPyConnection, keys: int, limit: int) -> Skipped:
    """Move the largest blocks to `dropped`, until the remaining ones hold at most `limit` pairs."""
    names = ", ".join(f"k{n}" for n in range(keys))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE dropped AS SELECT * FROM blocks QUALIFY "
        f"sum(pairs) OVER (ORDER BY pairs, {names} ROWS UNBOUNDED PRECEDING) > {limit}"
    )
    found = connection.execute("SELECT count(*), coalesce(sum(pairs), 0)::BIGINT FROM dropped").fetchall()[0]
    return Skipped(*found)


def is_kept(values: list[str]) -> str:
    """SQL: whether a row, by the values of its key, is in none of the dropped blocks."""
    same = " AND ".join(f"x.k{n} = {value}" for n, value in enumerate(values))
    return f"NOT EXISTS (SELECT 1 FROM dropped x WHERE {same})"


def searched(windows: list[Window]) -> Window:
    """
    The window that right rows are sorted by: one of amounts if there is one, since it has more values than one of days.
    """
    return next((window for window in windows if window.days is None), windows[0])


def _distinct(connection: duckdb.DuckDBPyConnection, code: str) -> int:
    return int(connection.execute(f"SELECT count(DISTINCT {code}) FROM r_free").fetchall()[0][0])


def _spread_over_days(connection: duckdb.DuckDBPyConnection, windows: list[Window], probes: str) -> Window | None:
    """Another window, of days, if each of its days can be looked up separately."""
    rows = connection.execute(f"SELECT count(*) FROM {probes}").fetchall()[0][0]
    for window in windows:
        if window is not searched(windows) and window.days is not None:
            low, high = window.days
            if rows * (high - low + 1) <= MAX_PROBES:
                return window
    return None


def _order_right(connection: duckdb.DuckDBPyConnection, keys: list[tuple[str, str]], window: Window) -> None:
    """Sort the right rows by keys and value, and note for each value how many rows of its key come up to it."""
    keyed = "".join(f"{key[1]} AS k{n}, " for n, key in enumerate(keys))
    known = " AND ".join(f"{value} IS NOT NULL" for value in (*(key[1] for key in keys), window.right))
    names = "".join(f"k{n}, " for n in range(len(keys)))
    within = f"PARTITION BY {names.rstrip(', ')} " if keys else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE ordered AS SELECT i, {names}v, "
        f"row_number() OVER (ORDER BY {names}v, i) - 1 AS pos FROM "
        f"(SELECT r.i, {keyed}{window.right} AS v FROM r_free r WHERE {known})"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE steps AS SELECT {names}v, sum(n) OVER ({within}ORDER BY v)::BIGINT AS upto, "
        f"(sum(n) OVER (ORDER BY {names}v) - sum(n) OVER ({within}ORDER BY v))::BIGINT AS start "
        f"FROM (SELECT {names}v, count(*) AS n FROM ordered GROUP BY ALL)"
    )
