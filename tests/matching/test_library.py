"""The library, as docs/library.md shows it, and with frames of other kinds."""

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from matching import engine
from matching.library import reconcile, table_of
from matching.plan import PlanInvalid
from matching.reading.apply import AMOUNT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "library.md"


class Stream:
    """A table of another package."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.integration
def test_the_page_can_be_followed(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}

    for block in blocks:
        exec(block, names)

    found = names["found"]
    assert (found.matches.num_rows, found.open_left["row"].to_pylist(), found.open_right.num_rows) == (38, [38, 39], 0)
    assert found.left["sums"]["XXX"]["total"] == "5235"
    printed = capsys.readouterr().out
    assert "= total" in printed
    assert "confirmed" in printed
    assert "No pass lets the two rows through" in printed


@pytest.mark.parametrize("given", [lambda table: table, Stream, lambda table: table.to_batches()[0]])
def test_tables_of_other_packages_are_read_like_files(given):
    table = pa.table(
        {
            "n": pa.array([7, None]),
            "f": pa.array([0.1, float("nan")]),
            "d": pa.array([Decimal("1.5"), None]),
            "c": pa.array(["x", "x"]).dictionary_encode(),
            "t": pa.array([0, 86_400_000_000], pa.timestamp("us")),
        }
    )

    found = table_of(given(table))

    assert found.schema.types == [pa.string(), pa.string(), AMOUNT, pa.string(), pa.date32()]
    assert [found[name][0].as_py() for name in ("n", "f", "c")] == ["7", "0.1", "x"]
    assert found["f"][1].as_py() is None


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="list is not a table"):
        table_of([1])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (1.1 * 3, "3.3"),
        (1e15 + 0.5, "1000000000000000.5"),
        (-2.5e-7, "-0.00000025"),
        (1e300, "1" + "0" * 300),
        (1e-300, "0"),
        (10 / 3, "3.333333333"),
        (np.float32(0.1), "0.1"),
        (np.float32(1234567.9), "1234567.9"),
        (float("inf"), "inf"),
    ],
)
def test_floats_are_the_decimals_that_people_mean(value, text):
    kind = pa.float32() if isinstance(value, np.float32) else pa.float64()

    assert table_of(pa.table({"f": pa.array([value], kind)}))["f"].to_pylist() == [text]


def test_lists_and_structs_are_no_hindrance():
    found = table_of(pa.table({"tags": [["a", "b"], None], "who": [{"name": "x"}, {"name": "y"}]}))

    assert found["tags"].to_pylist() == ['["a", "b"]', None]
    assert found["who"].to_pylist()[0] == '{"name": "x"}'


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pa.table([pa.array(["a"]), pa.array(["b"])], ["r", "r"]), "several columns with the name 'r'"),
        (pa.table({"d": [Decimal("1.5"), Decimal("0.0123456789")]}), "column 'd'.* in row 1: 0.0123456789"),
        (pa.table({"d": pa.array([Decimal(10) ** 35], pa.decimal128(38, 0))}), "column 'd'.* in row 0"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_column(table, words):
    with pytest.raises(ValueError, match=words):
        table_of(table)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left", "right", "matches"),
    [(("{}", "EUR"), ("{}", "USD"), 0), (("EUR {}", None), ("{}", "USD"), 0), (("€{}", None), ("{}", "EUR"), 60)],
)
def test_currencies_are_kept_apart_without_being_told_where_they_are(left, right, matches):
    tables = []
    for form, code in (left, right):
        columns = {
            "number": [f"INV-{1000 + n}" for n in range(60)],
            "amount": [form.format(f"{100 + 7 * n}.50") for n in range(60)],
        }
        tables.append(pa.table(columns | ({"code": [code] * 60} if code else {})))

    found = reconcile(*tables)

    assert found.matches.num_rows == matches
    assert [list(side["sums"]) for side in (found.left, found.right)] == [[left[1] or "EUR"], [right[1] or "EUR"]]


def test_what_was_left_out_is_said():
    rows = pa.table({"ref": ["same"] * 1500, "amount": ["1.00"] * 1500})
    fields = {"ref": {"type": "code", "left": "ref", "right": "ref"}}
    step = {"name": "ref", "kind": "rules", "where": [{"field": "ref", "compare": "equal"}]}

    found = reconcile(
        rows, rows, {"fields": fields, "passes": [step]}, options=engine.Options(memory_limit_mb=64, threads=1)
    )

    assert found.matches.num_rows == 0
    assert "was not compared" in found.notes[0]
    assert "No pass compared any two rows" in found.notes[1]
    assert all(note in str(found) for note in found.notes)


def test_all_faults_of_a_plan_are_told_in_their_places():
    rows = pa.table({"ref": ["a"]})
    fields = {"ref": {"type": "code", "left": "ref", "right": "ref"}}
    gates = [{"field": "reff", "compare": "equal"}, {"field": "ref", "compare": "within", "absolute": "1"}]

    with pytest.raises(PlanInvalid) as raised:
        reconcile(rows, rows, {"fields": fields, "passes": [{"name": "p", "kind": "rules", "where": gates}]})

    assert [fault[0] for fault in raised.value.faults] == ["/passes/0/where/0/field", "/passes/0/where/1/compare"]
