"""
A database as far as the relay can tell the difference: commits in the order of each stream under its lock, snapshots of
one moment, transactions that are slow or rolled back, retention, copies that are restored, and failures.
"""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from realtime.frame import Frame, frame_of
from realtime.store import Head, StateRow

Found = TypeVar("Found")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # the wall clock when a simulation begins
PROJECT, JOB = (f"{noun}:00000000-0000-7000-8000-00000000000{n}" for n, noun in ((1, "project"), (2, "job")))
STATE_KEY = "job.progress:1"


class Down(OSError):
    """The database does not answer."""


def user_id(number: int) -> UUID:
    """The id of a person."""
    return UUID(f"00000000-0000-7000-8000-0000000001{number:02}")


def user_stream(number: int) -> str:
    """The person's own stream."""
    return f"user:{user_id(number)}"


@dataclass(frozen=True)
class Event:
    """A committed event."""

    seq: int
    id: UUID
    type: str
    at: float
    data: str
    ends: str


@dataclass
class StreamRow:
    """A stream and its events, the oldest of which may be gone."""

    epoch: str
    head: int = 0
    floor: int = 0
    events: list[Event] = field(default_factory=list)


@dataclass
class Member:
    """Somebody's membership in the project: until a time, or until an event."""

    until: float | None = None
    changed_at: float = -10.0
    removed_seq: int | None = None  # of the event in the project's stream
    removed_at: float = 0.0
    told_seq: int = 0  # of the event in the person's own stream


@dataclass
class Tables:
    """What a backup contains."""

    streams: dict[str, StreamRow] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    states: dict[str, StateRow] = field(default_factory=dict)
    sessions: dict[str, float | None] = field(default_factory=dict)  # when it was revoked


@dataclass
class Weather:
    """How often what goes wrong, between 0 and 1."""

    roll_back: float = 0.0
    slow_query: float = 0.0
    slow_commit: float = 0.0
    lost_hint: float = 0.0
    late_hint: float = 0.0
    failing_query: float = 0.0
    cut_by_restore: float = 0.0  # what was being asked when a copy was restored gets no answer
    latency_s: float = 0.004  # the most that a question or an answer usually travels


class Database:
    """The tables, who writes them, and how others learn of it."""

    def __init__(self, random: Random, weather: Weather, hint: Callable[[dict[str, int], list[str]], None]) -> None:
        self._random = random
        self.weather = weather
        self._hint = hint
        self.tables = Tables()
        self.people: dict[int, UUID] = {}
        self.number_of: dict[UUID, int] = {}
        self.session_ids: dict[str, UUID] = {}
        self.restores = 0
        self.is_down = False
        self.calm_since = 0.0  # no query has been slow or failed since then
        self.ledger: dict[tuple[str, str, int], Event] = {}  # everything that was ever committed
        self.past_members: dict[str, dict[int, Member]] = {}  # by epoch of the project, as it was when that one ended
        self.states_ever: set[tuple[str, int]] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self._frames: dict[tuple[str, str, int], Frame] = {}
        self.queries = 0

    @property
    def now(self) -> float:
        """The virtual time."""
        return asyncio.get_running_loop().time()

    def clock(self) -> datetime:
        """The wall clock."""
        return EPOCH + timedelta(seconds=self.now)

    def at(self, seconds: float) -> datetime:
        """The wall clock at a virtual time."""
        return EPOCH + timedelta(seconds=seconds)

    def open(self) -> None:
        """Makes the streams, and everybody a member."""
        for name in (PROJECT, JOB, *map(user_stream, self.people)):
            self.tables.streams[name] = StreamRow("e0")
        self.tables.members = {number: Member() for number in self.people}

    def add_person(self, number: int) -> None:
        """Makes an account."""
        self.people[number] = user_id(number)
        self.number_of[user_id(number)] = number

    def add_session(self, session: str) -> None:
        """Begins a session."""
        self.tables.sessions[session] = None
        self.session_ids[session] = UUID(int=len(self.session_ids) + 1)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def query(self, read: Callable[[], Found]) -> Found:
        """What `read` finds at one moment between question and answer."""
        self.queries += 1
        await self._travel()
        found, restores = read(), self.restores
        await self._travel()
        if restores != self.restores and self._random.random() < self.weather.cut_by_restore:
            raise self._fault()  # its connection did not survive
        return found

    async def _travel(self) -> None:
        chance = self._random.random()
        if chance < self.weather.slow_query:
            delay_s = self._random.random() * 1.5
            self.calm_since = max(self.calm_since, self.now + delay_s)
            await asyncio.sleep(delay_s)
        elif chance < 0.5:
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(self._random.random() * self.weather.latency_s)
        if self.is_down or self._random.random() < self.weather.failing_query:
            raise self._fault()

    def _fault(self) -> Exception:
        self.calm_since = max(self.calm_since, self.now)
        return Down("the database does not answer")

    def frames(self, name: str, after: int, limit: int) -> list[Frame]:
        """The events of a stream after a number."""
        row = self.tables.streams[name]
        first = row.events[0].seq if row.events else 0
        start = max(0, after + 1 - first)
        return [self._frame(name, row.epoch, event) for event in row.events[start : start + limit] if event.seq > after]

    def _frame(self, name: str, epoch: str, event: Event) -> Frame:
        key = (name, epoch, event.seq)
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = frame_of(
                name,
                {
                    "seq": event.seq,
                    "epoch": epoch,
                    "event_id": event.id,
                    "type": event.type,
                    "at": EPOCH + timedelta(seconds=event.at),
                    "actor": '{"type":"system","id":null}',
                    "request_id": None,
                    "data": event.data,
                    "ends": event.ends,
                },
            )
        return found

    def heads(self, names: list[str]) -> dict[str, Head]:
        """The heads of streams."""
        return {name: Head(row.epoch, row.head) for name in names if (row := self.tables.streams.get(name)) is not None}

    def is_member(self, number: int) -> bool:
        """Whether somebody may follow the project and its job now."""
        member = self.tables.members.get(number)
        return member is not None and member.removed_seq is None and (member.until is None or member.until > self.now)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def commit(
        self,
        published: list[tuple[str, str, str, str]],
        *,
        change: Callable[[dict[str, int], float], None] = lambda _, __: None,
        may_fail: bool = True,
    ) -> bool:
        """
        A transaction that publishes events (stream, type, data, ends). Numbers are taken under the streams' locks, which
        are held until the commit. `change` writes other rows at the commit. Returns: whether it was committed.
        """
        names = sorted({name for name, _, _, _ in published})
        restores = self.restores
        locks = [self._locks.setdefault(name, asyncio.Lock()) for name in names]
        for lock in locks:
            await lock.acquire()
        try:
            if self._random.random() < self.weather.slow_commit:
                await asyncio.sleep(self._random.random() * 0.3)
            else:
                await asyncio.sleep(0)
            fails = may_fail and self._random.random() < self.weather.roll_back
            if fails or self.is_down or restores != self.restores:
                return False
            heads = self._write(published, change)
        finally:
            for lock in locks:
                lock.release()
        self._hint(heads, [])
        return True

    def _write(
        self, published: list[tuple[str, str, str, str]], change: Callable[[dict[str, int], float], None]
    ) -> dict[str, int]:
        heads: dict[str, int] = {}
        for name, kind, data, ends in published:
            row = self.tables.streams[name]
            row.head += 1
            event = Event(row.head, UUID(int=self._random.getrandbits(128)), kind, self.now, data, ends)
            row.events.append(event)
            self.ledger[name, row.epoch, row.head] = event
            heads[name] = row.head
        change(heads, self.now)
        return heads

    def put_state(self) -> None:
        """A newer value of the state, by one statement."""
        known = self.tables.states.get(STATE_KEY)
        version = max(known.version + 1 if known else 1, int(self.now * 1000) + 1)
        self.tables.states[STATE_KEY] = StateRow(STATE_KEY, (PROJECT, JOB), version, f'{{"n":{version}}}', self.clock())
        self.states_ever.add((STATE_KEY, version))
        self._hint({}, [STATE_KEY])

    def forget_events(self) -> None:
        """Retention: the oldest events of some stream are deleted, and its floor rises."""
        row = self.tables.streams[self._random.choice([PROJECT, JOB])]
        row.floor = max(row.floor, self._random.choice((row.head, self._random.randint(0, row.head))))
        row.events = [event for event in row.events if event.seq > row.floor]

    def back_up(self) -> Tables:
        """A copy of everything."""
        return copy.deepcopy(self.tables)

    def restore(self, backup: Tables) -> None:
        """The database is what it was when the copy was made. Every stream has another epoch."""
        self.past_members[self.tables.streams[PROJECT].epoch] = copy.deepcopy(self.tables.members)
        self.restores += 1
        self.calm_since = max(self.calm_since, self.now)
        self.tables = copy.deepcopy(backup)
        for name, row in self.tables.streams.items():
            row.epoch = f"e{self.restores}"
            for event in row.events:
                self.ledger[name, row.epoch, event.seq] = event

    # -- what is true ---------------------------------------------------------------------------------------------------

    def may_see(self, number: int, name: str, epoch: str, seq: int) -> str | None:
        """None if somebody may be sent this event now, otherwise why not."""
        event = self.ledger[name, epoch, seq]
        is_past = epoch != self.tables.streams[name].epoch
        member = (self.past_members[epoch] if is_past else self.tables.members).get(number)
        if member is None:
            return "was never a member"
        if name == PROJECT and member.removed_seq is not None and seq >= member.removed_seq:
            return f"was removed with {member.removed_seq}"
        if name == JOB and member.removed_seq is not None and not is_past:
            late_s = event.at - max(member.removed_at, self.calm_since)
            if late_s > 1.5:
                return f"was removed {late_s:.2f} s before it"
        # A change is known a while later, as any event; from then on the end is exact.
        known_at = max(member.changed_at, self.calm_since) + 1.5
        if member.removed_seq is None and member.until is not None and event.at > max(member.until, known_at):
            return f"the right ended at {member.until:.3f}, the event is from {event.at:.3f}"
        return None

    def removed(self, number: int, seq: int, told_seq: int, at: float) -> None:
        """Notes a removal."""
        self.tables.members[number] = replace(
            self.tables.members[number], removed_seq=seq, removed_at=at, told_seq=told_seq
        )
