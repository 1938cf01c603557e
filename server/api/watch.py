"""
Whether the database answers, asked once a second over a separate connection.

When a database dies its connections break, and requests fail at once. When it hangs (a frozen machine, a network that
drops packets) nothing breaks: requests would wait as long as it hangs, and even asyncpg's own timeouts wait for the
server to confirm the cancellation. So this module breaks the connections from our side.

A process that stalls sees the same thing: when it resumes, its timers have expired and the reply is still unread. So
time counts only while the event loop is turning.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
from aiohttp import web

from core import log
from server.api import metrics

EVERY_S = 1.0
TICK_S = 0.1
PULSE_S = 0.05  # between two looks at whether the event loop is blocked
STALL_S = 1.0  # a stall this long is worth a log line
ANSWER_S = 4.0  # an idle connection answers SELECT 1 in a millisecond, on a busy machine in a few hundred
Answer = TypeVar("Answer")
logger = log.get(__name__)


async def turning(task: asyncio.Task[Any], seconds: float) -> float:
    """
    Wait for a task until the event loop has been turning for so many seconds. Time in which it was blocked does not
    count.

    Returns: the longest time it was blocked meanwhile, in seconds.
    """
    loop, lag_s = asyncio.get_running_loop(), 0.0
    for _ in range(max(1, round(seconds / TICK_S))):
        began = loop.time()
        done, _ = await asyncio.wait({task}, timeout=TICK_S)
        lag_s = max(lag_s, loop.time() - began - TICK_S)
        if done:
            break
    return lag_s


class DatabaseWatch:
    """Checks the database and, when it does not answer, ends the connections that are waiting for it."""

    def __init__(self, connect: Callable[[], Coroutine[Any, Any, asyncpg.Connection]]) -> None:
        self._connect = connect
        self._connections: weakref.WeakSet[asyncpg.Connection] = weakref.WeakSet()
        self.is_away = False
        self._lag_s = 0.0  # the longest since it was last told

    async def register(self, connection: asyncpg.Connection) -> None:
        """Watch a new connection of a pool."""
        self._connections.add(connection)

    async def run(self) -> None:
        """Watch until cancelled."""
        connection: asyncpg.Connection | None = None
        while True:
            try:
                if connection is None:
                    connection = await self._answer(self._connect())
                await self._answer(connection.execute("SELECT 1"))
            except Exception as error:  # noqa: BLE001 - a task's root: any failure means that the database does not answer
                if connection is not None:
                    connection.terminate()
                    connection = None
                self._note(True, type(error).__name__)
            except asyncio.CancelledError:
                if connection is not None:
                    connection.terminate()
                raise
            else:
                self._note(False, None)
            await self._rest(EVERY_S / 4 if self.is_away else EVERY_S)

    async def _answer(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        asking = asyncio.create_task(question)
        try:
            lag_s = await turning(asking, ANSWER_S)
            if not asking.done():
                raise TimeoutError
        finally:
            asking.cancel()
        self._note_lag(lag_s)
        return asking.result()

    async def _rest(self, seconds: float) -> None:
        """Wait, and see whether the event loop is blocked meanwhile."""
        loop, lag_s = asyncio.get_running_loop(), 0.0
        for _ in range(round(seconds / PULSE_S)):
            began = loop.time()
            await asyncio.sleep(PULSE_S)
            lag_s = max(lag_s, loop.time() - began - PULSE_S)
        self._note_lag(lag_s)
        metrics.LOOP_LAG.set(self._lag_s)
        self._lag_s = 0.0

    def _note_lag(self, lag_s: float) -> None:
        self._lag_s = max(self._lag_s, lag_s)
        if lag_s >= STALL_S:
            logger.warning("the event loop was blocked", seconds=round(lag_s, 1))

    def _note(self, is_away: bool, error: str | None) -> None:
        if is_away:
            for waiting in list(self._connections):
                with contextlib.suppress(Exception):  # a connection that cannot be ended must not end the watch
                    waiting.terminate()
        if is_away != self.is_away:
            logger.warning("the database does not answer" if is_away else "the database answers again", error=error)
        self.is_away = is_away


WATCH: web.AppKey[DatabaseWatch] = web.AppKey("database watch", DatabaseWatch)
