"""The audit log: chains reveal edits, cuts and reordering; lists are for those who may read them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core.settings import Settings
from models import audit
from realtime.unit_of_work import ledger
from server.audit import refusals, verification
from tests.conftest import Person


async def as_owner(db: asyncpg.Connection, sql: str, *values: Any) -> None:
    """Runs SQL with the triggers off, as anybody with all rights in the database could."""
    await db.execute("SET session_replication_role = replica")
    await db.execute(sql, *values)
    await db.execute("SET session_replication_role = origin")


@pytest.fixture
async def chain(alice: Person, project: str) -> str:
    """The name of a chain with a few rows."""
    for version, name in enumerate(("April", "May", "June"), 1):
        await alice.ok("PATCH", f"/projects/{project}", {"name": name}, if_match=version)
    return f"project:{project}"


async def test_an_untouched_audit_is_intact(chain: str, settings: Settings) -> None:
    report = await verification.verify_with(settings, ledger().audit_key)

    assert report.is_intact
    assert report.rows >= 4


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE audit_log SET action = 'project.read' WHERE chain = $1 AND seq = 2", "row 2"),
        ("UPDATE audit_log SET details = details || '{\"x\": 1}' WHERE chain = $1 AND seq = 3", "row 3"),
        ("UPDATE audit_log SET at = at + interval '1 us' WHERE chain = $1 AND seq = 1", "row 1"),
        ("UPDATE audit_log SET actor_id = NULL WHERE chain = $1 AND seq = 4", "row 4"),
        ("DELETE FROM audit_log WHERE chain = $1 AND seq = 2", "row 2 is missing"),
        ("DELETE FROM audit_log WHERE chain = $1 AND seq = 4", "row 4 is missing"),
        ("UPDATE audit_log SET seq = CASE seq WHEN 2 THEN 103 ELSE seq END WHERE chain = $1", "row 2 is missing"),
        ("DELETE FROM audit_chains WHERE name = $1", "its head was removed"),
    ],
)
async def test_a_change_names_the_first_broken_row(
    db: asyncpg.Connection, chain: str, settings: Settings, sql: str, row: str
) -> None:
    await as_owner(db, sql, chain)

    report = await verification.verify_with(settings, ledger().audit_key)

    assert [name for name, _ in report.broken] == [chain]
    assert row in report.broken[0][1]


async def test_the_owner_of_the_table_cannot_change_it_by_accident(db: asyncpg.Connection, chain: str) -> None:
    for sql in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await db.execute(sql)


async def test_only_controllers_and_owners_read_a_projects_audit(
    alice: Person, bob: Person, charlie: Person, admin: Person, project: str, chain: str
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    path = f"/projects/{project}/audit"

    page = await alice.ok("GET", f"{path}?limit=2")
    assert [row["action"] for row in page["items"]] == ["project.member.add", "project.update"]
    assert page["items"][1]["details"] == {"version": 4, "changed": ["name"]}
    assert page["items"][1]["actor"] == {"type": "user", "id": str(alice.id)}
    older = await alice.ok("GET", f"{path}?limit=2&cursor={page['next_cursor']}")
    assert [row["seq"] for row in page["items"] + older["items"]] == [5, 4, 3, 2]
    assert await bob.refused("GET", path) == (403, "forbidden")
    assert await charlie.refused("GET", path) == (404, "not_found")
    assert await alice.refused("GET", "/audit") == (403, "forbidden")
    everything = await admin.ok("GET", f"/audit?chain={chain}")
    assert {row["chain"] for row in everything["items"]} == {chain}
    assert (await admin.ok("GET", "/audit?action=auth.login&limit=1"))["items"]


async def test_an_administrator_verifies_over_http(
    admin: Person, alice: Person, db: asyncpg.Connection, chain: str
) -> None:
    assert (await admin.ok("POST", "/audit/verify"))["intact"] is True
    assert await alice.refused("POST", "/audit/verify") == (403, "forbidden")
    await as_owner(db, "DELETE FROM audit_log WHERE chain = $1 AND seq = 2", chain)
    found = await admin.ok("POST", "/audit/verify")
    assert found["intact"] is False
    assert found["broken"][0]["chain"] == chain


async def test_cutting_the_tail_and_resetting_the_head_goes_unnoticed_as_the_readme_says(
    admin: Person, db: asyncpg.Connection, chain: str
) -> None:
    last = await db.fetchval("SELECT head FROM audit_chains WHERE name = $1", chain)
    await as_owner(db, "DELETE FROM audit_log WHERE chain = $1 AND seq = $2", chain, last)
    await db.execute(
        "UPDATE audit_chains SET head = $2, mac = (SELECT mac FROM audit_log WHERE chain = $1 AND seq = $2) WHERE name = $1",
        chain,
        last - 1,
    )

    found = await admin.ok("POST", "/audit/verify")

    # Whoever fixes this removes the sentence from README.md, docs/operations.md and the command's help.
    assert found["intact"] is True
    assert "whose last rows were cut off if its head was" in (Path(__file__).parents[2] / "README.md").read_text()


async def test_refused_attempts_are_recorded(alice: Person, bob: Person, project: str, db: asyncpg.Connection) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    await bob.refused("DELETE", f"/projects/{project}")
    await refusals.settle()

    row = await db.fetchrow("SELECT * FROM audit_log WHERE chain = $1 ORDER BY seq DESC LIMIT 1", f"project:{project}")
    assert (row["action"], row["outcome"], row["actor_id"]) == ("project.delete", "denied", bob.id)


async def test_audit_filters_apply_to_every_page(alice: Person, project: str, chain: str, admin: Person) -> None:
    path = f"/projects/{project}/audit"
    everything = (await alice.ok("GET", path))["items"]
    assert [row["seq"] for row in everything] == list(range(len(everything), 0, -1))

    pages: list[Any] = []
    address = f"{path}?action=project.update&limit=1"
    page = await alice.ok("GET", address)
    while True:
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        page = await alice.ok("GET", f"{address}&cursor={page['next_cursor']}")
    assert [row["seq"] for row in pages] == [4, 3, 2]
    middle = everything[1]["at"].replace("+00:00", "Z")
    later = (await alice.ok("GET", f"{path}?since={middle}"))["items"]
    earlier = (await alice.ok("GET", f"{path}?until={middle}"))["items"]
    assert later + earlier == everything
    assert (await alice.ok("GET", f"{path}?actor_id={admin.id}"))["items"] == []
    assert (await alice.ok("GET", f"{path}?outcome=denied"))["items"] == []
    assert len((await alice.ok("GET", f"{path}?resource_id={project}"))["items"]) == len(everything)
    for wrong in ("outcome=maybe", "actor_id=x", "since=yesterday", "chain=account", f"cursor={page['prev_cursor']}x"):
        assert (await alice.refused("GET", f"{path}?{wrong}"))[0] == 422
    # A cursor is valid only for its own route and filters.
    cursor = (await alice.ok("GET", f"{path}?limit=1"))["next_cursor"]
    assert await alice.refused("GET", f"{path}?limit=1&action=project.update&cursor={cursor}") == (
        422,
        "invalid_cursor",
    )


async def test_an_editor_sees_only_their_own_actions_in_a_vault(
    alice: Person, bob: Person, admin: Person, project: str, db: asyncpg.Connection
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    path = f"/vaults/{vault}/audit"
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})  # in the project, not the vault
    assert await bob.refused("GET", path) == (404, "not_found")
    for role, allowed in (("viewer", False), ("reader", False), ("editor", True)):
        await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": role})
        if not allowed:
            assert await bob.refused("GET", path) == (403, "forbidden")
    await refusals.settle()
    await bob.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"})
    await bob.refused("PATCH", f"/vaults/{vault}", {"name": "n"}, if_match=1)

    own = await bob.ok("GET", path)
    whole = await alice.ok("GET", path)

    assert own["total"] == len(own["items"])
    assert {row["actor"]["id"] for row in own["items"]} == {str(bob.id)}
    assert [row["action"] for row in own["items"]][:2] == ["vault.edit", "entry.create"]
    assert (await bob.ok("GET", f"{path}?actor_id={alice.id}"))["items"] == []
    assert whole["total"] > own["total"]
    assert (await admin.ok("GET", path))["total"] == whole["total"]
    view = await db.fetch(
        "SELECT vault_id, seq, action FROM password_audit_log WHERE vault_id = $1 ORDER BY seq DESC", vault
    )
    assert [(row["seq"], row["action"]) for row in view] == [(row["seq"], row["action"]) for row in whole["items"]]


def test_a_row_has_the_bytes_that_it_always_had() -> None:
    every = "".join(map(chr, range(0x800))) + "\u2028\ufeff\U0001f600"
    details = {"é": [every, -1, 2**63, True, None], "a": {"z": 0.1, "b": 1e16}}
    row = {"at": datetime(2026, 4, 3, tzinfo=UTC), "actor_id": UUID(int=7), "session_id": None}
    row |= dict.fromkeys(("actor_type", "action", "resource_type", "resource_id", "outcome", "ip", "request_id"), "x")

    for given in (details, {**details, "a": 1}, {"half": "\ud800"}, {"large": 10**30}, {}):
        # What codes in chains are made of, however it is written.
        body = {**row, "at": "2026-04-03T00:00:00.000000Z", "actor_id": str(UUID(int=7)), "details": given}
        said = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if "\ud800" in said:
            with pytest.raises(UnicodeEncodeError):
                audit.body_of({**row, "details": given})
        else:
            assert audit.body_of({**row, "details": given}) == said.encode()


async def test_a_change_finds_a_new_chain_and_a_new_stream_where_they_were_removed(
    alice: Person, project: str, db: asyncpg.Connection
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Bank"}))["id"]
    entry = {"name": "Portal", "secret": "x"}
    await alice.ok("POST", f"/vaults/{vault}/entries", entry)
    await as_owner(db, "DELETE FROM streams WHERE name = $1", f"vault:{vault}")
    await db.execute("DELETE FROM events WHERE stream = $1", f"vault:{vault}")

    await alice.ok("POST", f"/vaults/{vault}/entries", entry)
    rows = await db.fetch("SELECT action FROM audit_log WHERE chain = $1 ORDER BY seq", f"vault:{vault}")
    events = await db.fetch("SELECT seq, type FROM events WHERE stream = $1 ORDER BY seq", f"vault:{vault}")
    await as_owner(db, "DELETE FROM audit_log WHERE chain = $1", f"vault:{vault}")
    await as_owner(db, "DELETE FROM audit_chains WHERE name = $1", f"vault:{vault}")
    await alice.ok("POST", f"/vaults/{vault}/entries", entry)

    assert [row["action"] for row in rows] == ["vault.create", "entry.create", "entry.create"]
    assert [tuple(row) for row in events] == [(1, "vault.entry.created")]
    assert await db.fetchval("SELECT seq FROM audit_log WHERE chain = $1", f"vault:{vault}") == 1
    assert await db.fetchval("SELECT head FROM streams WHERE name = $1", f"vault:{vault}") == 2
