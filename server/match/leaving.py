"""
Takes people off the matches that they are to look at, when they leave a project, may only read in it, or their account
ends.
"""

import asyncio
from itertools import groupby
from uuid import UUID

from tortoise import Tortoise

from core import log
from core.ids import uuid7
from models.access import SYSTEM
from realtime.events.match import MatchAssigned
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.books.pairs import pairs_of
from server.books.transitions import Standing, Transition, lock_matches
from server.match.assignments import assign_many, audit_assignment
from server.match.holding import begin_bulk, hold_many
from server.match.telling import tell_reviewed

SWEEP_S = 30.0
MOST_TOLD = (
    100  # matches that are told and audited one by one; more of them are told by one event for each job and pair
)
_ASSIGNED = "SELECT id, project_id FROM matches WHERE assignee_id = $1 AND ($2::uuid IS NULL OR project_id = $2)"
_TAKE_OFF = """
    UPDATE matches SET assignee_id = NULL, version = version + 1, updated_at = $3
    WHERE id = ANY($1::text[]::uuid[]) AND assignee_id = $2 RETURNING id
"""
_HOLD_MEMBER = """
    SELECT 1 FROM project_members WHERE user_id = $1 AND ($2::uuid IS NULL OR project_id = $2)
    ORDER BY project_id FOR NO KEY UPDATE
"""

# A membership that has run out stays in its table, so only those that still have something to look at are asked for.
_RUN_OUT = """
    SELECT p.project_id, p.user_id FROM project_members p
    WHERE p.expires_at <= clock_timestamp()
      AND EXISTS (SELECT 1 FROM matches m WHERE m.assignee_id = p.user_id AND m.project_id = p.project_id)
    ORDER BY p.project_id, p.user_id LIMIT 100
"""
_STILL_OUT = """
    SELECT 1 FROM project_members WHERE project_id = $1 AND user_id = $2 AND expires_at <= clock_timestamp()
    FOR NO KEY UPDATE
"""
logger = log.get(__name__)


async def sweep_forever() -> None:
    """Take people off their matches soon after their membership of a project has run out."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            await sweep()
        except Exception as error:  # noqa: BLE001 - a task's root: the next sweep tries again
            logger.warning("matches of ended memberships could not be swept", error=type(error).__name__)


async def sweep() -> int:
    """Take those off their matches whose membership has run out. Returns: how many memberships were looked at."""
    found = await Tortoise.get_connection("default").execute_query_dict(_RUN_OUT)
    for row in found:
        async with unit_of_work(SYSTEM) as u:
            if await u.execute(_STILL_OUT, row["project_id"], row["user_id"]):  # it was not made longer meanwhile
                await take_off(u, row["user_id"], row["project_id"])
    return len(found)


async def take_off(u: UnitOfWork, user_id: UUID, project_id: UUID | None = None) -> None:
    """
    Leave nothing for a person to look at, in one project or in all.

    The memberships are locked first, as by whoever gives a match to a member: so nobody gives this person one meanwhile.
    """
    await u.execute(_HOLD_MEMBER, user_id, project_id)
    projects = {row["id"]: row["project_id"] for row in await u.execute(_ASSIGNED, user_id, project_id)}
    if not projects:
        return
    await begin_bulk(u)
    await hold_many(u, sorted(projects), with_rivals=False)
    standing = await lock_matches(u, list(projects))
    matches = sorted(standing.values(), key=lambda match: (str(projects[match.id]), match.id))
    for project, group in groupby(matches, key=lambda match: projects[match.id]):
        found = list(group)
        if len(found) > MOST_TOLD:
            await _take_all(u, project, found, user_id)
        else:
            rows = await u.execute(_TAKE_OFF, [str(match.id) for match in found], user_id, u.at)
            taken = {row["id"] for row in rows}
            await _tell_each(u, project, [match for match in found if match.id in taken])


async def _tell_each(u: UnitOfWork, project_id: UUID, matches: list[Standing]) -> None:
    pairs = await pairs_of(u, [match.pair_id for match in matches])
    for match in matches:
        pair = None if match.pair_id is None else pairs[match.pair_id]
        u.publish(
            MatchAssigned(
                project_id=project_id,
                job_id=match.job_id,
                left_source=None if pair is None else pair.left_source_id,
                right_source=None if pair is None else pair.right_source_id,
                match_id=match.id,
                version=match.version + 1,
                assignee=None,
            )
        )
        u.audit(
            f"project:{project_id}",
            "match.assign",
            ("match", match.id),
            version=match.version + 1,
            changed=["assignee"],
            assignee=None,
        )


async def _take_all(u: UnitOfWork, project_id: UUID, matches: list[Standing], user_id: UUID) -> None:
    assignment = uuid7()
    taken = set(await assign_many(u, matches, assignment, None, taken_from=user_id))
    changed = [match for match in matches if match.id in taken]
    transition = Transition(u)
    await transition.touch(changed)
    tell_reviewed(u, project_id, "assign", changed, await transition.settle(), None)
    audit_assignment(u, project_id, assignment, len(changed), to=None)
