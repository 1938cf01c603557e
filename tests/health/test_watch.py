"""The watch distinguishes a database that does not answer from a process that was itself suspended."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from core.settings import Settings
from server.api import watch
from server.api.watch import DatabaseWatch, turning
from server.store import database


@pytest.fixture
async def watched(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[DatabaseWatch, asyncpg.Connection]]:
    """A watch that checks often and gives up soon, and a connection that it watches."""
    monkeypatch.setattr(watch, "EVERY_S", 0.01)
    monkeypatch.setattr(watch, "ANSWER_S", 0.5)
    found = DatabaseWatch(lambda: database.connect(settings, "tests watch"))
    connection = await database.connect(settings, "tests")
    await found.register(connection)
    yield found, connection
    await connection.close()


async def test_a_process_that_was_suspended_keeps_its_connections(
    watched: tuple[DatabaseWatch, asyncpg.Connection],
) -> None:
    found, connection = watched
    running = asyncio.create_task(found.run())

    for _ in range(20):
        await asyncio.sleep(0.02)
        time.sleep(0.6)  # longer than the watch waits for an answer
        assert not found.is_away
    running.cancel()

    assert await connection.fetchval("SELECT 1") == 1


async def test_a_database_that_does_not_answer_is_noticed(
    watched: tuple[DatabaseWatch, asyncpg.Connection], settings: Settings
) -> None:
    found, connection = watched
    # accepts connections and never answers
    deaf = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = deaf.sockets[0].getsockname()[1]
    found._connect = lambda: asyncpg.connect(host="127.0.0.1", port=port, user="x", ssl=False)
    running = asyncio.create_task(found.run())

    async with asyncio.timeout(30):
        while not found.is_away:
            await asyncio.sleep(0.02)
    running.cancel()

    assert connection.is_closed()
    deaf.close()


@pytest.mark.integration
async def test_only_time_in_which_the_event_loop_runs_counts() -> None:
    never = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_later(0.1, time.sleep, 0.7)

    began = time.monotonic()
    lag_s = await turning(never, 0.5)
    never.cancel()

    assert time.monotonic() - began >= 1.1
    assert lag_s >= 0.6
