"""Refuses what would change records that matches use, and says who decided that they do, and what to do about it."""

from typing import Any
from uuid import UUID

from core import problems
from models.status import MatchKind, MatchStatus
from realtime.unit_of_work import UnitOfWork

_USE = """
    SELECT m.status, m.kind, m.origin, m.decided_by, m.decided_at, m.extends_id, p.display_name
    FROM matches m LEFT JOIN users p ON p.id = m.decided_by WHERE m.id = $1
"""


async def used_by(
    u: UnitOfWork, match_id: UUID, record_id: UUID | None, what: str = "one of these records"
) -> problems.RecordInUse:
    """
    The refusal that names a match which is in the way: what somebody did to `what`, who and when, and how to go on.
    """
    found: dict[str, Any] = (await u.execute(_USE, match_id))[0]
    who = found["display_name"] or ("A job" if found["decided_by"] is None else "Somebody")
    at = found["decided_at"]
    when = "" if at is None else f" at {at:%Y-%m-%d %H:%M} UTC"
    more = {} if record_id is None else {"record_id": str(record_id)}
    return problems.RecordInUse(
        _sentence(found, who, when, what),
        extensions={
            "match_id": str(match_id),
            "match_status": found["status"],
            "decided_by": None if found["decided_by"] is None else str(found["decided_by"]),
            "decided_by_name": found["display_name"],
            "decided_at": None if at is None else at.isoformat().replace("+00:00", "Z"),
            **more,
        },
    )


def _sentence(match: dict[str, Any], who: str, when: str, what: str) -> str:
    is_write_off = match["kind"] == MatchKind.ONE_SIDED and match["origin"] == "manual"
    if match["status"] != MatchStatus.CONFIRMED:
        if is_write_off:
            return f"{who} has signed to write {what} off{when}, which waits for a second person. Take that back first."
        return f"A newer suggestion uses {what}. Reject that first."
    if is_write_off:
        return f"{who} wrote {what} off{when}. Take that back first: it is written off, and no match uses it."
    if match["origin"] == "manual":
        return f"{who} matched {what} by hand{when}. Undo that match first."
    return f"{who} confirmed a match that uses {what}{when}. Undo that match first."
