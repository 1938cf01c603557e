"""
Bytes that do not become a request: invalid HTTP, and an Expect header that cannot be met.

aiohttp answers these itself, before any middleware: with a text that repeats the bytes, and with a traceback in the log
that includes them and any secret in them. Here they are answered like any other malformed request.
"""

import asyncio
from typing import Any, cast

import orjson
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, _ErrInfo, _RequestHandler

from core import log
from core.ids import uuid7
from core.problems import Busy, InvalidJson, Problem
from server.api.connections import CONNECTIONS, Connections, Phase
from server.api.keys import REQUEST_ID
from server.api.middlewares import harden, render, translate
from server.api.opening import OPEN, Open
from server.api.siblings import MOST_BYTES, SIBLINGS, Siblings
from server.api.translation import problem_of
from server.store.errors import described

SLICE_BYTES = 8 * 1024
TURNS = 100  # of the event loop, for which a request for another process waits
FREE_CHUNKED_BYTES = 32 * 1024  # for a chunked body, whatever the size of its chunks; heads count too
logger = log.get(__name__)


class Runner(web.AppRunner):
    """Serves an application over connections that answer the way it does."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            self.app[CONNECTIONS],
            self.app.get(OPEN, lambda _, __: None),
            self.app.get(SIBLINGS),
            _translating(made.request_handler),
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )
        if server.siblings is not None:
            server.siblings.receive(server.continuing)
        return server


class _Server(web.Server):
    def __init__(
        self, all_connections: Connections, opened: Open, siblings: Siblings | None, *args: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.all = all_connections
        self.opened = opened
        self.siblings = siblings
        self.silent: set[_Connection] = set()  # have not sent anything yet

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the library's name
        """Close all connections."""
        if self.siblings is not None:
            self.siblings.close()
        for connection in list(self.silent):
            connection.force_close()
        await super().shutdown(timeout)

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def continuing(self, data: bytes) -> RequestHandler:
        """The protocol for a connection that another process accepted, and read these bytes of."""
        connection = _Connection(self, loop=self._loop, **self._kwargs)
        connection.read_before = data
        return connection


class _Connection(RequestHandler):
    __slots__ = (
        "_all",
        "_backlog",
        "_chunked",
        "_has_begun",
        "_held",
        "_is_failed",
        "_server",
        "_wire",
        "answered",
        "drains",
        "read_before",
        "received_bytes",
    )

    def __init__(self, manager: _Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._server = manager
        self._all = manager.all
        # kept until the connection is lost: the library forgets one that it has closed
        self._wire: asyncio.Transport | None = None
        self._has_begun = False  # part of a head has arrived
        self._is_failed = False
        self._backlog = bytearray()  # bytes read but not yet given to the parser
        self._chunked: tuple[StreamReader, int] | None = None  # a chunked body, and the bytes that have arrived for it
        self.answered = self.drains = self.received_bytes = 0
        self.read_before = b""  # by another process
        self._held = b""  # for another process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = cast(asyncio.Transport, transport)
        peer = wire.get_extra_info("peername")
        if not self._all.admit(self, str(peer[0]) if peer else ""):
            self._force_close = True
            wire.write(_refusal())
            wire.close()
            return
        self._wire = wire
        self._server.silent.add(self)
        if self.read_before:
            self._receive(self.read_before)  # and answer it, whatever it names: it is not passed on twice

    def connection_lost(self, exc: BaseException | None) -> None:
        self._wire = None
        self._all.forget(self)
        self._server.silent.discard(self)
        super().connection_lost(exc)

    def _begin(self, wire: asyncio.Transport, data: bytes) -> bool:
        """
        Look at the first bytes: the handshake of a socket needs no request, nor the task that aiohttp has for each
        connection. Returns: whether they were one.
        """
        self._server.silent.discard(self)
        peer = wire.get_extra_info("peername")
        opened = self._server.opened(data, str(peer[0]) if peer else "")
        if opened is None:
            super().connection_made(wire)
            return False
        answer, successor = opened
        self._wire = None
        self._all.hand_over(self)
        super().connection_lost(None)  # the library has no transport, so it closes none
        wire.set_protocol(successor)
        successor.connection_made(wire)
        successor.write_first(answer)
        return True

    def force_close(self) -> None:
        """Close at once, also a connection that the library does not know yet because nothing has come over it."""
        super().force_close()
        if self._wire is not None and self in self._server.silent:
            self._wire.abort()

    def resume_writing(self) -> None:
        self.drains += 1
        super().resume_writing()

    def release(self, successor: asyncio.Protocol) -> None:
        """
        Give the transport to another protocol, with what the client has sent ahead. Called by a handler that has sent a
        101; for aiohttp the connection has then ended. Raises: ConnectionResetError if the client is gone.
        """
        wire = self._wire
        if wire is None or self.transport is None or wire.is_closing():
            raise ConnectionResetError
        ahead = self._message_tail + bytes(self._backlog)
        self._message_tail = b""
        self._backlog.clear()
        is_paused = self._reading_paused or self._buffer_paused
        self._wire = None
        self._all.hand_over(self)
        # aiohttp would close the transport, and cancel the task in which the handler runs.
        self.transport = None
        self._task_handler = None
        super().connection_lost(None)
        wire.set_protocol(successor)
        if is_paused:
            wire.resume_reading()
        successor.connection_made(wire)
        if ahead:
            successor.data_received(ahead)

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the client has not taken yet."""
        return 0 if self._wire is None else self._wire.get_write_buffer_size()

    @property
    def phase(self) -> Phase:
        """What the connection is waiting for."""
        if self in self._server.silent:
            return "head"
        if self.unsent_bytes:
            return "answer"
        request = self._current_request
        if request is not None:
            # While reading is paused, it is the server that is slow.
            is_sending = not (request.content.is_eof() or self._reading_paused or self._buffer_paused)
            return "body" if is_sending and not self._is_failed else "work"
        if self._messages or self._waiter is None:
            return "work"
        return "head" if self._has_begun else "idle"

    def give_up(self, phase: Phase) -> None:
        """End a connection whose client is too slow. A client that is sending a body gets a response."""
        request = self._current_request
        if phase == "body" and request is not None and not self._is_failed:
            self._is_failed = True
            request.content.set_exception(web.RequestPayloadError())
            self.close()
        elif phase in ("body", "answer") and self._wire is not None:
            self._wire.abort()  # closing would wait for the client to take its data, which it is not doing
        else:
            self.force_close()

    def data_received(self, data: bytes) -> None:
        """Handle what has arrived."""
        if self._held:
            self._held += data
        elif self._server.siblings is not None and data and self._server.siblings.is_theirs(data):
            self._held = data
            self._give_away(TURNS)
        else:
            self._receive(data)

    def _receive(self, data: bytes) -> None:
        """
        Give the parser what has arrived, in slices if it may be chunks of one byte each.

        The parser makes three calls per chunk; 256 KiB of one-byte chunks blocked the loop for 0.3 s.
        """
        self.received_bytes += len(data)
        is_first = self._wire is not None and self in self._server.silent
        if self._wire is not None and is_first and self._begin(self._wire, data):
            return
        if not data:  # called by the library itself: the parser still holds data
            self._take(data)
        elif self._backlog:
            self._backlog += data
        elif len(data) > SLICE_BYTES and self._may_be_chunked():
            self._backlog += data
            self._pause_transport_reading()
            self._pump()
        else:
            self._take(data)
        if is_first:
            self._has_begun = not self._messages  # the library's task, by which `_take` can tell, has not run yet

    def _give_away(self, turns: int) -> None:
        """
        Give the connection to the process whose session its next request names. The library may not have come back from
        the last request yet, whose answer has just been sent, so this waits some turns of the loop for it.
        """
        wire, siblings = self._wire, self._server.siblings
        if wire is None or siblings is None:
            return  # it has ended
        is_free = self.phase in ("head", "idle") and not self._has_begun
        if is_free and siblings.give(self._held, wire.get_extra_info("socket").fileno()):
            wire.abort()  # which closes only this process's descriptor
        elif is_free or not turns or len(self._held) > MOST_BYTES:
            held, self._held = self._held, b""
            self._receive(held)
        else:
            self._loop.call_soon(self._give_away, turns - 1)

    def _may_be_chunked(self) -> bool:
        if self._upgraded:
            return False
        return self._current_request is None or self._chunked is not None

    def _pump(self) -> None:
        """Give the parser one slice, and let the loop run before the next."""
        if self._force_close or self._close or self.transport is None:
            self._backlog.clear()
            return
        if self._reading_paused or self._buffer_paused or not self._backlog:
            return  # pumping goes on when they resume
        piece = bytes(self._backlog[:SLICE_BYTES])
        del self._backlog[:SLICE_BYTES]
        self._take(piece)
        if not self._reading_paused and not self._buffer_paused:
            self._resume_transport_reading()

    def _resume_transport_reading(self) -> None:
        if self._backlog:
            self._loop.call_soon(self._pump)
        else:
            super()._resume_transport_reading()

    def _take(self, data: bytes) -> None:
        super().data_received(data)
        self._refuse_tiny_chunks(len(data))
        self._has_begun = bool(data) and not self._messages and self._waiter is not None
        request = self._current_request
        if request is None or not self._messages or not isinstance(self._messages[-1][0], _ErrInfo):
            return
        # Without this, a handler reading a body that turns into garbage would wait for the rest until the client
        # disconnects.
        if not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError())

    def _refuse_tiny_chunks(self, size_bytes: int) -> None:
        """End a body whose chunks are smaller than their framing."""
        request = self._current_request
        message: object = None
        content: StreamReader | None = None
        if request is not None:
            message, content = request._message, request.content
        elif self._messages:
            message, content = self._messages[-1]
        if content is None:
            return  # between two requests, or before the task for one has begun
        if not getattr(message, "chunked", False) or content.is_eof():
            self._chunked = None
            return
        before = self._chunked[1] if self._chunked is not None and self._chunked[0] is content else 0
        self._chunked = (content, before + size_bytes)
        if before > FREE_CHUNKED_BYTES and content.total_bytes * 2 < before:
            self._is_failed = True
            content.set_exception(web.RequestPayloadError())
            self.close()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """
        The response to bytes that are not a request, or to a failure outside the middlewares. Closes the connection.
        """
        request_id = str(uuid7())
        if isinstance(exc, HttpProcessingError):
            # Log only its class: the text and the traceback quote what was sent.
            logger.info(
                "a client sent something other than an HTTP request",
                error=type(exc).__name__,
                status=400,
                request_id=request_id,
            )
            problem: Problem = InvalidJson("The request is malformed.")
        else:
            if not isinstance(exc, ConnectionError):
                logger.error("a response failed", **described(exc or RuntimeError()), request_id=request_id)
            problem = problem_of(exc or RuntimeError())
        if request.writer.output_size > 0:
            raise ConnectionError("part of the response has already been sent")
        response = _Refusal(render(problem, request_id), request_id)
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response, and count it."""
        self.answered += 1
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Log what the library would log, without the traceback."""
        error = options.get("exc_info")
        if not isinstance(error, web.RequestPayloadError):  # a body that broke off is answered, and logged, as a 400
            logger.error("a connection failed", error=type(error).__name__)


def _refusal() -> bytes:
    """The response to a connection there is no room for. Nothing is read from it."""
    request_id = str(uuid7())
    body = orjson.dumps(Busy("Too many connections. Try again soon.").document(request_id))
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"
        f"X-Request-ID: {request_id}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class _Refusal(web.Response):
    """A problem sent from outside the application, whose signals add the headers to every other response."""

    def __init__(self, problem: web.Response, request_id: str) -> None:
        super().__init__(status=problem.status, body=problem.body, headers=problem.headers)
        self._request_id = request_id

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        harden(self, self._request_id)


def _translating(handler: _RequestHandler) -> _RequestHandler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:  # from an Expect header; the middlewares translate all others
            request[REQUEST_ID] = str(uuid7())
            return translate(refusal, request[REQUEST_ID])
        except UnicodeEncodeError:  # aiohttp cannot quote an Expect header that is not text in its refusal
            request[REQUEST_ID] = str(uuid7())
            return translate(web.HTTPExpectationFailed(), request[REQUEST_ID])

    return cast(_RequestHandler, answer)
