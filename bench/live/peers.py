"""The servers beside which this one is measured, and the sockets that listen to either."""

import multiprocessing
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from bench.live.readers import Target, run
from bench.stack import ROOT, free_port

MANIFEST = ROOT / "web" / "package.json"  # of the project whose Socket.IO the peer takes
NODE = ("node", str(Path(__file__).with_name("peer.mjs")), str(MANIFEST))
STOCK = (sys.executable, "-m", "bench.live.stock")


@dataclass(frozen=True)
class Peer:
    """A peer that runs."""

    port: int
    pid: int


@asynccontextmanager
async def peer(command: tuple[str, ...]) -> AsyncIterator[Peer]:
    """Start a peer. Raises: RuntimeError if it does not start."""
    port = free_port()
    process = subprocess.Popen([*command, str(port)], cwd=ROOT, stdout=subprocess.PIPE)  # noqa: ASYNC220 - nothing else runs yet
    try:
        assert process.stdout is not None
        if b"is ready" not in process.stdout.readline():
            raise RuntimeError(f"{command[0]} did not start; `make web-dev` installs what the peer needs")
        yield Peer(port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def sockets(target: Target, count: int) -> Iterator[Pipe]:
    """So many sockets in a process of their own, and the pipe to it."""
    context: Any = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run, args=(theirs, target, count))
    process.start()
    try:
        if not ours.poll(120):
            raise RuntimeError("the sockets did not connect")
        assert ours.recv() == count
        yield ours
        ours.send(None)
    finally:
        process.join(10)
        process.kill()
