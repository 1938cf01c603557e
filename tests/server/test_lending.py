"""How connections are lent: whatever is done with one, the pool has it back as asyncpg would have it."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from models.lending import Loan, fetch
from server.store import database

ERROR = asyncpg.DivisionByZeroError


@pytest.fixture
async def pool(settings) -> AsyncIterator[asyncpg.Pool]:
    made = await database.pool(settings, "lending", 1)
    yield made
    made.terminate()


async def _fails(connection: Any) -> None:
    with contextlib.suppress(ERROR):
        await connection.execute("SELECT 1 / 0")


async def _leaves_open(connection: Any) -> None:
    await connection.execute("BEGIN")


async def _leaves_broken(connection: Any) -> None:
    await connection.execute("BEGIN")
    await _fails(connection)


async def _listens(connection: Any) -> None:
    await connection.add_listener("somewhere", print)


async def _ends(connection: Any) -> None:
    connection.terminate()


async def _expires(connection: Any) -> None:
    await connection._holder._pool.expire_connections()


async def _is_cut_off(connection: Any) -> None:
    with contextlib.suppress(TimeoutError):
        await connection.execute("SELECT pg_sleep(10)", timeout=0.01)


@pytest.mark.parametrize(
    "use", [_fails, _leaves_open, _leaves_broken, _listens, _ends, _expires, _is_cut_off], ids=lambda use: use.__name__
)
async def test_a_lent_connection_goes_back_without_what_was_left_in_it(pool: asyncpg.Pool, use: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", asyncpg.InterfaceWarning)  # that somebody listens still
        async with Loan(pool) as connection:
            await use(connection)

    async with Loan(pool) as connection:
        assert not connection.is_in_transaction()
        assert not connection._con._listeners
        assert await connection.fetchval("SELECT 1") == 1
    assert pool.get_idle_size() == pool.get_size() == 1


async def test_a_connection_at_rest_comes_and_goes_at_once(pool: asyncpg.Pool) -> None:
    coming = asyncio.create_task(_turns())
    async with Loan(pool) as connection:
        assert not coming.done(), "the loop has turned meanwhile"
        await connection.execute("SELECT 1")
        leaving = asyncio.create_task(_turns())

    assert pool.get_idle_size() == 1
    assert not leaving.done(), "the loop has turned meanwhile"
    with pytest.raises(asyncpg.InterfaceError):
        await connection.execute("SELECT 1")
    await leaving
    await coming


async def test_a_closed_pool_lends_nothing(pool: asyncpg.Pool) -> None:
    await pool.close()

    with pytest.raises(asyncpg.InterfaceError):
        async with Loan(pool):
            pass


async def test_those_who_wait_for_the_only_connection_get_it_in_turn(pool: asyncpg.Pool) -> None:
    order = []

    async def use(number: int) -> None:
        async with Loan(pool) as connection:
            await connection.execute("SELECT 1")
            order.append(number)

    await asyncio.gather(*(use(number) for number in range(5)))

    assert order == [0, 1, 2, 3, 4]


async def test_a_connection_that_has_answered_enough_is_replaced(pool: asyncpg.Pool) -> None:
    async with Loan(pool) as connection:
        before = connection.get_server_pid()
        connection._holder._max_queries = 1
        await connection.execute("SELECT 1")

    async with Loan(pool) as connection:
        assert connection.get_server_pid() != before


async def _turns() -> None:
    """Ends at the next turn of the loop."""


async def test_a_statement_that_is_known_runs_like_any_other(pool: asyncpg.Pool) -> None:
    async with Loan(pool) as connection:
        await connection.execute("CREATE TEMPORARY TABLE known (one int)")
        await connection.execute("INSERT INTO known VALUES (1)")
        for _ in range(2):
            assert [dict(row) for row in await fetch(connection, "SELECT * FROM known", ())] == [{"one": 1}]
        await connection.execute("ALTER TABLE known ALTER one TYPE text, ADD two int")

        found = await fetch(connection, "SELECT * FROM known", ())
        assert [dict(row) for row in found] == [{"one": "1", "two": None}]

        await connection.execute("BEGIN")
        await connection.execute("ALTER TABLE known DROP two")
        with pytest.raises(asyncpg.InvalidCachedStatementError):
            await fetch(connection, "SELECT * FROM known", ())
        await connection.execute("ROLLBACK")
        assert len(await fetch(connection, "SELECT * FROM known", ())) == 1


async def test_two_statements_at_once_over_one_connection_are_refused(pool: asyncpg.Pool) -> None:
    async with Loan(pool) as connection:
        assert await fetch(connection, "SELECT $1::int AS one", (1,))

        answers = await asyncio.gather(
            *(fetch(connection, "SELECT $1::int AS one", (1,)) for _ in range(2)), return_exceptions=True
        )

        assert [type(answer) for answer in answers] == [list, asyncpg.InterfaceError]
        with pytest.raises(asyncpg.DataError):
            await fetch(connection, "SELECT $1::int AS one", ("no number",))
        assert (await fetch(connection, "SELECT $1::int AS one", (2,)))[0]["one"] == 2
    with pytest.raises(asyncpg.InterfaceError):
        await fetch(connection, "SELECT $1::int AS one", (1,))


async def test_whoever_listens_to_statements_hears_those_that_are_known(pool: asyncpg.Pool) -> None:
    heard = []
    async with Loan(pool) as connection:
        assert await fetch(connection, "SELECT 1", ())
        with connection.query_logger(lambda asked: heard.append(asked.query)):
            assert await fetch(connection, "SELECT 1", ())
    await asyncio.sleep(0)  # they hear it a turn later

    assert heard == ["SELECT 1"]
