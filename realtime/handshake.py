"""
The handshake of a client that begins with a WebSocket, recognised by its bytes.

After a restart thousands of them come within seconds, and what aiohttp makes of a request (an object, two tasks, routes,
middlewares, a response) was a fifth of what each of them cost. Only a head of the usual form is recognised here. Every other
one takes aiohttp's way, which also refuses what is wrong, so nothing is decided twice.
"""

import re
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 4096  # of a head
_FIRST = re.compile(rb"GET /socket\.io/\?([A-Za-z0-9_.=&-]+) HTTP/1\.1")
_LINE = re.compile(rb"([A-Za-z0-9-]+):[ \t]*((?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?)[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes in Base64
_NEEDED = {"EIO=4", "transport=websocket"}
# Headers that a handshake does not have, or that mean something that only the long way knows.
_UNUSUAL = {
    "content-length",
    "transfer-encoding",
    "expect",
    "trailer",
    "te",
    "x-request-id",
    "access-control-request-method",
}


class Headers(dict[str, str]):
    """Headers by their lower-case names. None comes twice."""

    def getall(self, name: str, default: Any = ()) -> Any:
        """The values of a header."""
        value = self.get(name.lower())
        return default if value is None else [value]


@dataclass(frozen=True, slots=True)
class Handshake:
    """A handshake, as far as a connection needs to know it. It can be asked what a request can."""

    remote: str | None
    headers: Headers

    @property
    def query(self) -> dict[str, str]:
        """Nothing but what every handshake has."""
        return {}

    @property
    def key(self) -> str:
        """What the answer confirms."""
        return self.headers["sec-websocket-key"]


def recognised(data: bytes, remote: str | None) -> Handshake | None:
    """The handshake that the first bytes of a connection are, if they are a whole one of the usual form."""
    if len(data) > MOST_BYTES or not data.startswith(b"GET /socket.io/?") or data.find(b"\r\n\r\n") != len(data) - 4:
        return None
    first, *lines = data[:-4].split(b"\r\n")
    found = _FIRST.fullmatch(first)
    if found is None:
        return None
    asked = [part for part in found[1].decode().split("&") if not part.startswith("t=")]
    if len(asked) != 2 or set(asked) != _NEEDED:
        return None
    headers = Headers()
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        headers[found[1].decode().lower()] = found[2].decode()
    if len(headers) != len(lines) or not _UNUSUAL.isdisjoint(headers) or not _is_upgrade(headers):
        return None
    return Handshake(remote, headers)


def _is_upgrade(headers: Headers) -> bool:
    options = {part.strip().lower() for part in headers.get("connection", "").split(",")}
    return (
        "host" in headers
        and "upgrade" in options
        and headers.get("upgrade", "").lower() == "websocket"
        and headers.get("sec-websocket-version") == "13"
        and _KEY.fullmatch(headers.get("sec-websocket-key", "")) is not None
    )
