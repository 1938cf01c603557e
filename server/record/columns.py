"""
The order of a record's columns, which is that of its file.

PostgreSQL stores the data as JSONB, which sorts the shortest names first. The source knows the original order.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import orjson

from core.problems import Fault, Invalid
from models.source import Source
from server.store.reading import Reading

T = TypeVar("T")
# Names that records may add over REST to those of the file. Each is a column for a job and for a suggestion of a plan:
# with 150,000 of them, a suggestion took a minute of a core and a job 3 GB. Earlier versions took any number.
MAX_ADDED = 500
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


def added_columns(source: Source, given: Iterable[Collection[str]], pointer: str) -> dict[str, list[str]]:
    """
    The columns that records have added to a source, if the names in these ones are new, as a part of its detection.

    Args:
        given: the names in each record.
        pointer: of the list of records; empty if there is only one.

    Raises: Invalid if they are too many.
    """
    known = {column["name"] for column in source.profile}
    before = source.detection.get("added_columns", [])
    found = dict.fromkeys(before)
    for number, names in enumerate(given):
        found |= dict.fromkeys(name for name in names if name not in known)
        if len(found) > max(MAX_ADDED, len(before)):
            message = f"records may not add more than {MAX_ADDED} columns to a source"
            raise Invalid(errors=(Fault(f"{pointer}/{number}/data" if pointer else "/data", "invalid_field", message),))
    return {"added_columns": list(found)} if len(found) > len(before) else {}
