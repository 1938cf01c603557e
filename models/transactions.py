"""Transactions. Everything opens them here and not with Tortoise's own function."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tortoise import transactions
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

from models.lending import Loan

_NAME = "default"


@asynccontextmanager
async def in_transaction(opening: str | None = None) -> AsyncIterator[TransactionalDBClient]:
    """
    Open a transaction, or a savepoint inside one. It is committed at the end, and rolled back after an exception.

    However the task ends, the connection goes back to the pool. Tortoise alone does not promise that: when a task is
    cancelled while its transaction begins, say because its client went away, the connection stays taken for good, and
    what the task does next runs in a transaction that never began.

    Args:
        opening: the statements that begin it, in one question to the database, for one without savepoints or cursors.
    """
    connections = get_connections()
    outer = connections.get(_NAME)
    if type(outer) is not AsyncpgDBClient or outer._pool is None:
        async with _by_tortoise() as connection:
            if opening is not None:
                await connection.execute_script(opening.partition(";")[2])
            yield connection
        return
    # Without Tortoise's own contexts, which took as long as the statements themselves.
    client = TransactionWrapper(outer)
    async with Loan(outer._pool) as driver:
        client._connection = driver  # what a pool lends passes everything on
        token = connections.set(_NAME, client)
        try:
            if opening is None:
                async with driver.transaction():
                    yield client
                return
            await driver.execute(opening)
            try:
                yield client
            except BaseException:
                await driver.execute("ROLLBACK")
                raise
            await driver.execute("COMMIT")
        finally:
            connections.reset(token)


@asynccontextmanager
async def _by_tortoise() -> AsyncIterator[TransactionalDBClient]:
    """A savepoint, or the first transaction of all, for which the pool has to be opened."""
    async with AsyncExitStack() as stack:
        connections = get_connections()
        # Undone last, this also undoes whatever Tortoise leaves set.
        stack.callback(connections.reset, connections.set(_NAME, connections.get(_NAME)))
        transaction = transactions.in_transaction(_NAME)  # noqa: TID251 - this is the one place
        try:
            connection = await stack.enter_async_context(transaction)
        except BaseException:
            await _give_back(transaction)
            raise
        yield connection


async def _give_back(transaction: TransactionContext) -> None:
    if isinstance(transaction, TransactionContextPooled):
        client = transaction.client
        if client._connection is not None and client._parent._pool is not None:
            await client._parent._pool.release(client._connection)
