"""Publishes what decisions did to matches."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed, MatchSigned, MatchSuperseded, RecordReopened, RecordWrittenOff
from realtime.unit_of_work import UnitOfWork
from server.books.pairs import PairOf
from server.books.transitions import Settled, Standing, Transition

# Write-offs as they are now. They have no pair.
_WRITE_OFFS = """
    SELECT m.id AS match_id, m.project_id, m.status, m.version, m.difference_reason AS reason, m.signatures::text AS signatures,
        u.record_id, r.source_id
    FROM matches m JOIN match_records u ON u.match_id = m.id JOIN reconciliation_records r ON r.id = u.record_id
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


@dataclass(frozen=True)
class WriteOff:
    """A write-off after it has moved, with its record."""

    match_id: UUID
    project_id: UUID
    status: str
    version: int
    reason: str | None  # the code
    signatures: str  # as JSON
    record_id: UUID
    source_id: UUID


async def moved_write_offs(u: UnitOfWork, transition: Transition, matches: Iterable[Standing | UUID]) -> list[WriteOff]:
    """Those of the matches that are write-offs, after they have moved; the pairs of their sources are settled too."""
    moved = [one for one in matches if not isinstance(one, Standing) or one.pair_id is None]
    if not moved:
        return []
    ids = [str(one.id if isinstance(one, Standing) else one) for one in moved]
    found = [WriteOff(**row) for row in await u.execute(_WRITE_OFFS, ids)]
    await transition.beside({one.source_id for one in found})
    return found


def tell_write_offs(u: UnitOfWork, found: Sequence[WriteOff], settled: Settled) -> None:
    """Publish what has become of write-offs. That a record is written off or open again is told to each pair of its source."""
    for one in found:
        if one.status in (MatchStatus.SUGGESTED, MatchStatus.SUPERSEDED):
            signatures = orjson.loads(one.signatures)
            u.publish(
                MatchSigned(
                    project_id=one.project_id,
                    job_id=None,
                    left_source=None,
                    right_source=None,
                    match_id=one.match_id,
                    by=u.actor.id,
                    action="write_off" if signatures else "undo",
                    signatures=signatures,
                )
            )
            continue
        is_written_off = one.status == MatchStatus.CONFIRMED
        pairs = (pair for pair in settled.pairs.values() if one.source_id in pair.sources)
        told: list[PairOf | None] = [*sorted(pairs, key=lambda pair: pair.id)]
        for pair in told or [None]:
            u.publish(
                (RecordWrittenOff if is_written_off else RecordReopened)(
                    project_id=one.project_id,
                    record_id=one.record_id,
                    source_id=one.source_id,
                    left_source=None if pair is None else pair.left_source_id,
                    right_source=None if pair is None else pair.right_source_id,
                    side=None if pair is None else "left" if one.source_id == pair.left_source_id else "right",
                    match_id=one.match_id,
                    status=one.status,
                    version=one.version,
                    user_id=u.actor.id,
                    reason=one.reason if is_written_off else None,
                    counts=None if pair is None else settled.pair_counts[pair.id],
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
