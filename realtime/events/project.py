"""Events of projects, their members, sources, records and plans."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, PositiveInt

from models.status import SourceStatus
from realtime import streams
from realtime.events.base import Event, Routing


class _OnProject(Event):
    nouns: ClassVar = ("project",)

    project_id: Routing

    def streams(self) -> tuple[str, ...]:
        return (streams.project(self.project_id),)


class ProjectUpdated(_OnProject):
    """Name, description or settings changed."""

    event: ClassVar = "project.updated"
    version: PositiveInt
    changed: list[str]


class ProjectDeleted(_OnProject):
    """The project is gone."""

    event: ClassVar = "project.deleted"
    version: PositiveInt
    changed: list[str] = []
    members: list[UUID] = Field(default=[], exclude=True)

    def ends(self) -> tuple[str, ...]:
        return tuple(str(member) for member in self.members)


class MemberAdded(_OnProject):
    """A person joined."""

    event: ClassVar = "project.member.added"
    user_id: UUID
    role: str


class MemberChanged(_OnProject):
    """A person's role or its end changed."""

    event: ClassVar = "project.member.changed"
    user_id: UUID
    role: str


class MemberRemoved(_OnProject):
    """A person left or was removed: their subscriptions end here."""

    event: ClassVar = "project.member.removed"
    user_id: UUID
    role: str

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)


class Rows(Event):
    """Counts of a source's rows."""

    read: int
    loaded: int
    rejected: int

    def streams(self) -> tuple[str, ...]:
        return ()


class _OnSource(_OnProject):
    source_id: UUID
    status: SourceStatus
    rows: Rows
    revision: int
    version: PositiveInt


class SourceCreated(_OnSource):
    """A source was added; its file is to be loaded."""

    event: ClassVar = "source.created"


class SourceUpdated(_OnSource):
    """Name, mapping or status changed."""

    event: ClassVar = "source.updated"


class SourceReady(_OnSource):
    """All rows are loaded or listed as rejected."""

    event: ClassVar = "source.ready"


class SourceFailed(_OnSource):
    """The file could not be read; the source's `problem` says why."""

    event: ClassVar = "source.failed"


class SourceDeleted(_OnSource):
    """The source and its records are gone."""

    event: ClassVar = "source.deleted"


class RecordsChanged(_OnProject):
    """Records were added, changed or removed. `ids` is null for many."""

    event: ClassVar = "records.changed"
    source_id: UUID
    ids: list[UUID] | None
    count: int
    revision: int


class PlanCreated(_OnProject):
    """A plan was saved."""

    event: ClassVar = "plan.created"
    plan_id: UUID
    version: PositiveInt
    hash: str


class PlanUpdated(_OnProject):
    """A plan has a new version."""

    event: ClassVar = "plan.updated"
    plan_id: UUID
    version: PositiveInt
    hash: str
