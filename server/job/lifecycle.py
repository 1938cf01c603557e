"""
What an engine does with a job: claims it, stores what it reads, and completes it. Every write checks the attempt.

A worker whose job another has taken over keeps computing until it notices. Its chunks find another attempt in the job's
row, so nothing is written. A chunk is stored at most once per (job, pass, chunk), so an attempt that takes over skips
what is already stored.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from tortoise import Tortoise

from core import log
from matching.plan import Plan as Document
from models.access import SYSTEM
from models.job import Job
from models.source import Source
from models.status import WORKED_JOB, JobStatus, MatchStatus
from models.transactions import in_transaction
from realtime import state, streams
from realtime.events import job as events
from realtime.events.job import Counts
from realtime.events.result import PassFinished
from realtime.events.state import JobProgress
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.books.entries import fold, recount_suggested
from server.books.pairs import PairOf, find_pair
from server.books.supersede import supersede
from server.holds.locks import hold_sources
from server.holds.rights import lost, may_still
from server.job.endings import fail, forget_progress, gave_up
from server.job.transition import transition
from server.plan.actions import add_plan
from server.store.reading import Reading

SLICE = 500  # matches that are superseded together; some tens of milliseconds


class Fenced(Exception):
    """Another attempt has taken over, or the job is no longer running: stop without writing."""


class InputsChanged(Exception):
    """This attempt reads other records than the one before it, so its chunk numbers mean something else."""


@dataclass(frozen=True)
class Claim:
    """A job that this process has claimed."""

    job: Job
    is_cancelling: bool


async def claim_job(job_id: UUID, max_attempts: int, person: UUID | None = None) -> Claim | None:
    """
    Claims a job: counts the attempt, and pins the inputs at the first start.

    A queued job fails if the person who asked for it (by default its creator) may no longer run jobs, or the API token
    that was used has ended. A job that has
    begun continues: what it has written belongs to the project, and other members can cancel it.
    Returns: None if there is nothing to run, because the job has ended or has just failed for good.
    """
    async with unit_of_work(SYSTEM) as u:
        known = await Job.filter(id=job_id).using_db(u.connection).first()
        if known is None:
            return None
        # Waits for everybody who is still changing records: they began before the job existed and could refuse them.
        await hold_sources(u, known.project_id, [known.left_source_id, known.right_source_id])
        job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
        if job is None or job.status not in WORKED_JOB:
            return None
        log.request_id.set(job.request_id)  # this process logs and publishes under the request that asked for the job
        if job.status == JobStatus.CANCELLING:
            return Claim(job, is_cancelling=True)
        if job.attempts_since_retry >= max_attempts:
            await fail(u, job, gave_up(job.attempts_since_retry))
            return None
        asker = person or job.created_by
        may = job.status != JobStatus.QUEUED or await may_still(
            u, asker, job.project_id, "job.run", token=job.asked_with
        )
        changes: dict[str, Any] = {
            "status": JobStatus.RUNNING,
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
            await u.execute(_PIN_REMAINDERS, job.id, job.pair_id)
        await u.save(job, **changes)
        u.publish(transition(events.JobStarted, job))
        u.audit(f"project:{job.project_id}", "job.start", ("job", job.id), version=job.version, attempt=job.attempt)
        if not may:
            await fail(u, job, lost("job").document(job.request_id))
            return None
        return Claim(job, is_cancelling=False)


# What confirmed matches of the pair leave open, with the record of that side that it belongs to: the one that a person
# named, or else the largest. Left out are matches that somebody has signed to undo or split, and those of which an
# extension waits for its second signature.
_PIN_REMAINDERS = f"""
    INSERT INTO job_exclusions (job_id, match_id, record_id, remainder)
    SELECT $1, m.id, r.record_id, m.remainder FROM matches m CROSS JOIN LATERAL (
        SELECT u.record_id FROM match_records u WHERE u.match_id = m.id AND u.side = m.remainder_side
        ORDER BY coalesce(u.record_id = m.remainder_record_id, false) DESC, abs(u.amount) DESC NULLS LAST, u.record_id
        LIMIT 1) r
    WHERE m.pair_id = $2 AND m.remainder IS NOT NULL
        AND NOT m.signatures @> '[{{"action": "undo"}}]' AND NOT m.signatures @> '[{{"action": "split"}}]'
        AND NOT EXISTS (SELECT 1 FROM matches e WHERE e.extends_id = m.id AND e.extends_id IS NOT NULL
            AND e.status = '{MatchStatus.SUGGESTED}' AND e.signatures <> '[]')
"""


async def current_status(job_id: UUID, attempt: int) -> str:
    """The job's status. Raises: Fenced if another attempt has taken over."""
    job = await Job.filter(id=job_id).only("id", "status", "attempt").first()
    if job is None or job.attempt != attempt:
        raise Fenced
    return str(job.status)


async def set_inputs(job: Job, suggested: tuple[str, Document] | None, size: tuple[int, int]) -> Counts:
    """
    Stores what the job reads: the number of records per side, and the suggested plan with its name.

    Returns: the current counts. They include an earlier attempt's matches and the decisions made since.
    Raises: Fenced, InputsChanged; then nothing is stored, not even the plan.
    """
    async with unit_of_work(SYSTEM) as u:
        plan = None if suggested is None else await add_plan(u, job.project_id, *suggested, "suggested")
        counts = await fence(u, job)
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


async def pair_of(job: Job) -> PairOf:
    """The pair of a job, seen from its left source."""
    async with in_transaction() as connection:
        found = await find_pair(Reading(connection), job.left_source_id, job.right_source_id)
    assert found is not None  # it was made when the job was queued
    return found


async def confirms_up_to(project_id: UUID) -> tuple[Decimal, str] | None:
    """Up to what amount jobs of a project confirm: its own limit for that, or the one above which two people decide."""
    async with in_transaction() as connection:
        rows = await Reading(connection).rows(_CONFIRMS, project_id)
    return (rows[0]["amount"], rows[0]["currency"]) if rows and rows[0]["amount"] is not None else None


_CONFIRMS = """
    SELECT (l.value->>'amount')::numeric AS amount, l.value->>'currency' AS currency FROM projects p,
        LATERAL (SELECT coalesce(nullif(p.auto_confirm_up_to, 'null'), nullif(p.four_eyes_over, 'null')) AS value) l
    WHERE p.id = $1
"""


async def finish_pass(job: Job, index: int, name: str) -> None:
    """Publishes that a pass has finished. Raises: Fenced."""
    async with unit_of_work(SYSTEM) as u:
        counts = await fence(u, job)
        u.publish(PassFinished(job_id=job.id, pass_name=name, pass_index=index, counts=counts))


async def complete_job(job: Job, statistics: dict[str, Any], progress: dict[str, Any], curve: list[Any]) -> None:
    """Completes a job after its last pass; older suggestions that use its records are superseded. Raises: Fenced."""
    async with unit_of_work(SYSTEM) as u:
        older = await u.execute(_LOST_SUGGESTIONS, job.id)
        await supersede(u, job.project_id, [found["match_id"] for found in older], beside=[job.id])
        await fence(u, job)
        row = await Job.filter(id=job.id).using_db(u.connection).get()
        await u.save(
            row,
            status=JobStatus.COMPLETED,
            finished_at=u.at,
            statistics=statistics,
            progress=progress,
            progress_curve=curve,
        )
        u.publish(transition(events.JobCompleted, row))
        await u.execute("DELETE FROM job_exclusions WHERE job_id = $1", job.id)  # nobody takes it over any more
        u.audit(f"project:{job.project_id}", "job.complete", ("job", job.id), version=row.version, counts=row.counts)
    await forget_progress(job.id)


async def give_way(job: Job) -> None:
    """
    Supersedes older suggestions over the records that a job uses, before it completes, and counts anew what the pair's
    suggestions use. People go on deciding: no transaction takes more than `SLICE` of their matches. Raises: Fenced.
    """
    assert job.pair_id is not None  # set when it was queued
    async with in_transaction() as connection:
        older = [found["match_id"] for found in await Reading(connection).rows(_LOST_SUGGESTIONS, job.id)]
    for start in range(0, len(older), SLICE):
        async with unit_of_work(SYSTEM) as u:
            await supersede(u, job.project_id, older[start : start + SLICE], beside=[job.id])
            await fence(u, job)
    async with unit_of_work(SYSTEM) as u:
        await recount_suggested(u, job.pair_id)
        await fold(u, job.pair_id, [job.left_source_id, job.right_source_id])


async def analyze() -> None:
    """
    Updates the statistics of tables that have just grown a lot. With the old ones, queries would be planned for small
    tables and be slow.
    """
    await Tortoise.get_connection("default").execute_query("ANALYZE matches, match_records")


# Older suggestions over the records and remainders that the job uses, and the job's own over records that were confirmed
# meanwhile. What the job only suggests leaves suggestions of other pairs alone (decision 15).
_LOST_SUGGESTIONS = f"""
    SELECT o.match_id FROM match_records n
    JOIN match_records o ON o.record_id = n.record_id AND o.job_id IS DISTINCT FROM n.job_id AND o.active AND NOT o.confirmed
    WHERE n.job_id = $1 AND n.active AND (n.confirmed OR o.pair_id = n.pair_id)
    UNION SELECT n.match_id FROM match_records n
    JOIN match_records o ON o.record_id = n.record_id AND o.match_id <> n.match_id AND o.confirmed
    WHERE n.job_id = $1 AND n.active AND NOT n.confirmed
    UNION SELECT o.id FROM matches n JOIN matches o ON o.extends_id = n.extends_id AND o.job_id IS DISTINCT FROM n.job_id
    WHERE n.job_id = $1 AND n.extends_id IS NOT NULL AND n.status = '{MatchStatus.SUGGESTED}' AND o.extends_id IS NOT NULL
        AND o.status = '{MatchStatus.SUGGESTED}'
"""


async def fence(u: UnitOfWork, job: Job) -> Counts:
    """Locks the job for this attempt. Returns: its counts. Raises: Fenced."""
    rows = await u.execute(
        f"SELECT counts::text AS counts FROM reconciliation_jobs WHERE id = $1 AND attempt = $2 AND status = '{JobStatus.RUNNING}' "
        "FOR NO KEY UPDATE",
        job.id,
        job.attempt,
    )
    if not rows:
        raise Fenced
    return Counts(**orjson.loads(rows[0]["counts"]))


async def put_progress(job: Job, progress: JobProgress) -> None:
    """
    Stores the latest progress for sockets and readers, unless another attempt has taken over or the job has ended.
    """
    names = [streams.job(job.id), streams.project(job.project_id)]
    fence = state.Fence(
        f"SELECT 1 FROM reconciliation_jobs WHERE id = $1 AND attempt = $2 AND status = '{JobStatus.RUNNING}' FOR SHARE",
        (job.id, job.attempt),
    )
    await state.put(f"job.progress:{job.id}", names, progress.model_dump(mode="json", by_alias=True), fence)
