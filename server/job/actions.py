"""What people do with jobs. What a worker does with them is in lifecycle.py and endings.py."""

from uuid import UUID

import orjson

from core import log, problems
from core.ids import uuid7
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.job import Job
from models.plan import Plan
from models.project import Project
from models.source import Source
from models.status import CANCELLABLE_JOB, RETRIABLE_JOB, JobStatus, SourceStatus
from realtime import streams
from realtime.events import job as events
from realtime.events.job import Counts
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.pairs import make_pair, refuse_other_sign
from server.holds.locks import hold_sources
from server.job.endings import forget_progress
from server.job.schemas import JobCreate, JobView
from server.job.transition import transition
from server.plan.suggestion import ready_source
from server.store.queue import enqueue, is_waiting, withdraw


async def create_job(actor: Actor, project_id: UUID, body: JobCreate) -> Answer:
    """
    Queues a job. Raises: NotFound, Forbidden, Invalid if a source or the plan belongs to another project, or a source
    is not ready.
    """
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "job.run", lock=True)
        await hold_sources(u, project_id, [body.left_source, body.right_source])
        left = await ready_source(actor, project_id, body.left_source, "/left_source", "job.run")
        right = await ready_source(actor, project_id, body.right_source, "/right_source", "job.run")
        if left.id == right.id:
            raise Invalid(errors=(Fault("/right_source", "invalid_field", "must differ from left_source"),))
        plan = None
        if body.plan is not None:
            plan = await Plan.filter(id=body.plan, project_id=project_id).using_db(u.connection).first()
            if plan is None:
                raise Invalid(errors=(Fault("/plan", "invalid_field", "is not a plan of this project"),))
        pair = await make_pair(u, project_id, left.id, right.id)
        refuse_other_sign(pair, plan.document if plan else None)
        job = await Job.create(
            using_db=u.connection,
            id=uuid7(),
            project_id=project_id,
            pair_id=pair.id,
            left_source_id=left.id,
            right_source_id=right.id,
            plan_id=plan.id if plan else None,
            plan_version=plan.version if plan else None,
            plan_hash=plan.hash if plan else None,
            plan_document=plan.document if plan else None,
            status=JobStatus.QUEUED,
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


async def cancel_job(actor: Actor, job_id: UUID, expected: int | None) -> Answer:
    """Stops a job and keeps what it has finished. Raises: NotFound, Forbidden, VersionConflict, JobState."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        await u.expect_version(job, expected, required=False)
        if job.status not in CANCELLABLE_JOB:
            raise problems.JobState(f"The job is {job.status}: only a queued, running or paused job can be cancelled.")
        # No worker has a paused job either, but its suggestions have to be counted anew, which a worker does (endings.py).
        waiting = job.status != JobStatus.PAUSED and (
            job.status == JobStatus.QUEUED or await is_waiting(u, "job.run", job.id)
        )
        await u.save(job, status=JobStatus.CANCELLING)
        u.publish(transition(events.JobCancelling, job))
        if waiting:  # no worker has it, so no worker would end it
            await u.save(job, status=JobStatus.CANCELLED, finished_at=u.at)
            u.publish(transition(events.JobCancelled, job))
        u.audit(f"project:{job.project_id}", "job.cancel", ("job", job.id), version=job.version, changed=["status"])
        return u.answer(202, JobView.of(job), version=job.version)


async def pause_job(actor: Actor, job_id: UUID, expected: int | None) -> Answer:
    """
    Stops a running job until it is resumed, and keeps what it has written. Its engine ends within a second; from this
    commit on it writes nothing, because the fence lets only running jobs write.

    Raises: NotFound, Forbidden, VersionConflict, JobState.
    """
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        await u.expect_version(job, expected, required=False)
        if job.status != JobStatus.RUNNING:
            raise problems.JobState(f"The job is {job.status}: only a running job can be paused.")
        # A start that a pause ends does not count as a crash. One that was given back is not counted already.
        begun = 0 if await is_waiting(u, "job.run", job.id) else 1
        newest = await u.execute("SELECT value::text AS value FROM states WHERE key = $1", f"job.progress:{job.id}")
        progress = orjson.loads(newest[0]["value"]) if newest else job.progress
        if progress is not None:
            progress |= {"status": JobStatus.PAUSED.value, "rate": 0.0, "eta_seconds": None}
        await withdraw(u, "job.run", job.id)
        await u.save(
            job,
            status=JobStatus.PAUSED,
            attempts_since_retry=max(0, job.attempts_since_retry - begun),
            progress=progress,
        )
        u.publish(transition(events.JobPaused, job))
        u.audit(f"project:{job.project_id}", "job.pause", ("job", job.id), version=job.version, changed=["status"])
        answer = u.answer(202, JobView.of(job), version=job.version)
    await forget_progress(job_id)  # the row keeps it, and states are swept after an hour
    return answer


async def resume_job(actor: Actor, job_id: UUID, expected: int | None) -> Answer:
    """
    Lets a paused job go on as after a take-over: it reads what it read before, and skips what is stored. It counts as
    running at once, and its attempt rises when a worker starts it.

    Raises: NotFound, Forbidden, VersionConflict, JobState.
    """
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        await u.expect_version(job, expected, required=False)
        if job.status != JobStatus.PAUSED:
            raise problems.JobState(f"The job is {job.status}: only a paused job can be resumed.")
        progress = job.progress and {**job.progress, "status": JobStatus.RUNNING.value}  # until a worker tells its own
        await u.save(job, status=JobStatus.RUNNING, progress=progress, request_id=log.request_id.get())
        await enqueue(u, "job.run", job.id)
        u.publish(transition(events.JobResumed, job))
        u.audit(f"project:{job.project_id}", "job.resume", ("job", job.id), version=job.version, changed=["status"])
        return u.answer(202, JobView.of(job), version=job.version)


async def retry_job(actor: Actor, job_id: UUID, expected: int | None) -> Answer:
    """
    Queues a failed or cancelled job again and keeps its finished chunks.
    Raises: NotFound, Forbidden, VersionConflict, JobState, also if the records have changed since the job began.
    """
    async with unit_of_work(actor) as u:
        known = (await access.load(actor, Job, job_id, "job.run")).row
        await hold_sources(u, known.project_id, [known.left_source_id, known.right_source_id])
        job = (await access.load(actor, Job, job_id, "job.run", lock=True)).row
        await u.expect_version(job, expected, required=False)
        if job.status not in RETRIABLE_JOB:
            raise problems.JobState(f"The job is {job.status}: only a failed or cancelled job can be retried.")
        await _refuse_other_inputs(u, job)
        await u.save(
            job,
            status=JobStatus.QUEUED,
            attempts_since_retry=0,
            problem=None,
            finished_at=None,
            request_id=log.request_id.get(),
        )
        await enqueue(u, "job.run", job.id)
        u.publish(transition(events.JobQueued, job))
        u.audit(f"project:{job.project_id}", "job.retry", ("job", job.id), version=job.version, changed=["status"])
        return u.answer(202, JobView.of(job), version=job.version)


async def _refuse_other_inputs(u: UnitOfWork, job: Job) -> None:
    """
    A retry skips the chunks that are stored, by their numbers. Over other records, some records would be skipped with
    them. Records added since do not matter, because the run does not read them.
    """
    for side, source_id in (("left", job.left_source_id), ("right", job.right_source_id)):
        source = await Source.get(id=source_id, using_db=u.connection)
        if source.status != SourceStatus.READY:
            raise problems.JobState(f"The {side} source is not ready: its status is {source.status}.")
        if job.started_at is None:
            continue
        pinned = job.inputs[side]
        found = await u.execute(
            "SELECT count(*) AS rows, max(updated_at) AS changed_at FROM reconciliation_records "
            "WHERE source_id = $1 AND revision <= $2",
            source_id,
            pinned["revision"],
        )
        changed_at = found[0]["changed_at"]
        if found[0]["rows"] != pinned["rows"] or (changed_at is not None and changed_at > job.started_at):
            raise problems.JobState(f"Records of the {side} source have changed since the job began. Start a new job.")
