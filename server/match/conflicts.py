"""Refuses decisions on a match that somebody has changed meanwhile, and says who did what."""

from typing import Any
from uuid import UUID

from core import problems
from models.match import Match
from realtime.unit_of_work import UnitOfWork
from server.match.queries import HISTORY

_DID = {
    "match.confirm": "confirmed this match",
    "match.reject": "rejected this match",
    "match.undo": "took the last decision about this match back",
    "match.create": "made this match",
    "match.match": "made this match",
    "match.split": "split this match",
    "match.write_off": "wrote this record off",
    "match.ask_write_off": "asked to write this record off",
    "match.supersede": "decided on another match with records of this one",
    "match.sign": "signed this match",
    "match.unsign": "took a signature on this match back",
    "match.assign": "said who is to look at this match",
}


async def expect_version(u: UnitOfWork, match: Match, expected: int | None, *, required: bool = False) -> None:
    """Compare If-Match with a match. Raises: PreconditionRequired, VersionConflict, which says who did what."""
    try:
        await u.expect_version(match, expected, required=required)
    except problems.VersionConflict as conflict:
        said, more = await latest_change(u, match.id)
        raise problems.VersionConflict(
            f"{said} Load it again, then decide.", extensions={**conflict.extensions, **more}
        ) from None


async def latest_change(u: UnitOfWork, match_id: UUID) -> tuple[str, dict[str, Any]]:
    """A sentence about who changed a match last, and the same for programs."""
    rows = await u.execute("SELECT updated_at FROM matches WHERE id = $1", match_id)
    # What a job supersedes at its end is in no history.
    history = [
        row
        for row in await u.execute(HISTORY, match_id, str(match_id), "[]")
        if row["action"] in _DID and row["at"] == rows[0]["updated_at"]
    ]
    if not history:
        said = "This match has changed meanwhile, by a job or together with others."
        return said, {"changed_by_name": None, "action": None}
    latest = history[-1]
    who = latest["display_name"] or "Somebody"
    at = latest["at"]
    return (
        f"{who} {_DID[latest['action']]} at {at:%Y-%m-%d %H:%M} UTC.",
        {
            "changed_by": None if latest["person"] is None else str(latest["person"]),
            "changed_by_name": latest["display_name"],
            "changed_at": at.isoformat().replace("+00:00", "Z"),
            "action": latest["action"],
        },
    )
