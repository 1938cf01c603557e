"""Withdraws suggestions that can no longer be confirmed."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed, MatchSigned
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Said, Transition, lock_matches
from server.holds.locks import hold_records

_RECORDS = "SELECT DISTINCT record_id FROM match_records WHERE match_id = ANY($1::text[]::uuid[])"
_WITH = """
    SELECT DISTINCT o.record_id FROM match_records u JOIN match_records o ON o.match_id = u.match_id
    WHERE u.record_id = $1 AND u.active AND NOT u.confirmed
"""


async def hold_with_suggestions(u: UnitOfWork, record_id: UUID) -> None:
    """Lock a record, and with it those of the suggestions that use it, which a change of the record supersedes."""
    found = {row["record_id"] for row in await u.execute(_WITH, record_id)}
    await hold_records(u, sorted({record_id, *found}), alone=True)


async def supersede(u: UnitOfWork, project_id: UUID, match_ids: Sequence[UUID], *, beside: Sequence[UUID] = ()) -> None:
    """
    Withdraw those of the matches that are only suggestions: their records become open, their jobs' counts are updated,
    and these jobs are locked together with those `beside` them.

    Their records are locked first: whether a record is in use is counted by the last suggestion that leaves it, so two
    that leave it at once have to wait for each other.
    """
    if match_ids:
        found = await u.execute(_RECORDS, [str(match_id) for match_id in match_ids])
        await hold_records(u, sorted(row["record_id"] for row in found), alone=True)
    standing = [match for match in (await lock_matches(u, match_ids)).values() if match.status == MatchStatus.SUGGESTED]
    transition = Transition(u)
    await transition.move(standing, MatchStatus.SUPERSEDED, Said())
    settled = await transition.settle(beside=beside)
    standing.sort(key=lambda match: (str(match.pair_id), str(match.job_id)))
    for _, group in groupby(standing, key=lambda match: (match.pair_id, match.job_id)):
        matches = list(group)
        if matches[0].pair_id is None:
            for match in matches:  # write-offs that waited for a second signature
                u.publish(
                    MatchSigned(
                        project_id=project_id,
                        job_id=None,
                        left_source=None,
                        right_source=None,
                        match_id=match.id,
                        by=u.actor.id,
                        action="undo",
                        signatures=[],
                    )
                )
            continue
        u.publish(
            MatchesReviewed(
                project_id=project_id, action=MatchStatus.SUPERSEDED, count=len(matches), **settled.of(matches[0])
            )
        )
