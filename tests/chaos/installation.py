"""An installation to be broken: PostgreSQL, a bus, two hosts and a worker, each a process of its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg

from core.envelope import key_ring
from core.lifeline import SUPERVISED
from core.settings import Settings, load
from server.store.embedded import EmbeddedPostgres
from tests.health.processes import ROOT, family, free_port, freeze, thaw
from tests.realtime.bus_server import SERVER, BusServer, Link
from tests.realtime.hosts import settings_of

ADDRESSES = ("127.0.0.2", "127.0.0.3")
START_S = 120.0


class Process:
    """A process of ours that is killed, frozen and started again."""

    def __init__(self, settings: Settings, command: str, folder: Path, *, without: str | None = None) -> None:
        self.settings = settings
        self._program = ("server",) if without is None else ("tests.chaos.without", without)
        self.port = free_port()
        self.log = folder / f"{command}-{settings.host}.log"
        self._command = command
        self.is_started = False
        self.repeated_starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it serves."""
        return self.settings.host, self.port

    @property
    def has_ended(self) -> bool:
        """Whether its process has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    async def start(self) -> None:
        """Starts it and waits until it serves. It may end because the database goes away meanwhile; then again."""
        deadline = time.monotonic() + START_S
        self._begin()
        while self._command == "serve" and not await self._is_listening():
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not serve: {self.last_words()}")
            if self.has_ended:
                self.repeated_starts += 1
                self._begin()
            await asyncio.sleep(0.05)
        self.is_started = True

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-600:]

    def _begin(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._program, self._command],
                env={**os.environ, **self.settings.environment(), SUPERVISED: "1", "TALLYROOM_PORT": str(self.port)},
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def _is_listening(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(*self.address)
            writer.close()
            return True
        return False

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, as at a rolling restart."""
        await self._end(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process, self.is_started = self._process, None, False
        if process is not None:
            process.send_signal(number)
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
                raise AssertionError(f"{self.log}: it did not end within 20 s") from None


class Installation:
    """Everything that runs outside of this process."""

    def __init__(self, folder: Path, *, with_worker: bool, without: str | None = None) -> None:
        self.folder = folder
        self.without = without  # a rule that the hosts' relays do not keep
        self.postgres = EmbeddedPostgres(folder / "main")
        self.bus = None if SERVER is None else BusServer(folder)
        self.bus_links: list[Link] = []
        self.with_worker = with_worker
        self.webs: list[Process] = []
        self.worker: Process | None = None
        self.settings: Settings

    async def start(self) -> None:
        """Starts it, with an empty database."""
        await self.postgres.start()
        await self._need_not_last()
        self.settings = load(
            {
                "TALLYROOM_DATA_DIR": str(self.postgres.data_dir),
                "TALLYROOM_MAX_SOCKETS_PER_USER": "100",
                "TALLYROOM_MAX_PENDING_PER_ADDRESS": "1000",
                "TALLYROOM_LOG_LEVEL": "warning",
                "TALLYROOM_DATABASE_POOL": "4",
                "TALLYROOM_JOB_HEARTBEAT_TIMEOUT_S": "3",
            }
        )
        key_ring(self.settings)  # makes the key, which every host gets a copy of
        line = [sys.executable, "-m", "server", "migrate"]
        environment = os.environ | self.settings.environment()
        await asyncio.to_thread(subprocess.run, line, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        if self.bus is not None:
            self.bus.start()
        for address in ADDRESSES:
            self.webs.append(Process(await self.settings_of(address), "serve", self.folder, without=self.without))
        if self.with_worker:
            self.worker = Process(await self.settings_of("127.0.0.4"), "worker", self.folder)

    async def serve(self) -> None:
        """Starts the hosts, when this process has made the keys of the installation."""
        await asyncio.gather(*(process.start() for process in self.processes))

    @property
    def processes(self) -> list[Process]:
        """The hosts and the worker."""
        return [*self.webs, *([] if self.worker is None else [self.worker])]

    async def settings_of(self, address: str) -> Settings:
        """Settings of a host, with a link of its own to the bus."""
        url = None
        if self.bus is not None:
            link = Link("127.0.0.1", self.bus.port)
            await link.start()
            self.bus_links.append(link)
            url = self.bus.url_by(link.port)
        return settings_of(self.settings, self.postgres, self.folder, address, url)

    async def stop(self) -> None:
        """Ends everything."""
        await asyncio.gather(*(process.stop() for process in self.processes), return_exceptions=True)
        if self.bus is not None:
            self.bus.kill()
        for link in self.bus_links:
            await link.stop()
        await asyncio.to_thread(self.postgres.stop)

    async def kill_database(self) -> None:
        """Ends PostgreSQL without a shutdown, and starts it again after a moment."""
        await asyncio.to_thread(self.postgres.end_at_once)

    async def freeze_database(self, seconds: float) -> None:
        """Lets PostgreSQL stand still for a while."""
        assert self.postgres.process is not None
        stopped = freeze(family(self.postgres.process.pid))
        await asyncio.sleep(seconds)
        thaw(stopped)

    async def _need_not_last(self) -> None:
        """Processes are killed here, not machines, so nothing has to reach the disk."""
        connection = await asyncpg.connect(self.postgres.url)
        for name in ("fsync", "full_page_writes"):
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
