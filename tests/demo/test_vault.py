"""The demo's vault: its entries' states, its people, and that another start leaves it alone."""

from typing import Any

import asyncpg
import pytest

from models.access import Actor
from server.api.keys import KEYRING
from server.audit import verification
from server.demo import vault as demo
from server.vault.cipher import VaultCipher
from tests.conftest import Person


@pytest.fixture
async def made(server: Any, alice: Person, bob: Person, project: str) -> Any:
    """Creates the demo's vault in alice's project, again and again, with bob as its reader. Returns: the vault."""
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})

    async def make() -> dict[str, Any]:
        cipher = VaultCipher(server.app[KEYRING].provider)
        await demo.make_vault(Actor("user", alice.id, role="manager"), cipher, project, bob.id)
        return dict((await alice.ok("GET", f"/projects/{project}/vaults"))["items"][0])

    return make


async def test_its_entries_show_all_states(made: Any, bob: Person, db: asyncpg.Connection) -> None:
    vault = await made()
    await db.execute("SELECT pg_sleep(1.1)")  # one entry is made to expire at once

    entries = (await bob.ok("GET", f"/vaults/{vault['id']}/entries"))["items"]
    mine = (await bob.ok("GET", f"/vaults/{vault['id']}"))["my_role"]
    states = sorted(entry["state"] for entry in entries)
    with_notes = next(entry for entry in entries if entry["has_notes"])
    revealed = await bob.ok("POST", f"/entries/{with_notes['id']}/reveal", {"fields": ["secret", "notes"]})

    assert (vault["name"], vault["my_role"], mine) == ("Bank access", "vault_manager", "reader")
    assert states == ["due_soon", "expired", "ok", "ok", "ok"]
    assert revealed["fields"]["secret"].startswith("not-a-real-")
    assert "Example only" in revealed["fields"]["notes"]


async def test_another_start_keeps_the_changes_that_people_made(
    made: Any, alice: Person, bob: Person, settings: Any, server: Any
) -> None:
    vault = await made()
    entry = (await alice.ok("GET", f"/vaults/{vault['id']}/entries"))["items"][0]
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "Mine now"}, if_match=1)
    await alice.ok("DELETE", f"/vaults/{vault['id']}/members/{bob.id}")

    again = await made()

    assert (again["id"], again["entry_count"]) == (vault["id"], 5)
    assert [m["role"] for m in (await alice.ok("GET", f"/vaults/{vault['id']}/members"))["items"]] == ["vault_manager"]
    assert (await verification.verify_with(settings, server.app[KEYRING].audit)).is_intact


async def test_the_next_start_finishes_an_interrupted_one(
    made: Any, alice: Person, bob: Person, db: asyncpg.Connection, project: str
) -> None:
    vault = await alice.ok("POST", f"/projects/{project}/vaults", {"name": demo.NAME})
    first = demo.entries()[0]
    await alice.ok("POST", f"/vaults/{vault['id']}/entries", {"name": first["name"], "secret": "x"})

    await made()

    assert await db.fetchval("SELECT count(*) FROM vaults") == 1
    assert await db.fetchval("SELECT count(*) FROM password_entries") == 5
    assert (await bob.ok("GET", f"/vaults/{vault['id']}"))["my_role"] == "reader"
