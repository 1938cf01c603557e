"""
Who may do what. Every row is loaded *through* its actor, here and nowhere else.

What an actor may not see raises the same NotFound as what does not exist. What they see but may not do raises
Forbidden.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from tortoise import Tortoise
from tortoise.models import Model

from core.problems import Forbidden, NotFound, Problem
from models import sql
from models.decision import Decision
from models.job import Job
from models.match import Match
from models.plan import Plan
from models.project import Project
from models.record import Record
from models.scope import SCOPE_OF, Limits
from models.source import Source
from models.vault import Entry, Vault

PROJECT_ROLES = ("viewer", "analyst", "controller", "owner")
VAULT_ROLES = ("viewer", "reader", "editor", "vault_manager")
ProjectRole = Literal["viewer", "analyst", "controller", "owner"]
VaultRole = Literal["viewer", "reader", "editor", "vault_manager"]
UserRole = Literal["admin", "manager", "user"]

# An administrator without membership has this in place of a role.
ADMIN = "admin"

# The least role for an action. What an administrator without membership may do is listed separately below.
PROJECT_ACTIONS: dict[str, str] = {
    "project.read": "viewer",
    "project.read_within": "viewer",  # the contents of a project, hidden from an administrator without membership
    "project.subscribe": "viewer",
    "project.members.read": "viewer",
    "source.load": "analyst",
    "record.edit": "analyst",
    "job.run": "analyst",
    "match.decide": "analyst",
    "match.comment": "analyst",
    "match.write_off_any": "controller",  # above the project's limit
    "match.sign": "controller",  # as the second person
    "match.assign": "controller",
    "plan.suggest": "analyst",
    "plan.edit": "controller",
    "vault.create": "controller",
    "project.members.edit": "owner",
    "project.edit": "owner",
    "project.delete": "owner",
    "project.audit": "controller",
    "project.vaults": "viewer",  # the list of its vaults, which shows only those that the actor may use
}
ADMIN_PROJECT_ACTIONS = frozenset({"project.read", "project.members.read", "project.members.add", "project.vaults"})
VAULT_ACTIONS: dict[str, str] = {
    "vault.read": "viewer",
    "vault.subscribe": "viewer",
    "vault.subscribe.accesses": "vault_manager",
    "entry.read": "viewer",
    "entry.reveal": "reader",
    "entry.edit": "editor",
    "vault.audit.own": "editor",
    "vault.audit": "vault_manager",
    "vault.members.read": "viewer",
    "vault.members.edit": "vault_manager",
    "vault.edit": "vault_manager",
    "vault.delete": "vault_manager",
    "entry.purge": "vault_manager",
}
ADMIN_VAULT_ACTIONS = frozenset({"vault.read", "vault.members.read", "vault.members.edit", "vault.audit"})


@dataclass(frozen=True)
class Actor:
    """
    Who acts: a signed-in person, a program with a person's API token, somebody who has not signed in, or the system
    itself.

    `id` is always the person's. What a token does, it does with the rights of its owner, cut down to its limits.
    """

    type: Literal["user", "token", "anonymous", "system"]
    id: UUID | None
    role: str = "user"
    session_id: UUID | None = None
    email: str = ""
    display_name: str = ""
    password_expires_at: datetime | None = None
    password_expired: bool = False
    token_expires_at: datetime | None = None
    authenticated_at: datetime | None = None
    limits: Limits | None = None  # of the API token, if the actor is one

    @property
    def user_id(self) -> UUID:
        """The person's id. Raises: NotFound for an actor that is not a person."""
        if self.id is None:
            raise NotFound
        return self.id

    @property
    def acting_id(self) -> UUID | None:
        """Who the audit log and events name: the token, if it is one, and otherwise the person."""
        return self.id if self.limits is None else self.limits.token_id

    @property
    def owner(self) -> "Actor":
        """The person behind a token, without the token's limits. A person is their own owner."""
        return self if self.limits is None else replace(self, type="user", limits=None)

    def view(self) -> dict[str, Any]:
        """The actor as it appears in events and in the audit log: {type, id}."""
        return {"type": self.type, "id": str(self.acting_id) if self.acting_id else None}


SYSTEM = Actor(type="system", id=None, role="admin")
ANONYMOUS = Actor(type="anonymous", id=None, role="anonymous")  # owns nothing and is a member of nothing

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Loaded(Generic[Row]):
    """A row, and the actor's role in its project or vault."""

    row: Row
    role: str
    project_id: UUID | None = None


def can(role: str, action: str) -> bool:
    """Whether a role allows an action."""
    if action in VAULT_ACTIONS:
        if role == ADMIN:
            return action in ADMIN_VAULT_ACTIONS
        return role in VAULT_ROLES and VAULT_ROLES.index(role) >= VAULT_ROLES.index(VAULT_ACTIONS[action])
    if action == "project.members.add":
        return role in (ADMIN, "owner")
    if role == ADMIN:
        return action in ADMIN_PROJECT_ACTIONS
    return role in PROJECT_ROLES and PROJECT_ROLES.index(role) >= PROJECT_ROLES.index(PROJECT_ACTIONS[action])


def needed(role: str, action: str) -> str:
    """Which roles an action needs, for somebody whose role does not allow it."""
    is_vault = action in VAULT_ACTIONS
    known, place, giver = (VAULT_ROLES, "vault", "a manager") if is_vault else (PROJECT_ROLES, "project", "an owner")
    allowed = [_word(one) for one in known if can(one, action)]
    roles = f"{', '.join(allowed[:-1])} or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
    if role == ADMIN:
        return (
            f"This needs a member of the {place} with the role {roles}. You administer the installation, and are none."
        )
    return f"This needs the role {roles} in the {place}. Yours is {_word(role)}: ask {giver} of the {place} for it."


def _word(role: str) -> str:
    return role.replace("_", " ")


# How a noun leads to its project or vault: the joins between the row `t` and the membership `m`.
_PROJECT_PATHS: dict[type[Model], tuple[str, str]] = {
    Project: ("", "t.id"),
    Source: ("", "t.project_id"),
    Record: ("JOIN sources s ON s.id = t.source_id", "s.project_id"),
    Plan: ("", "t.project_id"),
    Job: ("", "t.project_id"),
    Match: ("", "t.project_id"),
    Decision: ("", "t.project_id"),
}
_VAULT_PATHS: dict[type[Model], tuple[str, str]] = {
    Vault: ("JOIN vaults v ON v.id = t.id", "v.id"),
    Entry: ("JOIN vaults v ON v.id = t.vault_id", "v.id"),
}


def active(person: str) -> str:
    """SQL: whether the person with this id may sign in."""
    return f"EXISTS (SELECT FROM users a WHERE a.id = {person} AND a.status = 'active')"


def in_force(member: str) -> str:
    """SQL: whether a membership (an alias of its table) is valid now."""
    return f"({member}.expires_at IS NULL OR {member}.expires_at > now()) AND {active(member + '.user_id')}"


def lasting(member: str) -> str:
    """SQL: whether a membership is valid and has no end date, as it must for somebody who alone is in charge."""
    return f"{member}.expires_at IS NULL AND {active(member + '.user_id')}"


def in_project(project: str, person: str, holds: Callable[[str], str] = in_force) -> str:
    """SQL: whether the person is a member of the project. A grant in a vault is only valid while that membership is."""
    return (
        f"EXISTS (SELECT FROM project_members p WHERE p.project_id = {project} AND p.user_id = {person} "
        f"AND {holds('p')})"
    )


def _is_admin(person: str) -> str:
    """SQL: whether the person is an administrator who may sign in."""
    return f"EXISTS (SELECT FROM users a WHERE a.id = {person} AND a.status = 'active' AND a.role = 'admin')"


def _is_valid(token: str) -> str:
    """SQL: whether the API token with this id has neither been revoked nor expired."""
    return f"EXISTS (SELECT FROM api_tokens k WHERE k.id = {token} AND k.revoked_at IS NULL AND k.expires_at > now())"


@lru_cache(maxsize=64)
def _path(model: type[Model], person: str) -> tuple[str, str, str]:
    """SQL: the joins from a row `t` to what owns it, the owner's id, and the membership `m` of a person in it."""
    if model in _PROJECT_PATHS:
        join, owner = _PROJECT_PATHS[model]
        member = "project_members m ON m.project_id"
    else:
        join, owner = _VAULT_PATHS[model]
        member = f"vault_members m ON {in_project('v.project_id', person)} AND m.vault_id"
    return join, owner, f"{member} = {owner} AND m.user_id = {person} AND {in_force('m')}"


_LOCKING = " FOR NO KEY UPDATE OF t"


async def load(
    actor: Actor, model: type[Row], row_id: UUID, action: str, *, lock: bool = False, is_scoped: bool = True
) -> Loaded[Row]:
    """
    Load a row of a project or vault through its actor, in one query.

    The query also reads the person's account and memberships, because the actor may have been created a while ago.
    `lock` takes the row FOR NO KEY UPDATE, inside a unit of work. A token must have the action's scope; what lies
    outside its projects and vaults is not found, and neither is anything once it has been revoked. `is_scoped` is false
    where another scope than the action's has been checked.

    Raises: NotFound, Forbidden.
    """
    if is_scoped:
        require_scope(actor, SCOPE_OF[action])
    return _loaded(actor, model, action, await _find(actor, model, row_id, action, _LOCKING if lock else ""))


@dataclass(frozen=True)
class Beside:
    """SQL of what is read in the same query as a row `t`: columns with other names than the row's, and a join."""

    columns: str
    join: str


async def load_with(
    actor: Actor, model: type[Row], row_id: UUID, action: str, beside: Beside
) -> tuple[Loaded[Row], dict[str, Any]]:
    """
    The same for a row that is locked, and what is read beside it by its names.

    The query may have waited for the row. It then returns the row as it is now, and beside it what stood there when the
    query began, or nulls if that does not belong to the row any more. Raises: NotFound, Forbidden.
    """
    require_scope(actor, SCOPE_OF[action])
    found = await _find(actor, model, row_id, action, _LOCKING, beside)
    return _loaded(actor, model, action, found), found


async def _find(
    actor: Actor, model: type[Model], row_id: UUID, action: str, locking: str, beside: Beside | None = None
) -> dict[str, Any]:
    """The row, with the actor's role and the project. Raises: NotFound."""
    # What may not be seen is not even found: no row is returned or locked. So it takes as long as an id that does not
    # exist, and nobody can lock other people's rows.
    statement, owner = _finding(model, beside)
    within, limits = _within(actor, owner, is_vault=model in _VAULT_PATHS)
    rows = await sql.rows(
        statement + within + locking,
        row_id,
        actor.id,
        "system" if actor.type == "system" else actor.role,
        *limits,
    )
    if not rows:
        raise NotFound(about=About(None, model.__name__.lower(), action, str(row_id)))
    return rows[0]


@lru_cache(maxsize=64)
def _finding(model: type[Model], beside: Beside | None) -> tuple[str, str]:
    """The statement that finds a row through its actor, and the SQL of its owner's id."""
    join, owner, member = _path(model, "$2")
    project = owner if model in _PROJECT_PATHS else "v.project_id"
    columns, more = ("", "") if beside is None else (f", {beside.columns}", f" {beside.join}")
    return (
        f'SELECT t.*, m.role AS _role, {project} AS _project_id{columns} FROM "{model._meta.db_table}" t {join} '
        f"LEFT JOIN {member}{more} "
        f"WHERE t.id = $1 AND (m.role IS NOT NULL OR $3 = 'system' OR ($3 = 'admin' AND {_is_admin('$2')}))",
        owner,
    )


def _loaded(actor: Actor, model: type[Row], action: str, found: dict[str, Any]) -> Loaded[Row]:
    """A row that was found, if the actor's role allows the action. Raises: Forbidden."""
    role, project_id = found["_role"] or ADMIN, found["_project_id"]
    if actor.type == "system":
        role = "owner" if model in _PROJECT_PATHS else "vault_manager"
    if not can(role, action):
        raise Forbidden(needed(role, action), about=_about(model, found, project_id, action))
    return Loaded(row=sql.hydrate(model, found), role=role, project_id=project_id)


@dataclass(frozen=True)
class Question:
    """Whether an actor may do something with a row."""

    actor: Actor
    row_id: UUID
    action: str


@dataclass(frozen=True)
class Held:
    """A role in the project or vault of a row, and when it ends."""

    role: str
    project_id: UUID
    ends_at: datetime | None


async def roles(model: type[Project] | type[Job] | type[Vault], asked: Sequence[Question]) -> list[Held | Problem]:
    """
    The answers to many questions about rows, in one query: the role that allows the action, or why it is not allowed.

    The conditions are those of `load`, whose actors and rows are the same. A role in a vault also ends with the
    membership in its project.
    """
    join, owner, member = _path(model, "q.user_id")
    is_vault = model in _VAULT_PATHS
    project = "v.project_id" if is_vault else owner
    both = "LEFT JOIN project_members p ON p.project_id = v.project_id AND p.user_id = m.user_id" if is_vault else ""
    rows = await Tortoise.get_connection("default").execute_query_dict(
        f"SELECT q.place, m.role, {project} AS project_id, "
        f"{'least(m.expires_at, p.expires_at)' if is_vault else 'm.expires_at'} AS ends_at "
        "FROM jsonb_to_recordset($1::jsonb) AS q(place int, row_id uuid, user_id uuid, kind text, token_id uuid, "
        f'project_ids jsonb, vault_ids jsonb) JOIN "{model._meta.db_table}" t ON t.id = q.row_id {join} '
        f"LEFT JOIN {member} {both} "
        f"WHERE (m.role IS NOT NULL OR q.kind = 'system' OR (q.kind = 'admin' AND {_is_admin('q.user_id')})) "
        f"AND (q.token_id IS NULL OR {_is_valid('q.token_id')}) "
        f"AND (q.project_ids IS NULL OR q.project_ids ? {project}::text)"
        + (f" AND (q.vault_ids IS NULL OR q.vault_ids ? {owner}::text)" if is_vault else ""),
        [json.dumps([_asked(place, question) for place, question in enumerate(asked)])],
    )
    found = {row["place"]: row for row in rows}
    return [_answer(question, found.get(place), is_vault) for place, question in enumerate(asked)]


def _asked(place: int, question: Question) -> dict[str, Any]:
    actor = question.actor
    found: dict[str, Any] = {
        "place": place,
        "row_id": str(question.row_id),
        "kind": "system" if actor.type == "system" else actor.role,
    }
    if actor.id is not None:
        found["user_id"] = str(actor.id)
    if actor.limits is not None:
        found["token_id"] = str(actor.limits.token_id)
        for name in ("project_ids", "vault_ids"):
            if (ids := getattr(actor.limits, name)) is not None:
                found[name] = [str(one) for one in ids]
    return found


def _answer(question: Question, row: dict[str, Any] | None, is_vault: bool) -> Held | Problem:
    try:
        require_scope(question.actor, SCOPE_OF[question.action])
    except Forbidden as problem:
        return problem
    if row is None:
        return NotFound()
    role = row["role"] or ADMIN
    if question.actor.type == "system":
        role = "vault_manager" if is_vault else "owner"
    return (
        Held(role, row["project_id"], row["ends_at"])
        if can(role, question.action)
        else Forbidden(needed(role, question.action))
    )


async def active_accounts(asked: Sequence[tuple[Actor, UUID]]) -> list[bool]:
    """
    Whether each account is its actor's own and still active, in one query. A token has no account; what concerns a
    person, such as access to other projects, is not for their programs.
    """
    rows = await Tortoise.get_connection("default").execute_query_dict(
        "SELECT id FROM users WHERE id = ANY($1::text[]::uuid[]) AND status = 'active'",
        [[str(user_id) for _, user_id in asked]],
    )
    found = {row["id"] for row in rows}
    return [actor.limits is None and actor.id == user_id and user_id in found for actor, user_id in asked]


def _within(actor: Actor, owner: str, *, is_vault: bool) -> tuple[str, list[Any]]:
    """SQL and its values from $4 on: whether a row lies within the limits of a token that is still valid."""
    limits = actor.limits
    if limits is None:
        return "", []
    sql = f" AND {_is_valid('$4')}"
    values: list[Any] = [limits.token_id]
    project = "v.project_id" if is_vault else owner
    for column, ids in ((project, limits.project_ids), (owner, limits.vault_ids if is_vault else None)):
        if ids is not None:
            values.append([str(one) for one in ids])
            # Texts, because asyncpg would first ask each connection what an array of ids is.
            sql += f" AND {column} = ANY(${3 + len(values)}::text[]::uuid[])"
    return sql, values


def require_scope(actor: Actor, scope: str | None) -> None:
    """Check that a token has a scope. None is for what no token may do. People have all scopes. Raises: Forbidden."""
    limits = actor.limits
    if limits is None or (scope is not None and scope in limits.scopes):
        return
    about = About("account", "api_token", "api_token.out_of_scope", str(limits.token_id))
    if scope is None:
        raise Forbidden("An API token may not do this. Sign in and do it yourself.", about=about)
    raise Forbidden(f"This API token does not have the scope {scope}. Make a token that has it.", about=about)


def require_unlimited(actor: Actor, noun: Literal["project", "vault"]) -> None:
    """Check that a token may make something that its limits cannot name yet. Raises: Forbidden."""
    limits = actor.limits
    if limits is None or (limits.project_ids if noun == "project" else limits.vault_ids) is None:
        return
    about = About("account", "api_token", "api_token.out_of_scope", str(limits.token_id))
    raise Forbidden(f"This API token is limited to certain {noun}s and cannot make new ones.", about=about)


async def seen(actor: Actor, model: type[Project] | type[Vault], ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Those of these projects or vaults that a person may see, each with its project."""
    member = f"project_members m ON m.project_id = t.id AND m.user_id = $2 AND {in_force('m')}"
    if model is Vault:
        grant = f"m.user_id = $2 AND {in_force('m')} AND {in_project('t.project_id', '$2')}"
        member = f"vault_members m ON m.vault_id = t.id AND {grant}"
    rows = await Tortoise.get_connection("default").execute_query_dict(
        f'SELECT t.id, {"t.project_id" if model is Vault else "t.id"} AS project_id FROM "{model._meta.db_table}" t '
        f"LEFT JOIN {member} WHERE t.id = ANY($1::text[]::uuid[]) AND (m.role IS NOT NULL OR ($3 = 'admin' AND {_is_admin('$2')}))",
        [[str(one) for one in ids], actor.id, actor.role],
    )
    return {row["id"]: row["project_id"] for row in rows}


def chains() -> dict[str, str]:
    """SQL by noun: the audit chain for a row with the id `$id`, or NULL if there is no such row."""
    found = {}
    for model, (join, project) in _PROJECT_PATHS.items():
        found[model.__name__.lower()] = (
            f"(SELECT 'project:' || {project} FROM \"{model._meta.db_table}\" t {join} WHERE t.id = $id)"
        )
    for model, (join, _) in _VAULT_PATHS.items():
        found[model.__name__.lower()] = (
            f"(SELECT 'vault:' || v.id FROM \"{model._meta.db_table}\" t {join} WHERE t.id = $id)"
        )
    return found


@dataclass(frozen=True)
class About:
    """What a refused request was about, for the audit log."""

    chain: (
        str | None
    )  # None means the chain of the row, if it exists; people who may not see the row must not find that out
    resource_type: str
    action: str
    resource_id: str
    version: int | None = None  # version of an entry whose managers are told about the attempt


def _about(model: type[Model], row: dict[str, Any], project_id: UUID, action: str) -> About:
    chain = f"project:{project_id}"
    if model is Vault:
        chain = f"vault:{row['id']}"
    elif model is Entry:
        chain = f"vault:{row['vault_id']}"
    version = row["version"] if action == "entry.reveal" else None
    return About(chain, model.__name__.lower(), action, str(row["id"]), version)
