"""
Sockets as python-engineio gives them, behind one module: everything else speaks to `Connection`.

Socket.IO packets are taken from Engine.IO here, without python-socketio's rooms: nobody is in a room before he is
authenticated, and a disconnect costs what that one client had. Stock queues are unbounded, so a connection that does
not drain says so (`is_writable`), and the relay keeps a cursor instead of writing to it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import engineio
import orjson
import socketio
from aiohttp import web
from engineio import packet as eio
from engineio.async_drivers import aiohttp as driver
from socketio import packet as sio

from core import log

NAMESPACE = "/live"
MAX_FRAME_BYTES = 64 * 1024
CONNECT_DEADLINE_S = 5.0
STALLED_S = 30.0
HIGH_WATER = 64  # packets queued to one socket before the relay stops writing to it
LOW_WATER = 16
logger = log.get(__name__)


class _Queue(asyncio.Queue[Any]):
    """A socket's outgoing packets; tells when it has drained, and when it last moved."""

    def __init__(self) -> None:
        super().__init__()
        self.moved_at = time.monotonic()
        self.on_drained: Callable[[], None] | None = None

    def _get(self) -> Any:
        self.moved_at = time.monotonic()
        item = super()._get()
        if self.on_drained is not None and self.qsize() == LOW_WATER:
            asyncio.get_running_loop().call_soon(self.on_drained)
        return item


class _WebSocket(driver.WebSocket):  # type: ignore[misc]  # untyped
    """The driver's WebSocket without permessage-deflate, which costs 90 KiB a client."""

    async def __call__(self, environ: dict[str, Any]) -> web.StreamResponse:
        self._sock = web.WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        await self._sock.prepare(environ["aiohttp.request"])
        self.environ = environ
        await self.handler(self)
        return self._sock


class _EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # untyped
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._async: dict[str, Any] = {**self._async, "websocket": _WebSocket}

    def create_queue(self, *_: Any, **__: Any) -> _Queue:
        return _Queue()


class Connection:
    """One client: what the rest of realtime writes to, and what it remembers of it."""

    def __init__(self, server: "LiveServer", eio_sid: str, environ: dict[str, Any]) -> None:
        self.server = server
        self.eio_sid = eio_sid
        self.request: web.Request = environ["aiohttp.request"]
        self.sid = server.eio.generate_id()
        self.opened_at = time.monotonic()
        self.is_closed = False
        self.is_connected = False  # authenticated, CONNECT answered
        self.is_connecting = False
        self.deadline: asyncio.TimerHandle | None = None
        self.address = server.address_of(self.request)
        self.door: Any = None  # what the namespace keeps here

    @property
    def socket(self) -> Any:
        """The Engine.IO socket, None once it is gone."""
        return self.server.eio.sockets.get(self.eio_sid)

    @property
    def is_websocket(self) -> bool:
        """Whether the transport is WebSocket by now."""
        socket = self.socket
        return socket is not None and socket.upgraded

    @property
    def is_writable(self) -> bool:
        """Whether more may be written: the client keeps up."""
        socket = self.socket
        return not self.is_closed and socket is not None and socket.queue.qsize() < HIGH_WATER

    def write(self, text: str) -> None:
        """Queues a Socket.IO packet. Everything to this client takes this way, so nothing overtakes."""
        socket = self.socket
        if socket is not None and not self.is_closed:
            socket.queue.put_nowait(eio.Packet(eio.MESSAGE, data=text))

    def emit(self, event: str, data: dict[str, Any]) -> None:
        """Queues an event."""
        self.write(event_frame(event, data))

    def acknowledge(self, number: int, answer: dict[str, Any]) -> None:
        """Queues the answer to a command."""
        self.write(f"3{NAMESPACE},{number}{orjson.dumps([answer]).decode()}")

    def accept(self) -> None:
        """Answers CONNECT."""
        self.is_connected = True
        self.write(f'0{NAMESPACE},{{"sid":"{self.sid}"}}')
        socket = self.socket
        if socket is not None:
            socket.queue.on_drained = self._drained

    def refuse(self, code: str) -> None:
        """Answers CONNECT with a refusal and closes."""
        body = orjson.dumps({"message": "unauthorized", "data": {"code": code}}).decode()
        self.write(f"4{NAMESPACE},{body}")
        self.close()

    def close(self, code: str | None = None, *, reconnect: bool = True) -> None:
        """Closes after what is queued; with `reconnect` false a DISCONNECT packet keeps the client from coming back."""
        if self.is_closed:
            return
        if code is not None:
            self.emit("closing", {"code": code, "reconnect": reconnect})
        if not reconnect:
            self.write(f"1{NAMESPACE},")
        socket = self.socket
        if socket is not None:
            socket.queue.put_nowait(None)  # the writer ends here, and closes the WebSocket
        self.is_closed = True
        asyncio.get_running_loop().call_later(1.0, self.abort)

    def abort(self) -> None:
        """Closes the transport at once, whatever is queued."""
        self.is_closed = True
        if self.request.transport is not None:
            self.request.transport.abort()

    def _drained(self) -> None:
        if not self.is_closed:
            self.server.on_drained(self)


def event_frame(event: str, data: dict[str, Any]) -> str:
    """An event as a Socket.IO packet: framed once, written to many."""
    return f"2{NAMESPACE},{orjson.dumps([event, data]).decode()}"


class LiveServer(socketio.AsyncServer):  # type: ignore[misc]  # untyped
    """
    Engine.IO in, connections out.

    Args:
        address_of: the client's address of a request, by the trusted proxies.
        max_pending: connections of an address that are not authenticated yet.
    """

    def __init__(
        self,
        *,
        origins: list[str],
        address_of: Callable[[web.Request], str],
        max_pending: int,
        on_connect: Callable[[Connection, Any], Any],
        on_command: Callable[[Connection, str, list[Any], int | None], Any],
        on_closed: Callable[[Connection], None],
        on_drained: Callable[[Connection], None],
    ) -> None:
        if not origins:
            raise ValueError("sockets need a list of allowed origins")
        super().__init__(
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            cors_allowed_origins=origins,
            cors_credentials=False,
            async_handlers=False,
            logger=False,
            engineio_logger=False,
            max_http_buffer_size=MAX_FRAME_BYTES,
            http_compression=False,
        )
        self.address_of = address_of
        self._max_pending = max_pending
        self._on_connect = on_connect
        self._on_command = on_command
        self._on_closed = on_closed
        self.on_drained = on_drained
        self.connections: dict[str, Connection] = {}
        self._pending: dict[str, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def _engineio_server_class(self) -> type[_EngineServer]:
        return _EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        connection = Connection(self, eio_sid, environ)
        address = connection.address
        if self._pending.get(address, 0) >= self._max_pending:
            return False
        self._pending[address] = self._pending.get(address, 0) + 1
        self.connections[eio_sid] = connection
        loop = asyncio.get_running_loop()
        connection.deadline = loop.call_later(CONNECT_DEADLINE_S, self._too_late, connection)
        return None

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        connection = self.connections.get(eio_sid)
        if connection is None or connection.is_closed:
            return
        packet = _parse(data)
        if packet is None:
            connection.close()
            return
        if packet.packet_type == sio.CONNECT:
            self._connect(connection, packet)
        elif packet.packet_type == sio.EVENT and connection.is_connected and packet.namespace == NAMESPACE:
            if not connection.is_websocket or not isinstance(packet.data, list) or not packet.data:
                connection.close()
                return
            name, *arguments = packet.data
            # Awaited, so that a client's commands run one at a time and in order; a flood waits in its own socket.
            await self._on_command(connection, str(name), arguments, packet.id)
        elif packet.packet_type == sio.DISCONNECT or packet.packet_type != sio.ACK:
            connection.close()

    async def _handle_eio_disconnect(self, eio_sid: str, reason: Any) -> None:
        connection = self.connections.pop(eio_sid, None)
        if connection is None:
            return
        connection.is_closed = True
        if not connection.is_connected:
            self._no_longer_pending(connection)
        if connection.deadline is not None:
            connection.deadline.cancel()
        self._on_closed(connection)

    def _connect(self, connection: Connection, packet: Any) -> None:
        if packet.namespace != NAMESPACE:
            connection.write(f'4{packet.namespace},{{"message":"Invalid namespace"}}')
            return
        if connection.is_connecting:
            connection.close()
            return
        connection.is_connecting = True
        # Not awaited: the polling request that carries CONNECT must be answered, or the client never upgrades.
        task = asyncio.create_task(self._connect_when_upgraded(connection, packet.data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect_when_upgraded(self, connection: Connection, auth: Any) -> None:
        deadline = connection.opened_at + CONNECT_DEADLINE_S
        while not connection.is_websocket:
            if time.monotonic() >= deadline - 0.1:
                connection.refuse("websocket_required")
                return
            await asyncio.sleep(0.01)
        try:
            await self._on_connect(connection, auth)
        except Exception:
            logger.exception("CONNECT failed")
            connection.refuse("internal")
        if connection.is_connected:
            self._no_longer_pending(connection)
            if connection.deadline is not None:
                connection.deadline.cancel()

    def _no_longer_pending(self, connection: Connection) -> None:
        address = connection.address
        left = self._pending.get(address, 1) - 1
        if left > 0:
            self._pending[address] = left
        else:
            self._pending.pop(address, None)

    def _too_late(self, connection: Connection) -> None:
        if not connection.is_connected and not connection.is_closed:
            if connection.is_connecting and not connection.is_websocket:
                return  # _connect_when_upgraded refuses it
            connection.close()

    def stalled(self) -> list[Connection]:
        """Connections that have had something queued for 30 s without taking any of it."""
        limit = time.monotonic() - STALLED_S
        found = []
        for connection in self.connections.values():
            socket = connection.socket
            if socket is not None and socket.queue.qsize() and socket.queue.moved_at < limit:
                found.append(connection)
        return found


def _parse(data: Any) -> Any:
    """A Socket.IO packet, None when it is malformed, binary, or nested absurdly."""
    if not isinstance(data, str):
        return None
    try:
        packet = sio.Packet(encoded_packet=data)
    except (ValueError, TypeError, IndexError, RecursionError, KeyError):
        return None
    if packet.packet_type in (sio.BINARY_EVENT, sio.BINARY_ACK):
        return None
    packet.namespace = packet.namespace or "/"
    return packet
