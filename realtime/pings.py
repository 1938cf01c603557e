"""Pings for all clients from one timer. A timer for each would cost more memory than the rest of an idle client."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core import log

if TYPE_CHECKING:
    from realtime.transport import Connection

SLOTS = 25  # of a wheel that turns once in an interval
logger = log.get(__name__)


class Pings:
    """
    Pings every connection once in an interval, and closes those that have not answered within the timeout.

    Args:
        interval_s, timeout_s: as told to clients when they connect. The timeout is shorter than the interval.
        ping: writes a ping to a connection.
    """

    def __init__(self, interval_s: float, timeout_s: float, ping: Callable[["Connection"], None]) -> None:
        self._tick_s = interval_s / SLOTS
        self._patience = min(SLOTS - 1, max(1, round(timeout_s / self._tick_s)))  # ticks
        self._ping = ping
        self._slots: list[set[Connection]] = [set() for _ in range(SLOTS)]
        self._slot_of: dict[Connection, int] = {}
        self._at = 0
        self.unanswered = 0  # connections that were closed for it
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: "Connection") -> None:
        """Ping a connection from an interval from now on."""
        self._slots[self._at].add(connection)
        self._slot_of[connection] = self._at
        if self._timer is None:
            self._schedule()

    def remove(self, connection: "Connection") -> None:
        """Ping a connection no longer."""
        slot = self._slot_of.pop(connection, None)
        if slot is not None:
            self._slots[slot].discard(connection)

    def stop(self) -> None:
        """Ping nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._turn)

    def _turn(self) -> None:
        self._at = (self._at + 1) % SLOTS
        for connection in list(self._slots[self._at - self._patience]):
            if connection.is_pinged:
                self.unanswered += 1
                self._alone(connection, connection.close)
        for connection in list(self._slots[self._at]):
            connection.is_pinged = True
            self._alone(connection, partial(self._ping, connection))
        if self._slot_of:
            self._schedule()
        else:
            self._timer = None

    def _alone(self, connection: "Connection", action: Callable[[], None]) -> None:
        """Do something with one connection. If that fails, it is over for this one, and the others are pinged all the same."""
        try:
            action()
        except Exception:
            logger.exception("a socket could not be pinged or closed", sid=connection.sid)
            connection.abort()
            self.remove(connection)
