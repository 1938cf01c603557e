"""
Many sockets in a process of their own, which read as cheaply as Python can, so that the server is what is measured.

They write and parse WebSocket frames themselves: connect, follow a stream, answer pings, and count what arrives.
"""

import asyncio
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from typing import Any

import orjson

AT_ONCE = 10  # sockets that connect at the same time
_MASK = b"\x00\x00\x00\x00"


@dataclass
class Target:
    """Where to connect, as whom, and what to follow."""

    host: str
    port: int
    token: str
    streams: list[str] = field(default_factory=list)


class Reader(asyncio.Protocol):
    """One socket."""

    def __init__(self, target: Target, on_event: Callable[[bytes], None]) -> None:
        self.target, self.on_event = target, on_event
        self.transport: asyncio.Transport
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = bytearray()
        self._is_open = False
        self._left = len(target.streams)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = transport  # type: ignore[assignment]  # a stream transport
        self.transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self.target.host}:{self.target.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        """Fail what waits for this socket."""
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError(f"closed: {bytes(self._buffer[:200])!r}"))

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        buffer = self._buffer
        buffer += data
        if not self._is_open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.transport.close()
                return
            del buffer[: end + 4]
            self._is_open = True
        start = 0
        while len(buffer) - start >= 2:
            size, head = buffer[start + 1] & 127, 2
            if size == 126:
                if len(buffer) - start < 4:
                    break
                (size,), head = struct.unpack_from("!H", buffer, start + 2), 4
            elif size == 127:
                if len(buffer) - start < 10:
                    break
                (size,), head = struct.unpack_from("!Q", buffer, start + 2), 10
            end = start + head + size
            if len(buffer) < end:
                break
            self._take(buffer[start] & 15, bytes(buffer[start + head : end]))
            start = end
        del buffer[:start]

    def _take(self, opcode: int, text: bytes) -> None:
        if opcode != 1:
            return
        if text.startswith(b"42/live,["):
            self.on_event(text)
        elif text == b"2":
            self._send(b"3")
        elif text.startswith(b"0{"):
            self._send(b"40/live," + orjson.dumps({"token": self.target.token}))
        elif text.startswith(b"40/live"):
            if not self.target.streams:
                self.ready.set_result(None)
            for number, name in enumerate(self.target.streams):
                self._send(b"42/live,%d" % number + orjson.dumps(["subscribe", {"stream": name}]))
        elif text.startswith(b"43/live"):
            self._left -= 1
            if b'"ok":true' not in text:
                self.transport.close()
            elif not self._left and not self.ready.done():
                self.ready.set_result(None)

    def _send(self, text: bytes) -> None:
        head = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else b"\x81\xfe" + struct.pack("!H", len(text))
        self.transport.write(head + _MASK + text)


def run(pipe: Pipe, target: Target, count: int) -> None:
    """
    Open `count` sockets, say so, and answer each number `n` that comes through the pipe, once `n` events have arrived in
    all, with the text of the last one.
    """
    asyncio.run(_run(pipe, target, count))
    os._exit(0)


async def _run(pipe: Pipe, target: Target, count: int) -> None:
    seen: dict[str, Any] = {"events": 0, "last": b"", "wanted": -1}
    arrived = asyncio.Event()

    def on_event(text: bytes) -> None:
        seen["events"] += 1
        seen["last"] = text
        if seen["events"] >= seen["wanted"]:
            arrived.set()

    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(AT_ONCE)

    async def open_one() -> Reader:
        async with turns:
            _, reader = await loop.create_connection(lambda: Reader(target, on_event), target.host, target.port)
            await reader.ready
            return reader

    kept = await asyncio.gather(*(open_one() for _ in range(count)))
    pipe.send(len(kept))
    while (wanted := await loop.run_in_executor(None, pipe.recv)) is not None:
        seen["wanted"] = wanted
        arrived.clear()
        if seen["events"] < wanted:
            async with asyncio.timeout(60):
                await arrived.wait()
        pipe.send(seen["last"].decode())
