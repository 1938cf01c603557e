"""
Statements as SQL, given to the driver directly.

They run on the connection of the open transaction, or on one of the pool. Tortoise would do the same, and take longer for
it than the driver takes for the statement.
"""

from collections.abc import Sequence
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
    return [dict(row) for row in await records_on(client, sql, values)]


async def records_on(client: Any, sql: str, values: Any) -> list[asyncpg.Record]:
    """Like `rows_on`, but the rows are as the driver gives them."""
    try:
        if _is_open(client):
            # Tasks that share a transaction take turns. `async with` would take two coroutines more for each statement.
            lock = client._lock
            await lock.acquire()
            try:
                return await fetch(client._connection, sql, values)
            finally:
                lock.release()
        async with Loan(client._pool) as connection:
            return await fetch(connection, sql, values)
    except (asyncpg.SyntaxOrAccessError, asyncpg.DataError) as error:
        raise OperationalError(error) from error
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error


def _is_open(client: object) -> bool:
    return type(client) is TransactionWrapper or isinstance(client, TransactionalDBClient)


def row_of(model: type[Row], **values: Any) -> Row:
    """A row to be inserted. All its columns are given, with the types that they have in Python."""
    row = model.__new__(model)
    row.__dict__.update(_STORED, _custom_generated_pk=_has_own_key(model), _await_when_save={}, **values)
    return row


def hydrate(model: type[Row], found: dict[str, Any]) -> Row:
    """A row as the database gave it, with all its columns. What the statement adds to them is left out."""
    columns, to_convert = _reading(model)
    values = {name: found[column] for name, column in columns}
    for name, convert in to_convert:
        values[name] = convert(values[name])
    return row_of(model, **values)


_STORED = {"_partial": False, "_saved_in_db": True}  # what Tortoise notes of a row that it has read


@lru_cache(maxsize=64)
def _has_own_key(model: type[Model]) -> bool:
    meta = model._meta
    return meta.db_pk_column not in meta.generated_db_fields


@lru_cache(maxsize=64)
def _reading(model: type[Model]) -> tuple[list[tuple[str, str]], list[tuple[str, Any]]]:
    """The fields of a model with their columns, and those whose values the driver gives in another type, with the way from it."""
    meta = model._meta
    converted = [
        (name, field.to_python_value)
        for name, field in meta.fields_map.items()
        if name in meta.fields_db_projection and type(field) not in _AS_THEY_ARE
    ]
    return list(meta.fields_db_projection.items()), converted


# Fields whose values asyncpg gives as Tortoise would: times in UTC, ids as UUIDs.
_AS_THEY_ARE = frozenset(
    {
        fields.UUIDField,
        fields.DatetimeField,
        fields.CharField,
        fields.TextField,
        fields.IntField,
        fields.BigIntField,
        fields.SmallIntField,
        fields.BooleanField,
        fields.BinaryField,
    }
)


def inserting(rows: Sequence[Model], last: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """
    A statement that inserts rows as they are, and is otherwise a SELECT. Foreign keys are checked at its end.

    Args:
        last: the SELECT, with its parameters as `{1}`, `{2}`.
        values: of these.
    """
    sql, columns = _inserting(tuple(map(type, rows)), last)
    found = []
    for row, names in zip(rows, columns, strict=True):
        given = row.__dict__
        found += [orjson.dumps(given[name]).decode() if is_json else given[name] for name, is_json in names]
    return sql, [*found, *values]


@lru_cache(maxsize=64)
def _inserting(models: tuple[type[Model], ...], last: str) -> tuple[str, list[list[tuple[str, bool]]]]:
    """The statement for rows of some models, and the fields of each: their names, and whether they hold JSON."""
    count, parts, fields_of = 0, [], []
    for number, model in enumerate(models):
        meta = model._meta
        columns = list(meta.fields_db_projection.items())
        places = ", ".join(f"${count + place}" for place in range(1, len(columns) + 1))
        quoted = ", ".join(f'"{column}"' for _, column in columns)
        parts.append(f'made{number} AS (INSERT INTO "{meta.db_table}" ({quoted}) VALUES ({places}))')
        fields_of.append([(name, isinstance(meta.fields_map[name], fields.JSONField)) for name, _ in columns])
        count += len(columns)
    more = range(count, count + last.count("{") + 1)  # `{0}` is not used
    return f"WITH {', '.join(parts)} {last.format(*(f'${place}' for place in more))}", fields_of
