"""
The first bytes of a connection, in case they are the handshake of a socket (realtime/handshake.py): answered without a
request, with the same headers, metrics and line in the log.
"""

import logging
import time
from collections.abc import Callable

from aiohttp import web

from core import log
from core.ids import uuid7
from realtime.handshake import recognised
from realtime.transport import LiveServer
from realtime.websocket import WebSocket, accepted
from server.api import metrics
from server.api.middlewares import harden

Opened = tuple[bytes, WebSocket]  # the answer, and who takes the connection over
Open = Callable[[bytes, str], Opened | None]
OPEN: web.AppKey[Open] = web.AppKey("open", Callable)  # type: ignore[arg-type]  # a callable type is not a class
PATH = "/socket.io/"
logger = log.get(__name__)
_lines = logging.getLogger(__name__)  # what the logger above writes to


def opener(server: LiveServer) -> Open:
    """Opens sockets for a server."""
    hardened = web.StreamResponse(status=101)
    harden(hardened, None)
    end = "".join(f"{name}: {value}\r\n" for name, value in hardened.headers.items()) + "\r\n"

    def opened(data: bytes, peer: str) -> Opened | None:
        began = time.perf_counter()
        handshake = recognised(data, peer or None)
        socket = None if handshake is None else server.open_at_once(handshake)
        if handshake is None or socket is None:
            return None
        request_id = str(uuid7())
        head = "".join(f"{name}: {value}\r\n" for name, value in accepted(handshake.key).items())
        seconds = time.perf_counter() - began
        metrics.requests("GET", "other", 101).observe(seconds)
        if _lines.isEnabledFor(logging.INFO):
            logger.info(
                "request",
                method="GET",
                path=PATH,
                status=101,
                milliseconds=round(seconds * 1000, 1),
                user_id=None,
                request_id=request_id,
            )
        return f"HTTP/1.1 101 Switching Protocols\r\n{head}X-Request-ID: {request_id}\r\n{end}".encode(), socket

    return opened
