"""
Cleans texts before they are compared: letters and digits only, without accents and differences between capitals.

Most columns are ASCII, in which a text is cleaned byte by byte, all rows at once. A pattern takes ten times as long.
"""

from collections.abc import Callable

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells import raw

Bools = NDArray[np.bool_]
SAMPLE, LEAST = 10_000, 2  # rows that show whether texts repeat, and how many of them a different one must have

_LETTER = raw.marked(bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1)))
_KEPT = _LETTER | raw.marked(b"0123456789")
_UPPER = np.frombuffer(bytes(range(256)).upper(), np.uint8)
_SPACE = np.uint8(ord(" "))
_WORDS = np.where(_KEPT, np.frombuffer(bytes(range(256)).lower(), np.uint8), _SPACE).astype(np.uint8)
_CODE_SQL = "nullif(upper(regexp_replace(strip_accents(v), '[^A-Za-z0-9]', '', 'g')), '')"
_WORDS_SQL = "nullif(trim(regexp_replace(lower(strip_accents(nfc_normalize(v))), '[^\\pL\\pN]+', ' ', 'g')), '')"


def codes(connection: duckdb.DuckDBPyConnection, texts: pa.Array) -> pa.Array:
    """The letters and digits of each text, as capitals. Null if there are none."""
    return _each(connection, texts, _letters, _CODE_SQL)


def words(connection: duckdb.DuckDBPyConnection, texts: pa.Array) -> pa.Array:
    """The words of each text in small letters, with one space between them. Null if there are none."""
    return _each(connection, texts, _spaced, _WORDS_SQL)


def _each(
    connection: duckdb.DuckDBPyConnection, texts: pa.Array, clean: Callable[[pa.Array, raw.Bytes], pa.Array], sql: str
) -> pa.Array:
    """All texts, each different one only once if they repeat."""
    sample = texts.slice(0, SAMPLE)
    if len(texts) > SAMPLE and LEAST * pc.count_distinct(sample).as_py() <= len(sample):
        different = texts.dictionary_encode()
        return _each(connection, different.dictionary, clean, sql).take(different.indices)
    found = raw.bytes_of(texts)
    return clean(texts, found) if _is_ascii(found) else _by_query(connection, texts, sql)


def _is_ascii(found: raw.Bytes) -> bool:
    return not len(found.starts) or bool((found.data[found.starts[0] : found.ends[-1]] < 128).all())


def _by_query(connection: duckdb.DuckDBPyConnection, texts: pa.Array, sql: str) -> pa.Array:
    """Texts of any script. Each different one is cleaned once."""
    different = texts.dictionary_encode()
    connection.register("uncleaned", pa.table({"v": different.dictionary}))
    try:
        found = connection.sql(f"SELECT {sql} AS v FROM uncleaned").to_arrow_table()["v"].combine_chunks()
    finally:
        connection.unregister("uncleaned")
    found = pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    return found.take(different.indices)


def _letters(texts: pa.Array, found: raw.Bytes) -> pa.Array:
    data, offsets = _used(found)
    keep = _KEPT[data]
    if keep.all():
        return _texts(_UPPER[data], offsets, texts)
    return _texts(_UPPER[data[keep]], _moved(keep, offsets), texts)


def _spaced(texts: pa.Array, found: raw.Bytes) -> pa.Array:
    data, offsets = _used(found)
    mapped = _WORDS[data]
    is_space = mapped == _SPACE
    # A space is left out behind another one and where a text begins.
    drop = is_space.copy()
    drop[1:] &= is_space[:-1]
    begins = offsets[:-1][np.diff(offsets) > 0]
    drop[begins] = is_space[begins]
    if drop.any():
        # Behind a text's first spaces the next ones are dropped too, since each follows a space.
        keep = ~drop
        mapped, offsets = mapped[keep], _moved(keep, offsets)
    ends = offsets[1:][np.diff(offsets) > 0] - 1
    last = ends[mapped[ends] == _SPACE]
    if len(last):
        keep = np.ones(len(mapped), np.bool_)
        keep[last] = False
        mapped, offsets = mapped[keep], _moved(keep, offsets)
    return _texts(mapped, offsets, texts)


def _used(found: raw.Bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all texts, and where each begins and the last ends."""
    if not len(found.starts):
        return found.data[:0], np.zeros(1, np.int64)
    first = int(found.starts[0])
    offsets = np.append(found.starts, found.ends[-1]).astype(np.int64) - first
    return found.data[first : int(found.ends[-1])], offsets


def _moved(keep: Bools, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The offsets after the other bytes are gone."""
    counts = np.zeros(len(keep) + 1, np.int32 if len(keep) < 2**31 else np.int64)
    np.cumsum(keep, out=counts[1:])
    return counts[offsets].astype(np.int64)


def _texts(data: NDArray[np.uint8], offsets: NDArray[np.int64], given: pa.Array) -> pa.Array:
    """Texts of these bytes; null where there are none."""
    kind, width = (pa.string(), np.int32) if pa.types.is_string(given.type) else (pa.large_string(), np.int64)
    is_filled = np.diff(offsets) > 0
    bits = None if is_filled.all() else pa.py_buffer(np.packbits(is_filled, bitorder="little"))
    buffers = [bits, pa.py_buffer(offsets.astype(width)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def is_cleanable(kind: pa.DataType) -> bool:
    """Whether a column has texts that are kept as bytes and offsets."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    kind = column.type
    # More than 2 GB of texts do not fit into one array with small offsets.
    if pa.types.is_string(kind):
        column = column.cast(pa.large_string()) if column.nbytes > 2**31 - 2**24 else column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
