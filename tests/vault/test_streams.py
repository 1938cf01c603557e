"""A vault's streams: who may follow which, what they contain, and when a subscription ends."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from server.audit import refusals
from tests.auth.follower import Follower
from tests.conftest import Person
from tests.vault.conftest import join


async def test_accesses_are_for_managers_and_changes_for_everybody_in_the_vault(
    alice: Person,
    bob: Person,
    charlie: Person,
    admin: Person,
    project: str,
    vault: str,
    entry: dict[str, Any],
    server: Any,
) -> None:
    await join(alice, bob, project, vault, "editor")
    followers = {person.email: await Follower.of(server, person.token) for person in (alice, bob, charlie, admin)}

    async def follows(person: Person, stream: str, **place: int) -> str:
        answer = await followers[person.email].call("subscribe", {"stream": stream, **place})
        return "yes" if answer["ok"] else str(answer["problem"]["code"])

    changes, accesses = f"vault:{vault}", f"vault-access:{vault}"
    found = {
        person.email: (
            await follows(person, changes),
            await follows(person, accesses),
            await follows(person, accesses, after=0),
        )
        for person in (alice, bob, charlie, admin)
    }

    assert found[alice.email] == ("yes", "yes", "yes")
    assert found[bob.email][0] == "yes"
    for refused in (*found[bob.email][1:], *found[charlie.email], *found[admin.email]):
        assert refused in ("not_found", "forbidden")
    assert found[charlie.email] == ("not_found",) * 3
    await bob.ok("POST", f"/entries/{entry['id']}/reveal")
    seen = await followers[alice.email].heard("vault.entry.revealed")
    assert (seen["stream"], seen["actor"]["id"]) == (accesses, str(bob.id))
    assert seen["data"] == {"vault_id": vault, "entry_id": entry["id"], "version": 1, "changed": []} or seen[
        "data"
    ] == {
        "vault_id": vault,
        "entry_id": entry["id"],
        "version": 1,
    }
    for follower in followers.values():
        await follower.leave()


async def test_a_former_manager_no_longer_receives_accesses(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], server: Any
) -> None:
    await join(alice, bob, project, vault, "vault_manager")
    follower = await Follower.of(server, bob.token, f"vault:{vault}", f"vault-access:{vault}")

    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "reader"})
    revoked = await follower.heard("stream.revoked")
    await alice.ok("POST", f"/entries/{entry['id']}/reveal")
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    await follower.heard("vault.entry.updated")

    assert revoked["stream"] == f"vault-access:{vault}"
    assert "vault.entry.revealed" not in [name for name, _ in follower.events]
    await follower.leave()


async def test_leaving_the_project_ends_the_streams_of_its_vaults(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], server: Any
) -> None:
    await join(alice, bob, project, vault, "reader")
    follower = await Follower.of(server, bob.token, f"vault:{vault}")
    witness = await Follower.of(server, alice.token, f"vault:{vault}")

    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    await witness.heard("vault.entry.updated")
    revoked = await follower.heard("stream.revoked")

    assert revoked["stream"] == f"vault:{vault}"
    assert "vault.entry.updated" not in [name for name, _ in follower.events]
    for socket in (follower, witness):
        await socket.leave()


@pytest.mark.parametrize("seconds", [1.2, -60.0])
async def test_a_vault_is_followed_no_longer_than_its_project_may_be_read(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], server: Any, seconds: float
) -> None:
    await join(alice, bob, project, vault, "vault_manager")
    followed = [f"vault:{vault}", f"vault-access:{vault}"]
    follower = await Follower.of(server, bob.token, *followed)
    end = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()

    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst", "expires_at": end})
    await asyncio.sleep(max(seconds, 0) + 1)
    await alice.ok("POST", f"/entries/{entry['id']}/reveal")
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    await asyncio.sleep(0.5)

    ended = [data["stream"] for name, data in follower.events if name == "stream.revoked"]
    assert sorted(ended) == sorted(followed)
    assert not {"vault.entry.revealed", "vault.entry.updated"} & {name for name, _ in follower.events}
    await follower.leave()


async def test_a_prolonged_membership_keeps_its_vaults(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], server: Any
) -> None:
    await join(alice, bob, project, vault, "viewer")
    member = f"/projects/{project}/members/{bob.id}"
    end = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await alice.ok("PUT", member, {"role": "analyst", "expires_at": end})
    follower = await Follower.of(server, bob.token, f"vault:{vault}")

    await alice.ok("PUT", member, {"role": "analyst", "expires_at": None})
    await asyncio.sleep(1.2)
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    await follower.heard("vault.entry.updated")

    assert "stream.revoked" not in [name for name, _ in follower.events]
    await follower.leave()


async def test_events_contain_only_ids_versions_and_names_of_fields(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "viewer")
    path = f"/entries/{entry['id']}"
    change = {"secret": "x", "notes": "y", "name": "z", "username": "u", "url": "https://a.example", "tags": ["t"]}
    await alice.ok("PATCH", path, change, if_match=1)
    await alice.ok("POST", f"{path}/rotate")
    await alice.ok("DELETE", path, if_match=3)
    await alice.ok("POST", f"{path}/restore", if_match=4)
    await alice.ok("POST", f"{path}/reveal")
    await bob.refused("POST", f"{path}/reveal")
    await refusals.settle()
    await alice.ok("POST", f"{path}/purge")
    await alice.ok("PATCH", f"/vaults/{vault}", {"name": "Renamed"}, if_match=1)
    await alice.ok("DELETE", f"/vaults/{vault}/members/{bob.id}")

    rows = await db.fetch("SELECT type, data::text FROM events WHERE stream LIKE 'vault%' ORDER BY stream, seq")

    allowed = {"vault_id", "entry_id", "version", "changed", "user_id", "role"}
    for row in rows:
        data = json.loads(row["data"])
        assert set(data) <= allowed, row["type"]
        assert set(data.get("changed", [])) <= {*change, "expires_at", "rotation_interval_days", "trashed_at"}
    assert [row["type"] for row in rows] == [
        "vault.entry.revealed",
        "vault.access.denied",
        "vault.created",
        "vault.entry.created",
        "vault.member.added",
        "vault.entry.updated",
        "vault.entry.rotated",
        "vault.entry.deleted",
        "vault.entry.restored",
        "vault.entry.purged",
        "vault.updated",
        "vault.member.removed",
    ]
