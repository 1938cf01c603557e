"""Hosts that share nothing but the database: addresses, data folders and keys of their own."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from core.settings import Settings
from server.store.embedded import EmbeddedPostgres
from tests.conftest import Person
from tests.health.processes import free_port, running


@dataclass
class Host:
    """A machine, as far as a loopback address is one."""

    address: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    http: ClientSession

    def make_url(self, path: str) -> str:
        """An address below it."""
        return f"http://{self.address}:{self.port}{path}"

    def person(self, person: Person) -> Person:
        """Somebody who talks to this host."""
        return replace(person, session=self.http)

    async def metric(self, name: str) -> float:
        """A number of /metrics."""
        async with self.http.get("/metrics") as response:
            for line in (await response.text()).splitlines():
                if line.startswith(f"{name} "):
                    return float(line.split()[1])
        raise AssertionError(f"there is no {name}")

    async def health(self) -> tuple[int, dict[str, Any]]:
        """Status and checks of /health."""
        async with self.http.get("/health") as response:
            return response.status, (await response.json())["checks"]


def settings_of(
    settings: Settings, postgres: EmbeddedPostgres, folder: Path, address: str, bus: str | None
) -> Settings:
    """The settings of a host with a folder of its own, where its copy of the key is."""
    data_dir = folder / address
    data_dir.mkdir()
    shutil.copy(settings.data_dir / "kek", data_dir / "kek")
    changed = {
        "host": address,
        "data_dir": data_dir,
        "database_url": SecretStr(postgres.url),
        # Tokens name the address that browsers use, which is the same for all hosts.
        "public_url": settings.base_url,
        "bus_url": None if bus is None else SecretStr(bus),
    }
    return settings.model_copy(update=changed)


@contextlib.contextmanager
def serving(settings: Settings, log: Path) -> Iterator[Host]:
    """A host's server."""
    port = free_port()
    with running("serve", settings, log, port) as process:
        yield Host(settings.host, port, log, process, ClientSession(base_url=f"http://{settings.host}:{port}"))
