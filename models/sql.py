"""
Statements as SQL, given to the driver directly.

They run on the connection of the open transaction, or on one of the pool. Tortoise would do the same, and take longer for
it than the driver takes for the statement.
"""

from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
import orjson
from tortoise import Tortoise, fields
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.models import Model

from models.lending import Loan, fetch

Row = TypeVar("Row", bound=Model)


async def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Run a statement. Returns: its rows. Raises what Tortoise would raise."""
    client = Tortoise.get_connection("default")
    # The types themselves, because looking for a base class takes as long as the rest of this function.
    if not (type(client) is TransactionWrapper or (type(client) is AsyncpgDBClient and client._pool)):
        return [dict(row) for row in await client.execute_query_dict(sql, list(values))]  # this opens the pool
    return await rows_on(client, sql, values)


async def rows_on(client: Any, sql: str, values: Any) -> list[dict[str, Any]]:
    """Run a statement on a connection that is known. Returns: its rows."""
    try:
        if _is_open(client):
            async with client._lock:  # tasks that share a transaction take turns
                return [dict(row) for row in await fetch(client._connection, sql, values)]
        async with Loan(client._pool) as connection:
            return [dict(row) for row in await fetch(connection, sql, values)]
    except (asyncpg.SyntaxOrAccessError, asyncpg.DataError) as error:
        raise OperationalError(error) from error
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error


def _is_open(client: object) -> bool:
    return type(client) is TransactionWrapper or isinstance(client, TransactionalDBClient)


def row_of(model: type[Row], **values: Any) -> Row:
    """A row to be inserted. All its columns are given, with the types that they have in Python."""
    return model._init_from_db(**values)


async def insert(client: TransactionalDBClient, row: Model) -> None:
    """Insert a row as it is, in a transaction."""
    sql, names = _inserting(type(row))
    values = [orjson.dumps(getattr(row, name)).decode() if is_json else getattr(row, name) for name, is_json in names]
    await rows_on(client, sql, values)


@lru_cache(maxsize=64)
def _inserting(model: type[Model]) -> tuple[str, tuple[tuple[str, bool], ...]]:
    """The statement for a model, and its fields: their names, and whether they hold JSON."""
    meta = model._meta
    columns = list(meta.fields_db_projection.items())
    names = tuple((name, isinstance(meta.fields_map[name], fields.JSONField)) for name, _ in columns)
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    quoted = ", ".join(f'"{column}"' for _, column in columns)
    return f'INSERT INTO "{meta.db_table}" ({quoted}) VALUES ({places})', names
