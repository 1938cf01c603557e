"""Transactions. Everything opens them here and not with Tortoise's own function."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tortoise import transactions
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

_NAME = "default"


@asynccontextmanager
async def in_transaction() -> AsyncIterator[TransactionalDBClient]:
    """
    Open a transaction, or a savepoint inside one. It is committed at the end, and rolled back after an exception.

    However the task ends, the connection goes back to the pool. Tortoise alone does not promise that: when a task is
    cancelled while its transaction begins, say because its client went away, the connection stays taken for good, and
    what the task does next runs in a transaction that never began.
    """
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
