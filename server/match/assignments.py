"""
Assignments of many matches at once: one row of the audit log says by whom and when, and each of the matches names it. So
each has it in its history, although nothing is written for each but the match itself.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson

from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Standing

ASSIGNMENT = "assignment"  # the kind of thing that the audit row is about
_ASSIGN = """
    UPDATE matches SET assignee_id = $2, assigned_in = coalesce(assigned_in, '[]') || $4::jsonb, version = version + 1,
        updated_at = $3
    WHERE id = ANY($1::text[]::uuid[]) AND ($5::uuid IS NULL OR assignee_id = $5) RETURNING id
"""


async def assign_many(
    u: UnitOfWork, matches: Sequence[Standing], assignment: UUID, to: UUID | None, taken_from: UUID | None = None
) -> list[UUID]:
    """Give matches that are locked to a person or to nobody, if `taken_from` (or anybody) has them. Returns: which changed."""
    named = orjson.dumps([str(assignment)]).decode()
    rows = await u.execute(_ASSIGN, [str(match.id) for match in matches], to, u.at, named, taken_from)
    return [row["id"] for row in rows]


def audit_assignment(
    u: UnitOfWork, project_id: UUID, assignment: UUID, count: int, *, to: UUID | None, reason: str | None = None
) -> None:
    """Add the one audit row."""
    said = {"reason": reason} if reason else {}
    assignee = None if to is None else str(to)
    u.audit(f"project:{project_id}", "matches.assign", (ASSIGNMENT, assignment), count=count, assignee=assignee, **said)
