"""Writes matches as CSV, as lines of JSON or as Parquet: an entry for each row that a match uses."""

import csv
import io
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching import duck
from matching.cleaning import flat
from matching.results import Chunk

COLUMNS = ("match_id", "pass", "status", "score", "margin", "side", "row")
# The lines of a whole chunk are made by one query and written as they lie in memory: a million matches take a fifth of a
# second so, and five seconds line by line.
_LINES = """
SELECT concat(id, rest, 'left,', l, chr(10), id, rest, 'right,', r, chr(10)) AS v FROM (
SELECT l, r, left(sha256(concat($1, l, '/', r)), 16) AS id, concat($2, status, ',', score, ',', margin, ',') AS rest FROM t)
"""
# The same for matches of any number of rows per side.
_LINES_OF_SETS = """
SELECT concat(array_to_string(list_transform(l, lambda x: concat(id, rest, 'left,', x, chr(10))), ''),
array_to_string(list_transform(r, lambda x: concat(id, rest, 'right,', x, chr(10))), '')) AS v FROM (
SELECT l, r, left(sha256(concat($1, array_to_string(l, ','), '/', array_to_string(r, ','))), 16) AS id,
concat($2, status, ',', score, ',', margin, ',') AS rest FROM t)
"""
# The same as rows, for the other formats.
_ENTRIES = """
SELECT left(sha256(concat($1, array_to_string(l, ','), '/', array_to_string(r, ','))), 16) AS match_id, $2 AS pass,
status, score, margin, unnest(list_concat(list_transform(l, lambda x: 'left'), list_transform(r, lambda x: 'right'))) AS side,
unnest(list_concat(l, r)) AS row FROM t
"""
_AS_JSON = f"SELECT concat(to_json(e)::VARCHAR, chr(10)) AS v FROM ({_ENTRIES}) AS e"
_THREE = pa.decimal128(18, 3)
_KINDS = (pa.string(), pa.string(), pa.string(), _THREE, _THREE, pa.string(), pa.int64())
SCHEMA = pa.schema(list(zip(COLUMNS, _KINDS, strict=True)))
Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


class Writer:
    """
    A file of matches, in one of the FORMATS. `rows` are the numbers by which each side's rows are named.

    A match's id is the same whenever the same plan finds the same rows: a hash of plan, pass and rows.
    """

    def __init__(
        self,
        path: Path,
        plan_hash: str,
        rows: tuple[NDArray[np.int64], NDArray[np.int64]],
        written_as: Format = "csv",
    ) -> None:
        self._plan_hash = plan_hash
        self._rows = tuple(pa.array(side, pa.int64()) for side in rows)
        self._format = written_as
        self._file = path.open("wb")
        self._parquet: Any = None
        if written_as == "csv":
            self._file.write(_csv_line(COLUMNS))
        elif written_as == "parquet":
            from pyarrow import parquet  # takes a while, and most files are not of this format

            self._parquet = parquet.ParquetWriter(self._file, SCHEMA)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            self._parquet.close()
        self._file.close()
        if "_connection" in vars(self):
            self._connection.close()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """Opened for the first matches, since many files of reported ones stay empty."""
        return duck.connect(threads=2, preserve_insertion_order=True)

    def write(self, chunk: Chunk) -> None:
        """Write the matches of a chunk."""
        matches = chunk.matches
        if not matches.num_rows:
            return
        used = [rows.take(flat(row)) for rows, row in zip(self._rows, chunk.used, strict=True)]
        are_pairs = all(len(side) == matches.num_rows for side in used) and all(
            pc.all(pc.equal(pc.list_value_length(matches[side]), 1)).as_py() for side in ("left", "right")
        )
        is_csv = self._format == "csv"
        if not (are_pairs and is_csv):
            used = [_in_lists(side, matches[name]) for side, name in zip(used, ("left", "right"), strict=True)]
        table = pa.table(
            {
                "l": used[0],
                "r": used[1],
                "status": matches["status"],
                "score": pc.round(matches["score"], 3).cast(_THREE, safe=False),
                "margin": pc.round(matches["margin"], 3).cast(_THREE, safe=False),
            }
        )
        self._connection.register("t", table)
        try:
            key = f"{self._plan_hash}/{chunk.pass_index}/"
            if is_csv:
                named = f",{_csv_line((chunk.pass_name,)).decode().rstrip(chr(10))},"
                self._put_lines(_LINES if are_pairs else _LINES_OF_SETS, [key, named])
            elif self._parquet is None:
                self._put_lines(_AS_JSON, [key, chunk.pass_name])
            else:
                found = self._connection.sql(_ENTRIES, params=[key, chunk.pass_name]).to_arrow_table()
                self._parquet.write_table(found.cast(SCHEMA))
        finally:
            self._connection.unregister("t")

    def _put_lines(self, sql: str, values: list[str]) -> None:
        for lines in self._connection.sql(sql, params=values).to_arrow_table()["v"].chunks:
            self._file.write(_bytes_of(lines))


def _csv_line(cells: tuple[str, ...]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerow(cells)
    return sink.getvalue().encode()


def _in_lists(values: pa.Array, lists: pa.ChunkedArray) -> pa.ListArray:
    """Values in lists as long as those of another column."""
    lengths = pc.list_value_length(lists).to_numpy()
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _bytes_of(texts: pa.Array) -> memoryview:
    """The bytes of all texts, one after the other, as they lie in memory."""
    _, offsets, content = texts.buffers()
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    places = np.frombuffer(offsets, kind)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(content)[int(places[0]) : int(places[-1])]
