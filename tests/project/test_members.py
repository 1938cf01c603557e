"""Members of a project: what each may do, when their membership ends, and who stays in charge."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from core.clock import now
from core.ids import uuid7
from tests.auth.follower import Follower
from tests.conftest import Person


def later(seconds: float) -> str:
    """A time `seconds` from now, as a body carries it."""
    return (now() + timedelta(seconds=seconds)).isoformat()


async def test_members_are_added_changed_and_removed_with_their_events(
    alice: Person, bob: Person, project: str, server: TestServer, db: asyncpg.Connection
) -> None:
    path = f"/projects/{project}/members"
    mine = await Follower.of(server, bob.token, f"user:{bob.id}")
    owner = await Follower.of(server, alice.token, f"project:{project}")

    added = await alice.ok("POST", path, {"email": " BOB@Example.TEST ", "role": "viewer"})
    changed = await alice.ok("PUT", f"{path}/{bob.id}", {"role": "controller"})
    same = await alice.ok("PUT", f"{path}/{bob.id}", {"role": "controller"})
    await alice.ok("DELETE", f"{path}/{bob.id}")

    assert added == {"user_id": str(bob.id), "display_name": "Bob", "role": "viewer", "expires_at": None}
    assert changed == same == added | {"role": "controller"}
    assert (await owner.heard("project.member.removed"))["data"] == {"user_id": str(bob.id), "role": "controller"}
    assert [name for name, _ in owner.events] == [f"project.member.{verb}" for verb in ("added", "changed", "removed")]
    assert (await mine.heard("access.revoked"))["data"] == {"streams": [f"project:{project}"], "role": None}
    assert [name for name, _ in mine.events] == ["access.granted", "access.changed", "access.revoked"]
    rows = await db.fetch("SELECT action FROM audit_log WHERE chain = $1 ORDER BY seq", f"project:{project}")
    assert [row["action"] for row in rows] == [
        "project.create",
        *(f"project.member.{verb}" for verb in ("add", "change", "remove")),
    ]
    await mine.leave()
    await owner.leave()


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"email": "nobody@example.test", "role": "viewer"}, 422, "/email"),
        ({"email": "no address", "role": "viewer"}, 422, "/email"),
        ({"email": "bob@example.test", "role": "admin"}, 422, "/role"),
        ({"email": "bob@example.test"}, 422, "/role"),
        ({"email": "alice@example.test", "role": "viewer"}, 409, None),
    ],
)
async def test_a_refused_addition_names_the_wrong_field(
    alice: Person, bob: Person, project: str, body: dict[str, str], status: int, pointer: str | None
) -> None:
    async with await alice.send("POST", f"/projects/{project}/members", body) as response:
        problem = await response.json()

    assert response.status == status
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])


async def test_a_disabled_or_unknown_person_cannot_be_a_member(
    alice: Person, bob: Person, admin: Person, project: str
) -> None:
    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})

    for user_id in (bob.id, uuid7(), "x"):
        refused = await alice.refused("PUT", f"/projects/{project}/members/{user_id}", {"role": "viewer"})
        assert refused == (404, "not_found")


async def test_a_grant_ends_by_itself_over_rest_and_on_the_socket(
    alice: Person, bob: Person, project: str, server: TestServer
) -> None:
    path = f"/projects/{project}/members/{bob.id}"
    await alice.ok("PUT", path, {"role": "owner", "expires_at": later(1.5)})
    follower = await Follower.of(server, bob.token, f"project:{project}")
    await bob.ok("GET", f"/projects/{project}")
    assert (await bob.ok("GET", "/projects"))["total"] == 1

    assert (await follower.heard("stream.revoked"))["stream"] == f"project:{project}"
    await alice.ok("PATCH", f"/projects/{project}", {"name": "Unheard"})
    assert await bob.refused("GET", f"/projects/{project}") == (404, "not_found")
    assert (await bob.ok("GET", "/projects"))["total"] == 0
    assert (await follower.call("subscribe", {"stream": f"project:{project}"}))["problem"]["code"] == "not_found"
    await asyncio.sleep(0.2)
    assert [name for name, _ in follower.events] == ["stream.revoked"]
    await follower.leave()


async def test_an_end_that_is_brought_forward_reaches_an_open_subscription(
    alice: Person, bob: Person, project: str, server: TestServer
) -> None:
    path = f"/projects/{project}/members/{bob.id}"
    await alice.ok("PUT", path, {"role": "viewer"})
    follower = await Follower.of(server, bob.token, f"project:{project}")

    await alice.ok("PUT", path, {"role": "viewer", "expires_at": later(1)})

    await follower.heard("stream.revoked")
    await follower.leave()


async def test_an_end_that_is_put_off_keeps_the_subscription(
    alice: Person, bob: Person, project: str, server: TestServer
) -> None:
    path = f"/projects/{project}/members/{bob.id}"
    await alice.ok("PUT", path, {"role": "viewer", "expires_at": later(1)})
    follower = await Follower.of(server, bob.token, f"project:{project}")
    await alice.ok("PUT", path, {"role": "viewer", "expires_at": None})
    await follower.heard("project.member.changed")

    await asyncio.sleep(1.3)
    await alice.ok("PATCH", f"/projects/{project}", {"name": "Heard"})

    await follower.heard("project.updated")
    assert "stream.revoked" not in [name for name, _ in follower.events]
    await follower.leave()


@pytest.mark.parametrize("ends", ["2030-01-01T00:00:00", "2026-02-30T00:00:00Z", "tomorrow", 5, True])
async def test_a_malformed_end_is_refused(alice: Person, bob: Person, project: str, ends: Any) -> None:
    body = {"role": "viewer", "expires_at": ends}
    assert await alice.refused("PUT", f"/projects/{project}/members/{bob.id}", body) == (422, "invalid_field")


async def test_the_last_owner_can_neither_go_nor_be_demoted_nor_be_given_an_end(
    alice: Person, bob: Person, admin: Person, project: str
) -> None:
    path = f"/projects/{project}/members"
    last = (409, "last_manager")
    assert await alice.refused("DELETE", f"{path}/{alice.id}") == last
    assert await alice.refused("PUT", f"{path}/{alice.id}", {"role": "viewer"}) == last
    assert await alice.refused("PUT", f"{path}/{alice.id}", {"role": "owner", "expires_at": later(60)}) == last

    # An owner whose membership will end, or who may not sign in, does not count as a remaining owner.
    await alice.ok("PUT", f"{path}/{bob.id}", {"role": "owner", "expires_at": later(3600)})
    assert await alice.refused("DELETE", f"{path}/{alice.id}") == last
    await alice.ok("PUT", f"{path}/{bob.id}", {"role": "owner"})
    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
    assert await alice.refused("DELETE", f"{path}/{alice.id}") == last

    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "active"})
    await alice.ok("DELETE", f"{path}/{alice.id}")
    assert await alice.refused("GET", f"/projects/{project}") == (404, "not_found")


async def test_two_owners_cannot_leave_at_once(alice: Person, bob: Person, project: str, db: Any) -> None:
    path = f"/projects/{project}/members"
    await alice.ok("PUT", f"{path}/{bob.id}", {"role": "owner"})

    answers = await asyncio.gather(
        alice.send("DELETE", f"{path}/{alice.id}"), bob.send("PUT", f"{path}/{bob.id}", {"role": "viewer"})
    )

    assert sorted(answer.status for answer in answers) in ([200, 409], [204, 409])
    assert await db.fetchval("SELECT count(*) FROM project_members WHERE role = 'owner'") == 1


async def test_nobody_can_promote_themselves(alice: Person, bob: Person, project: str) -> None:
    path = f"/projects/{project}/members/{bob.id}"
    for role in ("viewer", "analyst", "controller"):
        await alice.ok("PUT", path, {"role": role})
        assert await bob.refused("PUT", path, {"role": "owner"}) == (403, "forbidden")
        assert (await bob.ok("GET", f"/projects/{project}"))["my_role"] == role
    await bob.ok("DELETE", path)  # everybody may leave
    assert await bob.refused("GET", f"/projects/{project}") == (404, "not_found")


async def test_an_administrator_without_membership_sees_name_counts_and_members_and_may_add(
    alice: Person, bob: Person, admin: Person, project: str, server: TestServer, db: asyncpg.Connection
) -> None:
    await alice.ok("PATCH", f"/projects/{project}", {"description": "between us"})

    seen = await admin.ok("GET", f"/projects/{project}")
    listed = (await admin.ok("GET", "/projects"))["items"]

    assert (seen["name"], seen["my_role"], seen["description"]) == ("March", "admin", "")
    assert set(seen["counts"]) == {"sources", "jobs_running", "to_review", "open_left", "open_right"}
    assert listed == [seen]
    assert [m["display_name"] for m in (await admin.ok("GET", f"/projects/{project}/members"))["items"]] == ["Alice"]
    follower = await Follower.of(server, admin.token)
    answer = await follower.call("subscribe", {"stream": f"project:{project}"})
    assert answer["problem"]["code"] == "not_found"

    await admin.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    row = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'project.member.add'")
    assert (row["actor_id"], row["resource_id"]) == (admin.id, str(bob.id))
    assert await admin.refused("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"}) == (403, "forbidden")
    assert await admin.refused("DELETE", f"/projects/{project}/members/{bob.id}") == (403, "forbidden")
    await admin.ok("POST", f"/projects/{project}/members", {"email": admin.email, "role": "analyst"})
    joined = await admin.ok("GET", f"/projects/{project}")
    assert (joined["my_role"], joined["description"]) == ("analyst", "between us")
    assert (await follower.call("subscribe", {"stream": f"project:{project}"}))["ok"]
    await follower.leave()


async def test_a_removed_member_loses_the_vault_at_once(
    alice: Person, bob: Person, project: str, server: TestServer, db: asyncpg.Connection
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    entry = (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"}))["id"]
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    assert await bob.refused("GET", f"/vaults/{vault}") == (404, "not_found")  # a project gives no rights in its vaults
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    follower = await Follower.of(server, bob.token, f"vault:{vault}", f"vault-access:{vault}", f"project:{project}")

    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")
    await alice.ok("PATCH", f"/entries/{entry}", {"name": "unheard"}, if_match=1)
    await alice.ok("POST", f"/entries/{entry}/reveal")

    await asyncio.sleep(1)
    assert {name for name, _ in follower.events} == {"stream.revoked"}
    assert len(follower.events) == 3
    for path in (f"/vaults/{vault}", f"/vaults/{vault}/entries", f"/entries/{entry}", f"/entries/{entry}/versions"):
        assert await bob.refused("GET", path) == (404, "not_found")
    assert await bob.refused("POST", f"/entries/{entry}/reveal") == (404, "not_found")
    assert await db.fetchval("SELECT epoch FROM vaults") == 2
    # Being added to the project again does not bring back the vault.
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    assert await bob.refused("GET", f"/vaults/{vault}") == (404, "not_found")
    await follower.leave()


async def test_deleting_a_project_deletes_everything_in_it(
    alice: Person, bob: Person, project: str, server: TestServer, db: asyncpg.Connection
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"})
    source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "s"}))["id"]
    await alice.ok("POST", f"/sources/{source}/records", {"data": {"a": "1"}})
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    follower = await Follower.of(server, bob.token, f"project:{project}", f"user:{bob.id}")

    assert await alice.refused("DELETE", f"/projects/{project}", if_match=7) == (409, "version_conflict")
    await alice.ok("DELETE", f"/projects/{project}", if_match=1)

    assert f"project:{project}" in (await follower.heard("access.revoked"))["data"]["streams"]
    await follower.heard("stream.revoked")
    for person in (alice, bob):
        assert await person.refused("GET", f"/projects/{project}") == (404, "not_found")
        assert await person.refused("GET", f"/vaults/{vault}") == (404, "not_found")
        assert await person.refused("GET", f"/sources/{source}") == (404, "not_found")
    for table in (
        *("projects", "project_members", "sources", "reconciliation_records"),
        *("vaults", "vault_members", "vault_keys", "password_entries", "password_entry_versions"),
    ):
        assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE action = 'project.delete'") == 1
    await follower.leave()
