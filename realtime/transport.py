"""
Clients behind one module. Everything else talks to `Connection`.

Socket.IO packets are taken straight from Engine.IO here, without python-socketio's rooms: nobody is in a room before they
are authenticated, and a disconnect costs only what that one client had. A session may begin with polling, which is
python-engineio's (realtime/long_polling.py), and continues over a WebSocket of our own (realtime/websocket.py). A client
that does not keep up says so (`is_writable`), and the relay keeps a cursor instead of writing to it.
"""

import asyncio
import contextvars
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

import orjson
import socketio
from aiohttp import web
from engineio import packet as eio
from socketio import packet as sio

from core import log, problems
from core.problems import Problem
from realtime.handshake import Handshake
from realtime.long_polling import MALFORMED, EngineServer, Json, Session, silent
from realtime.pings import Pings
from realtime.websocket import BY_LISTENER, LINGER_S, Outbox, WebSocket, frame, take_over

NAMESPACE = "/live"
MOST_WAITING, FEW_WAITING = 16, 4  # commands of a client, at which it is no longer read, and at which it is again
CLEANING_S = 0.005  # of one turn of the event loop, when thousands of clients leave at once
# The names of the events that Socket.IO itself tells a client of. No client may send them.
RESERVED = {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
_PING, _PONG = frame("2"), "3"
logger = log.get(__name__)


class Connection:
    """One client: what the rest of realtime writes to, and what it knows about the client."""

    __slots__ = (
        "__weakref__",
        "_commands",
        "_moved_at",
        "_runner",
        "_taken_bytes",
        "address",
        "candidate",
        "deadline",
        "id",
        "is_closed",
        "is_connected",
        "is_connecting",
        "is_hidden",
        "is_pinged",
        "is_token_in_url",
        "is_writable",
        "opened_at",
        "server",
        "session",
        "sid",
        "waiting_auth",
        "websocket",
    )

    def __init__(self, server: "LiveServer", request: "Asked", session: Session | None = None) -> None:
        self.server = server
        self.address = server.address_of(request)
        self.is_token_in_url = "token" in request.query
        self.session = session  # while it polls
        self.websocket: WebSocket | None = None
        self.candidate: WebSocket | None = None  # one that the session may continue on
        self.id: str = server.eio.generate_id() if session is None else session.sid  # of the Engine.IO session
        self.sid: str = server.eio.generate_id()  # in the namespace
        self.opened_at = time.monotonic()
        self.is_closed = False
        self.is_connected = False  # authenticated, and CONNECT has been answered
        self.is_connecting = False
        self.is_hidden = False  # the tab is; it is told of states less often
        self.is_writable = True  # whether more may be written, because the client keeps up
        self.is_pinged = False  # and has not answered yet
        self.waiting_auth: Any = None  # of a CONNECT that came before the WebSocket
        self.deadline: asyncio.TimerHandle | None = None
        self._commands: deque[tuple[str, list[Any], int | None]] | None = None
        self._runner: asyncio.Task[None] | None = None
        self._taken_bytes = 0
        self._moved_at = asyncio.get_running_loop().time()

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, packet: str | bytes) -> None:
        """
        Queue a Socket.IO packet, or as bytes one or several that `packet_frame` made. Everything to this client goes this
        way, so nothing is reordered.
        """
        if self.is_closed:
            return
        socket = self.websocket
        if socket is not None:
            socket.write(packet if packet.__class__ is bytes else packet_frame(packet))  # type: ignore[arg-type]  # text
        elif self.session is not None:
            assert isinstance(packet, str), "only answers to what it sends are written to a client that polls"
            if not self.session.put(eio.Packet(eio.MESSAGE, data=packet)):
                self.close()  # it asks for more than it fetches

    def write_at_once(self, piece: bytes) -> None:
        """
        Write frames before the end of this turn of the event loop, unless something waits that has to come first. When
        thousands are written the same, queueing it for each of them costs as much as a fifth of the kernel's share.
        """
        socket = self.websocket
        if socket is None or self.is_closed:
            return
        transport = socket._transport
        if socket._frames is None and transport is not None and not socket._is_ended:
            socket.sent_bytes += len(piece)
            transport.write(piece)
        else:
            socket.write(piece)

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
        self._end()
        if self.candidate is not None:
            self.candidate.abort()
        if self.websocket is not None:
            self.websocket.close()
        elif self.session is not None:
            self.session.put(eio.Packet(eio.CLOSE))
            asyncio.get_running_loop().call_later(LINGER_S, self.abort)

    def abort(self) -> None:
        """Close the transport at once, whatever is queued."""
        self._end()
        if self.websocket is not None:
            self.websocket.abort()
        elif self.session is not None and not self.session.closed:
            self.server.spawn(self.session.close(wait=False, abort=True))

    def _end(self) -> None:
        self.is_closed = True
        self.is_writable = False

    # -- what its WebSocket reports ------------------------------------------------------------------------------------

    def on_open(self, socket: WebSocket) -> None:
        """Greet the client."""
        self.websocket = socket
        self.server.pings.add(self)
        socket.write(frame(self.server.eio.greeting(self.id, []).encode()))

    def on_text(self, text: str) -> None:
        """Handle an Engine.IO packet."""
        if self.is_closed:
            return
        kind = text[:1]
        if kind == "4":
            self.server.take(self, text[1:])
        elif text == _PONG:
            self.is_pinged = False
        else:  # the client's close, or nothing that a client may send
            self.close()

    def on_full(self) -> None:
        """The client does not keep up."""
        self.is_writable = False

    def on_room(self) -> None:
        """The client has taken what was queued."""
        if not self.is_closed:
            self.is_writable = True
            self.server.receiver.on_drained(self)

    def on_lost(self) -> None:
        """The transport is gone. A command that still runs is for nobody."""
        self._end()
        if self._runner is not None:
            self._runner.cancel()
        # Each knows the other, and thousands of such pairs at once were garbage whose collection held the event loop.
        self.websocket = None
        self.server.lost(self)

    def is_stalled(self, seconds: float) -> bool:
        """
        Whether something has waited for the client that long without any of it being taken. Meant to be called
        repeatedly.
        """
        socket, at = self.websocket, asyncio.get_running_loop().time()
        unsent = 0 if socket is None else socket.unsent_bytes
        if socket is None or not unsent:
            self._taken_bytes = -1  # what waits the next time has waited since some later moment
            return False
        taken = socket.sent_bytes - unsent
        if taken != self._taken_bytes:
            self._taken_bytes, self._moved_at = taken, at
        return at - self._moved_at > seconds

    # -- commands ------------------------------------------------------------------------------------------------------

    def queue_command(self, name: str, arguments: list[Any], number: int | None) -> None:
        """
        Run a command after those before it. There is a task only while some are waiting, and a client that sends many is
        not read until they are done.
        """
        if self._commands is None:
            self._commands = deque()
        self._commands.append((name, arguments, number))
        if len(self._commands) >= MOST_WAITING and self.websocket is not None:
            self.websocket.hold(BY_LISTENER)
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())

    async def _run(self) -> None:
        commands = self._commands
        assert commands is not None
        try:
            while commands and not self.is_closed:
                name, arguments, number = commands.popleft()
                if len(commands) == FEW_WAITING and self.websocket is not None:
                    # In a turn of its own: commands that are refused at once never wait for anything, and what has arrived
                    # would all be handled in this turn.
                    asyncio.get_running_loop().call_soon(self.websocket.go_on, BY_LISTENER)
                await self.server.receiver.on_command(self, name, arguments, number)
        except Exception:
            logger.exception("a packet could not be answered")
            self.close()
        finally:
            self._runner = self._commands = None
            if self.websocket is not None:
                self.websocket.go_on(BY_LISTENER)


class _Probe:
    """A WebSocket on which a polling session may continue: it answers the probe and waits for the upgrade."""

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self._is_probed = False

    def on_open(self, socket: WebSocket) -> None:
        """Wait for the probe."""

    def on_text(self, text: str) -> None:
        """Handle the probe, then the upgrade. Anything else returns the session to polling."""
        socket = self._connection.candidate
        if socket is None:
            return
        if text == "2probe" and not self._is_probed:
            self._is_probed = True
            socket.write(frame("3probe"))
            self._session.put(eio.Packet(eio.NOOP))  # answers the poll that waits
        elif text == "5" and self._is_probed:
            self._connection.server.upgraded(self._connection, self._session, socket)
        else:
            socket.close()

    def on_full(self) -> None:
        """Nothing but one answer is written here."""

    def on_room(self) -> None:
        """Nothing waits to be written here."""

    def on_lost(self) -> None:
        """Return the session to polling."""
        self._connection.candidate = None
        self._session.upgrading = False
        self._connection.server.on_transport_lost()


def event_frame(event: str, data: dict[str, Any]) -> str:
    """An event as a Socket.IO packet."""
    return f"2{NAMESPACE},{orjson.dumps([event, data]).decode()}"


def packet_frame(packet: str) -> bytes:
    """A Socket.IO packet as the bytes of a WebSocket frame: made once, written to many."""
    return frame("4" + packet)


class Asked(Protocol):
    """What a connection must know of the request that opened it."""

    @property
    def remote(self) -> str | None:
        """The address of the peer."""
        ...

    @property
    def headers(self) -> Any:
        """The headers."""
        ...

    @property
    def query(self) -> Any:
        """The query."""
        ...


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


@dataclass(frozen=True)
class SocketLimits:
    """The limits for sockets, whoever they belong to."""

    per_address: int  # signed in or not
    pending_per_address: int  # that have not signed in
    connect_s: float  # to send CONNECT
    message_bytes: int  # from a client
    stalled_s: float = 30.0  # in which a client takes nothing of what waits for it


class LiveServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """
    Turns Engine.IO sessions into connections.

    Args:
        address_of: returns the client address of a request, with regard to trusted proxies.
        on_transport_lost: called when a transport that was taken over from HTTP has ended.
    """

    eio: EngineServer

    def __init__(
        self,
        *,
        origins: list[str],
        address_of: Callable[[Asked], str],
        limits: SocketLimits,
        receiver: Receiver,
        on_transport_lost: Callable[[], None] = lambda: None,
    ) -> None:
        if not origins:
            raise ValueError("sockets need a list of allowed origins")
        super().__init__(
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            cors_allowed_origins=origins,
            cors_credentials=False,
            async_handlers=False,
            monitor_clients=False,
            logger=silent,
            engineio_logger=silent,
            json=Json,
            max_http_buffer_size=limits.message_bytes,
            http_compression=False,
        )
        self.eio.upgrader = self
        self.address_of = address_of
        self.limits = limits
        self.receiver = receiver
        self.on_transport_lost = on_transport_lost
        self.connections: dict[str, Connection] = {}
        self.is_draining = False
        self.stalled_s = limits.stalled_s
        self.pings = Pings(self.eio.ping_interval, self.eio.ping_timeout, self._ping)
        self.refused: Counter[str] = Counter()  # handshakes, and sockets whose packets were malformed
        self._outbox = Outbox(limits.message_bytes)
        self._pending: dict[str, int] = {}
        self._of_address: Counter[str] = Counter()
        self._lost: deque[Connection] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    # -- opening -------------------------------------------------------------------------------------------------------

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Answer a client that begins with a WebSocket. Raises: Problem."""
        connection = Connection(self, request)
        refusal = self._admit(connection)
        if refusal is not None:
            self.refused[refusal.code] += 1
            raise refusal
        socket = WebSocket(connection, self._outbox)
        try:
            response = await take_over(request, socket)
        except BaseException:
            self._forget(connection)
            raise
        if response.status != 101:
            self._forget(connection)
        return response

    def open_at_once(self, handshake: Handshake) -> WebSocket | None:
        """
        Let in a client whose first bytes were a whole handshake. None if there is something to refuse, which is then done by
        answering the request.
        """
        origin = handshake.headers.get("origin")
        if origin is not None and origin not in self.eio.cors_allowed_origins:
            return None
        connection = Connection(self, handshake)
        return None if self._admit(connection) is not None else WebSocket(connection, self._outbox)

    async def upgrade(self, session: Session, request: web.Request) -> web.StreamResponse:
        """Answer a client that continues its session over a WebSocket."""
        connection = self.connections.get(session.sid)
        if connection is None or connection.is_closed:
            return web.json_response({"code": 1, "message": "Session ID unknown"}, status=400)
        socket = WebSocket(_Probe(connection, session), self._outbox)
        session.upgrading = True
        connection.candidate = socket
        connection.is_token_in_url |= "token" in request.query
        response: web.StreamResponse | None = None
        try:
            response = await take_over(request, socket)
        finally:
            if response is None or response.status != 101:
                connection.candidate, session.upgrading = None, False
        return response

    def upgraded(self, connection: Connection, session: Session, socket: WebSocket) -> None:
        """Continue a session over its WebSocket."""
        connection.candidate = connection.session = None
        socket.listener = connection
        left = session.leave_to_websocket()
        if connection.is_closed:
            socket.close()
            return
        connection.websocket = socket
        for packet in left:
            socket.write(frame(packet.encode()))
        self.pings.add(connection)
        if connection.is_connecting:
            auth, connection.waiting_auth = connection.waiting_auth, None
            self.spawn(self._let_in(connection, auth))

    def _admit(self, connection: Connection) -> Problem | None:
        """Note a new connection, if there is room for it."""
        address = connection.address
        if self.is_draining:
            return problems.Busy("The server is about to stop. Connect again in a moment.", retry_after_s=2)
        if self._of_address[address] >= self.limits.per_address:
            return problems.TooManyConnections("Too many sockets are open from your address.", retry_after_s=30)
        if self._pending.get(address, 0) >= self.limits.pending_per_address:
            return problems.TooManyConnections(
                "Too many sockets from your address have not sent CONNECT yet. Send it, then open more.",
                retry_after_s=ceil(self.limits.connect_s),
            )
        self._pending[address] = self._pending.get(address, 0) + 1
        self._of_address[address] += 1
        self.connections[connection.id] = connection
        connection.deadline = asyncio.get_running_loop().call_later(self.limits.connect_s, self._too_late, connection)
        return None

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> Problem | None:
        refusal = self._admit(Connection(self, environ["aiohttp.request"], self.eio.sockets[eio_sid]))
        if refusal is not None:
            self.refused[refusal.code] += 1
        return refusal

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        connection = self.connections.get(eio_sid)
        if connection is not None and not connection.is_closed:
            self.take(connection, data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: Any) -> None:
        connection = self.connections.get(eio_sid)
        if connection is not None and connection.websocket is None:
            connection.is_closed, connection.is_writable = True, False
            if connection.candidate is not None:
                connection.candidate.abort()
            self._forget(connection)

    def _too_late(self, connection: Connection) -> None:
        if connection.is_connected or connection.is_closed:
            return
        if connection.is_connecting and connection.websocket is not None:
            return  # it is the server that is late: closing now would make thousands begin anew, and be later still
        if connection.is_connecting:
            self.refused["websocket_required"] += 1
            connection.refuse("websocket_required")
        else:
            self.refused["connect_late"] += 1
            connection.close()

    # -- packets -------------------------------------------------------------------------------------------------------

    def take(self, connection: Connection, data: Any) -> None:
        """Handle a Socket.IO packet."""
        packet = _parse(data)
        if packet is None:
            self._malformed(connection)
        elif packet.packet_type == sio.CONNECT:
            self._connect(connection, packet)
        elif packet.packet_type == sio.EVENT and connection.is_connected and packet.namespace == NAMESPACE:
            command = packet.data
            if (
                not isinstance(command, list)
                or not command
                or not isinstance(command[0], str)
                or command[0] in RESERVED
            ):
                self._malformed(connection)
                return
            connection.queue_command(command[0], command[1:], packet.id)
        elif packet.packet_type == sio.EVENT and connection.websocket is None:
            self.refused["websocket_required"] += 1
            connection.refuse("websocket_required")
        elif packet.packet_type != sio.ACK:
            # DISCONNECT, an event before CONNECT or in another namespace, or something that only servers send
            connection.close()

    def _malformed(self, connection: Connection) -> None:
        self.refused["malformed"] += 1
        connection.close()

    def _connect(self, connection: Connection, packet: Any) -> None:
        if packet.namespace != NAMESPACE:
            prefix = "" if packet.namespace in (None, "/") else f"{packet.namespace},"
            connection.write(f'4{prefix}{{"message":"Invalid namespace"}}')
            return
        if connection.is_connecting:
            connection.close()
            return
        connection.is_connecting = True
        if connection.websocket is None:
            connection.waiting_auth = packet.data  # the poll must be answered, or the client never upgrades
        else:
            self.spawn(self._let_in(connection, packet.data))

    async def _let_in(self, connection: Connection, auth: Any) -> None:
        try:
            await self.receiver.on_connect(connection, auth)
        except Exception:
            # A refusal would keep the client from coming back, and the failure is not the client's fault. So it may try
            # again.
            logger.exception("CONNECT failed")
            connection.close()
        if connection.is_connected:
            self._no_longer_pending(connection)

    def _no_longer_pending(self, connection: Connection) -> None:
        if connection.deadline is None:
            return
        connection.deadline.cancel()
        connection.deadline = None
        left = self._pending.get(connection.address, 1) - 1
        if left > 0:
            self._pending[connection.address] = left
        else:
            self._pending.pop(connection.address, None)

    def _ping(self, connection: Connection) -> None:
        if connection.websocket is not None:
            connection.websocket.write(_PING)

    # -- ending --------------------------------------------------------------------------------------------------------

    def lost(self, connection: Connection) -> None:
        """Forget a connection whose WebSocket has ended. When thousands end at once, others have their turns between."""
        self.on_transport_lost()
        self._lost.append(connection)
        if len(self._lost) == 1:
            asyncio.get_running_loop().call_soon(self._clean)

    def _clean(self) -> None:
        until = time.monotonic() + CLEANING_S
        while self._lost:
            try:
                self._forget(self._lost[0])
            except Exception:
                logger.exception("a connection that has ended could not be forgotten")
            self._lost.popleft()
            if self._lost and time.monotonic() > until:
                asyncio.get_running_loop().call_soon(self._clean)
                return

    def _forget(self, connection: Connection) -> None:
        if self.connections.pop(connection.id, None) is None:
            return
        self._of_address[connection.address] -= 1
        if not self._of_address[connection.address]:
            del self._of_address[connection.address]
        self.pings.remove(connection)
        self._no_longer_pending(connection)
        if connection.is_connected:
            logger.debug(
                "a socket has ended", sid=connection.sid, seconds=round(time.monotonic() - connection.opened_at, 1)
            )
        self.receiver.on_closed(connection)

    @property
    def pending(self) -> int:
        """The number of sockets that have not signed in yet."""
        return sum(self._pending.values())

    @property
    def faults(self) -> int:
        """The number of sockets that were closed because a frame broke the protocol."""
        return self._outbox.faults

    def stalled(self) -> list[Connection]:
        """Connections whose client has taken nothing for the stall time, although something was waiting for it."""
        return [connection for connection in list(self.connections.values()) if connection.is_stalled(self.stalled_s)]

    async def shutdown(self) -> None:
        """End whatever is still open. aiohttp no longer knows the transports that were taken over."""
        self.pings.stop()
        for connection in list(self.connections.values()):
            if connection.candidate is not None:
                connection.candidate.abort()
            connection.abort()
        await super().shutdown()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run work in the background, and keep it from being garbage-collected."""
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _parse(data: Any) -> Any:
    """A Socket.IO packet, or None if it is malformed, binary, or nested absurdly deep."""
    if not isinstance(data, str) or not data[:1].isdigit():
        return None
    try:
        packet = sio.Packet(encoded_packet=data)
    except MALFORMED:
        return None
    if packet.packet_type in (sio.BINARY_EVENT, sio.BINARY_ACK):
        return None
    packet.namespace = packet.namespace or "/"
    return packet
