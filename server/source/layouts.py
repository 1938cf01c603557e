"""
Answers that are remembered: what people said about a file is used for the next file of the same layout in its project.

A layout is the format, the names of the columns in their order, and the line of the first row. The name of a sheet does
not count, because it is often that of a month.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.ids import uuid7
from matching.reading.format import Detection
from matching.reading.look import FIELDS, Look
from matching.reading.mapping import Mapping
from matching.reading.rows import RawBatch
from matching.reading.settled import asked_in, with_counted
from models.source import Source
from realtime.unit_of_work import UnitOfWork

MAX_LAYOUTS = 1_000  # of a project; the one whose answer is the oldest makes room
MAX_BYTES = 64 * 1024  # of the answers about one layout
LOOKED_AT = 20  # batches in which the first row is looked for
_OF_ONE_FILE = ("first_row", "last_row", "take_in")  # of a table: they count the lines of one file


@dataclass(frozen=True)
class Remembered:
    """What people said about an earlier file of a layout."""

    mapping: dict[str, Any]
    answered_by: UUID | None
    answered_at: datetime
    name: str | None

    def note(self) -> str:
        """What is told about the use of these answers."""
        by = f" by {self.name}" if self.name else ""
        return f"The answers of {self.answered_at:%Y-%m-%d}{by} were used."

    def view(self) -> dict[str, Any]:
        """What the source keeps about it."""
        return {
            "answered_at": self.answered_at.isoformat(),
            "answered_by": None if self.answered_by is None else str(self.answered_by),
            "answered_by_name": self.name,
            "note": self.note(),
        }


def layout_of(detection: Detection, batches: Iterable[RawBatch]) -> str:
    """The layout of a file, as a hash, from its first batches."""
    names: list[str] = []
    line = 0
    for batch in islice(batches, LOOKED_AT):
        names = names or batch.columns.column_names
        if batch.columns.num_rows:
            line = batch.lines[0].as_py()
            break
    return hashlib.sha256(orjson.dumps([detection.format, names, line])).hexdigest()


async def may_matter(connection: asyncpg.Connection, source: Source) -> bool:
    """Whether the layout of a source has to be known: it was answered, or there are answers that could fit it."""
    if source.detection.get("answered"):
        return True
    found = await connection.fetchval("SELECT 1 FROM source_layouts WHERE project_id = $1 LIMIT 1", source.project_id)
    return found is not None


async def answers_for(connection: asyncpg.Connection, source: Source, layout: str) -> Remembered | None:
    """The remembered answers for a source that nobody has said anything about."""
    if source.revision > 1 or source.detection.get("said") is not None or source.detection.get("forgot"):
        return None
    row = await connection.fetchrow(
        "SELECT l.mapping, l.answered_by, l.answered_at, u.display_name FROM source_layouts l "
        "LEFT JOIN users u ON u.id = l.answered_by WHERE l.project_id = $1 AND l.layout = $2",
        source.project_id,
        layout,
    )
    if row is None:
        return None
    return Remembered(orjson.loads(row["mapping"]), row["answered_by"], row["answered_at"], row["display_name"])


async def remember(u: UnitOfWork, source: Source, layout: str, look: Look) -> None:
    """Remember what people said about a file, now that it has been read with it."""
    answered = source.detection["answered"]
    open_fields = {FIELDS[question["kind"]] for question in look.questions}
    said = _lasting(look.mapping, [name for name in source.detection.get("said") or [] if name not in open_fields])
    asked = asked_in(look.understanding)
    if said.get("skip") is not None and asked is not None:
        said["skip"] = with_counted(said["skip"], asked)  # what counts is said of the states of this file alone
    body = orjson.dumps(said)
    if not said or len(body) > MAX_BYTES:
        return
    await u.execute(
        "INSERT INTO source_layouts (id, project_id, layout, mapping, answered_by, answered_at) "
        "VALUES ($1, $2, $3, $4::jsonb, $5, $6) ON CONFLICT (project_id, layout) DO UPDATE SET "
        "mapping = EXCLUDED.mapping, answered_by = EXCLUDED.answered_by, answered_at = EXCLUDED.answered_at",
        uuid7(),
        source.project_id,
        layout,
        body.decode(),
        UUID(answered["by"]) if answered["by"] else None,
        datetime.fromisoformat(answered["at"]),
    )
    await u.execute(
        "DELETE FROM source_layouts WHERE project_id = $1 AND id IN (SELECT id FROM source_layouts "
        "WHERE project_id = $1 ORDER BY answered_at DESC, id DESC OFFSET $2)",
        source.project_id,
        MAX_LAYOUTS,
    )


async def forget(u: UnitOfWork, source: Source) -> None:
    """Remove the answers that are remembered for files like this one."""
    if layout := source.detection.get("layout"):
        await u.execute("DELETE FROM source_layouts WHERE project_id = $1 AND layout = $2", source.project_id, layout)


def _lasting(mapping: Mapping, fields: Iterable[str]) -> dict[str, Any]:
    """The fields that people gave, without what is true for one file only. Null: they said that it has no column."""
    found = mapping.model_dump(mode="json", exclude_none=True)
    said = {field: found.get(field) for field in fields}
    table = {key: value for key, value in (said.pop("table", None) or {}).items() if key not in _OF_ONE_FILE}
    return said | ({"table": table} if table else {})
