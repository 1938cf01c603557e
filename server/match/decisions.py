"""Writes down decisions, so that they can be undone, and tells who made one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core import problems
from core.ids import uuid7
from models.status import DecisionKind, MatchStatus
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Standing

_DECISION = """
    INSERT INTO decisions (id, project_id, pair_id, kind, is_bulk, decided_by, actor_type, actor_id, reason, version,
        created_at, updated_at) VALUES ($1, ${0}, ${1}, ${2}, ${3}, ${4}, ${5}, ${6}, ${7}, 1, ${8}, ${8})
"""
# What the match said before, which undoing brings back.
_TOUCHED = """
    INSERT INTO decision_matches (decision_id, match_id, before, after, previous)
    SELECT $1, m.id, x.before, x.after, jsonb_build_object('decided_by', m.decided_by, 'decided_at', m.decided_at,
        'reason', m.reason, 'remainder_since', m.remainder_since, 'signatures', m.signatures,
        'sign', (SELECT p.sign FROM pairs p WHERE p.id = m.pair_id))
    FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY x(id, before, after, n) JOIN matches m ON m.id = x.id::uuid
    ORDER BY x.n
"""
_MADE = "INSERT INTO decision_matches (decision_id, match_id, after) SELECT $1, unnest($2::text[])::uuid, $3"
_OVER = (
    "INSERT INTO decision_matches (decision_id, match_id, before, after, undone_at, undone_by) "
    "SELECT $1, id::uuid, before, $4, $5, $6 FROM unnest($2::text[], $3::text[]) WITH ORDINALITY x(id, before, n) ORDER BY n"
)


class Decision:
    """A decision that is being made. It is stored with the first that it notes; what it touches, before the matches move."""

    def __init__(self, u: UnitOfWork, decision_id: UUID, row: Sequence[Any]) -> None:
        self.u = u
        self.id = decision_id
        self._row = row

    @classmethod
    def begin(
        cls,
        u: UnitOfWork,
        project_id: UUID,
        pair_id: UUID | None,
        kind: DecisionKind,
        reason: str | None,
        *,
        is_bulk: bool = False,
    ) -> "Decision":
        """The decision itself, which is yet to be stored."""
        actor = u.actor
        row = (project_id, pair_id, kind, is_bulk, actor.id, actor.type, actor.acting_id, reason, u.at)
        return cls(u, uuid7(), row)

    async def touch(self, *moves: tuple[Sequence[Standing], MatchStatus]) -> None:
        """Note matches before they move, each with the status that it moves to."""
        ids = [str(match.id) for matches, _ in moves for match in matches]
        before = [str(match.status) for matches, _ in moves for match in matches]
        if ids:
            await self._note(_TOUCHED, ids, before, [str(after) for matches, after in moves for _ in matches])

    async def over(self, matches: Sequence[Standing], after: MatchStatus) -> None:
        """Note matches of which the decision cannot be undone."""
        ids, before = [str(match.id) for match in matches], [str(match.status) for match in matches]
        await self._note(_OVER, ids, before, after, self.u.at, self.u.actor.id)

    async def made(self, match_ids: Sequence[UUID], after: MatchStatus) -> None:
        """Note matches that the decision makes."""
        await self._note(_MADE, [str(match_id) for match_id in match_ids], after)

    async def _note(self, statement: str, *values: Any) -> None:
        row, self._row = self._row, ()
        if row:
            first = len(values) + 2
            statement = f"WITH decision AS ({_DECISION.format(*range(first, first + len(row)))}) {statement}"
        await self.u.execute(statement, self.id, *values, *row)


# A change of a record supersedes the suggestions over it in the same transaction, and what changed later is the same reason.
_SUPERSEDED = f"""
    SELECT e.record_id IS NOT NULL AS changed, (SELECT count(*) FROM match_records u WHERE u.match_id = m.id) < 2
        AND m.pair_id IS NOT NULL AND m.extends_id IS NULL AS is_short,
        (SELECT p.display_name FROM audit_log a LEFT JOIN api_tokens k ON a.actor_type = 'token' AND k.id = a.actor_id
            JOIN users p ON p.id = coalesce(k.user_id, a.actor_id)
            WHERE a.resource_id = e.record_id::text AND a.resource_type = 'record' AND a.action = 'record.update'
            ORDER BY a.at DESC LIMIT 1) AS editor,
        b.status <> '{MatchStatus.CONFIRMED}' AS is_base_gone, t.id AS taker, t.display_name AS taker_name
    FROM matches m LEFT JOIN matches b ON b.id = m.extends_id
    LEFT JOIN LATERAL (SELECT r.id AS record_id FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id = m.id AND r.version > 1 AND (r.updated_at >= m.updated_at
            OR (u.amount, u.currency) IS DISTINCT FROM (r.amount, r.currency)) LIMIT 1) e ON true
    LEFT JOIN LATERAL (SELECT o.match_id AS id, p.display_name FROM match_records u
        JOIN match_records o ON o.record_id = u.record_id AND o.confirmed JOIN matches x ON x.id = o.match_id
        LEFT JOIN users p ON p.id = x.decided_by WHERE u.match_id = m.id LIMIT 1) t ON true
    WHERE m.id = $1
"""


async def _why_superseded(u: UnitOfWork, match_id: UUID) -> str:
    """What became of a suggestion that made way, as far as it can be told from what stands now."""
    found = (await u.execute(_SUPERSEDED, match_id))[0]
    if found["changed"] or found["is_short"]:
        did = "removed" if found["is_short"] else "changed"
        return f"{found['editor'] or 'Somebody'} {did} a record of this match since it was suggested. Match them again."
    if found["is_base_gone"]:
        return "The match that this one extends has changed. Match the records again."
    if found["taker"] is not None:
        who = found["taker_name"] or "Somebody"
        return f"{who} decided on another match with records of this one. Undo that first."
    return "This match made way for another one, or for a write-off. Match its records again."


async def already_decided(u: UnitOfWork, match_id: UUID, status: MatchStatus) -> problems.AlreadyDecided:
    """The refusal for a match that is no suggestion, with who decided and when."""
    rows: list[dict[str, Any]] = await u.execute(
        "SELECT m.decided_by, m.decided_at, m.origin, p.display_name FROM matches m "
        "LEFT JOIN users p ON p.id = m.decided_by WHERE m.id = $1",
        match_id,
    )
    found = rows[0]
    who = found["display_name"] or ("The job" if found["decided_by"] is None else "Somebody")
    at = found["decided_at"]
    when = "" if at is None else f" at {at:%Y-%m-%d %H:%M} UTC"
    said = {
        MatchStatus.CONFIRMED: f"{who} confirmed this match{when}. Undo that to decide again.",
        MatchStatus.REJECTED: f"{who} rejected this match{when}. Undo that to decide again.",
        MatchStatus.WITHDRAWN: "This match was withdrawn. Match its records again.",
        MatchStatus.SUPERSEDED: await _why_superseded(u, match_id) if status == MatchStatus.SUPERSEDED else "",
        MatchStatus.SUGGESTED: "This match is only a suggestion. There is nothing to undo.",
    }[status]
    return problems.AlreadyDecided(
        said,
        extensions={
            "match_status": str(status),
            "decided_by": None if found["decided_by"] is None else str(found["decided_by"]),
            "decided_by_name": found["display_name"],
            "decided_at": None if at is None else at.isoformat().replace("+00:00", "Z"),
        },
    )
