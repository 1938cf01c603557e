"""
One command for everything: the embedded PostgreSQL, migrations, demo data, the web process and the worker.

The supervisor is the parent of all of them. A signal to it stops everything within ten seconds, and a child that ends
by itself is started again.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core import demo, log
from core.envelope import key_ring
from core.settings import Settings, SettingsError
from server.processes.port import check_port
from server.store import database
from server.store.embedded import DataFolderInUse, EmbeddedPostgres

STOP_S = 6.0  # for web and worker together; the database has the rest of the ten seconds
READY_S = 60.0
# seconds, and a number of checks; after a crash the database needs a few seconds to begin its recovery
LOOK_EVERY, STUCK_LOOKS = 5, 3
RESTART_DELAYS_S = (0.0, 1.0, 3.0, 10.0)  # the first after a process that lived long, for which everybody waits
logger = log.get(__name__)


@dataclass
class Child:
    """A process that is kept running."""

    name: str
    arguments: tuple[str, ...]
    process: asyncio.subprocess.Process | None = None
    started_at: float = 0.0
    restarts: int = field(default=0)


async def run(settings: Settings) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP. Raises: SettingsError in one line when it cannot start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stopping.set)
    check_port(settings)
    postgres = EmbeddedPostgres(settings.data_dir) if settings.is_embedded else None
    try:
        if postgres is not None:
            await _unless_stopped(stopping, lambda: _start_database(postgres))
        if not stopping.is_set():
            await _unless_stopped(stopping, lambda: _prepare(settings))
        if not stopping.is_set():
            await _supervise(settings, stopping, postgres)
    finally:
        if postgres is not None:
            await asyncio.to_thread(postgres.stop)
    return 0


async def _start_database(postgres: EmbeddedPostgres) -> None:
    """Start the database. If a command such as `migrate` is using the folder, wait for it; if a server is, fail."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            await postgres.start()
            return
        except DataFolderInUse as error:
            if not error.by_command or time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.2)


async def _prepare(settings: Settings) -> None:
    applied = await database.migrate(settings)
    if applied:
        _say(f"database: {len(applied)} migration(s) applied")
    key_ring(settings)  # fails here, in one line, rather than in every child


async def _supervise(settings: Settings, stopping: asyncio.Event, postgres: EmbeddedPostgres | None) -> None:
    children = [Child("web", ("serve",)), Child("worker", ("worker",))]
    makes_demo = settings.demo_data and not settings.is_production
    accounts = asyncio.create_task(_make_demo(children)) if makes_demo else None
    keepers = [asyncio.create_task(_keep(child, stopping), name=child.name) for child in children]
    if postgres is not None:
        keepers.append(asyncio.create_task(_keep_database(postgres, stopping), name="database"))
    try:
        await _unless_stopped(stopping, lambda: _announce(settings, accounts))
        await stopping.wait()
    finally:
        stopping.set()
        await _stop(children)
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(child: Child, stopping: asyncio.Event) -> None:
    """Start a child, and restart it whenever it ends by itself, with growing pauses if it keeps ending at once."""
    while not stopping.is_set():
        child.started_at = time.monotonic()
        failure: dict[str, object]
        try:
            child.process = await _start(child)
        except OSError as error:  # no memory, no room for one more process, no descriptor: others may leave some
            what, failure = "a process could not be started", {"error": str(error)}
        else:
            what, failure = "a process ended and is restarted", {"exit_status": await child.process.wait()}
        if stopping.is_set():
            return
        lived_s = time.monotonic() - child.started_at
        child.restarts = 0 if lived_s > 30 else child.restarts + 1
        delay_s = RESTART_DELAYS_S[min(child.restarts, len(RESTART_DELAYS_S) - 1)]
        logger.error(what, name=child.name, delay_s=delay_s, **failure)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), delay_s)


async def _start(child: Child) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *child.arguments,
        # A separate process group: Ctrl-C reaches only the supervisor, which stops its children in order.
        start_new_session=True,
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "TALLYROOM_SUPERVISED": "1"},
    )


async def _keep_database(postgres: EmbeddedPostgres, stopping: asyncio.Event) -> None:
    """Restart the database when it ends by itself, or when it neither serves nor ends. Web and worker wait for it."""
    turn = looks = 0
    while not stopping.is_set():
        turn += 1
        if turn % LOOK_EVERY == 0:
            looks = looks + 1 if await asyncio.to_thread(postgres.is_stuck) else 0
        if looks >= STUCK_LOOKS:
            looks = 0
            logger.error("the database neither answers nor recovers, and is stopped")
            await asyncio.to_thread(postgres.end_at_once)
        if not postgres.is_running():
            logger.error("the database stopped and is restarted")
            try:
                await postgres.restart()
            except (SettingsError, OSError) as error:
                logger.error("the database does not start", reason=str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 1.0)


async def _stop(children: list[Child]) -> None:
    alive = [child.process for child in children if child.process is not None and child.process.returncode is None]
    for process in alive:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    if alive:
        _, late = await asyncio.wait([asyncio.create_task(process.wait()) for process in alive], timeout=STOP_S)
        if late:
            for process in alive:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await asyncio.gather(*late, return_exceptions=True)


async def _make_demo(children: list[Child]) -> None:
    """
    Start the process that creates the demo. Returns once people can sign in; the rest continues in the background.
    """
    child = Child("demo", ("demo",))
    child.process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *child.arguments,
        start_new_session=True,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TALLYROOM_SUPERVISED": "1"},
    )
    children.append(child)
    assert child.process.stdout is not None
    await child.process.stdout.readline()


async def _announce(settings: Settings, accounts: "asyncio.Task[None] | None") -> None:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - compared, not bound
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if await _is_ready(host, settings.port):
            break
        await asyncio.sleep(0.05)
    else:
        _say("the web process is not ready yet; see the lines above")
        return
    if accounts is not None:
        await accounts
    _say(f"Tallyroom is ready: {settings.base_url}")
    if accounts is not None:
        for email in demo.EMAILS:
            _say(f"  sign in as {email}  password {demo.PASSWORD}")
    _say(
        f"  REST {settings.base_url}/docs   sockets {settings.base_url}/docs/events   health {settings.base_url}/health"
    )
    _say("  stop with Ctrl-C")


async def _is_ready(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1)
    except (OSError, TimeoutError):
        return False
    try:
        writer.write(f"GET /health/ready HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        line = await asyncio.wait_for(reader.readline(), 3)
        return b" 200 " in line
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


async def _unless_stopped(stopping: asyncio.Event, step: Callable[[], Awaitable[None]]) -> None:
    """Run a step of the start-up. A signal meanwhile abandons it."""
    task = asyncio.ensure_future(step())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        task.result()
    else:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _say(text: str) -> None:
    print(text, flush=True)
