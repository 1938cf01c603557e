"""The actions of sign-in. Each is one transaction and one audit row."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import problems
from core.problems import Fault, Invalid
from models.access import ANONYMOUS, About, Actor
from models.user import RefreshToken, Session, User
from realtime.events.user import UserUpdated
from realtime.refusals import record_refusal
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.api import metrics
from server.api.address import network_of
from server.auth.passwords import Passwords, normalised, policy_faults
from server.auth.sessions import (
    Client,
    Grant,
    issue_refresh,
    open_session,
    own_session,
    revoke_other_sessions,
    revoke_refresh_tokens,
    revoke_session,
)
from server.auth.throttle import Throttle, account_of
from server.auth.tokens import IssuedToken, Tokens, parse_refresh_token

RETRY_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True)
class Gate:
    """The parts that sign-in needs."""

    tokens: Tokens
    passwords: Passwords
    throttle: Throttle


async def sign_in(gate: Gate, email: str, password: str, client: Client, *, remember: bool) -> Grant:
    """Sign a person in. Raises: InvalidCredentials, the same for every reason; RateLimited."""
    account = account_of(email)
    gate.passwords.refuse_when_full(network_of(client.ip))
    async with gate.throttle.attempted(account, client.ip):  # before anything is read or computed
        user = await User.filter(email=account).first()
        fits = await _verified(gate, account, user, password, client)
        if user is None or not fits or user.status != "active":
            metrics.SIGN_INS.labels("failure").inc()
            person = Actor("user", user.id) if user else ANONYMOUS
            await record_refusal(
                person, About("account", "session", "auth.login", ""), "failure", network=network_of(client.ip)
            )
            raise problems.InvalidCredentials
        await gate.throttle.succeeded(account, client.ip)
    metrics.SIGN_INS.labels("success").inc()
    new_hash = (
        await gate.passwords.hash(password)
        if user.password_hash and gate.passwords.needs_rehash(user.password_hash)
        else None
    )
    return await begin_session(gate, user, client, remember=remember, new_hash=new_hash)


async def begin_session(
    gate: Gate, user: User, client: Client, *, remember: bool, new_hash: tuple[str, str] | None = None
) -> Grant:
    """
    Begin a session for a person who has been identified.

    Args:
        user: the account as it was when the password was checked.
        new_hash: a new hash of the same password, if the stored one is weaker than the settings require.

    Raises: InvalidCredentials when the account's password or status has changed since.
    """
    verified = user.password_changed_at
    actor = Actor("user", user.id, role=user.role)
    async with unit_of_work(actor) as u:
        user = await _unchanged(u, user.id, verified)
        user.last_login_at = u.at
        if new_hash:
            user.password_hash, user.pepper_id = new_hash
        await user.save(using_db=u.connection, update_fields=["last_login_at", "password_hash", "pepper_id"])
        opened = await open_session(u, user, client, remember=remember, method="pwd")
    return opened.grant(gate.tokens, user)


async def refresh(gate: Gate, token: str, key: str | None) -> Grant:
    """
    Exchange a refresh token for its successor.

    Using a token twice revokes the whole family. The exception is a retry within 60 s with the same Idempotency-Key:
    the first response was lost, and the token it issued is replaced. Raises: RefreshInvalid, RefreshReused.
    """
    parsed = parse_refresh_token(token)
    if parsed is None:
        raise problems.RefreshInvalid
    lookup, digest = parsed
    found = await RefreshToken.filter(lookup=lookup).prefetch_related("session").first()
    if found is None or not hmac.compare_digest(bytes(found.hash), digest):
        raise problems.RefreshInvalid
    actor = Actor("user", found.session.user_id, session_id=found.session_id)
    reused = False
    async with unit_of_work(actor) as u:
        user = await User.filter(id=found.session.user_id).using_db(u.connection).select_for_update(no_key=True).get()
        session = await Session.filter(id=found.session_id).using_db(u.connection).select_for_update(no_key=True).get()
        used = await u.execute(
            "UPDATE refresh_tokens SET used_at = now(), used_key = $3 WHERE lookup = $1 AND hash = $2 "
            "AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now() RETURNING lookup",
            lookup,
            digest,
            key,
        )
        row = await RefreshToken.filter(lookup=lookup).using_db(u.connection).get()
        if session.revoked_at is not None or session.expires_at <= u.at or user.status != "active":
            raise problems.RefreshInvalid
        if not used:
            if row.used_at is None or row.revoked_at is not None:
                raise problems.RefreshInvalid
            retry = key is not None and row.used_key == key and row.used_at > u.at - RETRY_WINDOW
            child = await RefreshToken.filter(lookup=row.child).using_db(u.connection).first() if row.child else None
            if retry and child is not None and child.used_at is None:
                await u.execute("UPDATE refresh_tokens SET revoked_at = now() WHERE lookup = $1", child.lookup)
            else:
                reused = True
                await revoke_session(u, session, "reuse")
                u.audit("account", "auth.refresh_reuse", ("session", session.id), "failure")
        if not reused:
            session.last_used_at = u.at
            await session.save(using_db=u.connection, update_fields=["last_used_at"])
            successor, expires = await issue_refresh(u, session)
            await u.execute("UPDATE refresh_tokens SET child = $2 WHERE lookup = $1", lookup, successor.split(".")[1])
    if reused:
        raise problems.RefreshReused
    access = gate.tokens.issue(user, session)
    return Grant(access, successor, expires, user)


async def sign_out(token: str) -> None:
    """End the session of a refresh token. An unknown token, or a session that has ended already, is not an error."""
    parsed = parse_refresh_token(token)
    if parsed is None:
        return
    found = await RefreshToken.filter(lookup=parsed[0]).prefetch_related("session").first()
    if found is None or not hmac.compare_digest(bytes(found.hash), parsed[1]):
        return
    await end_session(Actor("user", found.session.user_id, session_id=found.session_id), found.session_id, "logout")


async def end_session(actor: Actor, session_id: UUID, reason: str) -> None:
    """End one of the actor's own sessions. Raises: NotFound."""
    async with unit_of_work(actor) as u:
        session = (
            await Session.filter(id=session_id, user_id=actor.user_id)
            .using_db(u.connection)
            .select_for_update(no_key=True)
            .first()
        )
        if session is None:
            raise problems.NotFound
        if session.revoked_at is None:
            await revoke_session(u, session, reason)
            u.audit("account", f"auth.{reason}", ("session", session.id))


async def change_password(gate: Gate, actor: Actor, current: str, new: str, client: Client) -> Grant:
    """
    Change the actor's password. The current session goes on with new tokens; all others end.

    Raises: InvalidCredentials, Invalid, RateLimited.
    """
    faults = policy_faults(new, "/new_password")
    if not faults and normalised(new) == _normalised_or_none(current):
        faults = [Fault("/new_password", "invalid_field", "must differ from the current password")]
    if faults:
        raise Invalid(errors=tuple(faults))
    user = await confirm_password(gate, actor, current, client)
    verified = user.password_changed_at
    stored, pepper = await gate.passwords.hash(new)
    async with unit_of_work(actor) as u:
        user = await _unchanged(u, user.id, verified)
        session = await own_session(u, actor)
        await u.save(
            user,
            password_hash=stored,
            pepper_id=pepper,
            password_changed_at=u.at,
            password_expires_at=None,
            token_version=user.token_version + 1,
        )
        await revoke_other_sessions(u, user.id, session.id, "password")
        await revoke_refresh_tokens(u, session.id)
        session.authenticated_at, session.last_used_at, session.method = u.at, u.at, "pwd"
        await session.save(using_db=u.connection, update_fields=["authenticated_at", "last_used_at", "method"])
        token, expires = await issue_refresh(u, session)
        u.publish(UserUpdated(user_id=user.id, changed=["password"]))
        u.audit("account", "auth.password_change", ("user", user.id), version=user.version, changed=["password"])
    access = gate.tokens.issue(user, session)
    return Grant(access, token, expires, user)


async def reauthenticate(gate: Gate, actor: Actor, password: str, client: Client) -> IssuedToken:
    """Confirm the password, for steps that need it entered again. Raises: InvalidCredentials."""
    user = await confirm_password(gate, actor, password, client)
    verified = user.password_changed_at
    async with unit_of_work(actor) as u:
        user = await _unchanged(u, user.id, verified)
        session = await own_session(u, actor)
        session.authenticated_at, session.method = u.at, "pwd"
        await session.save(using_db=u.connection, update_fields=["authenticated_at", "method"])
        u.audit("account", "auth.reauth", ("session", session.id))
    return gate.tokens.issue(user, session)


async def confirm_password(gate: Gate, actor: Actor, password: str, client: Client) -> User:
    """
    The actor's account, if the password is right. The attempt counts like a sign-in. Raises: InvalidCredentials,
    RateLimited.
    """
    async with gate.throttle.attempted(actor.email, client.ip):
        user = await User.get(id=actor.user_id)
        if not await _verified(gate, actor.email, user, password, client):
            await record_refusal(actor, About("account", "user", "auth.password_check", str(user.id)), "failure")
            raise problems.InvalidCredentials
        await gate.throttle.succeeded(actor.email, client.ip)
        return user


async def _verified(gate: Gate, account: str, user: User | None, password: str, client: Client) -> bool:
    """Whether the password is right. The attempt has been counted already. Raises: Busy."""
    stored, pepper = (user.password_hash, user.pepper_id) if user else (None, None)
    try:
        return await gate.passwords.verify(password, stored, pepper, network=network_of(client.ip))
    except problems.Busy:
        await gate.throttle.unverified(account, client.ip)
        raise


async def _unchanged(u: UnitOfWork, user_id: UUID, password_changed_at: datetime | None) -> User:
    """
    The account, locked, still with the password that was verified. Raises: InvalidCredentials if it has changed since.
    """
    user = await User.filter(id=user_id).using_db(u.connection).select_for_update(no_key=True).get()
    if user.password_changed_at != password_changed_at or user.status != "active":
        raise problems.InvalidCredentials
    return user


def _normalised_or_none(password: str) -> str | None:
    try:
        return normalised(password)
    except ValueError:
        return None
