"""Sessions: how they begin, which tokens they give out, and how they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from core import problems
from core.ids import uuid7
from models.access import Actor
from models.user import RefreshToken, Session, User
from realtime import streams
from realtime.events.session import SessionRevoked
from realtime.unit_of_work import UnitOfWork
from server.api.address import network_of
from server.auth.tokens import IssuedToken, Tokens, new_refresh_token

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(hours=24)
ABSOLUTE_REMEMBERED = timedelta(days=30)
MAX_SESSIONS = 20
STEP_UP = timedelta(minutes=5)  # since the person last proved who they are
_CLIENTS = ("Edg", "Firefox", "Chrome", "Safari", "curl", "python", "node")


@dataclass(frozen=True)
class Client:
    """The client that signs in."""

    ip: str
    user_agent: str

    @property
    def family(self) -> str:
        """A short name for the user agent."""
        agent = self.user_agent.lower()
        return next((name for name in _CLIENTS if name.lower() in agent), "other")


@dataclass(frozen=True)
class Grant:
    """What a sign-in or a refresh returns."""

    access: IssuedToken
    refresh_token: str
    refresh_expires_at: datetime
    user: User


@dataclass(frozen=True)
class Opened:
    """A session that has just begun, with its first refresh token."""

    session: Session
    refresh_token: str
    refresh_expires_at: datetime

    def grant(self, tokens: Tokens, user: User) -> Grant:
        """What the person gets once the session is committed."""
        return Grant(tokens.issue(user, self.session), self.refresh_token, self.refresh_expires_at, user)


async def open_session(
    u: UnitOfWork, user: User, client: Client, *, remember: bool, method: Literal["pwd", "google"]
) -> Opened:
    """Begin a session for a person identified by `method`. If there are too many sessions, the oldest ones end."""
    session = await Session.create(
        using_db=u.connection,
        id=uuid7(),
        user_id=user.id,
        method=method,
        created_at=u.at,
        last_used_at=u.at,
        expires_at=u.at + (ABSOLUTE_REMEMBERED if remember else ABSOLUTE),
        authenticated_at=u.at,
        network=network_of(client.ip),
        client=client.family,
    )
    await _revoke_oldest(u, user.id)
    token, expires = await issue_refresh(u, session)
    u.open_stream(streams.user(user.id))  # the session's sockets follow this stream
    u.audit("account", "auth.login", ("session", session.id), method=method)
    return Opened(session, token, expires)


async def own_session(u: UnitOfWork, actor: Actor) -> Session:
    """The actor's session, locked. Raises: TokenRevoked if it has ended meanwhile."""
    session = (
        await Session.filter(id=actor.session_id, revoked_at=None)
        .using_db(u.connection)
        .select_for_update(no_key=True)
        .first()
    )
    if session is None:
        raise problems.TokenRevoked
    return session


async def entered_lately(u: UnitOfWork, actor: Actor, methods: tuple[str, ...] = ("pwd",)) -> User:
    """
    The actor's account, locked, if the person proved by one of these methods within STEP_UP who they are. Raises:
    StepUpRequired.
    """
    user = await User.filter(id=actor.user_id).using_db(u.connection).select_for_update(no_key=True).get()
    session = await own_session(u, actor)
    if session.method not in methods or session.authenticated_at < u.at - STEP_UP:
        raise problems.StepUpRequired
    return user


async def issue_refresh(u: UnitOfWork, session: Session) -> tuple[str, datetime]:
    """Give a session its next refresh token. Returns: the token and when it expires."""
    token, lookup, digest = new_refresh_token()
    expires = min(u.at + IDLE, session.expires_at)
    if session.expires_at - session.created_at > ABSOLUTE:
        expires = session.expires_at  # a remembered device has no idle limit
    await RefreshToken.create(
        using_db=u.connection, lookup=lookup, hash=digest, session_id=session.id, created_at=u.at, expires_at=expires
    )
    return token, expires


async def revoke_session(u: UnitOfWork, session: Session, reason: str) -> None:
    """End a session: revoke its tokens, and publish the event that closes its sockets."""
    await u.execute(
        "UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE id = $1 AND revoked_at IS NULL",
        session.id,
        u.at,
        reason,
    )
    await revoke_refresh_tokens(u, session.id)
    u.publish(SessionRevoked(user_id=session.user_id, session_id=session.id))


async def revoke_other_sessions(u: UnitOfWork, user_id: UUID, kept: UUID, reason: str) -> None:
    """End all sessions of a person except one."""
    live = await Session.filter(user_id=user_id, revoked_at=None).using_db(u.connection).order_by("id")
    for session in live:
        if session.id != kept:
            await revoke_session(u, session, reason)


async def revoke_sessions(u: UnitOfWork, user_id: UUID, reason: str) -> None:
    """End all sessions of a person."""
    await u.execute(
        "UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE user_id = $1 AND revoked_at IS NULL",
        user_id,
        u.at,
        reason,
    )
    await u.execute(
        "UPDATE refresh_tokens SET revoked_at = $2 WHERE revoked_at IS NULL "
        "AND session_id IN (SELECT id FROM sessions WHERE user_id = $1)",
        user_id,
        u.at,
    )
    u.publish(SessionRevoked(user_id=user_id, session_id=None))


async def _revoke_oldest(u: UnitOfWork, user_id: UUID) -> None:
    live = (
        await Session.filter(user_id=user_id, revoked_at=None, expires_at__gt=u.at)
        .using_db(u.connection)
        .order_by("-id")
    )
    for session in live[MAX_SESSIONS:]:
        await revoke_session(u, session, "too_many")


async def revoke_refresh_tokens(u: UnitOfWork, session_id: UUID) -> None:
    """Revoke the refresh tokens of a session; the session itself continues."""
    await u.execute(
        "UPDATE refresh_tokens SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL", session_id, u.at
    )
