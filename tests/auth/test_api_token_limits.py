"""What an API token is limited to: scopes, projects, vaults, networks, and what its owner may do at that moment."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core import log
from core.ids import uuid7
from core.problems import Forbidden, NotFound
from models import access
from models.access import PROJECT_ACTIONS, VAULT_ACTIONS, Actor
from models.project import Project
from models.scope import SCOPE_OF, SCOPES, Limits
from models.vault import Vault
from server.api.watch import WATCH
from server.app import endpoints
from server.audit import refusals
from tests.auth.programs import EVERYTHING, body, id_of, program_of, program_with
from tests.conftest import Person


@pytest.fixture
async def other(alice: Person) -> str:
    """Another project of alice."""
    return str((await alice.ok("POST", "/projects", {"name": "Secret merger"}))["id"])


@pytest.fixture
async def vaults(alice: Person, project: str, other: str) -> AsyncIterator[dict[str, str]]:
    """Two vaults in one project and one in the other, each with an entry, as `name` and `name entry`."""
    made: dict[str, str] = {}
    for name, where in (("bank", project), ("tax", project), ("far", other)):
        made[name] = (await alice.ok("POST", f"/projects/{where}/vaults", {"name": name}))["id"]
        entry = await alice.ok("POST", f"/vaults/{made[name]}/entries", {"name": "Login", "secret": f"of {name}"})
        made[f"{name} entry"] = entry["id"]
    return made


def test_every_action_belongs_to_exactly_one_scope_or_to_people() -> None:
    assert set(SCOPE_OF) == {*PROJECT_ACTIONS, *VAULT_ACTIONS, "project.members.add"}
    assert {scope for scope in SCOPE_OF.values() if scope is not None} == set(SCOPES)


def test_what_gives_rights_or_destroys_for_good_is_for_people_only() -> None:
    people = {action for action, scope in SCOPE_OF.items() if scope is None}

    assert people == {
        *("project.members.add", "project.members.edit", "project.delete"),
        *("vault.members.edit", "vault.delete", "entry.purge"),
    }


def test_a_route_that_says_nothing_about_tokens_takes_none() -> None:
    silent = {f"{e.method} {e.path}" for e in endpoints() if e.scope is None and not e.public}

    assert {"POST /api/v1/me/api-tokens", "GET /api/v1/users", "PATCH /api/v1/me", "GET /api/v1/audit"} <= silent
    assert all("/auth/" not in f"{e.path}" for e in endpoints() if e.scope is not None)


@pytest.mark.parametrize("action", sorted(SCOPE_OF))
async def test_a_row_is_not_loaded_without_the_scope_whatever_route_it_is_for(
    alice: Person, project: str, vaults: dict[str, str], action: str
) -> None:
    program = await program_of(alice, "read")
    needed = SCOPE_OF[action]
    row = (Vault, UUID(vaults["bank"])) if action in VAULT_ACTIONS else (Project, UUID(project))

    def actor(*scopes: str | None) -> Actor:
        return Actor("token", alice.id, limits=Limits(UUID(id_of(program)), frozenset(s for s in scopes if s)))

    with pytest.raises(Forbidden):
        await access.load(actor(*(set(SCOPES) - {needed})), *row, action)
    with pytest.raises(Forbidden):  # before anything is looked for
        await access.load(actor(*(set(SCOPES) - {needed})), row[0], uuid7(), action)
    if needed is not None:
        assert (await access.load(actor(needed), *row, action)).row.id == row[1]


async def test_a_token_shows_only_its_projects(alice: Person, project: str, other: str) -> None:
    program = await program_of(alice, *EVERYTHING, project_ids=[project])
    everywhere = await program_of(alice, "read")

    listed = await program.ok("GET", "/projects")

    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([project], 1)
    assert (await everywhere.ok("GET", "/projects"))["total"] == 2
    for path in ("", "/members", "/sources", "/jobs", "/plans", "/vaults", "/audit"):
        await program.ok("GET", f"/projects/{project}{path}")
        assert await program.refused("GET", f"/projects/{other}{path}") == (404, "not_found"), path


async def test_a_cursor_of_the_owner_shows_a_token_nothing_more(alice: Person, project: str, other: str) -> None:
    program = await program_of(alice, "read", project_ids=[project])
    first = await alice.ok("GET", "/projects?limit=1&sort=name")

    rest = await program.ok("GET", f"/projects?limit=1&sort=name&cursor={first['next_cursor']}")

    assert other not in str(rest)


async def test_a_token_limited_to_projects_makes_none(alice: Person, project: str) -> None:
    program = await program_of(alice, *EVERYTHING, project_ids=[project])

    assert await program.refused("POST", "/projects", {"name": "New"}) == (403, "forbidden")
    assert (await (await program_of(alice, "write")).ok("POST", "/projects", {"name": "New"}))["my_role"] == "owner"


async def test_vault_scopes_reach_the_vaults_of_the_tokens_projects_and_vault_ids_narrow_that(
    alice: Person, project: str, other: str, vaults: dict[str, str]
) -> None:
    in_project = await program_of(alice, "vault:list", "vault:reveal", "vault:write", project_ids=[project])
    one = await program_of(alice, "vault:list", "vault:reveal", "vault:write", vault_ids=[vaults["bank"]])
    no_vaults = await program_of(alice, "read", "write", "review", "events", project_ids=[project])

    async def reached(program: Person) -> set[str]:
        found = set()
        for name in ("bank", "tax", "far"):
            async with await program.send("POST", f"/entries/{vaults[f'{name} entry']}/reveal") as response:
                if response.status == 200:
                    assert (await response.json())["fields"]["secret"] == f"of {name}"
                    found.add(name)
        return found

    listed = await one.ok("GET", f"/projects/{project}/vaults")
    assert await reached(in_project) == {"bank", "tax"}
    assert await reached(one) == {"bank"}
    assert await reached(no_vaults) == set()
    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([vaults["bank"]], 1)
    assert (await one.ok("GET", f"/projects/{other}/vaults"))["items"] == []
    assert await in_project.refused("GET", f"/projects/{other}/vaults") == (404, "not_found")
    assert await one.refused("GET", f"/vaults/{vaults['tax']}") == (404, "not_found")
    assert await one.refused("POST", f"/projects/{project}/vaults", {"name": "New"}) == (403, "forbidden")
    assert await no_vaults.refused("GET", f"/projects/{project}/vaults") == (403, "forbidden")


async def test_a_token_that_only_reveals_needs_no_other_scope(alice: Person, vaults: dict[str, str]) -> None:
    program = await program_of(alice, "vault:reveal", vault_ids=[vaults["bank"]])

    revealed = await program.ok("POST", f"/entries/{vaults['bank entry']}/reveal")

    assert revealed["fields"] == {"secret": "of bank"}
    assert await program.refused("GET", f"/entries/{vaults['bank entry']}") == (403, "forbidden")


async def test_a_refusal_says_which_scope_is_missing_and_is_recorded(
    alice: Person, admin: Person, project: str
) -> None:
    program = await program_of(alice, "read")

    async with await program.send("PATCH", f"/projects/{project}", {"name": "x"}) as response:
        missing = await response.json()
    async with await program.send("GET", "/me/api-tokens") as response:
        never = await response.json()
    await refusals.settle()
    rows = (await admin.ok("GET", f"/audit?actor_id={id_of(program)}"))["items"]

    assert (missing["status"], missing["code"]) == (403, "forbidden")
    assert missing["detail"] == "This API token does not have the scope write. Make a token that has it."
    assert never["detail"] == "An API token may not do this. Sign in and do it yourself."
    assert {(row["action"], row["outcome"], row["user_id"]) for row in rows} == {
        ("api_token.out_of_scope", "denied", str(alice.id))
    }


async def test_a_token_is_at_most_its_owner_at_that_moment(
    alice: Person, bob: Person, admin: Person, project: str, db: Any
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "controller"})
    program = await program_of(bob, *EVERYTHING)
    path = f"/projects/{project}"

    as_controller = await program.ok("POST", f"{path}/sources", {"name": "a"})
    await alice.ok("PUT", f"{path}/members/{bob.id}", {"role": "viewer"})
    as_viewer = await program.refused("POST", f"{path}/sources", {"name": "b"})
    await alice.send("DELETE", f"{path}/members/{bob.id}")
    as_nobody = await program.refused("GET", path)
    await admin.ok("PATCH", f"/users/{bob.id}", {"role": "admin"})
    as_admin = (await program.ok("GET", path))["my_role"]
    await admin.ok("PATCH", f"/users/{bob.id}", {"role": "user"})
    as_user_again = await program.refused("GET", path)
    await db.execute("UPDATE users SET password_expires_at = now() WHERE id = $1", bob.id)
    with_old_password = await program.refused("GET", path), await program.ok("GET", "/me")
    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
    disabled = await program.refused("GET", "/me")

    assert as_controller["name"] == "a"
    assert as_viewer == (403, "forbidden")
    assert as_nobody == as_user_again == (404, "not_found")
    assert as_admin == "admin"
    assert with_old_password[0] == (403, "password_expired")
    assert disabled == (401, "token_revoked")


async def test_an_administrators_token_manages_nobody(admin: Person, alice: Person) -> None:
    program = await program_of(admin, *EVERYTHING)
    user = f"/users/{alice.id}"

    for method, path in (
        ("GET", "/users"),
        ("GET", user),
        ("GET", "/audit"),
        ("GET", "/logs"),
        ("GET", "/auth/sessions"),
    ):
        assert await program.refused(method, path) == (403, "forbidden"), path
    assert await program.refused("PATCH", user, {"role": "admin"}) == (403, "forbidden")
    assert await program.refused("POST", "/auth/reauth", {"password": "x"}) == (403, "forbidden")
    assert await program.refused("POST", "/me/api-tokens", body("read")) == (403, "forbidden")
    assert await program.refused("DELETE", f"/me/api-tokens/{id_of(program)}") == (403, "forbidden")


async def test_answers_stored_for_one_token_are_not_given_to_another(alice: Person, project: str, other: str) -> None:
    """A key that a person or another token has used is new to a token."""
    wanted = {"name": "Bank"}
    path = f"/projects/{project}/sources"
    mine = await alice.ok("POST", path, wanted, Idempotency_Key="k")
    one, two = [await program_of(alice, "write", project_ids=[project]) for _ in range(2)]
    outside = await program_of(alice, "write", project_ids=[other])
    reader = await program_of(alice, "read")

    first = await one.ok("POST", path, wanted, Idempotency_Key="k")
    again = await one.ok("POST", path, wanted, Idempotency_Key="k")
    second = await two.ok("POST", path, wanted, Idempotency_Key="k")

    assert again == first
    assert len({mine["id"], first["id"], second["id"]}) == 3
    assert await outside.refused("POST", path, wanted, Idempotency_Key="k") == (404, "not_found")
    assert await reader.refused("POST", path, wanted, Idempotency_Key="k") == (403, "forbidden")


async def test_what_a_token_made_it_gets_again_without_the_scope_to_read(alice: Person, project: str) -> None:
    program = await program_of(alice, "write", "vault:write")

    for path in ("/projects", f"/projects/{project}/vaults"):
        first = await program.ok("POST", path, {"name": "New"}, Idempotency_Key=path)
        assert await program.ok("POST", path, {"name": "New"}, Idempotency_Key=path) == first


async def test_a_job_needs_the_scope_write_and_sources_within_the_tokens_projects(
    alice: Person, project: str, other: str
) -> None:
    sides = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": n}))["id"] for n in ("l", "r")]
    far = (await alice.ok("POST", f"/projects/{other}/sources", {"name": "far"}))["id"]
    program = await program_of(alice, "write", project_ids=[project])
    path = f"/projects/{project}/jobs"

    job = await program.ok("POST", path, {"left_source": sides[0], "right_source": sides[1]})
    async with await program.send("POST", path, {"left_source": sides[0], "right_source": far}) as response:
        foreign = (await response.json())["errors"]
    async with await program.send("POST", path, {"left_source": sides[0], "right_source": str(uuid7())}) as response:
        unknown = (await response.json())["errors"]

    assert job["created_by"] == str(alice.id)
    assert foreign == unknown


async def test_networks_are_those_of_the_real_address(alice: Person, admin: Person, project: str) -> None:
    here = await program_of(alice, "read", networks=["10.0.0.0/8", "127.0.0.1"])
    elsewhere = await program_of(alice, "read", networks=["203.0.113.0/24", "::/0"])

    allowed = await here.ok("GET", "/me")
    async with await elsewhere.send("GET", "/me", X_Forwarded_For="203.0.113.9") as response:
        refused = await response.json()
    # No proxy is trusted in the tests, so nothing that a client says about its address counts.
    also = await here.ok("GET", "/me", X_Forwarded_For="203.0.113.9", Forwarded="for=203.0.113.9", X_Real_IP="1.2.3.4")
    await refusals.settle()
    rows = (await admin.ok("GET", f"/audit?actor_id={id_of(elsewhere)}"))["items"]

    assert allowed == also
    assert (refused["status"], refused["code"]) == (403, "forbidden")
    assert "not be used from your address" in refused["detail"]
    assert [(row["action"], row["ip"], row["user_id"]) for row in rows] == [
        ("api_token.other_network", "127.0.0.1", str(alice.id))
    ]


async def test_log_lines_are_taken_with_a_token_but_in_nobodys_name(alice: Person, db: Any) -> None:
    program = await program_of(alice, "read")

    for sender in (program, alice):
        await sender.ok("POST", "/logs", {"logs": [{"level": "info", "message": "m"}]})

    assert [row["user_id"] for row in await db.fetch("SELECT user_id FROM log_entries ORDER BY id")] == [None, alice.id]


def _forged(token: str) -> dict[str, str]:
    id_part, secret = token.rsplit("_", 1)
    other_secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    return {
        "wrong secret": f"{id_part}_{other_secret}",
        "unknown id": f"tr_{uuid7().hex}_{secret}",
        "no secret": f"{id_part}_",
        "id only": id_part,
        "short": token[:-1],
        "long": token + "a",
        "very long": token + "a" * 5000,
        "upper-case id": f"tr_{id_part[3:].upper()}_{secret}" if id_part[3:].upper() != id_part[3:] else token + "x",
        "full-width digit": token.replace(token[3], "０", 1),
        "two tokens": f"{token},{token}",
        "inner space": f"{id_part} _{secret}",
        "percent": token.replace("_", "%5F"),
    }


async def test_forged_tokens_are_invalid_and_wrong_secrets_are_recorded(
    alice: Person, admin: Person, http: ClientSession
) -> None:
    program = await program_of(alice, "read")

    for name, token in _forged(program.token).items():
        assert await program_with(alice, token).refused("GET", "/me") == (401, "token_invalid"), name
    await refusals.settle()
    rows = (await admin.ok("GET", "/audit?action=api_token.wrong_secret"))["items"]

    assert [(row["resource"]["id"], row["outcome"], row["actor"]["type"]) for row in rows] == [
        (id_of(program), "failure", "anonymous")
    ]
    async with http.get(f"/api/v1/me?token={program.token}") as response:
        assert response.status == 401
    async with http.get("/api/v1/me", headers={"X-Api-Key": program.token, "Cookie": f"t={program.token}"}) as response:
        assert response.status == 401
    assert await program.ok("GET", "/me")


async def test_nul_and_line_breaks_in_a_token_do_no_harm(alice: Person, server: TestServer) -> None:
    program = await program_of(alice, "read")

    for bad in ("\x00", "\r", "\x7f"):
        reader, writer = await asyncio.open_connection(server.host, server.port)
        lines = f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {program.token}{bad}\r\nConnection: close\r\n\r\n"
        writer.write(lines.encode("latin-1"))
        status = int((await reader.read()).split(b" ", 2)[1])
        writer.close()
        assert status in (400, 401), repr(bad)


async def test_authenticating_costs_one_statement_and_so_does_a_wrong_secret(
    alice: Person, project: str, server: TestServer
) -> None:
    program = await program_of(alice, "read")
    await program.ok("GET", f"/projects/{project}")  # notes the use

    served = await _statements(server, program, f"/projects/{project}")
    as_person = await _statements(server, alice, f"/projects/{project}")
    guessed = await _statements(server, program_with(alice, f"tr_{uuid7().hex}_{'a' * 43}"), "/me")

    assert len(served) == len(as_person)
    assert len(guessed) == 1


async def _statements(server: TestServer, person: Person, path: str) -> list[str]:
    """What a request asks the database. Statements of other tasks carry no id or another one."""
    found: list[str] = []

    def note(said: Any) -> None:
        if log.request_id.get() == "the-one-to-count" and not said.query.startswith("SELECT pg_advisory_unlock_all"):
            found.append(said.query)

    connections = list(server.app[WATCH]._connections)
    for connection in connections:
        connection.add_query_logger(note)
    async with await person.send("GET", path, X_Request_ID="the-one-to-count"):
        pass
    for connection in connections:
        connection.remove_query_logger(note)
    return found


async def test_a_request_in_flight_does_nothing_once_its_token_is_revoked(alice: Person, project: str, db: Any) -> None:
    """The token is read again with the row, in the transaction that changes it."""
    program = await program_of(alice, "write")
    limits = Limits(token_id=UUID(id_of(program)), scopes=frozenset({"write"}))
    actor = Actor("token", alice.id, limits=limits)

    before = await access.load(actor, Project, UUID(project), "project.edit")
    await alice.send("DELETE", f"/me/api-tokens/{id_of(program)}")
    with pytest.raises(NotFound):
        await access.load(actor, Project, UUID(project), "project.edit")

    assert before.role == "owner"


async def test_use_beside_revocation_ends_with_it(alice: Person, project: str) -> None:
    program = await program_of(alice, "write")

    begun = asyncio.Event()

    async def use() -> list[int]:
        statuses: list[int] = []
        while not statuses or statuses[-1] == 200:
            async with await program.send("PATCH", f"/projects/{project}", {"name": f"n{len(statuses)}"}) as response:
                statuses.append(response.status)
            if len(statuses) == 3:
                begun.set()
        return statuses

    using = [asyncio.create_task(use()) for _ in range(4)]
    await begun.wait()
    async with await alice.send("DELETE", f"/me/api-tokens/{id_of(program)}") as response:
        assert response.status == 204
    after = await program.refused("PATCH", f"/projects/{project}", {"name": "late"})
    async with asyncio.timeout(30):
        found = await asyncio.gather(*using)

    assert after == (401, "token_revoked")
    assert {status for statuses in found for status in statuses} <= {200, 401, 404}
    assert (await alice.ok("GET", f"/projects/{project}"))["name"] != "late"
