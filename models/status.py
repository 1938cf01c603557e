"""
The states of sources, jobs and matches, and the kinds of matches: one enumeration each, from which the API, the events and the SQL take them.

A member is the text that the database and the wire have: `f"status = '{JobStatus.RUNNING}'"` is a condition in SQL.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Status(StrEnum):
    """A text out of a few. In schemas it is the list of them, in place: no component of its own."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.literal_schema([status.value for status in cls])
        )


class SourceStatus(Status):
    """What has become of a source and its file."""

    PENDING = "pending"  # its upload is under way
    LOADING = "loading"
    NEEDS_MAPPING = "needs_mapping"  # a person has to answer its questions
    READY = "ready"
    FAILED = "failed"


class JobStatus(Status):
    """What has become of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"


class MatchStatus(Status):
    """What people, or a plan's thresholds, say of a match."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class MatchKind(Status):
    """How many records a match has on either side."""

    ONE_TO_ONE = "one_to_one"
    ONE_TO_MANY = "one_to_many"
    MANY_TO_ONE = "many_to_one"
    MANY_TO_MANY = "many_to_many"
    ONE_SIDED = "one_sided"

    @classmethod
    def of(cls, left: int, right: int) -> "MatchKind":
        """The kind of a match of so many left and so many right records."""
        if not left or not right:
            return cls.ONE_SIDED
        if left == 1:
            return cls.ONE_TO_ONE if right == 1 else cls.ONE_TO_MANY
        return cls.MANY_TO_ONE if right == 1 else cls.MANY_TO_MANY


# A source whose records can be read and changed: it has been loaded, though questions may be open.
LOADED_SOURCE = (SourceStatus.READY, SourceStatus.NEEDS_MAPPING)
# A job that keeps its sources and its project as they are. All others are final.
LIVE_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.CANCELLING)
# A live job that a worker has something to do for.
WORKED_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)
# A job that can be cancelled, and one that can be tried again.
CANCELLABLE_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
RETRIABLE_JOB = (JobStatus.FAILED, JobStatus.CANCELLED)
# A match that holds its records.
ACTIVE_MATCH = (MatchStatus.SUGGESTED, MatchStatus.CONFIRMED)


def sql_list(statuses: Iterable[Status]) -> str:
    """Statuses as SQL has them behind IN."""
    return "(" + ", ".join(f"'{status}'" for status in statuses) + ")"
