"""Parquet, with the plan in the metadata of its schema."""

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from core.money import MAX_DECIMALS
from server.export.encoding import About, Format, Sink
from server.export.layout import MONEY

GROUP_BYTES = 4 * 1024 * 1024  # of rows in memory, which become one row group
_TYPES = {name: pa.decimal128(38, MAX_DECIMALS) for name in MONEY} | {
    "date": pa.date32(),
    "decided_at": pa.timestamp("us", tz="UTC"),
    "score": pa.float64(),
    "margin": pa.float64(),
    "row": pa.int64(),
    "age_days": pa.int64(),
}


class ParquetEncoder:
    """Rows as row groups."""

    def __init__(self, about: About) -> None:
        self._layout = about.layout
        facts = {**about.facts, "plan": about.plan}
        schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in about.layout.names])
        self._schema = schema.with_metadata({"tallyroom": orjson.dumps(facts)})
        self._sink = Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema)
        self._waiting: list[pa.Table] = []
        self._waiting_bytes = 0

    def begin(self) -> bytes:
        """The magic bytes."""
        return self._sink.take()

    def add(self, page: bytes) -> bytes:
        """The rows, once there are enough for a row group."""
        columns = zip(self._schema, self._layout.columns_of(page), strict=True)
        table = pa.table([column.cast(field.type) for field, column in columns], schema=self._schema)
        self._waiting.append(table)
        self._waiting_bytes += len(page)
        if self._waiting_bytes >= GROUP_BYTES:
            self._write()
        return self._sink.take()

    def end(self) -> bytes:
        """The last row group and the footer."""
        self._write()
        self._writer.close()
        return self._sink.take()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
            self._waiting, self._waiting_bytes = [], 0


FORMAT = Format("application/vnd.apache.parquet", "parquet", ParquetEncoder)
