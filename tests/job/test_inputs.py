"""How a job prepares the records that it has read."""

import json
from uuid import uuid4

import pyarrow as pa
import pytest

from models.source import Source
from server.job.inputs import _side

NAMES = ["\\", "no\\", 'a"b', '\\"', "it's", "", "/", "a/b", "~", "~1", "*", "$", "0", "a[0]", "a.b", "réf", "%s", "#"]


def records(rows: list[dict[str, str | None]], currency: list[str | None] | None = None) -> pa.Table:
    """Rows as the database returns them. The amount is in the column `amount`, if there is one."""
    n = len(rows)
    return pa.table(
        {
            "id": pa.array([str(uuid4()) for _ in rows]),
            "data": pa.array([json.dumps(row) for row in rows]),
            "amount": pa.array([row.get("amount") for row in rows], pa.string()),
            "currency": pa.array(currency or [None] * n, pa.string()),
            "date": pa.array([None] * n, pa.date32()),
            "reference": pa.array([None] * n, pa.string()),
        }
    )


def source(columns: list[str], mapping: dict[str, object] | None = None) -> Source:
    return Source(profile=[{"name": name} for name in columns], mapping=mapping or {})


@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_have_any_name(name):
    table = records([{name: "here", "other": "there"}, {name: None, "other": "there"}])

    by_profile = _side(table, source([name, "other"])).values
    by_records = _side(table, source([])).values

    assert by_profile[name].to_pylist() == by_records[name].to_pylist() == ["here", None]


@pytest.mark.parametrize(
    ("codes", "role"),
    [(["XXX", "XXX"], None), (["XXX", None], None), (["EUR", "XXX"], "currency"), (["EUR", "CHF"], "currency")],
)
def test_a_side_whose_currencies_are_all_unknown_has_no_currency(codes, role):
    table = records([{"amount": "1.00"}, {"amount": "2.00"}], codes)

    side = _side(table, source(["amount"], {"amount": {"column": "amount", "decimal": "."}}))

    assert side.roles.currency == role
    assert "currency" in side.values.column_names  # plans may use it
