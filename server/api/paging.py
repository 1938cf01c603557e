"""
Pages of long lists: keyset cursors over a total order (sort, then id), bound to route, filters and sort.

Cursors are signed, so a modified one is refused and its values can be trusted as parameters.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from core.problems import Fault, Invalid
from realtime.unit_of_work import ledger
from server.api.schemas import Query, View
from server.store.reading import Reading

COUNT_LIMIT = 100_000
MAX_SKIP = 400_000
PAGE_BYTES = 2 * 1024 * 1024  # a page ends after the row that exceeds this; building 2 MiB of JSON takes 20 ms
STEP_ROWS = 100  # read at a time: PostgreSQL unpacks this many rows before it can tell that they are too large
VIEW_S = 0.005  # for how long the views of a page are built before other requests have a turn
Item = TypeVar("Item", bound=BaseModel)
Seen = TypeVar("Seen")
Row = TypeVar("Row")


class Paged(Query):
    """Paging for every list."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    skip: Annotated[int, Field(ge=0, le=MAX_SKIP)] = 0


class Page(View, Generic[Item]):
    """
    A page of a list. If its rows are many kilobytes long, it ends before `limit`. `total` is counted up to 100,000;
    beyond that `total_at_least` takes its place.

    A search looks at a bounded number of rows, so that it answers soon. If that was not all of them, `looked_at` is their
    number, and `next_cursor` goes on from there: until it is null, pages may be short or empty.
    """

    items: list[Item]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None = None
    total_at_least: int | None = None
    looked_at: int | None = None


@dataclass(frozen=True)
class Sort:
    """
    An order: a SQL expression with its type, ascending or descending. Ties are broken by id in the same direction. Rows
    without the sort value come last in either direction, so that a list begins with what somebody sorted it for. If it is
    `flipped`, the list shows the opposite of the expression, so that it is read from the other end.
    """

    expression: str
    cast: str  # the expression's PostgreSQL type, for the cursor's value
    descending: bool = False
    nullable: bool = False
    flipped: bool = False
    tie: str = "t.id"
    tie_cast: str = "uuid"

    @property
    def walks(self) -> list[tuple[str, str]]:
        """SQL: the ranges that make the whole list one after the other, each a condition and an order."""
        direction = "DESC" if self.descending != self.flipped else "ASC"
        by_tie = f"{self.tie} {direction}"
        by_both = by_tie if self.expression == self.tie else f"{self.expression} {direction}, {by_tie}"
        if not self.nullable:
            return [("true", by_both)]
        return [(f"{self.expression} IS NOT NULL", by_both), (f"{self.expression} IS NULL", by_tie)]

    def parts(self, after: tuple[Any, str] | None, *, backwards: bool) -> list[str]:
        """
        The ranges of a list that follow a position, in the order in which they are read: each is one walk along the index.
        """
        parts = ["not null", "null"] if self.nullable else ["all"]
        if backwards:
            parts.reverse()
        if after is not None and self.nullable:
            parts = parts[parts.index("null" if after[0] is None else "not null") :]
        return parts


@dataclass(frozen=True)
class Step:
    """Some rows from a range of a list: at most `limit`, and none that begins after `room_bytes`."""

    part: str
    after: tuple[Any, str] | None
    descending: bool
    limit: int
    skip: int
    room_bytes: int


@dataclass
class Listing:
    """A list to be paged: `SELECT {columns} FROM {source} WHERE {conditions}`, with all values as parameters."""

    columns: str
    source: str
    sort: Sort
    binding: str  # the route, and the id of the parent if it has one
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    # Joins that only add columns; the count leaves them out.
    adorn: str = ""
    # How many rows the list has, if that is stored anyway: counting 100,000 takes longer than reading the page.
    known_total: int | None = None
    # Whether a row is a dictionary, or what the driver gives, which is as good for reading single columns.
    copies: bool = True

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition. Each `?` in it stands for the next value."""
        for value in values:
            self.values.append(value)
            condition = condition.replace("?", f"${len(self.values)}", 1)
        self.conditions.append(condition)

    async def page(
        self, reading: Reading, query: Paged, view: Callable[[dict[str, Any]], Item | dict[str, Any]]
    ) -> "Page[Item]":
        """Read one page, of views or of what they say, ready to be written as JSON. Raises: Invalid (invalid_cursor)."""
        digest = self.digest(query)
        backwards, after = unseal(query.cursor, digest) if query.cursor else (False, None)
        if query.cursor and query.skip:
            raise Invalid(errors=(Fault("?skip", "invalid_field", "give a cursor or skip, not both"),))
        rows, more = await self.rows(reading, query, after, backwards=backwards)
        if backwards:
            rows.reverse()
        has_next = more if not backwards else True
        has_prev = (query.cursor is not None or query.skip > 0) if not backwards else more
        total = await self.count(reading) if self.known_total is None else self.known_total
        fields = {
            "items": await views_of(rows, view),
            "next_cursor": seal(rows[-1], digest, backwards=False) if rows and has_next else None,
            "prev_cursor": seal(rows[0], digest, backwards=True) if rows and has_prev else None,
            "total": total if total <= COUNT_LIMIT else None,
            "total_at_least": None if total <= COUNT_LIMIT else COUNT_LIMIT,
            "looked_at": None,
        }
        return Page.of_typed(fields)

    async def rows(
        self, reading: Reading, query: Paged, after: tuple[Any, str] | None, *, backwards: bool
    ) -> tuple[list[dict[str, Any]], bool]:
        """
        The rows of the page in list order (reversed when going backwards), and whether more follow.

        A page ends after `limit` rows, or earlier after PAGE_BYTES.
        """
        descending = self.sort.descending != backwards
        parts = self.sort.parts(after, backwards=backwards)
        found: list[dict[str, Any]] = []
        skip, room_bytes = query.skip, PAGE_BYTES
        for part in parts:
            while True:
                # Read one row more than the page holds, or than there is room for: it shows whether the list goes on.
                limit = min(query.limit + 1 - len(found), STEP_ROWS) if room_bytes > 0 else 1
                step = Step(part, after, descending != self.sort.flipped, limit, skip, max(1, room_bytes))
                rows = await self._range(reading, step)
                if rows and room_bytes <= 0:
                    return found, True
                if skip and not rows and part != parts[-1]:
                    skip = max(0, skip - await self._count_part(reading, part))
                    break
                skip = 0
                found += rows
                if len(found) > query.limit or (rows and rows[-1]["_follows"]):
                    return found[: query.limit], True
                room_bytes -= rows[-1]["_bytes"] if rows else 0
                if len(rows) < limit:
                    break
                after = (rows[-1]["_sort"], rows[-1]["_tie"])
            after = None
        return found, False

    async def _range(self, reading: Reading, step: Step) -> list[dict[str, Any]]:
        listed, values = self.statement(step, self.columns)
        values.append(step.room_bytes)
        # Sizes are computed in PostgreSQL, so rows that exceed the bytes of a page never leave it.
        weighed = f"SELECT x.*, sum(octet_length(x::text)) OVER (ROWS UNBOUNDED PRECEDING) AS _bytes FROM ({listed}) x"
        ask = reading.rows if self.copies else reading.records
        return await ask(
            "SELECT * FROM (SELECT y.*, lag(_bytes, 1, 0::bigint) OVER () AS _before, lead(true, 1, false) OVER () AS _follows "
            f"FROM ({weighed}) y) z WHERE _before < ${len(values)}",
            *values,
        )

    def statement(self, step: Step, columns: str) -> tuple[str, list[Any]]:
        """The statement that reads these columns of some rows, and its values."""
        values = list(self.values)
        conditions = list(self.conditions)
        sort = self.sort
        part, after = step.part, step.after
        if part != "all":
            conditions.append(f"{sort.expression} IS {part.upper()}")
        sign = "<" if step.descending else ">"
        if after is not None:
            values.append(after[1])
            tie = f"${len(values)}::text::{sort.tie_cast}"
            if after[0] is None:
                conditions.append(f"{sort.tie} {sign} {tie}")
            else:
                values.append(after[0])
                value = f"${len(values)}::text::{sort.cast}"
                conditions.append(f"({sort.expression}, {sort.tie}) {sign} ({value}, {tie})")
        direction = "DESC" if step.descending else "ASC"
        order = (
            f"{sort.tie} {direction}" if part == "null" else f"{sort.expression} {direction}, {sort.tie} {direction}"
        )
        if sort.expression == sort.tie:
            order = f"{sort.tie} {direction}"
        values += [step.limit, step.skip]
        return (
            f"SELECT {columns}, ({sort.expression})::text AS _sort, ({sort.tie})::text AS _tie "
            f"FROM {self.source} {self.adorn} WHERE {' AND '.join(conditions) or 'true'} "
            f"ORDER BY {order} LIMIT ${len(values) - 1} OFFSET ${len(values)}"
        ), values

    async def has_more_than(self, reading: Reading, rows: int) -> bool:
        """Whether the list has more rows than that."""
        found = await reading.rows(
            f"SELECT 1 FROM {self.source} WHERE {' AND '.join(self.conditions) or 'true'} OFFSET {int(rows)} LIMIT 1",
            *self.values,
        )
        return bool(found)

    async def count(self, reading: Reading) -> int:
        """How many rows the list has, up to one more than COUNT_LIMIT."""
        rows = await reading.rows(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM {self.source} "
            f"WHERE {' AND '.join(self.conditions) or 'true'} LIMIT {COUNT_LIMIT + 1}) x",
            *self.values,
        )
        return int(rows[0]["n"])

    async def _count_part(self, reading: Reading, part: str) -> int:
        conditions = [*self.conditions, f"{self.sort.expression} IS {part.upper()}"]
        where = " AND ".join(conditions)
        rows = await reading.rows(
            f"SELECT count(*) AS n FROM (SELECT 1 FROM {self.source} WHERE {where} LIMIT {MAX_SKIP}) x",
            *self.values,
        )
        return int(rows[0]["n"])

    def digest(self, query: Paged) -> str:
        """What cursors of this list are bound to."""
        filters = query.model_dump(mode="json", exclude={"limit", "cursor", "skip"})
        raw = orjson.dumps(
            [self.binding, filters, self.sort.expression, self.sort.descending, self.sort.flipped],
            option=orjson.OPT_SORT_KEYS,
        )
        return hashlib.sha256(raw).hexdigest()[:16]


async def views_of(rows: Iterable[Row], view: Callable[[Row], Seen]) -> list[Seen]:
    """The views of rows, with a turn of the event loop whenever they have taken some time: those of large plans do."""
    items, since = [], time.perf_counter()
    for row in rows:
        items.append(view(row))
        if time.perf_counter() - since > VIEW_S:
            await asyncio.sleep(0)
            since = time.perf_counter()
    return items


def _key() -> bytes:
    return _cursor_key(ledger().audit_key)


@lru_cache(maxsize=4)
def _cursor_key(audit_key: bytes) -> bytes:
    return hmac.digest(audit_key, b"tallyroom/cursor", "sha256")


def seal(row: Mapping[str, Any], digest: str, *, backwards: bool) -> str:
    """A cursor that goes on after a row."""
    raw = orjson.dumps([digest, backwards, row["_sort"], row["_tie"]])
    return base64.urlsafe_b64encode(hmac.digest(_key(), raw, "sha256")[:12] + raw).decode().rstrip("=")


def unseal(cursor: str, digest: str) -> tuple[bool, tuple[Any, str]]:
    """Whether a cursor goes backwards, and after what. Raises: Invalid (invalid_cursor)."""
    fault = Invalid(
        errors=(Fault("?cursor", "invalid_cursor", "is not a cursor for this list with these filters and this sort"),)
    )
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise fault from None
    raw = sealed[12:]
    if not hmac.compare_digest(hmac.digest(_key(), raw, "sha256")[:12], sealed[:12]):
        raise fault
    found_digest, backwards, sort, tie = orjson.loads(raw)
    if found_digest != digest:
        raise fault
    return bool(backwards), (sort, str(tie))
