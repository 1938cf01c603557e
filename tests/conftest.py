"""A real PostgreSQL with the real migrations, a real server on a real port, and four people."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import pytest

# What takes long to import is imported by the fixtures that need it: the process that only hands out the tests, and tests
# without a database, begin a second earlier.
if TYPE_CHECKING:
    import asyncpg
    import psutil
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.test_utils import TestServer
    from pydantic import BaseModel

    from core.settings import Settings
    from server.store.embedded import EmbeddedPostgres

PASSWORD = "a long test password"
KINDS = ("unit", "integration", "acceptance", "migration")
FIRST = ("acceptance", "migration", "integration", "unit")
# Folders that one process runs whole, file after file, so that one installation, one browser or one worker with its
# loaded books serves all of it. The longest come first, so that the processes of the suite end at about the same time.
TOGETHER = ("tests/e2e/", "tests/job/", "tests/source/", "tests/health/")
LONGEST = (*TOGETHER[:3], "tests/server/test_supervisor.py", "tests/rules/test_fuzz.py", "tests/migrations/")
# Files that use the worker too. They run with a folder whose process has one: starting another takes 2 s of computing.
WITH_SOURCES = (
    "tests/bench/test_load.py",
    "tests/client/test_docs.py",
    "tests/demo/test_story.py",
    "tests/export/test_round_trip.py",
    "tests/realtime/test_resume.py",
    "tests/server/test_disk.py",
)
# Folders without a unit test, which `-m unit` does not even import.
WITHOUT_UNITS = {"dashboard", "e2e", "match", "migrations", "project", "record", "source", "user"}
_NO_UNITS = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.(integration|acceptance|migration|e2e|long)\b", re.MULTILINE)
# Processes as users run them. A test that requests one of these is an acceptance test.
PROCESSES = {"worker", "start_worker", "start_lasting_worker"}
OUTSIDE = {"subprocess.Popen", "os.fork", "os.posix_spawn", "socket.connect"}
KEEP = {"aerich", "application_keys", "signing_keys"}
SMALL_BYTES = 1024 * 1024
GARBAGE = 100_000  # objects between two collections; with the usual 700, they take a twentieth of the unit tests' time
HINT_S = 0.25  # after so long without a commit, a test looks again
GREET_S = 1.0  # so often a test that waits greets those who send hints; they go on for six seconds
Found = TypeVar("Found")


# Nothing of what is imported and collected is garbage. Looking through it again and again took a tenth of that time, and
# as much of the tests' time afterwards.
gc.disable()


# A shell that runs the tests in the background lets them ignore Ctrl-C. Programs that they start would inherit that, and
# some are tested for what they do then.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keeps what has been loaded by now out of all garbage collections, as the web process does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 100)
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out folders and files in which no test is asked for: most of what they would import nothing else needs."""
    if config.getoption("markexpr") != "unit":
        return None
    if collection_path.suffix == ".py":
        text = collection_path.read_text("utf-8")
        return True if _NO_UNITS.search(text) and "mark.unit" not in text else None
    is_left_out = collection_path.parent == Path(__file__).parent and collection_path.name in WITHOUT_UNITS
    return True if is_left_out else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Marks each test with what it needs, unless its module does: nothing, the database, or processes.

    What takes longest runs first, then files that start processes. Otherwise the suite would end with one of them running
    alone. Of what runs together, the tests that share the worker come first, so that it is started only once.
    """
    ranks: dict[str, int] = {}
    turns: dict[str, int] = {}
    for item in items:
        kind = next((mark.name for mark in item.iter_markers() if mark.name in KINDS), None)
        if kind is None:
            kind = _kind_of(set(getattr(item, "fixturenames", ())))
            item.add_marker(kind)
        if kind == "unit" and item.path.parent.name in WITHOUT_UNITS:
            raise pytest.UsageError(f"{item.nodeid} is a unit test: take its folder out of WITHOUT_UNITS")
        unit = _unit_of(item.nodeid)
        ranks[unit] = min(ranks.get(unit, len(FIRST)), FIRST.index(kind))
        turns.setdefault(unit, len(turns))

    def place(item: pytest.Item) -> tuple[int, int, int, bool]:
        unit = _unit_of(item.nodeid)
        is_late = unit in TOGETHER and "worker" not in getattr(item, "fixturenames", ())
        return _place_of(unit), ranks[unit], turns[unit], is_late

    items.sort(key=place)
    _leave_samples(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives each process one file at a time, or a whole folder of TOGETHER; None for other kinds of distribution."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _unit_of(nodeid)

    return Scheduling(config, log)


def _leave_samples(items: list[pytest.Item]) -> None:
    """Marks as long what `sampled` leaves out: all cases of a test but those that it names."""
    cases: dict[str, set[str]] = {}
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            case = item.callspec.id  # type: ignore[attr-defined]  # only a function with cases has the mark
            cases.setdefault(item.nodeid.removesuffix(f"[{case}]"), set(mark.args)).discard(case)
            if case not in mark.args:
                item.add_marker("long")
    missing = [f"{test}: {', '.join(sorted(left))}" for test, left in cases.items() if left]
    if missing and len(cases) > 1:
        raise pytest.UsageError(f"these cases are sampled but do not exist: {'; '.join(missing)}")


def _unit_of(nodeid: str) -> str:
    """What a test is run together with: its file or its folder."""
    file = nodeid.split("::", 1)[0]
    if file in WITH_SOURCES:
        return "tests/source/"
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def _place_of(unit: str) -> int:
    return next((place for place, path in enumerate(LONGEST) if unit.startswith(path)), len(LONGEST))


def _kind_of(fixtures: set[str]) -> str:
    if fixtures & PROCESSES:
        return "acceptance"
    return "integration" if "postgres" in fixtures else "unit"


class _Outside:
    """What a test does outside its process; a unit test must not do anything there."""

    is_closed = False

    @classmethod
    def look(cls, event: str, _: object) -> None:
        if cls.is_closed and event in OUTSIDE:
            raise AssertionError(f"a unit test does no {event}: mark it as integration or acceptance")


sys.addaudithook(_Outside.look)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fails unit tests that are not unit tests."""
    _Outside.is_closed = item.get_closest_marker("unit") is not None
    try:
        return (yield)
    finally:
        _Outside.is_closed = False


_LEFT: dict[Path, contextlib.ExitStack] = {}


def until_left(folder: Path) -> contextlib.ExitStack:
    """Ends what is put here after the last test of a folder. Idle processes would take time from the rest of the suite."""
    return _LEFT.setdefault(folder, contextlib.ExitStack())


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Ends what was started for a folder once the next test is outside it."""
    for folder in [folder for folder in _LEFT if nextitem is None or folder not in nextitem.path.parents]:
        _LEFT.pop(folder).close()


def pytest_sessionfinish() -> None:
    """Does the same if the session ends before the last test of a folder."""
    while _LEFT:
        _LEFT.popitem()[1].close()


def command(settings: Settings, *arguments: str, typed: str = "") -> None:
    """
    Runs a command of the product in a separate process, because Tortoise and Aerich keep their configuration per
    process.
    """
    line = [sys.executable, "-m", "server", *arguments]
    environment = os.environ | settings.environment()
    subprocess.run(
        line,
        cwd=Path(__file__).parents[1],
        env=environment,
        input=typed,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """An embedded PostgreSQL for this test process only."""
    from core import log
    from server.store.embedded import EmbeddedPostgres

    log.configure("test", "warning")
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg"))
    asyncio.run(server.start())
    asyncio.run(_need_not_last(server))
    yield server
    server.stop()


async def _need_not_last(server: EmbeddedPostgres) -> None:
    """Stops PostgreSQL from waiting for the disk. Emptied tables are new files, and syncing them took 8 s at the end."""
    import asyncpg

    connection = await asyncpg.connect(server.url)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        await connection.execute(f"ALTER SYSTEM SET {name} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture(scope="session")
def settings(postgres: EmbeddedPostgres) -> Settings:
    """Settings of the tests: the embedded database, cheap but allowed password hashes, generous limits."""
    from core.settings import load

    found = load(
        {
            "TALLYROOM_DATA_DIR": str(postgres.data_dir),
            "TALLYROOM_PORT": "0",
            "TALLYROOM_ARGON2_MEMORY_KIB": "19456",
            "TALLYROOM_ARGON2_TIME": "2",
            "TALLYROOM_ARGON2_LANES": "1",
            "TALLYROOM_MAX_SOCKETS_PER_USER": "50",
            "TALLYROOM_MAX_PENDING_PER_ADDRESS": "100",
            "TALLYROOM_JOB_HEARTBEAT_TIMEOUT_S": "3",
            "TALLYROOM_ENGINE_NICENESS": "0",  # all processors are busy, and the tests wait for the engines
            "TALLYROOM_GOOGLE_CLIENT_ID": "tests.apps.googleusercontent.com",
        }
    )
    command(found, "migrate")
    return found


@pytest.fixture(scope="session")
async def server(settings: Settings) -> AsyncIterator[TestServer]:
    """The application, listening on a port."""
    from aiohttp.test_utils import TestServer

    from core.as_json import as_json
    from realtime import unit_of_work
    from server.api import reply
    from server.api.protocol import Runner
    from server.app import build
    from server.processes.web import HTTP

    class Listening(TestServer):
        async def _make_runner(self, **options: Any) -> Runner:
            return Runner(self.app, **options | HTTP)

    def compared(view: BaseModel) -> bytes:
        found = as_json(view)
        assert found == view.model_dump_json(by_alias=True).encode()
        return found

    # Whatever a test reads is what pydantic would have written.
    reply.as_json = unit_of_work.as_json = compared  # type: ignore[attr-defined]  # for this test only
    running = Listening(build(settings))
    await running.start_server()
    yield running
    await running.close()


class Kept:
    """A connection that tests share in turn. In a new one, PostgreSQL would first have to read the descriptions of all tables."""

    def __init__(self, settings: Settings, setting: str | None = None) -> None:
        self._settings = settings
        self._setting = setting
        self._connection: asyncpg.Connection | None = None

    async def connection(self) -> asyncpg.Connection:
        """The open connection, or a new one if a test has ended it."""
        from server.store import database

        if self._connection is None or self._connection.is_closed():
            self._connection = await database.connect(self._settings, "tests")
            if self._setting is not None:
                await self._connection.execute(self._setting)
        return self._connection

    async def give_back(self) -> None:
        """Resets the session, so that the next test finds nothing of this one."""
        import asyncpg

        assert self._connection is not None
        try:
            if self._connection.is_in_transaction():
                self.close()
            elif not self._connection.is_closed():
                await self._connection.reset()
                await self._connection.execute("DISCARD TEMP")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # the test has ended it or left it busy
            self.close()

    def close(self) -> None:
        """Ends it."""
        if self._connection is not None:
            with contextlib.suppress(RuntimeError):  # at the end of a session, the loop may have been closed before
                self._connection.terminate()
            self._connection = None


class Commits(Kept):
    """
    Wakes a test when something was committed, so that it need not ask over and over for what it waits for.

    Asking every 30 ms took a third of the time of some tests, and from the processes that they waited for.
    """

    def __init__(self, settings: Settings) -> None:
        from realtime.hint import channel_of

        super().__init__(settings)
        self._channel = channel_of(settings.database_schema)
        self._listening: asyncpg.Connection | None = None
        self._heard = asyncio.Event()

    async def until(
        self, ask: Callable[[], Awaitable[Found]], is_met: Callable[[Found], bool], seconds: float = 100
    ) -> Found:
        """What is found once it meets a condition. It is asked for again after each commit."""
        loop = asyncio.get_running_loop()
        if (connection := await self.connection()) is not self._listening:
            await connection.add_listener(self._channel, self._hear)
            self._listening = connection
        found, greeted = None, -GREET_S
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if loop.time() >= greeted + GREET_S:  # a process that hears of no other sends no hints
                        await connection.execute("SELECT pg_notify($1, $2)", self._channel, '{"g": "tests"}')
                        greeted = loop.time()
                    self._heard.clear()
                    if is_met(found := await ask()):
                        return found
                    with contextlib.suppress(TimeoutError):  # a hint may be lost
                        await asyncio.wait_for(self._heard.wait(), HINT_S)
        except TimeoutError:
            raise AssertionError(f"after {seconds} s it is {found}") from None

    def _hear(self, connection: Any, sender: int, channel: str, payload: object) -> None:
        """Its own greetings come back to it. Taking them for commits, it would ask without a pause."""
        if sender != connection.get_server_pid():
            self._heard.set()


class Sweeper(Kept):
    """Empties all tables by a function of its connection, which PostgreSQL plans only once."""

    def __init__(self, settings: Settings) -> None:
        # In a normal session the audit's triggers would refuse.
        super().__init__(settings, "SET session_replication_role = replica")
        self._taught: asyncpg.Connection | None = None

    async def sweep(self) -> None:
        """Empties all tables except KEEP."""
        import asyncpg

        connection = await self.connection()
        if self._taught is not connection:
            await self._teach(connection)
        while True:
            try:
                await connection.execute("SELECT pg_temp.sweep()")
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                continue  # a worker is writing at the same moment

    async def _teach(self, connection: asyncpg.Connection) -> None:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        # Deleting a few rows takes a third of the time that new files take.
        steps = "\n".join(
            f"IF pg_relation_size('{name}') > {SMALL_BYTES} THEN TRUNCATE {name} CASCADE; "
            f"ELSIF EXISTS (SELECT FROM {name}) THEN DELETE FROM {name}; END IF;"
            for name in (f'"{row["tablename"]}"' for row in rows if row["tablename"] not in KEEP)
        )
        # Refusals are reported in the background. One reported during this would keep its row but lose the head of its
        # chain.
        await connection.execute(
            "CREATE FUNCTION pg_temp.sweep() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_advisory_xact_lock(hashtextextended('refusals ' || current_schema(), 0)); "
            f"{steps} END $$"
        )
        self._taught = connection


@pytest.fixture(scope="session")
def kept_connection(settings: Settings) -> Iterator[Kept]:
    """The connection behind `db`."""
    kept = Kept(settings)
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def commits(settings: Settings) -> Iterator[Commits]:
    """Waits for what others commit."""
    found = Commits(settings)
    yield found
    found.close()


@pytest.fixture(scope="session")
def sweeper(settings: Settings) -> Iterator[Sweeper]:
    """Empties the tables."""
    found = Sweeper(settings)
    yield found
    found.close()


@pytest.fixture
async def db(kept_connection: Kept) -> AsyncIterator[asyncpg.Connection]:
    """A separate connection, to look at what is really stored."""
    yield await kept_connection.connection()
    await kept_connection.give_back()


@pytest.fixture
async def _swept(sweeper: Sweeper) -> None:
    await sweeper.sweep()


@pytest.fixture(autouse=True)
def _as_new(request: pytest.FixtureRequest) -> None:
    """
    Before each test that uses the database, stops a worker that its module does not use, empties the tables, and clears
    the limit on sign-ins, which is fifty a second for everybody together. The others do without the event loop.

    It is one fixture, because pytest takes a tenth of a millisecond for each, in every test.
    """
    used = request.fixturenames
    if "settings" not in used:
        return
    if "worker" not in used:
        request.getfixturevalue("shared_worker").leave(request.path)
    request.getfixturevalue("_swept")
    if "server" in used:
        from server.auth.answers import GATE

        request.getfixturevalue("server").app[GATE].throttle.forget()


@dataclass
class Worker:
    """A worker in its own process."""

    process: subprocess.Popen[bytes]
    log: Path
    temporary: Path

    def engines(self) -> list[psutil.Process]:
        """The running engine processes, which are forks of the worker's fork server."""
        import psutil

        found = []
        for server in _children(self.process.pid):
            for child in _children(server):
                with contextlib.suppress(psutil.Error):
                    engine = psutil.Process(child)
                    if "forkserver" in " ".join(engine.cmdline()):
                        found.append(engine)
        return found


def _children(pid: int) -> list[int]:
    """The processes that a process has started. Linux says so at once, where psutil looks at all processes that there are."""
    if not Path("/proc/self/task").is_dir():
        import psutil

        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children()]
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread has ended
            found += [int(child) for child in thread.read_text().split()]
    return found


class Workers:
    """Starts real workers on the tests' database, each with its own settings. They share the temporary folder."""

    def __init__(self, settings: Settings, make_folder: Callable[[str], Path], temporary: Path) -> None:
        self._settings = settings
        self._make_folder = make_folder
        self._temporary = temporary
        self._started: list[Worker] = []

    def start(self, **changed: str) -> Worker:
        """Starts another worker."""
        path = self._make_folder("worker") / "log"
        with path.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "server", "worker"],
                env=os.environ | self._settings.environment() | {"TMPDIR": str(self._temporary), **changed},
                cwd=Path(__file__).parents[1],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started.append(Worker(process, path, self._temporary))
        return self._started[-1]

    def stop(self) -> None:
        """Stops all workers that it has started."""
        for found in self._started:
            found.process.terminate()
        for found in self._started:
            try:
                found.process.wait(15)
            except subprocess.TimeoutExpired:
                found.process.kill()
                found.process.wait()
        self._started.clear()


class SharedWorker:
    """
    A worker with the settings of the tests, kept from one module to the next, because its imports take seconds.

    A module that does not use it, or does not use it yet, does not find it running.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._worker: Worker | None = None
        self._module: Path | None = None

    def of(self, module: Path) -> Worker:
        """The worker, for a module that uses it from now on."""
        if self._worker is None or self._worker.process.poll() is not None:
            self._worker = self._workers.start()
        self._module = module
        return self._worker

    def leave(self, module: Path) -> None:
        """Stops the worker, unless this module uses it."""
        if self._module != module:
            self.stop()

    def stop(self) -> None:
        """Stops the worker."""
        self._workers.stop()
        self._worker = None


@pytest.fixture(scope="session")
def make_workers(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Workers]:
    """Makes objects that start workers, and stops all these workers."""
    temporary = tmp_path_factory.mktemp("tmp")
    return lambda: Workers(settings, tmp_path_factory.mktemp, temporary)


@pytest.fixture(scope="session")
def shared_worker(make_workers: Callable[[], Workers]) -> Iterator[SharedWorker]:
    """The worker shared by all modules that use `worker`."""
    workers = make_workers()
    yield SharedWorker(workers)
    workers.stop()


@pytest.fixture(scope="module")
def start_lasting_worker(make_workers: Callable[[], Workers]) -> Iterator[Callable[..., Worker]]:
    """Starts workers with their own settings; they end with the module."""
    workers = make_workers()
    yield workers.start
    workers.stop()


@pytest.fixture
def start_worker(make_workers: Callable[[], Workers]) -> Iterator[Callable[..., Worker]]:
    """Starts workers with their own settings; they end with the test, even if it fails before it has stopped them."""
    workers = make_workers()
    yield workers.start
    workers.stop()


@pytest.fixture(scope="module")
def worker(shared_worker: SharedWorker, request: pytest.FixtureRequest) -> Worker:
    """A real worker, from the first test of a module that uses it to the last."""
    return shared_worker.of(request.path)


@dataclass
class Person:
    """Somebody with an account, signed in."""

    session: ClientSession
    id: UUID
    email: str
    token: str
    refresh_token: str
    headers: dict[str, str] = field(default_factory=dict)

    async def send(
        self, method: str, path: str, body: Any = None, *, if_match: int | None = None, **headers: str
    ) -> ClientResponse:
        """A request with the person's token. Paths start at /api/v1 unless they begin with //."""
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if if_match is not None:
            sent["If-Match"] = f'"{if_match}"'
        url = path[1:] if path.startswith("//") else f"/api/v1{path}"
        extra = {} if body is None else {"json": body}
        return await self.session.request(method, url, headers=sent, **extra)

    async def ok(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of an answer that must be 2xx."""
        async with await self.send(method, path, body, **options) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json() if text else None

    async def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """Status and code of an answer that must be a problem."""
        async with await self.send(method, path, body, **options) as response:
            assert response.content_type == "application/problem+json", await response.text()
            return response.status, (await response.json())["code"]

    async def problem(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The document of an answer that must be a problem."""
        async with await self.send(method, path, body, **options) as response:
            assert response.content_type == "application/problem+json", await response.text()
            found: dict[str, Any] = await response.json()
            return found


@pytest.fixture
async def http(server: TestServer) -> AsyncIterator[ClientSession]:
    """An HTTP session without a sign-in."""
    from aiohttp import ClientSession

    async with ClientSession(base_url=server.make_url("/"), auto_decompress=True) as session:
        yield session


@pytest.fixture(scope="session")
async def stored_password(server: TestServer) -> tuple[str, str]:
    """PASSWORD as it is stored. Hashing it once takes a third of the time of a sign-in."""
    from server.auth.answers import GATE

    return await server.app[GATE].passwords.hash(PASSWORD)


@pytest.fixture
def make_person(http: ClientSession, server: TestServer, stored_password: tuple[str, str]) -> Any:
    """Makes accounts, each with a session such as a sign-in begins, without hashing a password for each."""
    from core.ids import uuid7
    from models.user import User
    from server.auth.actions import begin_session
    from server.auth.answers import GATE
    from server.auth.sessions import Client

    stored, pepper = stored_password

    async def make(name: str, role: str = "user") -> Person:
        email = f"{name}@example.test"
        user = await User.create(
            id=uuid7(), email=email, display_name=name.title(), role=role, password_hash=stored, pepper_id=pepper
        )
        grant = await begin_session(server.app[GATE], user, Client("127.0.0.1", "Python tests"), remember=False)
        return Person(http, user.id, email, grant.access.token, grant.refresh_token)

    return make


@pytest.fixture
async def admin(make_person: Any) -> Person:
    """An administrator."""
    return await make_person("root", "admin")


@pytest.fixture
async def alice(make_person: Any) -> Person:
    """A manager, who owns the project in most tests."""
    return await make_person("alice", "manager")


@pytest.fixture
async def bob(make_person: Any) -> Person:
    """A user, who is a member where a test says so."""
    return await make_person("bob")


@pytest.fixture
async def charlie(make_person: Any) -> Person:
    """A stranger."""
    return await make_person("charlie")


@pytest.fixture
async def project(alice: Person) -> str:
    """The id of a project that alice owns."""
    created = await alice.ok("POST", "/projects", {"name": "March"})
    return str(created["id"])


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder for a separate server."""
    return tmp_path / "var"
