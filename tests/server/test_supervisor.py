"""`make run` as an operator sees it: real process trees, signals, and refusals in one line."""

import ast
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60
STOP_S = 10


@dataclass
class Running:
    """A supervisor and all its processes."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path
    lines: list[str]
    early: tuple[int, int] | None = None  # /health/ready and /health before the demo has made its accounts
    late: tuple[int, ...] = ()  # what they answered from then on
    signed_in: tuple[dict[str, Any], ...] = ()

    def tree(self) -> list[psutil.Process]:
        """The supervisor and all the processes that it has started."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def child(self, word: str) -> psutil.Process:
        """The process of `serve` or `worker`."""
        return next(p for p in psutil.Process(self.process.pid).children() if word in p.cmdline())

    def is_healthy(self) -> bool:
        """Whether /health/ready answers 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=3) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def ask(self, path: str, body: object = None, token: str = "") -> dict[str, Any]:
        """The JSON answer to a GET, or to a POST with a body."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "X-Client": "api"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            found: dict[str, Any] = json.load(response)
            return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TALLYROOM_")}
    cheap = {"TALLYROOM_ARGON2_MEMORY_KIB": "19456", "TALLYROOM_ARGON2_TIME": "2", "TALLYROOM_DEMO_DATA": "false"}
    return {**kept, **cheap, "TALLYROOM_PORT": str(port), "TALLYROOM_DATA_DIR": str(data_dir), **more}


@contextlib.contextmanager
def _beginning() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def run(data_dir: Path, port: int | None = None, **more: str) -> Running:
        port = port or _free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "run"],
            cwd=ROOT,
            env=_environment(data_dir, port, TALLYROOM_LOG_LEVEL="error", **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(Running(process, port, data_dir, []))
        return started[-1]

    try:
        yield run
    finally:
        for running in started:
            with contextlib.suppress(psutil.Error):
                if running.process.poll() is None:
                    _kill(running)
            running.process.wait()


@pytest.fixture
def begin() -> Iterator[Callable[..., Running]]:
    """Starts `tallyroom run`."""
    with _beginning() as run:
        yield run


@pytest.fixture
def start(begin: Callable[..., Running]) -> Callable[..., Running]:
    """Starts `tallyroom run` and waits until it says that it is ready."""

    def run(data_dir: Path, port: int | None = None, **more: str) -> Running:
        return _until_ready(begin(data_dir, port, **more))

    return run


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """
    A supervisor with the demo, for all tests that leave it running.

    Its demo was held up until the web process had answered, and everybody signed in as soon as it was said to be ready.
    """
    with _beginning() as run:
        found = run(tmp_path_factory.mktemp("demo") / "var", TALLYROOM_DEMO_DATA="true", TALLYROOM_DEMO_ROWS="2000")
        demo = _when(lambda: _child(found, "demo"))
        demo.suspend()
        found.early = _when(lambda: _status(found, "/health/ready")), _when(lambda: _status(found, "/health"))
        demo.resume()
        statuses = []
        while not statuses or statuses[-1] != 200:  # the test's time limit ends this loop
            statuses.append(_first_status(found))
            time.sleep(0.01)  # a script would ask again at once, but that takes the time of what it waits for
        found.late = tuple(statuses)
        found.signed_in = tuple(
            found.ask("/auth/login", {"email": f"{name}@tallyroom.example", "password": "demo-tallyroom-password"})
            for name in ("user", "manager", "admin")  # the account made first comes last
        )
        yield _until_ready(found)


@pytest.fixture(scope="module")
def migrations(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """A data folder, and the migrations that made it: two at once on a new folder, and two with nothing to do."""
    folder, done = tmp_path_factory.mktemp("migrated") / "var", []
    environment = _environment(folder, _free_port())
    for _ in range(2):
        with ThreadPoolExecutor(2) as threads:
            done += list(threads.map(lambda _: _command("migrate", environment), range(2)))
    return folder, done


@pytest.fixture
def make_folder(migrations: tuple[Path, object]) -> Callable[[Path], Path]:
    """Copies a data folder, which takes a tenth of the time of making one."""
    return lambda path: Path(shutil.copytree(migrations[0], path))


def _until_ready(running: Running) -> Running:
    assert running.process.stdout is not None
    for line in running.process.stdout:
        running.lines.append(line.rstrip())
        if "Ctrl-C" in line:
            return running
    raise AssertionError(f"it did not start: {running.lines}")


def _kill(running: Running) -> None:
    for process in running.tree():
        with contextlib.suppress(psutil.Error):
            process.kill()


def _refusal(data_dir: Path, port: int, **more: str) -> str:
    """The one line of a supervisor that refuses to start."""
    done = subprocess.run(
        [sys.executable, "-m", "server", "run"],
        cwd=ROOT,
        env=_environment(data_dir, port, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert (done.returncode, len(lines)) == (1, 1), lines
    return lines[0]


@pytest.mark.long
def test_it_says_where_to_look_and_whom_to_sign_in_as(running):
    text = "\n".join(running.lines)

    assert "migration(s) applied" in text
    assert f"http://127.0.0.1:{running.port}" in text
    assert "admin@tallyroom.example" in text
    assert "demo-tallyroom-password" in text
    assert running.is_healthy()


def test_once_it_says_it_is_ready_everybody_can_sign_in(running):
    assert running.early == (503, 503)
    assert set(running.late[:-1]) <= {503}
    assert [bool(answer["access_token"]) for answer in running.signed_in] == [True] * 3
    assert (_status(running, "/health/ready"), _status(running, "/health")) == (200, 200)


def _child(running: Running, word: str) -> psutil.Process | None:
    with contextlib.suppress(StopIteration, psutil.Error):
        return running.child(word)
    return None


def _when(ask: Callable[[], Any]) -> Any:
    """What is found as soon as there is something."""
    deadline = time.monotonic() + READY_S
    while (found := ask()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def _first_status(running: Running) -> int | None:
    """503 while both paths answer it. Whichever says something else first must be right."""
    ready = _status(running, "/health/ready")
    return _status(running, "/health") if ready == 503 else ready


def _status(running: Running, path: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=3) as response:
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return None


@pytest.mark.long
def test_a_signal_stops_one_installation_only_and_its_next_start_keeps_the_data(running, start, make_folder, tmp_path):
    folder, stopped = make_folder(tmp_path / "var"), []
    for name in (signal.SIGTERM, signal.SIGINT):  # the second start follows the first signal
        found = start(folder)
        tree = found.tree()
        kek = (folder / "kek").read_text()
        began = time.monotonic()
        found.process.send_signal(name)
        status = found.process.wait(STOP_S)
        gone, alive = psutil.wait_procs(tree, timeout=max(0.1, STOP_S - (time.monotonic() - began)))
        stopped.append(
            (
                status,
                len(gone) + len(alive) >= 4,
                _running(alive),
                kek,
                any("migration" in line for line in found.lines),
            )
        )

    kek = stopped[0][3]
    assert stopped == [(0, True, [], kek, False), (0, True, [], kek, False)]
    assert running.is_healthy()


def test_after_a_kill_of_everything_the_next_start_recovers_and_a_killed_supervisor_takes_everything_with_it(
    start, make_folder, tmp_path
):
    first = start(make_folder(tmp_path / "var"))
    tree = first.tree()
    first.process.kill()  # the supervisor first, so that it cannot clean up
    for process in tree:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(tree, timeout=10)
    assert (tmp_path / "var" / "postgres" / "postmaster.pid").exists()

    second = start(tmp_path / "var", first.port)

    assert second.is_healthy()
    tree = second.tree()

    second.process.kill()
    _, alive = psutil.wait_procs(tree, timeout=STOP_S)

    assert _running(alive) == []


def _running(processes: list[psutil.Process]) -> list[str]:
    """The commands of those that have not ended. One that has ended may stay listed until the system collects it."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.parametrize("word", ["serve", "worker"])
def test_a_killed_process_is_started_again(running, word):
    before = running.child(word)

    before.kill()

    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(StopIteration, psutil.Error):
            if running.child(word).pid != before.pid and running.is_healthy():
                return
        time.sleep(0.1)
    raise AssertionError(f"{word} was not started again")


def test_a_killed_database_is_started_again(running):
    before = next(p for p in psutil.Process(running.process.pid).children() if p.name() == "postgres")

    before.kill()

    before.wait(READY_S)
    deadline = time.monotonic() + READY_S
    while not running.is_healthy():
        assert time.monotonic() < deadline, "the database was not started again"
        time.sleep(0.1)


@pytest.mark.long
async def test_a_database_that_neither_serves_nor_recovers_is_noticed_and_can_be_restarted(tmp_path):
    postgres = EmbeddedPostgres(tmp_path / "data")
    await postgres.start()
    try:
        postmaster = psutil.Process(postgres.process.pid)
        # For a moment, its processes do not say yet which they are.
        _when(lambda: None if postgres.is_stuck() else True)
        postmaster.suspend()  # it ignores child processes that end, as if its startup process had been killed
        next(child for child in postmaster.children() if "walwriter" in " ".join(child.cmdline())).kill()
        stuck = _when(lambda: postgres.is_stuck() or None)
        postgres.end_at_once(0.5)
        await postgres.restart()
        _when(lambda: None if postgres.is_stuck() else True)
        is_running = postgres.is_running()
    finally:
        postgres.stop()

    assert (stuck, is_running) == (True, True)


@pytest.mark.long
def test_typing_records_in_the_web_process_does_not_break_the_processes_it_starts(running):
    login = {"email": "manager@tallyroom.example", "password": "demo-tallyroom-password"}
    token = running.ask("/auth/login", login)["access_token"]
    project = running.ask("/projects", token=token)["items"][0]["id"]
    jobs: list[Any] = []
    for _ in range(300):
        jobs = running.ask(f"/projects/{project}/jobs", token=token)["items"]
        if [job["status"] for job in jobs] == ["completed"]:
            break
        time.sleep(0.1)
    sources = {s["name"]: s["id"] for s in running.ask(f"/projects/{project}/sources", token=token)["items"]}
    sides = {"left_source": sources["Ledger"], "right_source": sources["Bank statement"]}
    running.ask(f"/sources/{sources['Ledger']}/records", {"data": {"amount": "12.50"}}, token)

    assert running.ask(f"/projects/{project}/plans/suggest", sides, token)["document"]


def test_a_second_supervisor_on_the_same_folder_is_refused(running):
    line = _refusal(running.data_dir, _free_port())

    assert "another Tallyroom is using" in line


def test_a_taken_port_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = _refusal(tmp_path / "var", port)

    assert "TALLYROOM_PORT" in line
    assert str(port) in line


def test_a_data_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")

    line = _refusal(tmp_path / "file" / "var", _free_port())

    assert "TALLYROOM_DATA_DIR" in line
    assert "choose a folder" in line


@pytest.mark.long
def test_the_doctor_says_what_is_wrong_and_changes_nothing(tmp_path):
    (tmp_path / "file").write_text("")

    for folder, said in (
        (tmp_path / "new", "does not exist yet"),
        (tmp_path / "file" / "var", "WRONG TALLYROOM_DATA_DIR"),
    ):
        done = _command("doctor", _environment(folder, _free_port()))
        assert (done.returncode, said in done.stdout, done.stderr) == (1, True, ""), done.stdout + done.stderr

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_migrations_at_once_on_a_new_folder_run_one_after_the_other(migrations):
    _, done = migrations

    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]


def test_a_start_waits_for_migrations_that_use_the_folder(start, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        migrations = [
            threads.submit(_command, "migrate", _environment(tmp_path / "var", _free_port())) for _ in range(2)
        ]
        while not (tmp_path / "var" / "lock").exists():
            time.sleep(0.01)

        running = start(tmp_path / "var")
        done = [one.result() for one in migrations]

    assert running.is_healthy()
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]


def _command(name: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_full_disk_is_refused(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here: needs the right to mount")
    try:
        line = _refusal(small / "var", _free_port())
    finally:
        subprocess.run(["umount", small], check=True)

    assert "TALLYROOM_DATA_DIR" in line
    assert "free some space" in line


@pytest.mark.long
def test_a_path_that_is_too_long_for_a_socket_and_closed_to_others_works(start, make_folder, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    running = start(make_folder(closed / ("long" * 30) / "var"))

    assert running.is_healthy()


@pytest.mark.parametrize("name", ["bootstrap.py", "build_web.py"])
def test_the_check_of_the_interpreter_parses_with_an_old_one(name):
    source = (ROOT / "server" / name).read_text()

    ast.parse(source, feature_version=(3, 6))


def test_an_old_interpreter_is_refused_in_one_line(tmp_path):
    old = [name for minor in range(6, 11) if _runs(name := f"python3.{minor}")]
    if not old:
        pytest.skip("no Python older than 3.11 on this machine")
    arguments = [
        "-I",
        ROOT / "server" / "bootstrap.py",
        tmp_path / "venv",
        ROOT / "requirements.txt",
        tmp_path / "stamp",
    ]

    for name in old:
        done = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert "3.11 or newer" in done.stderr
        assert "PYTHON=" in done.stderr
        assert not (tmp_path / "venv").exists()


@pytest.mark.long
def test_an_environment_that_is_a_link_is_replaced_and_its_target_stays(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("of another checkout")
    (tmp_path / "venv").symlink_to(elsewhere)
    (tmp_path / "requirements.txt").write_text("")
    arguments = [tmp_path / "venv", tmp_path / "requirements.txt", tmp_path / "stamp"]

    done = subprocess.run(
        [sys.executable, "-I", ROOT / "server" / "bootstrap.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (elsewhere / "kept").exists()
    assert not (tmp_path / "venv").is_symlink()
    assert (tmp_path / "venv" / "bin" / "python").exists()


def _runs(name: str) -> bool:
    if shutil.which(name) is None:
        return False
    return subprocess.run([name, "--version"], capture_output=True, check=False).returncode == 0
