"""States: values of which only the newest matters. They carry no seq, and their `version` never goes down."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.status import JobStatus, SourceStatus
from realtime.events.job import Counts

Stage = Literal["loading", "normalising", "candidates", "comparing", "assigning", "writing"]


class JobProgress(BaseModel):
    """
    The progress of a job, under the key `job.progress:{job_id}` on the streams of the job and its project.

    `processed` and `total` count records of the stage. `fraction` is of the whole job and never falls within an
    attempt. `matched` is the number of records matched so far. `rate` is records per second over the last 10 s.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    job_id: UUID
    status: JobStatus
    attempt: int
    stage: Stage
    pass_name: str | None = Field(alias="pass")
    pass_index: int
    passes: int
    processed: int
    total: int
    fraction: float = Field(ge=0, le=1)
    matched: int
    rate: float
    eta_seconds: float | None
    counts: Counts


class SourceProgress(BaseModel):
    """
    The progress of an upload or of its loading, under the key `source.progress:{source_id}` on the project's stream.
    """

    model_config = ConfigDict(extra="forbid")

    source_id: UUID
    status: SourceStatus
    bytes: int
    total_bytes: int | None
    rows: int
    rejected: int
    left_out: int


class JobCounts(BaseModel):
    """
    A job's counts after decisions, under the key `job.counts:{job_id}` on the project's stream. Sent at most once a
    second.
    """

    model_config = ConfigDict(extra="forbid")

    job_id: UUID
    counts: Counts


class ProjectTotals(BaseModel):
    """
    The counts of a project, under the key `project.counts:{project_id}` on its stream. Sent at most once a second.
    """

    model_config = ConfigDict(extra="forbid")

    project_id: UUID
    sources: int
    jobs_running: int
    to_review: int
    open_left: int
    open_right: int


STATES: dict[str, type[BaseModel]] = {
    "job.progress": JobProgress,
    "source.progress": SourceProgress,
    "job.counts": JobCounts,
    "project.counts": ProjectTotals,
}
