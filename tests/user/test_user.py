"""Accounts: what administrators may do, and what remains of a deleted person."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.clock import now
from core.ids import uuid7
from core.settings import Settings
from realtime.unit_of_work import ledger
from server.audit import refusals, verification
from tests.auth.follower import Follower, refusal_of
from tests.conftest import PASSWORD, Person

ZOE = {"email": "Zoe@Example.TEST", "display_name": "Zoe", "role": "user", "password": "a long enough password"}


async def test_an_administrator_makes_reads_changes_and_lists_accounts(
    admin: Person, http: ClientSession, db: asyncpg.Connection
) -> None:
    made = await admin.ok("POST", "/users", ZOE)
    assert (made["email"], made["status"], made["version"]) == ("zoe@example.test", "active", 1)
    assert not {"password", "password_hash", "pepper_id", "token_version"} & set(made)

    async with http.post("/api/v1/auth/login", json={k: ZOE[k] for k in ("email", "password")}) as response:
        assert response.status == 200
    async with await admin.send("GET", f"/users/{made['id']}") as response:
        assert response.headers["ETag"] == '"1"'
        assert (await response.json())["last_login_at"]
    changed = await admin.ok("PATCH", f"/users/{made['id']}", {"display_name": "Zoë", "role": "manager"}, if_match=1)
    assert (changed["display_name"], changed["role"], changed["version"]) == ("Zoë", "manager", 2)
    assert (await admin.ok("GET", "/users?role=manager"))["items"] == [changed]
    assert (await admin.ok("GET", "/users?sort=-email"))["total"] == 2
    stale = await admin.refused("PATCH", f"/users/{made['id']}", {"display_name": "Z"}, if_match=1)
    assert stale == (409, "version_conflict")
    actions = [row["action"] for row in await db.fetch("SELECT action FROM audit_log WHERE chain = 'account'")]
    assert {"user.create", "user.update"} <= set(actions)


async def test_an_account_without_a_password_is_invited(admin: Person) -> None:
    made = await admin.ok("POST", "/users", {k: ZOE[k] for k in ("email", "display_name", "role")})

    assert made["status"] == "invited"
    back = await admin.ok("PATCH", f"/users/{made['id']}", {"status": "disabled"})
    assert back["status"] == "disabled"
    assert (await admin.ok("PATCH", f"/users/{made['id']}", {"status": "active"}))["status"] == "invited"


@pytest.mark.parametrize("email", ["zoe@example.test", "ZOE@example.test", " zoe@EXAMPLE.test\n", "zoe@ｅxample.test"])
async def test_another_spelling_cannot_become_a_second_account(admin: Person, email: str) -> None:
    await admin.ok("POST", "/users", ZOE)

    assert await admin.refused("POST", "/users", {**ZOE, "email": email}) == (409, "duplicate")


async def test_creating_the_same_address_twice_at_once_makes_one_account(admin: Person) -> None:
    answers = await asyncio.gather(*(admin.send("POST", "/users", ZOE) for _ in range(4)))

    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


BAD_ACCOUNTS = [
    ({"email": "ö@example.test"}, "/email", "invalid_field"),
    ({"email": "a b@example.test"}, "/email", "invalid_field"),
    ({"email": "a\x00@example.test"}, "/email", "invalid_field"),
    ({"email": "a@example.test."}, "/email", "invalid_field"),
    ({"email": "a" * 65 + "@example.test"}, "/email", "invalid_field"),
    ({"email": 5}, "/email", "invalid_field"),
    ({"role": "root"}, "/role", "invalid_field"),
    ({"display_name": ""}, "/display_name", "invalid_field"),
    ({"display_name": "a\nb"}, "/display_name", "invalid_field"),
    ({"display_name": "x" * 257}, "/display_name", "invalid_field"),
    ({"status": "active"}, "/status", "unknown_field"),
    ({"id": str(uuid7())}, "/id", "unknown_field"),
    ({"token_version": 9}, "/token_version", "unknown_field"),
]


async def test_bad_fields_of_an_account_are_named(admin: Person) -> None:
    for changes, pointer, code in BAD_ACCOUNTS:
        async with await admin.send("POST", "/users", {**ZOE, **changes}) as response:
            problem = await response.json()

        assert response.status == 422
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [(pointer, code)]


async def test_people_can_change_only_their_name(alice: Person) -> None:
    assert (await alice.ok("PATCH", "/me", {"display_name": "Alice B."}))["display_name"] == "Alice B."
    for body in ({"role": "admin"}, {"email": "x@example.test"}, {"status": "active"}, {"user_id": str(uuid7())}):
        assert await alice.refused("PATCH", "/me", {"display_name": "A", **body}) == (422, "unknown_field")
    assert (await alice.ok("GET", "/me"))["role"] == "manager"


async def test_a_name_changed_meanwhile_is_not_overwritten(alice: Person) -> None:
    async with await alice.send("GET", "/me") as response:
        version = int(response.headers["ETag"].strip('"'))
    await alice.ok("PATCH", "/me", {"display_name": "Alice B."}, if_match=version)

    stale = await alice.refused("PATCH", "/me", {"display_name": "Alice C."}, if_match=version)

    assert stale == (409, "version_conflict")
    assert (await alice.ok("GET", "/me"))["display_name"] == "Alice B."


async def test_only_administrators_manage_accounts(alice: Person, bob: Person, db: asyncpg.Connection) -> None:
    for person in (alice, bob):
        for method, path, body in (
            ("GET", "/users", None),
            ("POST", "/users", ZOE),
            ("GET", f"/users/{alice.id}", None),
            ("GET", f"/users/{uuid7()}", None),
            ("PATCH", f"/users/{bob.id}", {"role": "admin"}),
            ("DELETE", f"/users/{alice.id}", None),
            ("POST", f"/users/{alice.id}/sessions/revoke", None),
        ):
            assert await person.refused(method, path, body) == (403, "forbidden"), (method, path)
    assert await db.fetchval("SELECT count(*) FROM users") == 2
    await refusals.settle()
    assert await db.fetchval("SELECT sum(count) FROM refusals") == 14
    # Reading one's own account counts as the same action as reading an unknown one.
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE outcome = 'denied'") == 12


async def test_the_last_administrator_stays(admin: Person, alice: Person) -> None:
    path = f"/users/{admin.id}"
    assert await admin.refused("PATCH", path, {"role": "manager"}) == (409, "last_manager")
    assert await admin.refused("PATCH", path, {"status": "disabled"}) == (409, "last_manager")
    assert await admin.refused("DELETE", path) == (409, "last_manager")

    await admin.ok("PATCH", f"/users/{alice.id}", {"role": "admin"})
    await admin.ok("PATCH", f"/users/{alice.id}", {"status": "disabled"})
    assert await admin.refused("DELETE", path) == (409, "last_manager")  # a disabled one does not count

    await admin.ok("PATCH", f"/users/{alice.id}", {"status": "active"})
    assert (await admin.ok("PATCH", path, {"role": "user"}))["role"] == "user"


async def test_two_administrators_cannot_remove_each_other_at_once(make_person: Any, db: asyncpg.Connection) -> None:
    for number in range(3):
        one, two = await make_person(f"one{number}", "admin"), await make_person(f"two{number}", "admin")
        answers = await asyncio.gather(
            one.send("PATCH", f"/users/{two.id}", {"role": "user"}),
            two.send("PATCH", f"/users/{one.id}", {"status": "disabled"}),
        )

        assert sorted(answer.status for answer in answers) in ([200, 401], [200, 403], [200, 409])
        assert await db.fetchval("SELECT count(*) FROM users WHERE role = 'admin' AND status = 'active'") == 1
        await db.execute("UPDATE users SET role = 'user'")


@pytest.mark.parametrize("change", [{"role": "manager"}, {"status": "disabled"}], ids=str)
async def test_a_new_role_or_status_ends_open_sessions(
    admin: Person, bob: Person, http: ClientSession, server: TestServer, change: dict[str, str]
) -> None:
    follower = await Follower.of(server, bob.token)

    await admin.ok("PATCH", f"/users/{bob.id}", change)

    assert await follower.closed() == ["auth.revoked", "closing"]
    assert follower.events[-1][1] == {"code": "token_revoked", "reconnect": False}
    assert await bob.refused("GET", "/me") == (401, "token_revoked")
    async with http.post("/api/v1/auth/refresh", json={"refresh_token": bob.refresh_token}) as response:
        assert response.status == 401
    assert await refusal_of(server, bob.token) == "token_revoked"
    async with http.post("/api/v1/auth/login", json={"email": bob.email, "password": PASSWORD}) as response:
        assert response.status == (401 if "status" in change else 200)


async def test_a_change_without_effect_on_rights_ends_nothing(admin: Person, bob: Person) -> None:
    future = (now() + timedelta(days=30)).isoformat()
    await admin.ok("PATCH", f"/users/{bob.id}", {"display_name": "Robert", "role": "user", "status": "active"})
    await admin.ok("PATCH", f"/users/{bob.id}", {"password_expires_at": future})

    assert (await bob.ok("GET", "/me"))["display_name"] == "Robert"
    cleared = await admin.ok("PATCH", f"/users/{bob.id}", {"password_expires_at": None})
    assert cleared["password_expires_at"] is None


BAD_CHANGES = [
    {"role": None},
    {"display_name": None},
    {"status": "invited"},
    {"password_expires_at": "2030-01-01T00:00:00"},
    {"password_expires_at": "2026-02-30T00:00:00Z"},
    {"password_expires_at": "9999-12-31T23:59:60Z"},
    {"password_expires_at": 5},
]


async def test_invalid_changes_of_an_account_are_refused(admin: Person, bob: Person) -> None:
    for body in BAD_CHANGES:
        async with await admin.send("PATCH", f"/users/{bob.id}", body) as response:
            problem = await response.json()

        assert response.status == 422
        assert [fault["pointer"] for fault in problem["errors"]] == [f"/{next(iter(body))}"]


async def test_a_deleted_person_remains_only_as_an_id_in_the_audit(
    admin: Person,
    alice: Person,
    bob: Person,
    project: str,
    http: ClientSession,
    server: TestServer,
    settings: Settings,
    db: asyncpg.Connection,
) -> None:
    # A name that the random characters of a token or hash cannot contain.
    await bob.ok("PATCH", "/me", {"display_name": "Bob the Builder"})
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "reader"})
    await http.post("/api/v1/auth/login", json={"email": bob.email, "password": "wrong"})
    follower = await Follower.of(server, bob.token, f"project:{project}")
    colleague = await Follower.of(server, alice.token, f"project:{project}", f"vault:{vault}")

    await admin.ok("DELETE", f"/users/{bob.id}")

    assert (await follower.closed())[-2:] == ["auth.revoked", "closing"]  # how soon: tests/realtime/test_rights.py
    assert (await colleague.heard("project.member.removed"))["data"]["user_id"] == str(bob.id)
    assert (await colleague.heard("vault.member.removed"))["data"]["user_id"] == str(bob.id)
    assert await bob.refused("GET", "/me") == (401, "token_revoked")
    assert [m["display_name"] for m in (await alice.ok("GET", f"/projects/{project}/members"))["items"]] == ["Alice"]
    assert (await alice.ok("GET", f"/vaults/{vault}/members"))["total"] == 1
    # new entries cannot be opened with what this person has seen
    assert await db.fetchval("SELECT epoch FROM vaults") == 2
    for table in ("users", "sessions", "refresh_tokens", "throttles", "project_members", "vault_members", "audit_log"):
        for row in await db.fetch(f"SELECT t::text AS row FROM {table} t"):
            assert bob.email not in row["row"], table
            assert "Bob the Builder" not in row["row"], table
            if table not in ("users", "audit_log"):
                assert str(bob.id) not in row["row"], table
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE actor_id = $1", bob.id) > 0
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact

    for method, path, body in (
        ("GET", f"/users/{bob.id}", None),
        ("PATCH", f"/users/{bob.id}", {"status": "active"}),
        ("DELETE", f"/users/{bob.id}", None),
        ("POST", f"/users/{bob.id}/sessions/revoke", None),
        ("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"}),
    ):
        person = alice if path.startswith("/projects") else admin
        assert await person.refused(method, path, body) == (404, "not_found"), path
    assert [user["id"] for user in (await admin.ok("GET", "/users"))["items"]] == [str(alice.id), str(admin.id)]
    again = {"email": bob.email, "display_name": "Bob", "role": "user"}
    assert (await admin.ok("POST", "/users", again))["id"] != str(bob.id)
    await colleague.leave()


async def test_the_last_person_in_charge_of_something_cannot_be_deleted(
    admin: Person, alice: Person, bob: Person, project: str
) -> None:
    assert await admin.refused("DELETE", f"/users/{alice.id}") == (409, "last_manager")

    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    await admin.ok("DELETE", f"/users/{alice.id}")
    assert (await bob.ok("GET", f"/projects/{project}"))["my_role"] == "owner"
