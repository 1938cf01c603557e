"""REST with a session: refused calls are repeated when that is safe, and everything else is one exception."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from .pauses import Pauses
from .problem import Problem, not_tallyroom
from .session import Session
from .shape import Maybe, fits
from .wire import Answer, Call, Lost, Wire

PAUSES = Pauses(0.5, 10)
PAGE = {"items": list, "next_cursor": Maybe(str)}
MAX_PAGES = 100_000  # 50 million items
MAX_CURSOR = 4096


class Rest:
    """
    Calls to the routes below /api/v1.

    A call that was refused for the moment (429, 503) or never sent is repeated after a pause, at least that of
    Retry-After. A call whose answer was lost is repeated only if that cannot do the work twice: a GET, or a POST, which
    is sent with an Idempotency-Key. Raises: Problem, from every method.
    """

    def __init__(self, wire: Wire, session: Session, patience_s: float) -> None:
        self._wire = wire
        self._session = session
        self._patience_s = patience_s

    async def get(self, path: str, **query: object) -> Any:
        """The body of a GET. Values that are None are left out."""
        return (await self.read(path, **query)).body

    async def read(self, path: str, **query: object) -> Answer:
        """A GET with its position and version."""
        return await self._call(Call("GET", path, _query(query)))

    async def all(self, path: str, **query: object) -> AsyncIterator[Any]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            page = await self.get(path, **{"limit": 500, **query, "cursor": cursor})
            if not fits(page, PAGE):
                raise not_tallyroom(self._wire.url)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return
            # A list that goes on without end would keep the program for ever.
            is_endless = not page["items"] or cursor in seen or len(seen) >= MAX_PAGES
            if is_endless or len(cursor) > MAX_CURSOR:
                raise not_tallyroom(self._wire.url)
            seen.add(cursor)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """
        The body of a POST. With the same key and body within 24 hours the server does the work once. With an empty key
        it is not repeated when its answer is lost.
        """
        key = uuid.uuid4().hex if key is None else key
        headers = {"Idempotency-Key": key} if key else {}
        return (await self._call(Call("POST", path, {}, {} if body is None else body, headers))).body

    async def upload(self, path: str, form: Callable[[], aiohttp.FormData]) -> Any:
        """The body of a POST of several parts. `form` is called for each attempt."""
        return (await self._call(Call("POST", path, {}, None, {"Idempotency-Key": uuid.uuid4().hex}, form))).body

    async def put(self, path: str, body: Any, *, version: int | str | None = None) -> Any:
        """The body of a PUT; `version` is sent as If-Match."""
        return (await self._call(Call("PUT", path, {}, body, _if_match(version)))).body

    async def patch(self, path: str, body: Any, *, version: int | str | None = None) -> Any:
        """The body of a PATCH; `version` is sent as If-Match."""
        return (await self._call(Call("PATCH", path, {}, body, _if_match(version)))).body

    async def delete(self, path: str, *, version: int | str | None = None) -> None:
        """Send a DELETE; `version` is sent as If-Match."""
        await self._call(Call("DELETE", path, {}, None, _if_match(version)))

    async def _call(self, call: Call) -> Answer:
        give_up_at = time.monotonic() + self._patience_s
        for attempt in range(1, 1000):
            try:
                return await self._authorized(call)
            except Problem as problem:
                found, may_repeat = problem, problem.is_temporary or problem.code == "idempotency_in_progress"
            except Lost as lost:
                is_safe = call.method == "GET" or "Idempotency-Key" in (call.headers or {})
                found, may_repeat = lost.problem, is_safe and lost.problem.is_temporary
            pause = max(PAUSES.after(attempt), found.retry_after_s or 0)
            if not may_repeat or time.monotonic() + pause > give_up_at:
                raise found
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _authorized(self, call: Call) -> Answer:
        """Send a call with a token, and once more with a newer one if that has ended."""
        token = await self._session.token()
        try:
            return await self._wire.send(_with(call, token))
        except Problem as problem:
            if problem.code != "token_expired":
                raise
        return await self._wire.send(_with(call, await self._session.newer(token)))


def _with(call: Call, token: str) -> Call:
    headers = {**(call.headers or {}), "Authorization": f"Bearer {token}"}
    return Call(call.method, call.path, call.query, call.body, headers, call.form)


def _query(values: dict[str, object]) -> dict[str, str]:
    found = {name: value for name, value in values.items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}


def _if_match(version: int | str | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}
