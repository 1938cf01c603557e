"""Bodies and views of sources."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from matching.reading.mapping import Mapping
from models.source import Source
from realtime.events.base import SourceStatus
from server.http import Body, View
from server.paging import Paged
from server.user.schemas import Name

Format = Literal["csv", "jsonl", "xlsx", "parquet"]


class SourceCreate(Body):
    """An empty source, to be filled with records over REST."""

    name: Name
    mapping: Mapping | None = None


class SourceUpdate(Body):
    """A new name, or the mapping that answers the source's questions."""

    name: Name | None = None
    mapping: Mapping | None = None


class SourceList(Paged):
    """Filters and order of the list of sources."""

    status: SourceStatus | None = None
    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"


class RowCounts(View):
    """Rows of the file: read = loaded + rejected."""

    read: int
    loaded: int
    rejected: int


class SourceView(View):
    """A source."""

    id: UUID
    project_id: UUID
    name: str
    format: str
    filename: str | None
    size_bytes: int
    sha256: str | None
    duplicate_of: UUID | None
    status: SourceStatus
    rows: RowCounts
    mapping: dict[str, Any]
    questions: list[dict[str, Any]]
    problem: dict[str, Any] | None
    detection: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, source: Source) -> "SourceView":
        """The view of a row."""
        return cls(
            id=source.id,
            project_id=source.project_id,
            name=source.name,
            format=source.format,
            filename=source.filename,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            duplicate_of=source.duplicate_of,
            status=source.status,
            rows=RowCounts(read=source.rows_read, loaded=source.rows_loaded, rejected=source.rows_rejected),
            mapping=source.mapping,
            questions=source.questions,
            problem=source.problem,
            detection=source.detection,
            revision=source.revision,
            created_at=source.created_at,
            updated_at=source.updated_at,
            version=source.version,
        )


class ProfileView(View):
    """What the columns of a source hold."""

    columns: list[dict[str, Any]]
    suggested_mapping: dict[str, Any]
    questions: list[dict[str, Any]]


class RejectList(Paged):
    """Filters of the list of rejected rows."""

    code: Annotated[str, Field(max_length=64)] | None = None


class RejectView(View):
    """A row that was not loaded, and why."""

    line: int
    column: str | None
    code: str
    message: str
    value_type: str
