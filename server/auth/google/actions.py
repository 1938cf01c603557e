"""Signing in with Google: which account it is for, linking and unlinking."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core import problems
from core.ids import uuid7
from core.problems import Duplicate, Forbidden, GoogleTokenInvalid, LinkRequired
from models.access import ANONYMOUS, About, Actor
from models.user import User
from realtime.events.user import UserUpdated
from realtime.refusals import record_refusal
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.api import metrics
from server.api.address import network_of
from server.auth.actions import Gate
from server.auth.google.nonces import spend_nonce
from server.auth.google.tokens import Google, Identity
from server.auth.schemas import UserView
from server.auth.sessions import Client, Grant, entered_lately, open_session, revoke_other_sessions


async def sign_in(
    gate: Gate, google: Google, credential: str, browser: str, client: Client, *, remember: bool = False
) -> Grant:
    """
    Sign in the person that a credential names.

    Raises: GoogleTokenInvalid, without giving the reason; LinkRequired if an account has the address but is not linked;
    RateLimited; Unavailable if Google cannot be reached.
    """
    async with _counted(gate, client):
        identity = await google.identify(credential)
        known = await _known(identity)
        actor = Actor("user", known.id if known else uuid7())
        async with unit_of_work(actor) as u:
            await spend_nonce(u, identity.nonce, browser)
            user = await _admitted(u, google, identity)
            user.last_login_at = u.at
            await user.save(using_db=u.connection, update_fields=["last_login_at"])
            opened = await open_session(u, user, client, remember=remember, method="google")
    metrics.SIGN_INS.labels("success").inc()
    return opened.grant(gate.tokens, user)


async def link(gate: Gate, google: Google, actor: Actor, credential: str, browser: str, client: Client) -> Answer:
    """
    Link a Google account to the actor's account, and end the actor's other sessions.

    Raises: StepUpRequired unless the password was entered in the last five minutes; GoogleTokenInvalid; Duplicate if
    either account is already linked; RateLimited; Unavailable.
    """
    async with _counted(gate, client):
        identity = await google.identify(credential)
        async with unit_of_work(actor) as u:
            user = await entered_lately(u, actor)
            await spend_nonce(u, identity.nonce, browser)
            if user.google_sub not in (None, identity.sub):
                raise Duplicate("Another Google account is linked to your account. Unlink it first.")
            owner = await User.filter(google_sub=identity.sub).using_db(u.connection).first()
            if owner is not None and owner.id != user.id:
                raise Duplicate("This Google account is linked to another account.")
            await _relink(u, actor, user, identity.sub)
            return u.answer(200, UserView.of(user), version=user.version)


async def unlink(actor: Actor) -> None:
    """
    Remove the link to Google from the actor's account, and end the actor's other sessions.

    Raises: StepUpRequired; Forbidden if the account has no password, because then nobody could sign in to it.
    """
    async with unit_of_work(actor) as u:
        user = await entered_lately(u, actor)
        if user.password_hash is None:
            raise Forbidden("Your account has no password. Ask an administrator to set one before you unlink Google.")
        if user.google_sub is not None:
            await _relink(u, actor, user, None)
        u.answer(204)


@asynccontextmanager
async def _counted(gate: Gate, client: Client) -> AsyncIterator[None]:
    """Count a refused credential against its network and record it. Raises: RateLimited if there were too many."""
    await gate.throttle.refuse_network(client.ip)
    try:
        yield
    except GoogleTokenInvalid:
        await gate.throttle.network_failed(client.ip)
        metrics.SIGN_INS.labels("failure").inc()
        about = About("account", "session", "auth.google", "")
        await record_refusal(ANONYMOUS, about, "failure", network=network_of(client.ip))
        raise


async def _known(identity: Identity) -> User | None:
    """The account that this sign-in is probably for, read before anything is locked."""
    return await User.filter(google_sub=identity.sub).first() or await User.filter(email=identity.email).first()


async def _admitted(u: UnitOfWork, google: Google, identity: Identity) -> User:
    """
    The account of an identity, locked. It is created or linked if the settings allow it. Raises: GoogleTokenInvalid,
    LinkRequired.
    """
    users = User.filter().using_db(u.connection).select_for_update(no_key=True)
    user = await users.filter(google_sub=identity.sub).first() or await users.filter(email=identity.email).first()
    if user is None:
        return await _made(u, google, identity)
    if user.id != u.actor.id:
        raise problems.Busy("The account has just changed. Try again.", retry_after_s=1)
    if user.status == "disabled":
        raise GoogleTokenInvalid
    if user.google_sub == identity.sub:
        return user
    if user.status == "invited" and google.new_people != "off" and identity.is_authoritative and not user.google_sub:
        await u.save(user, google_sub=identity.sub, status="active")
        u.publish(UserUpdated(user_id=user.id, changed=["status", "google"]))
        u.audit("account", "auth.google_link", ("user", user.id), version=user.version, changed=["status", "google"])
        return user
    raise LinkRequired


async def _made(u: UnitOfWork, google: Google, identity: Identity) -> User:
    """A new account, if people of the identity's domain may create one. Raises: GoogleTokenInvalid."""
    if google.new_people != "domain" or identity.domain not in google.domains:
        raise GoogleTokenInvalid("No account belongs to this Google account. Ask an administrator to invite you.")
    assert u.actor.id is not None
    user = await User.create(
        using_db=u.connection,
        id=u.actor.id,
        email=identity.email,
        display_name=identity.name,
        role="user",
        status="active",
        google_sub=identity.sub,
        created_at=u.at,
        updated_at=u.at,
    )
    u.audit("account", "user.create", ("user", user.id), version=1, changed=["email", "display_name", "role", "google"])
    return user


async def _relink(u: UnitOfWork, actor: Actor, user: User, sub: str | None) -> None:
    assert actor.session_id is not None
    await u.save(user, google_sub=sub)
    await revoke_other_sessions(u, user.id, actor.session_id, "google")
    u.publish(UserUpdated(user_id=user.id, changed=["google"]))
    verb = "auth.google_link" if sub else "auth.google_unlink"
    u.audit("account", verb, ("user", user.id), version=user.version, changed=["google"])
