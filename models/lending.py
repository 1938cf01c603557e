"""Lends the connections of a pool, and runs statements over them: asyncpg's own steps, without those that change nothing."""

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy


class Loan:
    """
    A connection of a pool, for as long as a block runs. Like `pool.acquire()`, but a connection at rest comes and goes at once.

    asyncpg gives each one back in a task of its own, because resetting it asks the database, and a cancelled caller must
    not end that half-way. Ours are not reset (server/store/database.py), so nothing is left to wait for once a connection is
    idle outside a transaction, and the task took as long as half a statement. All others go back asyncpg's way.

    A connection that cannot be reset is closed by asyncpg, and the next one opened. What it raises then is not passed on: in the
    place of a cancellation, it would be taken for a fault by a task that tries again after faults, and which would then never
    end.
    """

    __slots__ = ("_lent", "_pool")

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._lent: Any = None

    async def __aenter__(self) -> Any:
        self._lent = _take(self._pool) or await self._pool.acquire()
        return self._lent

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lent, self._lent = self._lent, None
        if not _give_back(self._pool, lent):
            with contextlib.suppress(Exception):
                await self._pool.release(lent)


def _take(pool: Any) -> Any:
    """
    A connection that is at rest in its pool. Returns: None if there is none; asyncpg then waits, opens or refuses.

    These are the steps of Pool.acquire and PoolConnectionHolder.acquire for such a connection, which are five coroutines.
    """
    queue = pool._queue
    if queue is None or queue.empty() or pool._closing or not pool._initialized:
        return None
    holder = queue.get_nowait()
    connection = holder._con
    if (
        connection is None
        or connection.is_closed()
        or holder._generation != pool._generation
        or holder._setup is not None
    ):
        queue.put_nowait(holder)
        return None
    holder._maybe_cancel_inactive_callback()
    holder._proxy = PoolConnectionProxy(holder, connection)
    holder._in_use = pool._loop.create_future()
    holder._timeout = None
    return holder._proxy


def _give_back(pool: Any, lent: Any) -> bool:
    """
    Put a connection that is at rest back into its pool. Returns: whether it was at rest.

    These are the steps of PoolConnectionHolder.release for such a connection, in asyncpg 0.32 (tests/server/test_lending.py).
    """
    connection, holder = lent._con, lent._holder
    if connection is None or connection.is_closed():
        return False
    protocol = connection._protocol
    if (
        protocol.is_in_transaction()
        or protocol._is_cancelling()
        or protocol.queries_count >= holder._max_queries
        or connection._top_xact is not None
        or connection._listeners
        or connection._log_listeners
        or holder._generation != pool._generation
    ):
        return False
    connection._on_release()
    holder._timeout = None
    holder._release()
    holder._setup_inactive_callback()
    return True


async def fetch(lent: Any, sql: str, values: Sequence[Any]) -> list[asyncpg.Record]:
    """
    The rows of a statement, over a connection that was lent. Like its own `fetch`, for one that has run the statement before.

    Between `fetch` and the protocol asyncpg passes a statement through six functions, which take as long as its protocol.
    """
    connection = lent._con
    if connection is None or connection._query_loggers or connection._aborted:
        return await lent.fetch(sql, *values)  # type: ignore[no-any-return]  # a list of records
    protocol = connection._protocol
    state = connection._stmt_cache.get((sql, protocol.get_record_class(), False))
    if state is None:
        return await lent.fetch(sql, *values)  # type: ignore[no-any-return]  # a list of records
    try:
        with connection._stmt_exclusive_section:
            # By place, for which Cython has the shorter way: portal, limit, whether the command's tag is wanted, timeout.
            found: list[asyncpg.Record] = await protocol.bind_execute(state, values, "", 0, False, None)
            return found
    except asyncpg.OutdatedSchemaCacheError:
        await connection.reload_schema_state()
        raise
    except asyncpg.InvalidCachedStatementError:
        connection._drop_global_statement_cache()
        if protocol.is_in_transaction():
            raise
        return await lent.fetch(sql, *values)  # type: ignore[no-any-return]  # a list of records


async def execute(lent: Any, sql: str) -> None:
    """Run statements without values, over a connection that was lent. Like its own `execute`."""
    connection = lent._con
    if connection is None or connection._query_loggers or connection._aborted:
        await lent.execute(sql)
    else:
        await connection._protocol.query(sql, None)
