"""Parquet: every type as exact text, however often its pages repeat values."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matching.reading.detect import detect
from matching.reading.formats.parquet import read_parquet
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected


def test_types_become_exact_text(load, tmp_path):
    table = pa.table(
        {
            "amount": pa.array(
                [Decimal("0.000000001"), Decimal("-12345678901234567890.123456789")], pa.decimal128(38, 9)
            ),
            "day": [dt.date(2026, 1, 13), dt.date(9999, 12, 31)],
            "at": pa.array([dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC), None], pa.timestamp("s", tz="UTC")),
            "nested": [{"a": [1, 2]}, None],
            "word": pa.array(["x", "y"]).dictionary_encode(),
            "f32": pa.array([0.1, 1e20], pa.float32()),
            "f64": [0.1, 1e-7],
            "big": pa.array([2**63 - 1, None], pa.int64()),
            "raw": [b"ab", b"\xff"],
            "empty": ["", None],
        }
    )
    pq.write_table(table, tmp_path / "source")

    found = load((tmp_path / "source").read_bytes(), "a.parquet")

    assert [list(row.values()) for row in found.data] == [
        [
            "0.000000001",
            "2026-01-13",
            "2026-01-01 12:00:00.000Z",
            "[1, 2]",
            "x",
            "0.1",
            "0.1",
            str(2**63 - 1),
            "6162",
            "",
        ],
        [
            "-12345678901234567890.123456789",
            "9999-12-31",
            None,
            None,
            "y",
            "100000000000000000000",
            "0.0000001",
            None,
            "ff",
            None,
        ],
    ]
    assert found.dates == ["2026-01-13", "9999-12-31"]


NUMBERS = {
    0.1 + 0.2: "0.3",
    0.1 + 0.7: "0.8",
    100.1 + 200.2: "300.3",
    1234.56 - 1000: "234.56",
    -12345678.1 - 0.2: "-12345678.3",
    1e-7: "0.0000001",
    1234567.123456789: "1234567.123456789",
    12345678901234568.0: "12345678901234568",
    1e22: "10000000000000000000000",
    1 / 3: "0.3333333333333333",
    1e-10: "0.0000000001",
}


def test_only_the_rounding_noise_of_sums_is_removed_from_numbers(load, tmp_path):
    pq.write_table(pa.table({"amount": list(NUMBERS)}), tmp_path / "source")

    found = load(
        (tmp_path / "source").read_bytes(), "a.parquet", mapping={"amount": {"column": "amount", "decimal": "."}}
    )

    assert [row["amount"] for row in found.data] == [
        text for text in NUMBERS.values() if len(text.partition(".")[2]) < 10
    ]
    assert found.rejects == [(10, "amount", "too_many_decimals"), (11, "amount", "too_many_decimals")]


def test_a_column_is_an_amount_although_most_values_have_too_many_decimals(load, tmp_path):
    pq.write_table(
        pa.table({"amount": [n / 3 for n in range(1, 20)], "share": [n / 7 for n in range(1, 20)]}), tmp_path / "s"
    )

    found = load((tmp_path / "s").read_bytes(), "a.parquet")

    assert found.mapping["amount"] == {"column": "amount", "decimal": "."}
    assert {code for _, _, code in found.rejects} == {"too_many_decimals"}
    assert found.amounts == ["1", "2", "3", "4", "5", "6"]


def test_an_endlessly_repeated_text_is_read_in_small_pieces(tmp_path):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), pa.array(["z" * 500_000]))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": repeated}), path)

    batches = read_batches(path, detect(path))
    first = [next(batches) for _ in range(3)]

    assert path.stat().st_size < 2_000_000
    assert [batch.rows[0].as_py() for batch in first] == [0, len(first[0].rows), 2 * len(first[0].rows)]
    assert all(batch.columns.nbytes < 64 * 1024**2 for batch in first)


def test_row_groups_of_one_row_are_read_together(tmp_path):
    path = tmp_path / "groups.parquet"
    pq.write_table(pa.table({"ref": [f"R{n}" for n in range(300)]}), path, row_group_size=1)

    batches = list(read_parquet(path, detect(path), 200))

    assert [batch.columns["ref"].to_pylist() for batch in batches] == [
        [f"R{n}" for n in range(200)],
        [f"R{n}" for n in range(200, 300)],
    ]
    assert [row for batch in batches for row in batch.rows.to_pylist()] == list(range(300))
    assert [line for batch in batches for line in batch.lines.to_pylist()] == list(range(1, 301))


@pytest.mark.integration
def test_a_row_that_is_too_long_as_a_whole_is_rejected(load, tmp_path):
    table = pa.table({f"c{n}": ["x" * 40_000, "short", None] for n in range(30)})
    pq.write_table(table, tmp_path / "source")

    found = load((tmp_path / "source").read_bytes(), "a.parquet")

    assert found.rejects == [(1, None, "row_too_long")]
    assert found.rows == [1, 2]


def test_the_members_of_a_structure_are_columns(load, tmp_path):
    money = pa.StructArray.from_arrays(
        [
            pa.array([Decimal("10.10"), Decimal("-20.00"), None], pa.decimal128(12, 2)),
            pa.array(["EUR", "USD", None]).dictionary_encode(),
        ],
        ["value", "currency"],
    )
    inner = [{"x": {"y": 1, "l": [1, None]}}, {"x": None}, None]
    pq.write_table(pa.table({"id": ["a", "b", "c"], "amount": money, "deep": inner}), tmp_path / "source")

    found = load((tmp_path / "source").read_bytes(), "a.parquet")

    assert [list(row.values()) for row in found.data] == [
        ["a", "10.10", "EUR", "1", "[1, null]"],
        ["b", "-20.00", "USD", None, None],
        ["c", None, None, None, None],
    ]
    assert list(found.data[0]) == ["id", "amount.value", "amount.currency", "deep.x.y", "deep.x.l"]


@pytest.mark.integration
def test_a_structure_with_very_many_members_stays_json(load, tmp_path):
    pq.write_table(pa.table({"id": [1], "wide": [{f"m{n}": n for n in range(2_000)}]}), tmp_path / "source")

    found = load((tmp_path / "source").read_bytes(), "a.parquet")

    assert list(found.data[0]) == ["id", "wide"]
    assert found.data[0]["wide"].startswith('{"m0": 0, "m1": 1,')


@pytest.mark.parametrize(
    ("zone", "day"), [("America/New_York", "2023-12-31"), ("UTC", "2024-01-01"), ("+09:00", "2024-01-01")]
)
def test_a_time_with_a_zone_has_the_day_of_that_zone(load, tmp_path, zone, day):
    at = pa.array([dt.datetime(2024, 1, 1, 3, tzinfo=dt.UTC)], pa.timestamp("us", tz=zone))
    pq.write_table(pa.table({"at": at, "amount": ["1.50"]}), tmp_path / "source")

    assert load((tmp_path / "source").read_bytes(), "a.parquet").dates == [day]


def test_an_unknown_zone_is_refused(load, tmp_path):
    at = pa.array([0], pa.timestamp("us", tz="Nowhere/Town"))
    pq.write_table(pa.table({"at": at}), tmp_path / "source")

    with pytest.raises(FileRejected, match="time zone"):
        load((tmp_path / "source").read_bytes(), "a.parquet")


@pytest.mark.parametrize("kind", ["structure", "list"])
def test_a_nested_text_that_is_repeated_is_read_in_small_pieces(tmp_path, kind):
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), pa.array(["z" * 500_000]))
    nested = (
        pa.StructArray.from_arrays([text], ["x"])
        if kind == "structure"
        else pa.ListArray.from_arrays(pa.array(range(1_001), pa.int32()), text)
    )
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": nested}), path)

    batches = read_batches(path, detect(path))

    assert all(next(batches).columns.nbytes < 64 * 1024**2 for _ in range(3))


@pytest.mark.parametrize(
    ("kind", "is_asked"), [(pa.int64(), True), (pa.int32(), True), (pa.float64(), False), (pa.decimal128(30, 2), False)]
)
def test_integers_may_count_the_smallest_unit_as_in_json(load, tmp_path, kind, is_asked):
    table = {
        "booked": [f"2024-03-0{day}" for day in range(1, 5)],
        "amount": pa.array([-12500, 250000, -350, 99900]).cast(kind),
        "currency": ["EUR"] * 4,
    }
    pq.write_table(pa.table(table), tmp_path / "s")

    found = load((tmp_path / "s").read_bytes(), "a.parquet")

    assert (("amount", "minor_units") in found.questions) is is_asked


def test_a_table_without_rows_has_its_columns(load, tmp_path):
    money = pa.struct([("value", pa.int64())])
    pq.write_table(pa.table({"day": pa.array([], pa.string()), "amount": pa.array([], money)}), tmp_path / "s")

    assert list(load((tmp_path / "s").read_bytes(), "a.parquet").profiles) == ["day", "amount.value"]
