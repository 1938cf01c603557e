"""
Whether the database answers, asked once a second on a connection of its own.

A database that is gone breaks its connections, and requests fail at once. One that hangs (a frozen machine, a network
that drops packets) breaks nothing: requests would wait for as long as it hangs, and asyncpg's own time limits wait for
the server to confirm the cancellation. So its connections are broken from this side.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web

from core import log

EVERY_S = 1.0
ANSWER_S = 4.0  # an idle connection's SELECT 1 takes a millisecond, on a busy machine a few hundred
logger = log.get(__name__)


class DatabaseWatch:
    """Asks the database, and ends the connections that wait for it when it does not answer."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
        self._connect = connect
        self._connections: weakref.WeakSet[asyncpg.Connection] = weakref.WeakSet()
        self.is_away = False

    async def register(self, connection: asyncpg.Connection) -> None:
        """Takes a new connection of a pool under watch."""
        self._connections.add(connection)

    async def run(self) -> None:
        """Watches until cancelled."""
        connection: asyncpg.Connection | None = None
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    if connection is None:
                        connection = await self._connect()
                    await connection.execute("SELECT 1")
            except Exception as error:  # noqa: BLE001 - a task's root: any reason means that it does not answer
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
            await asyncio.sleep(EVERY_S / 4 if self.is_away else EVERY_S)

    def _note(self, is_away: bool, error: str | None) -> None:
        if is_away:
            for waiting in list(self._connections):
                with contextlib.suppress(Exception):  # one that cannot be ended must not end the watch
                    waiting.terminate()
        if is_away != self.is_away:
            logger.warning("the database does not answer" if is_away else "the database answers again", error=error)
        self.is_away = is_away


WATCH: web.AppKey[DatabaseWatch] = web.AppKey("database watch", DatabaseWatch)
