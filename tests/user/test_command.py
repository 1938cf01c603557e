"""`tallyroom users` through the real command line: one line for every outcome."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession

from core.settings import Settings
from server.auth.throttle import REMEMBERED_S
from tests.conftest import PASSWORD, Person

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
GOOD = "a password from standard input"


async def users(settings: Settings, stdin: bytes, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of `tallyroom users`."""
    given = {
        "TALLYROOM_DATA_DIR": str(settings.data_dir),
        "TALLYROOM_ARGON2_MEMORY_KIB": "19456",
        "TALLYROOM_ARGON2_TIME": "2",
        "TALLYROOM_ARGON2_LANES": "1",
        "PATH": os.environ["PATH"],
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "users", *arguments),
        cwd=ROOT,
        env=given,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(stdin)
    return process.returncode or 0, output.decode(), errors.decode()


async def signs_in(http: ClientSession, email: str, password: str) -> int:
    """The status of a sign-in."""
    async with http.post("/api/v1/auth/login", json={"email": email, "password": password}) as response:
        return response.status


async def test_an_account_is_made_with_the_password_from_standard_input(
    settings: Settings, http: ClientSession, server: object, db: asyncpg.Connection
) -> None:
    done = await users(settings, f"{GOOD}\r\nsecond line\n".encode(), "create", "New@Example.test", "--role", "manager")

    made = await db.fetchrow("SELECT id, email, role, display_name FROM users")
    assert done == (0, f"made manager New@Example.test ({made['id']})\n", "")
    assert (made["email"], made["role"], made["display_name"]) == ("new@example.test", "manager", "New")
    assert await signs_in(http, "new@example.test", GOOD) == 200
    row = await db.fetchrow("SELECT actor_type, action FROM audit_log WHERE action = 'user.create'")
    assert row["actor_type"] == "system"


REFUSALS = [
    (GOOD, ["create", "x@example.test", "--role", "root"], "--role: must be one of admin, manager, user"),
    ("short", ["create", "x@example.test"], "the password must have at least 15 characters"),
    (GOOD, ["create", "alice@EXAMPLE.test"], "there is already an account with the address alice@example.test"),
    (GOOD, ["password", "nobody@example.test"], "there is no account with the address nobody@example.test"),
]


@pytest.mark.long
async def test_a_refusal_is_one_line(settings: Settings, alice: Person, db: asyncpg.Connection) -> None:
    done = await asyncio.gather(*(users(settings, stdin.encode(), *arguments) for stdin, arguments, _ in REFUSALS))

    assert done == [(1, "", f"tallyroom: {line}\n") for _, _, line in REFUSALS]
    assert await db.fetchval("SELECT count(*) FROM users") == 1


async def test_bytes_that_are_not_text_are_refused_in_one_line(settings: Settings, db: asyncpg.Connection) -> None:
    status, output, errors = await users(settings, b"\xff\xfe not utf-8 at all\n", "create", "x@example.test")

    assert (status, output) == (1, "")
    assert errors.startswith("tallyroom: ")
    assert errors.count("\n") == 1
    assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_a_new_password_ends_sessions_and_unlocks(
    settings: Settings, http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    statuses = [await signs_in(http, alice.email, "wrong") for _ in range(6)]
    await db.execute("UPDATE throttles SET count = 100 WHERE key LIKE 'consecutive:%'")

    done = await users(settings, GOOD.encode(), "password", alice.email)

    assert statuses[-1] == 429
    assert done == (0, f"set a new password for {alice.email} ({alice.id})\n", "")
    assert await alice.refused("GET", "/me") == (401, "token_revoked")
    async with asyncio.timeout(REMEMBERED_S + 10):  # a server remembers a block for a moment without asking again
        while (old := await signs_in(http, alice.email, PASSWORD)) == 429:
            await asyncio.sleep(0.05)
    assert old == 401
    assert await signs_in(http, alice.email, GOOD) == 200


async def test_without_a_database_the_reason_is_one_line(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"data_dir": tmp_path})

    status, output, errors = await users(elsewhere, GOOD.encode(), "create", "x@example.test")

    assert (status, output) == (1, "")
    assert errors.startswith("tallyroom: ")
    assert errors.count("\n") == 1
