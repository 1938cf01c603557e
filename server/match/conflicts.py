"""Refuses decisions on a match that somebody has changed meanwhile, and says who did what."""

from typing import Any
from uuid import UUID

from core import problems
from models.match import Match
from models.status import MatchStatus
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
# What moves a match from one status to another. The rest are notes.
_DECIDED = _DID.keys() - {"match.sign", "match.unsign", "match.assign"}
# What to do about a match that is no suggestion, or nothing but one.
_ADVICE = {
    MatchStatus.CONFIRMED: "Undo that to decide again.",
    MatchStatus.REJECTED: "Undo that to decide again.",
    MatchStatus.WITHDRAWN: "It was withdrawn. Match its records again.",
    MatchStatus.SUPERSEDED: "Look at that first.",
    MatchStatus.SUGGESTED: "The match is only a suggestion, so there is nothing to undo.",
}
# What is said where no person has decided.
_NOBODY = {
    MatchStatus.CONFIRMED: "The job confirmed this match.",
    MatchStatus.SUPERSEDED: "A job has matched records of this one.",
}


# A change of a record supersedes the suggestions over it in the same transaction, and what changed later is the same reason.
_CHANGED = f"""
    SELECT e.record_id IS NOT NULL AS changed, (SELECT count(*) FROM match_records u WHERE u.match_id = m.id) < 2
        AND m.pair_id IS NOT NULL AND m.extends_id IS NULL AS is_short,
        (SELECT p.display_name FROM audit_log a LEFT JOIN api_tokens k ON a.actor_type = 'token' AND k.id = a.actor_id
            JOIN users p ON p.id = coalesce(k.user_id, a.actor_id)
            WHERE a.resource_id = e.record_id::text AND a.resource_type = 'record' AND a.action = 'record.update'
            ORDER BY a.at DESC LIMIT 1) AS editor,
        b.status <> '{MatchStatus.CONFIRMED}' AS is_base_gone
    FROM matches m LEFT JOIN matches b ON b.id = m.extends_id
    LEFT JOIN LATERAL (SELECT r.id AS record_id FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id = m.id AND r.version > 1 AND (r.updated_at >= m.updated_at
            OR (u.amount, u.currency) IS DISTINCT FROM (r.amount, r.currency)) LIMIT 1) e ON true
    WHERE m.id = $1
"""


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
    history = [row for row in await _history(u, match_id) if row["at"] == rows[0]["updated_at"]]
    if not history:
        said = "This match has changed meanwhile, by a job or together with others."
        return said, {"changed_by_name": None, "action": None}
    latest = history[-1]
    at = latest["at"]
    return (
        _said(latest),
        {
            "changed_by": None if latest["person"] is None else str(latest["person"]),
            "changed_by_name": latest["display_name"],
            "changed_at": at.isoformat().replace("+00:00", "Z"),
            "action": latest["action"],
        },
    )


async def already_decided(u: UnitOfWork, match_id: UUID, status: MatchStatus) -> problems.AlreadyDecided:
    """The refusal for a match whose status does not allow the decision, with who decided what, when, and how to go on."""
    found = await latest_decision(u, match_id, status)
    said = _NOBODY.get(status, "") if found is None else _said(found)
    if found is None and status == MatchStatus.SUPERSEDED and (why := await _why_superseded(u, match_id)) is not None:
        return problems.AlreadyDecided(why, extensions={"match_status": str(status), **_decided(None)})
    return problems.AlreadyDecided(
        f"{said} {_ADVICE[status]}".strip(), extensions={"match_status": str(status), **_decided(found)}
    )


async def _why_superseded(u: UnitOfWork, match_id: UUID) -> str | None:
    """What a suggestion made way for that was no decision, as far as it can be told from what stands now."""
    found = (await u.execute(_CHANGED, match_id))[0]
    if found["changed"] or found["is_short"]:
        did = "removed" if found["is_short"] else "changed"
        return f"{found['editor'] or 'Somebody'} {did} a record of this match since it was suggested. Match them again."
    if found["is_base_gone"]:
        return "The match that this one extends has changed. Match the records again."
    return None


async def latest_decision(u: UnitOfWork, match_id: UUID, status: MatchStatus) -> dict[str, Any] | None:
    """Who brought a match to its status, as a row of its history; None if it was a job."""
    decided = [row for row in await _history(u, match_id) if row["action"] in _DECIDED]
    if status == MatchStatus.SUPERSEDED:  # a job may have superseded it since the last decision
        decided = [row for row in decided[-1:] if row["action"] in ("match.supersede", "match.split")]
    elif status in (MatchStatus.SUGGESTED, MatchStatus.WITHDRAWN):
        decided = [row for row in decided[-1:] if row["action"] == "match.undo"]
    elif status == MatchStatus.REJECTED:
        decided = [row for row in decided if row["action"] == "match.reject"]
    else:
        made = ("match.confirm", "match.create", "match.match", "match.write_off")
        decided = [row for row in decided if row["action"] in made]
    return decided[-1] if decided else None


async def _history(u: UnitOfWork, match_id: UUID) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await u.execute(HISTORY, match_id, str(match_id), "[]")
    return [row for row in rows if row["action"] in _DID]


def _said(entry: dict[str, Any]) -> str:
    who = entry["display_name"] or ("Somebody" if entry["actor_type"] != "system" else "Tallyroom")
    return f"{who} {_DID[entry['action']]} at {entry['at']:%Y-%m-%d %H:%M} UTC."


def _decided(entry: dict[str, Any] | None) -> dict[str, Any]:
    if entry is None:
        return {"decided_by": None, "decided_by_name": None, "decided_at": None}
    return {
        "decided_by": None if entry["person"] is None else str(entry["person"]),
        "decided_by_name": entry["display_name"],
        "decided_at": entry["at"].isoformat().replace("+00:00", "Z"),
    }
