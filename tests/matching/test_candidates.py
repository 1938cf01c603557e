"""
Candidate pairs compared with brute force: which pairs a pass makes, and which blocks it leaves out for their size.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import blocks, candidates
from matching.plan import Plan
from tests.matching.database import connected
from tests.matching.tables import AMOUNT, matched, table

Row = tuple[str | None, str | None, str | None]  # code, amount, day
GATES: dict[str, dict[str, Any]] = {
    "code": {"field": "code", "compare": "equal"},
    "amount": {"field": "amount", "compare": "equal"},
    "near": {"field": "amount", "compare": "within", "absolute": "1.5"},
    "share": {"field": "amount", "compare": "within", "percent": "25"},
    "days": {"field": "day", "compare": "days", "from": -1, "to": 2},
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "code": lambda a, b: a[0] == b[0] is not None,
    "amount": lambda a, b: a[1] == b[1] is not None,
    "near": lambda a, b: None not in (a[1], b[1]) and abs(a[1] - b[1]) <= Decimal("1.5"),
    "share": lambda a, b: None not in (a[1], b[1]) and abs(a[1] - b[1]) * 4 <= abs(a[1]),
    "days": lambda a, b: None not in (a[2], b[2]) and -1 <= (b[2] - a[2]).days <= 2,
}
FIELDS = {
    "code": {"type": "code", "left": "code", "right": "code"},
    "amount": {"type": "money", "left": "amount", "right": "amount"},
    "day": {"type": "date", "left": "day", "right": "day"},
}


@contextmanager
def sides_of(left: list[Row], right: list[Row]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two sides as normalise.load makes them; a row's position is its index in the list."""
    with connected() as connection:
        for side, rows in (("l", left), ("r", right)):
            columns = [pa.array([row[n] for row in rows], pa.string()) for n in range(3)]
            given = pa.table([pa.array(range(len(rows)), pa.int32()), *columns], names=["i", *"cad"])
            connection.register("given", given)
            connection.execute(
                f"CREATE TABLE {side} AS SELECT i, c AS f0, a::DECIMAL(38,9) AS f1, d::DATE AS f2, 'XXX' AS c1 FROM given"
            )
            connection.execute(f"CREATE VIEW {side}_free AS SELECT * FROM {side}")
        yield connection


def plan_of(*gates: str) -> Plan:
    step = {"name": "p", "kind": "rules", "where": [GATES[gate] for gate in gates]}
    return Plan.model_validate({"fields": FIELDS, "passes": [step]})


def pairs_of(
    left: list[Row], right: list[Row], gates: tuple[str, ...], limit: int
) -> tuple[Counter[tuple[Row, Row]], int, int]:
    """The pairs by their contents, and how many blocks and pairs were left out."""
    plan = plan_of(*gates)
    with sides_of(left, right) as connection:
        found = candidates.find(connection, plan, plan.passes[0], limit)
    made = Counter((left[i], right[j]) for i, j in zip(found.left.tolist(), found.right.tolist(), strict=True))
    return made, found.skipped_blocks, found.skipped_pairs


def typed(row: Row) -> tuple[str | None, Decimal | None, date | None]:
    code, amount, day = row
    return code, None if amount is None else Decimal(amount), None if day is None else date.fromisoformat(day)


def brute_force(
    left: list[Row], right: list[Row], gates: tuple[str, ...], limit: int
) -> tuple[Counter[tuple[Row, Row]], int, int]:
    by_value = [{"code": 0, "amount": 1}[gate] for gate in gates if gate in ("code", "amount")]
    of_block = by_value or [1 if {"near", "share"} & set(gates) else 2]
    pairs = [(a, b) for a in left for b in right if all(COMPARE[gate](typed(a), typed(b)) for gate in gates)]
    equal = [gate for gate in gates if gate in ("code", "amount")]
    if equal and sum(all(COMPARE[g](typed(a), typed(b)) for g in equal) for a in left for b in right) <= limit:
        return Counter(pairs), 0, 0
    blocks = Counter(tuple(typed(a)[n] for n in of_block) for a, _ in pairs)
    kept, total = set(), 0
    for key, count in sorted(blocks.items(), key=lambda item: (item[1], item[0])):
        total += count
        if total <= limit:
            kept.add(key)
    left_out = [count for key, count in blocks.items() if key not in kept]
    made = Counter((a, b) for a, b in pairs if tuple(typed(a)[n] for n in of_block) in kept)
    return made, len(left_out), sum(left_out)


CODES = st.sampled_from(["a", "b", "c", None])
AMOUNTS = st.sampled_from(["1.00", "2.00", "3.50", "4.00", "-2.00", None])
DAYS = st.sampled_from([*(str(date(2026, 2, 27) + timedelta(days=n)) for n in range(5)), None])
ROWS = st.lists(st.tuples(CODES, AMOUNTS, DAYS), min_size=1, max_size=14)


@pytest.mark.integration
@pytest.mark.parametrize(
    "gates",
    [
        ("code",),
        ("code", "amount"),
        ("code", "days"),
        ("amount", "days"),
        ("code", "near", "days"),
        ("near", "days"),
        ("share", "days"),
        ("near",),
        ("share",),
        ("days",),
    ],
    ids="+".join,
)
@settings(max_examples=10, deadline=None)
@given(left=ROWS, right=ROWS, limit=st.integers(0, 40))
def test_exactly_the_largest_blocks_are_left_out_and_counted(gates, left, right, limit):
    made, skipped_blocks, skipped_pairs = pairs_of(left, right, gates, limit)

    expected, blocks, pairs = brute_force(left, right, gates, limit)
    assert (made, skipped_blocks, skipped_pairs) == (expected, blocks, pairs)
    assert sum(made.values()) <= limit
    assert pairs_of(left[::-1], right[::-1], gates, limit) == (made, skipped_blocks, skipped_pairs)


def test_one_block_that_is_too_large_does_not_affect_the_others(monkeypatch):
    monkeypatch.setattr(candidates, "MAX_PAIRS", 1000)
    small = [f"B{number}" for number in range(50)]
    left: list[Row] = [(code, None, None) for code in [*small, *small, *small, "BIG", "BIG"]]
    right: list[Row] = [(code, None, None) for code in [*small, *["BIG"] * 1200]]
    plan = plan_of("code")

    with sides_of(left, right) as connection:
        found = candidates.find(connection, plan, plan.passes[0])

    assert (len(found.left), found.skipped_blocks, found.skipped_pairs) == (150, 1, 2400)


def test_many_blocks_are_limited_to_the_budget_together():
    rows: list[Row] = [(f"C{number}", None, None) for number in range(20) for _ in range(10)]

    made, skipped_blocks, skipped_pairs = pairs_of(rows, rows, ("code",), 1000)

    assert (sum(made.values()), skipped_blocks, skipped_pairs) == (1000, 10, 1000)
    # Of equally large blocks, those with the greater keys are left out.
    assert {a[0] for a, _ in made} == set(sorted({f"C{number}" for number in range(20)})[:10])


def test_many_words_are_limited_to_the_budget_together():
    document = {
        "fields": {"who": {"type": "text", "left": "code", "right": "code"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "who", "compare": "similarity"}]}],
    }
    plan = Plan.model_validate(document)
    rows: list[Row] = [(f"word{number}", None, None) for number in range(30) for _ in range(number + 1)]

    with sides_of(rows, rows) as connection:
        found = candidates.find(connection, plan, plan.passes[0], 100)

    assert len(found.left) == sum(n * n for n in range(1, 7))
    assert (found.skipped_blocks, found.skipped_pairs) == (24, sum(n * n for n in range(7, 31)))


def test_words_that_all_rows_have_are_compared_or_left_out_and_counted_without_making_their_pairs(monkeypatch):
    counted: list[str] = []
    count = blocks.count
    monkeypatch.setattr(blocks, "count", lambda connection, sql: counted.append(sql) or count(connection, sql))
    document = {
        "fields": {"who": {"type": "text", "left": "code", "right": "code"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "who", "compare": "similarity"}]}],
    }
    plan = Plan.model_validate(document)
    rows: list[Row] = [("payment order", None, None)] * 150

    with sides_of(rows, rows) as connection:
        all_of_them, none = (candidates.find(connection, plan, plan.passes[0], limit) for limit in (22_500, 22_499))

    assert (len(all_of_them.left), all_of_them.skipped_blocks) == (22_500, 0)
    assert (len(none.left), none.skipped_blocks, none.skipped_pairs) == (0, 1, 22_500)
    assert not any("l_free" in sql for sql in counted)


@pytest.mark.parametrize("gates", [("amount",), ("near",), ("near", "days"), ("amount", "days")], ids="+".join)
def test_pairs_of_different_currencies_are_not_counted_although_some_are_unknown(gates):
    rows = [("x", "1.00", "2026-03-01")] * 40
    codes = [
        "EUR",
        "USD",
        "JPY",
        "XXX",
    ]  # ten rows of each: a known one pairs with twenty, an unknown one with all
    plan = plan_of(*gates)

    with sides_of(rows, rows) as connection:
        for side in "lr":
            connection.execute(f"UPDATE {side} SET c1 = {codes}[i % 4 + 1]")
        found = candidates.find(connection, plan, plan.passes[0], 1000)
        less = candidates.find(connection, plan, plan.passes[0], 999)

    assert (len(found.left), found.skipped_blocks) == (1000, 0)
    assert (len(less.left), less.skipped_blocks, less.skipped_pairs) == (0, 1, 1000)


@pytest.mark.parametrize("right_codes", [None, ["", "EUR", "", "EUR"], ["EUR", "XXX", "EUR", None]])
def test_an_unknown_currency_pairs_with_any(right_codes):
    rows = [("10.00", "acme"), ("20.00", "borea"), ("30.00", "cobalt"), ("40.00", "delta")]
    codes = pa.array(["EUR"] * 4, pa.string())
    left = table(rows).append_column("ccy", codes)
    right = table(rows).append_column("ccy", pa.array(right_codes or [None] * 4, pa.string()))
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    found = matched(left, right, Plan.model_validate(document))

    assert {(i, j) for i, j, _ in found} == {(n, n) for n in range(4)}
    assert {status for _, _, status in found} == {"confirmed"}


@pytest.mark.integration
def test_two_different_currencies_never_pair():
    rows = [("10.00", "acme"), ("20.00", "borea")]
    left = table(rows).append_column("ccy", pa.array(["EUR", "EUR"]))
    right = table(rows).append_column("ccy", pa.array(["USD", ""]))
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    assert [(i, j) for i, j, _ in matched(left, right, Plan.model_validate(document))] == [(1, 1)]


UNITS = st.one_of(
    st.integers(-(10**17), 10**17), st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 37).map(lambda n: 10**n)
)
PERCENTAGES = st.one_of(
    st.decimals(0, Decimal("999.999999"), places=6), st.sampled_from(["0", "0.000001", "12", "33.333333", "100"])
)


@pytest.mark.integration
@settings(max_examples=60, deadline=None)
@given(units=st.lists(UNITS, min_size=1, max_size=8), percent=PERCENTAGES)
def test_a_percentage_of_an_amount_is_exact_to_the_last_decimal(units, percent):
    percent = f"{Decimal(percent):f}"
    expected = {n: abs(n) * int(Decimal(percent) * 10**6) // 10**8 for n in units}
    with connected() as connection:
        for n in units:
            if expected[n] >= 10**38:
                continue  # such a bound is clamped before
            amount = f"'{Decimal(n).scaleb(-9):f}'::DECIMAL(38,9)"
            for is_small in (True, False) if abs(n) <= candidates.SMALL * 10**9 else (False,):
                sql = candidates.share("v", percent, is_small=is_small)
                (found,) = connection.execute(f"SELECT {sql} FROM (SELECT {amount} AS v)").fetchone()
                assert int(found.scaleb(9)) == expected[n], (n, percent, is_small)


@pytest.mark.integration
@pytest.mark.parametrize("percent", ["3.2976", "1.1125", "12", "0.000001", "250"])
def test_amounts_are_within_a_percentage_exactly_up_to_its_limit(percent):
    """Also where a binary fraction is wrong by a cent, and for an amount of the smallest unit."""
    for units in (10, 120, 99_999_999, 58_715_538_030_379_627_90 * 10**7, 10**36 + 7):
        limit = units * int(Decimal(percent) * 10**6) // 10**8
        amount, inside, outside = (f"{Decimal(n).scaleb(-9):f}" for n in (units, units + limit, units + limit + 1))
        rows = {"left": [amount], "right": [inside, outside, f"-{amount}"]}
        gate = {"field": "amount", "compare": "within", "percent": percent}
        plan = Plan.model_validate({"fields": FIELDS, "passes": [{"name": "p", "kind": "rules", "where": [gate]}]})
        with sides_of(*([("a", row, None) for row in rows[side]] for side in rows)) as connection:
            found = candidates.find(connection, plan, plan.passes[0], 100)
        assert (0 in found.right.tolist(), 1 in found.right.tolist()) == (True, False), (units, percent)
