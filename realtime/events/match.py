"""Events about decisions on matches. They go to the job that found the match, if one did, and to the project."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field, PositiveInt

from realtime import streams
from realtime.events.base import Event, Routing
from realtime.events.job import Counts


class OnJobAndProject(Event):
    """An event on the stream of the project, and on that of the job if there is one."""

    nouns: ClassVar = ("job", "project")

    project_id: Routing
    job_id: UUID | None
    left_source: UUID | None
    right_source: UUID | None

    def streams(self) -> tuple[str, ...]:
        job = () if self.job_id is None else (streams.job(self.job_id),)
        return (*job, streams.project(self.project_id))


class WithCounts(OnJobAndProject):
    """`counts` are those of the job on its stream, and those of the pair on the project's."""

    counts: Counts
    pair_counts: Counts | None = Field(default=None, exclude=True)

    def payload_on(self, stream: str) -> dict[str, Any]:
        """The `data` on one of its streams."""
        data = self.payload()
        if stream == streams.project(self.project_id) and self.pair_counts is not None:
            data["counts"] = self.pair_counts.model_dump(mode="json")
        return data


class _OnMatch(WithCounts):
    match_id: UUID
    status: str
    version: PositiveInt
    decided_by: UUID | None
    record_ids: list[UUID]
    replaced_ids: list[UUID] = []


class MatchCreated(_OnMatch):
    """A person matched records by hand. `replaced_ids` are the matches that it merges or extends."""

    event: ClassVar = "match.created"


class MatchConfirmed(_OnMatch):
    """A person confirmed a match. `replaced_ids` is the match that it extends, if it extends one."""

    event: ClassVar = "match.confirmed"


class MatchRejected(_OnMatch):
    """A person rejected a match. Its set of records is not proposed again."""

    event: ClassVar = "match.rejected"


class MatchUndone(_OnMatch):
    """A person took a decision back. `replaced_ids` are the other matches that it had touched."""

    event: ClassVar = "match.undone"


class MatchSuperseded(_OnMatch):
    """Another match took records of a suggestion, or the match that it extends has changed."""

    event: ClassVar = "match.superseded"


class MatchSplit(_OnMatch):
    """A person split a match. `replaced_ids` are the matches that it was split into."""

    event: ClassVar = "match.split"


class MatchSigned(OnJobAndProject):
    """
    A person signed a decision that needs two people, or took the signature back. It also says that a write-off waits for
    a signature again, or has made way for a match.
    """

    event: ClassVar = "match.signed"
    match_id: UUID
    by: UUID | None
    action: str
    signatures: list[dict[str, Any]]


class MatchAssigned(OnJobAndProject):
    """A match was given to somebody, or to nobody."""

    event: ClassVar = "match.assigned"
    match_id: UUID
    version: PositiveInt
    assignee: UUID | None


class MatchCommented(OnJobAndProject):
    """Somebody wrote about a match."""

    event: ClassVar = "match.commented"
    match_id: UUID
    version: PositiveInt
    comment_id: UUID


class MatchesReviewed(WithCounts):
    """Many matches changed at once. Read the list again."""

    event: ClassVar = "matches.reviewed"
    decision_id: UUID | None = None
    action: str
    count: int


class _OnRecord(Event):
    """
    An event about a record that has no partner. A write-off counts in every pair of the record's source, so there is one
    event for each of them, with the record's `side` and the `counts` of that pair; if there is none, one without these.
    """

    nouns: ClassVar = ("project",)

    project_id: Routing
    record_id: UUID
    source_id: UUID
    left_source: UUID | None
    right_source: UUID | None
    side: Literal["left", "right"] | None
    match_id: UUID
    status: str
    version: PositiveInt
    user_id: UUID | None
    reason: str | None = None
    counts: Counts | None

    def streams(self) -> tuple[str, ...]:
        return (streams.project(self.project_id),)


class RecordWrittenOff(_OnRecord):
    """A person wrote a record off: it has no partner and needs none. `match_id`, `status` and `version` are those of the write-off."""

    event: ClassVar = "record.written_off"


class RecordReopened(_OnRecord):
    """A person took a write-off back, or rejected one that waited for a signature."""

    event: ClassVar = "record.reopened"
