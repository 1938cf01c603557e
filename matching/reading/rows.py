"""
What every reader makes of a file: batches of rows as text, and rejects. No row is lost; each becomes one or the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.reading.cells.repeated import Repeated, repeated

BATCH_ROWS = 50_000
MAX_BATCH_CELLS = 1_000_000
MAX_RECORD_BYTES = 1024 * 1024  # a longer row is a reject
BLOCK_BYTES = 1 * 1024 * 1024  # of a batch; this limits memory, and lets one batch be parsed while another is stored


class Exact(str):
    """A cell that the file stores as a number, as text. Its decimal mark is the point, whatever people write in texts."""

    __slots__ = ()


class Fault(NamedTuple):
    """The reason that a row cannot be loaded."""

    code: str
    message: str
    value_type: str = "text"


NUL = Fault("nul_character", "the row contains the character U+0000, which cannot be stored")
TOO_LONG = Fault("row_too_long", "the row is longer than 1 MiB", "row")


@dataclass(frozen=True)
class Reject:
    """
    A row that cannot be loaded. The value itself is never repeated.

    `line` is its position in the file, from 1: its first physical line, its row in a sheet, or its number in a list of
    JSON objects that share lines. `row` counts data rows from 0, just like the rows of batches, so that together they
    cover every number.
    """

    line: int
    column: str | None
    code: str
    message: str
    value_type: str = "text"
    row: int | None = None


@dataclass(frozen=True)
class RawBatch:
    """
    Rows as text. `rows` has each data row's number, from 0 and counting rejects; `lines` has its physical line, from 1.

    `exact` marks the cells that the file stores as numbers, by the names of the columns that have such cells.
    """

    columns: pa.Table
    rows: pa.Array
    lines: pa.Array
    rejects: list[Reject] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # what only reading reveals about the file; set on the first batch
    faults: dict[int, Fault] = field(default_factory=dict)  # of rows that are rejects unless they are no bookings
    exact: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    _repeats: dict[str, Repeated | None] = field(default_factory=dict, repr=False, compare=False)

    def repeated(self, name: str) -> Repeated | None:
        """The different texts of a column if it repeats them. They are looked for once, though several want to know."""
        if name not in self._repeats:
            self._repeats[name] = repeated(self.columns[name])
        return self._repeats[name]


def joined_batches(batches: Iterable[RawBatch], rows: int) -> Iterator[RawBatch]:
    """The same rows in fewer batches of about this many rows, where columns and everything else allow it."""
    waiting: list[RawBatch] = []
    for batch in batches:
        fits = not waiting or waiting[0].columns.schema == batch.columns.schema
        if waiting and (not fits or sum(b.columns.num_rows for b in waiting) >= rows):
            yield _joined(waiting)
            waiting = []
        waiting.append(batch)
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[RawBatch]) -> RawBatch:
    if len(batches) == 1:
        return batches[0]
    names = {name for batch in batches for name in batch.exact}
    rows, lines = (
        pa.concat_arrays([_flat(array) for array in arrays])
        for arrays in ([batch.rows for batch in batches], [batch.lines for batch in batches])
    )
    return RawBatch(
        columns=pa.concat_tables([batch.columns for batch in batches]),
        rows=rows,
        lines=lines,
        rejects=[reject for batch in batches for reject in batch.rejects],
        notes=tuple(note for batch in batches for note in batch.notes),
        faults={row: fault for batch in batches for row, fault in batch.faults.items()},
        exact={
            name: np.concatenate([b.exact.get(name, np.zeros(b.columns.num_rows, np.bool_)) for b in batches])
            for name in sorted(names)
        },
    )


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def rows_a_batch(asked: int, columns: int) -> int:
    """How many rows a batch with this many columns may have: the cells are limited as well as the rows."""
    return max(1, min(asked, MAX_BATCH_CELLS // max(1, columns)))


class Builder:
    """Collects rows into batches."""

    def __init__(
        self, columns: tuple[str, ...], batch_rows: int, *, empty_is_null: bool = False, notes: tuple[str, ...] = ()
    ) -> None:
        self._notes = notes
        self._columns = columns
        self._batch_rows = rows_a_batch(batch_rows, len(columns))
        # rejects have no cells, so the limit on cells would only cut wide files into needlessly many batches
        self._batch_rejects = batch_rows
        self._empty_is_null = empty_is_null
        self._row = 0
        self._clear()

    def _clear(self) -> None:
        self._cells: list[Sequence[str | None]] = []
        self._rows: list[int] = []
        self._lines: list[int] = []
        self._rejects: list[Reject] = []
        self._faults: dict[int, Fault] = {}
        self._bytes = 0

    def add(self, cells: Sequence[Any], line: int, fault: Fault | None = None) -> None:
        """Add a row. With a fault it is a reject, unless it turns out to be no booking."""
        if fault is not None:
            self._faults[self._row] = fault
        self._cells.append(cells)
        self._rows.append(self._row)
        self._lines.append(line)
        self._row += 1
        self._bytes += sum(len(cell) for cell in cells if cell)

    def reject(self, line: int, fault: Fault, column: str | None = None) -> None:
        """Count a row that cannot be loaded."""
        self._rejects.append(Reject(line, column, *fault, row=self._row))
        self._row += 1

    def note(self, text: str) -> None:
        """Add a note about the file to the next batch."""
        self._notes = (*self._notes, text)

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
        exact = dict(_exact(self._columns, columns))
        batch = RawBatch(table, rows, lines, self._rejects, self._notes, self._faults, exact)
        self._notes = ()
        self._clear()
        return batch


def _exact(names: tuple[str, ...], columns: Sequence[Sequence[Any]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name, cells in zip(names, columns, strict=True):
        kinds = list(map(type, cells))
        if Exact in kinds:
            yield name, np.fromiter((kind is Exact for kind in kinds), np.bool_, len(kinds))
