"""
Refusals in the audit log: the first of a kind in each minute is written at once, the others are counted, and nobody
waits for it.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.ids import uuid7
from core.settings import Settings
from server.api.watch import WATCH
from server.audit import refusals
from tests.conftest import PASSWORD, Person

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
async def vault(alice: Person, project: str) -> str:
    """A vault of alice's."""
    return str((await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"])


@pytest.fixture
async def entry(alice: Person, vault: str) -> str:
    """An entry in it."""
    return str((await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"}))["id"])


async def denied(db: asyncpg.Connection) -> list[Any]:
    """The audit rows about refusals."""
    await refusals.settle()
    return list(await db.fetch("SELECT *, details::text AS told FROM audit_log WHERE outcome = 'denied' ORDER BY id"))


async def let_the_minute_end(db: asyncpg.Connection) -> None:
    """Moves the counted refusals into the past."""
    await refusals.settle()
    await db.execute("UPDATE refusals SET minute = minute - interval '2 minutes'")


async def test_an_outsider_leaves_a_row_for_each_action_and_a_count_after_the_minute(
    charlie: Person, admin: Person, vault: str, entry: str, db: asyncpg.Connection
) -> None:
    async def knock(method: str, path: str) -> None:
        assert (await charlie.refused(method, path))[0] == 404

    await asyncio.gather(*(knock("GET", f"/vaults/{vault}") for _ in range(120)))
    await asyncio.gather(*(knock("POST", f"/entries/{entry}/reveal") for _ in range(80)))
    at_once = await denied(db)
    await let_the_minute_end(db)
    later = (await denied(db))[len(at_once) :]

    assert {(row["action"], row["resource_id"]) for row in at_once} == {("vault.read", vault), ("entry.reveal", entry)}
    # The requests may fall into two minutes.
    assert len(at_once) in (2, 3)
    assert {(row["chain"], row["actor_id"], row["ip"]) for row in at_once} == {
        (f"vault:{vault}", charlie.id, "127.0.0.1")
    }
    assert all(row["request_id"] for row in at_once)
    counts = await db.fetch("SELECT (details->>'count')::int AS count FROM audit_log WHERE details ? 'count'")
    assert len(at_once) + sum(row["count"] for row in counts) == 200
    assert {row["resource_id"] for row in later} == {vault, entry}
    assert await db.fetchval("SELECT count(*) FROM refusals") == 0
    assert (await admin.ok("POST", "/audit/verify"))["intact"] is True


async def test_each_vault_person_and_action_has_its_own_row(
    alice: Person, bob: Person, charlie: Person, project: str, vault: str, db: asyncpg.Connection
) -> None:
    second = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "w"}))["id"]

    for person in (bob, charlie):
        for found in (vault, second):
            for method, body in (("GET", None), ("PATCH", {"name": "x"})):
                for _ in range(3):
                    await person.refused(method, f"/vaults/{found}", body, if_match=1)
    rows = await denied(db)

    told = {(row["chain"], row["actor_id"], row["action"]) for row in rows}
    assert len(told) == 8
    assert {row["chain"] for row in rows} == {f"vault:{vault}", f"vault:{second}"}


async def test_the_count_names_what_was_requested(
    alice: Person, charlie: Person, vault: str, entry: str, db: asyncpg.Connection
) -> None:
    others = [
        (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"}))["id"] for _ in range(3)
    ]

    for row_id in (entry, *others):
        await charlie.refused("GET", f"/entries/{row_id}")
    await let_the_minute_end(db)
    rows = await denied(db)

    shown = await alice.ok("GET", f"/vaults/{vault}/audit?outcome=denied")
    count = shown["items"][0]
    assert len(rows) in (2, 4)  # or the requests fell into two minutes
    if len(rows) == 2:
        assert count["details"]["count"] == 3
        assert set(count["details"]["resources"]) == {entry, *others}
        assert count["resource"] == {"type": "entry", "id": None}


async def test_an_unknown_id_leaves_nothing(charlie: Person, db: asyncpg.Connection) -> None:
    for _ in range(5):
        await charlie.refused("GET", f"/vaults/{uuid7()}")

    assert await denied(db) == []
    assert await db.fetchval("SELECT count(*) FROM refusals") == 0


async def test_the_audit_contains_every_refusal_answered_before_it_is_read(
    alice: Person, charlie: Person, admin: Person, vault: str
) -> None:
    await charlie.refused("GET", f"/vaults/{vault}")

    mine = (await alice.ok("GET", f"/vaults/{vault}/audit?outcome=denied"))["items"]
    all_of_it = (await admin.ok("GET", "/audit?outcome=denied"))["items"]

    assert [row["action"] for row in mine] == ["vault.read"]
    assert [row["action"] for row in all_of_it] == ["vault.read"]


async def test_concurrent_reporters_report_everything_once(
    bob: Person, charlie: Person, vault: str, entry: str, db: asyncpg.Connection
) -> None:
    for person in (bob, charlie):
        await asyncio.gather(*(person.refused("GET", f"/entries/{entry}") for _ in range(20)))

    await asyncio.gather(*(refusals.settle() for _ in range(4)))
    first = await denied(db)
    await let_the_minute_end(db)
    await asyncio.gather(*(refusals.settle() for _ in range(4)))
    rows = await denied(db)

    counts = await db.fetchval("SELECT sum((details->>'count')::int) FROM audit_log WHERE details ? 'count'")
    assert len(first) + counts == 40
    assert len({(row["actor_id"], row["at"]) for row in first}) == len(first)
    assert len(rows) <= 2 * len(first)


async def test_a_refused_request_locks_no_chain_so_reveals_continue(
    server: TestServer, alice: Person, charlie: Person, vault: str, entry: str, db: asyncpg.Connection
) -> None:
    statements: list[str] = []
    for connection in server.app[WATCH]._connections:
        connection.add_query_logger(lambda found: statements.append(found.query))
    held = db.transaction()
    await held.start()
    await db.execute("SELECT 1 FROM audit_chains WHERE name = $1 FOR UPDATE", f"vault:{vault}")

    async with asyncio.timeout(30):  # only the reporter waits for the chain; the request does not
        for _ in range(20):
            assert (await charlie.refused("POST", f"/entries/{entry}/reveal"))[0] == 404
    await held.rollback()
    for connection in server.app[WATCH]._connections:
        connection._query_loggers.clear()

    assert len([found for found in statements if "INTO refusals" in found]) >= 1
    assert (await alice.ok("POST", f"/entries/{entry}/reveal"))["fields"] == {"secret": "s"}


@contextlib.asynccontextmanager
async def another_process(
    settings: Settings, folder: Path
) -> AsyncIterator[tuple[ClientSession, subprocess.Popen[bytes]]]:
    """A separate web process on the same database, ready for requests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | settings.environment() | {"TALLYROOM_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve"],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        async with ClientSession(base_url=f"http://127.0.0.1:{port}") as session:
            async with asyncio.timeout(60):
                while process.poll() is None:
                    with contextlib.suppress(OSError):
                        async with session.get("/health/live") as response:
                            if response.status == 200:
                                break
                    await asyncio.sleep(0.1)
            yield session, process
    finally:
        process.kill()
        process.wait()


async def test_a_process_killed_while_answering_loses_no_first_row(
    settings: Settings, charlie: Person, vault: str, entry: str, db: asyncpg.Connection, tmp_path: Path
) -> None:
    async with another_process(settings, tmp_path) as (session, process):
        async with session.post("/api/v1/auth/login", json={"email": charlie.email, "password": PASSWORD}) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        async with session.get(f"/api/v1/entries/{entry}", headers=headers) as response:
            status = response.status
        process.kill()

    rows = await denied(db)

    assert status == 404
    assert [(row["action"], row["actor_id"], row["chain"]) for row in rows] == [
        ("entry.read", charlie.id, f"vault:{vault}")
    ]
    assert UUID(rows[0]["request_id"])
