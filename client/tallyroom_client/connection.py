"""One connection to the namespace /live, on the stock Socket.IO client."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import aiohttp

from .problem import Problem, not_tallyroom, problem_of_failure, retry_after_s
from .shape import fits

NAMESPACE = "/live"
OPEN_S, CLOSE_S = 15.0, 5.0
# The library logs every packet at INFO, and the first one has the token in it.
_SILENT = logging.getLogger("tallyroom_client.socket")
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL + 1)
Receive = Callable[[str, Any], None]


class Closed(Exception):
    """The connection was refused or has ended; with the server's code if it gave one."""

    def __init__(self, code: str | None = None, pause_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.was_open = False
        self.pause_s = pause_s  # that the server asks for before the next connection


class Socket:
    """
    A connection, from its opening to its end. What arrives is given to `receive` in order, before anything later.

    The library starts a task for each packet. They run in order as long as the functions they call do not wait, so
    `receive` and the functions that take answers are plain functions.
    """

    def __init__(self, http: aiohttp.ClientSession, receive: Receive) -> None:
        import socketio  # the library takes a third of the start of a command, and most commands open no socket

        self._sio = socketio.AsyncClient(
            reconnection=False, logger=_SILENT, engineio_logger=_SILENT, http_session=http, handle_sigint=False
        )
        self._take = self._sio.eio.handlers["message"]
        self._sio.eio.on("message", self._on_message)
        self._receive = receive
        self._broken = False
        self._opened: asyncio.Future[Closed | None] | None = None  # None, or the refusal
        self._closed = Closed()
        self._sio.on("connect", self._on_connect, namespace=NAMESPACE)
        self._sio.on("connect_error", self._on_refusal, namespace=NAMESPACE)
        self._sio.on("*", self._on_event, namespace=NAMESPACE)

    async def open(self, url: str, token: str) -> None:
        """Connect. Raises: Closed, Problem if there is no such server or it is not trusted."""
        self._opened = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(OPEN_S):
                await self._sio.connect(
                    url, auth={"token": token}, namespaces=[NAMESPACE], transports=["websocket"], wait=False
                )
                await asyncio.wait(self._reading() | {self._opened}, return_when=asyncio.FIRST_COMPLETED)
        except _not_opened() as error:
            raise _failure(error, url) from None
        except Exception:  # noqa: BLE001 - whatever the library makes of an opening that it does not check
            raise not_tallyroom(url) from None
        if not self._opened.done():
            raise not_tallyroom(url) if self._broken else self._closed
        if (refused := self._opened.result()) is not None:
            raise refused

    async def ended(self) -> Closed:
        """Wait for the end. Returns: why it came. Raises: Problem if it came from what the server has sent."""
        reading = self._reading()
        await asyncio.wait(reading)
        if self._broken or any(not task.cancelled() and task.exception() for task in reading):
            raise not_tallyroom("The server")
        return self._closed

    def _reading(self) -> set[asyncio.Future[Any]]:
        """The library's task that reads. It is not awaited itself, because that would cancel it along with us."""
        return {self._sio.eio.read_loop_task}

    async def close(self) -> None:
        """End the connection, also one whose other end says nothing any more."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await self._sio.disconnect()

    async def send(self, name: str, body: dict[str, Any], answered: Callable[[Any], None] | None = None) -> None:
        """Send a command; `answered` gets the answer, if one comes."""
        from socketio.exceptions import BadNamespaceError

        with contextlib.suppress(BadNamespaceError):  # the connection has just ended
            await self._sio.emit(name, body, namespace=NAMESPACE, callback=answered)

    async def _on_message(self, data: Any) -> None:
        """
        Take a packet. The library runs this as a task, whose exception nobody would hear of.

        An exception means that the packet has another shape than those of Socket.IO, or that the rest has.
        """
        try:
            await self._take(data)
        except Exception:  # noqa: BLE001 - a task's root
            self._broken = True
            await self.close()

    def _on_connect(self) -> None:
        if self._opened is not None and not self._opened.done():
            self._closed.was_open = True
            self._opened.set_result(None)

    def _on_refusal(self, data: Any = None) -> None:
        code = data["data"]["code"] if fits(data, {"data": {"code": str}}) else None
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(Closed(code))

    def _on_event(self, name: Any, *arguments: Any) -> None:
        body = arguments[0] if arguments else None
        if name == "closing" and isinstance(body, dict):
            # Without `reconnect` the server is only going away, whatever the code.
            code = body.get("code")
            self._closed.code = code if isinstance(code, str) and not body.get("reconnect") else None
        elif name == "server.draining" and isinstance(body, dict):
            pause_ms = body.get("reconnect_in_ms")
            self._closed.pause_s = (
                min(pause_ms, 60_000) / 1000 if isinstance(pause_ms, int) and fits(pause_ms, int) else 0.0
            )
        self._receive(name, body)


def _not_opened() -> tuple[type[Exception], ...]:
    """What is raised if no connection can be opened; the last two if something else than Engine.IO answers."""
    from engineio.exceptions import EngineIOError
    from socketio.exceptions import SocketIOError

    return SocketIOError, EngineIOError, aiohttp.ClientError, OSError, TimeoutError, ValueError, TypeError


def _failure(error: BaseException, url: str) -> Exception:
    """What it means that no connection could be opened. The library hides the reason behind its own exceptions."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, aiohttp.WSServerHandshakeError):
            if found.status == 429 or found.status >= 500:
                return Closed(None, retry_after_s(found.headers or {}) or 0.0)
            return Problem(found.status, "not_tallyroom", f"{url} offers no sockets: it answers {found.status}.")
        if isinstance(found, aiohttp.ClientError) and not (problem := problem_of_failure(found, url)).is_temporary:
            return problem
        found = found.__cause__ or found.__context__
    return Closed()


def refusal(code: str | None) -> Problem:
    """What to tell the program after a refusal of the connection that is final."""
    details = {
        "forbidden": "This token lacks the scope `events`, or may not be used from this network. Make one that may.",
        "password_expired": "The password has expired. Change it in the dashboard first.",
        "token_invalid": "The access token is not valid.",
        "token_revoked": "The session or the token has ended.",
        "token_expired": "The access token has expired.",
        "token_in_query": "The server refuses a token in the address.",
        "too_many_connections": "This account has too many sockets, and the server has closed this one.",
    }
    detail = details.get(code or "", "The server refuses this connection.")
    return Problem(401, code or "unauthenticated", detail, document={"detail": detail} if code == "forbidden" else {})
