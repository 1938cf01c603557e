"""A reveal is recorded before it is answered, or not answered."""

from typing import Any

import asyncpg
import pytest

from core.ids import uuid7
from core.settings import Settings
from server.audit import refusals
from server.store import database
from tests.conftest import PASSWORD, Person
from tests.vault.conftest import NOTES, SECRET, events_of, join


@pytest.mark.parametrize("code", ["P0001", "insufficient_privilege", "disk_full", "23505"])
async def test_no_secret_is_revealed_without_its_audit_row(
    alice: Person, entry: dict[str, Any], db: asyncpg.Connection, code: str
) -> None:
    await db.execute(
        "CREATE FUNCTION refuse_reveal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.action = 'entry.reveal' "
        f"THEN RAISE EXCEPTION 'cannot be written' USING ERRCODE = '{code}'; END IF; RETURN new; END $$"
    )
    await db.execute(
        "CREATE TRIGGER refuse_reveal BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_reveal()"
    )
    try:
        async with await alice.send("POST", f"/entries/{entry['id']}/reveal") as response:
            text = await response.text()
            problem = await response.json()
    finally:
        await db.execute("DROP FUNCTION refuse_reveal CASCADE")

    assert (response.status, problem["code"]) == (503, "unavailable")
    assert "Retry-After" in response.headers
    assert SECRET not in text
    assert await db.fetchval("SELECT count(*) FROM events WHERE type = 'vault.entry.revealed'") == 0
    assert (await alice.ok("POST", f"/entries/{entry['id']}/reveal"))["fields"]["secret"] == SECRET


async def test_the_audit_row_is_committed_before_the_secret_arrives(
    alice: Person, vault: str, entry: dict[str, Any], db: asyncpg.Connection
) -> None:
    body = {"fields": ["notes"], "reason": "month end"}
    async with await alice.send("POST", f"/entries/{entry['id']}/reveal", body) as response:
        row = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'entry.reveal'")  # before the body is read
        assert (await response.json())["fields"] == {"notes": NOTES}

    assert (row["chain"], row["resource_id"], row["actor_id"]) == (f"vault:{vault}", entry["id"], alice.id)
    assert row["details"] == '{"fields": ["notes"], "reason": "month end", "revealed_version": 1}'
    assert row["ip"] == "127.0.0.1"
    assert row["session_id"] is not None


async def test_an_old_version_is_revealed_and_recorded_as_such(
    alice: Person, vault: str, entry: dict[str, Any]
) -> None:
    await alice.ok("PATCH", f"/entries/{entry['id']}", {"secret": "second", "notes": None}, if_match=1)

    old = await alice.ok("POST", f"/entries/{entry['id']}/reveal", {"version": 1, "fields": ["secret", "notes"]})
    new = await alice.ok("POST", f"/entries/{entry['id']}/reveal", {"fields": ["secret", "notes"]})

    assert (old["version"], old["fields"]) == (1, {"secret": SECRET, "notes": NOTES})
    assert (new["version"], new["fields"]) == (2, {"secret": "second", "notes": None})
    rows = (await alice.ok("GET", f"/vaults/{vault}/audit?action=entry.reveal"))["items"]
    assert [row["details"]["revealed_version"] for row in rows] == [2, 1]


async def test_no_answer_with_a_secret_is_stored_for_an_idempotency_key(
    alice: Person, entry: dict[str, Any], db: asyncpg.Connection, http: Any
) -> None:
    reveal = f"/entries/{entry['id']}/reveal"
    first = await alice.ok("POST", reveal, {"fields": ["secret"]}, Idempotency_Key="k-1")
    other = await alice.ok("POST", reveal, {"fields": ["notes"]}, Idempotency_Key="k-1")  # not compared either
    sign_in = {"email": alice.email, "password": PASSWORD}
    for _ in range(2):
        headers = {"Idempotency-Key": "k-1", "X-Client": "api"}
        async with http.post("/api/v1/auth/login", json=sign_in, headers=headers) as response:
            assert response.status == 200
    await alice.ok("POST", f"/entries/{entry['id']}/rotate", {"secret": "kept-SENTINEL"}, Idempotency_Key="k-2")

    assert (first["fields"], other["fields"]) == ({"secret": SECRET}, {"notes": NOTES})
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE action = 'entry.reveal'") == 2
    kept = await db.fetch("SELECT route, convert_from(body, 'UTF8') AS body FROM idempotency_keys")
    assert [row["route"] for row in kept] == [f"POST /api/v1/entries/{entry['id']}/rotate"]
    assert "SENTINEL" not in kept[0]["body"]


async def test_a_rotation_that_is_sent_twice_rotates_once(alice: Person, entry: dict[str, Any]) -> None:
    path = f"/entries/{entry['id']}/rotate"

    first = await alice.ok("POST", path, Idempotency_Key="again")
    second = await alice.ok("POST", path, Idempotency_Key="again")

    assert first == second
    assert first["version"] == 2


async def test_denied_attempts_are_audited_and_published_to_managers(
    alice: Person,
    bob: Person,
    charlie: Person,
    admin: Person,
    project: str,
    vault: str,
    entry: dict[str, Any],
    db: asyncpg.Connection,
) -> None:
    await join(alice, bob, project, vault, "viewer")
    for body in (None, {"version": 1}):
        assert await bob.refused("POST", f"/entries/{entry['id']}/reveal", body) == (403, "forbidden")
    assert await admin.refused("POST", f"/entries/{entry['id']}/reveal") == (403, "forbidden")
    assert await charlie.refused("POST", f"/entries/{entry['id']}/reveal") == (404, "not_found")
    assert await charlie.refused("GET", f"/vaults/{vault}") == (404, "not_found")
    assert await charlie.refused("GET", f"/vaults/{uuid7()}") == (404, "not_found")

    await refusals.settle()
    rows = await db.fetch("SELECT * FROM audit_log WHERE outcome = 'denied' ORDER BY seq")
    assert [(row["action"], row["actor_id"]) for row in rows] == [
        ("entry.reveal", bob.id),
        ("entry.reveal", admin.id),
        ("entry.reveal", charlie.id),
        ("vault.read", charlie.id),
    ]
    assert {row["chain"] for row in rows} == {f"vault:{vault}"}
    assert await events_of(db, f"vault-access:{vault}") == ["vault.access.denied"] * 2


async def test_the_view_of_an_entry_never_contains_a_secret_or_its_hash(
    alice: Person, admin: Person, vault: str, entry: dict[str, Any], settings: Settings
) -> None:
    path = f"/entries/{entry['id']}"
    await alice.ok("PATCH", path, {"secret": "second-SENTINEL", "notes": "n-SENTINEL"}, if_match=1)
    await alice.ok("POST", f"{path}/rotate", {"secret": "third-SENTINEL"})
    await alice.ok("POST", f"{path}/reveal", {"fields": ["secret", "notes"]})
    await alice.refused("PATCH", path, {"secret": "stale-SENTINEL"}, if_match=1)
    await alice.refused("PATCH", path, {"secret": "bad-SENTINEL", "url": "javascript:SENTINEL()"}, if_match=3)
    words = [SECRET, NOTES, "second-SENTINEL", "n-SENTINEL", "third-SENTINEL"]
    hashes = await _hashes(settings, words)

    shown = [
        await (await person.send("GET", address)).text()
        for person, address in (
            (alice, path),
            (alice, f"{path}/versions"),
            (alice, f"/vaults/{vault}/entries"),
            (alice, f"/vaults/{vault}"),
            (alice, f"/vaults/{vault}/audit"),
            (admin, "/audit"),
            (admin, "/logs"),
            (admin, "//metrics"),
        )
    ]

    for text in shown:
        assert "SENTINEL" not in text
        assert not any(found in text for found in hashes)


async def _hashes(settings: Settings, words: list[str]) -> list[str]:
    connection = await database.connect(settings, "tests")
    found = []
    for word in words:
        for function in ("md5($1)", "encode(sha256($1::bytea), 'hex')", "encode(sha512($1::bytea), 'hex')"):
            kind = word if function.startswith("md5") else word.encode()
            found.append(await connection.fetchval(f"SELECT {function}", kind))
    await connection.close()
    return found
