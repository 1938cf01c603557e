"""The events of a job's life."""

from models.job import Job
from realtime.events import job as events
from realtime.events.job import Counts


def transition(kind: type[events.Transition], job: Job) -> events.Transition:
    """The event for a job's new status."""
    return kind(
        project_id=job.project_id,
        job_id=job.id,
        status=job.status,
        attempt=job.attempt,
        counts=Counts(**job.counts),
        version=job.version,
        problem=job.problem if kind is events.JobFailed else None,
    )
