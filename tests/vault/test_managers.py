"""Who is in charge must last: a person counts whose account, grant and membership in the project hold without an end."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.conftest import Person

LAST = (409, "last_manager")
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def vault(alice: Person, bob: Person, project: str) -> str:
    """A vault that alice and bob manage; both own its project."""
    found = str((await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"])
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    await alice.ok("PUT", f"/vaults/{found}/members/{bob.id}", {"role": "vault_manager"})
    return found


# What makes bob's part in it one that does not last.
ENDED = {
    "the membership has run out": "UPDATE project_members SET expires_at = now() - interval '1 day' WHERE user_id = $1",
    "the membership will run out": "UPDATE project_members SET expires_at = now() + interval '1 day' WHERE user_id = $1",
    "the grant has run out": "UPDATE vault_members SET expires_at = now() - interval '1 day' WHERE user_id = $1",
    "the grant will run out": "UPDATE vault_members SET expires_at = now() + interval '1 day' WHERE user_id = $1",
    "the person is disabled": "UPDATE users SET status = 'disabled' WHERE id = $1",
    "the person was never there": "UPDATE users SET status = 'invited' WHERE id = $1",
    "there is no membership": "DELETE FROM project_members WHERE user_id = $1",
}


@pytest.mark.parametrize("why", ENDED)
async def test_the_last_manager_stays_while_the_other_does_not_last(
    alice: Person, bob: Person, project: str, vault: str, db: asyncpg.Connection, why: str
) -> None:
    mine = f"/vaults/{vault}/members/{alice.id}"
    await db.execute(ENDED[why], bob.id)

    assert await alice.refused("DELETE", mine) == LAST
    assert await alice.refused("PUT", mine, {"role": "editor"}) == LAST
    assert await alice.refused("PUT", mine, {"role": "vault_manager", "expires_at": SOON}) == LAST
    assert await alice.refused("DELETE", f"/projects/{project}/members/{alice.id}") == LAST
    assert (await alice.ok("GET", f"/vaults/{vault}"))["my_role"] == "vault_manager"


@pytest.mark.parametrize("why", [why for why in ENDED if "grant" not in why])
async def test_the_last_owner_stays_while_the_other_does_not_last(
    alice: Person, bob: Person, project: str, db: asyncpg.Connection, why: str
) -> None:
    mine = f"/projects/{project}/members/{alice.id}"
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    await db.execute(ENDED[why], bob.id)

    assert await alice.refused("DELETE", mine) == LAST
    assert await alice.refused("PUT", mine, {"role": "viewer"}) == LAST
    assert await alice.refused("PUT", mine, {"role": "owner", "expires_at": SOON}) == LAST


async def test_a_membership_does_not_get_an_end_that_leaves_a_vault_alone(
    alice: Person, bob: Person, project: str, vault: str
) -> None:
    mine = f"/projects/{project}/members/{alice.id}"
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "editor"})

    refused = await bob.refused("PUT", mine, {"role": "owner", "expires_at": SOON})
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    await bob.ok("PUT", mine, {"role": "owner", "expires_at": SOON})

    assert refused == LAST
    assert await bob.refused("DELETE", f"/vaults/{vault}/members/{bob.id}") == LAST


async def test_two_who_leave_at_once_do_not_both_leave(alice: Person, bob: Person, project: str, vault: str) -> None:
    async def leave(person: Person, path: str) -> int:
        async with await person.send("DELETE", path) as response:
            return response.status

    found = await asyncio.gather(
        leave(alice, f"/vaults/{vault}/members/{alice.id}"), leave(bob, f"/projects/{project}/members/{bob.id}")
    )

    assert sorted(found) == [204, 409]


async def test_whose_membership_has_run_out_is_not_taken_into_a_vault(
    alice: Person, charlie: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{charlie.id}", {"role": "viewer"})
    await db.execute(ENDED["the membership has run out"], charlie.id)

    refused = await alice.refused("PUT", f"/vaults/{vault}/members/{charlie.id}", {"role": "reader"})

    assert refused == (404, "not_found")


@pytest.mark.parametrize("change", ["status = 'disabled'", "status = 'invited'", "role = 'manager'"])
async def test_the_last_administrator_stays(admin: Person, alice: Person, db: asyncpg.Connection, change: str) -> None:
    await admin.ok("PATCH", f"/users/{alice.id}", {"role": "admin"})
    await db.execute(f"UPDATE users SET {change} WHERE id = $1", alice.id)

    for method, body in (("PATCH", {"role": "user"}), ("PATCH", {"status": "disabled"}), ("DELETE", None)):
        assert await admin.refused(method, f"/users/{admin.id}", body) == LAST


async def test_a_vault_is_not_made_by_somebody_whose_membership_ends(alice: Person, bob: Person, project: str) -> None:
    member, vaults = f"/projects/{project}/members/{bob.id}", f"/projects/{project}/vaults"
    await alice.ok("PUT", member, {"role": "controller", "expires_at": SOON})
    assert await bob.refused("POST", vaults, {"name": "v"}) == LAST

    await alice.ok("PUT", member, {"role": "controller"})

    assert (await bob.ok("POST", vaults, {"name": "v"}))["my_role"] == "vault_manager"
    assert await alice.refused("PUT", member, {"role": "controller", "expires_at": SOON}) == LAST
