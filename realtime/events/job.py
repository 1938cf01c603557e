"""Events about jobs."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from models.status import JobStatus
from realtime import streams
from realtime.events.base import Event, Routing


class Counts(BaseModel):
    """
    The counts of a job, or of a pair: records on both sides, matches by status, open records.

    In those of a job, `open_left` and `open_right` are the records that none of its own matches uses; its summary counts
    what is open of them by now, whoever matched the others, and so do the counts of a pair.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: int = 0
    right: int = 0
    matches: int = 0
    confirmed: int = 0
    suggested: int = 0
    rejected: int = 0
    open_left: int = 0
    open_right: int = 0
    written_off: int = 0

    def changed(self, **by: int) -> "Counts":
        """The counts after a change. Each argument is added to the count of that name."""
        return self.model_copy(update={name: getattr(self, name) + value for name, value in by.items()})

    @property
    def used(self) -> int:
        """Records of both sides that matches use."""
        return self.left - self.open_left + self.right - self.open_right


class Transition(Event):
    """A new status of a job."""

    nouns: ClassVar = ("project", "job")

    project_id: Routing
    job_id: UUID
    status: JobStatus
    attempt: int
    counts: Counts
    version: PositiveInt
    problem: dict[str, Any] | None = Field(default=None, exclude_if=lambda value: value is None)

    def streams(self) -> tuple[str, ...]:
        return (streams.project(self.project_id), streams.job(self.job_id))


class JobQueued(Transition):
    """A job is waiting for a worker."""

    event: ClassVar = "job.queued"


class JobStarted(Transition):
    """A worker is running the job, for the first time or after a take-over."""

    event: ClassVar = "job.started"


class JobPaused(Transition):
    """The job was paused. What it has finished is kept, and no worker holds it until it is resumed."""

    event: ClassVar = "job.paused"


class JobResumed(Transition):
    """A paused job is waiting for a worker, which goes on from what is stored."""

    event: ClassVar = "job.resumed"


class JobCancelling(Transition):
    """The job is being stopped."""

    event: ClassVar = "job.cancelling"


class JobCancelled(Transition):
    """The job was stopped. What it had finished is kept."""

    event: ClassVar = "job.cancelled"


class JobFailed(Transition):
    """The job ended with a problem."""

    event: ClassVar = "job.failed"


class JobCompleted(Transition):
    """All passes have run."""

    event: ClassVar = "job.completed"
