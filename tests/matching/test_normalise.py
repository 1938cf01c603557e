"""Fields as DuckDB has them for both sides: what is compared, what is shown, and in which order."""

import copy
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from matching import engine, normalise
from matching.plan import Plan, PlanInvalid
from tests.matching.database import connected
from tests.matching.tables import AMOUNT, matched, table


def loaded(rows: pa.Table, field: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The values of one field, with the columns derived from it, by input row."""
    step = {"name": "p", "kind": "rules", "where": [{"field": "f", "compare": "equal"}]}
    plan = Plan.model_validate({"fields": {"f": field}, "passes": [step]})
    with connected() as connection:
        side = normalise.load(connection, "l", rows, plan)
        assert (side.name, side.rows) == ("l", rows.num_rows)
        return connection.execute("SELECT COLUMNS('^[fco]') FROM l ORDER BY _row_").fetchall()


def field(kind: str, column: Any = "v") -> dict[str, Any]:
    return {"type": kind, "left": column, "right": "v"}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("text", "  Société  Générale, S.A. ", "societe generale s a"),
        ("text", "...", None),
        ("reference", "re-2026/007 é", "RE2026007E"),
        ("code", " ab 12 ", "AB12"),
        ("date", "2026-03-01", date(2026, 3, 1)),
        ("date", "2026-02-30", None),
        ("money", "1234.50", Decimal("1234.5")),
        ("money", "(7.10)", Decimal("-7.1")),
        ("money", "nothing", None),
    ],
)
def test_values_are_normalised(kind, given, expected):
    # A second row determines the type of the column.
    typical = {"date": "2026-01-31", "money": "12.34"}.get(kind, "x")

    found = loaded(pa.table({"v": [given, *[typical] * 30]}), field(kind))

    assert found[0][0] == expected


def test_what_a_pattern_finds_in_a_text_is_compared_and_shown():
    memos = pa.table({"v": ["paid RE-2026 007", "nothing", "it's RE-9"]})

    found = loaded(memos, field("reference", {"from": "v", "extract": "RE-[0-9]+( [0-9]+)?"}))

    assert found == [("RE2026007", "RE-2026 007"), (None, None), ("RE9", "RE-9")]


def test_a_sign_is_reversed_if_the_plan_says_so():
    assert [
        row[0]
        for row in loaded(table([("1.50", "x"), ("-2.00", "x")]), field("money", {"column": "amount", "negate": True}))
    ] == [
        Decimal("-1.5"),
        Decimal("2"),
    ]


def test_a_column_that_holds_no_amounts_is_refused_by_pointer():
    with pytest.raises(PlanInvalid) as caught:
        loaded(pa.table({"v": [True, False]}), field("money"))

    assert caught.value.faults == [("/fields/f/left", "invalid_plan", "the column 'v' does not contain amounts")]


def test_positions_do_not_depend_on_the_order_of_the_rows():
    rows = table([(f"{n}.00", f"name {n}") for n in range(50)])
    plan = Plan.model_validate(AMOUNT)
    orders = []
    for given in (rows, rows.take(pa.array(range(49, -1, -1)))):
        with connected() as connection:
            normalise.load(connection, "l", given, plan)
            orders.append(connection.execute("SELECT f0 FROM l ORDER BY i").fetchall())

    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])


def test_a_name_that_exists_in_any_case_is_made_longer():
    assert normalise.free_name("_row_", ["a", "_ROW_", "_row__"]) == "_row___"
    assert normalise.quoted('a "b"') == '"a ""b"""'


def test_columns_may_have_the_names_that_the_engine_uses_itself():
    names = ["_row_", "_h_", "h", "i", ""]
    left = pa.table([[f"{n}-{k}" for n in range(3)] for k in range(5)], names=names)
    document = {
        "fields": {"a": {"type": "text", "left": "_row_", "right": "h"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "a", "compare": "equal"}]}],
    }
    right = left.rename_columns(["h", "x", "_row_", "i", ""])

    assert {(i, j) for i, j, _ in matched(left, right, Plan.model_validate(document))} == {(0, 0), (1, 1), (2, 2)}


@pytest.mark.integration
@pytest.mark.parametrize(
    ("amount", "currency", "text", "expected"),
    [
        ("120", "EUR", None, "120.00"),
        ("120.5", "EUR", None, "120.50"),
        ("120.125", "EUR", None, "120.125"),
        ("-0.5", "EUR", None, "-0.50"),
        ("1200", "JPY", None, "1200"),
        ("1200.5", "JPY", None, "1200.5"),
        ("1.5", "KWD", None, "1.500"),
        ("100", "", None, "100.00"),
        ("120", "EUR", "120.000", "120.000"),
        ("120", "EUR", "1,2e2", "1,2e2"),
    ],
)
def test_a_typed_amount_is_shown_as_it_was_loaded(amount, currency, text, expected):
    amounts = pa.array([Decimal(amount)], pa.decimal128(38, 9))
    rows = pa.table({"amount": amounts, "who": ["acme"], "ccy": [currency]})
    shown = pa.table({"amount": pa.array([text], pa.string())})
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    found = list(engine.run(rows, rows, Plan.model_validate(document), shown=(shown, None)))

    field = json.loads(found[0].matches["fields"][0].as_py())[0]
    assert field["left"] == expected
