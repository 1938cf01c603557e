"""Jobs that use a source: whether any of them is live. And how to lock jobs, after their matches."""

from collections.abc import Iterable
from uuid import UUID

from core import problems
from models.status import LIVE_JOB, sql_list
from realtime.unit_of_work import UnitOfWork


async def refuse_live_jobs(u: UnitOfWork, source_id: UUID) -> None:
    """Refuse while a live job reads the source. Raises: SourceInUse."""
    rows = await u.execute(
        f"SELECT 1 FROM reconciliation_jobs WHERE (left_source_id = $1 OR right_source_id = $1) AND status IN {sql_list(LIVE_JOB)} LIMIT 1",
        source_id,
    )
    if rows:
        raise problems.SourceInUse


async def lock_jobs(u: UnitOfWork, job_ids: Iterable[UUID]) -> None:
    """Lock jobs, after those of their matches that change."""
    await u.execute(
        "SELECT id FROM reconciliation_jobs WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        [str(job_id) for job_id in set(job_ids)],
    )
