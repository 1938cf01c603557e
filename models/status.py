"""
The states of sources, jobs and matches, the kinds of matches and decisions, and the terms of the books: one enumeration
each, shared by the API, the events and the SQL.

A member equals its text in the database and on the wire, so `f"status = '{JobStatus.RUNNING}'"` is a SQL condition.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Status(StrEnum):
    """One of a few texts. Schemas list the texts inline instead of making a component."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.literal_schema([status.value for status in cls])
        )


class SourceStatus(Status):
    """The state of a source and its file."""

    PENDING = "pending"  # the upload is under way
    LOADING = "loading"
    NEEDS_MAPPING = "needs_mapping"  # a person has to answer its questions
    READY = "ready"
    FAILED = "failed"


class JobStatus(Status):
    """The state of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"


class MatchStatus(Status):
    """The state of a match, by a person's decision or by a plan's thresholds."""

    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"  # made by hand, and undone


class DecisionKind(Status):
    """A verb that people apply to matches."""

    CONFIRM = "confirm"
    REJECT = "reject"
    SPLIT = "split"
    MATCH = "match"  # by hand; with `replaces` it merges matches or extends one
    WRITE_OFF = "write_off"
    UNDO = "undo"  # of what a job confirmed; the only undo that takes no other decision back


class Term(Status):
    """
    A term of the books of a source.

    total = open + written off + explained + (matched + booked + remainder of each pair).
    """

    TOTAL = "total"
    OPEN = "open"  # no confirmed match uses it
    SUGGESTED = "suggested"  # the part of it that suggestions use
    WRITTEN_OFF = "written_off"
    EXPLAINED = "explained"
    MATCHED = "matched"
    BOOKED = "booked"
    REMAINDER = "remainder"  # what confirmed matches leave open


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

    @property
    def turned(self) -> "MatchKind":
        """The kind of the same match, seen from the other side."""
        swapped = {MatchKind.ONE_TO_MANY: MatchKind.MANY_TO_ONE, MatchKind.MANY_TO_ONE: MatchKind.ONE_TO_MANY}
        return swapped.get(self, self)


# A source whose records can be read and changed: it has been loaded, though it may have open questions.
LOADED_SOURCE = (SourceStatus.READY, SourceStatus.NEEDS_MAPPING)
# A job during which its sources and its project cannot change. All other states are final.
LIVE_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED, JobStatus.CANCELLING)
# A live job that needs a worker.
WORKED_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)
# A job that can be cancelled, and a job that can be retried.
CANCELLABLE_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
RETRIABLE_JOB = (JobStatus.FAILED, JobStatus.CANCELLED)
# A match that holds its records.
ACTIVE_MATCH = (MatchStatus.SUGGESTED, MatchStatus.CONFIRMED)


def sql_list(statuses: Iterable[Status]) -> str:
    """Statuses in the form that SQL takes after IN."""
    return "(" + ", ".join(f"'{status}'" for status in statuses) + ")"
