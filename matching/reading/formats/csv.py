"""
CSV as batches: read by Arrow if the file is proved clean, otherwise by a slower reader that tracks every physical line.

A quote that is never properly closed spoils only its own line. Reading the lines after it again would take hours on a
file full of such lines, so records.py looks at each line a fixed number of times.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from matching.reading.format import Detection, Format
from matching.reading.formats.clean import is_clean
from matching.reading.header import is_blank
from matching.reading.layout import detect_csv
from matching.reading.lines import lines_of
from matching.reading.records import records_of
from matching.reading.rows import BLOCK_BYTES, Builder, Fault, RawBatch

CSV_BLOCK_BYTES = 256 * 1024  # Arrow reads 32 of them ahead
MAX_PADDED = 100  # columns of a table whose short rows are looked at


def read_csv(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a CSV file batch by batch."""
    found = path.stat()
    layout = (detection.encoding, detection.delimiter, detection.columns, detection.skipped + detection.header)
    if _is_clean(path, (found.st_ino, found.st_size, found.st_mtime_ns), *layout):
        yield from _read_fast(path, detection)
    else:
        yield from _read_exact(path, detection, batch_rows)


@lru_cache(maxsize=16)
def _is_clean(
    path: Path,
    _: tuple[int, int, int],
    encoding: str | None,
    delimiter: str | None,
    columns: tuple[str, ...],
    before: int,
) -> bool:
    """A file is read several times. Whether it is clean is found out once, as long as it stays the same."""
    if encoding not in ("utf-8", "utf-8-sig"):
        return False
    if not (delimiter or "").isascii():
        return False
    return is_clean(path, delimiter or ",", columns=len(columns), before=before)


def _arrow_batches(path: Path, detection: Detection) -> Iterator[pa.RecordBatch]:
    yield from pacsv.open_csv(
        path,
        pacsv.ReadOptions(
            use_threads=False,
            block_size=CSV_BLOCK_BYTES,
            column_names=list(detection.columns),
            skip_rows=detection.skipped + (1 if detection.header else 0),
        ),
        pacsv.ParseOptions(delimiter=detection.delimiter or ",", ignore_empty_lines=False),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(detection.columns, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _read_fast(path: Path, detection: Detection) -> Iterator[RawBatch]:
    row, first_line = 0, detection.skipped + (2 if detection.header else 1)
    for table in _joined(_arrow_batches(path, detection)):
        rows = pa.array(np.arange(row, row + table.num_rows, dtype=np.int64))
        yield RawBatch(table, rows, pc.add(rows, first_line))
        row += table.num_rows


def _joined(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Combine small batches into tables of about BLOCK_BYTES."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if size >= BLOCK_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _read_exact(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    delimiter, width = detection.delimiter or ",", len(detection.columns)
    build = Builder(detection.columns, batch_rows, empty_is_null=True)
    skip_header = detection.header
    for line, cells, fault in records_of(lines_of(path, detection.encoding), delimiter, skip=detection.skipped):
        if fault is None and is_blank(cells, delimiter):
            continue  # an empty line is not a row
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]  # the line ends with a delimiter
        if skip_header:
            skip_header = False
        elif fault is not None:
            build.reject(line, fault)
        elif len(cells) != width:
            wrong = Fault("field_count", f"the row has {len(cells)} fields but the header has {width}", "row")
            if len(cells) > width or width > MAX_PADDED:
                build.reject(line, wrong)
            else:
                # A caption or a total is often shorter than a booking.
                build.add([*cells, *[None] * (width - len(cells))], line, wrong)
        else:
            build.add(cells, line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


FORMAT = Format(
    name="csv",
    title="CSV",
    mismatch="the file is not a CSV file; leave the format out",
    detect=detect_csv,
    read=read_csv,
)
