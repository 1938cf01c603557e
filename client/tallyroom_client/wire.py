"""HTTP to one server: addresses, single requests, and the difference between refused and lost."""

import asyncio
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .position import Position
from .problem import Problem, not_tallyroom, problem_of_answer, problem_of_failure
from .shape import parsed

API = "/api/v1"
CONNECT_S, SILENT_S = 10, 60
CALL_S = 120.0  # for a whole call, so that a server that answers a byte at a time is left; an upload may take longer
MAX_ANSWER_BYTES = 64 * 1024 * 1024  # far above the 2 MiB after which the server ends a page


@dataclass(frozen=True)
class Answer:
    """A body, the position in its stream that it is true at, and its version for If-Match."""

    status: int
    body: Any
    position: Position | None
    version: str | None


@dataclass(frozen=True)
class Call:
    """One request. `form` makes a body of several parts, anew for each attempt."""

    method: str
    path: str
    query: dict[str, str]
    body: Any = None
    headers: dict[str, str] | None = None
    form: Callable[[], aiohttp.FormData] | None = None


class Lost(Exception):
    """The request may have reached the server, but its answer has not arrived."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def base_url(text: str) -> str:
    """The address of a server. Raises: Problem if it is not one."""
    try:
        found = urlsplit(text.strip())
        host, port = found.hostname, found.port
    except ValueError:
        host, port = None, None
    else:
        is_more = found.path not in ("", "/") or found.query or found.fragment or found.username is not None
        host = host if found.scheme in ("http", "https") and not is_more else None
    if not host:
        raise Problem(0, "not_tallyroom", "The address of the server is not like https://tallyroom.example.com.")
    name = f"[{host}]" if ":" in host else host
    return f"{found.scheme}://{name}" + (f":{port}" if port else "")


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent: over TLS, or within this machine."""
    found = urlsplit(url)
    host = found.hostname or ""
    if found.scheme == "https" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Wire:
    """Requests to one server over one pool of connections."""

    def __init__(self, url: str, call_s: float = CALL_S) -> None:
        self.url = base_url(url)
        self._call_s = call_s
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The pool, opened at the first use because it belongs to the running loop."""
        if self._http is None or self._http.closed:
            watch = aiohttp.TraceConfig()
            watch.on_request_redirect.append(_stay)
            timeout, headers = _timeout(self._call_s), {"X-Client": "api"}
            self._http = aiohttp.ClientSession(timeout=timeout, headers=headers, trace_configs=[watch])
        return self._http

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def send(self, call: Call) -> Answer:
        """Send a request once. Raises: Problem if it was refused or never sent, Lost if its fate is unknown."""
        options: dict[str, Any] = {"params": call.query, "headers": call.headers or {}, "allow_redirects": False}
        if call.form is not None:
            options |= {"data": call.form(), "timeout": _timeout(None)}
        elif call.body is not None:
            options["json"] = call.body
        try:
            async with self.http.request(call.method, f"{self.url}{API}{call.path}", **options) as response:
                async with asyncio.timeout(self._call_s):
                    return await self._read(response)
        except aiohttp.ClientConnectorError as error:  # never sent
            raise problem_of_failure(error, self.url) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Lost(problem_of_failure(error, self.url)) from None

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        raw = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            raw += chunk
            if len(raw) > MAX_ANSWER_BYTES:
                raise Problem(0, "not_tallyroom", f"The answer from {self.url} is too large.")
        text = raw.decode("utf-8", "replace")
        if response.status >= 300:
            raise problem_of_answer(response.status, response.headers, text)
        if text and response.content_type != "application/json":
            raise not_tallyroom(self.url)
        try:
            body, position = parsed(text) if text else None, _position(response.headers)
        except ValueError:
            raise not_tallyroom(self.url) from None
        return Answer(response.status, body, position, response.headers.get("ETag", "").strip('"') or None)


def _timeout(total_s: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_s, sock_connect=CONNECT_S, sock_read=SILENT_S)


def _position(headers: Mapping[str, str]) -> Position | None:
    """The place in a stream that an answer is true at. Raises: ValueError."""
    seq, epoch = headers.get("Stream-Position"), headers.get("Stream-Epoch")
    return Position.parse(f"{seq}@{epoch}") if seq and epoch else None


async def _stay(*_: object) -> None:
    """Refuse to follow a WebSocket to another address, which would get the token. Raises: Problem."""
    raise Problem(0, "not_tallyroom", "The server redirects to another address.")
