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
from models.status import ACTIVE_MATCH, DecisionKind, MatchKind, MatchStatus, sql_list
from realtime.events.match import MatchUndone
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.pairs import fix_sign, hold_sign, pairs_of
from server.books.transitions import Said, Standing, Transition
from server.holds.uses import used_by
from server.match.answering import answer_with
from server.match.conflicts import already_decided, expect_version, latest_change
from server.match.decisions import Decision
from server.match.extensions import baseless, bases_of, supersede_extensions
from server.match.four_eyes import may_proceed, over_limit, take_back, waiting
from server.match.holding import Held, hold, refuse_used
from server.match.telling import moved_write_offs, records_of, tell, tell_superseded, tell_write_offs

# The latest decision about each match that is not undone yet.
_LATEST = """
    SELECT m.id AS match_id, m.status, m.job_id, m.pair_id IS NULL AS is_write_off, d.id, d.before, d.decision_id, d.is_bulk
    FROM matches m
    LEFT JOIN LATERAL (SELECT x.id, x.before, x.decision_id, k.is_bulk
        FROM decision_matches x JOIN decisions k ON k.id = x.decision_id
        WHERE x.match_id = m.id AND x.undone_at IS NULL ORDER BY x.id DESC LIMIT 1) d ON true
    WHERE m.id = ANY($1::text[]::uuid[]) ORDER BY m.id
"""
# What else those decisions touched, as far as no later decision has touched it since: all of it, but of a bulk only what
# had to make way for one of the matches.
_COMPANIONS = f"""
    SELECT c.match_id, c.id, c.before, c.decision_id, m.status, m.pair_id IS NULL AS is_write_off
    FROM decision_matches c JOIN decisions k ON k.id = c.decision_id JOIN matches m ON m.id = c.match_id
    WHERE c.decision_id = ANY($1::text[]::uuid[]) AND c.match_id <> ALL($2::text[]::uuid[]) AND c.undone_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM decision_matches l
                      WHERE l.match_id = c.match_id AND l.id > c.id AND l.undone_at IS NULL)
      AND (NOT k.is_bulk OR (c.after = '{MatchStatus.SUPERSEDED}' AND (EXISTS (
          SELECT 1 FROM match_records b JOIN match_records a ON a.record_id = b.record_id
          WHERE b.match_id = c.match_id AND a.match_id = ANY($2::text[]::uuid[]))
          OR EXISTS (SELECT 1 FROM matches b JOIN matches a ON a.extends_id = b.extends_id
              WHERE b.id = c.match_id AND a.id = ANY($2::text[]::uuid[])))))
    ORDER BY c.id
"""
# Those of some matches that share a record with another one of them.
_SHARED = """
    SELECT DISTINCT u.match_id FROM (SELECT record_id FROM match_records WHERE match_id = ANY($1::text[]::uuid[])
        GROUP BY record_id HAVING count(*) > 1) s JOIN match_records u ON u.record_id = s.record_id
    WHERE u.match_id = ANY($1::text[]::uuid[])
"""
# Of matches that would become active: those whose records are in active use by a match that stays. Suggestions of two
# pairs share records, until one of them is confirmed ($3) ...
_TAKEN = """
    SELECT DISTINCT mine.match_id FROM match_records mine WHERE mine.match_id = ANY($1::text[]::uuid[])
      AND EXISTS (SELECT 1 FROM match_records o
                  WHERE o.record_id = mine.record_id AND o.active AND o.match_id <> ALL($2::text[]::uuid[])
                      AND (o.confirmed OR o.pair_id IS NOT DISTINCT FROM mine.pair_id OR mine.match_id = ANY($3::text[]::uuid[])))
"""
# ... those of which another one that comes back has been decided on since, over the same records: a match that stood in
# place of the first one, and stands in place of nothing any more once it has been replaced in turn ...
_OUTLIVED = """
    WITH waking AS (SELECT * FROM unnest($1::text[]::uuid[], $2::bigint[], $3::text[], $4::bool[])
        AS w(match_id, place, decision_id, confirmed))
    SELECT DISTINCT w.match_id FROM waking w JOIN match_records u ON u.match_id = w.match_id
    JOIN match_records o ON o.record_id = u.record_id AND o.match_id <> u.match_id JOIN waking x ON x.match_id = o.match_id
    WHERE x.place > w.place AND x.decision_id IS DISTINCT FROM w.decision_id
      AND (o.job_id = u.job_id OR w.confirmed OR x.confirmed)
"""
# ... and those that compared something else: a record has changed since, or is gone and has taken its uses along.
_STALE = f"""
    SELECT m.id AS match_id, m.kind, m.extends_id IS NOT NULL AND m.origin = 'engine' AS is_extension, count(*) FILTER (WHERE u.side = 'left') AS lefts,
        count(*) FILTER (WHERE u.side = 'right') AS rights,
        coalesce(bool_or((u.amount, u.currency) IS DISTINCT FROM (r.amount, r.currency)), false) AS has_changed
    FROM matches m LEFT JOIN match_records u ON u.match_id = m.id LEFT JOIN reconciliation_records r ON r.id = u.record_id
    WHERE m.id = ANY($1::text[]::uuid[]) AND m.status NOT IN {sql_list(ACTIVE_MATCH)} GROUP BY m.id
"""
# Signatures are back with the state that was signed, except those under the very decision that is undone.
_SAID_BEFORE = f"""
    UPDATE matches m SET decided_by = (d.previous->>'decided_by')::uuid,
        decided_at = (d.previous->>'decided_at')::timestamptz, reason = d.previous->>'reason',
        remainder_since = CASE WHEN m.remainder IS NOT NULL THEN m.remainder_since END,
        signatures = CASE WHEN d.before IN {sql_list(ACTIVE_MATCH)} AND d.after <> '{MatchStatus.CONFIRMED}'
            THEN jsonb_path_query_array(coalesce(d.previous->'signatures', '[]'),
                CASE WHEN k.kind = '{DecisionKind.SPLIT}' THEN '$[*] ? (@.action != "split")' ELSE '$[*]' END::jsonpath)
            ELSE m.signatures END
    FROM decision_matches d JOIN decisions k ON k.id = d.decision_id
    WHERE d.id = ANY($1::text[]::bigint[]) AND m.id = d.match_id AND d.before IS NOT NULL
"""
# What a match that is confirmed again leaves open is as old as it was; said first, because the books count its age.
_SINCE_BEFORE = f"""
    UPDATE matches m SET remainder_since = (d.previous->>'remainder_since')::timestamptz FROM decision_matches d
    WHERE d.id = ANY($1::text[]::bigint[]) AND m.id = d.match_id AND d.before = '{MatchStatus.CONFIRMED}'
"""
# The sign of a pair when its match was confirmed, and whether others that are confirmed now have another one.
_SIGNS = f"""
    SELECT DISTINCT m.pair_id, (d.previous->>'sign')::int AS sign FROM decision_matches d JOIN matches m ON m.id = d.match_id
    WHERE d.id = ANY($1::text[]::bigint[]) AND d.before = '{MatchStatus.CONFIRMED}' AND m.pair_id IS NOT NULL
        AND d.previous->>'sign' IS NOT NULL ORDER BY 1
"""
_OTHER_SIGN = f"""
    SELECT d.match_id FROM decision_matches d JOIN matches m ON m.id = d.match_id JOIN pairs p ON p.id = m.pair_id
    WHERE d.id = ANY($1::text[]::bigint[]) AND (d.previous->>'sign')::int <> p.sign AND EXISTS (
        SELECT 1 FROM matches o WHERE o.pair_id = p.id AND o.status = '{MatchStatus.CONFIRMED}'
            AND o.id <> ALL($2::text[]::uuid[]))
"""
OTHER_SIGN = "Since then another match has fixed that the two sides count amounts the other way round. Match the records by hand."
_UNDONE = "UPDATE decision_matches SET undone_at = $2, undone_by = $3 WHERE id = ANY($1::text[]::bigint[])"
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
    decisions: dict[UUID, str] = field(default_factory=dict)  # which of them each match goes back with
    bulk: frozenset[UUID] = frozenset()  # matches that a bulk decided on

    def without(self, matches: set[UUID]) -> "Back":
        """The same without some matches, and without what only goes back together with them."""
        gone = {self.decisions[one] for one in matches if one in self.decisions}

        def stays(one: UUID) -> bool:
            # The matches of a bulk go back each by itself.
            return self.decisions.get(one) not in gone or one in self.bulk

        kept = [one for one in self.targets if one not in matches and stays(one)]
        return Back(
            {one: self.targets[one] for one in kept},
            {one: self.rows[one] for one in kept if one in self.rows},
            self.nothing,
            self.decisions,
            self.bulk,
        )


async def find_back(u: UnitOfWork, match_ids: Sequence[UUID]) -> Back:
    """What undoing the latest decisions about these matches would bring back."""
    targets: dict[UUID, MatchStatus] = {}
    rows: dict[UUID, int] = {}
    nothing: list[UUID] = []
    together: dict[UUID, str] = {}
    bulk: set[UUID] = set()
    texts = [str(one) for one in match_ids]
    decisions: set[str] = set()
    for found in await u.execute(_LATEST, texts):
        if found["id"] is not None:
            _add(targets, rows, found)
            decisions.add(str(found["decision_id"]))
            together[found["match_id"]] = str(found["decision_id"])
            bulk |= {found["match_id"]} if found["is_bulk"] else set()
        elif found["status"] == MatchStatus.CONFIRMED and found["job_id"] is not None:
            targets[found["match_id"]] = MatchStatus.SUGGESTED
        else:
            nothing.append(found["match_id"])
    for found in await u.execute(_COMPANIONS, sorted(decisions), texts) if decisions else ():
        _add(targets, rows, found)
        together[found["match_id"]] = str(found["decision_id"])
    return Back(targets, rows, tuple(nothing), together, frozenset(bulk))


def _add(targets: dict[UUID, MatchStatus], rows: dict[UUID, int], found: dict[str, Any]) -> None:
    before = found["before"]
    # A write-off that two people signed is withdrawn as a whole, too. One that was rejected waits again.
    is_made = before is None or (found["is_write_off"] and found["status"] == MatchStatus.CONFIRMED)
    targets[found["match_id"]] = MatchStatus.WITHDRAWN if is_made else MatchStatus(before)
    rows[found["match_id"]] = found["id"]


async def taken(u: UnitOfWork, back: Back) -> set[UUID]:
    """Those matches that cannot come back, because another match uses their records by now."""
    waking = [str(one) for one, status in back.targets.items() if status in ACTIVE_MATCH]
    if not waking:
        return set()
    confirmed = [str(one) for one, status in back.targets.items() if status == MatchStatus.CONFIRMED]
    found = await u.execute(_TAKEN, waking, [str(one) for one in back.targets], confirmed)
    lost = {row["match_id"] for row in found} | await stale(u, waking) | await _outlived(u, back)
    suggested = [one for one, status in back.targets.items() if status == MatchStatus.SUGGESTED and one not in lost]
    return lost | await baseless(u, suggested, back.targets, lost)


async def _outlived(u: UnitOfWork, back: Back) -> set[UUID]:
    """Those matches that would come back beside one that has come after them, over the same records."""
    texts = [str(one) for one, status in back.targets.items() if status in ACTIVE_MATCH]
    # Hardly any share a record, so a bulk compares few with each other.
    waking = [row["match_id"] for row in await u.execute(_SHARED, texts)] if len(texts) > 1 else []
    if not waking:
        return set()
    places = [back.rows.get(one, 0) for one in waking]
    confirmed = [back.targets[one] == MatchStatus.CONFIRMED for one in waking]
    decisions = [back.decisions.get(one) for one in waking]
    texts = [str(one) for one in waking]
    return {row["match_id"] for row in await u.execute(_OUTLIVED, texts, places, decisions, confirmed)}


async def stale(u: UnitOfWork, match_ids: Sequence[UUID | str]) -> set[UUID]:
    """Those of some matches that are not active whose records are gone or have changed since they were compared."""
    return {
        row["match_id"]
        for row in await u.execute(_STALE, [str(one) for one in match_ids])
        if row["has_changed"] or _is_short(row)
    }


def _is_short(match: dict[str, Any]) -> bool:
    """Whether a match has lost a record. A suggestion that extends another match has one, or its own and the other's."""
    if match["is_extension"]:
        return not match["lefts"] and not match["rights"]
    return not match["lefts"] or bool(MatchKind.of(match["lefts"], match["rights"]) != match["kind"])


async def under_other_sign(u: UnitOfWork, back: Back) -> set[UUID]:
    """
    Those of the matches that would be confirmed again, but count amounts the other way round than others that are
    confirmed by now: all confirmed matches of a pair were undone meanwhile, and a new one has fixed another sign.
    """
    rows = [str(back.rows[one]) for one, to in back.targets.items() if to == MatchStatus.CONFIRMED and one in back.rows]
    found = await u.execute(_OTHER_SIGN, rows, [str(one) for one in back.targets]) if rows else []
    return {row["match_id"] for row in found}


async def _restore_signs(u: UnitOfWork, rows: Sequence[str]) -> None:
    """Fix the signs of pairs as they were when matches were confirmed. Raises: VersionConflict if others fix another."""
    for row in await u.execute(_SIGNS, rows):
        known = (await pairs_of(u, [row["pair_id"]]))[row["pair_id"]].sign
        sign = None if known is None else await hold_sign(u, row["pair_id"])
        if sign is None:
            sign = await fix_sign(u, row["pair_id"], row["sign"])
        if sign != row["sign"]:
            raise problems.VersionConflict(OTHER_SIGN)


async def bring_back(
    u: UnitOfWork, transition: Transition, held: Held, back: Back, but: set[UUID]
) -> tuple[list[UUID], list[Standing]]:
    """
    Move the matches back, and mark their decisions as undone. Suggestions to extend a match that is confirmed no longer
    are superseded.

    Returns: the matches that have moved back, and these suggestions.
    """
    moved = [one for one in back.targets if one in held.matches and one not in but]
    rows = [str(back.rows[one]) for one in moved if one in back.rows]
    for status in _ORDER:
        group = [held.matches[one] for one in moved if back.targets[one] == status]
        if group and status == MatchStatus.CONFIRMED:
            await _restore_signs(u, rows)
            await u.execute(_SINCE_BEFORE, rows)
        await transition.move(group, status, Said())
    await u.execute(_SAID_BEFORE, rows)
    await u.execute(_UNDONE, rows, u.at, u.actor.id)
    gone = set(moved).intersection(leaving(held, back))
    return moved, await supersede_extensions(u, transition, sorted(gone), but=moved)


async def undo_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """
    Undoes the latest decision about a match.

    Raises: NotFound, Forbidden, AlreadyDecided if there is none, RecordInUse if another match uses one of its records
    by now, VersionConflict, Busy.
    """
    async with unit_of_work(actor) as u:
        await access.load(actor, Match, match_id, "match.decide")
        wanted = list((await find_back(u, [match_id])).targets) or [match_id]
        held = await hold(u, [*wanted, *set((await bases_of(u, wanted)).values()).difference(wanted)])
        loaded = await access.load(actor, Match, match_id, "match.decide", lock=True)
        match = loaded.row
        await expect_version(u, match, expected)
        standing = held.matches[match_id]
        if any(signature["action"] != "undo" for signature in waiting(match, actor.id)):
            await take_back(u, match)
            return await answer_with(u, match_id)
        back = await find_back(u, [match_id])
        if not back.targets:
            raise await already_decided(u, match_id, standing.status)
        lost = await taken(u, back)
        if back.targets[match_id] in ACTIVE_MATCH:
            if await stale(u, [match_id]):
                raise problems.RecordInUse("A record of this match is gone or has changed since. Match them by hand.")
            is_suggested = back.targets[match_id] == MatchStatus.SUGGESTED
            is_write_off = match.pair_id is None  # suggestions stand beside one that waits
            beside = match.pair_id if is_suggested else None
            used = held.record_ids(match_id)
            await refuse_used(u, used, list(back.targets), suggested_too=not is_write_off, pair_id=beside)
            if match_id in lost and is_write_off:
                raise problems.RecordInUse("Somebody has asked anew to write this record off. Decide on that.")
            if match_id in lost:
                raise await _base_changed(u, match)
        if await under_other_sign(u, back):
            raise problems.VersionConflict(OTHER_SIGN)
        await _refuse_roundabout(u, held, back, match_id)
        if standing.status == MatchStatus.CONFIRMED and not await may_proceed(u, match, loaded.role, "undo"):
            return await answer_with(u, match_id)
        transition = Transition(u)
        moved, extensions = await bring_back(u, transition, held, back, lost)
        if not back.rows:  # there was no decision to take back, so this one is stored, as one that is over
            decision = Decision.begin(u, match.project_id, match.pair_id, DecisionKind.UNDO, reason)
            await decision.over([standing], back.targets[match_id])
        records = await records_of(u, extensions)
        u.audit(
            f"project:{match.project_id}",
            "match.undo",
            ("match", match.id),
            version=standing.version + 1,
            changed=["status"],
            **({"reason": reason} if reason else {}),
        )
        answer = await answer_with(u, match_id)
        write_offs = await moved_write_offs(u, transition, [held.matches[one] for one in moved])
        settled = await transition.settle_last(match.project_id)
        tell_write_offs(u, write_offs, settled)
        others = [one for one in moved if one != match_id]
        for one in moved:
            if held.matches[one].pair_id is not None:
                more = {"status": back.targets[one], "record_ids": held.record_ids(one)}
                replaced = others if one == match_id else []
                tell(u, match.project_id, MatchUndone, held.matches[one], settled, replaced_ids=replaced, **more)
        tell_superseded(u, match.project_id, extensions, settled, records)
        return answer


async def _base_changed(u: UnitOfWork, match: Match) -> problems.RecordInUse:
    """The refusal for a match whose base is not as it was when the match was decided."""
    assert match.extends_id is not None  # or it would not have lost its base
    said, more = await latest_change(u, match.extends_id)
    return problems.RecordInUse(
        f"{said} It is the match that this one extends. Match the records by hand.", extensions=more
    )


async def _refuse_roundabout(u: UnitOfWork, held: Held, back: Back, match_id: UUID) -> None:
    """
    Check that undoing one match does not take another one back that has rules of its own.

    Raises: RecordInUse for a match that another one extends, FourEyes for one that two people have to undo.
    """
    if held.matches[match_id].status == MatchStatus.SUPERSEDED:
        rows = await u.execute(
            "SELECT id FROM matches WHERE extends_id = $1 AND status = ANY($2::text[])",
            match_id,
            [str(status) for status in ACTIVE_MATCH],
        )
        if rows:
            raise await used_by(u, rows[0]["id"], None, "the records of this one to extend it")
    others = [one for one in leaving(held, back) if one != match_id]
    project_id = await project_of(u, match_id)
    if both := await over_limit(u, project_id, others):
        raise problems.FourEyes(
            "This would take back a match that two people have to undo. Undo that one.",
            extensions={"match_id": str(min(both))},
        )


async def project_of(u: UnitOfWork, match_id: UUID) -> UUID:
    """The project of a match."""
    rows = await u.execute("SELECT project_id FROM matches WHERE id = $1", match_id)
    return UUID(str(rows[0]["project_id"]))


def leaving(held: Held, back: Back) -> list[UUID]:
    """The confirmed matches that would be confirmed no longer."""
    return [
        one
        for one, status in back.targets.items()
        if status != MatchStatus.CONFIRMED and one in held.matches and held.matches[one].status == MatchStatus.CONFIRMED
    ]
