"""A database for these tests only, which may be killed, with a web process and a worker using it."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from core.settings import Settings, load
from server.store.embedded import EmbeddedPostgres
from tests.conftest import PASSWORD, Person, command, until_left
from tests.health.processes import family, free_port, freeze, running, thaw

EMAIL = "manager@example.test"


@dataclass
class House:
    """All running processes."""

    settings: Settings
    postgres: EmbeddedPostgres
    port: int
    log: Path

    @property
    def url(self) -> str:
        """The address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """Freezes the database: it keeps its connections but no longer answers."""
        assert self.postgres.process is not None
        freeze(family(self.postgres.process.pid))

    def thaw(self) -> None:
        """Lets the database continue."""
        assert self.postgres.process is not None
        thaw(family(self.postgres.process.pid))

    def kill(self) -> None:
        """Kills the postmaster with SIGKILL."""
        assert self.postgres.process is not None
        self.postgres.process.kill()
        self.postgres.process.wait()

    async def revive(self) -> None:
        """Starts the database again, as the supervisor would."""
        assert self.postgres._lock is not None
        os.close(self.postgres._lock)
        self.postgres._lock = None
        await self.postgres.start()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The processes, at log level debug, for all tests of this folder."""
    folder = tmp_path_factory.mktemp("house")
    postgres = EmbeddedPostgres(folder)
    left = until_left(Path(__file__).parent)
    left.callback(postgres.stop)
    asyncio.run(postgres.start())
    settings = load({"TALLYROOM_DATA_DIR": str(folder), "TALLYROOM_LOG_LEVEL": "debug", "TALLYROOM_DEBUG": "1"})
    command(settings, "migrate")
    command(settings, "users", "create", EMAIL, "--role", "manager", "--name", "Manager", typed=f"{PASSWORD}\n")
    found = House(settings, postgres, free_port(), folder / "log")
    for name in ("serve", "worker"):
        left.enter_context(running(name, settings, found.log, found.port))
    return found


@pytest.fixture
async def web(house: House) -> AsyncIterator[ClientSession]:
    """An HTTP session with the web process."""
    async with ClientSession(base_url=house.url) as session:
        yield session


@pytest.fixture
async def manager(web: ClientSession) -> Person:
    """The only account, signed in."""
    body: dict[str, Any]
    async with web.post(
        "/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, headers={"X-Client": "api"}
    ) as response:
        body = await response.json()
        assert response.status == 200, body
    return Person(web, body["user"]["id"], EMAIL, body["access_token"], body["refresh_token"])
