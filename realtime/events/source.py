"""Events about sources."""

from typing import ClassVar
from uuid import UUID

from pydantic import PositiveInt

from models.status import SourceStatus
from realtime.events.base import Event, OnProject


class Rows(Event):
    """The row counts of a source, where read = loaded + rejected + left_out."""

    read: int
    loaded: int
    rejected: int
    left_out: int

    def streams(self) -> tuple[str, ...]:
        return ()


class _OnSource(OnProject):
    source_id: UUID
    status: SourceStatus
    rows: Rows
    revision: int
    version: PositiveInt


class SourceCreated(_OnSource):
    """A source was added. Its file is about to be loaded."""

    event: ClassVar = "source.created"


class SourceUpdated(_OnSource):
    """The name, the mapping or the status changed."""

    event: ClassVar = "source.updated"


class SourceReady(_OnSource):
    """All rows are loaded, listed as rejected, or listed as left out."""

    event: ClassVar = "source.ready"


class SourceFailed(_OnSource):
    """The file could not be read. The source's `problem` says why."""

    event: ClassVar = "source.failed"


class SourceDeleted(_OnSource):
    """The source and its records were deleted."""

    event: ClassVar = "source.deleted"
