"""Publishes what decisions did to matches."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed, MatchSuperseded
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Settled, Standing


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


async def tell_superseded(u: UnitOfWork, project_id: UUID, rivals: Sequence[Standing], settled: Settled) -> None:
    """Publish that suggestions were superseded."""
    rivals = [rival for rival in rivals if rival.pair_id is not None]  # no write-offs that wait for a signature
    if not rivals:
        return
    rows = await u.execute(
        "SELECT match_id, array_agg(record_id ORDER BY record_id) AS ids FROM match_records "
        "WHERE match_id = ANY($1::text[]::uuid[]) GROUP BY 1",
        [str(match.id) for match in rivals],
    )
    records = {row["match_id"]: row["ids"] for row in rows}
    for rival in rivals:
        status = MatchStatus.SUPERSEDED
        tell(u, project_id, MatchSuperseded, rival, settled, status=status, record_ids=records.get(rival.id, []))


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
    """
    numbers = Counter((match.pair_id, match.job_id) for match in moved if match.pair_id is not None)
    shown = {(match.pair_id, match.job_id): match for match in moved}
    for key, count in sorted(numbers.items(), key=str):
        u.publish(
            MatchesReviewed(
                project_id=project_id, decision_id=decision_id, action=action, count=count, **settled.of(shown[key])
            )
        )
