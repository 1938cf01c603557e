"""The events of a source's life."""

from typing import Any

from models.source import Source
from realtime.events import source as events


def event_of(kind: type[Any], source: Source) -> Any:
    """An event with the source's current state."""
    return kind(
        project_id=source.project_id,
        source_id=source.id,
        status=source.status,
        rows=events.Rows(
            read=source.rows_read,
            loaded=source.rows_loaded,
            rejected=source.rows_rejected,
            left_out=source.rows_left_out,
        ),
        revision=source.revision,
        version=source.version,
    )
