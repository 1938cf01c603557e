"""Hints by NOTIFY: whatever ends the connection, another is opened; and whoever is alone sends none."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from core.settings import Settings
from realtime import hint as module
from realtime.hint import NotifyHinter
from server.api.translation import problem_of
from server.store import database
from tests.realtime.wire import until

CHANNEL = "tests"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes greet each other more often than in production."""
    monkeypatch.setattr(module, "GREET_S", 0.02)


class Process:
    """A process that listens."""

    def __init__(self, settings: Settings, connect: Callable[[], Any] | None = None) -> None:
        self.heads: dict[str, int] = {}
        self.states: list[str] = []
        connect = connect or (lambda: database.connect(settings, "tests"))
        self.hinter = NotifyHinter(connect, CHANNEL, self._receive)

    def _receive(self, heads: dict[str, int], states: list[str]) -> None:
        self.heads |= heads
        self.states += states

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        """It runs while the block does."""
        self.hinter.start()
        try:
            yield self
        finally:
            await self.hinter.stop()

    async def is_alone(self) -> None:
        """Waits until it has noticed that nobody else listens."""
        await until(lambda: not self.hinter._is_heard())

    async def has_company(self) -> None:
        """Waits until it has heard another."""
        await until(self.hinter._is_heard)


@pytest.mark.parametrize(
    "error", [asyncpg.InternalClientError("cannot switch to state 12"), ConnectionResetError(), LookupError()]
)
async def test_hints_continue_after_any_failure_of_their_connection(settings: Settings, error: Exception) -> None:
    made: list[asyncpg.Connection] = []

    async def connect() -> Any:
        made.append(await database.connect(settings, "tests"))
        return _BreaksAtFirstUse(made[-1], error) if len(made) == 1 else made[-1]

    async with Process(settings).running() as other, Process(settings, connect).running() as process:
        async with asyncio.timeout(30):
            for head in itertools.count(1):
                process.hinter.hint({"project:x": head})
                await asyncio.sleep(0.02)
                if other.heads:
                    break

    assert len(made) == 2
    assert other.heads["project:x"] > 1
    assert all(connection.is_closed() for connection in made)


async def test_a_process_that_is_alone_tells_only_itself_until_another_greets(settings: Settings) -> None:
    ear = await database.connect(settings, "tests")
    heard: list[dict[str, Any]] = []
    await ear.add_listener(CHANNEL, lambda *said: heard.append(json.loads(str(said[-1]))))

    async with Process(settings).running() as process:
        await process.is_alone()
        process.hinter.hint({"project:alone": 1})
        process.hinter.hint_state("job:alone")
        await until(lambda: "project:alone" in process.heads and process.states == ["job:alone"])
        async with Process(settings).running() as other:
            await process.has_company()
            process.hinter.hint({"project:both": 2})
            process.hinter.hint_state("job:both")
            await until(lambda: other.heads == {"project:both": 2} and other.states == ["job:both"])
        await process.is_alone()
    await ear.close()

    said = [body for body in heard if "g" not in body]
    assert said == [{"h": {"project:both": 2}}, {"s": ["job:both"]}]
    assert process.heads == {"project:alone": 1, "project:both": 2}
    assert process.states == ["job:alone", "job:both"]  # once: what a process sends, it does not hear again


async def test_a_process_that_does_not_listen_sends_hints_to_whoever_does(settings: Settings) -> None:
    worker = NotifyHinter(lambda: database.connect(settings, "tests"), CHANNEL)

    async with Process(settings).running() as web:
        await web.is_alone()
        worker.start()
        worker.hint({"job:x": 5})
        await until(lambda: web.heads == {"job:x": 5})
        await worker.stop()


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
