"""A vault with an entry, and a way to add people."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import Person

SECRET = "s3cret-SENTINEL-9d1f"
NOTES = "notes-SENTINEL-77aa"


@pytest.fixture
async def vault(alice: Person, project: str) -> str:
    """The id of a vault that alice manages."""
    return str((await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"])


@pytest.fixture
async def entry(alice: Person, vault: str) -> dict[str, Any]:
    """An entry in that vault."""
    body = {"name": "SFTP", "secret": SECRET, "notes": NOTES, "url": "sftp://bank.example", "tags": ["a", "b", "a"]}
    return dict(await alice.ok("POST", f"/vaults/{vault}/entries", body))


async def join(alice: Person, person: Person, project: str, vault: str, role: str | None) -> None:
    """Makes a person a member of the project, and of the vault if a role is given."""
    await alice.ok("PUT", f"/projects/{project}/members/{person.id}", {"role": "analyst"})
    if role:
        await alice.ok("PUT", f"/vaults/{vault}/members/{person.id}", {"role": role})


async def events_of(db: asyncpg.Connection, stream: str) -> list[str]:
    """The types of a stream's events, in order."""
    return [row["type"] for row in await db.fetch("SELECT type FROM events WHERE stream = $1 ORDER BY seq", stream)]
