"""
Somebody must stay in charge. A person counts only if their account, grant and project membership are valid without an
end.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.conftest import Person

LAST = (409, "last_manager")
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def vault(alice: Person, bob: Person, project: str) -> str:
    """A vault that alice and bob manage. Both own its project."""
    found = str((await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"])
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    await alice.ok("PUT", f"/vaults/{found}/members/{bob.id}", {"role": "vault_manager"})
    return found


# Ways in which bob's part in it does not last.
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
async def test_the_last_lasting_manager_cannot_leave(
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
async def test_the_last_lasting_owner_cannot_leave(
    alice: Person, bob: Person, project: str, db: asyncpg.Connection, why: str
) -> None:
    mine = f"/projects/{project}/members/{alice.id}"
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    await db.execute(ENDED[why], bob.id)

    assert await alice.refused("DELETE", mine) == LAST
    assert await alice.refused("PUT", mine, {"role": "viewer"}) == LAST
    assert await alice.refused("PUT", mine, {"role": "owner", "expires_at": SOON}) == LAST


async def test_a_membership_cannot_be_given_an_end_that_leaves_a_vault_without_a_manager(
    alice: Person, bob: Person, project: str, vault: str
) -> None:
    mine = f"/projects/{project}/members/{alice.id}"
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "editor"})

    refused = await bob.refused("PUT", mine, {"role": "owner", "expires_at": SOON})
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    await bob.ok("PUT", mine, {"role": "owner", "expires_at": SOON})

    assert refused == LAST
    assert await bob.refused("DELETE", f"/vaults/{vault}/members/{bob.id}") == LAST


async def test_of_the_last_two_managers_only_one_can_leave_at_once(
    alice: Person, bob: Person, project: str, vault: str
) -> None:
    async def leave(person: Person, path: str) -> int:
        async with await person.send("DELETE", path) as response:
            return response.status

    found = await asyncio.gather(
        leave(alice, f"/vaults/{vault}/members/{alice.id}"), leave(bob, f"/projects/{project}/members/{bob.id}")
    )

    assert sorted(found) == [204, 409]


async def test_a_person_with_an_expired_membership_cannot_join_a_vault(
    alice: Person, charlie: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{charlie.id}", {"role": "viewer"})
    await db.execute(ENDED["the membership has run out"], charlie.id)

    refused = await alice.refused("PUT", f"/vaults/{vault}/members/{charlie.id}", {"role": "reader"})

    assert refused == (404, "not_found")


@pytest.mark.parametrize("change", ["status = 'disabled'", "status = 'invited'", "role = 'manager'"])
async def test_the_last_administrator_cannot_be_removed(
    admin: Person, alice: Person, db: asyncpg.Connection, change: str
) -> None:
    await admin.ok("PATCH", f"/users/{alice.id}", {"role": "admin"})
    await db.execute(f"UPDATE users SET {change} WHERE id = $1", alice.id)

    for method, body in (("PATCH", {"role": "user"}), ("PATCH", {"status": "disabled"}), ("DELETE", None)):
        assert await admin.refused(method, f"/users/{admin.id}", body) == LAST


async def test_somebody_whose_membership_ends_cannot_create_a_vault(alice: Person, bob: Person, project: str) -> None:
    member, vaults = f"/projects/{project}/members/{bob.id}", f"/projects/{project}/vaults"
    await alice.ok("PUT", member, {"role": "controller", "expires_at": SOON})
    assert await bob.refused("POST", vaults, {"name": "v"}) == LAST

    await alice.ok("PUT", member, {"role": "controller"})

    assert (await bob.ok("POST", vaults, {"name": "v"}))["my_role"] == "vault_manager"
    assert await alice.refused("PUT", member, {"role": "controller", "expires_at": SOON}) == LAST
