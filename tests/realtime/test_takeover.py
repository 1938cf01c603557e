"""
What a WebSocket relies on in aiohttp, whose connection it takes over: an upgrade of the library that changes one of these
fails here.
"""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest
from aiohttp import ClientSession

from server.api.connections import CONNECTIONS
from server.api.protocol import _Connection
from server.app import NAMESPACE
from tests.realtime.test_websocket import TEXT, masked
from tests.realtime.wire import Wire, until

OPEN = "/socket.io/?EIO=4&transport=websocket"
HEAD = {
    "Host": "x",
    "Connection": "keep-alive, Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request_of(version: str = "1.1", **changes: str | None) -> bytes:
    """A handshake, with some of its headers changed or left out."""
    head = HEAD | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
    return f"GET {OPEN} HTTP/{version}\r\n".encode() + "\r\n".join([*lines, "", ""]).encode()


async def opened(server: Any, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw connection that has sent something."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(sent)
    return reader, writer


def handlers() -> list[Any]:
    """The connections of aiohttp that exist."""
    gc.collect()
    return [found for found in gc.get_objects() if type(found) is _Connection]


def tasks_of_clients() -> list[Any]:
    """The tasks of the event loop that serve one client."""
    return [
        task for task in asyncio.all_tasks() if "RequestHandler" in repr(task) or "realtime/transport" in repr(task)
    ]


async def test_aiohttp_keeps_nothing_of_a_connection_that_became_a_websocket(
    http: ClientSession, alice: Any, server: Any
) -> None:
    live, connections = server.app[NAMESPACE].server, server.app[CONNECTIONS]
    await until(lambda: not live.connections and not len(connections))
    before = len(handlers())

    wires = [await Wire.open(http, alice.token) for _ in range(5)]
    for wire in wires:
        await wire.call("subscribe", {"stream": f"user:{alice.id}"})

    await until(lambda: len(handlers()) == before)
    assert not connections._tracks
    assert len(connections) == 5
    await until(lambda: not tasks_of_clients())  # for a client that is idle there is none
    assert not server.runner.server.connections
    for wire in wires:
        await wire.ws.close()
    await until(lambda: not len(connections) and not live.connections)


async def test_a_socket_that_has_ended_leaves_no_garbage(http: ClientSession, alice: Any, server: Any) -> None:
    live = server.app[NAMESPACE].server
    await until(lambda: not live.connections)
    wires = [await Wire.open(http, alice.token) for _ in range(2)]
    for wire in wires:
        await wire.call("subscribe", {"stream": f"user:{alice.id}"})
    seen = [weakref.ref(connection) for connection in live.connections.values()]
    gc.disable()
    try:
        await wires[0].ws.close()
        wires[1].ws._response.connection.transport.abort()  # type: ignore[union-attr]  # it is connected

        await until(lambda: not any(connection() for connection in seen))
    finally:
        gc.enable()


async def test_what_is_sent_ahead_of_the_answer_is_taken(server: Any, alice: Any) -> None:
    ahead = masked(TEXT, b"40/live," + json.dumps({"token": alice.token}).encode())
    reader, writer = await opened(server, request_of() + ahead)
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        greeting = await reader.readuntil(b"}")
        accepted = await reader.readuntil(b"}")
    writer.close()

    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # the example of RFC 6455
    assert b"Sec-WebSocket-Extensions" not in head
    assert b'0{"sid":' in greeting
    assert b'40/live,{"sid":' in accepted


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "dG9vIHNob3J0"}, 400),
        ({"Sec_WebSocket_Key": "not base64 at all!!!!!!!"}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Upgrade": None}, 400),
        ({"Connection": "keep-alive"}, 400),
        ({"Origin": "https://elsewhere.example"}, 400),
    ],
)
async def test_a_handshake_that_is_none_is_refused_and_the_connection_goes_on(
    server: Any, changes: dict[str, str | None], status: int
) -> None:
    reader, writer = await opened(server, request_of(**changes))
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        again = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert again.startswith(b"HTTP/1.1 200 ")
    await until(lambda: not server.app[NAMESPACE].server.connections)
    assert server.app[NAMESPACE].server._pending == {}


async def test_http_1_0_cannot_be_upgraded(server: Any) -> None:
    reader, writer = await opened(server, request_of("1.0"))
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert head.split(b" ")[1] == b"400"


async def test_a_client_that_is_gone_before_the_answer_leaves_nothing(server: Any) -> None:
    for _ in range(20):
        _, writer = await opened(server, request_of())
        writer.transport.abort()

    await until(lambda: not server.app[NAMESPACE].server.connections and not len(server.app[CONNECTIONS]))
    assert server.app[NAMESPACE].server._pending == {}
