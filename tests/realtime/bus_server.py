"""A real Valkey or Redis that tests kill, freeze and start again, and a road to it that is slow or cut."""

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.health.processes import free_port

SERVER = shutil.which("valkey-server") or shutil.which("redis-server")
MISSING = "neither valkey-server nor redis-server is installed (apt-get install redis-server)"
PASSWORD = "only-for-tests"


class BusServer:
    """A server on a port of its own, with a password, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, with the password."""
        return self.url_by(self.port)

    def url_by(self, port: int) -> str:
        """Its address by way of a proxy's port."""
        return f"redis://:{PASSWORD}@127.0.0.1:{port}"

    def start(self, *options: str) -> None:
        """Starts it and waits until it listens."""
        assert SERVER is not None
        self._process = subprocess.Popen(
            [
                SERVER,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--requirepass",
                PASSWORD,
                "--save",
                "",
                *options,
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("the bus does not listen")

    def kill(self) -> None:
        """Ends it at once, also while it is frozen."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stops it with SIGSTOP: connections stay open, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Link:
    """A TCP proxy whose connections are slow, silent or cut, and which may lead somewhere else from now on."""

    def __init__(self, host: str, port: int) -> None:
        self.to = (host, port)
        self.port = 0
        self.delay_s = 0.0  # of each piece, both ways
        self.connections = 0
        self._passing = asyncio.Event()  # cleared while nothing comes from the other side
        self._passing.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens on a free port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Resets every connection, with whatever is on its way."""
        for writer in list(self._open):
            writer.transport.abort()

    def stall(self) -> None:
        """Takes nothing from the server any more, as a client that stops reading."""
        self._passing.clear()

    def go_on(self) -> None:
        """Ends `stall`."""
        self._passing.set()

    async def stop(self) -> None:
        """Cuts everything and listens no longer."""
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.to)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        both = {writer, up_writer}
        self._open |= both
        if writer.transport.is_closing():  # cut meanwhile
            up_writer.transport.abort()
        ways = {
            asyncio.ensure_future(self._carry(reader, up_writer, stalls=False)),
            asyncio.ensure_future(self._carry(up_reader, writer, stalls=True)),
        }
        self._tasks |= ways
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= both
            self._tasks -= ways
            for way in ways:
                way.cancel()
            for end in both:
                end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, stalls: bool) -> None:
        with contextlib.suppress(OSError):
            while True:
                data = await reader.read(1 << 16)
                if not data:
                    return
                if stalls:
                    await self._passing.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
