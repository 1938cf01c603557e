"""
Download tickets: a browser that follows a link sends no access token, so the link has a ticket of its own.

A ticket is for one path of one session, lasts a minute and works once. What is kept is only that it was used.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tortoise import Tortoise

from core.clock import now
from core.ids import uuid7
from core.problems import Gone, Problem
from models.access import Actor
from models.user import User
from server.auth.tokens import Tokens

LIFE = timedelta(seconds=60)
_AUDIENCE, _KIND = "download", "download+jwt"
# Where answers to repeated requests are kept, a used ticket is one more key that must not be used again. They are
# removed after a day (server/processes/retention.py).
_USE = """
    INSERT INTO idempotency_keys (actor_id, route, key, body_hash, status, headers, body, created_at)
    VALUES ($1, 'GET /downloads', $2, '', 200, '{}', '', now()) ON CONFLICT DO NOTHING RETURNING id
"""
_GONE = "This link has been used or is no longer valid. Start the download again."


@dataclass(frozen=True)
class Ticket:
    """A ticket that was shown: who may fetch what."""

    id: str
    actor: Actor
    path: str


async def issue_ticket(tokens: Tokens, actor: Actor, path: str) -> str:
    """A ticket for a path, for somebody who is signed in."""
    assert actor.session_id is not None
    user = await User.get(id=actor.user_id)
    at = int(now().timestamp())
    claims = {
        "aud": _AUDIENCE,
        "sub": str(user.id),
        "sid": str(actor.session_id),
        "iat": at,
        "nbf": at,
        "exp": at + int(LIFE.total_seconds()),
        "jti": str(uuid7()),
        "tv": user.token_version,
        "path": path,
    }
    return tokens.sign(claims, _KIND)


async def read_ticket(tokens: Tokens, ticket: str) -> Ticket:
    """Who may fetch what. Raises: Gone if the ticket has expired, its session has ended, or it is none of ours."""
    try:
        claims = await tokens.claims_of(ticket, _AUDIENCE, _KIND)
        actor = await tokens.actor_of(claims)
        return Ticket(str(UUID(claims["jti"])), actor, str(claims["path"]))
    except (Problem, KeyError, ValueError) as error:
        raise Gone(_GONE) from error


async def use_ticket(ticket: Ticket) -> None:
    """Use a ticket up. Raises: Gone if it was used before."""
    rows = await Tortoise.get_connection("default").execute_query_dict(_USE, [ticket.actor.user_id, ticket.id])
    if not rows:
        raise Gone(_GONE)
