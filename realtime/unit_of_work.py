"""
One transaction per change: business rows, audit rows, events. Nothing else opens a transaction for writing.

The lock order, so that no two changes can deadlock: idempotency key, business rows (noun by noun, ids ascending, FOR NO
KEY UPDATE), audit chains by name, streams by name, commit. Chains and streams are locked at the exit, and after that no
other table is touched. A stream's numbers are taken under its row lock, which is held until the commit, so they have no
gaps and follow the order of commits.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model

from core import log
from core.as_json import as_json
from core.clock import now
from core.ids import uuid7
from core.problems import Fault, IdempotencyInProgress, Invalid, PreconditionRequired, VersionConflict
from models import audit
from models.access import Actor
from models.sql import inserting, rows_on
from models.transactions import in_transaction
from realtime.events.base import Event

Row = TypeVar("Row", bound=Model)
MOST_SEEN = 20_000  # names
_LOCK_CHAINS = "SELECT name, head, mac FROM audit_chains WHERE name = ANY($1) ORDER BY name FOR NO KEY UPDATE"
_MAKE_CHAINS = "INSERT INTO audit_chains (name, head, mac) SELECT unnest($1::text[]), 0, $2 ON CONFLICT DO NOTHING"
_LOCK_STREAMS = "SELECT name, head FROM streams WHERE name = ANY($1) ORDER BY name FOR NO KEY UPDATE"
_MAKE_STREAMS = (
    "INSERT INTO streams (name, epoch, head, floor) SELECT unnest($1::text[]), $2, 0, 0 ON CONFLICT DO NOTHING"
)
# For one stream, whose number needs no statement of its own: its row is locked by the update, for as long as the rest takes.
_APPEND = (
    "WITH moved AS (UPDATE streams SET head = head + $2 WHERE name = $1 RETURNING head) "
    "INSERT INTO events (stream, seq, event_id, type, at, actor, request_id, data, ends) "
    "SELECT $1, moved.head - $2 + x.place, e::uuid, t, $7, $8::jsonb, $9, d::jsonb, n::jsonb FROM moved, "
    "unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS x(e, t, d, n, place) RETURNING seq"
)
_MOVE_CHAIN = "UPDATE audit_chains SET head = ${2}, mac = ${14} WHERE name = ${1}"
_INSERT_AUDIT = (
    "INSERT INTO audit_log (chain, seq, at, actor_type, actor_id, session_id, action, resource_type, resource_id, outcome, ip, "
    "request_id, details, mac) VALUES (${1}, ${2}, ${3}, ${4}, ${5}, ${6}, ${7}, ${8}, ${9}, ${10}, ${11}, ${12}, ${13}::jsonb, "
    "${14})"
)
_ADD_AUDIT = f"WITH chain AS ({_MOVE_CHAIN}) {_INSERT_AUDIT}".format(*range(15))
_MOVE_HEADS = (
    "heads AS (UPDATE streams s SET head = x.head::bigint FROM unnest($10::text[], $11::text[]) x(name, head) "
    "WHERE s.name = x.name)"
)
_INSERT_EVENTS = (
    "INSERT INTO events (stream, seq, event_id, type, at, actor, request_id, data, ends) "
    "SELECT s, q::bigint, e::uuid, t, $7, $8::jsonb, $9, d::jsonb, n::jsonb FROM "
    "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS x(s, q, e, t, d, n)"
)
_ADD_EVENTS = f"WITH {_MOVE_HEADS} {_INSERT_EVENTS}"
# For a change with one audit row, as most have. The streams are locked after the chain, whose row they ask for.
_LOCK_BOTH = (
    "WITH chain AS (SELECT name, head, mac FROM audit_chains WHERE name = $1 FOR NO KEY UPDATE), "
    "heads AS (SELECT name, head FROM streams WHERE name = ANY($2) AND EXISTS (SELECT 1 FROM chain) ORDER BY name FOR NO KEY UPDATE) "
    "SELECT name, head, mac FROM chain UNION ALL SELECT name, head, NULL FROM heads"
)
_ADD_BOTH = (
    f"WITH chain AS ({_MOVE_CHAIN}), audited AS ({_INSERT_AUDIT}), ".format(*range(11, 26))
    + f"{_MOVE_HEADS} {_INSERT_EVENTS}"
)
# For a change with one audit row and one event on one stream, as most have: without lists, which cost the driver and the
# database more than what is in them. The stream is locked by the update.
_LOCK_CHAIN = "SELECT name, head, mac FROM audit_chains WHERE name = {1} FOR NO KEY UPDATE"
_LOCK_CHAIN_ALONE = _LOCK_CHAIN.format(0, "$1")
_ADD_ONE = (
    f"WITH chain AS ({_MOVE_CHAIN}), audited AS ({_INSERT_AUDIT}), ".format(*range(8, 23))
    + "moved AS (UPDATE streams SET head = head + 1 WHERE name = $1 RETURNING head) "
    "INSERT INTO events (stream, seq, event_id, type, at, actor, request_id, data, ends) "
    "SELECT $1, moved.head, $2, $3, $4, $5::jsonb, $6, $7::jsonb, $8::jsonb FROM moved RETURNING seq"
)
# The chain and the streams of a change, locked together with what is locked before them: `{first}` is that CTE, of {n} values,
# with a column `said` for each row. Streams are only locked if all of them exist, since whoever makes one may hold others.
_LOCK_END = (
    "WITH {first}, chain AS (SELECT name, head, mac FROM audit_chains WHERE name = ${chain} AND (SELECT count(*) FROM first) >= 0 "
    "FOR NO KEY UPDATE), heads AS (SELECT name, head FROM streams WHERE name = ANY(${names}) AND EXISTS (SELECT 1 FROM chain) "
    "AND (SELECT count(*) FROM streams WHERE name = ANY(${names})) = cardinality(${names}::text[]) ORDER BY name FOR NO KEY UPDATE) "
    "SELECT said, NULL AS name, NULL AS head, NULL AS mac FROM first UNION ALL SELECT NULL, name, head, mac FROM chain "
    "UNION ALL SELECT NULL, name, head, NULL FROM heads"
)
_seen: set[tuple[str, str]] = set()  # names of chains and streams that existed when this process last locked them


@dataclass(frozen=True)
class IdempotencyRequest:
    """An Idempotency-Key as it came with a POST."""

    route: str
    key: str
    body_hash: bytes


@dataclass
class Call:
    """What a request contributes to the rows that it writes."""

    ip: str | None = None
    network: str = "unknown"
    idempotency: IdempotencyRequest | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to a change, built inside its transaction so that a repeated request gets the same bytes."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Replayed(Exception):
    """The request was already answered; this is that answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("replayed")
        self.answer = answer


@dataclass
class Ledger:
    """What the unit of work needs from the process it runs in."""

    audit_key: bytes = field(repr=False)
    hint: Callable[[dict[str, int]], None] = lambda _: None
    hint_state: Callable[[str], None] = lambda _: None
    told: Callable[[Sequence[Event]], None] = lambda _: None  # called with the events of a commit, after it


call: ContextVar[Call | None] = ContextVar("call", default=None)
_open: ContextVar["UnitOfWork | None"] = ContextVar("unit_of_work", default=None)
_ledger: Ledger | None = None


def install(ledger: Ledger) -> None:
    """Set the process's ledger, at start-up."""
    global _ledger  # one per process, like the connection pool
    _ledger = ledger


def ledger() -> Ledger:
    """The process's ledger. Raises: RuntimeError before start-up."""
    if _ledger is None:
        raise RuntimeError("realtime.unit_of_work.install() was not called")
    return _ledger


class UnitOfWork:
    """An open change. Audit rows and events are only collected here, and written at its end."""

    def __init__(self, actor: Actor, connection: TransactionalDBClient, request: Call) -> None:
        self.actor = actor
        self.connection = connection
        self.request = request
        self.at: datetime = now()
        self._audits: list[audit.Entry] = []
        self._events: list[Event] = []
        self._rows: list[Model] = []  # to be inserted
        self._opened: set[str] = set()
        self._answer: Answer | None = None
        self._kept: Answer | None = None  # the answer that has been stored with the Idempotency-Key
        self.heads: dict[str, int] = {}
        self._heads: dict[str, int] | None = None  # of the streams, if they were locked together with the audit chain
        self._locked: list[
            dict[str, Any]
        ] = []  # the chain, and after it the streams, if they were locked ahead of the end
        self._audit_values: list[Any] | None = None  # of the audit row that is written together with the events
        self._only: tuple[str, Event] | None = (
            None  # the only event with its only stream, if it is written with the audit row
        )

    def audit(
        self,
        chain: str,
        action: str,
        resource: tuple[str, UUID | str | None],
        outcome: str = "success",
        **details: Any,
    ) -> None:
        """Add an audit row. `details` holds ids and field names, never values."""
        noun, row_id = resource
        self._audits.append(
            audit.Entry(chain, action, noun, str(row_id) if row_id else None, outcome, _json_ready(details))
        )

    def audited(self, noun: str, row_id: UUID) -> list[dict[str, Any]]:
        """The audit rows about something that are collected so far, for an answer that shows what they will say."""
        about = [entry for entry in self._audits if (entry.resource_type, entry.resource_id) == (noun, str(row_id))]
        return [
            {
                "at": self.at,
                "actor_type": self.actor.type,
                "actor_id": self.actor.acting_id,
                "action": entry.action,
                "outcome": entry.outcome,
                "details": entry.details,
            }
            for entry in about
        ]

    def publish(self, event: Event) -> None:
        """Add an event. It is numbered and stored at the end, and sent after the commit."""
        self._events.append(event)

    def answer(self, status: int, view: BaseModel | None = None, *, version: int | None = None) -> Answer:
        """Set the action's answer. It is stored with the Idempotency-Key, if the request has one."""
        body = b"" if view is None else as_json(view)
        headers = {} if version is None else {"ETag": f'"{version}"'}
        return self.answer_as(status, body, headers)

    def answer_as(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        """Like `answer`, for a body that is already JSON; a large one is built from pieces."""
        self._answer = Answer(status, body, headers or {})
        return self._answer

    def add(self, *rows: Model) -> None:
        """
        Insert rows at the end, or before the next statement that `execute` runs: most changes then need one question less.

        Their parents are rows that this change has added or locked, and nothing but `execute` reads them before the commit.
        """
        self._rows += rows

    async def execute(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement in the transaction. Returns: rows as dictionaries."""
        if self._rows:
            await self._write_rows()
        return await rows_on(self.connection, sql, values)

    async def expect_version(self, row: Any, expected: int | None, *, required: bool = True) -> None:
        """Compare If-Match with the row. Raises: PreconditionRequired, VersionConflict (who, when, which fields)."""
        if expected is None:
            if required:
                raise PreconditionRequired
            return
        if row.version == expected:
            return
        changes = await self.execute(
            "SELECT a.at, coalesce(k.user_id, a.actor_id) AS actor_id, p.display_name, a.details->'changed' AS changed "
            "FROM audit_log a LEFT JOIN api_tokens k ON a.actor_type = 'token' AND k.id = a.actor_id "
            "LEFT JOIN users p ON p.id = coalesce(k.user_id, a.actor_id) WHERE a.resource_id = $1 "
            "AND (a.details->>'version')::int > $2 ORDER BY a.at DESC, a.id DESC LIMIT 50",
            str(row.id),
            expected,
        )
        fields: set[str] = set()
        for change in changes:
            fields.update(json.loads(change["changed"] or "[]"))
        newest = changes[0] if changes else {"at": row.updated_at, "actor_id": None, "display_name": None}
        raise VersionConflict(
            detail=f"{newest['display_name'] or 'Somebody'} has changed this meanwhile. Load it again, then decide.",
            extensions={
                "current_version": row.version,
                "changed_fields": sorted(fields),
                "changed_by": str(newest["actor_id"]) if newest["actor_id"] else None,
                "changed_by_name": newest["display_name"],
                "changed_at": newest["at"].isoformat().replace("+00:00", "Z"),
            },
        )

    async def save(self, row: Row, **changes: Any) -> list[str]:
        """Write changed fields, the next version and the time. Returns: the names of the fields that really changed."""
        changed = [name for name, value in changes.items() if getattr(row, name) != value]
        if changed:
            for name in changed:
                setattr(row, name, changes[name])
            row.version += 1  # type: ignore[attr-defined]  # every row saved here is a models.base.Row
            row.updated_at = self.at
            await row.save(using_db=self.connection, update_fields=[*changed, "version", "updated_at"])
        return changed

    def open_stream(self, *names: str) -> None:
        """Create streams along with what they are about, so that a reader always has a position in them."""
        self._opened.update(names)

    async def lock_end(self, first: str, values: Sequence[Any], chain: str, names: Sequence[str]) -> list[str]:
        """
        Lock the audit chain and the streams of this change, together with the last rows that it locks before them.

        Everybody who changes something in the same project waits for these rows until the commit. Locked one after the other,
        they are held for the time of two more questions to the database. Nothing but reads, audit rows and events may follow.

        Args:
            first: the CTE `first AS (...)` that locks those rows, or changes them, and has a text `said` for each.
            values: of its parameters.
            chain: the chain of the one audit row.
            names: the streams of the events.

        Returns: what `first` says.
        """
        await self._keep_answer()  # if it is known by now
        count = len(values)
        rows = await self.execute(
            _LOCK_END.format(first=first, chain=count + 1, names=count + 2), *values, chain, sorted(names)
        )
        self._locked = [row for row in rows if row["said"] is None]
        return [row["said"] for row in rows if row["said"] is not None]

    async def _claim_key(self) -> None:
        request = self.request.idempotency
        if request is None or self.actor.acting_id is None:
            return
        lock = hashlib.sha256(f"{self.actor.acting_id}/{request.route}/{request.key}".encode()).digest()[:8]
        rows = await self.execute(
            "SELECT pg_try_advisory_xact_lock($1::bigint) AS mine", int.from_bytes(lock, "big", signed=True)
        )
        if not rows[0]["mine"]:
            raise IdempotencyInProgress(retry_after_s=1)
        stored = await self.execute(
            "SELECT body_hash, status, headers::text AS headers, body FROM idempotency_keys "
            "WHERE actor_id = $1 AND route = $2 AND key = $3 AND created_at > now() - interval '24 hours'",
            self.actor.acting_id,
            request.route,
            request.key,
        )
        if not stored:
            return
        if bytes(stored[0]["body_hash"]) != request.body_hash:
            fault = Fault("", "idempotency_mismatch", "this Idempotency-Key was already used with another body")
            raise Invalid(errors=(fault,))
        raise Replayed(Answer(stored[0]["status"], bytes(stored[0]["body"]), json.loads(stored[0]["headers"])))

    async def _keep_answer(self) -> None:
        request = self.request.idempotency
        if request is None or self.actor.acting_id is None or self._answer is self._kept or self._answer is None:
            return
        self._kept = self._answer
        await self.execute(
            "INSERT INTO idempotency_keys (actor_id, route, key, body_hash, status, headers, body, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8) ON CONFLICT (actor_id, route, key) DO UPDATE SET "
            "body_hash = $4, status = $5, headers = $6::jsonb, body = $7, created_at = $8",
            self.actor.acting_id,
            request.route,
            request.key,
            request.body_hash,
            self._answer.status,
            json.dumps(self._answer.headers),
            self._answer.body,
            self.at,
        )

    async def _lock_named(self, lock: str, make: str, names: list[str], first: Any) -> list[dict[str, Any]]:
        """
        Lock chains or streams by their names, and make those that do not exist.

        All of them are locked by one statement, in order. So they are made before, unless this process has seen them all.
        """
        if not _seen.issuperset((lock, name) for name in names):
            await self.execute(make, names, first)
        rows = await self.execute(lock, names)
        if len(rows) < len(names):  # one was deleted, or what made it was rolled back
            await self.execute(make, names, first)
            rows = await self.execute(lock, names)
        _note_seen(*((lock, name) for name in names))
        return rows

    async def _lock_with_streams(self, chain: str) -> list[dict[str, Any]]:
        """
        Lock the only chain, and after it the streams of the events, by one statement if all of them have been seen.

        Others wait for these locks until the commit, so what is asked under them costs everybody's time.
        """
        self._only = self._only_target()
        held = self._locked if self._locked and self._locked[0]["name"] == chain else []
        if self._only is not None:
            rows = held[:1] or await self._write_and_lock(chain)
            return rows or await self._lock_named(_LOCK_CHAINS, _MAKE_CHAINS, [chain], audit.GENESIS)
        names = self._names()
        heads = {row["name"]: row["head"] for row in held[1:] if row["name"] in names}
        if held and len(heads) == len(names):
            self._heads = heads
            return held[:1]
        rows = []
        if (_LOCK_CHAINS, chain) in _seen and _seen.issuperset((_LOCK_STREAMS, name) for name in names):
            rows = await self.execute(_LOCK_BOTH, chain, names)
        if len(rows) <= len(names):
            chains = await self._lock_named(_LOCK_CHAINS, _MAKE_CHAINS, [chain], audit.GENESIS)
            rows = chains + await self._lock_named(_LOCK_STREAMS, _MAKE_STREAMS, names, secrets.token_hex(6))
        self._heads = {row["name"]: row["head"] for row in rows[1:]}
        return rows[:1]

    def _only_target(self) -> tuple[str, Event] | None:
        """The stream and the event, if there is one of each."""
        if len(self._events) != 1 or self._opened:
            return None
        names = self._events[0].streams()
        return (names[0], self._events[0]) if len(names) == 1 else None

    def _names(self) -> list[str]:
        """The streams of the events, and those that are opened."""
        return sorted({name for event in self._events for name in event.streams()} | self._opened)

    async def _write_all(self) -> None:
        await self._keep_answer()
        await self._write_audit()
        await self._write_events()
        if self._rows:
            await self._write_rows()

    async def _write_rows(self) -> None:
        rows, self._rows = self._rows, []
        statement, values = inserting(rows, "SELECT 1", ())
        await rows_on(self.connection, statement, values)

    async def _write_and_lock(self, chain: str) -> list[dict[str, Any]]:
        """Lock an audit chain, and insert what is still to be inserted by the same statement."""
        if not self._rows:
            return await rows_on(self.connection, _LOCK_CHAIN_ALONE, (chain,))
        rows, self._rows = self._rows, []
        return await rows_on(self.connection, *inserting(rows, _LOCK_CHAIN, (chain,)))

    async def _write_audit(self) -> None:
        if not self._audits:
            return
        names = sorted({entry.chain for entry in self._audits})
        if len(self._audits) == 1 and self._events:
            rows = await self._lock_with_streams(names[0])
        else:
            rows = await self._lock_named(_LOCK_CHAINS, _MAKE_CHAINS, names, audit.GENESIS)
        heads: dict[str, tuple[int, bytes]] = {row["name"]: (row["head"], bytes(row["mac"])) for row in rows}
        for entry in self._audits:
            head, previous = heads[entry.chain]
            row = {
                "at": self.at,
                "actor_type": self.actor.type,
                "actor_id": self.actor.acting_id,
                "session_id": self.actor.session_id,
                "action": entry.action,
                "resource_type": entry.resource_type,
                "resource_id": entry.resource_id,
                "outcome": entry.outcome,
                "ip": self.request.ip,
                "request_id": log.request_id.get(),
                "details": entry.details,
            }
            code = audit.code_of(ledger().audit_key, entry.chain, previous, head + 1, audit.body_of(row))
            values = [entry.chain, head + 1, *list(row.values())[:-1], orjson.dumps(entry.details).decode(), code]
            if self._heads is not None or self._only is not None:
                self._audit_values = values
            else:
                await self.execute(_ADD_AUDIT, *values)
            heads[entry.chain] = (head + 1, code)

    async def _write_events(self) -> None:
        if not self._events and not self._opened:
            return
        if self._only is not None:
            name, event = self._only
            self.heads = {name: await self._add_one(name, event)}
            return
        targets = [(name, event) for event in self._events for name in event.streams()]
        ids = {id(event): str(uuid7()) for event in self._events}
        values = [
            (ids[id(event)], event.event, orjson.dumps(event.payload_on(name)), orjson.dumps(event.ends()))
            for name, event in targets
        ]
        columns = [
            [value.decode() if isinstance(value, bytes) else value for value in column]
            for column in zip(*values, strict=True)
        ]
        common = (self.at, orjson.dumps(self.actor.view()).decode(), log.request_id.get())
        heads = self._heads
        if heads is None:
            names = self._names()
            if targets and len(names) == 1:
                self.heads = {names[0]: await self._append(names[0], len(targets), *columns, *common)}
                return
            rows = await self._lock_named(_LOCK_STREAMS, _MAKE_STREAMS, names, secrets.token_hex(6))
            heads = {row["name"]: row["head"] for row in rows}
        self.heads = heads
        if not targets:
            return
        numbers = []
        for name, _ in targets:
            heads[name] += 1
            numbers.append(str(heads[name]))
        await self.execute(
            _ADD_EVENTS if self._audit_values is None else _ADD_BOTH,
            [name for name, _ in targets],
            numbers,
            *columns,
            *common,
            list(heads),
            [str(head) for head in heads.values()],
            *(self._audit_values or ()),
        )

    async def _add_one(self, name: str, event: Event) -> int:
        """Write the only event and the only audit row. Returns: the event's number."""
        event_id = uuid7()
        data, ends = orjson.dumps(event.payload_on(name)).decode(), orjson.dumps(event.ends()).decode()
        actor, request_id = orjson.dumps(self.actor.view()).decode(), log.request_id.get()
        values = (event_id, event.event, self.at, actor, request_id, data, ends)
        rows = await self.execute(_ADD_ONE, name, *values, *(self._audit_values or ()))
        if rows:
            seq: int = rows[0]["seq"]
            return seq
        # There is no such stream yet, or no more. The audit row is written.
        columns = ([str(event_id)], [event.event], [data], [ends])
        return await self._append(name, 1, *columns, self.at, actor, request_id)

    async def _append(self, name: str, count: int, *values: Any) -> int:
        """Write events to one stream, which is made if there is none. Returns: the number of the last one."""
        if (_LOCK_STREAMS, name) not in _seen:
            await self.execute(_MAKE_STREAMS, [name], secrets.token_hex(6))
        rows = await self.execute(_APPEND, name, count, *values)
        if not rows:  # it was deleted, or what made it was rolled back
            await self.execute(_MAKE_STREAMS, [name], secrets.token_hex(6))
            rows = await self.execute(_APPEND, name, count, *values)
        _note_seen((_LOCK_STREAMS, name))
        last: int = max(row["seq"] for row in rows)
        return last


def _note_seen(*names: tuple[str, str]) -> None:
    if len(_seen) > MOST_SEEN:
        _seen.clear()
    _seen.update(names)


def unit_of_work(actor: Actor, settings: str = "") -> AbstractAsyncContextManager[UnitOfWork]:
    """
    Open the one transaction of an action. `settings` are SET LOCAL statements that it begins with, in the same question to
    the database; such a transaction has no savepoints and no cursors.

    Raises: Replayed if the request's Idempotency-Key already has an answer; RuntimeError if a unit of work is already
    open.
    """
    return _Work(actor, settings)


class _Work(AbstractAsyncContextManager[UnitOfWork]):
    """A class, because a generator is resumed once more for whatever its block waits for."""

    __slots__ = ("_actor", "_token", "_transaction", "_u")

    def __init__(self, actor: Actor, settings: str) -> None:
        self._actor = actor
        self._transaction = in_transaction(f"BEGIN; {settings}" if settings else None)

    async def __aenter__(self) -> UnitOfWork:
        if _open.get() is not None:
            raise RuntimeError("a unit of work is already open; pass it on instead of opening another")
        connection = await self._transaction.__aenter__()
        self._u = u = UnitOfWork(self._actor, connection, call.get() or Call())
        self._token = _open.set(u)
        try:
            await u._claim_key()
        except BaseException as error:
            await self._leave(error)
            raise
        return u

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            await self._leave(error)
            return
        u = self._u
        try:
            await u._write_all()
        except BaseException as failure:
            await self._leave(failure)
            raise
        await self._leave(None)
        if u.heads:
            ledger().hint(u.heads)
            ledger().told(u._events)

    async def _leave(self, error: BaseException | None) -> None:
        """Commit, or roll back after an error."""
        _open.reset(self._token)
        await self._transaction.__aexit__(
            None if error is None else type(error), error, None if error is None else error.__traceback__
        )


def _json_ready(details: dict[str, Any]) -> dict[str, Any]:
    if audit.is_plain(details):
        return details
    ready: dict[str, Any] = orjson.loads(orjson.dumps(details, default=str))
    return ready
