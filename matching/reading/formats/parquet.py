"""
Parquet as batches: every type as exact text, however much its pages repeat.

The members of a structure become columns such as `amount.value`, as in JSON. Lists become JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.format import Detection, Format, Start
from matching.reading.header import MAX_COLUMNS, unique_names
from matching.reading.numbers import expanded, without_noise
from matching.reading.objects import MAX_LEVELS
from matching.reading.rows import BLOCK_BYTES, MAX_RECORD_BYTES, NUL, TOO_LONG, Fault, RawBatch, Reject, rows_a_batch
from matching.reading.values import FileRejected

# Columns with one repeated value take no bytes per row. More rows, cells or text than these are an attack, not a table.
MAX_DENSE_ROWS = 10_000_000
MAX_DENSE_CELLS = 20_000_000
MAX_CELLS_A_BYTE = 20
MAX_WRITTEN_BYTES = 512 * 1024**2
MAX_WRITTEN_RATIO = 20
DICTIONARY_SHARE = 8  # copying a dictionary costs this much less than writing out its texts


def read_parquet(path: Path, _: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a Parquet file batch by batch. Raises: FileRejected."""
    # A batch costs tens of milliseconds however few rows it has, so those of small row groups are joined.
    waiting, rows, size = list[RawBatch](), 0, 0
    for batch in _read(path, batch_rows):
        waiting.append(batch)
        rows += batch.columns.num_rows + len(batch.rejects)
        size += batch.columns.nbytes
        if rows >= batch_rows or size >= BLOCK_BYTES:
            yield _joined(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[RawBatch]) -> RawBatch:
    if len(batches) == 1:
        return batches[0]
    return replace(
        batches[0],
        columns=pa.concat_tables(batch.columns for batch in batches).combine_chunks(),
        rows=pa.concat_arrays([batch.rows for batch in batches]),
        lines=pa.concat_arrays([batch.lines for batch in batches]),
        rejects=[reject for batch in batches for reject in batch.rejects],
        exact={name: np.concatenate([batch.exact[name] for batch in batches]) for name in batches[0].exact},
    )


def _read(path: Path, batch_rows: int) -> Iterator[RawBatch]:
    try:
        schema = _opened(path).schema_arrow
        flat, levels = _flat_names(schema)
        columns, notes = unique_names(flat)
        if not 0 < len(columns) <= MAX_COLUMNS:
            raise FileRejected(f"a Parquet file must have 1 to {MAX_COLUMNS} columns; this one has {len(columns)}")
        # Read as dictionaries, repeated texts take no memory until a piece of them is written out.
        file = _opened(path, read_dictionary=_text_paths(path))
        size = path.stat().st_size
        rows, most = file.metadata.num_rows, size * MAX_CELLS_A_BYTE
        if rows > max(MAX_DENSE_ROWS, most) or rows * len(columns) > max(MAX_DENSE_CELLS, most):
            raise FileRejected("the Parquet file unpacks to far more rows than it should")
        row, written = 0, 0
        for nested in file.iter_batches(batch_size=rows_a_batch(batch_rows, len(columns))):
            batch = _flattened(nested, levels)
            width = _written_bytes(batch)
            written += width + _dictionary_bytes(batch) // DICTIONARY_SHARE
            if written > max(MAX_WRITTEN_BYTES, size * MAX_WRITTEN_RATIO):
                raise FileRejected("the Parquet file unpacks to far more than it should; save the table as CSV")
            for piece in _pieces(batch, width):
                found = _parquet_batch(piece, columns, row)
                yield found if row else replace(found, notes=notes)
                row += piece.num_rows
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, FileRejected):
            raise
        if "timezone" in str(error):
            raise FileRejected("a column has a time zone that is not known; write the file again in UTC") from error
        raise FileRejected("the Parquet file cannot be read; write it again with flat columns") from error


def _flat_names(schema: pa.Schema) -> tuple[list[str], int]:
    """The names of the columns, and how many levels of structures they hold: none if they would be too many."""
    table = schema.empty_table()
    for level in range(MAX_LEVELS + 1):
        if level == MAX_LEVELS or not any(pa.types.is_struct(field.type) for field in table.schema):
            break
        table = table.flatten()
    if table.num_columns > MAX_COLUMNS:
        return list(schema.names), 0
    return list(table.schema.names), level


def _flattened(batch: pa.RecordBatch, levels: int) -> pa.RecordBatch:
    if not levels:
        return batch
    table = pa.Table.from_batches([batch])
    for _ in range(levels):
        table = table.flatten()
    return pa.RecordBatch.from_arrays([column.chunk(0) for column in table.columns], names=table.column_names)


def _opened(path: Path, **options: Any) -> Any:
    import pyarrow.parquet  # imported here: other files are read without it, and it imports TLS for remote ones

    return pyarrow.parquet.ParquetFile(path, **options)


def _text_paths(path: Path) -> list[str]:
    """The paths of all texts, also of those in structures and lists."""
    schema = _opened(path).schema
    leaves = (schema.column(number) for number in range(len(schema)))
    return [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]


def _written_bytes(batch: pa.RecordBatch) -> int:
    """The approximate size of a batch when written out, however much its dictionaries repeat."""
    return int(batch.num_rows * batch.num_columns + sum(_written_width(column) for column in batch.columns))


def _written_width(column: pa.Array) -> int:
    kind = column.type
    if pa.types.is_dictionary(kind):
        widths = pc.binary_length(column.dictionary).cast(pa.int64())
        return int(pc.sum(widths.take(column.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(_written_width(member) for member in column.flatten())
    if pa.types.is_map(kind):
        return _written_width(column.keys) + _written_width(column.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _written_width(column.flatten())
    return int(column.nbytes)


def _dictionary_bytes(batch: pa.RecordBatch) -> int:
    """The size of a batch's dictionaries. Every batch gets all dictionaries of its row group."""
    return sum(column.dictionary.nbytes for column in batch.columns if pa.types.is_dictionary(column.type))


def _pieces(batch: pa.RecordBatch, written_bytes: int) -> Iterator[pa.RecordBatch]:
    """Parts of a batch that are small when written out."""
    rows = max(1, batch.num_rows * 4 * BLOCK_BYTES // max(1, written_bytes))
    for first in range(0, batch.num_rows, rows):
        yield batch.slice(first, rows)


def _parquet_batch(batch: pa.RecordBatch, columns: tuple[str, ...], first: int) -> RawBatch:
    rejects: dict[int, Reject] = {}
    texts = []
    for name, column in zip(columns, batch.columns, strict=True):
        text, faults = _parquet_text(column)
        texts.append(text)
        for number, fault in faults.items():
            rejects.setdefault(number, Reject(first + number + 1, name, *fault, row=first + number))
    for number in _long_rows(texts):
        rejects.setdefault(number, Reject(first + number + 1, None, *TOO_LONG, row=first + number))
    rows = pa.array(range(first, first + batch.num_rows), pa.int64())
    table = pa.table(dict(zip(columns, texts, strict=True)))
    if rejects:
        kept = pa.array([number not in rejects for number in range(batch.num_rows)])
        table, rows = table.filter(kept), rows.filter(kept)
    numbers = [name for name, column in zip(columns, batch.columns, strict=True) if _is_number(column.type)]
    exact = {name: np.ones(len(rows), np.bool_) for name in numbers}
    return RawBatch(table, rows, pc.add(rows, 1), list(rejects.values()), exact=exact)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _long_rows(texts: list[pa.Array]) -> list[int]:
    """Positions of the rows whose values are too long together: a row is stored, read and shown as a whole."""
    if sum(text.nbytes for text in texts) <= MAX_RECORD_BYTES:
        return []
    lengths = [
        pc.fill_null(pc.binary_length(text), 0).to_numpy(zero_copy_only=False).astype(np.int64) for text in texts
    ]
    return [int(number) for number in np.flatnonzero(np.sum(lengths, axis=0) > MAX_RECORD_BYTES)]


_Faults = dict[int, Fault]  # by position in a batch
_TOO_LONG = Fault("text", "the value is longer than 1 MiB", "bytes")


def _parquet_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """A column as text, and the faults of values that cannot be text."""
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
        # Arrow prints a 32-bit number with its own digits; converted to a Python float it would gain some.
        shortest = column.cast(pa.float32() if pa.types.is_float16(kind) else kind).cast(pa.string())
        meant = without_noise if pa.types.is_float64(kind) else str
        return pa.array([None if v is None else expanded(meant(v)) for v in shortest.to_pylist()], pa.string()), {}
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else _nested_text(v) for v in column.to_pylist()], pa.string()), {}
    return column.cast(pa.string()), {}


def _sound_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """Check that texts are valid and not too long. Arrow trusts a Parquet file that they are UTF-8."""
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
            faults[number] = Fault("text", "the value is not valid UTF-8", "bytes")
    return pa.array(texts, pa.string()), faults


def _binary_text(column: pa.Array) -> tuple[pa.Array, _Faults]:
    """Bytes as hexadecimal text."""
    raw = column.cast(pa.large_binary()).to_pylist()
    long = [number for number, value in enumerate(raw) if value is not None and len(value) > MAX_RECORD_BYTES // 2]
    faults = dict.fromkeys(long, _TOO_LONG)
    texts = [None if value is None or number in faults else value.hex() for number, value in enumerate(raw)]
    return pa.array(texts, pa.string()), faults


def _nested_text(value: Any) -> str:
    return json.dumps(value, default=lambda v: v.hex() if isinstance(v, bytes) else str(v), ensure_ascii=False)


def _detect(path: Path, _: Start, __: object = None) -> Detection:
    """The columns, and which of them may hold fractions. None if the file is damaged, which its reader says."""
    try:
        schema = _opened(path).schema_arrow
        flat, levels = _flat_names(schema)
        table = schema.empty_table()
        for _level in range(levels):
            table = table.flatten()
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        return Detection("parquet")
    names = unique_names(flat)[0]
    kinds = zip(names, table.schema.types, strict=True)
    fractions = frozenset(name for name, kind in kinds if pa.types.is_floating(kind) or pa.types.is_decimal(kind))
    return Detection("parquet", names, fractions=fractions)


FORMAT = Format(
    name="parquet",
    title="Parquet",
    mismatch="the file is not a Parquet file; leave the format out, or convert the file",
    detect=_detect,
    read=read_parquet,
    magic=b"PAR1",
)
