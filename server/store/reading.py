"""Snapshots for reading. Everything read in one is true at the same moment, which is one position in each stream."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient

from models.sql import records_on, rows_on
from models.transactions import in_transaction

READ_S = 15  # per statement; a query that takes longer asked for too much


@dataclass(frozen=True)
class Position:
    """A position in a stream."""

    head: int
    epoch: str


@dataclass
class Reading:
    """A snapshot of the database: everything read in it is true at the same moment."""

    connection: TransactionalDBClient

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        return await rows_on(self.connection, sql, values)

    async def records(self, sql: str, *values: Any) -> list[Any]:
        """Rows as the driver gives them, whose columns can be read by name."""
        return await records_on(self.connection, sql, values)

    async def position(self, stream: str) -> Position:
        """The head of a stream in this snapshot."""
        rows = await self.rows("SELECT head, epoch FROM streams WHERE name = $1", stream)
        return Position(rows[0]["head"], rows[0]["epoch"]) if rows else Position(0, "0")


_OPENING = (
    f"BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = '{READ_S}s'"
)


class _Snapshot(AbstractAsyncContextManager[Reading]):
    __slots__ = ("_has_cursor", "_transaction")

    def __init__(self, has_cursor: bool) -> None:
        self._has_cursor = has_cursor
        self._transaction = in_transaction(None if has_cursor else _OPENING)

    async def __aenter__(self) -> Reading:
        connection = await self._transaction.__aenter__()
        if self._has_cursor:
            try:
                await connection.execute_script(_OPENING.partition(";")[2])
            except BaseException as error:
                await self._transaction.__aexit__(type(error), error, error.__traceback__)
                raise
        return Reading(connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transaction.__aexit__(kind, error, trace)


def reading(*, has_cursor: bool = False) -> AbstractAsyncContextManager[Reading]:
    """
    One REPEATABLE READ, READ ONLY transaction, so that the body and the stream position belong together. The driver gives
    cursors only in transactions that it has begun itself, which takes one more question to the database.
    """
    return _Snapshot(has_cursor)
