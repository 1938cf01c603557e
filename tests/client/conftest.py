"""The Python client against a real server, with connections that are cut on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tallyroom_client import Client, Pauses, Timing
from tests.conftest import PASSWORD
from tests.job.conftest import MAPPINGS, kept, make_sides
from tests.realtime.conftest import flood

__all__ = ["MAPPINGS", "flood", "kept", "make_sides"]
QUICK = Timing(pauses=Pauses(0.05, 0.2), answer_s=5, patience_s=10)
MakeClient = Callable[..., Client]


class Road:
    """
    A TCP proxy before the server, which cuts connections as a network does, and refuses as a proxy in maintenance does.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.connections = 0
        self.url = ""
        self.refusals: list[bytes] = []  # sent instead of passing on what comes next
        self.lost_answers = 0  # so many answers are cut off after the server has begun them

    async def start(self) -> None:
        """Listens on a free port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Resets every connection, with whatever is on its way."""
        for writer in list(self._open):
            writer.transport.abort()

    async def stop(self) -> None:
        """Cuts everything and listens no longer."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to)
        both = {writer, up_writer}
        self._open |= both
        ways = {self._go(reader, up_writer, writer), self._come(up_reader, writer)}
        try:
            await asyncio.wait({asyncio.ensure_future(way) for way in ways}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= both
            for end in both:
                end.transport.abort()

    async def _go(self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self.refusals:
                    back.write(self.refusals.pop(0))
                    continue
                up.write(data)
                await up.drain()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if self.lost_answers:
                    self.lost_answers -= 1
                    return
                writer.write(data)
                await writer.drain()


def refusal(retry_after: str) -> bytes:
    """What a proxy in maintenance answers."""
    return f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.fixture
async def road(server: Any) -> AsyncIterator[Road]:
    """A road to the server."""
    found = Road(server.port)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def make_client(server: Any) -> AsyncIterator[Callable[..., Client]]:
    """Makes clients of the server, or of another address, and closes them."""
    made: list[Client] = []

    def make(person: Any, url: str | None = None, **options: Any) -> Client:
        made.append(
            Client(
                url or str(server.make_url("/")),
                **{"email": person.email, "password": PASSWORD, "timing": QUICK, **options},
            )
        )
        return made[-1]

    yield make
    for client in made:
        await client.close()
