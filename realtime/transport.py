"""
Sockets from python-engineio behind one module. Everything else talks to `Connection`.

Socket.IO packets are taken straight from Engine.IO here, without python-socketio's rooms: nobody is in a room before
they are authenticated, and a disconnect costs only what that one client had. The library's queues are unbounded, so a
connection that does not drain says so (`is_writable`), and the relay keeps a cursor instead of writing to it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import engineio
import orjson
import socketio
from aiohttp import web
from engineio import exceptions, payload
from engineio import packet as eio
from engineio.async_drivers import aiohttp as driver
from engineio.async_socket import AsyncSocket
from socketio import packet as sio

from core import log, problems
from core.problems import Problem

NAMESPACE = "/live"
MAX_FRAME_BYTES = 64 * 1024
CONNECT_DEADLINE_S = 5.0
STALLED_S = 30.0
CLOSE_S = 1.0  # time for a client to take the last packets and answer the close
# Packets and characters queued to one socket at which the relay stops writing to it, and at which it resumes.
HIGH_WATER, LOW_WATER = 64, 16
HIGH_WATER_SIZE, LOW_WATER_SIZE = 512 * 1024, 128 * 1024
# What a client may send: close, pong and message, and before its upgrade is complete also the probe and the upgrade
# itself.
_KINDS = {eio.CLOSE, eio.PONG, eio.MESSAGE}
_MALFORMED = (ValueError, TypeError, IndexError, KeyError, RecursionError, asyncio.IncompleteReadError)
logger = log.get(__name__)
# The library's log lines repeat what clients send. What matters is logged here.
_silent = logging.getLogger("tallyroom.engineio")
_silent.disabled = True


class _Queue(asyncio.Queue[Any]):
    """A socket's outgoing packets. It knows when it is full, and reports when it has drained."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self.size = 0  # characters
        self.room = asyncio.Event()
        self.room.set()
        self.on_drained: Callable[[], None] | None = None

    @property
    def is_full(self) -> bool:
        """Full from the high-water mark on, until the low-water mark is reached."""
        return not self.room.is_set()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.size += _size(item)
        if self.qsize() >= HIGH_WATER or self.size >= HIGH_WATER_SIZE:
            self.room.clear()

    def _get(self) -> Any:
        item = super()._get()
        self.taken += 1
        self.size -= _size(item)
        if self.is_full and self.qsize() <= LOW_WATER and self.size <= LOW_WATER_SIZE:
            self.room.set()
            if self.on_drained is not None:
                asyncio.get_running_loop().call_soon(self.on_drained)
        return item

    async def join(self) -> None:
        """Return at once. The library would wait for the client to read everything when it closes one."""


def _size(item: Any) -> int:
    return len(item.data) if item is not None and isinstance(item.data, str) else 0


class _WebSocket(driver.WebSocket):  # type: ignore[misc]  # the library has no types
    """
    The driver's WebSocket without permessage-deflate, which costs 90 KiB per client. It accepts only what a client may
    send.
    """

    async def __call__(self, environ: dict[str, Any]) -> web.StreamResponse:
        self._sock = web.WebSocketResponse(
            max_msg_size=self.server.max_http_buffer_size, compress=False, timeout=CLOSE_S
        )
        await self._sock.prepare(environ["aiohttp.request"])
        self.environ = environ
        await self.handler(self)
        return self._sock

    async def wait(self) -> str:
        data = await super().wait()
        socket: _Socket = self.handler.__self__
        if not isinstance(data, str) or (socket.upgraded and not data.startswith(("1", "3", "4"))):
            raise OSError("not a packet that a client may send")
        return data


class _Socket(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """
    The library's socket, changed to end whatever the client does.

    The original keeps the writer, its queue and the TCP connection of a client that stopped reading or sent a malformed
    packet.
    """

    upgrading: bool
    upgraded: bool
    last_ping: float | None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.transport: asyncio.Transport | None = (
            None  # the WebSocket's; a client that polled first began on another one
        )
        self._ping: asyncio.TimerHandle | None = None
        self._is_polled = False

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Receive packets by polling, which a client sends before its upgrade."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self.server.max_http_buffer_size:
            raise exceptions.ContentTooLongError
        try:
            body = (await environ["wsgi.input"].readexactly(length)).decode()
            packets = payload.Payload(encoded_payload=body).packets
        except _MALFORMED:
            raise exceptions.EngineIOError("malformed") from None
        for packet in packets:
            if packet.packet_type not in _KINDS or packet.binary:
                raise exceptions.EngineIOError("not a packet that a client may send")
            await self.receive(packet)

    async def _websocket_handler(self, ws: _WebSocket) -> None:
        if self.upgrading or self.upgraded:
            return  # a second upgrade at the same time
        self.transport = ws.environ["aiohttp.request"].transport
        try:
            await super()._websocket_handler(ws)
        except _MALFORMED:
            logger.info("a socket sent something other than a packet and is closed")
        finally:
            if self.upgraded:
                await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            else:
                self.upgrading = False  # the probe failed, so polling continues
                self.transport = None

    async def handle_get_request(self, environ: dict[str, Any]) -> Any:
        """
        Return what is queued for a polling client. If that includes the close, end the session, which cannot be polled
        again. A second poll at the same time ends it too, since packets would be divided among the two.
        """
        if "HTTP_UPGRADE" in environ:
            return await super().handle_get_request(environ)
        if self._is_polled:
            raise exceptions.EngineIOError("polled twice at once")
        self._is_polled = True
        try:
            answer = await super().handle_get_request(environ)
        finally:
            self._is_polled = False
        if not isinstance(answer, list):
            return answer  # the response for a WebSocket
        if any(packet.packet_type == eio.CLOSE for packet in answer):
            await self.close(wait=False, abort=True, reason=self.server.reason.SERVER_DISCONNECT)
        return answer or [eio.Packet(eio.NOOP)]  # closed while it was waiting

    async def close(self, *args: Any, **options: Any) -> None:
        if self._ping is not None:
            self._ping.cancel()
        await super().close(*args, **options)
        self.queue.put_nowait(None)  # wakes waiters so that they can finish

    def schedule_ping(self) -> None:
        """Schedule a ping with a timer. The library uses a task, which outlives its client by 25 s."""
        if self.last_ping:
            self.last_ping = None
            self._ping = asyncio.get_running_loop().call_later(self.server.ping_interval, self._send_ping_now)

    def _send_ping_now(self) -> None:
        if not self.closing and not self.closed:
            self.last_ping = time.time()
            self.queue.put_nowait(eio.Packet(eio.PING))


class _EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    start_service_task: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._async: dict[str, Any] = {**self._async, "websocket": _WebSocket}

    def create_queue(self, *_: Any, **__: Any) -> _Queue:
        return _Queue()

    async def handle_request(self, request: web.Request) -> Any:
        """As in the library, but a missing transport is an error, not polling."""
        if request.method != "OPTIONS" and "transport" not in request.query:
            return web.json_response({"code": 0, "message": "Transport unknown"}, status=400)
        return await super().handle_request(request)

    def _ok(self, packets: Any = None, *args: Any, **options: Any) -> Any:
        answer = super()._ok(packets, *args, **options)
        # The protocol answers a POST in lower case, and some clients compare the text.
        return answer if packets is not None else answer | {"response": b"ok"}

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None) -> Any:
        """Like the library's own, which does not allow choosing the socket class."""
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_handle = self.start_background_task(self._service_task)
        sid = self.generate_id()
        socket = self.sockets[sid] = _Socket(self, sid)
        greeting = {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        await socket.send(eio.Packet(eio.OPEN, greeting))
        refusal = await self._trigger_event("connect", sid, environ, run_async=False)
        if isinstance(refusal, Problem):
            del self.sockets[sid]
            return _refused(refusal)
        socket.schedule_ping()
        if transport == "websocket":
            answer = await socket.handle_get_request(environ)
            if socket.closed:
                self.sockets.pop(sid, None)
            return answer
        socket.connected = True
        return self._ok(await socket.poll(), jsonp_index=jsonp_index)


def _refused(problem: Problem) -> dict[str, Any]:
    """A problem in the form of the library's answers."""
    headers = [("Content-Type", "application/problem+json"), ("Retry-After", str(problem.retry_after_s or 1))]
    body = orjson.dumps(problem.document(None))
    return {"status": f"{problem.status} {problem.title}", "headers": headers, "response": body}


class Connection:
    """One client: what the rest of realtime writes to, and what it knows about the client."""

    def __init__(self, server: "LiveServer", eio_sid: str, environ: dict[str, Any]) -> None:
        self.server = server
        self.request: web.Request = environ["aiohttp.request"]
        self.socket: _Socket = server.eio.sockets[eio_sid]
        self.sid = server.eio.generate_id()
        self.opened_at = time.monotonic()
        self.is_closed = False
        self.is_connected = False  # authenticated, and CONNECT has been answered
        self.is_connecting = False
        self.deadline: asyncio.TimerHandle | None = None
        self.address = server.address_of(self.request)
        self._progress: tuple[int, int] = (0, 0)
        self._moved_at = self.opened_at

    @property
    def is_websocket(self) -> bool:
        """Whether the transport is a WebSocket by now."""
        return bool(self.socket.upgraded)

    @property
    def is_writable(self) -> bool:
        """Whether more may be written, because the client keeps up."""
        return not self.is_closed and not self.socket.queue.is_full

    async def until_writable(self) -> None:
        """Wait until the client has taken what is queued, or is closed."""
        await self.socket.queue.room.wait()

    def write(self, text: str) -> None:
        """Queue a Socket.IO packet. Everything to this client goes this way, so nothing is reordered."""
        if not self.is_closed:
            self.socket.queue.put_nowait(eio.Packet(eio.MESSAGE, data=text))

    def emit(self, event: str, data: dict[str, Any]) -> None:
        """Queue an event."""
        self.write(event_frame(event, data))

    def acknowledge(self, number: int, answer: dict[str, Any]) -> None:
        """Queue the answer to a command."""
        self.write(f"3{NAMESPACE},{number}{orjson.dumps([answer]).decode()}")

    def accept(self) -> None:
        """Accept CONNECT."""
        self.is_connected = True
        self.write(f'0{NAMESPACE},{{"sid":"{self.sid}"}}')
        self.socket.queue.on_drained = self._drained

    def refuse(self, code: str) -> None:
        """Refuse CONNECT and close."""
        body = orjson.dumps({"message": "unauthorized", "data": {"code": code}}).decode()
        self.write(f"4{NAMESPACE},{body}")
        self.close()

    def close(self, code: str | None = None, *, reconnect: bool = True) -> None:
        """
        Close after sending what is queued. With `reconnect` false, a DISCONNECT packet keeps the client from coming
        back.
        """
        if self.is_closed:
            return
        if code is not None:
            self.emit("closing", {"code": code, "reconnect": reconnect})
        if not reconnect:
            self.write(f"1{NAMESPACE},")
        # None ends and closes a WebSocket's writer; a polling client is sent a close packet.
        self.socket.queue.put_nowait(None if self.is_websocket else eio.Packet(eio.CLOSE))
        self._end()
        asyncio.get_running_loop().call_later(CLOSE_S, self.abort)

    def abort(self) -> None:
        """Close the transport at once, whatever is queued."""
        self._end()
        if self.socket.transport is not None:
            self.socket.transport.abort()
        elif not self.socket.closed:
            self.server.spawn(self.socket.close(wait=False, abort=True))

    def leave(self) -> None:
        """The Engine.IO socket has ended. Its transport may still be open, if nobody is reading at the other end."""
        self._end()
        if self.socket.transport is not None:
            asyncio.get_running_loop().call_later(CLOSE_S, self.socket.transport.abort)

    def is_stalled(self, seconds: float) -> bool:
        """
        Whether something has waited for the client that long without any of it being taken. Meant to be called
        repeatedly.
        """
        transport, queue = self.socket.transport, self.socket.queue
        unsent = 0 if transport is None else transport.get_write_buffer_size()
        progress, at = (queue.taken, unsent), time.monotonic()
        if progress != self._progress or not (unsent or queue.qsize()):
            self._progress, self._moved_at = progress, at
        return at - self._moved_at > seconds

    def _end(self) -> None:
        self.is_closed = True
        self.socket.queue.room.set()  # wakes those that wait for room, who then see that it is closed

    def _drained(self) -> None:
        if not self.is_closed:
            self.server.receiver.on_drained(self)


def event_frame(event: str, data: dict[str, Any]) -> str:
    """An event as a Socket.IO packet: framed once, written to many."""
    return f"2{NAMESPACE},{orjson.dumps([event, data]).decode()}"


class Receiver(Protocol):
    """Receives what clients do from the transport."""

    async def on_connect(self, connection: Connection, auth: Any, /) -> None:
        """Handle CONNECT over WebSocket."""
        ...

    async def on_command(self, connection: Connection, name: str, arguments: list[Any], number: int | None, /) -> None:
        """Handle a command. `number` is the client's acknowledgement id, if it wants an answer."""
        ...

    def on_closed(self, connection: Connection, /) -> None:
        """Handle a transport that is gone."""
        ...

    def on_drained(self, connection: Connection, /) -> None:
        """Handle that the client has taken what was queued."""
        ...


class LiveServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """
    Turns Engine.IO sockets into connections.

    Args:
        address_of: returns the client address of a request, with regard to trusted proxies.
        max_pending: how many unauthenticated connections an address may have.
    """

    def __init__(
        self,
        *,
        origins: list[str],
        address_of: Callable[[web.Request], str],
        max_pending: int,
        receiver: Receiver,
    ) -> None:
        if not origins:
            raise ValueError("sockets need a list of allowed origins")
        super().__init__(
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            cors_allowed_origins=origins,
            cors_credentials=False,
            async_handlers=False,
            logger=_silent,
            engineio_logger=_silent,
            max_http_buffer_size=MAX_FRAME_BYTES,
            http_compression=False,
        )
        self.address_of = address_of
        self._max_pending = max_pending
        self.receiver = receiver
        self.connections: dict[str, Connection] = {}
        self.is_draining = False
        self.stalled_s = STALLED_S
        self._pending: dict[str, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def _engineio_server_class(self) -> type[_EngineServer]:
        return _EngineServer

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> Problem | None:
        connection = Connection(self, eio_sid, environ)
        address = connection.address
        if self.is_draining:
            return problems.Busy("The server is about to stop. Connect again in a moment.", retry_after_s=2)
        if self._pending.get(address, 0) >= self._max_pending:
            return problems.TooManyConnections(
                "Too many sockets from your address have not sent CONNECT yet. Send it, then open more.",
                retry_after_s=int(CONNECT_DEADLINE_S),
            )
        self._pending[address] = self._pending.get(address, 0) + 1
        self.connections[eio_sid] = connection
        loop = asyncio.get_running_loop()
        connection.deadline = loop.call_later(CONNECT_DEADLINE_S, self._too_late, connection)
        return None

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        connection = self.connections.get(eio_sid)
        if connection is None:
            return
        # Stop reading from a client that is not draining its replies.
        await connection.until_writable()
        if connection.is_closed:
            return
        packet = _parse(data)
        if packet is None:
            connection.close()
            return
        try:
            await self._take(connection, packet)
        except asyncio.CancelledError:
            # The connection is lost. The library swallows this and would go on with the next packet, in a context that
            # may still hold the transaction that was cut off, on a database connection that somebody else has by then.
            connection.abort()
            raise
        except Exception:
            logger.exception("a packet could not be answered")
            connection.close()

    async def _take(self, connection: Connection, packet: Any) -> None:
        if packet.packet_type == sio.CONNECT:
            self._connect(connection, packet)
        elif packet.packet_type == sio.EVENT and connection.is_connected and packet.namespace == NAMESPACE:
            if not connection.is_websocket or not isinstance(packet.data, list) or not packet.data:
                connection.close()
                return
            name, *arguments = packet.data
            # Awaited, so that a client's commands run one at a time and in order. A flood waits in its own socket.
            await self.receiver.on_command(connection, str(name), arguments, packet.id)
        elif packet.packet_type != sio.ACK:
            # DISCONNECT, an event before CONNECT or in another namespace, or something that only servers send
            connection.close()

    async def _handle_eio_disconnect(self, eio_sid: str, reason: Any) -> None:
        connection = self.connections.pop(eio_sid, None)
        if connection is None:
            return
        connection.leave()
        if not connection.is_connected:
            self._no_longer_pending(connection)
        if connection.deadline is not None:
            connection.deadline.cancel()
        self.receiver.on_closed(connection)

    def _connect(self, connection: Connection, packet: Any) -> None:
        if packet.namespace != NAMESPACE:
            prefix = "" if packet.namespace in (None, "/") else f"{packet.namespace},"
            connection.write(f'4{prefix}{{"message":"Invalid namespace"}}')
            return
        if connection.is_connecting:
            connection.close()
            return
        connection.is_connecting = True
        # This is not awaited: the polling request that carries CONNECT must be answered, or the client never upgrades.
        self.spawn(self._connect_when_upgraded(connection, packet.data))

    async def _connect_when_upgraded(self, connection: Connection, auth: Any) -> None:
        deadline = connection.opened_at + CONNECT_DEADLINE_S
        while not connection.is_websocket:
            if connection.is_closed:
                return
            if time.monotonic() >= deadline - 0.1:
                connection.refuse("websocket_required")
                return
            await asyncio.sleep(0.01)
        try:
            await self.receiver.on_connect(connection, auth)
        except Exception:
            # A refusal would keep the client from coming back, and the failure is not the client's fault. So it may try
            # again.
            logger.exception("CONNECT failed")
            connection.close()
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
        """Connections whose client has taken nothing for the stall time, although something was waiting for it."""
        return [connection for connection in list(self.connections.values()) if connection.is_stalled(self.stalled_s)]

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run work in the background, and keep it from being garbage-collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _parse(data: Any) -> Any:
    """A Socket.IO packet, or None if it is malformed, binary, or nested absurdly deep."""
    if not isinstance(data, str):
        return None
    try:
        packet = sio.Packet(encoded_packet=data)
    except _MALFORMED:
        return None
    if packet.packet_type in (sio.BINARY_EVENT, sio.BINARY_ACK):
        return None
    packet.namespace = packet.namespace or "/"
    return packet
