"""The server's real processes, using a database that may be killed."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from core.settings import Settings

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def running(command: str, settings: Settings, log: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m server COMMAND` with these settings, until the block ends. Its output is appended to the log."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", *command.split()],
            env={**os.environ, **settings.environment(), "TALLYROOM_PORT": str(port)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        if command.startswith("serve"):
            _wait_for((settings.host, port), process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address: tuple[str, int], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(address, 1):
            return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def freeze(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Stops processes with SIGSTOP; returns those that were stopped, as some may have ended since they were listed."""
    stopped = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
            stopped.append(process)
    return stopped


def thaw(processes: Iterable[psutil.Process]) -> None:
    """Lets stopped processes go on. One may end as soon as another goes on, and then there is nothing to do."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


def webs(process: Any) -> list[psutil.Process]:
    """The web processes below the one that keeps them."""
    found = []
    for child in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # also a process that has ended and is not yet waited for
            if "--share-port" in child.cmdline():
                found.append(child)
    return found


def sockets_of(web: psutil.Process, port: int, status: str = psutil.CONN_ESTABLISHED) -> int:
    """The sockets that a web process has on the port."""
    return sum(each.status == status and each.laddr.port == port for each in web.net_connections("tcp"))


def listening(process: Any, port: int) -> int:
    """How many web processes accept connections."""
    return sum(sockets_of(web, port, psutil.CONN_LISTEN) for web in webs(process))
