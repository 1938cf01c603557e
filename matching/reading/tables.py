"""
Files as batches of text columns, in bounded memory. No row is lost: each is in a batch, or is a reject with its line.

CSV is read by Arrow where it is clean. Where it is not (ragged rows, quoted line breaks, bytes of another encoding, NUL,
huge lines) a slower reader takes over that knows every physical line.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from matching.reading.detect import Detection, unique_names
from matching.reading.values import ColumnProfile, Evidence, FileRejected, evidence_of

BATCH_ROWS = 50_000
MAX_RECORD_BYTES = 1024 * 1024  # a row longer than this is a reject
BLOCK_BYTES = 8 * 1024 * 1024


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


class Profiler:
    """Profiles all columns over all batches; memory is bounded by the number of columns."""

    def __init__(self) -> None:
        self._evidence: dict[str, Evidence] = {}

    def add(self, batch: RawBatch) -> None:
        """Adds a batch."""
        names = batch.columns.column_names
        for name in names:
            self._evidence.setdefault(name, Evidence(name))
        evidence_of(batch.columns, [self._evidence[name] for name in names])

    def finish(self) -> list[ColumnProfile]:
        """The profiles, in the order of the columns."""
        return [evidence.profile() for evidence in self._evidence.values()]


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
    lines, last = 0, b""
    with path.open("rb") as file:
        # A row longer than 1 MiB has a whole half MiB without a line break.
        while block := file.read(MAX_RECORD_BYTES // 2):
            if len(block) == MAX_RECORD_BYTES // 2 and b"\n" not in block:
                return False
            if b"\x00" in block or b"\r" in block.replace(b"\r\n", b"\n").rstrip(b"\r"):
                return False
            lines += block.count(b"\n")
            last = block
    if last and not last.endswith(b"\n"):
        lines += 1
    try:
        rows = sum(batch.num_rows for batch in _arrow_batches(path, detection))
    except (NotClean, pa.ArrowException):
        return False
    return bool(rows + (1 if detection.header else 0) == lines)


def _arrow_batches(path: Path, detection: Detection) -> Iterator[pa.RecordBatch]:
    invalid: list[Any] = []

    def note(row: Any) -> str:
        invalid.append(row)
        return "skip"

    reader = pacsv.open_csv(
        path,
        pacsv.ReadOptions(
            use_threads=False,
            block_size=BLOCK_BYTES,
            column_names=list(detection.columns),
            skip_rows=1 if detection.header else 0,
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
    row, first_line = 0, 2 if detection.header else 1
    for batch in _arrow_batches(path, detection):
        rows = pa.array(range(row, row + batch.num_rows), pa.int64())
        yield RawBatch(pa.Table.from_batches([batch]), rows, pc.add(rows, first_line))
        row += batch.num_rows


def _read_csv_exact(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    source = _Lines(path, detection.encoding)
    csv.field_size_limit(MAX_RECORD_BYTES)
    reader = csv.reader(source, delimiter=detection.delimiter or ",")
    width = len(detection.columns)
    build = _Builder(detection.columns, batch_rows)
    skip_header = detection.header
    while True:
        source.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            build.reject(Reject(source.first_line, None, "row_too_long", "the row or an open quote runs over 1 MiB"))
            reader = csv.reader(source, delimiter=detection.delimiter or ",")
            continue
        fault = source.fault
        if not cells and fault is None:
            continue  # an empty line is no row
        if skip_header:
            skip_header = False
            continue
        line = source.first_line
        if fault is not None:
            build.reject(Reject(line, None, *fault))
        elif len(cells) != width:
            message = f"the row has {len(cells)} fields, the header has {width}"
            build.reject(Reject(line, None, "field_count", message, "row"))
        else:
            build.add(cells, line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


class _Lines:
    """Physical lines as text for the CSV reader; remembers where a record began and what was wrong with its bytes."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._encoding = encoding
        self._file = path.open("rb")
        self._decoded: Iterator[str] | None = None
        if encoding == "utf-16":
            self._decoded = iter(path.open("r", encoding="utf-16", errors="replace", newline=""))
        self.line = 0
        self.first_line = 1
        self.fault: tuple[str, str, str] | None = None

    def begin_record(self) -> None:
        self.first_line = self.line + 1
        self.fault = None

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._decoded is not None:
            text = next(self._decoded)
            self.line += 1
            if "\ufffd" in text:
                self.fault = ("encoding", "the row has bytes that are not UTF-16", "bytes")
            return text
        raw = self._file.readline(MAX_RECORD_BYTES + 1)
        if not raw:
            self._file.close()
            raise StopIteration
        self.line += 1
        if len(raw) > MAX_RECORD_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = self._file.readline(MAX_RECORD_BYTES)
            self.fault = ("row_too_long", "the row is longer than 1 MiB", "row")
            return "\n"
        try:
            text = raw.decode("utf-8-sig" if self.line == 1 and self._encoding.startswith("utf-8") else self._codec)
        except UnicodeDecodeError:
            self.fault = ("encoding", f"the row has bytes that are not {self._codec.upper()}", "bytes")
            text = raw.decode("latin-1")
        if "\x00" in text:
            self.fault = ("nul_character", "the row has the character U+0000, which cannot be stored", "text")
        return text

    @property
    def _codec(self) -> str:
        return "utf-8" if self._encoding == "utf-8-sig" else self._encoding


class _Builder:
    """Collects rows into batches."""

    def __init__(self, columns: tuple[str, ...], batch_rows: int) -> None:
        self._columns = columns
        self._batch_rows = batch_rows
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
        return len(self._rows) + len(self._rejects) >= self._batch_rows or self._bytes > 4 * BLOCK_BYTES

    @property
    def has_any(self) -> bool:
        return bool(self._rows or self._rejects)

    def take(self) -> RawBatch:
        columns = list(zip(*self._cells, strict=True)) if self._cells else [()] * len(self._columns)
        table = pa.table(
            {
                name: pa.array([cell or None for cell in cells], pa.string())
                for name, cells in zip(self._columns, columns, strict=True)
            }
        )
        batch = RawBatch(table, pa.array(self._rows, pa.int64()), pa.array(self._lines, pa.int64()), self._rejects)
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
            build.add([_json_cell(parsed.get(name)) for name in columns], line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _jsonl_columns(path: Path, encoding: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for _, parsed in _jsonl_rows(path, encoding):
        if isinstance(parsed, dict):
            names.update(dict.fromkeys(parsed))
            if len(names) > 2000:
                raise FileRejected("the objects have more than 2000 different keys")
    if not names:
        raise FileRejected("the file has no JSON object on any line")
    return tuple(names)


def _jsonl_rows(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any] | Reject]]:
    source = _Lines(path, encoding)
    while True:
        source.begin_record()
        text = next(source, None)
        if text is None:
            return
        line = source.first_line
        if source.fault is not None:
            yield line, Reject(line, None, *source.fault)
            continue
        if not text.strip():
            continue
        try:
            # Numbers keep their digits: 0.10 stays 0.10.
            parsed = json.loads(text, parse_float=_Digits, parse_int=_Digits, parse_constant=_Digits)
        except (ValueError, RecursionError):
            yield line, Reject(line, None, "invalid_json", "the line is not valid JSON")
            continue
        if not isinstance(parsed, dict):
            yield line, Reject(line, None, "not_an_object", "the line is no JSON object", type(parsed).__name__)
            continue
        if any("\x00" in name or len(name) > 256 or not name for name in parsed):
            yield line, Reject(line, None, "column_name", "a key is empty, longer than 256 characters or has U+0000")
            continue
        yield line, parsed


class _Digits(str):
    """A JSON number, by its digits."""

    __slots__ = ()


def _json_cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


# -- XLSX and Parquet --------------------------------------------------------------------------------------------------


def _read_xlsx(path: Path, batch_rows: int) -> Iterator[RawBatch]:
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        rows, first = _first_filled(workbook)
    except (CalamineError, OSError, ValueError) as error:
        raise FileRejected("the workbook cannot be read; open it, and save it again as .xlsx") from error
    header = next(rows)
    columns, _ = unique_names([_xlsx_cell(cell) or "" for cell in header])
    build = _Builder(columns, batch_rows)
    for line, cells in enumerate(rows, first + 1):
        texts = [_xlsx_cell(cell) for cell in cells]
        if not any(texts):
            continue
        texts = (texts + [None] * len(columns))[: len(columns)] if len(texts) <= len(columns) else texts
        if len(texts) > len(columns):
            build.reject(
                Reject(line, None, "field_count", f"the row has {len(texts)} cells, the header {len(columns)}", "row")
            )
        else:
            build.add(texts, line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _first_filled(workbook: CalamineWorkbook) -> tuple[Iterator[list[Any]], int]:
    for name in workbook.sheet_names:
        rows = iter(workbook.get_sheet_by_name(name).iter_rows())
        for line, row in enumerate(rows, 1):
            if any(_xlsx_cell(cell) for cell in row):
                return chain([row], rows), line
    raise FileRejected("the workbook has no filled sheet")


def _xlsx_cell(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if hasattr(cell, "isoformat"):
        text = str(cell.isoformat())
        return text.removesuffix("T00:00:00")
    return str(cell)


def _read_parquet(path: Path, batch_rows: int) -> Iterator[RawBatch]:
    try:
        file = pq.ParquetFile(path)
        columns, _ = unique_names(list(file.schema_arrow.names))
        row = 0
        for batch in file.iter_batches(batch_size=batch_rows):
            texts = [_parquet_text(column) for column in batch.columns]
            rows = pa.array(range(row, row + batch.num_rows), pa.int64())
            yield RawBatch(pa.table(dict(zip(columns, texts, strict=True))), rows, pc.add(rows, 1))
            row += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileRejected("the Parquet file cannot be read; write it again with flat columns") from error


def _parquet_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_floating(kind):
        return pa.array([None if v is None else _plain(v) for v in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, default=str, ensure_ascii=False)
