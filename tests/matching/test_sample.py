"""A side as vectors: what kind a column is, and what its values become."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from matching import sample
from matching.plan import Extracted
from matching.sample import Sample, spec_parts
from tests.matching.database import connected

ROWS = 200
TABLE = pa.table(
    {
        "no": [str(n) for n in range(ROWS)],
        "invoice": [f"RE-{1000 + 37 * n}" for n in range(ROWS)],
        "who": [f"{'Acme' if n % 2 else 'Borea'} Trading Company Number {'x' * (n % 7)}" for n in range(ROWS)],
        "amount": [f"{n}.50" for n in range(ROWS)],
        "booked": [f"2026-01-{1 + n % 28:02}" for n in range(ROWS)],
        "empty": pa.array([None] * ROWS, pa.string()),
    }
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connected() as found:
        yield found


def test_the_values_of_a_column_determine_its_kind(connection):
    side = Sample(connection, "l", TABLE)

    assert {column.name: column.kind for column in side.columns} == {
        "no": "number",
        "invoice": "text",
        "who": "text",
        "amount": "amount",
        "booked": "date",
        "empty": "empty",
    }
    assert [c.name for c in side.columns if c.is_code] == ["no", "invoice"]
    assert [c.name for c in side.columns if c.is_running] == ["no"]
    assert [c.name for c in side.columns if c.is_id] == ["no", "invoice", "amount"]
    assert {c.name for c in side.columns if c.is_selective} >= {"no", "invoice", "amount"}
    assert not side.column("who").is_selective
    assert side.column("nothing") is None


def test_the_vectors_do_not_depend_on_the_order_of_the_rows(connection):
    straight = Sample(connection, "l", TABLE)
    turned = Sample(connection, "r", TABLE.take(pa.array(range(ROWS - 1, -1, -1))))

    for column in ("no", "invoice"):
        assert straight.codes(column).tolist() == turned.codes(column).tolist()
    assert straight.columns == turned.columns


def test_a_sample_contains_a_share_of_the_rows_and_says_which(connection, monkeypatch):
    monkeypatch.setattr(sample, "SAMPLE", 50)

    side = Sample(connection, "l", TABLE)

    assert (side.rows, side.rate) == (50, 0.25)
    assert len(side.codes("invoice")) == 50


def test_values_become_numbers_and_hashes(connection):
    table = pa.table(
        {
            "amount": ["1.50", "-2", None, "x"] * 10,
            "day": ["1970-01-02", "2026-01-01", None, "?"] * 10,
            "code": ["re-07", "RE 07", None, "RE8"] * 10,
        }
    )
    typed = pa.table({"amount": [Decimal("1.5"), None], "day": pa.array([dt.date(1970, 1, 2), None], pa.date32())})
    side, exact = Sample(connection, "l", table), Sample(connection, "r", typed)

    assert np.unique(exact.amounts(exact.column("amount"))).tolist()[0] == 1.5
    assert np.nanmax(exact.days(exact.column("day"))) == 1.0
    codes, numbers, stems = side.codes("code"), side.numbers("code"), side.stems("code")
    assert len(set(codes.tolist())) == 3  # one for both spellings, one for the other value, and 0 for none
    assert sorted(set(numbers[~np.isnan(numbers)].tolist())) == [7.0, 8.0]
    assert len(set(stems.tolist())) == 2
    assert (codes == 0).sum() == np.isnan(numbers).sum() == 10


def test_a_pattern_cuts_the_code_out_of_a_text(connection):
    side = Sample(connection, "l", pa.table({"memo": ["paid RE-7 today", "RE-7", "nothing here"]}))

    found = side.codes("memo", "RE-[0-9]+")

    assert sorted((found == 0).tolist()) == [False, False, True]
    assert len(set(found.tolist())) == 2
    assert spec_parts(Extracted(from_="memo", extract="RE-[0-9]+")) == ("memo", "RE-[0-9]+")
    assert spec_parts("memo") == ("memo", None)
