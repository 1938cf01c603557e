"""
Polling, from python-engineio: how stock clients open a session, before they upgrade it to a WebSocket.

Nothing but the CONNECT packet ever travels this way, and a session that is not upgraded ends after five seconds. What is
changed here makes a session end whatever its client does, and leads WebSockets past the library (realtime/websocket.py).
"""

import asyncio
import json
import logging
from typing import Any, Protocol

import engineio
import orjson
from aiohttp import web
from engineio import exceptions, payload
from engineio import packet as eio
from engineio.async_socket import AsyncSocket

from core.problems import Problem

MALFORMED = (ValueError, TypeError, IndexError, KeyError, RecursionError, asyncio.IncompleteReadError)
MOST_DIGITS = 100  # of a number
MOST_QUEUED = 16  # packets for a client to fetch
# What a client may send by polling. The probe and the upgrade come over the WebSocket.
_KINDS = {eio.CLOSE, eio.PONG, eio.MESSAGE}
# The library's log lines repeat what clients send. What matters is logged by realtime/transport.py.
silent = logging.getLogger("tallyroom.engineio")
silent.disabled = True


def _number(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("the number is too large")
    return int(digits)


class Json:
    """
    JSON as the library reads it, with one decoder for all packets. The library makes one for each, which takes as long as
    reading a small packet.
    """

    dumps = staticmethod(json.dumps)
    loads = staticmethod(json.JSONDecoder(parse_int=_number).decode)


class Upgrader(Protocol):
    """Takes WebSockets over from HTTP."""

    async def open(self, request: web.Request, /) -> web.StreamResponse:
        """Answer a client that begins with a WebSocket. Raises: Problem."""
        ...

    async def upgrade(self, session: "Session", request: web.Request, /) -> web.StreamResponse:
        """Answer a client that continues its session over a WebSocket."""
        ...


class _Queue(asyncio.Queue[Any]):
    async def join(self) -> None:
        """Return at once. The library would wait for the client to read everything when it closes one."""


class Session(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """The library's socket, for as long as a client polls."""

    sid: str
    queue: _Queue
    upgrading: bool
    upgraded: bool
    closed: bool

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._is_polled = False

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Receive the packets that a client sends before its upgrade."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self.server.max_http_buffer_size:
            raise exceptions.ContentTooLongError
        try:
            body = (await environ["wsgi.input"].readexactly(length)).decode()
            packets = payload.Payload(encoded_payload=body).packets
        except MALFORMED:
            raise exceptions.EngineIOError("malformed") from None
        for packet in packets:
            if packet.packet_type not in _KINDS or packet.binary:
                raise exceptions.EngineIOError("not a packet that a client may send")
            await self.receive(packet)

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
        if any(packet.packet_type == eio.CLOSE for packet in answer):
            await self.close(wait=False, abort=True, reason=self.server.reason.SERVER_DISCONNECT)
        return answer or [eio.Packet(eio.NOOP)]  # closed while it was waiting

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> Any:
        """Lead the upgrade past the library's WebSocket."""
        if self.upgrading or self.upgraded:
            return self.server._bad_request("Upgraded already")
        upgrader: Upgrader = self.server.upgrader
        return await upgrader.upgrade(self, environ["aiohttp.request"])

    async def close(self, *args: Any, **options: Any) -> None:
        """End the session, and answer a poll that waits."""
        await super().close(*args, **options)
        self.queue.put_nowait(None)

    def schedule_ping(self) -> None:
        """Ping nobody. A client polls for seconds only, and the library would keep a task for it."""

    def put(self, packet: eio.Packet) -> bool:
        """Queue a packet for the client to fetch. Returns: whether there was room."""
        self.queue.put_nowait(packet)
        return self.queue.qsize() <= MOST_QUEUED

    def leave_to_websocket(self) -> list[Any]:
        """End the session, which continues over its WebSocket. Returns: the packets that were not fetched."""
        self.server.sockets.pop(self.sid, None)
        self.upgraded, self.upgrading, self.closed = True, False, True
        left = []
        while not self.queue.empty():
            left.append(self.queue.get_nowait())
        self.queue.put_nowait(None)
        return [packet for packet in left if packet is not None and packet.packet_type != eio.NOOP]


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """The library's server, which answers only what is not a WebSocket."""

    upgrader: Upgrader
    sockets: dict[str, Session]
    prefix = ""  # of the ids of sessions, by which another process can tell whose they are

    def create_queue(self, *_: Any, **__: Any) -> _Queue:
        """The queue of a session."""
        return _Queue()

    async def handle_request(self, request: web.Request) -> Any:
        """As in the library, but a missing transport is an error, not polling."""
        query = request.query
        if request.method != "OPTIONS" and not query.get("transport"):
            return web.json_response({"code": 0, "message": "Transport unknown"}, status=400)
        if request.method == "GET" and query["transport"] == "websocket" and "sid" not in query:
            if query.get("EIO") != "4":
                return web.json_response({"code": 5, "message": "Unsupported protocol version"}, status=400)
            origin = request.headers.get("Origin")
            if origin is not None and origin not in self.cors_allowed_origins:
                return web.json_response({"code": 3, "message": "This origin is not allowed"}, status=400)
            return await self.upgrader.open(request)
        return await super().handle_request(request)

    def greeting(self, sid: str, upgrades: list[str]) -> eio.Packet:
        """The packet that opens a session."""
        found = {
            "sid": sid,
            "upgrades": upgrades,
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        return eio.Packet(eio.OPEN, found)

    async def _handle_connect(self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None) -> Any:
        """Like the library's own, which does not allow choosing the socket class."""
        sid = self.prefix + self.generate_id()
        session = self.sockets[sid] = Session(self, sid)
        session.put(self.greeting(sid, self._upgrades(sid, transport)))
        refusal = await self._trigger_event("connect", sid, environ, run_async=False)
        if isinstance(refusal, Problem):
            del self.sockets[sid]
            return _refused(refusal)
        session.connected = True
        return self._ok(await session.poll(), jsonp_index=jsonp_index)

    def _ok(self, packets: Any = None, *args: Any, **options: Any) -> Any:
        answer = super()._ok(packets, *args, **options)
        # The protocol answers a POST in lower case, and some clients compare the text.
        return answer if packets is not None else answer | {"response": b"ok"}


def _refused(problem: Problem) -> dict[str, Any]:
    """A problem in the form of the library's answers."""
    headers = [("Content-Type", "application/problem+json"), ("Retry-After", str(problem.retry_after_s or 1))]
    body = orjson.dumps(problem.document(None))
    return {"status": f"{problem.status} {problem.title}", "headers": headers, "response": body}
