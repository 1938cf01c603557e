"""Withdraws suggestions that can no longer be confirmed."""

from uuid import UUID

import orjson

from models.status import MatchStatus
from realtime.events.job import Counts
from realtime.events.match import MatchesReviewed
from realtime.unit_of_work import UnitOfWork

_JOBS = """
    UPDATE reconciliation_jobs SET counts = counts || jsonb_build_object(
        'suggested', (counts->>'suggested')::int - $2, 'matches', (counts->>'matches')::int - $2,
        'open_left', (counts->>'open_left')::int + $3, 'open_right', (counts->>'open_right')::int + $4)
    WHERE id = $1 RETURNING counts::text AS counts
"""
_USES = """
    SELECT job_id, count(*) FILTER (WHERE side = 'left') AS lefts, count(*) FILTER (WHERE side = 'right') AS rights
    FROM match_records WHERE match_id = ANY($1) GROUP BY job_id
"""


async def supersede(u: UnitOfWork, match_ids: list[UUID]) -> None:
    """
    Withdraw those of the matches that are only suggestions: their records become open and their jobs' counts are
    updated.

    The caller has locked the jobs.
    """
    rows = await u.execute(
        f"UPDATE matches SET status = '{MatchStatus.SUPERSEDED}', version = version + 1, updated_at = $2 "
        f"WHERE id = ANY($1) AND status = '{MatchStatus.SUGGESTED}' RETURNING id, job_id",
        match_ids,
        u.at,
    )
    if not rows:
        return
    ids = [row["id"] for row in rows]
    await u.execute("UPDATE match_records SET active = false WHERE match_id = ANY($1)", ids)
    for uses in sorted(await u.execute(_USES, ids), key=lambda found: found["job_id"]):
        job_id = uses["job_id"]
        count = sum(row["job_id"] == job_id for row in rows)
        found = await u.execute(_JOBS, job_id, count, uses["lefts"], uses["rights"])
        counts = Counts(**orjson.loads(found[0]["counts"]))
        u.publish(MatchesReviewed(job_id=job_id, action=MatchStatus.SUPERSEDED, count=count, counts=counts))
