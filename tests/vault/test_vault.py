"""Vaults over HTTP: rights, versions, trash, reveal, audit, and what is really stored."""

import dataclasses
from typing import Any

import asyncpg
import pytest

from core.ids import uuid7
from core.settings import Settings
from models.vault import EntryVersion
from realtime.unit_of_work import ledger
from server.audit import refusals, verification
from server.vault.cipher import SEALED, OpenVersion, SealedVersion
from server.vault.schemas import EntryCreate, EntryUpdate, EntryView
from server.vault.versions import METADATA
from tests.conftest import Person
from tests.vault.conftest import NOTES, SECRET, events_of, join


async def test_an_entry_is_read_without_its_secret_and_revealed_with_it(alice: Person, entry: dict[str, Any]) -> None:
    assert SECRET not in str(entry)
    assert NOTES not in str(entry)
    assert entry["tags"] == ["a", "b"]
    assert entry["has_notes"]
    assert entry["state"] == "ok"

    async with await alice.send("POST", f"/entries/{entry['id']}/reveal", {"fields": ["secret", "notes"]}) as response:
        body = await response.json()
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Pragma"] == "no-cache"

    assert body == {"entry_id": entry["id"], "version": 1, "fields": {"secret": SECRET, "notes": NOTES}}
    only = await alice.ok("POST", f"/entries/{entry['id']}/reveal")
    assert only["fields"] == {"secret": SECRET}


def test_every_field_of_an_entry_is_kept_in_its_versions() -> None:
    written = set(EntryCreate.model_fields)

    assert set(METADATA) | set(SEALED) == written
    assert set(EntryUpdate.model_fields) == written
    for sealed in (SealedVersion, OpenVersion):
        assert [one.name for one in dataclasses.fields(sealed) if one.name != "data_key"] == list(SEALED)
    assert set(SEALED) < EntryVersion._meta.fields
    assert written - set(SEALED) < set(EntryView.model_fields)


async def test_every_write_is_a_version_and_old_ones_can_be_revealed(alice: Person, entry: dict[str, Any]) -> None:
    path = f"/entries/{entry['id']}"
    changed = await alice.ok("PATCH", path, {"secret": "second", "name": "SFTP 2"}, if_match=1)
    assert (changed["version"], changed["name"]) == (2, "SFTP 2")
    same = await alice.ok("PATCH", path, {"name": "SFTP 2"}, if_match=2)
    assert same["version"] == 2
    notes = await alice.ok("PATCH", path, {"notes": "other"}, if_match=2)
    assert notes["version"] == 3

    old = await alice.ok("POST", f"{path}/reveal", {"version": 1})
    assert old["fields"]["secret"] == SECRET
    restored = await alice.ok("POST", f"{path}/restore", {"version": 1}, if_match=3)
    assert (restored["version"], restored["name"]) == (4, "SFTP")
    assert (await alice.ok("POST", f"{path}/reveal"))["fields"]["secret"] == SECRET
    versions = await alice.ok("GET", f"{path}/versions?limit=3")
    assert [v["version"] for v in versions["items"]] == [4, 3, 2]
    assert versions["total"] == 4
    assert sorted(versions["items"][2]["changed"]) == ["name", "secret"]
    assert await alice.refused("POST", f"{path}/reveal", {"version": 9}) == (422, "invalid_field")


async def test_a_stale_or_missing_version_changes_nothing(alice: Person, entry: dict[str, Any]) -> None:
    path = f"/entries/{entry['id']}"
    await alice.ok("PATCH", path, {"username": "mi"}, if_match=1)

    async with await alice.send("PATCH", path, {"name": "x"}, if_match=1) as response:
        conflict = await response.json()
    assert (response.status, conflict["code"]) == (409, "version_conflict")
    assert conflict["current_version"] == 2
    assert conflict["changed_fields"] == ["username"]
    assert conflict["changed_by"] == str(alice.id)
    for method in ("PATCH", "DELETE"):
        body = {"name": "x"} if method == "PATCH" else None
        assert await alice.refused(method, path, body) == (428, "precondition_required")
    for header in ("*", '"0"', '"abc"', "2"):
        assert (await alice.refused("PATCH", path, {"name": "x"}, **{"If-Match": header}))[0] == 422


async def test_entries_can_be_restored_from_the_trash(alice: Person, vault: str, entry: dict[str, Any]) -> None:
    path = f"/entries/{entry['id']}"
    await alice.ok("DELETE", path, if_match=1)

    assert (await alice.ok("GET", f"/vaults/{vault}/entries"))["items"] == []
    assert len((await alice.ok("GET", f"/vaults/{vault}/entries?trashed=true"))["items"]) == 1
    assert await alice.refused("PATCH", path, {"name": "x"}, if_match=2) == (410, "gone")
    assert (await alice.ok("GET", f"/vaults/{vault}"))["entry_count"] == 0
    back = await alice.ok("POST", f"{path}/restore", if_match=2)
    assert back["trashed_at"] is None
    assert back["version"] == 3


async def test_rotation_generates_a_secret_and_moves_the_due_date(
    alice: Person, vault: str, db: asyncpg.Connection
) -> None:
    body = {"name": "Key", "secret": "one", "rotation_interval_days": 90}
    made = await alice.ok("POST", f"/vaults/{vault}/entries", body)
    await db.execute("UPDATE password_entries SET secret_changed_at = now() - interval '91 days'")
    path = f"/entries/{made['id']}"
    assert (await alice.ok("GET", path))["state"] == "due"
    assert (await alice.ok("GET", f"/vaults/{vault}/entries?state=due"))["total"] == 1
    renamed = await alice.ok("PATCH", path, {"name": "Key 2"}, if_match=1)
    assert renamed["state"] == "due"

    rotated = await alice.ok("POST", f"{path}/rotate")

    assert rotated["state"] == "ok"
    assert rotated["version"] == 3
    secret = (await alice.ok("POST", f"{path}/reveal"))["fields"]["secret"]
    assert len(secret) == 24
    assert secret != "one"
    for state, total in (("ok", 1), ("due", 0), ("due_soon", 0), ("expired", 0)):
        assert (await alice.ok("GET", f"/vaults/{vault}/entries?state={state}"))["total"] == total


@pytest.mark.parametrize(
    ("role", "read", "reveal", "write", "members", "audit"),
    [
        (None, 404, 404, 404, 404, 404),
        ("viewer", 200, 403, 403, 403, 403),
        ("reader", 200, 200, 403, 403, 403),
        ("editor", 200, 200, 200, 403, 200),
        ("vault_manager", 200, 200, 200, 200, 200),
    ],
)
async def test_each_role_may_do_its_part_and_no_more(
    alice: Person,
    bob: Person,
    project: str,
    vault: str,
    entry: dict[str, Any],
    role: str | None,
    read: int,
    reveal: int,
    write: int,
    members: int,
    audit: int,
) -> None:
    await join(alice, bob, project, vault, role)

    async def status(method: str, path: str, body: Any = None, **options: Any) -> int:
        async with await bob.send(method, path, body, **options) as response:
            return response.status

    assert await status("GET", f"/vaults/{vault}") == read
    assert await status("GET", f"/vaults/{vault}/entries") == read
    assert await status("GET", f"/vaults/{vault}/members") == read
    assert await status("GET", f"/entries/{entry['id']}") == read
    assert await status("GET", f"/entries/{entry['id']}/versions") == read
    assert await status("GET", f"/vaults/{vault}/audit") == audit
    assert await status("POST", f"/entries/{entry['id']}/reveal") == reveal
    assert await status("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1) == write
    assert await status("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"}) == members
    assert await status("PATCH", f"/vaults/{vault}", {"name": "n"}, if_match=1) == members
    listed = (await bob.ok("GET", f"/projects/{project}/vaults"))["items"]
    assert [v["id"] for v in listed] == ([vault] if role else [])


async def test_what_a_stranger_gets_is_what_a_random_id_gets(
    charlie: Person, entry: dict[str, Any], vault: str
) -> None:
    async def answer(method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        async with await charlie.send(method, path, body, if_match=1) as response:
            found = await response.json()
            found.pop("request_id")
            return response.status, found

    for method, path, body in (
        ("GET", "/entries/{}", None),
        ("PATCH", "/entries/{}", {"name": "x"}),
        ("DELETE", "/entries/{}", None),
        ("POST", "/entries/{}/reveal", None),
        ("POST", "/entries/{}/restore", None),
        ("GET", "/entries/{}/versions", None),
    ):
        assert await answer(method, path.format(entry["id"]), body) == await answer(method, path.format(uuid7()), body)
    assert (await answer("GET", f"/vaults/{vault}"))[0] == 404


async def test_an_administrator_sees_counts_and_members_but_no_entries(
    admin: Person, vault: str, entry: dict[str, Any]
) -> None:
    seen = await admin.ok("GET", f"/vaults/{vault}")
    assert (seen["my_role"], seen["entry_count"]) == ("admin", 1)
    assert await admin.refused("GET", f"/vaults/{vault}/entries") == (403, "forbidden")
    assert await admin.refused("POST", f"/entries/{entry['id']}/reveal") == (403, "forbidden")
    assert (await admin.ok("GET", f"/vaults/{vault}/audit"))["items"][0]["outcome"] == "denied"


async def test_leaving_the_project_means_leaving_its_vaults(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "reader")
    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")

    assert await bob.refused("POST", f"/entries/{entry['id']}/reveal") == (404, "not_found")
    assert (await events_of(db, f"vault:{vault}"))[-1] == "vault.member.removed"
    assert await db.fetchval("SELECT epoch FROM vaults") == 2
    changed = await alice.ok("PATCH", f"/entries/{entry['id']}", {"name": "n"}, if_match=1)
    assert changed["version"] == 2  # written under the next vault key, read under both
    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal", {"version": 1}))["fields"]["secret"] == SECRET
    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal"))["fields"]["secret"] == SECRET


async def test_an_ended_project_grant_ends_the_vault_too(
    alice: Person, bob: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "reader")
    await db.execute("UPDATE project_members SET expires_at = now() - interval '1 s' WHERE user_id = $1", bob.id)

    assert await bob.refused("GET", f"/vaults/{vault}") == (404, "not_found")


async def test_a_stranger_to_the_project_cannot_be_made_a_member(alice: Person, charlie: Person, vault: str) -> None:
    assert await alice.refused("PUT", f"/vaults/{vault}/members/{charlie.id}", {"role": "reader"}) == (404, "not_found")


async def test_the_last_manager_cannot_leave(alice: Person, vault: str, project: str, admin: Person) -> None:
    path = f"/vaults/{vault}/members/{alice.id}"
    assert await alice.refused("DELETE", path) == (409, "last_manager")
    assert await alice.refused("PUT", path, {"role": "editor"}) == (409, "last_manager")
    await alice.ok("PUT", f"/projects/{project}/members/{admin.id}", {"role": "owner"})
    assert await admin.refused("DELETE", f"/projects/{project}/members/{alice.id}") == (409, "last_manager")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "JaVaScRiPt:alert(1)"}, "/url"),
        ({"url": " \tjavascript:alert(1)"}, "/url"),
        ({"url": "data:text/html,x"}, "/url"),
        ({"url": "https://a.example/\r\nx"}, "/url"),
        ({"name": "a\nb"}, "/name"),
        ({"name": ""}, "/name"),
        ({"secret": ""}, "/secret"),
        ({"secret": "x" * 65_537}, "/secret"),
        ({"secret": "ü" * 40_000}, "/secret"),
        ({"tags": ["x"] * 51}, "/tags"),
        ({"tags": ["x" * 65]}, "/tags/0"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "2026-02-30T00:00:00Z"}, "/expires_at"),
        ({"rotation_interval_days": 0}, "/rotation_interval_days"),
        ({"rotation_interval_days": True}, "/rotation_interval_days"),
        ({"owner_id": "x"}, "/owner_id"),
    ],
)
async def test_invalid_fields_are_named_and_not_repeated(
    alice: Person, vault: str, body: dict[str, Any], pointer: str
) -> None:
    given = {"name": "n", "secret": SECRET, **body}
    async with await alice.send("POST", f"/vaults/{vault}/entries", given) as response:
        text = await response.text()
        problem = await response.json()

    assert response.status == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert SECRET not in text


async def test_events_contain_only_ids_and_versions(
    alice: Person, bob: Person, project: str, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await join(alice, bob, project, vault, "viewer")
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"secret": "x-SENTINEL"}, if_match=1)
    await alice.ok("POST", f"/entries/{entry['id']}/reveal")
    await bob.refused("POST", f"/entries/{entry['id']}/reveal")
    await refusals.settle()

    assert await events_of(db, f"vault:{vault}") == [
        "vault.created",
        "vault.entry.created",
        "vault.member.added",
        "vault.entry.updated",
    ]
    assert await events_of(db, f"vault-access:{vault}") == ["vault.entry.revealed", "vault.access.denied"]
    for table in ("events", "audit_log", "idempotency_keys", "password_entries", "password_entry_versions"):
        rows = await db.fetch(f"SELECT t::text AS row FROM {table} t")
        for row in rows:
            assert "SENTINEL" not in row["row"], table
            assert SECRET.encode().hex() not in row["row"], table
    kept = await db.fetchval("SELECT data::text FROM events WHERE type = 'vault.entry.updated'")
    assert "SFTP" not in kept
    assert "secret" in kept


async def test_a_reveal_without_its_audit_row_gives_no_secret(
    alice: Person, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    await db.execute("ALTER TABLE audit_log ADD CONSTRAINT no_reveals CHECK (action <> 'entry.reveal') NOT VALID")
    try:
        async with await alice.send("POST", f"/entries/{entry['id']}/reveal") as response:
            text = await response.text()
    finally:
        await db.execute("ALTER TABLE audit_log DROP CONSTRAINT no_reveals")

    assert response.status == 503
    assert SECRET not in text


async def test_moved_or_old_sealed_bytes_are_noticed(
    alice: Person, vault: str, entry: dict[str, Any], db: asyncpg.Connection, settings: Settings
) -> None:
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"secret": "second"}, if_match=1)
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact

    # The bytes of an old version do not open in place of the newest one's.
    await db.execute(
        "UPDATE password_entry_versions n SET secret = o.secret, data_key = o.data_key "
        "FROM password_entry_versions o WHERE n.version = 2 AND o.version = 1"
    )
    async with await alice.send("POST", f"/entries/{entry['id']}/reveal") as response:
        assert response.status == 500
        assert SECRET not in await response.text()
    report = await verification.verify_with(settings, ledger().audit_key)
    assert [chain for chain, _ in report.broken] == [f"vault:{vault}"]
    assert "version 2" in report.broken[0][1]

    # The whole entry, reset to its old version, does open, but the audit log shows that it is not the newest.
    await db.execute("DELETE FROM password_entry_versions WHERE version = 2")
    await db.execute("UPDATE password_entries SET version = 1")
    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal"))["fields"]["secret"] == SECRET
    report = await verification.verify_with(settings, ledger().audit_key)
    assert "newer version" in report.broken[0][1]


async def test_a_deleted_vault_is_gone_with_its_keys(
    alice: Person, vault: str, entry: dict[str, Any], db: asyncpg.Connection, settings: Settings
) -> None:
    await alice.ok("DELETE", f"/vaults/{vault}", if_match=1)

    assert await alice.refused("GET", f"/entries/{entry['id']}") == (404, "not_found")
    for table in ("vault_keys", "password_entries", "password_entry_versions", "vault_members"):
        assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert (await verification.verify_with(settings, ledger().audit_key)).is_intact
