"""The rows of a file that are no bookings: stored with what they say, so that people can see what was left out."""

from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from matching.reading.apply import apply_mapping
from matching.reading.mapping import Mapping
from matching.reading.rows import RawBatch, Reject

COLUMNS = ("source_id", "line", "row", "reason", "detail", "data")


def left_out_csv(source_id: UUID, batch: RawBatch, left_out: list[Reject]) -> bytes:
    """These rows of a batch as CSV for COPY. Empty if there are none."""
    if not left_out:
        return b""
    data = _data(batch, {reject.row for reject in left_out if reject.row is not None})
    table = pa.table(
        {
            "source_id": pa.repeat(str(source_id), len(left_out)),
            "line": pa.array([reject.line for reject in left_out], pa.int64()),
            "row": pa.array([reject.row for reject in left_out], pa.int64()),
            "reason": pa.array([reject.code for reject in left_out], pa.string()),
            "detail": pa.array([reject.message for reject in left_out], pa.string()),
            "data": pa.array([data.get(reject.row) for reject in left_out], pa.string()),
        }
    )
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False))
    csv: bytes = sink.getvalue().to_pybytes()
    return csv


def _data(batch: RawBatch, rows: set[int]) -> dict[int | None, str]:
    """What some rows of a batch say, as JSON. A row that cannot be stored as text is missing."""
    wanted = pc.is_in(batch.rows, pa.array(sorted(rows), pa.int64()))
    chosen = RawBatch(batch.columns.filter(wanted), batch.rows.filter(wanted), batch.lines.filter(wanted))
    typed = apply_mapping(chosen, Mapping())
    return dict(zip(typed.rows.to_pylist(), typed.data.to_pylist(), strict=True))
