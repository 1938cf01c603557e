"""
Several web processes on one port, for machines with several cores.

The kernel divides new connections among them. One that ends by itself is started again. On SIGHUP they are replaced one by
one: the next one stops only when its successor accepts connections, so clients notice a short reconnect and no more. A connection
that has to be answered by another process than the one that accepted it (server/api/siblings.py) goes over this one.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass

from core import lifeline, log
from core.settings import Settings, SettingsError
from server.api.siblings import SIBLINGS_OF, pair, pass_on, taken
from server.processes.port import check_port

READY_S = 60.0
STOP_S = 8.0
RESTART_DELAYS_S = (0.0, 1.0, 3.0, 10.0)  # the first after a process that lived long, for which everybody waits
LASTING_S = 30.0  # a process that lived so long did not fail at its start
READY = "TALLYROOM_READY_PIPE"
logger = log.get(__name__)


@dataclass(eq=False)
class _Web:
    """One web process, and whether it accepts connections."""

    process: asyncio.subprocess.Process
    ready: "asyncio.Future[bool]"  # false if it ended before
    began_at: float


class _Exchange:
    """Passes connections from one web process to another."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._ends: dict[int, socket.socket] = {}

    def add(self) -> tuple[int, socket.socket]:
        """Make room for one more process. Returns: its number, and its end."""
        number, (mine, other) = next(self._numbers), pair()
        self._ends[number] = mine
        asyncio.get_running_loop().add_reader(mine, self._pass_on, mine)
        return number, other

    def remove(self, number: int) -> None:
        """Forget a process that has ended."""
        end = self._ends.pop(number)
        asyncio.get_running_loop().remove_reader(end)
        end.close()

    def _pass_on(self, end: socket.socket) -> None:
        arrived = taken(end)
        if arrived is None:
            return
        number, data, descriptor = arrived
        # If the process is gone, so are its sessions. Then it goes back, and is answered that the session is unknown.
        pass_on(self._ends.get(number, end), number, data, descriptor)
        os.close(descriptor)


class WebProcesses:
    """Keeps a number of web processes running."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._stopping = asyncio.Event()
        self._rolling = asyncio.Lock()
        self._current: list[_Web | None] = [None] * count
        self._exchange = _Exchange()
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self, settings: Settings) -> None:
        """Run until SIGINT or SIGTERM. Raises: SettingsError if the port is taken."""
        if settings.port == 0:
            raise SettingsError("TALLYROOM_PORT: several processes need a port that is known; choose one")
        check_port(settings)
        loop = asyncio.get_running_loop()
        rolls: set[asyncio.Task[None]] = set()

        def roll() -> None:
            task = loop.create_task(self._roll())
            rolls.add(task)
            task.add_done_callback(rolls.discard)

        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, roll)
        lifeline.end_with_parent()
        keepers = [asyncio.create_task(self._keep(place), name=f"web {place}") for place in range(self._count)]
        await self._stopping.wait()
        for task in (*rolls, *keepers):
            task.cancel()
        await asyncio.gather(*rolls, *keepers, return_exceptions=True)
        await asyncio.gather(*(_stop(web) for web in self._current if web is not None))

    async def _keep(self, place: int) -> None:
        """Start one process, and again whenever it ends by itself, with growing pauses if it ends at once."""
        failures, web = 0, None
        failure: dict[str, object]
        while True:
            try:
                await self._fill(place, web)
            except OSError as error:  # no memory, no room for one more process, no descriptor: others may leave some
                failures += 1
                what, failure = "a web process could not be started", {"error": str(error)}
            else:
                web, status = await self._ended(place)
                failures = 0 if time.monotonic() - web.began_at > LASTING_S else failures + 1
                what, failure = "a web process ended and is restarted", {"exit_status": status}
            delay_s = RESTART_DELAYS_S[min(failures, len(RESTART_DELAYS_S) - 1)]
            logger.error(what, place=place, delay_s=delay_s, **failure)
            await asyncio.sleep(delay_s)

    async def _fill(self, place: int, ended: _Web | None) -> None:
        """Start a process in a place, unless its last one has been replaced since it ended: the other would be forgotten."""
        if self._current[place] is not ended:
            return
        started = await self._start()
        if self._current[place] is ended:
            self._current[place] = started
        else:
            await _stop(started)

    async def _ended(self, place: int) -> tuple[_Web, int]:
        """Wait until a process has ended that was not replaced before. Returns: the process and its exit status."""
        while True:
            web = self._current[place]
            assert web is not None
            status = await web.process.wait()
            if web is self._current[place]:
                return web, status

    async def _roll(self) -> None:
        """Replace all processes, one after the other."""
        async with self._rolling:
            for place in range(self._count):
                try:
                    successor = await self._start()
                except OSError as error:
                    logger.error("a web process could not be started, so the others are not replaced", error=str(error))
                    return
                if not await _within(successor.ready, READY_S):
                    logger.error("a web process did not start, so the others are not replaced", place=place)
                    await _stop(successor)
                    return
                before, self._current[place] = self._current[place], successor
                if before is not None:
                    await _stop(before)
            logger.info("all web processes were replaced", count=self._count)

    async def _start(self) -> _Web:
        number, end = self._exchange.add()
        try:
            web = await _start(number, end)
        except BaseException:
            self._exchange.remove(number)
            raise
        task = asyncio.create_task(self._forget(number, web))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return web

    async def _forget(self, number: int, web: _Web) -> None:
        await web.process.wait()
        self._exchange.remove(number)


async def _start(number: int, end: socket.socket) -> _Web:
    readable, writable = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            "serve",
            "--share-port",
            # A separate process group: Ctrl-C reaches only this process, which stops the others in order.
            start_new_session=True,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(writable, end.fileno()),
            env={
                **os.environ,
                lifeline.SUPERVISED: "1",
                READY: str(writable),
                SIBLINGS_OF: f"{number}:{end.fileno()}",
            },
        )
    except BaseException:
        os.close(readable)
        raise
    finally:
        os.close(writable)
        end.close()
    ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def look() -> None:
        asyncio.get_running_loop().remove_reader(readable)
        if not ready.done():
            ready.set_result(os.read(readable, 1) != b"")  # empty when the other end was closed without a word
        os.close(readable)

    asyncio.get_running_loop().add_reader(readable, look)
    return _Web(process, ready, time.monotonic())


async def _stop(web: _Web) -> None:
    with contextlib.suppress(ProcessLookupError):
        web.process.terminate()
    if not await _within(web.process.wait(), STOP_S):
        with contextlib.suppress(ProcessLookupError):
            web.process.kill()
        await web.process.wait()


async def _within(what: "Awaitable[object]", seconds: float) -> bool:
    """Whether something was true, or ended, in time."""
    try:
        return await asyncio.wait_for(what, seconds) is not False
    except TimeoutError:
        return False


def tell_ready() -> None:
    """In a web process: tell the parent that this one accepts connections."""
    descriptor = os.environ.get(READY)
    if descriptor is not None:
        with contextlib.suppress(OSError, ValueError):
            os.write(int(descriptor), b"1")
            os.close(int(descriptor))
