"""The library, as docs/library.md shows it, and with frames of other kinds."""

import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from matching.library import table_of
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
