"""What the relay reads: events, the heads of streams, and states. All of its questions to the database are here."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg
import orjson

from models.lending import Loan
from realtime.frame import Frame, frame_of


@dataclass(frozen=True)
class Head:
    """How far a stream has come, in an epoch."""

    epoch: str
    head: int


@dataclass(frozen=True)
class StateRow:
    """The newest value of a key, as JSON, and the streams on which it is sent."""

    key: str
    streams: tuple[str, ...]
    version: int
    value: str
    updated_at: datetime


class Store(Protocol):
    """Where the relay reads what was committed."""

    async def frames(self, name: str, after: int, limit: int) -> list[Frame]:
        """The events of a stream after a number, framed."""
        ...

    async def heads(self, names: Sequence[str]) -> dict[str, Head]:
        """The heads of those of these streams that exist."""
        ...

    async def states_of(self, names: Sequence[str]) -> list[StateRow]:
        """The states that are sent on any of these streams."""
        ...

    async def states_named(self, keys: Sequence[str]) -> list[StateRow]:
        """The states with these keys, as far as they exist."""
        ...

    async def states_since(self, at: datetime) -> list[StateRow]:
        """The states that were stored after a time of the database's clock."""
        ...

    async def time(self) -> datetime:
        """The time by the database's clock."""
        ...


class DatabaseStore:
    """The store over a pool of connections of its own, so that the relay does not wait behind requests."""

    def __init__(self, make_pool: Callable[[], Awaitable[asyncpg.Pool]]) -> None:
        self._make_pool = make_pool
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Open the pool."""
        self._pool = await self._make_pool()

    async def close(self) -> None:
        """Close the pool, or give it up if a connection does not come back."""
        if self._pool is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._pool.close(), 2)

    async def frames(self, name: str, after: int, limit: int) -> list[Frame]:
        """The events of a stream after a number, framed."""
        rows = await self.fetch(
            "SELECT e.seq, s.epoch, e.event_id, e.type, e.at, e.actor::text AS actor, e.request_id, e.data::text AS data, "
            "e.ends::text AS ends FROM events e JOIN streams s ON s.name = e.stream "
            "WHERE e.stream = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3",
            name,
            after,
            limit,
        )
        return [frame_of(name, row) for row in rows]

    async def heads(self, names: Sequence[str]) -> dict[str, Head]:
        """The heads of those of these streams that exist."""
        rows = await self.fetch("SELECT name, epoch, head FROM streams WHERE name = ANY($1)", list(names))
        return {row["name"]: Head(row["epoch"], row["head"]) for row in rows}

    async def states_of(self, names: Sequence[str]) -> list[StateRow]:
        """The states that are sent on any of these streams."""
        return await self._states("streams ?| $1::text[]", list(names))

    async def states_named(self, keys: Sequence[str]) -> list[StateRow]:
        """The states with these keys, as far as they exist."""
        return await self._states("key = ANY($1)", list(keys))

    async def states_since(self, at: datetime) -> list[StateRow]:
        """The states that were stored after a time of the database's clock."""
        return await self._states("updated_at > $1", at)

    async def time(self) -> datetime:
        """The time by the database's clock."""
        found: datetime = (await self.fetch("SELECT now() AS at"))[0]["at"]
        return found

    async def _states(self, condition: str, value: Any) -> list[StateRow]:
        rows = await self.fetch(
            f"SELECT key, streams::text AS streams, version, value::text AS value, updated_at FROM states WHERE {condition}",
            value,
        )
        return [
            StateRow(row["key"], tuple(orjson.loads(row["streams"])), row["version"], row["value"], row["updated_at"])
            for row in rows
        ]

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Rows. Raises what asyncpg raises."""
        assert self._pool is not None
        async with Loan(self._pool) as connection:
            found: list[Any] = await connection.fetch(sql, *values)
        return found
