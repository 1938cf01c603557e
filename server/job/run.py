"""
What a worker does with a job: claim, write chunks, end. Every write is fenced by the attempt.

A worker that lost its lease keeps computing until it notices; its chunks find another attempt in the job's row, and
write nothing. A chunk is inserted once for (job, pass, chunk), so that a take-over skips what is there.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pyarrow as pa
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError

from core import log
from core.ids import uuid7_texts
from core.problems import Problem
from matching.plan import Plan as Document
from models.access import SYSTEM
from models.job import Job
from models.source import Source
from realtime import state, streams
from realtime.events import job as events
from realtime.events.job import Counts
from realtime.events.state import JobProgress
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.holds.jobs import lock_jobs
from server.holds.locks import hold_records, hold_sources
from server.holds.rights import lost, may_still
from server.holds.supersede import supersede
from server.job.actions import transition
from server.plan.actions import add_plan

RETRIES = 5


class Fenced(Exception):
    """Another attempt has the job, or it is not running any more: stop without writing."""


class InputsChanged(Exception):
    """This attempt reads other records than the one before it: the numbers of its chunks mean something else."""


@dataclass(frozen=True)
class Claim:
    """A job that this process runs."""

    job: Job
    is_cancelling: bool


@dataclass(frozen=True)
class SideIds:
    """Identifiers of one side's records, in the order that the engine counts rows in."""

    ids: list[str]
    currencies: pa.Array


async def claim_job(job_id: UUID, max_attempts: int, person: UUID | None = None) -> Claim | None:
    """
    Takes a job: raises its attempt and pins its inputs at the first start.

    One that waits fails when whoever asked for it (by default who made it) may not run jobs any more; one that has begun
    goes on, for what it has written is the project's, and somebody else can cancel it.
    Returns: None when there is nothing to run: it ended meanwhile, or it has failed for good now.
    """
    async with unit_of_work(SYSTEM) as u:
        known = await Job.filter(id=job_id).using_db(u.connection).first()
        if known is None:
            return None
        # Waits for those who still change records: they began before the job was there to refuse them.
        await hold_sources(u, known.project_id, [known.left_source_id, known.right_source_id])
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status not in ("queued", "running", "cancelling"):
            return None
        log.request_id.set(job.request_id)  # what this process logs and publishes belongs to the request that asked
        if job.status == "cancelling":
            return Claim(job, is_cancelling=True)
        if job.attempts_since_retry >= max_attempts:
            await _fail(u, job, _gave_up(job.attempts_since_retry))
            return None
        may = job.status != "queued" or await may_still(u, person or job.created_by, job.project_id, "job.run")
        changes: dict[str, Any] = {
            "status": "running",
            "attempt": job.attempt + 1,
            "attempts_since_retry": job.attempts_since_retry + 1,
        }
        if job.started_at is None:
            left = await Source.filter(id=job.left_source_id).using_db(u.connection).get()
            right = await Source.filter(id=job.right_source_id).using_db(u.connection).get()
            changes["started_at"] = u.at
            changes["inputs"] = {
                "left": {"revision": left.revision, "rows": left.rows_loaded},
                "right": {"revision": right.revision, "rows": right.rows_loaded},
            }
        await u.save(job, **changes)
        u.publish(transition(events.JobStarted, job))
        u.audit(f"project:{job.project_id}", "job.start", ("job", job.id), version=job.version, attempt=job.attempt)
        if not may:
            await _fail(u, job, lost("job").document(job.request_id))
            return None
        return Claim(job, is_cancelling=False)


async def current_status(job_id: UUID, attempt: int) -> str:
    """The job's status for this attempt. Raises: Fenced when another attempt has it."""
    job = await Job.filter(id=job_id).only("id", "status", "attempt").first()
    if job is None or job.attempt != attempt:
        raise Fenced
    return str(job.status)


async def is_queued(job_id: UUID) -> bool:
    """Whether a job still waits to begin."""
    return await Job.filter(id=job_id, status="queued").exists()


async def set_inputs(job: Job, suggested: tuple[str, Document] | None, size: tuple[int, int]) -> Counts:
    """
    Stores what the run reads: the number of records of both sides, and the plan that was suggested, with its name.

    Returns: the counts as they are. Those of an earlier attempt's matches stay, and so do decisions made since.
    Raises: Fenced, InputsChanged; then nothing is stored, the plan neither.
    """
    async with unit_of_work(SYSTEM) as u:
        plan = None if suggested is None else await add_plan(u, job.project_id, *suggested, "suggested")
        counts = Counts(**await _fence(u, job))
        if (counts.left, counts.right) == (0, 0):
            counts = Counts(left=size[0], right=size[1], open_left=size[0], open_right=size[1])
        elif (counts.left, counts.right) != size:
            raise InputsChanged
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = $2::text::jsonb WHERE id = $1", job.id, counts.model_dump_json()
        )
        if plan is not None:
            await u.execute(
                "UPDATE reconciliation_jobs SET plan_id = $2, plan_version = $3, plan_hash = $4, plan_document = $5::text::jsonb "
                "WHERE id = $1",
                job.id,
                plan.id,
                plan.version,
                plan.hash,
                orjson.dumps(plan.document).decode(),
            )
        return counts


async def write_chunk(job: Job, chunk: Any, left: SideIds, right: SideIds, plan_hash: str) -> Counts | None:
    """
    Writes a chunk of matches, its record uses and its event in one transaction.

    Returns: the job's counts after it, None when an earlier attempt had written it. Raises: Fenced.
    """
    for attempt in range(RETRIES):
        try:
            return await _write_chunk(job, chunk, left, right, plan_hash, alone=attempt > 0)
        except IntegrityError as error:
            # A reviewer, or another job, took one of the records between our look and our insert: look again.
            if not isinstance(error.__cause__, asyncpg.UniqueViolationError) or attempt == RETRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _write_chunk(
    job: Job, chunk: Any, left: SideIds, right: SideIds, plan_hash: str, *, alone: bool
) -> Counts | None:
    table: pa.Table = chunk.matches
    left_rows, right_rows = table["left"].to_pylist(), table["right"].to_pylist()
    left_ids, right_ids = [left.ids[i] for i in left_rows], [right.ids[i] for i in right_rows]
    async with unit_of_work(SYSTEM) as u:
        if alone:  # with the records: who confirms a match holds them too
            await hold_records(u, [*left_ids, *right_ids], alone=True)
        row = await _fence(u, job)
        placed = await u.execute(
            "INSERT INTO job_chunks (job_id, pass_index, chunk, attempt, matches, dropped) VALUES ($1, $2, $3, $4, $5, 0) "
            "ON CONFLICT DO NOTHING RETURNING id",
            job.id,
            chunk.pass_index,
            chunk.chunk,
            job.attempt,
            table.num_rows,
        )
        if not placed:
            return None
        inserted = await u.execute(
            _INSERT,
            uuid7_texts(table.num_rows),
            left_ids,
            right_ids,
            table["status"].to_pylist(),
            [_text(value) for value in table["score"].to_pylist()],
            [_text(value) for value in table["margin"].to_pylist()],
            table["margin_kind"].to_pylist(),
            table["ambiguity"].to_pylist(),
            table["group"].to_pylist(),
            [None if value is None else f"{value:f}" for value in table["difference"].to_pylist()],
            left.currencies.take(table["left"].combine_chunks()).to_pylist(),
            table["fields"].to_pylist(),
            [_runner_up(text, left, right) for text in table["runner_up"].to_pylist()],
            job.id,
            job.project_id,
            chunk.pass_index,
            chunk.pass_name,
            chunk.chunk,
            plan_hash,
            u.at,
        )
        statuses = [found["status"] for found in inserted]
        confirmed, suggested = statuses.count("confirmed"), statuses.count("suggested")
        counts = Counts(
            **{
                **row,
                "matches": row["matches"] + len(inserted),
                "confirmed": row["confirmed"] + confirmed,
                "suggested": row["suggested"] + suggested,
                "open_left": row["open_left"] - len(inserted),
                "open_right": row["open_right"] - len(inserted),
            }
        )
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = $2::text::jsonb, updated_at = $3 WHERE id = $1",
            job.id,
            counts.model_dump_json(),
            u.at,
        )
        if len(inserted) < table.num_rows:
            await u.execute(
                "UPDATE job_chunks SET dropped = $2 WHERE id = $1", placed[0]["id"], table.num_rows - len(inserted)
            )
        u.publish(
            events.MatchesAdded(
                job_id=job.id,
                pass_name=chunk.pass_name,
                pass_index=chunk.pass_index,
                chunk=chunk.chunk,
                count=len(inserted),
                confirmed=confirmed,
                suggested=suggested,
                counts=counts,
            )
        )
        return counts


# One statement a chunk: matches whose records are still free, and their uses, sorted so that locks are taken in order.
_INSERT = """
WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
        AS x(id, left_id, right_id, status, score, margin, margin_kind, ambiguity, grp, difference, currency, compared, runner)
), free AS (
    -- Two look-ups a match, by the unique index of active uses. LATERAL with LIMIT keeps them that: the table grows
    -- faster than its statistics, and as anti-joins the planner hashed all of it for each chunk.
    SELECT i.* FROM input i
    LEFT JOIN LATERAL (SELECT 1 AS n FROM match_records r
        WHERE r.record_id = i.left_id AND r.active AND (r.confirmed OR r.job_id = $14) LIMIT 1) a ON true
    LEFT JOIN LATERAL (SELECT 1 AS n FROM match_records r
        WHERE r.record_id = i.right_id AND r.active AND (r.confirmed OR r.job_id = $14) LIMIT 1) b ON true
    WHERE a.n IS NULL AND b.n IS NULL
), made AS (
    INSERT INTO matches (id, job_id, project_id, pass_index, pass_name, chunk, kind, status, origin, score, margin,
        margin_kind, ambiguity, "group", difference, currency, plan_hash, fields_compared, runner_up, version,
        created_at, updated_at)
    SELECT id, $14, $15, $16, $17, $18, 'one_to_one', status, 'engine', score::numeric, margin::numeric, margin_kind,
        ambiguity, grp, difference::numeric, currency, $19, compared::jsonb, runner::jsonb, 1, $20, $20
    FROM free ORDER BY id RETURNING id, status
), uses AS (
    INSERT INTO match_records (match_id, record_id, job_id, side, active, confirmed)
    SELECT f.id, s.record_id, $14, s.side, true, f.status = 'confirmed'
    FROM free f CROSS JOIN LATERAL (VALUES ('left', f.left_id), ('right', f.right_id)) AS s(side, record_id)
    ORDER BY s.record_id
)
SELECT status FROM made
"""


async def finish_pass(job: Job, index: int, name: str) -> None:
    """Publishes that a pass is final. Raises: Fenced."""
    async with unit_of_work(SYSTEM) as u:
        counts = Counts(**await _fence(u, job))
        u.publish(events.PassFinished(job_id=job.id, pass_name=name, pass_index=index, counts=counts))


async def complete_job(job: Job, statistics: dict[str, Any], progress: dict[str, Any], curve: list[Any]) -> None:
    """Ends a job whose passes all ran; older suggestions over its records are superseded. Raises: Fenced."""
    async with unit_of_work(SYSTEM) as u:
        older = await u.execute(_OLDER_SUGGESTIONS, job.id)
        await lock_jobs(u, [job.id, *(found["job_id"] for found in older)])
        await _fence(u, job)
        row = await Job.filter(id=job.id).using_db(u.connection).get()
        await supersede(u, [found["match_id"] for found in older])
        await u.save(
            row, status="completed", finished_at=u.at, statistics=statistics, progress=progress, progress_curve=curve
        )
        u.publish(transition(events.JobCompleted, row))
        u.audit(f"project:{job.project_id}", "job.complete", ("job", job.id), version=row.version, counts=row.counts)
    await _forget_progress(job.id)


async def analyze() -> None:
    """Fresh statistics for the readers: the tables have just grown by much, and plans for small ones are slow now."""
    await Tortoise.get_connection("default").execute_query("ANALYZE matches, match_records")


_OLDER_SUGGESTIONS = """
    SELECT DISTINCT o.match_id, o.job_id FROM match_records n
    JOIN match_records o ON o.record_id = n.record_id AND o.job_id <> n.job_id AND o.active AND NOT o.confirmed
    WHERE n.job_id = $1 AND n.active
"""


async def end_cancelled(job_id: UUID, progress: dict[str, Any] | None = None) -> None:
    """Ends a job that is being cancelled; what it had finished stays."""
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status != "cancelling":
            return
        await u.save(job, status="cancelled", finished_at=u.at, progress=progress or job.progress)
        u.publish(transition(events.JobCancelled, job))
        u.audit(f"project:{job.project_id}", "job.cancelled", ("job", job.id), version=job.version)
    await _forget_progress(job_id)


async def end_abandoned(heartbeat_timeout_s: float) -> None:
    """Ends jobs that are being cancelled and that no worker holds: else they would wait for a turn only to end."""
    rows = await Tortoise.get_connection("default").execute_query_dict(
        _ABANDONED, [timedelta(seconds=heartbeat_timeout_s)]
    )
    for row in rows:
        await end_cancelled(row["id"])


_ABANDONED = """
    SELECT id FROM reconciliation_jobs j WHERE status = 'cancelling' AND NOT EXISTS (SELECT 1 FROM pgqueuer q
        WHERE q.entrypoint = 'job.run' AND q.status = 'picked' AND q.heartbeat > now() - $1::interval
        AND convert_from(q.payload, 'UTF8')::jsonb->>'id' = j.id::text)
"""


async def fail_job(job_id: UUID, attempt: int | None, problem: Problem) -> None:
    """Ends a job with a problem, unless another attempt has it."""
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status != "running" or (attempt is not None and job.attempt != attempt):
            return
        await _fail(u, job, problem.document(job.request_id))
    await _forget_progress(job_id)


async def release_job(job_id: UUID, max_attempts: int) -> bool:
    """
    After a crash of the engine: whether the job should run again. One that crashed too often is failed.
    """
    async with unit_of_work(SYSTEM) as u:
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status not in ("queued", "running", "cancelling"):
            return False
        if job.status == "running" and job.attempts_since_retry >= max_attempts:
            await _fail(u, job, _gave_up(job.attempts_since_retry))
            return False
        return True


async def _fail(u: UnitOfWork, job: Job, problem: dict[str, Any]) -> None:
    await u.save(job, status="failed", finished_at=u.at, problem=problem)
    u.publish(transition(events.JobFailed, job))
    u.audit(
        f"project:{job.project_id}", "job.fail", ("job", job.id), "failure", version=job.version, code=problem["code"]
    )


def _gave_up(attempts: int) -> dict[str, Any]:
    return {
        "type": "/docs/problems#internal",
        "title": "The job ended without a result",
        "status": 500,
        "code": "internal",
        "detail": f"The engine stopped {attempts} times while it ran this job. Retry it, or look into the worker's log.",
    }


async def _fence(u: UnitOfWork, job: Job) -> dict[str, Any]:
    """Locks the job for this attempt and gives its counts. Raises: Fenced."""
    rows = await u.execute(
        "SELECT counts::text AS counts FROM reconciliation_jobs WHERE id = $1 AND attempt = $2 AND status = 'running' "
        "FOR NO KEY UPDATE",
        job.id,
        job.attempt,
    )
    if not rows:
        raise Fenced
    return Counts(**orjson.loads(rows[0]["counts"])).model_dump()


def _runner_up(text: str | None, left: SideIds, right: SideIds) -> str | None:
    if text is None:
        return None
    found = orjson.loads(text)
    records = [left.ids[found["left"]], right.ids[found["right"]]]
    return orjson.dumps({"records": records, "score": found.get("score")}).decode()


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


async def put_progress(job: Job, progress: JobProgress) -> None:
    """Stores the newest progress, for sockets and readers, unless another attempt has the job or it has ended."""
    names = [streams.job(job.id), streams.project(job.project_id)]
    fence = state.Fence(
        "SELECT 1 FROM reconciliation_jobs WHERE id = $1 AND attempt = $2 AND status = 'running' FOR SHARE",
        (job.id, job.attempt),
    )
    await state.put(f"job.progress:{job.id}", names, progress.model_dump(mode="json", by_alias=True), fence)


async def _forget_progress(job_id: UUID) -> None:
    """Removes the progress of a job that has ended, and has not been started again since."""
    running = "SELECT 1 FROM reconciliation_jobs WHERE id = $2 AND status = 'running'"
    await state.forget(f"job.progress:{job_id}", running, job_id)
