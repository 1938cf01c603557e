"""States: values of which only the newest counts. They carry no seq, and their `version` never falls."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.status import JobStatus, SourceStatus
from realtime.events.job import Counts

Stage = Literal["loading", "normalising", "candidates", "comparing", "assigning", "writing"]


class JobProgress(BaseModel):
    """
    How far a job is, under the key `job.progress:{job_id}` on the streams of the job and its project.

    `processed` of `total`: records of the stage; `fraction`: of the job, never falls within an attempt; `matched`:
    matches so far; `rate`: records a second over the last 10 s.
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
    """How far an upload or its loading is, under the key `source.progress:{source_id}` on the project's stream."""

    model_config = ConfigDict(extra="forbid")

    source_id: UUID
    status: SourceStatus
    bytes: int
    total_bytes: int | None
    rows: int
    rejected: int


class JobCounts(BaseModel):
    """A job's counts after decisions, under the key `job.counts:{job_id}` on the project's stream; at most one a second."""

    model_config = ConfigDict(extra="forbid")

    job_id: UUID
    counts: Counts


class ProjectTotals(BaseModel):
    """What a project holds, under the key `project.counts:{project_id}` on its stream; at most one a second."""

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
