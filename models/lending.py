"""Lends the connections of a pool."""

from types import TracebackType
from typing import Any

import asyncpg


class Loan:
    """
    A connection of a pool, for as long as a block runs. Like `pool.acquire()`, but a connection at rest goes back at once.

    asyncpg gives each one back in a task of its own, because resetting it asks the database, and a cancelled caller must
    not end that half-way. Ours are not reset (server/store/database.py), so nothing is left to wait for once a connection is
    idle outside a transaction, and the task took as long as half a statement. All others go back asyncpg's way.
    """

    __slots__ = ("_lent", "_pool")

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._lent: Any = None

    async def __aenter__(self) -> Any:
        self._lent = await self._pool.acquire()
        return self._lent

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lent, self._lent = self._lent, None
        if not _give_back(self._pool, lent):
            await self._pool.release(lent)


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
