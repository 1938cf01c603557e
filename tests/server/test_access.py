"""
Loading a row through an actor: rights are those that the account and its memberships have now, not when the actor was
made.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from core.problems import NotFound
from models import access
from models.access import ANONYMOUS, SYSTEM, Actor
from models.project import Project
from models.transactions import in_transaction
from models.vault import Vault
from realtime import streams
from server.app import NAMESPACE
from server.audit import refusals
from server.project import queries as project_queries
from server.project.schemas import ProjectList
from tests.conftest import Person

PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def vault(alice: Person, bob: Person, project: str) -> str:
    """A vault that bob reads."""
    found = str((await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"])
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    await alice.ok("PUT", f"/vaults/{found}/members/{bob.id}", {"role": "reader"})
    return found


async def seen(server: TestServer, actor: Actor, project: str, vault: str) -> set[str]:
    """How the actor can still reach a project and its vault."""
    found = set()
    authority = server.app[NAMESPACE].guests.authority
    for name, model, row_id, action in (
        ("project", Project, project, "project.read"),
        ("vault", Vault, vault, "vault.read"),
    ):
        for lock in (False, True):
            try:
                async with in_transaction():
                    await access.load(actor, model, UUID(row_id), action, lock=lock)
                found.add(f"{name}, locked" if lock else name)
            except NotFound:
                pass
    if actor.id is not None:
        if (await project_queries.list_projects(actor, ProjectList())).items:
            found.add("list of projects")
        for stream in (streams.project(UUID(project)), streams.vault(UUID(vault)), streams.user(actor.id)):
            if await authority.grant(actor, stream) is not None:
                found.add(stream.partition(":")[0] + " stream")
    return found


EVERYTHING = {
    *("project", "project, locked", "vault", "vault, locked"),
    *("list of projects", "project stream", "vault stream", "user stream"),
}


@pytest.mark.parametrize("status", ["disabled", "invited"])
async def test_a_person_who_may_not_sign_in_can_reach_nothing(
    server: TestServer, bob: Person, project: str, vault: str, db: asyncpg.Connection, status: str
) -> None:
    actor = Actor("user", bob.id)
    assert await seen(server, actor, project, vault) == EVERYTHING

    await db.execute("UPDATE users SET status = $2 WHERE id = $1", bob.id, status)

    assert await seen(server, actor, project, vault) == set()


@pytest.mark.parametrize("change", ["status = 'disabled'", "role = 'user'"])
async def test_an_administrator_remains_one_only_while_the_account_says_so(
    server: TestServer, admin: Person, project: str, vault: str, db: asyncpg.Connection, change: str
) -> None:
    actor = Actor("user", admin.id, role="admin")
    assert {"project", "vault"} <= await seen(server, actor, project, vault)

    await db.execute(f"UPDATE users SET {change} WHERE id = $1", admin.id)

    assert not {"project", "project, locked", "vault", "vault, locked"} & await seen(server, actor, project, vault)


async def test_a_grant_in_a_vault_ends_with_either_membership(
    server: TestServer, bob: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    actor = Actor("user", bob.id)

    await db.execute("UPDATE project_members SET expires_at = $2 WHERE user_id = $1", bob.id, PAST)
    without_project = await seen(server, actor, project, vault)
    await db.execute("UPDATE project_members SET expires_at = NULL WHERE user_id = $1", bob.id)
    await db.execute("UPDATE vault_members SET expires_at = $2 WHERE user_id = $1", bob.id, PAST)
    without_vault = await seen(server, actor, project, vault)

    assert without_project == {"user stream"}
    assert without_vault == EVERYTHING - {"vault", "vault, locked", "vault stream"}


async def test_an_anonymous_actor_owns_nothing_and_the_system_everything(
    server: TestServer, project: str, vault: str
) -> None:
    assert (ANONYMOUS.type, ANONYMOUS.id) == ("anonymous", None)
    assert await seen(server, ANONYMOUS, project, vault) == set()
    assert {"project", "vault"} <= await seen(server, SYSTEM, project, vault)


async def test_a_failed_sign_in_with_an_unknown_address_is_recorded_as_anonymous(
    http: Any, db: asyncpg.Connection
) -> None:
    body = {"email": "nobody@example.test", "password": "a wrong password"}
    async with http.post("/api/v1/auth/login", json=body) as response:
        assert response.status == 401
    await refusals.settle()

    row = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'auth.login'")

    assert (row["actor_type"], row["actor_id"], row["outcome"]) == ("anonymous", None, "failure")
