"""The sender of hints: whatever ends its connection, it opens another."""

import asyncio
from typing import Any

import asyncpg
import pytest

from core.settings import Settings
from realtime.hint import NotifyHinter
from server.api.translation import problem_of
from server.store import database


@pytest.mark.parametrize(
    "error", [asyncpg.InternalClientError("cannot switch to state 12"), ConnectionResetError(), LookupError()]
)
async def test_hints_continue_after_any_failure_of_their_connection(settings: Settings, error: Exception) -> None:
    heard: dict[str, int] = {}
    made: list[asyncpg.Connection] = []

    async def connect() -> Any:
        made.append(await database.connect(settings, "tests"))
        return _BreaksAtFirstUse(made[-1], error) if len(made) == 1 else made[-1]

    hinter = NotifyHinter(connect, "tests", lambda heads, _: heard.update(heads))
    hinter.start()
    try:
        for head in range(1, 100):
            hinter.hint({"project:x": head})
            await asyncio.sleep(0.02)
            if heard:
                break
    finally:
        await hinter.stop()

    assert len(made) == 2
    assert heard["project:x"] > 1
    assert all(connection.is_closed() for connection in made)


def test_a_connection_that_breaks_midway_is_not_logged_as_our_error() -> None:
    assert problem_of(asyncpg.InternalClientError("cannot switch to state 12")).status == 503


class _BreaksAtFirstUse:
    """A connection that fails as if its server had stopped in the middle of a statement."""

    def __init__(self, connection: asyncpg.Connection, error: Exception) -> None:
        self._connection = connection
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, *_: Any, **__: Any) -> None:
        """Raises: the given error."""
        raise self._error
