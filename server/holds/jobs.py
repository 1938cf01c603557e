"""Jobs that use a source: whether any of them is live. And how to lock jobs, after their matches."""

from collections.abc import Iterable
from uuid import UUID

from core import problems
from models.status import LIVE_JOB, sql_list
from realtime.unit_of_work import UnitOfWork


async def refuse_live_jobs(u: UnitOfWork, source_id: UUID) -> None:
    """Refuse while a live job reads the source. Raises: SourceInUse, which names the job and who started it."""
    rows = await u.execute(
        "SELECT j.id, j.status, p.display_name FROM reconciliation_jobs j LEFT JOIN users p ON p.id = j.created_by "
        f"WHERE (j.left_source_id = $1 OR j.right_source_id = $1) AND j.status IN {sql_list(LIVE_JOB)} ORDER BY j.id LIMIT 1",
        source_id,
    )
    if rows:
        found = rows[0]
        whose = f"A reconciliation that {found['display_name'] or 'somebody'} started"
        raise problems.SourceInUse(
            f"{whose} is {found['status']}, and reads this source. Wait for it or cancel it.",
            extensions={"job_id": str(found["id"]), "started_by_name": found["display_name"]},
        )


async def lock_jobs(u: UnitOfWork, job_ids: Iterable[UUID]) -> None:
    """Lock jobs, after those of their matches that change."""
    await u.execute(
        "SELECT id FROM reconciliation_jobs WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        [str(job_id) for job_id in set(job_ids)],
    )
