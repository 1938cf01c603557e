"""Verbs that people use on jobs. What a worker does with them is in run.py."""

from uuid import UUID

from core import log, problems
from core.ids import uuid7
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.job import Job
from models.plan import Plan
from models.project import Project
from realtime import streams
from realtime.events import job as events
from realtime.events.job import Counts
from realtime.unit_of_work import Answer, unit_of_work
from server.job.schemas import JobCreate, JobView
from server.plan.suggestion import ready_source
from server.queue import enqueue


async def create_job(actor: Actor, project_id: UUID, body: JobCreate) -> Answer:
    """Queues a run. Raises: NotFound, Forbidden, Invalid for a source or plan of elsewhere, or one that is not ready."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "job.run", lock=True)
        left = await ready_source(actor, project_id, body.left_source, "/left_source")
        right = await ready_source(actor, project_id, body.right_source, "/right_source")
        if left.id == right.id:
            raise Invalid(errors=(Fault("/right_source", "invalid_field", "must be another source than left_source"),))
        plan = None
        if body.plan is not None:
            plan = await Plan.filter(id=body.plan, project_id=project_id).using_db(u.connection).first()
            if plan is None:
                raise Invalid(errors=(Fault("/plan", "invalid_field", "is not a plan of this project"),))
        job = await Job.create(
            using_db=u.connection,
            id=uuid7(),
            project_id=project_id,
            left_source_id=left.id,
            right_source_id=right.id,
            plan_id=plan.id if plan else None,
            plan_version=plan.version if plan else None,
            plan_hash=plan.hash if plan else None,
            plan_document=plan.document if plan else None,
            status="queued",
            created_by=actor.id,
            counts=Counts().model_dump(),
            request_id=log.request_id.get(),
            created_at=u.at,
            updated_at=u.at,
        )
        await enqueue(u, "job.run", job.id)
        u.open_stream(streams.job(job.id))
        u.publish(transition(events.JobQueued, job))
        u.audit(f"project:{project_id}", "job.create", ("job", job.id), version=1)
        return u.answer(202, JobView.of(job), version=1)


async def cancel_job(actor: Actor, job_id: UUID) -> Answer:
    """Stops a job; what it has finished stays. Raises: NotFound, Forbidden, JobState."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        if job.status not in ("queued", "running", "paused"):
            raise problems.JobState(f"The job is {job.status}: only a queued or running job can be cancelled.")
        waiting = job.status in ("queued", "paused")
        await u.save(job, status="cancelling")
        u.publish(transition(events.JobCancelling, job))
        if waiting:  # no worker holds it, so nobody else would end it
            await u.save(job, status="cancelled", finished_at=u.at)
            u.publish(transition(events.JobCancelled, job))
        u.audit(f"project:{job.project_id}", "job.cancel", ("job", job.id), version=job.version, changed=["status"])
        return u.answer(202, JobView.of(job), version=job.version)


async def retry_job(actor: Actor, job_id: UUID) -> Answer:
    """Queues a failed or cancelled job again; finished chunks are kept. Raises: NotFound, Forbidden, JobState."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        if job.status not in ("failed", "cancelled"):
            raise problems.JobState(f"The job is {job.status}: only a failed or cancelled job can be retried.")
        await u.save(
            job,
            status="queued",
            attempts_since_retry=0,
            problem=None,
            finished_at=None,
            request_id=log.request_id.get(),
        )
        await enqueue(u, "job.run", job.id)
        u.publish(transition(events.JobQueued, job))
        u.audit(f"project:{job.project_id}", "job.retry", ("job", job.id), version=job.version, changed=["status"])
        return u.answer(202, JobView.of(job), version=job.version)


def transition(kind: type[events.Transition], job: Job) -> events.Transition:
    """The event of a job's new status."""
    return kind(
        project_id=job.project_id,
        job_id=job.id,
        status=job.status,
        attempt=job.attempt,
        counts=Counts(**job.counts),
        version=job.version,
        problem=job.problem if kind is events.JobFailed else None,
    )
