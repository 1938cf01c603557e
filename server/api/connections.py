"""
The connections of a web process: how many there may be, and how long each may keep it waiting.

A silent client holds a file descriptor for as long as it likes, and without descriptors nobody gets in. So every
connection has deadlines, and when there is no room the one that has been silent longest is dropped, from the same
address first. Somebody who opens thousands of connections loses their own, and a neighbour behind the same address
still gets in.
"""

import asyncio
import ipaddress
import random
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from aiohttp import web

from core import log
from core.problems import Busy
from server.api import metrics

Phase = Literal["idle", "head", "body", "answer", "work"]
SWEEP_S = 1.0
RESERVE = 128  # descriptors for the database, files and whatever else the process opens
MOST_DESCRIPTORS = 65_536
SILENT_S = 1.0  # how long a connection must be silent before it may be dropped for a new one
SLOW_S, SLOW_BYTES_PER_S = 3.0, 256  # as good as silent: no head takes so long, and no body is worth the wait
LOOKED_AT = 128  # connections, for one to drop
LOG_EVERY_S = 60.0
logger = log.get(__name__)


@dataclass(frozen=True)
class Deadlines:
    """How long a client may take. A body and a response must make `window_bytes` of progress in every `window_s`."""

    head_s: float = 30.0
    idle_s: float = 60.0
    window_s: float = 30.0
    window_bytes: int = 4096


class Connection(Protocol):
    """What this module needs from a connection (server/api/protocol.py)."""

    @property
    def phase(self) -> Phase:
        """What the connection is waiting for."""

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the client has not taken yet."""

    @property
    def received_bytes(self) -> int:
        """Bytes received so far."""

    @property
    def answered(self) -> int:
        """Requests answered so far."""

    @property
    def drains(self) -> int:
        """How often the client has caught up."""

    def give_up(self, phase: Phase) -> None:
        """End the connection, with a response if one can still be sent."""


@dataclass
class _Track:
    """A connection as it was at the last sweep."""

    address: str | None  # None for a trusted proxy, which is not counted
    phase: Phase
    since: float  # start of the phase, or of its current window
    silent_since: float
    received_bytes: int = 0
    window_began_at: tuple[int, int] = (0, 0)  # progress at that time: bytes, and how often the client had caught up
    answered: int = 0


class Connections:
    """
    All connections of the process.

    Args:
        most_each: connections per address, not counting WebSockets, which are limited per user.
        trusted: networks of proxies. Their connections carry many people's requests.
    """

    def __init__(self, most_each: int, trusted: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.most_each = most_each
        self.most: int | None = None  # in total; None until the limit on descriptors is known
        self.deadlines = Deadlines()
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]
        self._clock = clock
        self._tracks: dict[Connection, _Track] = {}
        self._by_address: defaultdict[str, set[Connection]] = defaultdict(set)
        self._in_flight: Counter[str] = Counter()
        self._sockets = 0  # WebSockets, which have limits and deadlines of their own
        self._logged_at = -LOG_EVERY_S

    def __len__(self) -> int:
        return len(self._tracks) + self._sockets

    def admit(self, connection: Connection, peer: str) -> bool:
        """Let in a new connection, in place of another one if necessary. Returns: whether there was room."""
        address = None if self._is_trusted(peer) else peer
        if self.most is not None and len(self) >= self.most:
            self._tell_shortage()
            if not self._drop_one(list(self._tracks), address, "descriptors"):
                return self._refuse("descriptors")
        is_full = address is not None and len(self._by_address.get(address, ())) >= self.most_each
        if is_full and not self._drop_one(list(self._by_address[str(address)]), address, "address"):
            return self._refuse("address")
        now = self._clock()
        self._tracks[connection] = _Track(address, "head", now, now)
        if address is not None:
            self._by_address[address].add(connection)
        metrics.CONNECTIONS.set(len(self))
        return True

    def forget(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        track = self._tracks.pop(connection, None)
        if track is not None and track.address is not None:
            self._by_address[track.address].discard(connection)
            if not self._by_address[track.address]:
                del self._by_address[track.address]
        metrics.CONNECTIONS.set(len(self))

    def hand_over(self, connection: Connection) -> None:
        """Count a connection that has become a WebSocket."""
        self._sockets += 1
        self.forget(connection)

    def socket_lost(self) -> None:
        """Forget one of the WebSockets."""
        self._sockets -= 1
        metrics.CONNECTIONS.set(len(self))

    def request_of(self, address: str) -> "InFlight":
        """
        Count a request in flight by its client's address, which behind a proxy differs from the peer's. Raises: Busy.
        """
        return InFlight(self._in_flight, address, self.most_each)

    async def run(self) -> None:
        """Sweep all connections once a second until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                self.sweep()
            except Exception:
                logger.exception("connections could not be swept")

    def sweep(self) -> None:
        """End the connections that are past a deadline."""
        now = self._clock()
        for connection, track in list(self._tracks.items()):
            phase = connection.phase
            self._note_silence(connection, track, now)
            if phase != track.phase or connection.answered != track.answered:
                # A request between two sweeps leaves the phase as it was, and is all that most clients send.
                self._enter(connection, track, phase, now)
            elif self._is_late(connection, track, now):
                metrics.DROPPED_CONNECTIONS.labels(phase).inc()
                try:
                    connection.give_up(phase)
                except Exception:  # the deadlines of the others count all the same
                    logger.exception("a connection past its deadline could not be ended")

    def _enter(self, connection: Connection, track: _Track, phase: Phase, now: float) -> None:
        track.phase, track.since, track.answered = phase, now, connection.answered
        track.window_began_at = _progress(connection, phase)

    def _is_late(self, connection: Connection, track: _Track, now: float) -> bool:
        limits = self.deadlines
        if track.phase in ("idle", "head"):
            # Before its first request a connection has the time allowed for a head, whether or not part of one has
            # arrived.
            most_s = limits.idle_s if track.phase == "idle" and track.answered else limits.head_s
            return now - track.since >= most_s
        if track.phase == "work" or now - track.since < limits.window_s:
            return False
        before, after = track.window_began_at, _progress(connection, track.phase)
        track.since, track.window_began_at = now, after
        return after[0] - before[0] < limits.window_bytes and after[1] == before[1]

    def _drop_one(self, connections: list[Connection], newcomer: str | None, why: str) -> bool:
        """
        Ends a connection whose client is waited for, so that a new one has room.

        The address that waits with most loses first, if it has more than the new one will have: that a client is silent
        is known after a second, and somebody who opens hundreds a second would have all the room by then. Otherwise the
        one goes that has been silent longest, or sends so slowly that it might as well be.
        """
        now = self._clock()
        # Looking at thousands for each new one would hold the loop.
        looked_at = connections if len(connections) <= LOOKED_AT else random.sample(connections, LOOKED_AT)
        waiting = [connection for connection in looked_at if connection.phase in ("idle", "head", "body", "answer")]
        crowds = Counter(self._tracks[connection].address for connection in waiting)
        del crowds[None]  # of proxies, behind which are many people
        fair = crowds[newcomer] + 1
        found: tuple[int, float, int] | None = None
        dropped: Connection | None = None
        for connection in waiting:
            track = self._tracks[connection]
            self._note_silence(connection, track, now)
            crowd = crowds[track.address] if crowds[track.address] > fair else 0
            is_crowding = crowd > 0 and connection.phase in ("idle", "head")
            rank = (crowd, now - track.silent_since, id(connection))
            if (is_crowding or self._is_slow(connection, track, now)) and (found is None or rank > found):
                found, dropped = rank, connection
        if dropped is None:
            return False
        metrics.DROPPED_CONNECTIONS.labels(why).inc()
        dropped.give_up(dropped.phase)
        self.forget(dropped)
        return True

    def _is_slow(self, connection: Connection, track: _Track, now: float) -> bool:
        if now - track.silent_since >= SILENT_S:
            return True
        lasted_s = now - track.since
        if track.phase != connection.phase or lasted_s < SLOW_S:
            return False
        before, after = track.window_began_at, _progress(connection, track.phase)
        return after[0] - before[0] < SLOW_BYTES_PER_S * lasted_s and after[1] == before[1]

    def _note_silence(self, connection: Connection, track: _Track, now: float) -> None:
        if connection.received_bytes != track.received_bytes:
            track.silent_since, track.received_bytes = now, connection.received_bytes

    def _refuse(self, why: str) -> bool:
        metrics.DROPPED_CONNECTIONS.labels(why).inc()
        return False

    def _tell_shortage(self) -> None:
        now = self._clock()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            logger.warning("file descriptors are running short: raise the limit on open files", connections=len(self))

    def _is_trusted(self, peer: str) -> bool:
        if not self._trusted:
            return False
        try:
            address: Any = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._trusted)


class InFlight(AbstractContextManager[None]):
    """A request that is counted by its client's address while a block runs."""

    __slots__ = ("_address", "_counts", "_most")

    def __init__(self, counts: Counter[str], address: str, most: int) -> None:
        self._counts, self._address, self._most = counts, address, most

    def __enter__(self) -> None:
        if self._counts[self._address] >= self._most:
            raise Busy("Too many requests from your address at the same time. Try again soon.", retry_after_s=2)
        self._counts[self._address] += 1

    def __exit__(self, *_: object) -> None:
        self._counts[self._address] -= 1
        if not self._counts[self._address]:
            del self._counts[self._address]


def raise_descriptor_limit() -> int:
    """Raise the limit on open files to the highest this process may have. Returns: the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS enforces a limit lower than the one it reports
            return soft
    return wanted


def _progress(connection: Connection, phase: Phase) -> tuple[int, int]:
    if phase == "answer":
        return -connection.unsent_bytes, connection.drains
    return connection.received_bytes, 0


CONNECTIONS: web.AppKey[Connections] = web.AppKey("connections", Connections)
