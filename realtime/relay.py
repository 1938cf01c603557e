"""
After the commit: events are read from their table in order, framed once, and written to everybody who follows the
stream.

Each stream has one Stream object per process, with a ring of its newest frames. A subscription is a cursor into that
ring, so a slow client costs only its cursors, not a backlog. Nothing is emitted here that is not in the table.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import orjson

from core import log
from core.clock import now
from core.ordered import OrderedSet
from realtime.batching import Batch
from realtime.counts import Counts
from realtime.frame import Frame, is_contiguous
from realtime.socket import Socket
from realtime.store import StateRow, Store
from realtime.transport import event_frame, packet_frame

RING = 1000  # frames kept per stream
PAGE = 500
CATCH_UP = 64  # events that are read for a client that has fallen behind: as many as wait for one client at most
CHECK_HEADS_S = 1.0
# Between two reads of a stream. The first event after a quiet time is read at once; those of a busy time are written
# several in one piece.
PACE_S = 0.015
# Of a stream that so many follow, while there are several events in each read. What a piece costs for each of them hardly
# depends on how many are in it, so one stream takes at most a fifth of a process, and a busy machine joins more.
CROWD, CROWDED_PACE_S, MOST_PACE_S, TIMES = 200, 0.03, 0.05, 4
MAX_STATES = 10_000  # newest values that are kept
# How far back states are read again: a value may be committed after one that was stored later.
STATES_AGAIN = timedelta(seconds=2)
STATE_INTERVAL_S = 0.1  # a socket gets each state at most ten times a second
HIDDEN_INTERVALS = 10  # and one whose tab is hidden, that many times less often
Result = TypeVar("Result")
logger = log.get(__name__)


class Follower(Protocol):
    """Somebody who follows streams over a connection, and is told what happens to the subscriptions."""

    def forget(self, sub: "Subscription", /) -> None:
        """A subscription was removed."""
        ...

    def doubt(self, names: set[str] | None, /) -> None:
        """Nothing more of these streams (None: of any) may be written until the right to them has been read again."""
        ...


@dataclass(eq=False, slots=True)  # compared by identity: two subscriptions to a stream are never the same
class Subscription:
    """One client's position in one stream."""

    connection: Socket
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
    # Most subscriptions have neither, and an empty one would take more memory than the rest.
    state_versions: dict[str, int] | None = None
    states_behind: set[str] | None = None  # keys whose newest value is still to be sent


@dataclass
class Stream:
    """A stream that this process holds."""

    name: str
    epoch: str
    tail: int
    want: int
    ring: deque[Frame] = field(default_factory=lambda: deque(maxlen=RING))
    subs: OrderedSet[Subscription] = field(default_factory=OrderedSet)
    is_reading: bool = False
    # called with None if events were missed
    listeners: OrderedSet[Callable[[Frame | None], None]] = field(default_factory=OrderedSet)
    pending: int = 0  # subscriptions in progress that rely on it
    is_gone: bool = False  # replaced by another object, so nothing is read into it any more

    @property
    def first(self) -> int:
        """The number of the oldest frame in the ring; one past the tail if it is empty."""
        return self.ring[0].seq if self.ring else self.tail + 1

    def slice(self, after: int, limit: int | None = None) -> list[Frame]:
        """The frames after a number. Empty if the ring does not reach back that far."""
        start = after + 1 - self.first
        end = None if limit is None else start + limit
        return list(islice(self.ring, start, end)) if start >= 0 else []

    def prepend(self, page: list[Frame]) -> None:
        """
        Put older frames before the ring, if they reach it and all fit. A process that has just started has empty rings,
        and after the first client that comes back, the others need nothing from the table.
        """
        older = page[: max(0, self.first - page[0].seq)]
        fits = self.ring.maxlen is None or len(self.ring) + len(older) <= self.ring.maxlen
        if older and older[-1].seq + 1 == self.first and fits:
            self.ring.extendleft(reversed(older))


class Relay:
    """Reads events after they are committed and writes them to subscriptions."""

    def __init__(
        self, store: Store, on_sent: Callable[[int], None] = lambda _: None, clock: Callable[[], datetime] = now
    ) -> None:
        self._store = store
        self._clock = clock
        self.counts = Counts()
        self.streams: dict[str, Stream] = {}
        self.by_user: dict[str, OrderedSet[Subscription]] = {}
        self._tasks: OrderedSet[asyncio.Task[Any]] = OrderedSet()
        self._pages: dict[tuple[str, str, int, int], asyncio.Task[list[Frame]]] = {}  # pages that are being read now
        self._catching_up = asyncio.Semaphore(8)
        self._states: dict[str, StateRow] = {}
        self._states_of: Batch[str, list[StateRow]] = Batch(self._read_states_of)
        self._dirty: OrderedSet[str] = OrderedSet()
        self._states_seen: datetime | None = None
        self._on_sent = on_sent
        self.live = 0  # number of live subscriptions
        self.on_added: Callable[[Subscription], None] = lambda _: None
        self.on_dropped: Callable[[Subscription], None] = lambda _: None  # told of live ones only

    def start(self) -> None:
        """Begin to check heads and to send states."""
        self._spawn(self._check_heads())
        self._spawn(self._flush_states())

    async def stop(self) -> None:
        """End all tasks."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def slow(self) -> int:
        """The number of live subscriptions that have not been sent everything yet."""
        return sum(sub.cursor < stream.tail for stream in self.streams.values() for sub in stream.subs)

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
                found = await self._store.heads([stream.name for stream, _ in held])
                for stream, tail in held:
                    at = found.get(stream.name)
                    if stream.is_gone:
                        continue
                    if at is None or at.head < tail:
                        # the stream was removed, or the database was restored from an older copy
                        self._reset_all(stream, "epoch")
                    else:
                        self._on_head(stream, at.epoch, at.head)
                await self._load_states(None)
            except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
                logger.warning("the heads of the streams could not be read", error=type(error).__name__)

    # -- events --------------------------------------------------------------------------------------------------------

    async def _read(self, stream: Stream) -> None:
        """Read new events of a stream. This is the stream's only reader in this process."""
        try:
            while stream.tail < stream.want and not stream.is_gone:
                frames = await self._store.frames(stream.name, stream.tail, PAGE)
                if stream.is_gone:
                    return
                if not is_contiguous(frames, stream.tail, stream.epoch):
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
                if stream.subs:
                    at = self._clock().timestamp()
                    for frame in frames:
                        self.counts.delays.note(max(0.0, at - frame.made_at))
                await self._pause(is_crowded=len(stream.subs) >= CROWD and len(frames) > 1)
        except Exception as error:  # noqa: BLE001 - a task's root: the next check of heads tries again
            logger.warning("a stream could not be read", error=type(error).__name__)
        finally:
            stream.is_reading = False

    async def _pause(self, *, is_crowded: bool) -> None:
        """Wait between two reads of a stream."""
        pause_s = PACE_S
        if is_crowded:
            began = time.perf_counter()
            await asyncio.sleep(0)  # what was written goes to the kernel meanwhile
            pause_s = min(MOST_PACE_S, max(CROWDED_PACE_S, TIMES * (time.perf_counter() - began)))
        await asyncio.sleep(pause_s)

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
                connection.write_at_once(piece)
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
            # Of the frames that were put before the ring, the reader has told nobody.
            if frame.ends and sub.user_id in frame.ends and frame.seq > sub.granted:
                self.end(sub)
                break
            sub.connection.write(frame.wire)
            sub.cursor = frame.seq
            sent += 1
        if sent:
            self._on_sent(sent)
        behind, sub.states_behind = sub.states_behind or (), None
        for key in behind:
            state = self._states.get(key)
            if state is not None:
                self._write_state(sub, state, _state_frame(sub.name, state))

    async def _catch_up(self, sub: Subscription) -> None:
        """Bring a subscription forward from the table, when the ring no longer reaches back that far."""
        stream, frames = sub.stream, None
        assert stream is not None
        try:
            async with self._catching_up:
                frames, source = await self.page(sub.name, stream.epoch, sub.cursor, CATCH_UP)
                self.counts.catch_ups[source] += 1
        except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
            logger.warning("a subscription could not be caught up", error=type(error).__name__)
            await asyncio.sleep(CHECK_HEADS_S)
        sub.is_catching_up = False
        if not sub.is_live or sub.doubts:
            return  # whatever resolves the doubts pumps again
        if frames is None:
            self.pump(sub)
            return
        if not is_contiguous(frames, sub.cursor, stream.epoch):
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

    async def page(self, name: str, epoch: str, after: int, limit: int) -> tuple[list[Frame], str]:
        """
        The events of a stream after a number, which its head has passed. Those who want the same at the same time get
        what is read once.

        Returns: the page, and where it came from: `ring`, `shared` or `database`. It may end before the head that the
        last of them knew, have a gap, or be of another epoch. Raises what the store raises.
        """
        stream = self.streams.get(name)
        if stream is not None and stream.epoch == epoch and (held := stream.slice(after, limit)):
            return held, "ring"
        key = (name, epoch, after, limit)
        reading, source = self._pages.get(key), "shared"
        if reading is None:
            reading, source = self._spawn(self._store.frames(name, after, limit)), "database"
            self._pages[key] = reading
            reading.add_done_callback(partial(self._page_read, key))
        # Whoever asked first may go away while others wait for the same page.
        page = await asyncio.shield(reading)
        stream = self.streams.get(name)
        if stream is not None and is_contiguous(page, after, stream.epoch):
            stream.prepend(page)
        return page, source

    def _page_read(self, key: tuple[str, str, int, int], reading: "asyncio.Task[list[Frame]]") -> None:
        del self._pages[key]
        if not reading.cancelled():
            reading.exception()  # so that one which nobody waits for any more is not reported as forgotten

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
        self.by_user.setdefault(sub.user_id, OrderedSet()).add(sub)
        self.pump(sub)
        self.on_added(sub)

    def note_pending(self, sub: Subscription) -> None:
        """From here on a removal reaches the subscription, although its right has not been read yet."""
        self.by_user.setdefault(sub.user_id, OrderedSet()).add(sub)

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
            self.counts.revoked += 1
            sub.connection.emit("stream.revoked", {"stream": sub.name})
            sub.follower.forget(sub)

    def end_at(self, sub: Subscription, at: datetime | None) -> None:
        """End a right automatically at a given time, replacing any time set before."""
        if sub.expiry is not None:
            sub.expiry.cancel()
            sub.expiry = None
        if at is not None:
            sub.expiry = asyncio.get_running_loop().call_later(self.seconds_until(at), self.end, sub)

    def end_user(self, user_id: str, name: str, seq: int) -> None:
        """
        A person's right to a stream ended with this event: end subscriptions to it, and put those below it in doubt.
        """
        doubting: OrderedSet[Follower] = OrderedSet()
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
        self.counts.resets[reason] += 1
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
                states = await self._store.states_named(keys)
            else:
                since = self._states_seen or await self._store.time()
                states = await self._store.states_since(since - STATES_AGAIN)
                self._states_seen = max([since, *(state.updated_at for state in states)])
        except Exception as error:  # noqa: BLE001 - the next check tries again
            logger.warning("states could not be read", error=type(error).__name__)
            return
        for state in states:
            self._note_state(state)

    def _note_state(self, state: StateRow) -> None:
        known = self._states.get(state.key)
        if known is not None and known.version >= state.version:
            return
        if any(name in self.streams for name in state.streams):
            self._states[state.key] = state
            self._dirty.add(state.key)

    async def _flush_states(self) -> None:
        """
        Ten times a second, send the newest value of every changed key to those who follow one of its streams. Once a
        second, also to those whose tab is hidden.
        """
        interval = 0
        unseen: OrderedSet[str] = OrderedSet()  # changed since hidden tabs were told
        while True:
            await asyncio.sleep(STATE_INTERVAL_S)
            interval += 1
            dirty, self._dirty = self._dirty, OrderedSet()
            unseen.update(dirty)
            is_for_all = interval % HIDDEN_INTERVALS == 0
            if is_for_all:
                dirty, unseen = unseen, OrderedSet()
            try:
                for key in dirty:
                    if key in self._states:
                        self._flush_state(self._states[key], is_for_all=is_for_all)
            except Exception:
                logger.exception("states could not be sent")
            if len(self._states) > MAX_STATES:
                self._states = dict(list(self._states.items())[-MAX_STATES // 2 :])

    def _flush_state(self, state: StateRow, *, is_for_all: bool) -> None:
        for name in state.streams:
            stream = self.streams.get(name)
            if stream is None:
                continue
            wire = _state_frame(name, state)
            for sub in list(stream.subs):
                if is_for_all or not sub.connection.is_hidden:
                    self._write_state(sub, state, wire)

    async def send_states(self, sub: Subscription) -> None:
        """Send the newest value of each key of the stream, after the answer to a subscription."""
        try:
            states = await self._states_of.ask(sub.name)
        except Exception as error:  # noqa: BLE001 - the answer is already on its way, so make the client subscribe again
            logger.warning("states could not be read", error=type(error).__name__)
            if sub.is_live:
                self.reset(sub, "behind")
            return
        for state in states:
            self._note_state(state)
            if sub.is_live:
                self._write_state(sub, state, _state_frame(sub.name, state))

    async def _read_states_of(self, names: list[str]) -> list[list[StateRow]]:
        found: dict[str, list[StateRow]] = {name: [] for name in names}
        for state in await self._store.states_of(list(found)):
            for name in state.streams:
                if name in found:
                    found[name].append(state)
        return [found[name] for name in names]

    def _write_state(self, sub: Subscription, state: StateRow, wire: bytes) -> None:
        versions = sub.state_versions = sub.state_versions or {}
        if versions.get(state.key, 0) >= state.version:
            return  # versions never go down
        if sub.doubts or not sub.connection.is_writable:
            sub.states_behind = {
                *(sub.states_behind or ()),
                state.key,
            }  # the newest value follows once the client has taken what is queued for it
            return
        versions[state.key] = state.version
        sub.connection.write(wire)

    def seconds_until(self, at: datetime) -> float:
        """Seconds from now, at least zero."""
        return max(0.0, (at - self._clock()).total_seconds())

    def has_ended(self, at: datetime | None) -> bool:
        """Whether a right with this end is over. The timer that ends it may not have run yet."""
        return at is not None and self._clock() >= at

    def _spawn(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _state_frame(name: str, state: StateRow) -> bytes:
    value = orjson.Fragment(state.value)
    body = {"stream": name, "key": state.key, "version": state.version, "value": value}
    return packet_frame(event_frame("state", body))
