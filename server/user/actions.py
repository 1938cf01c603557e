"""Actions on accounts."""

from uuid import UUID

from core import problems
from core.ids import uuid7
from core.problems import Forbidden, Invalid, NotFound
from models.access import About, Actor
from models.user import User
from realtime import streams
from realtime.events.user import UserUpdated
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.auth.api_tokens.actions import forget_tokens
from server.auth.passwords import Passwords, policy_faults
from server.auth.schemas import UserView
from server.auth.sessions import revoke_sessions
from server.auth.throttle import forget_account
from server.match.leaving import take_off
from server.project.actions import leave_projects
from server.user.schemas import MeUpdate, UserCreate, UserUpdate
from server.vault.cipher import VaultCipher


def require_admin(actor: Actor, action: str, user_id: UUID | None = None) -> None:
    """Only administrators may manage accounts. Raises: Forbidden."""
    if actor.role != "admin":
        raise Forbidden(
            "Only administrators may do this to other people's accounts.",
            about=About("account", "user", action, str(user_id or "")),
        )


async def create_user(actor: Actor, body: UserCreate, passwords: Passwords, *, is_demo: bool = False) -> Answer:
    """Create an account. Without a password it waits to be invited. Raises: Forbidden, Invalid, Duplicate."""
    faults = [] if is_demo or body.password is None else policy_faults(body.password, "/password")
    if faults:
        raise Invalid(errors=tuple(faults))
    require_admin(actor, "user.create")
    stored: tuple[str | None, str | None] = (None, None)
    if body.password is not None:
        stored = await passwords.hash(body.password)
    async with unit_of_work(actor) as u:
        if await User.filter(email=body.email).using_db(u.connection).exists():
            raise problems.Duplicate("There is already an account with this e-mail address.")
        user = await User.create(
            using_db=u.connection,
            id=uuid7(),
            email=body.email,
            display_name=body.display_name,
            role=body.role,
            status="active" if stored[0] else "invited",
            password_hash=stored[0],
            pepper_id=stored[1],
            password_changed_at=u.at if stored[0] else None,
            created_at=u.at,
            updated_at=u.at,
        )
        u.open_stream(streams.user(user.id))
        u.audit("account", "user.create", ("user", user.id), version=1, changed=["email", "display_name", "role"])
        return u.answer(201, UserView.of(user), version=1)


async def update_user(actor: Actor, user_id: UUID, body: UserUpdate, expected: int | None) -> Answer:
    """
    Change an account. A new role or status ends its sessions. Raises: Forbidden, NotFound, VersionConflict,
    LastManager.
    """
    changes = body.model_dump(exclude_unset=True)
    require_admin(actor, "user.update", user_id)
    async with unit_of_work(actor) as u:
        if "role" in changes or "status" in changes:
            await _lock_admins(u, user_id)
        user = await _locked(u, user_id)
        await u.expect_version(user, expected, required=False)
        if user.role == "admin" and (changes.get("role", "admin") != "admin" or changes.get("status") == "disabled"):
            await _keep_an_admin(u, user.id)
        can_sign_in = user.password_hash is not None or user.google_sub is not None
        if "status" in changes and changes["status"] == "active" and not can_sign_in:
            changes["status"] = "invited"
        demoted = any(name in changes and changes[name] != getattr(user, name) for name in ("role", "status"))
        if demoted:
            changes["token_version"] = user.token_version + 1
        changed = [name for name in await u.save(user, **changes) if name != "token_version"]
        if "status" in changed and user.status == "disabled":
            await take_off(u, user.id)
        if demoted:
            await revoke_sessions(u, user.id, "account_changed")
        if changed:
            u.publish(UserUpdated(user_id=user.id, changed=changed))
            u.audit("account", "user.update", ("user", user.id), version=user.version, changed=changed)
        return u.answer(200, UserView.of(user), version=user.version)


async def update_me(actor: Actor, body: MeUpdate, expected: int | None) -> Answer:
    """Change the actor's own name. Raises: VersionConflict."""
    async with unit_of_work(actor) as u:
        user = await _locked(u, actor.user_id)
        await u.expect_version(user, expected, required=False)
        changed = await u.save(user, display_name=body.display_name)
        if changed:
            u.publish(UserUpdated(user_id=user.id, changed=changed))
            u.audit("account", "user.update_self", ("user", user.id), version=user.version, changed=changed)
        return u.answer(200, UserView.of(user), version=user.version)


async def delete_user(actor: Actor, cipher: VaultCipher, user_id: UUID, expected: int | None) -> None:
    """
    Delete a person: remove name, address and sessions, and end all memberships. The audit log keeps the id.

    Raises: Forbidden, NotFound, VersionConflict, LastManager if the person is the last one in charge of something.
    """
    require_admin(actor, "user.delete", user_id)
    async with unit_of_work(actor) as u:
        await _lock_admins(u, user_id)
        user = await _locked(u, user_id)
        await u.expect_version(user, expected, required=False)
        if user.role == "admin":
            await _keep_an_admin(u, user.id)
        await leave_projects(u, cipher, user.id)
        await forget_account(u.connection, user.email)
        await u.save(
            user,
            email=deleted_address(user.id),
            display_name="Deleted person",
            status="disabled",
            role="user",
            password_hash=None,
            pepper_id=None,
            password_changed_at=None,
            password_expires_at=None,
            last_login_at=None,
            google_sub=None,
            token_version=user.token_version + 1,
        )
        await revoke_sessions(u, user.id, "deleted")
        await u.execute(
            "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)", user.id
        )
        await u.execute("DELETE FROM sessions WHERE user_id = $1", user.id)
        await forget_tokens(u, user.id)
        u.audit("account", "user.delete", ("user", user.id), version=user.version)


async def end_all_sessions(actor: Actor, user_id: UUID) -> None:
    """End all sessions of an account. Raises: Forbidden, NotFound."""
    require_admin(actor, "user.sessions_revoke", user_id)
    async with unit_of_work(actor) as u:
        user = await _locked(u, user_id)
        user.token_version += 1
        await user.save(using_db=u.connection, update_fields=["token_version"])
        await revoke_sessions(u, user.id, "administrator")
        u.audit("account", "user.sessions_revoke", ("user", user.id))
        u.answer(204)


async def reset_password(actor: Actor, email: str, password: str, passwords: Passwords) -> UUID:
    """
    Set a new password for an account, end its sessions, and lift any block that password guessing has caused.

    Raises: Forbidden, NotFound, Invalid.
    """
    faults = policy_faults(password, "/password")
    if faults:
        raise Invalid(errors=tuple(faults))
    require_admin(actor, "user.password_reset")
    stored, pepper = await passwords.hash(password)
    async with unit_of_work(actor) as u:
        user = await User.filter(email=email).using_db(u.connection).select_for_update(no_key=True).first()
        if user is None:
            raise NotFound
        await u.save(
            user,
            password_hash=stored,
            pepper_id=pepper,
            password_changed_at=u.at,
            password_expires_at=None,
            status="active" if user.status == "invited" else user.status,
            token_version=user.token_version + 1,
        )
        await forget_account(u.connection, user.email)
        await revoke_sessions(u, user.id, "password_reset")
        u.audit("account", "user.password_reset", ("user", user.id), version=user.version, changed=["password"])
        return user.id


def deleted_address(user_id: UUID) -> str:
    """The placeholder for a deleted person's address. Its domain is reserved, so nobody's mail goes there."""
    return f"{user_id}@deleted.invalid"


async def _locked(u: UnitOfWork, user_id: UUID) -> User:
    user = await User.filter(id=user_id).using_db(u.connection).select_for_update(no_key=True).first()
    if user is None or user.email == deleted_address(user_id):
        raise NotFound
    return user


async def _lock_admins(u: UnitOfWork, changed: UUID) -> None:
    # Locked together with the account itself, in the order of ids, so that two demotions at once cannot deadlock, and
    # cannot each see the other administrator remain.
    await u.execute(
        "SELECT 1 FROM users WHERE id = $1 OR (role = 'admin' AND status = 'active') ORDER BY id FOR NO KEY UPDATE",
        changed,
    )


async def _keep_an_admin(u: UnitOfWork, leaving: UUID) -> None:
    others = await u.execute(
        "SELECT 1 FROM users WHERE role = 'admin' AND status = 'active' AND id <> $1 LIMIT 1", leaving
    )
    if not others:
        raise problems.LastManager("This is the last administrator. Appoint another one first.")
