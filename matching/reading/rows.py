"""What every reader makes of a file: batches of rows as text, and rejects. No row is lost: each is one of the two."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

BATCH_ROWS = 50_000
MAX_BATCH_CELLS = 1_000_000
MAX_RECORD_BYTES = 1024 * 1024  # a row longer than this is a reject
BLOCK_BYTES = 1 * 1024 * 1024  # of a batch read at once: bounds memory, and one is parsed while another is stored


class Fault(NamedTuple):
    """Why a row cannot be loaded."""

    code: str
    message: str
    value_type: str = "text"


NUL = Fault("nul_character", "the row has the character U+0000, which cannot be stored")
TOO_LONG = Fault("row_too_long", "the row is longer than 1 MiB", "row")


@dataclass(frozen=True)
class Reject:
    """
    A row that cannot be loaded; the value itself is never repeated.

    `line` is where it stands in the file: its first physical line, or its row in a sheet, from 1. `row` counts the
    data rows from 0, as the rows of batches do: together they are all the numbers there are.
    """

    line: int
    column: str | None
    code: str
    message: str
    value_type: str = "text"
    row: int | None = None


@dataclass(frozen=True)
class RawBatch:
    """Rows as text. `rows`: 0-based number of each data row, rejects counted; `lines`: its physical line, from 1."""

    columns: pa.Table
    rows: pa.Array
    lines: pa.Array
    rejects: list[Reject] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # what only reading shows of the file; of the first batch


def rows_a_batch(asked: int, columns: int) -> int:
    """Rows of a batch of so many columns: its cells are bounded, not only its rows."""
    return max(1, min(asked, MAX_BATCH_CELLS // max(1, columns)))


class Builder:
    """Collects rows into batches."""

    def __init__(
        self, columns: tuple[str, ...], batch_rows: int, *, empty_is_null: bool = False, notes: tuple[str, ...] = ()
    ) -> None:
        self._notes = notes
        self._columns = columns
        self._batch_rows = rows_a_batch(batch_rows, len(columns))
        self._batch_rejects = batch_rows  # which have no cells: few a batch would make many batches of wide files
        self._empty_is_null = empty_is_null
        self._row = 0
        self._clear()

    def _clear(self) -> None:
        self._cells: list[Sequence[str | None]] = []
        self._rows: list[int] = []
        self._lines: list[int] = []
        self._rejects: list[Reject] = []
        self._bytes = 0

    def add(self, cells: Sequence[Any], line: int) -> None:
        """Adds a row."""
        self._cells.append(cells)
        self._rows.append(self._row)
        self._lines.append(line)
        self._row += 1
        self._bytes += sum(len(cell) for cell in cells if cell)

    def reject(self, line: int, fault: Fault, column: str | None = None) -> None:
        """Counts a row that cannot be loaded."""
        self._rejects.append(Reject(line, column, *fault, row=self._row))
        self._row += 1

    @property
    def is_full(self) -> bool:
        """Whether the batch should be taken now."""
        is_long = len(self._rows) >= self._batch_rows or len(self._rejects) >= self._batch_rejects
        return is_long or self._bytes > 16 * BLOCK_BYTES

    @property
    def has_any(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._rows or self._rejects or self._notes)

    def take(self) -> RawBatch:
        """The rows and rejects since the last batch."""
        columns = list(zip(*self._cells, strict=True)) if self._cells else [()] * len(self._columns)
        table = pa.table(
            {
                name: pa.array([cell or None for cell in cells] if self._empty_is_null else cells, pa.string())
                for name, cells in zip(self._columns, columns, strict=True)
            }
        )
        rows, lines = pa.array(self._rows, pa.int64()), pa.array(self._lines, pa.int64())
        batch = RawBatch(table, rows, lines, self._rejects, self._notes)
        self._notes = ()
        self._clear()
        return batch
