"""Keys as they are stored: epochs, rotation of the key encryption key, and seals that were moved."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from core.envelope import KeyRing, new_key
from server.api.keys import KEYRING
from tests.conftest import Person
from tests.vault.conftest import NOTES, SECRET, join


@pytest.fixture
def ring(server: Any) -> Iterator[Any]:
    """The application's keyring. Changes that a test makes are undone."""
    keyring = server.app[KEYRING]
    before = keyring.provider
    yield keyring
    keyring.provider = before


async def test_after_a_new_key_encryption_key_old_entries_open_and_new_keys_are_wrapped_by_it(
    alice: Person, project: str, vault: str, entry: dict[str, Any], ring: Any, db: asyncpg.Connection
) -> None:
    old = ring.provider
    ring.provider = KeyRing({**old.keys, "next": new_key()}, "next", "test")

    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal"))["fields"]["secret"] == SECRET
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"secret": "second"}, if_match=1)
    other = await alice.ok("POST", f"/projects/{project}/vaults", {"name": "New"})
    made = await alice.ok("POST", f"/vaults/{other['id']}/entries", {"name": "n", "secret": "third"})

    wrapped_by = dict(await db.fetch("SELECT vault_id::text, kek_id FROM vault_keys"))
    assert wrapped_by == {vault: old.active, other["id"]: "next"}
    assert (await alice.ok("POST", f"/entries/{made['id']}/reveal"))["fields"]["secret"] == "third"
    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal"))["fields"]["secret"] == "second"


async def test_without_the_key_encryption_key_nothing_is_revealed_and_the_failure_is_recorded(
    alice: Person, vault: str, entry: dict[str, Any], ring: Any
) -> None:
    ring.provider = KeyRing({"next": new_key()}, "next", "test")

    assert await alice.refused("POST", f"/entries/{entry['id']}/reveal") == (500, "internal")
    assert await alice.refused("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1) == (500, "internal")

    rows = (await alice.ok("GET", f"/vaults/{vault}/audit?outcome=failure"))["items"]
    assert [(row["action"], row["resource"]["id"]) for row in rows] == [
        ("entry.update", entry["id"]),
        ("entry.reveal", entry["id"]),
    ]
    assert (await alice.ok("GET", f"/entries/{entry['id']}"))["version"] == 1


async def test_after_somebody_loses_rights_new_entries_use_a_new_key(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    async def epoch() -> int:
        return int(await db.fetchval("SELECT epoch FROM vaults"))

    path = f"/vaults/{vault}/members/{bob.id}"
    await join(alice, bob, project, vault, "reader")
    await alice.ok("PUT", path, {"role": "editor"})
    await alice.ok("PUT", path, {"role": "editor"})
    assert await epoch() == 1
    await alice.ok("PUT", path, {"role": "viewer"})
    assert await epoch() == 2
    await alice.ok("DELETE", path)
    assert await epoch() == 3

    await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)

    assert await db.fetch("SELECT version, key_epoch FROM password_entry_versions ORDER BY version") == [(1, 1), (2, 3)]
    assert [row["epoch"] for row in await db.fetch("SELECT epoch FROM vault_keys ORDER BY epoch")] == [1, 2, 3]
    assert len({row["wrapped"] for row in await db.fetch("SELECT wrapped FROM vault_keys")}) == 3
    for version in (1, 2):
        shown = await alice.ok("POST", f"/entries/{entry['id']}/reveal", {"version": version})
        assert shown["fields"]["secret"] == SECRET


@pytest.mark.parametrize(
    "move",
    [
        # another entry's version
        "UPDATE password_entry_versions t SET secret = o.secret, notes = o.notes, data_key = o.data_key "
        "FROM password_entry_versions o WHERE t.entry_id = $1 AND t.version = 2 AND o.entry_id = $2",
        "UPDATE password_entry_versions t SET data_key = o.data_key "
        "FROM password_entry_versions o WHERE t.entry_id = $1 AND t.version = 2 AND o.entry_id = $2",
        # another version of the entry
        "UPDATE password_entry_versions t SET secret = o.secret, notes = o.notes, data_key = o.data_key "
        "FROM password_entry_versions o WHERE t.entry_id = $1 AND t.version = 2 AND o.entry_id = $1 AND o.version = 1 "
        "AND $2::uuid IS NOT NULL",
        # the other field
        "UPDATE password_entry_versions SET secret = notes, notes = secret WHERE entry_id = $1 AND $2::uuid IS NOT NULL",
        # another epoch
        "UPDATE password_entry_versions SET key_epoch = 2 WHERE entry_id = $1 AND $2::uuid IS NOT NULL",
    ],
)
async def test_seals_that_were_moved_do_not_open(
    alice: Person,
    bob: Person,
    project: str,
    vault: str,
    entry: dict[str, Any],
    db: asyncpg.Connection,
    move: str,
) -> None:
    other = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "o", "secret": "other", "notes": "o"})
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"secret": "second"}, if_match=1)
    await join(alice, bob, project, vault, "reader")
    await alice.ok("DELETE", f"/vaults/{vault}/members/{bob.id}")  # starts a second epoch

    await db.execute(move, entry["id"], other["id"])

    async with await alice.send("POST", f"/entries/{entry['id']}/reveal", {"fields": ["secret", "notes"]}) as response:
        text = await response.text()
    assert response.status == 500
    assert not any(word in text for word in (SECRET, NOTES, "second", "other"))


async def test_no_statement_can_link_rows_of_different_vaults(
    alice: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    other = await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Other"})

    for sql in (
        "UPDATE password_entry_versions SET vault_id = $1",
        "UPDATE password_entries SET vault_id = $1",
        "INSERT INTO password_entry_versions SELECT gen_random_uuid(), $1, 2, key_epoch, data_key, secret, notes, "
        "metadata, changed, actor_id, created_at, entry_id FROM password_entry_versions",
    ):
        with pytest.raises((asyncpg.ForeignKeyViolationError, asyncpg.DatatypeMismatchError)) as refusal:
            await db.execute(sql, other["id"])
        assert isinstance(refusal.value, asyncpg.ForeignKeyViolationError), sql
