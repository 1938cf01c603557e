"""RFC 6455 as the server speaks it, over real connections: what is accepted, and how what is not ends."""

import asyncio
import contextlib
import socket as socket_module
import struct
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import websocket
from realtime.websocket import (
    BY_LISTENER,
    HIGH_WATER_BYTES,
    LEAVING_A_TURN,
    MAX_FRAGMENTS,
    MAX_MESSAGE_BYTES,
    Outbox,
    WebSocket,
    frame,
)
from tests.realtime.wire import until

pytestmark = pytest.mark.integration  # a server and a client, without a database
TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 0x81, 0x82, 0x80, 0x88, 0x89, 0x8A
FIRST, MORE = 0x01, 0x00  # fragments that are not the last


def masked(opcode: int, payload: bytes = b"", mask: bytes = b"\x12\xf3\x00\x81") -> bytes:
    """A client's frame."""
    size = len(payload)
    if size < 126:
        head = bytes((opcode, 128 | size))
    elif size < 65_536:
        head = bytes((opcode, 254)) + struct.pack("!H", size)
    else:
        head = bytes((opcode, 255)) + struct.pack("!Q", size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Heard:
    """What the server's end reports."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.changes: list[str] = []
        self.socket: WebSocket | None = None
        self.on_each: Callable[[str], None] = lambda _: None

    def on_open(self, socket: WebSocket) -> None:
        self.socket = socket

    def on_text(self, text: str) -> None:
        self.texts.append(text)
        self.on_each(text)

    def on_full(self) -> None:
        if self.changes[-1:] != ["full"]:
            self.changes.append("full")

    def on_room(self) -> None:
        self.changes.append("room")

    def on_lost(self) -> None:
        self.changes.append("lost")


class Client:
    """The other end: raw bytes."""

    def __init__(self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard, self.reader, self.writer = heard, reader, writer

    @property
    def socket(self) -> WebSocket:
        assert self.heard.socket is not None
        return self.heard.socket

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server has closed."""
        async with asyncio.timeout(10):
            return await self.reader.read()


@contextlib.asynccontextmanager
async def connected(limit: int = 2**16) -> AsyncIterator[Client]:
    outbox, made = Outbox(), asyncio.get_running_loop().create_future()

    def accept() -> WebSocket:
        heard = Heard()
        heard.socket = WebSocket(heard, outbox)
        made.set_result(heard)
        return heard.socket

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=limit)
    try:
        yield Client(await made, reader, writer)
    finally:
        writer.transport.abort()
        server.close()
        await server.wait_closed()


def code_of(answer: bytes) -> int:
    """The code in a close frame without a reason."""
    assert answer[:2] == b"\x88\x02", answer
    return int.from_bytes(answer[2:4], "big")


REFUSED = {
    "without a mask": (b"\x81\x05hello", 1002),
    "a reserved bit": (masked(TEXT | 0x40, b"x"), 1002),
    "an unknown opcode": (masked(0x83, b"x"), 1002),
    "an unknown control opcode": (masked(0x8B), 1002),
    "a ping that is too long": (masked(PING, b"x" * 126), 1002),
    "a ping in fragments": (masked(0x09, b"x"), 1002),
    "a close in fragments": (masked(0x08), 1002),
    "a continuation of nothing": (masked(CONTINUED, b"x"), 1002),
    "a message within a message": (masked(FIRST, b"x") + masked(TEXT, b"y"), 1002),
    "binary": (masked(BINARY, b"x"), 1003),
    "binary within a message": (masked(FIRST, b"x") + masked(BINARY, b"y"), 1002),
    "text that is not UTF-8": (masked(TEXT, b"\xc3\x28"), 1007),
    "a surrogate": (masked(TEXT, b"\xed\xa0\x80"), 1007),
    "UTF-8 that breaks off": (masked(FIRST, b"\xe2\x82") + masked(CONTINUED, b"x"), 1007),
    "a length that needs no 16 bits": (b"\x81\xfe\x00\x7dmask" + b"x" * 125, 1002),
    "a length that needs no 64 bits": (b"\x81\xff" + struct.pack("!Q", 65_535) + b"mask", 1002),
    "a negative length": (b"\x81\xff\xff" + b"\xff" * 7 + b"mask", 1002),
    "a head that promises too much": (b"\x81\xff" + struct.pack("!Q", MAX_MESSAGE_BYTES + 1) + b"mask", 1009),
    "fragments that are too much": (masked(FIRST, b"x" * MAX_MESSAGE_BYTES) + masked(MORE, b"x"), 1009),
    "too many fragments": (masked(FIRST) + masked(MORE) * MAX_FRAGMENTS, 1008),
    "a close with half a code": (masked(CLOSE, b"\x03"), 1002),
    "a close with a code that nobody sends": (masked(CLOSE, struct.pack("!H", 1005)), 1002),
    "a close with a code that is too low": (masked(CLOSE, struct.pack("!H", 999)), 1002),
    "a close with a code that is too high": (masked(CLOSE, struct.pack("!H", 5000)), 1002),
    "a close whose reason is not UTF-8": (masked(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
}


@pytest.mark.parametrize(("sent", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_breaks_the_protocol_ends_with_its_code(sent: bytes, code: int) -> None:
    async with connected() as client:
        await client.send(sent + masked(TEXT, b"more"))

        assert code_of(await client.rest()) == code
        client.writer.close()  # otherwise the server waits a second for it
        await until(lambda: client.heard.changes == ["lost"])
        assert client.heard.texts == []


async def test_who_stays_after_a_broken_frame_is_cut_off() -> None:
    async with connected() as client:
        await client.send(REFUSED["a reserved bit"][0])

        assert code_of(await client.rest()) == REFUSED["a reserved bit"][1]
        await until(lambda: client.heard.changes == ["lost"])


async def test_a_client_that_is_gone_while_nothing_is_read_from_it_is_closed_without_an_error() -> None:
    """The close frame is the first that it is sent since. Its system resets the connection at once, before the end is sent."""
    async with connected() as client:
        client.socket.pause_writing()
        client.writer.transport.abort()
        await asyncio.sleep(0.05)  # for the kernel

        client.socket.close()

        await until(lambda: client.heard.changes[-1:] == ["lost"])


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, MAX_MESSAGE_BYTES])
async def test_messages_of_all_lengths_arrive_whole(size: int) -> None:
    async with connected() as client:
        await client.send(masked(TEXT, b"x" * size))

        await until(lambda: client.heard.texts == ["x" * size])


async def test_a_message_in_fragments_is_one_and_a_ping_between_them_is_answered() -> None:
    async with connected() as client:
        await client.send(
            masked(FIRST, "€".encode()[:1]), masked(PING, b"here?"), masked(MORE), masked(CONTINUED, "€".encode()[1:])
        )

        assert await client.reader.readexactly(7) == b"\x8a\x05here?"
        await until(lambda: client.heard.texts == ["€"])


@settings(max_examples=30, deadline=None)
@given(data=st.data(), texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), max_size=5))
def test_however_the_bytes_are_cut_the_messages_are_the_same(data: st.DataObject, texts: list[str]) -> None:
    wire = b""
    for text in texts:
        payload = text.encode()
        cuts = sorted(data.draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        pieces = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        opcodes = [(0 if place else 1) | (128 if place == len(pieces) - 1 else 0) for place in range(len(pieces))]
        mask = data.draw(st.binary(min_size=4, max_size=4))
        for opcode, piece in zip(opcodes, pieces, strict=True):
            wire += masked(opcode, piece, mask) + (masked(PONG) if data.draw(st.booleans()) else b"")
    heard, held = Heard(), data.draw(st.booleans())
    socket = WebSocket(heard, Outbox())
    if held:  # what arrives meanwhile is taken afterwards
        socket.hold(BY_LISTENER)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=40)))
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        socket.data_received(wire[start:end])
    if held:
        assert heard.texts == []
        socket._held = 0
        socket._needed = 0
        socket.data_received(b"")

    assert heard.texts == texts


async def test_what_arrives_in_single_bytes_is_not_looked_at_again_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, parse = 0, WebSocket._parse

    def count(socket: WebSocket, data: bytes | bytearray) -> int:
        nonlocal looks
        looks += 1
        return parse(socket, data)

    monkeypatch.setattr(WebSocket, "_parse", count)
    async with connected() as client:
        client.writer.get_extra_info("socket").setsockopt(socket_module.IPPROTO_TCP, socket_module.TCP_NODELAY, 1)
        wire = masked(TEXT, b"x" * 60_000)

        for start in range(2_000):
            await client.send(wire[start : start + 1])
        await client.send(wire[2_000:])

        await until(lambda: client.heard.texts == ["x" * 60_000])
    assert looks <= 4  # at the first bytes, at the head's size, at the whole head, and at the whole frame


async def test_of_many_pings_only_the_newest_is_answered() -> None:
    async with connected() as client:
        await client.send(b"".join(masked(PING, str(number).encode()) for number in range(20_000)), masked(CLOSE))

        answer = await client.rest()

    assert answer.endswith(b"\x8a\x0519999\x88\x02\x03\xe8")
    assert answer.count(b"\x8a") < 2_000


async def test_many_frames_at_once_leave_turns_for_others() -> None:
    async with connected() as client:
        turns = 0

        def count() -> None:
            nonlocal turns
            turns += 1
            if len(client.heard.texts) < 5_000:
                asyncio.get_running_loop().call_soon(count)

        asyncio.get_running_loop().call_soon(count)
        client.socket.data_received(masked(TEXT, b"x") * 5_000)
        await until(lambda: len(client.heard.texts) == 5_000)

        assert turns >= 5_000 // websocket.FRAMES_A_TURN


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
async def test_a_close_is_answered_with_its_code_after_what_was_queued(code: int) -> None:
    async with connected() as client:
        client.socket.write(frame("last"))
        await client.send(masked(CLOSE, struct.pack("!H", code) + b"bye"))

        assert await client.rest() == b"\x81\x04last\x88\x02" + struct.pack("!H", code)


async def test_the_last_frames_arrive_although_the_client_is_still_sending() -> None:
    async with connected() as client:
        await client.send(masked(TEXT, b"x" * 60_000) * 4)
        await until(lambda: bool(client.heard.texts))
        client.socket.write(frame("y" * 50_000))
        client.socket.close()
        await client.send(masked(TEXT, b"x" * 60_000) * 4)

        answer = await client.rest()
        await until(lambda: client.heard.changes[-1:] == ["lost"])

    assert answer == frame("y" * 50_000) + b"\x88\x02\x03\xe8"


async def test_a_client_that_never_answers_the_close_is_cut_off() -> None:
    async with connected() as client:
        client.socket.close()

        assert code_of(await client.rest()) == 1000
        await until(lambda: client.heard.changes[-1:] == ["lost"], 3)


async def test_of_many_that_leave_at_once_only_some_are_closed_in_one_turn_of_the_event_loop() -> None:
    loop, outbox, heard = asyncio.get_running_loop(), Outbox(), list[Heard]()

    def accept() -> WebSocket:
        heard.append(Heard())
        return WebSocket(heard[-1], outbox)

    server = await loop.create_server(accept, "127.0.0.1", 0, backlog=4 * LEAVING_A_TURN)
    ends = [socket_module.create_connection(server.sockets[0].getsockname()) for _ in range(3 * LEAVING_A_TURN)]
    await until(lambda: sum(one.socket is not None for one in heard) == len(ends))
    for end in ends:  # without a turn of the event loop between
        end.close()
    left = [0]  # of them, after each turn
    while left[-1] < len(ends):
        await asyncio.sleep(0)
        left.append(sum(one.changes == ["lost"] for one in heard))
    server.close()
    await server.wait_closed()

    assert max(after - before for before, after in pairwise(left)) <= LEAVING_A_TURN


async def test_a_client_that_does_not_read_is_full_and_has_room_when_it_reads_again() -> None:
    async with connected() as client:
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]  # a stopped client
        written = 0
        for _ in range(1_000):
            if client.heard.changes:
                break
            client.socket.write(frame("x" * 60_000))
            written += len(frame("x" * 60_000))
            await asyncio.sleep(0)
        assert client.heard.changes == ["full"]
        unsent = client.socket.unsent_bytes
        await client.send(masked(TEXT, b"read later"))
        await asyncio.sleep(0.1)
        assert client.heard.texts == []  # it first has to take what it is owed

        client.reader._transport.resume_reading()  # type: ignore[attr-defined]  # it reads again
        async with asyncio.timeout(20):
            assert len(await client.reader.readexactly(written)) == written
        await until(lambda: client.heard.texts == ["read later"])

    assert unsent <= 2 * HIGH_WATER_BYTES
    assert client.heard.changes[:2] == ["full", "room"]


async def test_frames_of_one_turn_are_one_write_and_shared_by_sockets_that_are_owed_the_same() -> None:
    async with connected() as one, connected() as two:
        outbox, sent = Outbox(), list[bytes]()
        for client in (one, two):
            client.socket._outbox = outbox
            send = client.socket._transport.write  # type: ignore[union-attr]  # it is connected
            _note_writes(client.socket, sent, send)
        for text in ("a", "b", "c"):
            for client in (one, two):
                client.socket.write(frame(text))
        await asyncio.sleep(0)

        assert sent == [frame("a") + frame("b") + frame("c")] * 2
        assert sent[0] is sent[1]
        sent.clear()
        one.socket.write(frame("d"))
        one.socket.write_first(b"101")
        two.socket.write_first(b"101")
        await asyncio.sleep(0)
        assert sent == [b"101" + frame("d"), b"101"]


def _note_writes(socket: WebSocket, sent: list[bytes], send: Callable[[bytes], None]) -> None:
    class Noting:
        """The transport, with a list of what is written to it."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def write(self, data: bytes) -> None:
            sent.append(data)
            send(data)

    socket._transport = Noting(socket._transport)  # type: ignore[assignment]  # it stands in for one


async def test_a_listener_that_wants_no_more_gets_no_more_until_it_goes_on() -> None:
    async with connected() as client:
        client.heard.on_each = lambda text: client.socket.hold(BY_LISTENER) if text == "2" else None
        await client.send(b"".join(masked(TEXT, str(number).encode()) for number in range(6)))
        await until(lambda: client.heard.texts == ["0", "1", "2"])
        await asyncio.sleep(0.05)
        assert client.heard.texts == ["0", "1", "2"]

        client.socket.go_on(BY_LISTENER)
        await client.send(masked(TEXT, b"6"))

        await until(lambda: client.heard.texts == [str(number) for number in range(7)])
