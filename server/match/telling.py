"""Publishes what decisions did to matches."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed, MatchSigned, MatchSuperseded, RecordReopened, RecordWrittenOff
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Settled, Standing

# Write-offs as they are now. They have no pair, so what is told about them says nothing about one.
_WRITE_OFFS = """
    SELECT m.id, m.project_id, m.status, m.version, m.difference_reason, m.signatures::text AS signatures, u.record_id
    FROM matches m JOIN match_records u ON u.match_id = m.id
    WHERE m.id = ANY($1::text[]::uuid[]) AND m.pair_id IS NULL ORDER BY m.id
"""


def tell(u: UnitOfWork, project_id: UUID, kind: Any, match: Standing, settled: Settled, **more: Any) -> None:
    """Publish an event about a match that has moved. `more` has its new status and its records."""
    u.publish(
        kind(
            project_id=project_id,
            match_id=match.id,
            version=match.version + 1,
            decided_by=u.actor.id,
            **more,
            **settled.of(match),
        )
    )


async def records_of(u: UnitOfWork, matches: Sequence[Standing]) -> dict[UUID, list[UUID]]:
    """The records of matches, for their events. Read before the pair is locked, for which others wait."""
    if not matches:
        return {}
    rows = await u.execute(
        "SELECT match_id, array_agg(record_id ORDER BY record_id) AS ids FROM match_records "
        "WHERE match_id = ANY($1::text[]::uuid[]) GROUP BY 1",
        [str(match.id) for match in matches],
    )
    return {row["match_id"]: row["ids"] for row in rows}


def tell_superseded(
    u: UnitOfWork, project_id: UUID, rivals: Sequence[Standing], settled: Settled, records: dict[UUID, list[UUID]]
) -> None:
    """Publish that suggestions, with these records, were superseded. `tell_write_offs` tells those without a pair."""
    for rival in rivals:
        if rival.pair_id is not None:
            ids = records.get(rival.id, [])
            tell(u, project_id, MatchSuperseded, rival, settled, status=MatchStatus.SUPERSEDED, record_ids=ids)


async def tell_write_offs(u: UnitOfWork, matches: Iterable[Standing | UUID]) -> None:
    """Publish what has become of those of the matches that are write-offs, after they have moved."""
    moved = [one for one in matches if not isinstance(one, Standing) or one.pair_id is None]
    if not moved:
        return
    ids = [str(one.id if isinstance(one, Standing) else one) for one in moved]
    for row in await u.execute(_WRITE_OFFS, ids):
        if row["status"] in (MatchStatus.SUGGESTED, MatchStatus.SUPERSEDED):
            signatures = orjson.loads(row["signatures"])
            u.publish(
                MatchSigned(
                    project_id=row["project_id"],
                    job_id=None,
                    left_source=None,
                    right_source=None,
                    match_id=row["id"],
                    by=u.actor.id,
                    action="write_off" if signatures else "undo",
                    signatures=signatures,
                )
            )
            continue
        is_written_off = row["status"] == MatchStatus.CONFIRMED
        u.publish(
            (RecordWrittenOff if is_written_off else RecordReopened)(
                project_id=row["project_id"],
                record_id=row["record_id"],
                match_id=row["id"],
                status=row["status"],
                version=row["version"],
                user_id=u.actor.id,
                reason=row["difference_reason"] if is_written_off else None,
            )
        )


def tell_reviewed(
    u: UnitOfWork,
    project_id: UUID,
    action: str,
    moved: Sequence[Standing],
    settled: Settled,
    decision_id: UUID | None,
) -> None:
    """
    Publish that many matches changed: one event for each job and pair. That of a job goes to the project too, so one is enough for both.
    `tell_write_offs` tells those without a pair.
    """
    numbers = Counter((match.pair_id, match.job_id) for match in moved if match.pair_id is not None)
    shown = {(match.pair_id, match.job_id): match for match in moved}
    for key, count in sorted(numbers.items(), key=str):
        u.publish(
            MatchesReviewed(
                project_id=project_id, decision_id=decision_id, action=action, count=count, **settled.of(shown[key])
            )
        )
