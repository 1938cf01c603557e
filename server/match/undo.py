"""
Undoing decisions: what they touched goes back to what it was before, and what they made is withdrawn.

Undo is no decision itself. Only the latest decision about a match is undone, one after the other if need be. A match
that a job confirmed, and nobody decided on since, goes back to being a suggestion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core import problems
from models import access
from models.access import Actor
from models.match import Match
from models.status import ACTIVE_MATCH, DecisionKind, MatchKind, MatchStatus
from realtime.events.match import MatchUndone, RecordReopened
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.transitions import Said, Transition
from server.match import queries
from server.match.decisions import Decision, already_decided
from server.match.four_eyes import may_proceed, own_pending, take_back
from server.match.holding import Held, hold, refuse_gone, refuse_used
from server.match.telling import tell
from server.store.reading import Reading

# The latest decision about each match that is not undone yet.
_LATEST = """
    SELECT m.id AS match_id, m.status, m.job_id, d.id, d.before, d.decision_id FROM matches m
    LEFT JOIN LATERAL (SELECT x.id, x.before, x.decision_id FROM decision_matches x
        WHERE x.match_id = m.id AND x.undone_at IS NULL ORDER BY x.id DESC LIMIT 1) d ON true
    WHERE m.id = ANY($1::text[]::uuid[]) ORDER BY m.id
"""
# What else those decisions touched, as far as no later decision has touched it since: all of it, but of a bulk only what
# had to make way for one of the matches.
_COMPANIONS = f"""
    SELECT c.match_id, c.id, c.before FROM decision_matches c JOIN decisions k ON k.id = c.decision_id
    WHERE c.decision_id = ANY($1::text[]::uuid[]) AND c.match_id <> ALL($2::text[]::uuid[]) AND c.undone_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM decision_matches l
                      WHERE l.match_id = c.match_id AND l.id > c.id AND l.undone_at IS NULL)
      AND (NOT k.is_bulk OR (c.after = '{MatchStatus.SUPERSEDED}' AND EXISTS (
          SELECT 1 FROM match_records b JOIN match_records a ON a.record_id = b.record_id
          WHERE b.match_id = c.match_id AND a.match_id = ANY($2::text[]::uuid[]))))
    ORDER BY c.id
"""
# Of matches that would become active: those whose records are gone, or in active use by a match that stays.
_TAKEN = """
    SELECT DISTINCT mine.match_id FROM match_records mine WHERE mine.match_id = ANY($1::text[]::uuid[])
      AND EXISTS (SELECT 1 FROM match_records o
                  WHERE o.record_id = mine.record_id AND o.active AND o.match_id <> ALL($2::text[]::uuid[]))
"""
_SAID_BEFORE = """
    UPDATE matches m SET decided_by = (d.previous->>'decided_by')::uuid,
        decided_at = (d.previous->>'decided_at')::timestamptz, reason = d.previous->>'reason',
        remainder_since = CASE WHEN m.remainder IS NULL THEN NULL
            ELSE coalesce((d.previous->>'remainder_since')::timestamptz, m.remainder_since) END
    FROM decision_matches d WHERE d.id = ANY($1::bigint[]) AND m.id = d.match_id AND d.before IS NOT NULL
"""
_UNDONE = "UPDATE decision_matches SET undone_at = $2, undone_by = $3 WHERE id = ANY($1::bigint[])"
# What leaves its records goes first, so that what comes back finds them free.
_ORDER = (
    MatchStatus.WITHDRAWN,
    MatchStatus.REJECTED,
    MatchStatus.SUPERSEDED,
    MatchStatus.SUGGESTED,
    MatchStatus.CONFIRMED,
)


@dataclass(frozen=True)
class Back:
    """What undoing brings back: the status that each match goes to, and the rows of the decisions."""

    targets: dict[UUID, MatchStatus] = field(default_factory=dict)
    rows: dict[UUID, int] = field(default_factory=dict)
    nothing: tuple[UUID, ...] = ()  # matches about which there is nothing to undo


async def find_back(u: UnitOfWork, match_ids: Sequence[UUID]) -> Back:
    """What undoing the latest decisions about these matches would bring back."""
    targets: dict[UUID, MatchStatus] = {}
    rows: dict[UUID, int] = {}
    nothing: list[UUID] = []
    texts = [str(one) for one in match_ids]
    decisions: set[str] = set()
    for found in await u.execute(_LATEST, texts):
        if found["id"] is not None:
            _add(targets, rows, found)
            decisions.add(str(found["decision_id"]))
        elif found["status"] == MatchStatus.CONFIRMED and found["job_id"] is not None:
            targets[found["match_id"]] = MatchStatus.SUGGESTED
        else:
            nothing.append(found["match_id"])
    for found in await u.execute(_COMPANIONS, sorted(decisions), texts) if decisions else ():
        _add(targets, rows, found)
    return Back(targets, rows, tuple(nothing))


def _add(targets: dict[UUID, MatchStatus], rows: dict[UUID, int], found: dict[str, Any]) -> None:
    before = found["before"]
    targets[found["match_id"]] = MatchStatus.WITHDRAWN if before is None else MatchStatus(before)
    rows[found["match_id"]] = found["id"]


async def taken(u: UnitOfWork, back: Back) -> set[UUID]:
    """Those matches that cannot come back, because another match uses their records by now."""
    waking = [str(one) for one, status in back.targets.items() if status in ACTIVE_MATCH]
    found = await u.execute(_TAKEN, waking, [str(one) for one in back.targets]) if waking else []
    return {row["match_id"] for row in found}


async def bring_back(u: UnitOfWork, transition: Transition, held: Held, back: Back, but: set[UUID]) -> list[UUID]:
    """Move the matches back, and mark their decisions as undone. Returns: the matches that have moved."""
    moved = [one for one in back.targets if one in held.matches and one not in but]
    for status in _ORDER:
        group = [held.matches[one] for one in moved if back.targets[one] == status]
        await transition.move(group, status, Said())
    rows = [back.rows[one] for one in moved if one in back.rows]
    await u.execute(_SAID_BEFORE, rows)
    await u.execute(_UNDONE, rows, u.at, u.actor.id)
    return moved


async def undo_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """
    Undoes the latest decision about a match.

    Raises: NotFound, Forbidden, AlreadyDecided if there is none, RecordInUse if another match uses one of its records
    by now, VersionConflict, Busy.
    """
    async with unit_of_work(actor) as u:
        await access.load(actor, Match, match_id, "match.decide")
        held = await hold(u, list((await find_back(u, [match_id])).targets) or [match_id], records=None)
        loaded = await access.load(actor, Match, match_id, "match.decide", lock=True)
        match = loaded.row
        await u.expect_version(match, expected, required=False)
        standing = held.matches[match_id]
        if standing.status == MatchStatus.SUGGESTED and match.job_id is not None and own_pending(u, match):
            await take_back(u, match)
            return await _answer(u, match_id)
        back = await find_back(u, [match_id])
        if not back.targets:
            raise await already_decided(u, match_id, standing.status)
        if back.targets[match_id] in ACTIVE_MATCH:
            await refuse_gone(u, held.record_ids(match_id))
            _refuse_lost_records(held, match)
            await refuse_used(u, held.record_ids(match_id), list(back.targets), suggested_too=True)
        if standing.status == MatchStatus.CONFIRMED and not await may_proceed(u, match, loaded.role, "undo"):
            return await _answer(u, match_id)
        transition = Transition(u)
        moved = await bring_back(u, transition, held, back, await taken(u, back))
        if not back.rows:  # there was no decision to take back, so this one is stored, as one that is over
            decision = await Decision.begin(u, match.project_id, match.pair_id, DecisionKind.UNDO, reason)
            await decision.over(standing, back.targets[match_id])
        settled = await transition.settle()
        if match.pair_id is None:
            (record_id,) = held.record_ids(match_id)
            u.publish(
                RecordReopened(project_id=match.project_id, record_id=record_id, match_id=match_id, user_id=actor.id)
            )
        others = [one for one in moved if one != match_id]
        for one in moved:
            if held.matches[one].pair_id is not None:
                more = {"status": back.targets[one], "record_ids": held.record_ids(one)}
                replaced = others if one == match_id else []
                tell(u, match.project_id, MatchUndone, held.matches[one], settled, replaced_ids=replaced, **more)
        u.audit(
            f"project:{match.project_id}",
            "match.undo",
            ("match", match.id),
            version=standing.version + 1,
            changed=["status"],
            **({"reason": reason} if reason else {}),
        )
        return await _answer(u, match_id)


def _refuse_lost_records(held: Held, match: Match) -> None:
    """A record that is deleted takes its uses along, so the match has another kind than it had. Raises: RecordInUse."""
    sides = [use["side"] for use in held.records.get(match.id, [])]
    if match.pair_id is not None and MatchKind.of(sides.count("left"), sides.count("right")) != match.kind:
        raise problems.RecordInUse("A record of this match no longer exists. Match the others by hand.")


async def _answer(u: UnitOfWork, match_id: UUID) -> Answer:
    view = await queries.detail_of(Reading(u.connection), match_id)
    return u.answer(200, view, version=view.version)
