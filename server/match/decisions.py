"""Writes down decisions, so that they can be undone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

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
