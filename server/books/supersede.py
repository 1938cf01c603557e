"""Withdraws suggestions that can no longer be confirmed."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from models.status import MatchStatus
from realtime.events.match import MatchesReviewed
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Said, Transition, lock_matches


async def supersede(u: UnitOfWork, project_id: UUID, match_ids: Sequence[UUID], *, beside: Sequence[UUID] = ()) -> None:
    """
    Withdraw those of the matches that are only suggestions: their records become open, their jobs' counts are updated,
    and these jobs are locked together with those `beside` them.
    """
    standing = [match for match in (await lock_matches(u, match_ids)).values() if match.status == MatchStatus.SUGGESTED]
    transition = Transition(u)
    await transition.move(standing, MatchStatus.SUPERSEDED, Said())
    settled = await transition.settle(beside=beside)
    standing.sort(key=lambda match: (str(match.pair_id), str(match.job_id)))
    for _, group in groupby(standing, key=lambda match: (match.pair_id, match.job_id)):
        matches = list(group)
        if matches[0].pair_id is None:
            continue  # a write-off that waited for a second signature: it is told with its record
        u.publish(
            MatchesReviewed(
                project_id=project_id, action=MatchStatus.SUPERSEDED, count=len(matches), **settled.of(matches[0])
            )
        )
