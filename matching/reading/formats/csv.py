"""
CSV as batches: read by Arrow if the file is clean, otherwise by a slower reader that tracks every physical line.

A quote that is never properly closed spoils only its own line. Reading the lines after it again would take hours on a
file full of such lines, so records.py looks at each line a fixed number of times.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from matching.reading.format import Detection, Format
from matching.reading.header import is_blank
from matching.reading.layout import detect_csv
from matching.reading.lines import lines_of
from matching.reading.records import records_of
from matching.reading.rows import BLOCK_BYTES, MAX_RECORD_BYTES, Builder, Fault, RawBatch

CSV_BLOCK_BYTES = 256 * 1024  # Arrow reads 32 of them ahead
MAX_PADDED = 100  # columns of a table whose short rows are looked at
_BLANK_LINE = re.compile(rb"\n[ \t]+\n")


class NotClean(Exception):
    """Arrow's reader found something that only the exact reader can handle."""


def read_csv(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a CSV file batch by batch."""
    if _is_clean(path, detection):
        yield from _read_fast(path, detection)
    else:
        yield from _read_exact(path, detection, batch_rows)


def _is_clean(path: Path, detection: Detection) -> bool:
    """
    Whether Arrow can read the file and every record is one physical line, so that line numbers follow from row numbers.
    """
    if detection.encoding not in ("utf-8", "utf-8-sig") or not detection.columns:
        return False
    if not (detection.delimiter or "").isascii():
        return False
    lines, last, tail = 0, b"\n", b"\n"
    # On invalid bytes Arrow would write its complaint about the row to standard error.
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        # A row longer than 1 MiB contains a whole half MiB without a line break.
        while block := file.read(MAX_RECORD_BYTES // 2):
            if len(block) == MAX_RECORD_BYTES // 2 and b"\n" not in block:
                return False
            # Arrow silently drops text next to a quoted field, and counts empty lines.
            joint = (tail + block).replace(b"\r\n", b"\n")
            if any(mark in joint for mark in (b'"', b"\x00", b"\n\n")) or b"\r" in joint.rstrip(b"\r"):
                return False
            if _BLANK_LINE.search(joint):
                return False
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return False
            lines += block.count(b"\n")
            last = block[-1:]
            # A line of spaces may continue in the next block.
            tail = joint[joint.rfind(b"\n") :] if not joint[joint.rfind(b"\n") :].strip() else last
    if (tail.startswith(b"\n") and len(tail) > 1) or decoder.getstate()[0]:
        return False
    if last != b"\n":
        lines += 1
    try:
        rows = sum(batch.num_rows for batch in _arrow_batches(path, detection))
    except (NotClean, pa.ArrowException):
        return False
    return bool(rows + detection.skipped + (1 if detection.header else 0) == lines)


def _arrow_batches(path: Path, detection: Detection) -> Iterator[pa.RecordBatch]:
    invalid: list[Any] = []

    def note(row: Any) -> str:
        invalid.append(row)
        return "skip"

    reader = pacsv.open_csv(
        path,
        pacsv.ReadOptions(
            use_threads=False,
            block_size=CSV_BLOCK_BYTES,
            column_names=list(detection.columns),
            skip_rows=detection.skipped + (1 if detection.header else 0),
        ),
        pacsv.ParseOptions(delimiter=detection.delimiter or ",", ignore_empty_lines=False, invalid_row_handler=note),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(detection.columns, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    for batch in reader:
        if invalid:
            raise NotClean
        yield batch
    if invalid:
        raise NotClean


def _read_fast(path: Path, detection: Detection) -> Iterator[RawBatch]:
    row, first_line = 0, detection.skipped + (2 if detection.header else 1)
    for table in _joined(_arrow_batches(path, detection)):
        rows = pa.array(range(row, row + table.num_rows), pa.int64())
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
        if len(cells) > width and not any(cells[width:]):
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
