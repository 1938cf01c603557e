"""A file that is read once, in groups, and typed while it is profiled, reads as it does batch by batch."""

from pathlib import Path

import pytest

from matching.reading import look, tables
from matching.reading.formats import csv
from matching.reading.look import Reading, typed_batches

pytestmark = pytest.mark.integration  # the whole reader, with thousands of rows
ROWS = 3_000


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of many small batches."""
    monkeypatch.setattr(csv, "CSV_BLOCK_BYTES", 4096)
    monkeypatch.setattr(csv, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(look, "UNDERSTOOD_ROWS", 200)
    monkeypatch.setattr(tables, "ALONE_ROWS", 200)
    monkeypatch.setattr(tables, "GROUP_ROWS", 400)
    path = tmp_path / "a.csv"
    path.write_text("Booking date,Reference,Amount,Currency,State\n" + "".join(map(_line, range(ROWS))))
    return path


def _line(row: int) -> str:
    amount = "1,234.5" if row == 1_700 else f"{(row * 7_919 % 1_000 - 500) / 100:.2f}"
    state = "pending" if row == 2_100 else "booked"
    return f"2024-01-{1 + row % 28:02d},R-{row},{amount},{'' if row == 900 else 'EUR'},{state}\n".replace(
        "1,234.5", '"1,234.5"'
    )


@pytest.mark.parametrize("kept", [0, 50_000, 1 << 30])
def test_it_reads_as_batch_by_batch_whether_it_fits_into_memory(
    file: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    seen = look.look(file)
    expected = [typed for _, typed in typed_batches(file, seen, with_data=False)]
    monkeypatch.setattr(look, "KEPT_BYTES", kept)

    reading = Reading(file)
    typed = [typed for _, typed in reading.typed_batches()]
    found = reading.finish()

    assert len(typed) < len(expected) or kept < 1 << 30
    for name in ("rows", "amount", "currency", "date", "reference"):
        assert _values(typed, name) == _values(expected, name)
    assert [row for batch in typed for row in batch.rejects] == [row for batch in expected for row in batch.rejects]
    assert [row for batch in typed for row in batch.left_out] == [row for batch in expected for row in batch.left_out]
    assert found.mapping == seen.mapping
    assert [(p.type, p.fill, p.distinct, p.min, p.max) for p in found.profiles] == [
        (p.type, p.fill, p.distinct, p.min, p.max) for p in seen.profiles
    ]


def _values(batches: list[look.TypedBatch], name: str) -> list[object]:
    return [value for batch in batches for value in getattr(batch, name).to_pylist()]
