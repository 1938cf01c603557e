"""Requests that end early: their clients go away while they use the database."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import orjson
import pytest
from tortoise import Tortoise

from core.ids import uuid7
from core.settings import Settings
from models.access import SYSTEM
from models.project import Project
from models.transactions import in_transaction
from realtime.unit_of_work import unit_of_work
from server.api.admission import TURNS
from server.store import database
from server.store.reading import reading

MOMENTS = 60  # turns of the loop after which a task is cancelled; a transaction takes about twenty


async def _transaction() -> None:
    async with in_transaction() as connection:
        await connection.execute_query("SELECT 1")


async def _nested() -> None:
    async with in_transaction(), in_transaction() as connection:
        await connection.execute_query("SELECT 1")


async def _snapshot() -> None:
    async with reading() as r:
        await r.rows("SELECT 1")


async def _query() -> None:
    await Project.filter(id=uuid7()).first()


async def _undone(sql: str) -> None:
    async with in_transaction() as connection:
        await connection.execute_query(sql)
        raise ZeroDivisionError


async def test_a_transaction_inside_another_is_undone_alone(server):
    async with in_transaction() as outer:
        await outer.execute_query("CREATE TEMPORARY TABLE kept (n int) ON COMMIT DROP")
        await outer.execute_query("INSERT INTO kept VALUES (1)")
        with pytest.raises(ZeroDivisionError):
            await _undone("INSERT INTO kept VALUES (2)")

        assert await outer.execute_query_dict("SELECT n FROM kept") == [{"n": 1}]


@pytest.mark.parametrize("use", [_transaction, _nested, _snapshot, _query])
async def test_a_task_cancelled_at_any_moment_gives_its_connection_back(server, use: Callable[[], Awaitable[None]]):
    pool = _pool()
    await _all_back(pool)

    async def goes_on() -> Any:
        # Some libraries swallow the cancellation and go on in the same task.
        with contextlib.suppress(asyncio.CancelledError):
            await use()
        return await Tortoise.get_connection("default").execute_query_dict("SELECT 1 AS one")

    for moment in range(MOMENTS):
        task = asyncio.create_task(goes_on())
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await task == [{"one": 1}]

    await _all_back(pool)


def _pool() -> Any:
    return Tortoise.get_connection("default")._pool  # type: ignore[attr-defined]  # Tortoise keeps asyncpg's pool there


async def _all_back(pool: Any) -> None:
    for _ in range(200):
        if pool.get_idle_size() == pool.get_size():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{pool.get_size() - pool.get_idle_size()} connections were not given back")


async def test_requests_cut_at_any_moment_leave_the_server_as_it_was(server, alice, project):
    """Clients that hang up, over and over: nothing of the server may stay in use for them."""
    pool = _pool()
    name = orjson.dumps({"name": "Never seen"})
    requests = [
        ("GET", "/projects", b""),
        ("GET", f"/projects/{project}", b""),
        ("POST", "/projects", name),
        ("POST", f"/projects/{project}/vaults", name),
        ("POST", "/auth/login", orjson.dumps({"email": alice.email, "password": "not this one"})),
    ]

    async def cut(method: str, path: str, body: bytes, after_ms: float) -> None:
        _, writer = await asyncio.open_connection(server.host, server.port)
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await asyncio.sleep(after_ms / 1000)
        writer.transport.abort()

    for after_ms in range(MOMENTS):
        await asyncio.gather(*(cut(*request, after_ms / 2) for request in requests))

    await _all_back(pool)
    turns = server.app[TURNS].requests
    assert (turns.inside, turns.waiting) == (0, 0)
    answers = await asyncio.gather(*(alice.ok("GET", "/projects") for _ in range(20)))
    assert all(answer["items"] for answer in answers)


@contextlib.asynccontextmanager
async def _savepoint() -> AsyncIterator[Any]:
    async with in_transaction(), in_transaction() as connection:
        yield connection


def _end_connection(settings: Settings, pid: int, after_s: float) -> None:
    """Has the database end a connection, from a thread and a loop of its own."""

    async def end() -> None:
        await asyncio.sleep(after_s)
        connection = await database.connect(settings, "tests")
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.close()

    asyncio.run(end())


@pytest.mark.parametrize("use", [in_transaction, _savepoint, reading, lambda: unit_of_work(SYSTEM)])
@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("stands_still", [False, True])
async def test_a_task_cancelled_on_a_broken_connection_ends(server, settings, use, is_answered, stands_still):
    """
    A task that goes on after any error of the database would never end, and so neither would the process. The connection is
    closed, or, if the process stood still meanwhile, it finds an answer and the end of the connection at once.
    """
    pids: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def hold() -> None:
        async with use() as held:
            connection = getattr(held, "connection", held)
            pids.set_result((await connection.execute_query_dict("SELECT pg_backend_pid() AS pid"))[0]["pid"])
            if not is_answered:
                await connection.execute_query("SELECT pg_sleep(0.05)")
                await connection.execute_query("SELECT 1")
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    ending = threading.Thread(target=_end_connection, args=(settings, await pids, 0.1))
    await asyncio.sleep(0.01)
    ending.start()
    if stands_still:
        ending.join()
    else:
        await asyncio.to_thread(ending.join)
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=10)

    assert task.done()
    # Without the cancellation, it would have ended by the error of a statement.
    assert task.cancelled() or (not is_answered and isinstance(task.exception(), asyncpg.PostgresError))
    await _all_back(_pool())
