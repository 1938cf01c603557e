"""Transactions. Everything opens them here and not with Tortoise's own function."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import cast

import asyncpg
from tortoise import transactions
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

from models.lending import Loan, execute

_NAME = "default"


def in_transaction(opening: str | None = None) -> AbstractAsyncContextManager[TransactionalDBClient]:
    """
    Open a transaction, or a savepoint inside one. It is committed at the end, and rolled back after an exception.

    However the task ends, the connection goes back to the pool. Tortoise alone does not promise that: when a task is
    cancelled while its transaction begins, say because its client went away, the connection stays taken for good, and
    what the task does next runs in a transaction that never began. And whatever ends the block is what the caller hears of, also
    if the connection is broken: a task that was cancelled would otherwise go on.

    Args:
        opening: the statements that begin it, in one question to the database, for one without savepoints or cursors.
    """
    outer = get_connections().get(_NAME)
    if type(outer) is not AsyncpgDBClient or outer._pool is None:
        return _by_tortoise(opening)
    return _Transaction(outer, opening)


class _Transaction(AbstractAsyncContextManager[TransactionalDBClient]):
    """
    The transaction of a connection from the pool.

    It does without Tortoise's own contexts, which took as long as the statements themselves, and is a class because a
    generator is resumed once more for whatever its block waits for.
    """

    __slots__ = ("_driver", "_loan", "_opening", "_outer", "_token")

    def __init__(self, outer: AsyncpgDBClient, opening: str | None) -> None:
        self._outer = outer
        self._opening = opening
        self._loan = Loan(cast(asyncpg.Pool, outer._pool))

    async def __aenter__(self) -> TransactionalDBClient:
        client = TransactionWrapper(self._outer)
        self._driver = client._connection = await self._loan.__aenter__()  # what a pool lends passes everything on
        self._token = get_connections().set(_NAME, client)
        try:
            if self._opening is None:
                await execute(self._driver, "BEGIN")
                self._driver._con._top_xact = _OUTERMOST
            else:
                await execute(self._driver, self._opening)
        except BaseException as error:
            await self._leave(error)
            raise
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._opening is None and (connection := self._driver._con) is not None:
                connection._top_xact = None
            if error is None:
                await execute(self._driver, "COMMIT")
            else:
                # A transaction on a broken connection is rolled back by the database. The block's own error is the one to hear of.
                with contextlib.suppress(Exception):
                    await execute(self._driver, "ROLLBACK")
        finally:
            await self._leave(error)

    async def _leave(self, error: BaseException | None) -> None:
        get_connections().reset(self._token)
        await self._loan.__aexit__(None if error is None else type(error), error, None)


class _Outermost:
    """
    What a connection of asyncpg has for its outermost transaction, so that transactions inside it become savepoints.

    asyncpg's own one checks its state four times between BEGIN and COMMIT, which took a third of a statement.
    """

    _isolation = None  # the database's own, which those inside it have as well
    _managed = True  # somebody is going to end it


_OUTERMOST = _Outermost()


@asynccontextmanager
async def _by_tortoise(opening: str | None) -> AsyncIterator[TransactionalDBClient]:
    """A savepoint, or the first transaction of all, for which the pool has to be opened."""
    failure: BaseException | None = None
    try:
        async with _opened_by_tortoise(opening) as connection:
            try:
                yield connection
            except BaseException as error:
                failure = error
                raise
    except Exception:
        if failure is not None:
            raise failure from None  # whatever came of rolling back
        raise


@asynccontextmanager
async def _opened_by_tortoise(opening: str | None) -> AsyncIterator[TransactionalDBClient]:
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
        if opening is not None:
            await connection.execute_script(opening.partition(";")[2])
        yield connection


async def _give_back(transaction: TransactionContext) -> None:
    if isinstance(transaction, TransactionContextPooled):
        client = transaction.client
        if client._connection is not None and client._parent._pool is not None:
            await client._parent._pool.release(client._connection)
