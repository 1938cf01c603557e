"""The trash, and what is destroyed for good."""

from datetime import timedelta
from typing import Any

import asyncpg

from core.settings import Settings
from realtime.unit_of_work import ledger
from server.audit import verification
from server.vault.actions.trash import purge_trash
from tests.conftest import Person
from tests.vault.conftest import SECRET, events_of, join


async def counts(db: asyncpg.Connection) -> tuple[int, int]:
    """How many entries and versions are stored."""
    row = await db.fetchrow(
        "SELECT (SELECT count(*) FROM password_entries) AS e, (SELECT count(*) FROM password_entry_versions) AS v"
    )
    return row["e"], row["v"]


async def test_a_purged_entry_is_gone_with_its_keys(
    alice: Person, vault: str, entry: dict[str, Any], db: asyncpg.Connection, settings: Settings
) -> None:
    path = f"/entries/{entry['id']}"
    await alice.ok("PATCH", path, {"secret": "second"}, if_match=1)
    await alice.ok("DELETE", path, if_match=2)
    assert await alice.refused("POST", f"{path}/purge", if_match=1) == (409, "version_conflict")

    await alice.ok("POST", f"{path}/purge", if_match=3)

    assert await counts(db) == (0, 0)
    for method, to in (
        ("GET", path),
        ("POST", f"{path}/reveal"),
        ("GET", f"{path}/versions"),
        ("POST", f"{path}/purge"),
    ):
        assert await alice.refused(method, to) == (404, "not_found")
    assert await alice.refused("POST", f"{path}/restore", if_match=3) == (404, "not_found")
    assert (await events_of(db, f"vault:{vault}"))[-2:] == ["vault.entry.deleted", "vault.entry.purged"]
    assert [row["action"] for row in (await alice.ok("GET", f"/vaults/{vault}/audit?limit=2"))["items"]] == [
        "entry.purge",
        "entry.delete",
    ]
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact


async def test_editors_trash_and_restore_but_only_managers_purge(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "editor")
    path = f"/entries/{entry['id']}"

    await bob.ok("DELETE", path, if_match=1)
    assert await bob.refused("POST", f"{path}/purge") == (403, "forbidden")
    assert await bob.refused("DELETE", path, if_match=2) == (410, "gone")
    assert await bob.refused("POST", f"{path}/rotate") == (410, "gone")
    assert await bob.refused("POST", f"{path}/restore") == (428, "precondition_required")
    back = await bob.ok("POST", f"{path}/restore", if_match=2)

    assert (back["version"], back["trashed_at"]) == (3, None)
    assert await counts(db) == (1, 3)
    assert (await bob.ok("POST", f"{path}/reveal"))["fields"]["secret"] == SECRET


async def test_the_trash_is_emptied_after_30_days(
    alice: Person, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    other = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "o", "secret": "o"})
    kept = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "k", "secret": "k"})
    for made in (entry, other):
        await alice.ok("DELETE", f"/entries/{made['id']}", if_match=1)
    age = "UPDATE password_entries SET trashed_at = trashed_at - $2::interval WHERE id = $1"
    await db.execute(age, entry["id"], timedelta(days=30, seconds=1))
    await db.execute(age, other["id"], timedelta(days=29, hours=23))

    await purge_trash()
    await purge_trash()

    left = {str(row["id"]) for row in await db.fetch("SELECT id FROM password_entries")}
    assert left == {other["id"], kept["id"]}
    row = await db.fetchrow("SELECT actor_type, actor_id, resource_id FROM audit_log WHERE action = 'entry.purge'")
    assert (row["actor_type"], row["actor_id"], row["resource_id"]) == ("system", None, entry["id"])


async def test_deleting_a_project_deletes_its_vaults_and_publishes_it_for_each(
    alice: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection, settings: Settings
) -> None:
    await alice.ok("DELETE", f"/projects/{project}", if_match=1)

    assert await counts(db) == (0, 0)
    assert await db.fetchval("SELECT count(*) FROM vault_keys") == 0
    assert (await events_of(db, f"vault:{vault}"))[-1] == "vault.deleted"
    last = await db.fetchrow("SELECT action FROM audit_log WHERE chain = $1 ORDER BY seq DESC", f"vault:{vault}")
    assert last["action"] == "vault.delete"
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact


async def test_a_conflict_says_who_when_and_which_fields_but_no_value(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any]
) -> None:
    await join(alice, bob, project, vault, "editor")
    path = f"/entries/{entry['id']}"
    changed = await bob.ok(
        "PATCH", path, {"secret": "value-one", "username": "value-two", "url": "https://value.three"}, if_match=1
    )

    for method, to, body in (("PATCH", path, {"name": "x"}), ("DELETE", path, None), ("POST", f"{path}/restore", None)):
        async with await alice.send(method, to, body, if_match=1) as response:
            text, problem = await response.text(), await response.json()
        assert (response.status, problem["code"]) == (409, "version_conflict")
        assert (problem["current_version"], problem["changed_by"]) == (2, str(bob.id))
        assert problem["changed_fields"] == ["secret", "url", "username"]
        assert problem["changed_at"] == changed["updated_at"]
        assert "value" not in text
    assert await alice.refused("PATCH", path, {"name": "x"}) == (428, "precondition_required")
    for malformed in ("*", '"0"', '"abc"', "2"):
        assert await alice.refused("PATCH", path, {"name": "x"}, If_Match=malformed) == (422, "invalid_field")
