"""
Who is here: the people who say so on a stream that they follow.

Each process knows the tabs of its own clients, and keeps one row per stream with the people behind them. All rows of a
stream together are what its followers are shown. A row counts only while its process renews a lease, so nobody stays here
after a process has died. Somebody whose last tab has gone leaves five seconds later, so that nobody sees a page being
loaded again. Nothing here is durable, and a lost hint is made up for with the next renewal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from core import log
from core.clock import now, rfc3339
from core.ids import uuid7
from core.ordered import OrderedSet
from realtime.relay import Relay, Subscription
from realtime.socket import Socket
from realtime.transport import event_frame, packet_frame

KEY = "presence:"  # of the hints that a stream's rows have changed
TICK_S = 0.1  # followers are told at most that often
HIDDEN_TICKS = 10  # and those whose tab is hidden, that many times less often
LEASE_S, RENEW_S = 10.0, 2.5
LEAVE_S = 5.0
MOST_SAID = 8  # things that a person is shown to do, as many as one tab may say
MOST_SHOWN = 100  # people of a stream; all of them are counted
Fetch = Callable[..., Awaitable[list[Any]]]
logger = log.get(__name__)

_WRITE = """
    WITH alive AS (
        INSERT INTO live_processes (id, seen_at) VALUES ($1, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at RETURNING xmax = 0 AS is_new
    ), gone AS (
        DELETE FROM presences WHERE process = $1 AND stream = ANY($4::text[])
    ), written AS (
        INSERT INTO presences (key, process, stream, people)
        SELECT $1::text || '/' || s, $1, s, p::jsonb FROM unnest($2::text[], $3::text[]) AS x(s, p)
        ON CONFLICT (key) DO UPDATE SET people = EXCLUDED.people
    )
    SELECT is_new FROM alive
"""
_READ = """
    SELECT p.stream, p.people::text AS people FROM presences p JOIN live_processes l ON l.id = p.process
    WHERE p.stream = ANY($1) AND l.seen_at > clock_timestamp() - make_interval(secs => $2)
"""
_RENEW = """
    INSERT INTO live_processes (id, seen_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at RETURNING xmax = 0 AS is_new
"""
_REAP = """
    WITH dead AS (
        DELETE FROM live_processes WHERE seen_at < clock_timestamp() - make_interval(secs => $1) RETURNING id
    )
    DELETE FROM presences WHERE process IN (SELECT id FROM dead) RETURNING stream
"""


@dataclass(frozen=True)
class Tab:
    """What one socket says about itself on a stream. `state` is small, such as which entry is being edited."""

    state: dict[str, Any] | None
    visible: bool


@dataclass
class _Person:
    """One person on one stream, in this process."""

    since: str
    tabs: dict[Socket, Tab] = field(default_factory=dict)  # the one that was set last is the last
    dropped: dict[Socket, Tab] = field(default_factory=dict)  # not subscribed at present; may come back
    last: Tab | None = None  # of those that have gone: shown until the person leaves, as a page may be loaded again
    left_at: float | None = None  # by the loop's clock: when the last tab went
    at_ms: int = 0

    def row(self) -> dict[str, Any]:
        tabs = list((self.tabs or self.dropped).values()) or ([self.last] if self.last else [])
        tabs.sort(key=lambda tab: tab.visible)  # what a visible one says comes last, and so counts
        state: dict[str, Any] | None = None
        for tab in tabs:
            state = _together(state, tab.state)
        return {"since": self.since, "at": self.at_ms, "state": state, "visible": any(tab.visible for tab in tabs)}


Shown = dict[str, dict[str, Any]]  # people by their id, as they are told to followers


class Presence:
    """
    The people on the streams of this process's clients.

    Args:
        relay: whose subscriptions are told.
        fetch: runs a statement in the database.
        hint: tells every process that the rows of these streams have changed. May be lost.
    """

    def __init__(
        self, relay: Relay, fetch: Fetch, hint: Callable[[str], None], clock: Callable[[], datetime] = now
    ) -> None:
        self._relay = relay
        self._fetch = fetch
        self._hint = hint
        self._clock = clock
        self._process = uuid7()
        self._here: dict[str, dict[str, _Person]] = {}
        self._leaving: dict[tuple[str, str], float] = {}
        self._shown: dict[str, Shown] = {}  # what visible tabs were told last
        self._shown_hidden: dict[str, Shown] = {}
        self._to_write: OrderedSet[str] = OrderedSet()
        self._to_read: OrderedSet[str] = OrderedSet()
        self._to_greet: dict[str, list[Subscription]] = {}
        self._behind: OrderedSet[Subscription] = OrderedSet()  # could not be told when something changed
        relay.on_added, relay.on_dropped = self._added, self._dropped

    # -- what clients say ----------------------------------------------------------------------------------------------

    def set(self, sub: Subscription, tab: Tab) -> None:
        """Note what a socket says on a stream that it follows."""
        people = self._here.setdefault(sub.name, {})
        person = people.setdefault(sub.user_id, _Person(rfc3339(self._clock())))
        sub.connection.is_hidden = not tab.visible
        was = person.tabs.pop(sub.connection, None)
        person.tabs[sub.connection] = tab
        self._stays(sub.name, sub.user_id, person)
        if was != tab:
            self._changed(sub.name, person)

    def _added(self, sub: Subscription) -> None:
        """Somebody follows a stream from now on: show them who is here."""
        self._to_greet.setdefault(sub.name, []).append(sub)
        self._to_read.add(sub.name)
        person = self._here.get(sub.name, {}).get(sub.user_id)
        if person is not None and sub.connection in person.dropped:
            person.tabs[sub.connection] = person.dropped.pop(sub.connection)
            self._stays(sub.name, sub.user_id, person)
            self._changed(sub.name, person)

    def _dropped(self, sub: Subscription) -> None:
        """A socket no longer follows a stream."""
        person = self._here.get(sub.name, {}).get(sub.user_id)
        if person is None or sub.connection not in person.tabs:
            return
        tab = person.tabs.pop(sub.connection)
        if not sub.connection.is_closed:
            person.dropped[sub.connection] = tab
            asyncio.get_running_loop().call_later(LEAVE_S, person.dropped.pop, sub.connection, None)
        if person.tabs:
            self._changed(sub.name, person)
        else:
            person.last = tab
            person.left_at = self._leaving[sub.name, sub.user_id] = asyncio.get_running_loop().time()

    def _stays(self, stream: str, user_id: str, person: _Person) -> None:
        person.left_at = None
        self._leaving.pop((stream, user_id), None)

    def _changed(self, stream: str, person: _Person) -> None:
        person.at_ms = int(self._clock().timestamp() * 1000)
        self._to_write.add(stream)

    # -- between processes ---------------------------------------------------------------------------------------------

    def on_hint(self, streams: list[str]) -> None:
        """The rows of these streams have changed."""
        self._to_read.update(dict.fromkeys(name for name in streams if name in self._relay.streams))

    async def run(self) -> None:
        """Write what has changed here, and tell what has changed anywhere, until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at, tick = 0.0, 0
        while True:
            await asyncio.sleep(TICK_S)
            tick += 1
            try:
                self._let_go(loop.time())
                if loop.time() >= renew_at:
                    renew_at = loop.time() + RENEW_S
                    await self._renew()
                await self._write()
                await self._read()
                is_for_all = tick % HIDDEN_TICKS == 0
                if is_for_all:
                    self._tell_hidden()
                self._tell_behind(is_for_all=is_for_all)
            except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
                logger.warning("who is here could not be shared", error=type(error).__name__)
                await asyncio.sleep(RENEW_S / 2)

    def _let_go(self, at: float) -> None:
        """Remove those whose last tab went long enough ago."""
        while self._leaving:
            (stream, user_id), since = next(iter(self._leaving.items()))
            if at - since < LEAVE_S:
                return
            del self._leaving[stream, user_id]
            people = self._here.get(stream, {})
            people.pop(user_id, None)
            if not people:
                self._here.pop(stream, None)
            self._to_write.add(stream)

    async def _renew(self) -> None:
        """Renew the lease, and remove processes that no longer do."""
        if not self._here and not self._relay.streams:
            return
        await self._lease(_RENEW)
        for dead in await self._fetch(_REAP, LEASE_S):
            self._hint(KEY + dead["stream"])
        self._to_read.update(dict.fromkeys(name for name, stream in self._relay.streams.items() if stream.subs))

    async def _lease(self, statement: str, *values: Any) -> None:
        """Run a statement that renews the lease. If others have removed this process meanwhile, write everything again."""
        is_new = True  # if no answer comes, it is unknown
        try:
            (row,) = await self._fetch(statement, self._process, *values)
            is_new = row["is_new"]
        finally:
            if is_new:
                self._to_write.update(dict.fromkeys(self._here))

    async def _write(self) -> None:
        names, self._to_write = self._to_write, OrderedSet()
        if not names:
            return
        kept = [name for name in names if name in self._here]
        rows = [
            orjson.dumps({user: person.row() for user, person in self._here[name].items()}).decode() for name in kept
        ]
        try:
            await self._lease(_WRITE, kept, rows, [name for name in names if name not in self._here])
        except BaseException:
            self._to_write.update(names)
            raise
        for name in names:
            self._hint(KEY + name)
        self._to_read.update(names)

    async def _read(self) -> None:
        """Read the rows of all processes, and tell this process's clients what has changed."""
        names, self._to_read = self._to_read, OrderedSet()
        greeted, self._to_greet = self._to_greet, {}
        held = [name for name in names if name in self._relay.streams and self._relay.streams[name].subs]
        for name in set(self._shown) - set(self._relay.streams):
            self._shown.pop(name)
            self._shown_hidden.pop(name, None)
        if not held:
            return
        try:
            rows = await self._fetch(_READ, held, LEASE_S)
        except BaseException:
            self._to_read.update(names)
            for name, subs in greeted.items():
                self._to_greet[name] = subs + self._to_greet.get(name, [])
            raise
        found: dict[str, Shown] = {name: {} for name in held}
        for row in rows:
            for user_id, person in orjson.loads(row["people"]).items():
                _merge(found[row["stream"]], user_id, person)
        for name, shown in found.items():
            self._tell(name, shown, greeted.get(name, []))

    # -- what followers are told ---------------------------------------------------------------------------------------

    def _tell(self, name: str, shown: Shown, newcomers: list[Subscription]) -> None:
        before, self._shown[name] = self._shown.get(name), shown
        stream = self._relay.streams.get(name)
        if stream is None:
            return
        if shown:
            whole = _frame(name, shown, None)
            for sub in newcomers:
                self._write_to(sub, whole)
        if shown == (before or {}):
            return
        new = set(map(id, newcomers))
        wire = _frame(name, shown, before)
        for sub in list(stream.subs):
            if id(sub) in new:
                continue
            if sub.connection.is_hidden:
                self._behind.add(sub)  # until the hidden ones are told, or this one is visible again
            else:
                self._write_to(sub, wire)

    def _tell_hidden(self) -> None:
        for name, shown in self._shown.items():
            before = self._shown_hidden.get(name)
            stream = self._relay.streams.get(name)
            if shown == (before or {}) or stream is None:
                continue
            self._shown_hidden[name] = shown
            wire = _frame(name, shown, before)
            for sub in list(stream.subs):
                if sub.connection.is_hidden:
                    self._write_to(sub, wire)

    def _write_to(self, sub: Subscription, wire: bytes) -> None:
        if not sub.is_live:
            return
        if sub.doubts or not sub.connection.is_writable:
            self._behind.add(sub)
            return
        self._behind.discard(sub)
        sub.connection.write(wire)

    def _tell_behind(self, *, is_for_all: bool) -> None:
        """Tell those who can be told again. Every message has everybody, so one is enough, whatever they have missed."""
        for sub in list(self._behind):
            shown = self._shown.get(sub.name)
            if not sub.is_live or shown is None:
                self._behind.discard(sub)
            elif is_for_all or not sub.connection.is_hidden:
                self._write_to(sub, _frame(sub.name, shown, None))


def _together(older: dict[str, Any] | None, newer: dict[str, Any] | None) -> dict[str, Any] | None:
    """
    What two tabs of a person say: somebody who edits in one window still does so when they open another. Of one thing the
    newer counts.
    """
    if not older or not newer:
        return newer or older
    names = [*(name for name in older if name not in newer), *newer][-MOST_SAID:]
    return {name: newer[name] if name in newer else older[name] for name in names}


def _merge(shown: Shown, user_id: str, person: dict[str, Any]) -> None:
    """Add what one process knows about a person: here since the first, in the states that were set last."""
    known = shown.get(user_id)
    if known is None:
        shown[user_id] = dict(person)
        return
    older, newer = sorted((known, person), key=lambda one: (one["visible"], one["at"]))
    shown[user_id] = {
        "since": min(person["since"], known["since"]),
        "at": max(known["at"], person["at"]),
        "state": _together(older["state"], newer["state"]),
        "visible": person["visible"] or known["visible"],
    }


def _frame(name: str, shown: Shown, before: Shown | None) -> bytes:
    """Everybody who is here, and what has changed since the followers were last told, if they were."""
    people = sorted(shown.items(), key=lambda found: (found[1]["since"], found[0]))[:MOST_SHOWN]
    body = {
        "stream": name,
        "users": [
            {"user_id": user_id, "since": one["since"], "state": one["state"], "visible": one["visible"]}
            for user_id, one in people
        ],
        "total": len(shown),
        "joined": [] if before is None else sorted(set(shown) - set(before))[:MOST_SHOWN],
        "left": sorted(set(before or {}) - set(shown))[:MOST_SHOWN],
    }
    return packet_frame(event_frame("presence", body))
