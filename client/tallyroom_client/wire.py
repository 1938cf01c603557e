"""HTTP to one server: addresses, single requests, and the difference between refused and lost."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .position import Position
from .problem import Problem, problem_of_answer, problem_of_failure

API = "/api/v1"
CONNECT_S, SILENT_S = 10, 60
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


class Wire:
    """Requests to one server over one pool of connections."""

    def __init__(self, url: str) -> None:
        self.url = base_url(url)
        self._http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The pool, opened at the first use because it belongs to the running loop."""
        if self._http is None or self._http.closed:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENT_S)
            watch = aiohttp.TraceConfig()
            watch.on_request_redirect.append(_stay)
            self._http = aiohttp.ClientSession(timeout=timeout, headers={"X-Client": "api"}, trace_configs=[watch])
        return self._http

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def send(self, call: Call) -> Answer:
        """Send a request once. Raises: Problem if it was refused or never sent, Lost if its fate is unknown."""
        options: dict[str, Any] = {"params": call.query, "headers": call.headers or {}, "allow_redirects": False}
        if call.form is not None:
            options["data"] = call.form()
        elif call.body is not None:
            options["json"] = call.body
        try:
            async with self.http.request(call.method, f"{self.url}{API}{call.path}", **options) as response:
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
            raise Problem(0, "not_tallyroom", f"{self.url} does not answer as Tallyroom does.")
        seq, epoch = response.headers.get("Stream-Position"), response.headers.get("Stream-Epoch")
        position = Position(int(seq), epoch) if seq and epoch else None
        try:
            body = json.loads(text) if text else None
        except ValueError:
            raise Problem(0, "not_tallyroom", f"{self.url} does not answer as Tallyroom does.") from None
        return Answer(response.status, body, position, response.headers.get("ETag", "").strip('"') or None)


async def _stay(*_: object) -> None:
    """Refuse to follow a WebSocket to another address, which would get the token. Raises: Problem."""
    raise Problem(0, "not_tallyroom", "The server redirects to another address.")
