"""
Four eyes: above a project's limit, a decision needs a second person, who is a controller or an owner.

The first signature changes nothing but the match, which carries it. It can be taken back, and it counts as long as
whoever gave it may decide.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from core import problems
from models import access
from models.access import Actor
from models.match import Match
from models.status import MatchStatus
from realtime.events.match import MatchSigned
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.holds.rights import may_still
from server.match.answering import answer_with
from server.match.conflicts import already_decided, expect_version
from server.match.holding import wait_briefly
from server.match.notes import place_of

# Who matched records by hand takes the match back with their signature (undo).
_WAITING = {MatchStatus.SUGGESTED: ("confirm",), MatchStatus.CONFIRMED: ("undo", "split")}
_LIMIT = """
    SELECT (four_eyes_over->>'amount')::numeric AS amount, four_eyes_over->>'currency' AS currency
    FROM projects WHERE id = $1
"""
# Those of the matches whose larger side is above the limit, or has amounts in another currency. A suggestion that
# extends a match counts with it.
_OVER = f"""
    SELECT match_id FROM (
        SELECT match_id, side, currency, abs(sum(amount)) AS amount FROM (
            SELECT match_id, side, currency, amount FROM match_records WHERE match_id = ANY($1::text[]::uuid[])
            UNION ALL SELECT m.id, CASE WHEN m.turned = b.turned THEN u.side WHEN u.side = 'left' THEN 'right'
                ELSE 'left' END, u.currency, u.amount
            FROM matches m JOIN matches b ON b.id = m.extends_id JOIN match_records u ON u.match_id = b.id
            WHERE m.id = ANY($1::text[]::uuid[]) AND m.status = '{MatchStatus.SUGGESTED}') x
        WHERE amount IS NOT NULL GROUP BY 1, 2, 3) s
    GROUP BY 1 HAVING bool_or(currency IS DISTINCT FROM $3 OR amount > $2)
"""


async def limit_of(u: UnitOfWork, project_id: UUID) -> tuple[Decimal, str] | None:
    """Above what a project needs two people: an amount and its currency."""
    rows = await u.execute(_LIMIT, project_id)
    found = rows[0]
    return None if found["amount"] is None else (found["amount"], found["currency"])


async def over_limit(u: UnitOfWork, project_id: UUID, match_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the matches that need two people."""
    limit = await limit_of(u, project_id)
    if limit is None:
        return set()
    rows = await u.execute(_OVER, [str(one) for one in match_ids], *limit)
    return {row["match_id"] for row in rows}


async def is_over(u: UnitOfWork, project_id: UUID, sums: Mapping[Any, dict[str, Decimal]]) -> bool:
    """Whether sums by currency and side need two people."""
    limit = await limit_of(u, project_id)
    if limit is None:
        return False
    amount, currency = limit
    return any(code != currency or any(abs(side) > amount for side in sides.values()) for code, sides in sums.items())


async def may_proceed(
    u: UnitOfWork, match: Match, role: str, action: str, *, what: dict[str, Any] | None = None
) -> bool:
    """
    Whether a decision about a match takes effect now. Otherwise it has been signed, and waits for somebody else.

    Both people sign the same: if there is more to it than the action, `what` says it. Raises: FourEyes for somebody who has signed it, Forbidden for a second person who is no controller.
    """
    if match.id not in await over_limit(u, match.project_id, [match.id]):
        return True
    # Who matched the records by hand has signed the match.
    given = {action, "match"} if action == "confirm" else {action}
    signatures = [one for one in signatures_of(match) if one["action"] in given and one.get("what") == what]
    if any(one["by"] == str(u.actor.id) for one in signatures):
        raise problems.FourEyes("You have signed this. Another person has to sign it too.")
    if not [one for one in signatures if await may_still(u, UUID(one["by"]), match.project_id, "match.decide")]:
        await sign(u, match, action, what=what)
        return False
    if not access.can(role, "match.sign"):
        raise problems.Forbidden("The second signature has to be a controller's or an owner's.")
    return True


def signatures_of(match: Match) -> list[dict[str, Any]]:
    """The signatures of a match, however they were read."""
    found: Any = match.signatures
    return list(orjson.loads(found) if isinstance(found, str | bytes) else found or [])


def waiting(match: Match, person: UUID | None) -> list[dict[str, Any]]:
    """A person's signatures on decisions that wait. What confirmed a match waits no longer, and stays on it."""
    actions = _WAITING.get(MatchStatus(match.status), ())
    return [one for one in signatures_of(match) if one["by"] == str(person) and one["action"] in actions]


async def sign(u: UnitOfWork, match: Match, action: str, *, what: dict[str, Any] | None = None) -> None:
    """Add the actor's signature."""
    signature = {"by": str(u.actor.id), "at": u.at.isoformat(), "action": action}
    signatures = [*signatures_of(match), signature | ({} if what is None else {"what": what})]
    await _set(u, match, signatures, action, "match.sign")


async def take_back(u: UnitOfWork, match: Match) -> None:
    """Take back the actor's own signatures on decisions that wait."""
    mine = waiting(match, u.actor.id)
    kept = [one for one in signatures_of(match) if one not in mine]
    await _set(u, match, kept, mine[-1]["action"], "match.unsign")


async def unsign_match(actor: Actor, match_id: UUID, expected: int | None) -> Answer:
    """
    Takes back what the actor has signed about a match and waits for a second person.

    Raises: NotFound, Forbidden, AlreadyDecided if nothing of it waits, VersionConflict, Busy.
    """
    async with unit_of_work(actor) as u:
        await wait_briefly(u)
        match = (await access.load(actor, Match, match_id, "match.decide", lock=True)).row
        await expect_version(u, match, expected)
        if not waiting(match, actor.id):
            if any(one["by"] == str(actor.id) for one in signatures_of(match)):  # it waits no longer
                raise await already_decided(u, match_id, MatchStatus(match.status))
            raise problems.AlreadyDecided("No signature of yours waits for a second person here.")
        await take_back(u, match)
        return await answer_with(u, match_id)


async def _set(u: UnitOfWork, match: Match, signatures: list[dict[str, Any]], signed: str, action: str) -> None:
    await u.save(match, signatures=signatures)
    place = await place_of(u, match)
    told = [{name: one[name] for name in ("by", "at", "action")} for one in signatures]
    told_as = signed if action == "match.sign" else "undo"
    u.publish(MatchSigned(match_id=match.id, by=u.actor.id, action=told_as, signatures=told, **place))
    u.audit(
        f"project:{match.project_id}",
        action,
        ("match", match.id),
        version=match.version,
        changed=["signatures"],
        signed=signed,
    )
