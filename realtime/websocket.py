"""
The server's end of a WebSocket (RFC 6455), on a transport taken over from aiohttp after the handshake.

It replaces aiohttp's WebSocketResponse, which keeps a task, the parsed request and its buffers for every client, encodes
each message for each of them, and accepts frames without a mask. Here a client is one small protocol object without a
task, a frame for many is made once (`frame`), and what one turn of the event loop owes a socket is one write (`Outbox`).
"""

import asyncio
import base64
import binascii
import hashlib
from collections import deque
from typing import Any, Protocol

from aiohttp import web

MAX_MESSAGE_BYTES = 64 * 1024  # unless an outbox allows more or less
MAX_FRAGMENTS = 64  # of one message; each could be empty
HIGH_WATER_BYTES, LOW_WATER_BYTES = 256 * 1024, 64 * 1024  # bytes a client has not taken, at which writing to it stops
LINGER_S = 1.0  # time for a client to take the last frames and answer the close
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, INVALID_TEXT, POLICY, TOO_BIG = 1000, 1002, 1003, 1007, 1008, 1009
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Why nothing is read from a client at present. Each reason ends by itself.
BY_WRITES, BY_LISTENER, BY_TURN = 1, 2, 4
FRAMES_A_TURN = 64  # of one client, before the event loop goes on with the others
LEAVING_A_TURN = 64  # clients whose transports are closed before the event loop goes on with the others


class Listener(Protocol):
    """Receives what happens on a WebSocket: first `on_open`, and nothing after `on_lost`."""

    def on_open(self, socket: "WebSocket", /) -> None:
        """Handle that the transport is there. What is written now is the first that the client gets."""
        ...

    def on_text(self, text: str, /) -> None:
        """Handle a message."""
        ...

    def on_room(self) -> None:
        """Handle that the client has taken enough for more to be written."""
        ...

    def on_full(self) -> None:
        """Handle that the client does not keep up: write nothing that can wait."""
        ...

    def on_lost(self) -> None:
        """Handle that the transport is gone."""
        ...


class _Fault(Exception):
    """A frame that breaks the protocol. `code` is the close code that says how."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Outbox:
    """
    What the sockets of a server share: those that this turn of the event loop has written to, which are flushed at its end,
    and those whose clients have left, which are closed some at a time.
    """

    def __init__(self, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self.max_message_bytes = max_message_bytes  # from a client
        self._waiting: list[WebSocket] = []
        self._leaving: deque[WebSocket] = deque()
        self.faults = 0  # of all its sockets: closed because a frame broke the protocol

    def let_go(self, socket: "WebSocket") -> None:
        """
        Close the transport of a client that has left. When a proxy or a network goes, thousands leave in one turn of the event
        loop, and closing all of them in the next one held it for longer than everything else that a socket costs.
        """
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._close_some)
        self._leaving.append(socket)

    def _close_some(self) -> None:
        for _ in range(min(LEAVING_A_TURN, len(self._leaving))):
            transport = self._leaving.popleft()._transport
            if transport is not None:
                transport.close()  # after what is still unsent
        if self._leaving:
            asyncio.get_running_loop().call_soon(self._close_some)

    def add(self, socket: "WebSocket") -> None:
        """Flush a socket at the end of this turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(socket)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        owed: list[bytes] = []
        joined = b""
        # What a socket does for itself in `_take` and `_send` stands here too: it is most of what a delivery costs, beside
        # the kernel's share.
        for socket in waiting:
            frames, transport = socket._frames, socket._transport
            socket._frames = None
            if socket._pong is not None:
                frames = socket._with_pong(frames or [])
            if not frames or transport is None:
                continue
            if len(frames) == 1:
                data = frames[0]
            else:
                # Sockets that follow the same streams are mostly owed the same frames, so these are joined once.
                if frames != owed:
                    owed, joined = frames, b"".join(frames)
                data = joined
            if socket._owed_bytes > HIGH_WATER_BYTES:
                socket._send(data)
            else:
                socket._owed_bytes = 0
                socket.sent_bytes += len(data)
                transport.write(data)


class WebSocket(asyncio.Protocol):
    """One client's WebSocket."""

    __slots__ = (
        "_fragments",
        "_frames",
        "_held",
        "_is_ended",
        "_needed",
        "_outbox",
        "_owed_bytes",
        "_pong",
        "_rest",
        "_transport",
        "listener",
        "sent_bytes",
    )

    def __init__(self, listener: Listener, outbox: Outbox) -> None:
        self.listener = listener
        self.sent_bytes = 0  # given to the transport
        self._outbox = outbox
        self._transport: asyncio.Transport | None = None
        self._frames: list[bytes] | None = None  # to be flushed
        self._owed_bytes = 0  # of those frames
        self._pong: bytes | None = None  # for the newest ping, which is the only one that has to be answered
        self._held = 0  # why nothing is read
        self._is_ended = False  # a close frame was sent; whatever still arrives is discarded
        self._rest: bytearray | None = None  # an incomplete frame, or what arrived while nothing is read
        self._needed = 0  # bytes that the rest must have before looking at it again
        self._fragments: list[bytes] | None = None  # of an incomplete message

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Queue one frame or several, as `frame` makes them, for the end of this turn of the event loop."""
        if self._is_ended or self._transport is None:
            return
        if self._frames is None:
            self._frames = [data]
            self._outbox.add(self)
        else:
            self._frames.append(data)
        self._owed_bytes += len(data)
        if self._owed_bytes > HIGH_WATER_BYTES:
            self.listener.on_full()

    def write_first(self, data: bytes) -> None:
        """Queue the answer to the handshake before what this turn has queued already, so that both are one write."""
        if self._frames:
            self._frames.insert(0, data)
            self._owed_bytes += len(data)
        else:
            self.write(data)

    def _take(self) -> list[bytes]:
        """The queued frames, which are no longer queued."""
        frames, self._frames = self._frames or [], None
        return frames if self._pong is None else self._with_pong(frames)

    def _with_pong(self, frames: list[bytes]) -> list[bytes]:
        pong, self._pong = self._pong or b"", None
        return [*frames, bytes((0x80 | _PONG, len(pong))) + pong]

    def _send(self, data: bytes) -> None:
        """Give bytes to the transport at once."""
        was_full, self._owed_bytes = self._owed_bytes > HIGH_WATER_BYTES, 0
        if self._transport is None:
            return
        self.sent_bytes += len(data)
        self._transport.write(data)
        if was_full and not self._held & BY_WRITES:
            self.listener.on_room()

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        """The client does not keep up. It has to take what it is owed before anything more is read from it."""
        self.hold(BY_WRITES)
        self.listener.on_full()

    def resume_writing(self) -> None:
        """The client keeps up again."""
        self.go_on(BY_WRITES)
        if not self._is_ended:
            self.listener.on_room()

    # -- reading -------------------------------------------------------------------------------------------------------

    def hold(self, reason: int) -> None:
        """Read nothing more for a reason."""
        if not self._held and self._transport is not None and not self._is_ended:
            self._transport.pause_reading()
        self._held |= reason

    def go_on(self, reason: int) -> None:
        """The reason is gone. If it was the last one, read again, beginning with what has arrived already."""
        was_held, self._held = self._held, self._held & ~reason
        if was_held and not self._held and self._transport is not None and not self._is_ended:
            self._needed = 0
            self.data_received(b"")
            if not self._held and not self._transport.is_closing():
                self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take the frames in what has arrived."""
        if self._is_ended:
            return
        piece: bytes | bytearray = data
        if self._rest is not None:
            self._rest += data
            if len(self._rest) < self._needed or self._held:
                return
            piece, self._rest = self._rest, None
        try:
            start = self._parse(piece)
        except _Fault as fault:
            self._outbox.faults += 1
            self.close(fault.code)
            return
        if start < len(piece) and not self._is_ended:
            # What remains of a long piece is not copied for each few frames of it.
            rest = piece if isinstance(piece, bytearray) else bytearray(piece)
            del rest[:start]
            self._rest = rest

    def _parse(self, data: bytes | bytearray) -> int:
        """
        Handle whole frames. Returns: where the first incomplete one begins; `_needed` is its length as far as it is known.
        """
        start, end, left = 0, len(data), FRAMES_A_TURN
        while not self._is_ended and not self._held:
            if not left:
                self.hold(BY_TURN)
                asyncio.get_running_loop().call_soon(self.go_on, BY_TURN)
                break
            left -= 1
            self._needed = 6  # two bytes and the mask
            if end - start < 6:
                break
            first, size, head = data[start], data[start + 1] - 128, 6
            if size < 0:  # a client must mask
                raise _Fault(PROTOCOL_ERROR)
            if size > 125:
                head = 8 if size == 126 else 14
                self._needed = head
                if end - start < head:
                    break
                at, least = start + 2, 126 if size == 126 else 65_536
                size = int.from_bytes(data[at : at + head - 6], "big")
                if size < least or size >= 1 << 63:
                    raise _Fault(PROTOCOL_ERROR)
            self._check(first, size)
            self._needed = head + size
            if end - start < self._needed:
                break
            body = start + head
            start = body + size
            self._handle(first, _unmask(bytes(data[body - 4 : body]), bytes(data[body:start])))
        return start

    def _check(self, first: int, size: int) -> None:
        """Refuse a frame by its head. Raises: _Fault."""
        opcode = first & 15
        if first & 0x70 or opcode not in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
            raise _Fault(PROTOCOL_ERROR)
        if opcode & 8:
            if not first & 128 or size > 125:
                raise _Fault(PROTOCOL_ERROR)
            return
        if (opcode == _CONTINUATION) != (self._fragments is not None):
            raise _Fault(PROTOCOL_ERROR)
        if opcode == _BINARY:
            raise _Fault(UNSUPPORTED)
        fragments = self._fragments or ()
        if size + sum(map(len, fragments)) > self._outbox.max_message_bytes:
            raise _Fault(TOO_BIG)
        if len(fragments) >= MAX_FRAGMENTS:
            raise _Fault(POLICY)

    def _handle(self, first: int, payload: bytes) -> None:
        opcode = first & 15
        if opcode == _PING:
            if self._pong is None and self._frames is None:
                self._frames = []
                self._outbox.add(self)
            self._pong = payload
        elif opcode == _CLOSE:
            self._answer_close(payload)
        elif opcode != _PONG:
            if self._fragments is not None:
                self._fragments.append(payload)
                if not first & 128:
                    return
                payload, self._fragments = b"".join(self._fragments), None
            elif not first & 128:
                self._fragments = [payload]
                return
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                raise _Fault(INVALID_TEXT) from None
            self.listener.on_text(text)

    # -- ending --------------------------------------------------------------------------------------------------------

    def _answer_close(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else NORMAL
        if len(payload) == 1 or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            raise _Fault(PROTOCOL_ERROR)
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            raise _Fault(INVALID_TEXT) from None
        self._end(code)
        if self._transport is not None:
            self._transport.close()  # after what is still unsent

    def close(self, code: int = NORMAL) -> None:
        """
        Send what is queued and a close frame, then wait a moment for the client's answer. Closing at once, with something
        unread, would make the kernel reset the connection, and the client could lose the last frames.
        """
        if self._is_ended or self._transport is None:
            return
        transport = self._transport
        self._end(code)
        asyncio.get_running_loop().call_later(LINGER_S, self.abort)
        if not transport.can_write_eof():  # TLS
            transport.close()
            return
        try:
            transport.write_eof()
        except OSError:  # the client has reset the connection, which nobody has read yet
            self.abort()
            return
        if self._held:
            transport.resume_reading()  # to see the client's end

    def _end(self, code: int) -> None:
        """Flush, and send the close frame."""
        last = b"".join(self._take()) + b"\x88\x02" + code.to_bytes(2, "big")
        self._is_ended = True
        self._rest = self._fragments = None
        if self._transport is not None and not self._transport.is_closing():
            self._send(last)

    def abort(self) -> None:
        """Close the transport at once, whatever is unsent."""
        self._is_ended = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin on a transport whose handshake is done."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport
        assert self._transport is not None
        self._transport.set_write_buffer_limits(HIGH_WATER_BYTES, LOW_WATER_BYTES)
        self.listener.on_open(self)

    def eof_received(self) -> bool:
        """
        The client has closed its end, and hears nothing more. Returns: whether the transport stays open until it is this socket's
        turn.
        """
        if self._transport is None or not self._transport.can_write_eof():  # TLS, which ends at once
            return False
        self._is_ended = True
        self._outbox.let_go(self)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything."""
        self._is_ended = True
        self._transport = self._rest = self._fragments = self._frames = None
        self.listener.on_lost()


def frame(text: str) -> bytes:
    """A message as one unmasked text frame, ready to be written to any number of clients."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x80 | _TEXT, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def _unmask(mask: bytes, payload: bytes) -> bytes:
    """As one exclusive or of two long numbers, which takes time linear in the size."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


class Released(Protocol):
    """What this module needs from the HTTP connection that a request came over (server/api/protocol.py)."""

    def release(self, successor: asyncio.Protocol, /) -> None:
        """Give the transport away. Raises: ConnectionResetError if it is gone."""
        ...


class Switching(web.StreamResponse):
    """The response 101. What follows on the transport is no longer aiohttp's."""

    def __init__(self, key: str) -> None:
        super().__init__(status=101, headers=accepted(key))

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing: there is no body, and the transport belongs to the WebSocket by now."""


def accepted(key: str) -> dict[str, str]:
    """The headers that accept a handshake with a key."""
    accept = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}


def wants_websocket(request: web.Request) -> bool:
    """Whether a request asks for an upgrade to a WebSocket."""
    asked = {part.strip().lower() for part in request.headers.get("Connection", "").split(",")}
    return "upgrade" in asked and request.headers.get("Upgrade", "").strip().lower() == "websocket"


async def take_over(request: web.Request, socket: WebSocket) -> web.StreamResponse:
    """
    Answer a handshake and give the transport to the socket.

    Returns: the response; it has been sent. Another status than 101 means that the handshake was refused. Raises:
    ConnectionResetError if the client is gone.
    """
    refused = _refusal(request)
    if refused is not None:
        return refused
    response = Switching(request.headers["Sec-WebSocket-Key"].strip())
    await response.prepare(request)
    connection: Any = request.protocol
    connection.release(socket)
    return response


def _refusal(request: web.Request) -> web.Response | None:
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", "").strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if request.method != "GET" or request.version < (1, 1) or not wants_websocket(request):
        return web.Response(status=400, text="This is not a WebSocket handshake.")
    if request.headers.get("Sec-WebSocket-Version", "").strip() != "13":
        return web.Response(status=426, text="Use WebSocket version 13.", headers={"Sec-WebSocket-Version": "13"})
    if len(key) != 16:
        return web.Response(status=400, text="Sec-WebSocket-Key must be 16 bytes in Base64.")
    return None
