"""
The order of a record's columns, which is that of its file.

PostgreSQL stores the data as JSONB, which sorts the shortest names first. The source knows the original order.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import orjson

from models.source import Source
from server.store.reading import Reading

T = TypeVar("T")
MAX_ADDED = 500  # names added by records over REST; any further ones follow in JSONB order
_NAMES = """
    SELECT s.id, coalesce(s.detection->'added_columns', '[]')::text AS added, coalesce((
        SELECT json_agg(c.value->>'name' ORDER BY c.ordinality) FROM jsonb_array_elements(s.profile) WITH ORDINALITY c
    ), '[]')::text AS names
    FROM sources s WHERE s.id = ANY($1::text[]::uuid[])
"""


async def columns_of(snapshot: Reading, source_ids: Collection[UUID | None]) -> dict[UUID, list[str]]:
    """The columns of each source, in order."""
    rows = await snapshot.rows(_NAMES, [str(source_id) for source_id in source_ids if source_id is not None])
    return {row["id"]: [*orjson.loads(row["names"]), *orjson.loads(row["added"])] for row in rows}


def in_order(data: dict[str, T], columns: Sequence[str]) -> dict[str, T]:
    """A record's data in the order of its source's columns. Other columns follow in their own order."""
    return {name: data[name] for name in columns if name in data} | data


def added_columns(source: Source, names: Iterable[str]) -> list[str] | None:
    """The columns that records have added to a source, including new ones; None if nothing is new."""
    known = {column["name"] for column in source.profile}
    before = source.detection.get("added_columns", [])
    found = list(dict.fromkeys([*before, *(name for name in names if name not in known)]))[:MAX_ADDED]
    return found if len(found) > len(before) else None
