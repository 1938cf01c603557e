"""
How jobs end other than with their result: cancelled, failed, or given up after too many crashes.

The worker does this itself, beside its engines, so this module imports nothing that is needed only to run a job.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from core.problems import Problem
from models.access import SYSTEM
from models.job import Job
from models.status import WORKED_JOB, JobStatus
from realtime import state
from realtime.events import job as events
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.books.entries import recount_suggested
from server.job.transition import transition


async def is_queued(job_id: UUID) -> bool:
    """Whether a job has not begun yet."""
    return await Job.filter(id=job_id, status=JobStatus.QUEUED).exists()


async def end_cancelled(job_id: UUID, progress: dict[str, Any] | None = None) -> None:
    """Ends a job that is being cancelled and keeps what it has finished."""
    await _count_suggestions(job_id)
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status != JobStatus.CANCELLING:
            return
        await u.save(job, status=JobStatus.CANCELLED, finished_at=u.at, progress=progress or job.progress)
        u.publish(transition(events.JobCancelled, job))
        u.audit(f"project:{job.project_id}", "job.cancelled", ("job", job.id), version=job.version)
    await forget_progress(job_id)


async def _count_suggestions(job_id: UUID) -> None:
    """What the suggestions of a job's pair use is counted anew before the job ends. Its chunks have all been written."""
    async with unit_of_work(SYSTEM) as u:
        rows = await u.execute("SELECT pair_id FROM reconciliation_jobs WHERE id = $1 AND pair_id IS NOT NULL", job_id)
        if rows:
            await recount_suggested(u, rows[0]["pair_id"])


async def end_abandoned(heartbeat_timeout_s: float) -> None:
    """Ends jobs that are being cancelled and have no worker. Otherwise they would wait for a turn just to end."""
    rows = await Tortoise.get_connection("default").execute_query_dict(
        _ABANDONED, [timedelta(seconds=heartbeat_timeout_s)]
    )
    for row in rows:
        await end_cancelled(row["id"])


_ABANDONED = f"""
    SELECT id FROM reconciliation_jobs j WHERE status = '{JobStatus.CANCELLING}' AND NOT EXISTS (SELECT 1 FROM pgqueuer q
        WHERE q.entrypoint = 'job.run' AND q.status = 'picked' AND q.heartbeat > now() - $1::interval
        AND convert_from(q.payload, 'UTF8')::jsonb->>'id' = j.id::text)
"""


async def fail_job(job_id: UUID, attempt: int | None, problem: Problem) -> None:
    """Ends a job with a problem, unless another attempt has taken over."""
    await _count_suggestions(job_id)
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status != JobStatus.RUNNING or (attempt is not None and job.attempt != attempt):
            return
        await fail(u, job, problem.document(job.request_id))
    await forget_progress(job_id)


async def release_job(job_id: UUID, max_attempts: int) -> bool:
    """Decides whether a job runs again after its engine crashed; a job that has crashed too often fails."""
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status not in WORKED_JOB:
            return False
        if job.status == JobStatus.RUNNING and job.attempts_since_retry >= max_attempts:
            await fail(u, job, gave_up(job.attempts_since_retry))
            return False
        return True


async def fail(u: UnitOfWork, job: Job, problem: dict[str, Any]) -> None:
    """Ends a job that the caller has locked, with a problem."""
    await u.save(job, status=JobStatus.FAILED, finished_at=u.at, problem=problem)
    u.publish(transition(events.JobFailed, job))
    u.audit(
        f"project:{job.project_id}", "job.fail", ("job", job.id), "failure", version=job.version, code=problem["code"]
    )


def gave_up(attempts: int) -> dict[str, Any]:
    """The problem of a job that crashed too often."""
    return {
        "type": "/docs/problems#internal",
        "title": "The job ended without a result",
        "status": 500,
        "code": "internal",
        "detail": f"The engine crashed {attempts} times while running this job. Retry it, or check the worker's log.",
    }


async def forget_progress(job_id: UUID) -> None:
    """Removes the progress of a job that has ended and has not been started again."""
    running = f"SELECT 1 FROM reconciliation_jobs WHERE id = $2 AND status = '{JobStatus.RUNNING}'"
    await state.forget(f"job.progress:{job_id}", running, job_id)
