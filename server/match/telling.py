"""Publishes what decisions did to matches."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed, MatchSuperseded
from realtime.unit_of_work import UnitOfWork
from server.books.pairs import PairOf
from server.books.transitions import Settled, Standing

_WRITTEN_OFF = """
    SELECT u.match_id, u.record_id, r.source_id FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
    JOIN matches m ON m.id = u.match_id WHERE u.match_id = ANY($1::text[]::uuid[]) AND m.pair_id IS NULL
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
    """Publish that suggestions, with these records, were superseded."""
    for rival in rivals:
        if rival.pair_id is not None:  # no write-off that waits for a signature
            ids = records.get(rival.id, [])
            tell(u, project_id, MatchSuperseded, rival, settled, status=MatchStatus.SUPERSEDED, record_ids=ids)


@dataclass(frozen=True)
class WrittenOff:
    """A record that is written off, or was."""

    match_id: UUID
    record_id: UUID
    source_id: UUID


async def written_off(u: UnitOfWork, match_ids: Sequence[UUID]) -> list[WrittenOff]:
    """The records of write-offs, for their events."""
    rows = await u.execute(_WRITTEN_OFF, [str(match_id) for match_id in match_ids]) if match_ids else []
    return [WrittenOff(**row) for row in rows]


def tell_records(
    u: UnitOfWork, project_id: UUID, kind: Any, found: Sequence[WrittenOff], settled: Settled, **more: Any
) -> None:
    """Publish that records were written off or are open again: to each pair of their sources, which were settled."""
    for one in found:
        pairs = (pair for pair in settled.pairs.values() if one.source_id in pair.sources)
        told: list[PairOf | None] = [*sorted(pairs, key=lambda pair: pair.id)]
        for pair in told or [None]:
            u.publish(
                kind(
                    project_id=project_id,
                    record_id=one.record_id,
                    source_id=one.source_id,
                    left_source=None if pair is None else pair.left_source_id,
                    right_source=None if pair is None else pair.right_source_id,
                    side=None if pair is None else "left" if one.source_id == pair.left_source_id else "right",
                    match_id=one.match_id,
                    user_id=u.actor.id,
                    counts=None if pair is None else settled.pair_counts[pair.id],
                    **more,
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
    """
    numbers = Counter((match.pair_id, match.job_id) for match in moved if match.pair_id is not None)
    shown = {(match.pair_id, match.job_id): match for match in moved}
    for key, count in sorted(numbers.items(), key=str):
        u.publish(
            MatchesReviewed(
                project_id=project_id, decision_id=decision_id, action=action, count=count, **settled.of(shown[key])
            )
        )
