"""Decisions on matches."""

from typing import Any
from uuid import UUID

from core import problems
from models import access
from models.access import Actor
from models.job import Job
from models.match import Match
from models.status import MatchStatus
from realtime.events.job import Counts
from realtime.events.match import MatchConfirmed, MatchRejected
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.holds.locks import hold_records
from server.match import queries
from server.store.reading import Reading


async def confirm_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """Confirms a suggested match. Raises: NotFound, Forbidden, AlreadyDecided, RecordInUse, VersionConflict."""
    return await _decide(actor, match_id, MatchStatus.CONFIRMED, reason, expected)


async def reject_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """Rejects a match: its records are open again, and the match is not suggested again. Raises: as confirm_match."""
    return await _decide(actor, match_id, MatchStatus.REJECTED, reason, expected)


async def _decide(
    actor: Actor, match_id: UUID, status: MatchStatus, reason: str | None, expected: int | None
) -> Answer:
    async with unit_of_work(actor) as u:
        known = (await access.load(actor, Match, match_id, "match.decide")).row
        if status == MatchStatus.CONFIRMED:
            await hold_records(u, await _records_of(u, match_id))
        job = (await access.load(actor, Job, known.job_id, "match.decide", lock=True)).row
        match = (await access.load(actor, Match, match_id, "match.decide", lock=True)).row
        await u.expect_version(match, expected, required=False)
        if match.status == status or match.status in (MatchStatus.REJECTED, MatchStatus.SUPERSEDED):
            raise problems.AlreadyDecided(f"The match is already {match.status}.")
        uses = await u.execute(
            "SELECT record_id, side FROM match_records WHERE match_id = $1 ORDER BY record_id", match.id
        )
        record_ids = [row["record_id"] for row in uses]
        if status == MatchStatus.CONFIRMED:
            await _refuse_gone(u, record_ids)
            await _refuse_used_elsewhere(u, match.id, record_ids)
        before = match.status
        await u.save(match, status=status, decided_by=actor.id, decided_at=u.at, reason=reason)
        await u.execute(
            "UPDATE match_records SET active = $2, confirmed = $3 WHERE match_id = $1",
            match.id,
            status == MatchStatus.CONFIRMED,
            status == MatchStatus.CONFIRMED,
        )
        counts = _recount(Counts(**job.counts), before, status, uses)
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = $2::text::jsonb WHERE id = $1", job.id, counts.model_dump_json()
        )
        kind: Any = MatchConfirmed if status == MatchStatus.CONFIRMED else MatchRejected
        u.publish(
            kind(
                job_id=job.id,
                match_id=match.id,
                status=status,
                version=match.version,
                decided_by=actor.id,
                record_ids=record_ids,
                counts=counts,
            )
        )
        verb = "match.confirm" if status == MatchStatus.CONFIRMED else "match.reject"
        u.audit(
            f"project:{match.project_id}",
            verb,
            ("match", match.id),
            version=match.version,
            changed=["status"],
            **({"reason": reason} if reason else {}),
        )
        return u.answer(200, await queries.detail_of(Reading(u.connection), match.id), version=match.version)


async def _records_of(u: UnitOfWork, match_id: UUID) -> list[UUID]:
    return [
        row["record_id"] for row in await u.execute("SELECT record_id FROM match_records WHERE match_id = $1", match_id)
    ]


async def _refuse_gone(u: UnitOfWork, record_ids: list[UUID]) -> None:
    found = await u.execute("SELECT count(*) AS n FROM reconciliation_records WHERE id = ANY($1)", record_ids)
    if found[0]["n"] != len(record_ids):
        raise problems.RecordInUse("A record of this match no longer exists. Reject the match.")


async def _refuse_used_elsewhere(u: UnitOfWork, match_id: UUID, record_ids: list[UUID]) -> None:
    used = await u.execute(
        "SELECT 1 FROM match_records WHERE record_id = ANY($1) AND confirmed AND match_id <> $2 LIMIT 1",
        record_ids,
        match_id,
    )
    if used:
        raise problems.RecordInUse


def _recount(counts: Counts, before: str, after: str, uses: list[dict[str, Any]]) -> Counts:
    changed = counts.changed(**{before: -1, after: 1})
    if after != MatchStatus.REJECTED:
        return changed
    sides = [use["side"] for use in uses]
    return changed.changed(matches=-1, open_left=sides.count("left"), open_right=sides.count("right"))
