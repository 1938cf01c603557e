"""
Files as batches of text columns, in bounded memory. No row is lost: each is in a batch, or is a reject with its line.

CSV is read by Arrow where it is clean. Where it is not (quotes, ragged rows, bytes of another encoding, NUL, huge or
empty lines) a slower reader takes over that knows every physical line.
"""

import csv
import json
import math
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from core.money import MAX_DECIMALS
from matching.reading.archive import is_filled, odd_cells
from matching.reading.detect import (
    MAX_COLUMNS,
    MAX_NAME,
    MAX_PREAMBLE,
    Detection,
    has_header,
    is_blank,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.values import ColumnProfile, Evidence, FileRejected, evidence_of

BATCH_ROWS = 50_000
PROFILED_BYTES = 4 * 1024 * 1024
MAX_BATCH_CELLS = 1_000_000
MAX_RECORD_BYTES = 1024 * 1024  # a row longer than this is a reject
BLOCK_BYTES = 1 * 1024 * 1024  # of a batch read at once: bounds memory, and one is parsed while another is stored
CSV_BLOCK_BYTES = 256 * 1024  # Arrow reads 32 of them ahead
# Columns of one repeated value take no bytes a row: more rows than these are an attack, not a table.
MAX_DENSE_ROWS = 10_000_000
MAX_ROWS_A_BYTE = 20
_SURE_DIGITS = 15
MAX_EXPONENT = 60  # of a JSON number that is written out


@dataclass(frozen=True)
class Reject:
    """A row that cannot be loaded. `line` is the physical line, from 1; the value itself is never repeated."""

    line: int
    column: str | None
    code: str
    message: str
    value_type: str = "text"


@dataclass(frozen=True)
class RawBatch:
    """Rows as text. `rows`: 0-based number of each data row, rejects counted; `lines`: its physical line, from 1."""

    columns: pa.Table
    rows: pa.Array
    lines: pa.Array
    rejects: list[Reject] = field(default_factory=list)
    notes: tuple[str, ...] = ()  # what only reading shows of the file; of the first batch


class NotClean(Exception):
    """Arrow's reader met something that only the exact reader can tell about."""


def read_batches(path: Path, detection: Detection, *, batch_rows: int = BATCH_ROWS) -> Iterator[RawBatch]:
    """Reads a file batch by batch. Raises: FileRejected."""
    if detection.format == "csv":
        return _read_csv(path, detection, batch_rows)
    if detection.format == "jsonl":
        return _read_jsonl(path, detection, batch_rows)
    if detection.format == "xlsx":
        return _read_xlsx(path, batch_rows)
    return _read_parquet(path, batch_rows)


def rows_a_batch(asked: int, columns: int) -> int:
    """Rows of a batch of so many columns: its cells are bounded, not only its rows."""
    return max(1, min(asked, MAX_BATCH_CELLS // max(1, columns)))


class Profiler:
    """Profiles all columns over all batches; memory is bounded by the number of columns."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._waiting: list[pa.Table] = []

    def add(self, batch: RawBatch) -> None:
        """Adds a batch. Several are looked at together: a query costs 10 ms a column before its first row (measured)."""
        if self._waiting and self._waiting[0].schema != batch.columns.schema:
            self._look()
        self._waiting.append(batch.columns)
        if sum(table.nbytes for table in self._waiting) > PROFILED_BYTES:
            self._look()

    def finish(self) -> list[ColumnProfile]:
        """The profiles, in the order of the columns."""
        self._look()
        return [evidence.profile() for evidence in self._evidence.values()]

    def _look(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        for name in table.column_names:
            self._evidence.setdefault(name, Evidence(name))
        evidence_of(table, [self._evidence[name] for name in table.column_names])


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    if _is_clean(path, detection):
        yield from _read_csv_fast(path, detection)
    else:
        yield from _read_csv_exact(path, detection, batch_rows)


def _is_clean(path: Path, detection: Detection) -> bool:
    """Whether Arrow can read the file and each record is one physical line: then lines follow from row numbers."""
    if detection.encoding not in ("utf-8", "utf-8-sig") or not detection.columns:
        return False
    lines, last, tail = 0, b"\n", b"\n"
    with path.open("rb") as file:
        # A row longer than 1 MiB has a whole half MiB without a line break.
        while block := file.read(MAX_RECORD_BYTES // 2):
            if len(block) == MAX_RECORD_BYTES // 2 and b"\n" not in block:
                return False
            # Arrow drops what stands beside a quote in silence, and counts empty lines.
            joint = (tail + block).replace(b"\r\n", b"\n")
            if any(mark in joint for mark in (b'"', b"\x00", b"\n\n")) or b"\r" in joint.rstrip(b"\r"):
                return False
            if _BLANK_LINE.search(joint):
                return False
            lines += block.count(b"\n")
            last = block[-1:]
            # A line of spaces may go on in the next block.
            tail = joint[joint.rfind(b"\n") :] if not joint[joint.rfind(b"\n") :].strip() else last
    if tail.startswith(b"\n") and len(tail) > 1:
        return False
    if last != b"\n":
        lines += 1
    try:
        rows = sum(batch.num_rows for batch in _arrow_batches(path, detection))
    except (NotClean, pa.ArrowException):
        return False
    return bool(rows + detection.skipped + (1 if detection.header else 0) == lines)


_BLANK_LINE = re.compile(rb"\n[ \t]+\n")


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


def _read_csv_fast(path: Path, detection: Detection) -> Iterator[RawBatch]:
    row, first_line = 0, detection.skipped + (2 if detection.header else 1)
    for table in _joined(_arrow_batches(path, detection)):
        rows = pa.array(range(row, row + table.num_rows), pa.int64())
        yield RawBatch(table, rows, pc.add(rows, first_line))
        row += table.num_rows


def _joined(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Small batches as tables of about BLOCK_BYTES."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(found.nbytes for found in waiting) >= BLOCK_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _read_csv_exact(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    csv.field_size_limit(16 * MAX_RECORD_BYTES)  # _Lines sets the bound
    delimiter = detection.delimiter or ","
    width = len(detection.columns)
    build = _Builder(detection.columns, batch_rows, empty_is_null=True)
    skip_header = detection.header
    with _Lines(path, detection.encoding) as source:
        for _ in range(detection.skipped):
            next(source, None)
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            source.begin_record()
            cells: list[str] = []
            fault = None
            try:
                cells = next(reader)
            except StopIteration:
                break
            except (csv.Error, RecordTooLong):
                # A quote that is never closed properly spoils its own line only: the next ones are read again.
                source.read_again()
                fault = ("quote", "the row has a quote that is not closed, or closed within a field", "row")
                reader = csv.reader(source, delimiter=delimiter, strict=True)
            fault = source.fault or fault
            if fault is None and is_blank(cells, delimiter):
                continue  # an empty line is no row
            if len(cells) > width and not any(cells[width:]):
                cells = cells[:width]  # a delimiter at the end of the line
            if skip_header:
                skip_header = False
            elif fault is not None:
                build.reject(Reject(source.first_line, None, *fault))
            elif len(cells) != width:
                message = f"the row has {len(cells)} fields, the header has {width}"
                build.reject(Reject(source.first_line, None, "field_count", message, "row"))
            else:
                build.add(cells, source.first_line)
            if build.is_full:
                yield build.take()
    if build.has_any:
        yield build.take()


class RecordTooLong(Exception):
    """A record runs over more than 1 MiB of lines: a quote was left open."""


_ESCAPED = re.compile("[\udc80-\udcff]")
_Fault = tuple[str, str, str]  # code, message, type of the value
NUL: _Fault = ("nul_character", "the row has the character U+0000, which cannot be stored", "text")


class _Lines:
    """Physical lines as text for the CSV reader; remembers where a record began and what was wrong with its bytes."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._encoding = encoding
        self._is_wide = encoding in ("utf-16", "utf-32")
        # Bytes that are not of the encoding stay visible, so that their row can be rejected.
        errors = "replace" if self._is_wide else "surrogateescape"
        self._file = path.open("r", encoding=encoding, errors=errors, newline="")
        self._again: deque[tuple[str, _Fault | None]] = deque()
        self._record: list[tuple[str, _Fault | None]] = []
        self._size = 0
        self.line = 0
        self.first_line = 1
        self.fault: _Fault | None = None

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def begin_record(self) -> None:
        """What is read from now on belongs to a new record."""
        self.first_line = self.line + 1
        self._record = []
        self._size = 0
        self.fault = None

    def read_again(self) -> None:
        """Gives all lines of the record but the first once more; the fault is then the first line's own."""
        self._again.extendleft(reversed(self._record[1:]))
        self.line = self.first_line
        self.fault = None

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        text, fault = self._again.popleft() if self._again else self._read()
        self.line += 1
        self._record.append((text, fault))
        self._size += len(text)
        self.fault = self.fault or fault
        if self._size > MAX_RECORD_BYTES and len(self._record) > 1:
            raise RecordTooLong
        return text

    def _read(self) -> tuple[str, _Fault | None]:
        text = self._file.readline(MAX_RECORD_BYTES + 1)
        if not text:
            raise StopIteration
        if len(text) > MAX_RECORD_BYTES:
            while text and not text.endswith(("\n", "\r")):
                text = self._file.readline(MAX_RECORD_BYTES)
            return "\n", ("row_too_long", "the row is longer than 1 MiB", "row")
        if "\x00" in text:
            return text, NUL
        if not text.isascii() and ("\ufffd" in text if self._is_wide else _ESCAPED.search(text)):
            name = self._encoding.removesuffix("-sig").upper()
            return text, ("encoding", f"the row has bytes that are not {name}", "bytes")
        return text, None


class _Builder:
    """Collects rows into batches."""

    def __init__(
        self, columns: tuple[str, ...], batch_rows: int, *, empty_is_null: bool = False, notes: tuple[str, ...] = ()
    ) -> None:
        self._notes = notes
        self._columns = columns
        self._batch_rows = rows_a_batch(batch_rows, len(columns))
        self._empty_is_null = empty_is_null
        self._row = 0
        self._bytes = 0
        self._clear()

    def _clear(self) -> None:
        self._cells: list[list[str | None]] = []
        self._rows: list[int] = []
        self._lines: list[int] = []
        self._rejects: list[Reject] = []
        self._bytes = 0

    def add(self, cells: list[Any], line: int) -> None:
        self._cells.append(cells)
        self._rows.append(self._row)
        self._lines.append(line)
        self._row += 1
        self._bytes += sum(len(cell) for cell in cells if cell)

    def reject(self, reject: Reject) -> None:
        self._rejects.append(reject)
        self._row += 1

    @property
    def is_full(self) -> bool:
        return len(self._rows) + len(self._rejects) >= self._batch_rows or self._bytes > 16 * BLOCK_BYTES

    @property
    def has_any(self) -> bool:
        return bool(self._rows or self._rejects or self._notes)

    def take(self) -> RawBatch:
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


# -- JSON Lines --------------------------------------------------------------------------------------------------------


def _read_jsonl(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    columns = _jsonl_columns(path, detection.encoding)
    build = _Builder(columns, batch_rows)
    for line, parsed in _jsonl_rows(path, detection.encoding):
        if isinstance(parsed, Reject):
            build.reject(parsed)
        else:
            build.add([parsed.get(name) for name in columns], line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _jsonl_columns(path: Path, encoding: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for _, parsed in _jsonl_rows(path, encoding):
        if isinstance(parsed, dict):
            names.update(dict.fromkeys(parsed))
            if len(names) > MAX_COLUMNS:
                raise FileRejected(f"the objects have more than {MAX_COLUMNS} different keys")
    if not names:
        raise FileRejected("the file has no JSON object on any line")
    return tuple(names)


def _jsonl_rows(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str | None] | Reject]]:
    with _Lines(path, encoding) as source:
        while True:
            source.begin_record()
            text = next(source, None)
            if text is None:
                return
            line = source.first_line
            if source.fault is not None:
                yield line, Reject(line, None, *source.fault)
            elif text.strip():
                yield line, _json_row(text, line)


def _json_row(text: str, line: int) -> dict[str, str | None] | Reject:
    """The cells of an object as text, numbers by their digits: 0.10 stays 0.10."""
    try:
        parsed = json.loads(
            text, object_pairs_hook=_once, parse_float=_Digits, parse_int=_Digits, parse_constant=_Digits
        )
        if not isinstance(parsed, dict):
            kind = "number" if isinstance(parsed, _Digits) else type(parsed).__name__
            return Reject(line, None, "not_an_object", "the line is no JSON object", kind)
        row = {name: None if value is None else _json_cell(value) for name, value in parsed.items()}
        for cell in (*row, *row.values()):
            if cell is not None and not cell.isascii():
                cell.encode()
    except DuplicateKey:
        return Reject(line, None, "duplicate_key", "the object has a key twice", "object")
    except UnicodeEncodeError:
        return Reject(line, None, "encoding", "the line has half of a surrogate pair, which is no character")
    except RecursionError:
        return Reject(line, None, "invalid_json", "the line is nested too deeply")
    except ValueError:
        return Reject(line, None, "invalid_json", "the line is not valid JSON")
    if any("\x00" in name or len(name) > MAX_NAME or not name for name in row):
        return Reject(line, None, "column_name", "a key is empty, longer than 256 characters or has U+0000")
    for name, cell in row.items():
        if cell is not None and "\x00" in cell:
            return Reject(line, name, *NUL)
    return row


class DuplicateKey(ValueError):
    """An object has a key twice: one of the values would be lost."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


class _Digits(str):
    """A JSON number, by its digits."""

    __slots__ = ()


def _json_cell(value: Any) -> str:
    if isinstance(value, _Digits) and ("e" in value or "E" in value):
        # 1e2 is 100; what no amount could be is left as it is.
        exponent = int(value.lower().partition("e")[2][:12])
        return format(Decimal(value), "f") if -MAX_EXPONENT <= exponent <= MAX_EXPONENT else str(value)
    return str(value) if isinstance(value, str) else _json_text(value)


def _json_text(value: Any) -> str:
    """A nested value as JSON; its numbers keep their digits."""
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json_text(key)}: {_json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


# -- XLSX and Parquet --------------------------------------------------------------------------------------------------


def _read_xlsx(path: Path, batch_rows: int) -> Iterator[RawBatch]:
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        rows, position = _first_filled(workbook)
        odd = odd_cells(path, position)
        notes = _sheet_notes(path, workbook.sheet_names, position, odd)
    except (CalamineError, OSError, ValueError, KeyError) as error:
        if isinstance(error, FileRejected):
            raise
        raise FileRejected("the workbook cannot be read; open it, and save it again as .xlsx") from error
    build = None
    filled = _filled_rows(rows, odd)
    head = list(islice(filled, 2 * MAX_PREAMBLE))
    start = table_start([[text or "" for text in texts] for _, texts in head])
    if start:
        notes = (*notes, skipped_note(head[start][0] - 1))
    for line, texts in chain(head[start:], filled):
        if build is None:
            is_header = has_header([[text or "" for text in texts]])
            names = [text or "" for text in texts] if is_header else [""] * len(texts)
            columns, renamed = unique_names(names)
            if len(columns) > MAX_COLUMNS:
                raise FileRejected(f"the sheet has more than {MAX_COLUMNS} columns")
            build = _Builder(columns, batch_rows, notes=(*notes, *renamed) if is_header else notes)
            if is_header:
                continue
        texts += [None] * (len(columns) - len(texts))
        if len(texts) > len(columns):
            message = f"the row has {len(texts)} cells, the header {len(columns)}"
            build.reject(Reject(line, None, "field_count", message, "row"))
        elif any(text is not None and len(text) > MAX_RECORD_BYTES for text in texts):
            build.reject(Reject(line, None, "row_too_long", "the row is longer than 1 MiB", "row"))
        elif any(text is not None and "\x00" in text for text in texts):
            build.reject(Reject(line, None, *NUL))
        else:
            build.add(texts, line)
        if build.is_full:
            yield build.take()
    if build is not None and build.has_any:
        yield build.take()


def _filled_rows(rows: Iterator[list[Any]], odd: dict[int, dict[int, str]]) -> Iterator[tuple[int, list[str | None]]]:
    """Rows with a value, as text, with their lines from 1."""
    for line, cells in enumerate(rows, 1):
        texts = [_xlsx_cell(cell) for cell in cells]
        for column, text in odd.get(line, {}).items():
            texts += [None] * (column + 1 - len(texts))
            texts[column] = text
        if any(text is not None and text.strip() for text in texts):
            yield line, texts


def _first_filled(workbook: CalamineWorkbook) -> tuple[Iterator[list[Any]], int]:
    """The rows of the first sheet that has any, from its first line on, and its place in the workbook."""
    for position, name in enumerate(workbook.sheet_names):
        sheet = workbook.get_sheet_by_name(name)
        if any(_xlsx_cell(cell) for row in sheet.iter_rows() for cell in row):
            return iter(sheet.iter_rows()), position
    raise FileRejected("the workbook has no filled sheet")


def _sheet_notes(path: Path, names: list[str], position: int, odd: dict[int, dict[int, str]]) -> tuple[str, ...]:
    """What of a workbook is not read: other sheets, and formulas that were never calculated."""
    notes = []
    others = [name[:64] for number, name in enumerate(names) if number != position and is_filled(path, number)]
    if others:
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        notes.append(f"only the sheet {names[position][:64]} was read; filled, too: {shown}")
    formulas = sum(text.startswith("=") for cells in odd.values() for text in cells.values())
    if formulas:
        notes.append(f"formulas without their value: {formulas}; open the workbook, and save it again")
    return tuple(notes)


def _xlsx_cell(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _float_text(cell)
    if hasattr(cell, "isoformat"):
        text = str(cell.isoformat())
        return text.removesuffix("T00:00:00")
    return str(cell)


def _float_text(value: float) -> str:
    """The shortest digits that name the number, without an exponent, without `.0`, without the noise of a sum."""
    return _expanded(_without_noise(repr(value))) if math.isfinite(value) else repr(value)


def _without_noise(text: str) -> str:
    """
    A number of 64 bits as it was meant: 0.1 + 0.2 is 0.3, as spreadsheets show it, and not 0.30000000000000004.

    64 bits hold 15 decimal digits (IEEE 754). Where the 15th is a zero, those after it are what sums leave behind;
    elsewhere they may be meant, and all digits stay. So do those of integers.
    """
    if len(text) <= _SURE_DIGITS or "n" in text or len(_significant(text)) <= _SURE_DIGITS or float(text).is_integer():
        return text
    rounded = format(float(text), f".{_SURE_DIGITS}g")
    decimals = -int(Decimal(rounded).as_tuple().exponent)
    return rounded if len(_significant(rounded)) < _SURE_DIGITS and decimals <= MAX_DECIMALS else text


def _significant(text: str) -> str:
    return text.partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")


def _read_parquet(path: Path, batch_rows: int) -> Iterator[RawBatch]:
    try:
        schema = pq.read_schema(path)
        columns, notes = unique_names(list(schema.names))
        if not 0 < len(columns) <= MAX_COLUMNS:
            raise FileRejected(f"a Parquet file must have 1 to {MAX_COLUMNS} columns; this one has {len(columns)}")
        # As dictionaries, texts that repeat take no room until a piece of them is written out.
        texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
        file = pq.ParquetFile(path, read_dictionary=texts)
        if file.metadata.num_rows > max(MAX_DENSE_ROWS, path.stat().st_size * MAX_ROWS_A_BYTE):
            raise FileRejected("the Parquet file unpacks to far more rows than it should")
        row = 0
        for batch in file.iter_batches(batch_size=rows_a_batch(batch_rows, len(columns))):
            for piece in _pieces(batch):
                found = _parquet_batch(piece, columns, row)
                yield found if row else replace(found, notes=notes)
                row += piece.num_rows
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, FileRejected):
            raise
        raise FileRejected("the Parquet file cannot be read; write it again with flat columns") from error


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Parts of a batch that are small when written out, however much their dictionaries repeat."""
    size = batch.num_rows * batch.num_columns
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            widths = pc.binary_length(column.dictionary).cast(pa.int64())
            size += pc.sum(widths.take(column.indices)).as_py() or 0
        else:
            size += column.nbytes
    rows = max(1, batch.num_rows * 4 * BLOCK_BYTES // max(1, size))
    for first in range(0, batch.num_rows, rows):
        yield batch.slice(first, rows)


def _parquet_batch(batch: pa.RecordBatch, columns: tuple[str, ...], first: int) -> RawBatch:
    rejects: dict[int, Reject] = {}
    texts = []
    for name, column in zip(columns, batch.columns, strict=True):
        text, faults = _parquet_text(column)
        texts.append(text)
        for number, fault in faults.items():
            rejects.setdefault(number, Reject(first + number + 1, name, *fault))
    rows = pa.array(range(first, first + batch.num_rows), pa.int64())
    table = pa.table(dict(zip(columns, texts, strict=True)))
    if rejects:
        kept = pa.array([number not in rejects for number in range(batch.num_rows)])
        table, rows = table.filter(kept), rows.filter(kept)
    return RawBatch(table, rows, pc.add(rows, 1), list(rejects.values()))


_Faults = dict[int, _Fault]  # by the place in a batch
_TOO_LONG: _Fault = ("text", "the value is longer than 1 MiB", "bytes")


def _parquet_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """A column as text, and the faults of the values that cannot be one."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        column, kind = column.storage, column.type.storage_type
    if pa.types.is_string_view(kind):
        column, kind = column.cast(pa.large_string()), pa.large_string()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _sound_text(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _binary_text(column)
    if pa.types.is_decimal(kind):
        return pa.array([None if v is None else format(v, "f") for v in column.to_pylist()], pa.string()), {}
    if pa.types.is_floating(kind):
        # Arrow names a number of 32 bits by its own digits; as a Python float it would grow some.
        shortest = column.cast(pa.float32() if pa.types.is_float16(kind) else kind).cast(pa.string())
        meant = _without_noise if pa.types.is_float64(kind) else str
        return pa.array([None if v is None else _expanded(meant(v)) for v in shortest.to_pylist()], pa.string()), {}
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else _nested_text(v) for v in column.to_pylist()], pa.string()), {}
    return column.cast(pa.string()), {}


def _sound_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """Texts that are valid and of bounded length; Arrow believes a Parquet file that they are UTF-8."""
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    try:
        column.validate(full=True)
        if longest <= MAX_RECORD_BYTES and not pc.any(pc.match_substring(column, "\x00")).as_py():
            return column.cast(pa.string()), {}
    except pa.ArrowInvalid:
        pass
    faults: _Faults = {}
    texts: list[str | None] = []
    for number, raw in enumerate(column.cast(pa.large_binary()).to_pylist()):
        try:
            texts.append(None if raw is None or len(raw) > MAX_RECORD_BYTES else raw.decode("utf-8"))
            if raw is not None and len(raw) > MAX_RECORD_BYTES:
                faults[number] = _TOO_LONG
            elif raw is not None and b"\x00" in raw:
                faults[number] = NUL
        except UnicodeDecodeError:
            texts.append(None)
            faults[number] = ("text", "the value is no UTF-8", "bytes")
    return pa.array(texts, pa.string()), faults


def _binary_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """Bytes in hexadecimal."""
    raw = column.cast(pa.large_binary()).to_pylist()
    long = [number for number, value in enumerate(raw) if value is not None and len(value) > MAX_RECORD_BYTES // 2]
    faults = dict.fromkeys(long, _TOO_LONG)
    texts = [None if value is None or number in faults else value.hex() for number, value in enumerate(raw)]
    return pa.array(texts, pa.string()), faults


def _expanded(text: str) -> str:
    """A number without an exponent and without `.0`."""
    return (format(Decimal(text), "f") if "e" in text else text).removesuffix(".0")


def _nested_text(value: Any) -> str:
    return json.dumps(value, default=lambda v: v.hex() if isinstance(v, bytes) else str(v), ensure_ascii=False)
