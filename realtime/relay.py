"""
After the commit: events are read from their table in order, framed once, and written to everybody who follows the
stream.

Each stream has one Stream object per process, with a ring of its newest frames. A subscription is a cursor into that
ring, so a slow client costs only its cursors, not a backlog. Nothing is emitted here that is not in the table.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import asyncpg
import orjson

from core import log
from core.clock import now, rfc3339
from realtime.transport import Connection, event_frame, packet_frame

RING = 1000  # frames kept per stream
PAGE = 500
CATCH_UP = 64  # events that are read for a client that has fallen behind: as many as wait for one client at most
CHECK_HEADS_S = 1.0
# Between two reads of a stream. The first event after a quiet time is read at once; those of a busy time are written
# several in one piece.
PACE_S = 0.015
MAX_STATES = 10_000  # newest values that are kept
STATE_INTERVAL_S = 0.1  # a socket gets each state at most ten times a second
logger = log.get(__name__)


@dataclass(frozen=True)
class Frame:
    """An event as it is written, and the users whose right to the stream ends with it."""

    seq: int
    wire: bytes  # one WebSocket frame
    event: dict[str, Any]
    ends: tuple[str, ...]


class Follower(Protocol):
    """Somebody who follows streams over a connection, and is told what happens to the subscriptions."""

    def forget(self, sub: "Subscription", /) -> None:
        """A subscription was removed."""
        ...

    def doubt(self, names: set[str] | None, /) -> None:
        """Nothing more of these streams (None: of any) may be written until the right to them has been read again."""
        ...


@dataclass(eq=False)  # compared by identity: two subscriptions to a stream are never the same
class Subscription:
    """One client's position in one stream."""

    connection: Connection
    follower: Follower
    user_id: str
    name: str
    parents: frozenset[str] = frozenset()  # streams of the project and the vault that the right to this one depends on
    stream: "Stream | None" = None
    cursor: int = 0
    granted: int = 0  # head when the right was read; older removals do not count
    is_live: bool = False
    # events that put the right in question; while above zero nothing is written, until it has been read again
    doubts: int = 0
    ended_at: float = -1  # seq of a removal seen while pending
    is_catching_up: bool = False
    expiry: asyncio.TimerHandle | None = None
    state_versions: dict[str, int] = field(default_factory=dict)
    states_behind: set[str] = field(default_factory=set)  # keys whose newest value is still to be sent


@dataclass
class Stream:
    """A stream that this process holds."""

    name: str
    epoch: str
    tail: int
    want: int
    ring: deque[Frame] = field(default_factory=lambda: deque(maxlen=RING))
    subs: set[Subscription] = field(default_factory=set)
    is_reading: bool = False
    # called with None if events were missed
    listeners: set[Callable[[Frame | None], None]] = field(default_factory=set)
    pending: int = 0  # subscriptions in progress that rely on it
    is_gone: bool = False  # replaced by another object, so nothing is read into it any more

    @property
    def first(self) -> int:
        """The number of the oldest frame in the ring; one past the tail if it is empty."""
        return self.ring[0].seq if self.ring else self.tail + 1

    def slice(self, after: int, limit: int) -> list[Frame]:
        """The frames after a number. Empty if the ring does not reach back that far."""
        if after + 1 < self.first:
            return []
        return [frame for frame in self.ring if frame.seq > after][:limit]


class Relay:
    """Reads events after they are committed and writes them to subscriptions."""

    def __init__(
        self, pool: Callable[[], Awaitable[asyncpg.Pool]], on_sent: Callable[[int], None] = lambda _: None
    ) -> None:
        self._make_pool = pool
        self._pool: asyncpg.Pool | None = None
        self.streams: dict[str, Stream] = {}
        self.by_user: dict[str, set[Subscription]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._catching_up = asyncio.Semaphore(8)
        self._states: dict[str, tuple[int, list[str], str]] = {}
        self._dirty: set[str] = set()
        self._states_seen: datetime | None = None
        self._on_sent = on_sent
        self.live = 0  # number of live subscriptions
        self.on_added: Callable[[Subscription], None] = lambda _: None
        self.on_dropped: Callable[[Subscription], None] = lambda _: None  # told of live ones only

    async def start(self) -> None:
        """Open the pool and begin to check heads."""
        self._pool = await self._make_pool()
        self._spawn(self._check_heads())
        self._spawn(self._flush_states())

    async def stop(self) -> None:
        """End all tasks and close the pool."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pool is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._pool.close(), 2)

    # -- hints ---------------------------------------------------------------------------------------------------------

    def on_hint(self, heads: dict[str, int], states: list[str]) -> None:
        """Handle heads and state keys that some process has committed."""
        for name, head in heads.items():
            stream = self.streams.get(name)
            if stream is not None:
                self._on_head(stream, stream.epoch, head)
        if states:
            self._spawn(self._load_states(states))

    def _on_head(self, stream: Stream, epoch: str, head: int) -> None:
        if epoch != stream.epoch:
            self._reset_all(stream, "epoch")
            return
        stream.want = max(stream.want, head)
        if stream.tail < stream.want and not stream.is_reading:
            stream.is_reading = True
            self._spawn(self._read(stream))

    async def _check_heads(self) -> None:
        """Once a second, make up for lost hints and let go of streams that nobody holds."""
        while True:
            await asyncio.sleep(CHECK_HEADS_S)
            try:
                for name, stream in list(self.streams.items()):
                    if not stream.subs and not stream.listeners and not stream.pending and not stream.is_reading:
                        stream.is_gone = True
                        del self.streams[name]
                held = [(stream, stream.tail) for stream in self.streams.values()]
                rows = await self.fetch(
                    "SELECT name, epoch, head FROM streams WHERE name = ANY($1)", [stream.name for stream, _ in held]
                )
                found = {row["name"]: row for row in rows}
                for stream, tail in held:
                    row = found.get(stream.name)
                    if stream.is_gone:
                        continue
                    if row is None or row["head"] < tail:
                        # the stream was removed, or the database was restored from an older copy
                        self._reset_all(stream, "epoch")
                    else:
                        self._on_head(stream, row["epoch"], row["head"])
                await self._load_states(None)
            except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
                logger.warning("the heads of the streams could not be read", error=type(error).__name__)

    # -- events --------------------------------------------------------------------------------------------------------

    async def _read(self, stream: Stream) -> None:
        """Read new events of a stream. This is the stream's only reader in this process."""
        try:
            while stream.tail < stream.want and not stream.is_gone:
                frames = await self.frames(stream.name, stream.tail, PAGE)
                if stream.is_gone:
                    return
                if not is_contiguous(frames, stream.tail):
                    self._reset_all(stream, "behind")
                    return
                before = stream.tail
                for frame in frames:
                    # A removal ends the subscription before this frame, or any later one, is written.
                    for user_id in frame.ends:
                        self.end_user(user_id, stream.name, frame.seq)
                    stream.ring.append(frame)
                    stream.tail = frame.seq
                    for listener in list(stream.listeners):
                        listener(frame)
                self._fan_out(stream, before, frames)
                await asyncio.sleep(PACE_S)
        except Exception as error:  # noqa: BLE001 - a task's root: the next check of heads tries again
            logger.warning("a stream could not be read", error=type(error).__name__)
        finally:
            stream.is_reading = False

    def _fan_out(self, stream: Stream, before: int, frames: list[Frame]) -> None:
        """Write new frames to everybody, as one piece to those who have seen all that came before. Contains no await."""
        piece = b"".join([frame.wire for frame in frames])
        tail, sent = stream.tail, 0
        for sub in list(stream.subs):
            connection = sub.connection
            if (
                sub.cursor == before
                and connection.is_writable
                and sub.is_live
                and not (sub.doubts or sub.states_behind)
            ):
                connection.write(piece)
                sub.cursor = tail
                sent += 1
            else:
                self.pump(sub)
        if sent:
            self._on_sent(sent * len(frames))

    def pump(self, sub: Subscription) -> None:
        """Write what a subscription has not seen, as far as its client takes it. Contains no await."""
        stream = sub.stream
        if stream is None:
            return
        sent = 0
        while sub.is_live and not sub.doubts and sub.connection.is_writable and sub.cursor < stream.tail:
            if sub.cursor + 1 < stream.first:
                if not sub.is_catching_up:
                    sub.is_catching_up = True
                    self._spawn(self._catch_up(sub))
                break
            frame = stream.ring[sub.cursor + 1 - stream.first]
            sub.connection.write(frame.wire)
            sub.cursor = frame.seq
            sent += 1
        if sent:
            self._on_sent(sent)
        for key in list(sub.states_behind):
            version, _, value = self._states.get(key, (0, [], ""))
            sub.states_behind.discard(key)
            self._write_state(sub, key, version, _state_frame(sub.name, key, version, value) if version else b"")

    async def _catch_up(self, sub: Subscription) -> None:
        """Bring a subscription forward from the table, when the ring no longer reaches back that far."""
        try:
            async with self._catching_up:
                frames = await self.frames(sub.name, sub.cursor, CATCH_UP)
        except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
            logger.warning("a subscription could not be caught up", error=type(error).__name__)
            await asyncio.sleep(CHECK_HEADS_S)
            frames = None
        sub.is_catching_up = False
        if not sub.is_live or sub.doubts:
            return  # whatever resolves the doubts pumps again
        if frames is None:
            self.pump(sub)
            return
        if not is_contiguous(frames, sub.cursor):
            self.reset(sub, "behind")
            return
        for frame in frames:
            if sub.user_id in frame.ends and frame.seq > sub.granted:
                self.end(sub)
                return
            if not sub.connection.is_writable:
                break  # goes on once the client has taken what is queued
            sub.connection.write(frame.wire)
            sub.cursor = frame.seq
        self.pump(sub)

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
        return [_frame(name, row) for row in rows]

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Rows, read over the relay's own pool. Raises what asyncpg raises."""
        assert self._pool is not None
        found: list[Any] = await self._pool.fetch(sql, *values)
        return found

    # -- subscriptions -------------------------------------------------------------------------------------------------

    def hold(self, name: str, epoch: str, head: int) -> Stream:
        """The stream with a name, held from this head on."""
        stream = self.streams.get(name)
        if stream is not None and stream.epoch != epoch:
            self._reset_all(stream, "epoch")
            stream = None
        if stream is None:
            stream = self.streams[name] = Stream(name, epoch, tail=head, want=head)
        self._on_head(stream, epoch, head)
        return stream

    def add(self, sub: Subscription) -> None:
        """Make a subscription live at its cursor."""
        assert sub.stream is not None
        sub.is_live = True
        self.live += 1
        sub.stream.subs.add(sub)
        self.by_user.setdefault(sub.user_id, set()).add(sub)
        self.pump(sub)
        self.on_added(sub)

    def note_pending(self, sub: Subscription) -> None:
        """From here on a removal reaches the subscription, although its right has not been read yet."""
        self.by_user.setdefault(sub.user_id, set()).add(sub)

    def drop(self, sub: Subscription) -> None:
        """Remove a subscription without telling the client."""
        if sub.is_live:
            self.live -= 1
            sub.is_live = False
            self.on_dropped(sub)
        if sub.expiry is not None:
            sub.expiry.cancel()
        if sub.stream is not None:
            sub.stream.subs.discard(sub)
        mine = self.by_user.get(sub.user_id)
        if mine is not None:
            mine.discard(sub)
            if not mine:
                del self.by_user[sub.user_id]

    def end(self, sub: Subscription) -> None:
        """Remove a subscription because its right is gone."""
        was_live = sub.is_live
        self.drop(sub)
        sub.ended_at = float("inf")
        if was_live:
            sub.connection.emit("stream.revoked", {"stream": sub.name})
            sub.follower.forget(sub)

    def end_at(self, sub: Subscription, at: datetime | None) -> None:
        """End a right automatically at a given time, replacing any time set before."""
        if sub.expiry is not None:
            sub.expiry.cancel()
            sub.expiry = None
        if at is not None:
            sub.expiry = asyncio.get_running_loop().call_later(seconds_until(at), self.end, sub)

    def end_user(self, user_id: str, name: str, seq: int) -> None:
        """
        A person's right to a stream ended with this event: end subscriptions to it, and put those below it in doubt.
        """
        doubting: set[Follower] = set()
        for sub in list(self.by_user.get(user_id, ())):
            if sub.name != name:
                # A subscription in progress may turn out to be below it.
                if (name in sub.parents or not sub.is_live) and not sub.connection.is_closed:
                    doubting.add(sub.follower)
            elif not sub.is_live:
                sub.ended_at = max(sub.ended_at, seq)
            elif seq > sub.granted:  # otherwise an older removal; the person has been added again since
                self.end(sub)
        for follower in doubting:
            follower.doubt({name})

    def reset(self, sub: Subscription, reason: str) -> None:
        """Tell a client to subscribe again."""
        self.drop(sub)
        sub.connection.emit("stream.reset", {"stream": sub.name, "reason": reason})
        sub.follower.forget(sub)

    def _reset_all(self, stream: Stream, reason: str) -> None:
        stream.is_gone = True
        if self.streams.get(stream.name) is stream:
            del self.streams[stream.name]
        for sub in list(stream.subs):
            self.reset(sub, reason)
        for listener in list(stream.listeners):
            listener(None)

    # -- state ---------------------------------------------------------------------------------------------------------

    async def _load_states(self, keys: list[str] | None) -> None:
        """Load newer values for keys, or for everything changed since the last check."""
        held = [name for name, stream in self.streams.items() if stream.subs]
        if not held:
            return
        try:
            if keys is not None:
                rows = await self.fetch(_STATES + "key = ANY($1)", keys)
            else:
                # By the database's clock, not ours. Two seconds back, since a value may be committed after a later one.
                since = self._states_seen or await self._fetch_time()
                rows = await self.fetch(_STATES + "updated_at > $1::timestamptz - interval '2 seconds'", since)
                self._states_seen = max([since, *(row["updated_at"] for row in rows)])
        except Exception as error:  # noqa: BLE001 - the next check tries again
            logger.warning("states could not be read", error=type(error).__name__)
            return
        for row in rows:
            self._note_state(row)

    def _note_state(self, row: Any) -> None:
        known = self._states.get(row["key"])
        if known is not None and known[0] >= row["version"]:
            return
        names = orjson.loads(row["streams"])
        if any(name in self.streams for name in names):
            self._states[row["key"]] = (row["version"], names, row["value"])
            self._dirty.add(row["key"])

    async def _flush_states(self) -> None:
        """Ten times a second, send the newest value of every changed key to those who follow one of its streams."""
        while True:
            await asyncio.sleep(STATE_INTERVAL_S)
            dirty, self._dirty = self._dirty, set()
            try:
                for key in dirty:
                    self._flush_state(key)
            except Exception:
                logger.exception("states could not be sent")
            if len(self._states) > MAX_STATES:
                self._states = dict(list(self._states.items())[-MAX_STATES // 2 :])

    def _flush_state(self, key: str) -> None:
        version, names, value = self._states[key]
        for name in names:
            stream = self.streams.get(name)
            if stream is None:
                continue
            wire = _state_frame(name, key, version, value)
            for sub in list(stream.subs):
                self._write_state(sub, key, version, wire)

    async def send_states(self, sub: Subscription) -> None:
        """Send the newest value of each key of the stream, after the answer to a subscription."""
        try:
            rows = await self.fetch(_STATES + "streams ? $1", sub.name)
        except Exception as error:  # noqa: BLE001 - the answer is already on its way, so make the client subscribe again
            logger.warning("states could not be read", error=type(error).__name__)
            if sub.is_live:
                self.reset(sub, "behind")
            return
        for row in rows:
            self._note_state(row)
            if sub.is_live:
                wire = _state_frame(sub.name, row["key"], row["version"], row["value"])
                self._write_state(sub, row["key"], row["version"], wire)

    def _write_state(self, sub: Subscription, key: str, version: int, wire: bytes) -> None:
        if sub.state_versions.get(key, 0) >= version:
            return  # versions never go down
        if sub.doubts or not sub.connection.is_writable:
            sub.states_behind.add(key)  # the newest value follows once the client has taken what is queued for it
            return
        sub.state_versions[key] = version
        sub.connection.write(wire)

    async def _fetch_time(self) -> datetime:
        found: datetime = (await self.fetch("SELECT now() AS at"))[0]["at"]
        return found

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_STATES = "SELECT key, streams::text AS streams, version, value::text AS value, updated_at FROM states WHERE "


def _state_frame(name: str, key: str, version: int, value: str) -> bytes:
    body = {"stream": name, "key": key, "version": version, "value": orjson.Fragment(value)}
    return packet_frame(event_frame("state", body))


def _frame(name: str, row: Any) -> Frame:
    event = {
        "stream": name,
        "seq": row["seq"],
        "epoch": row["epoch"],
        "id": str(row["event_id"]),
        "type": row["type"],
        "at": rfc3339(row["at"]),
        "actor": orjson.loads(row["actor"]),
        "request_id": row["request_id"],
        "data": orjson.loads(row["data"]),
    }
    wire = packet_frame(event_frame(row["type"], event))
    return Frame(row["seq"], wire, event, tuple(orjson.loads(row["ends"])))


def is_contiguous(frames: list[Frame], after: int) -> bool:
    """Whether frames follow directly on a number, without a gap."""
    return bool(frames) and frames[0].seq == after + 1 and frames[-1].seq == after + len(frames)


def seconds_until(at: datetime) -> float:
    """Seconds from now, at least zero."""
    return max(0.0, (at - now()).total_seconds())
