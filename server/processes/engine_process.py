"""
Starting engine processes: forked from a server process that has imported everything once.

A fresh interpreter spends more than two seconds on imports before it reads a row (measured); a fork starts in
milliseconds and shares the pages. The fork server (multiprocessing's own) starts with the worker, runs no thread of
ours, opens no connection, and ends with the worker.
"""

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import tempfile
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from uuid import UUID

_PRELOADED = "server.processes.warm"
_ENVIRONMENT = {
    # The engine's own threads do its work; a pool of BLAS threads would only be in the way of the fork.
    "OPENBLAS_NUM_THREADS": "1",
    # Memory that is freed goes back at once, or the peak of each step of loading a file would add to the next one's
    # (measured on 100,000 rows: 93 MB of its own for the loader, not 180).
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


class EngineProcess:
    """One running engine process. It ends by itself when this process is gone."""

    def __init__(self, process: ForkServerProcess, lifeline: Connection, scratch: str) -> None:
        self._process = process
        self._lifeline = lifeline
        self._scratch = scratch

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Waits for its end. Returns: its exit status, negative for the signal that ended it."""
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        # A thread must not wait here: the loop has few, and a worker with many slots would have none left to start engines.
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        await asyncio.to_thread(self._process.join)
        self._lifeline.close()
        # Here, because a process that was killed cannot.
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)
        status = self._process.exitcode
        return -1 if status is None else status

    def scratch_bytes(self) -> int:
        """What it has written aside."""
        size = 0
        for folder, _, names in os.walk(self._scratch):
            for name in names:
                with contextlib.suppress(OSError):  # it comes and goes
                    size += os.stat(os.path.join(folder, name)).st_size
        return size

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()


class Engines:
    """Starts engine processes. The fork server starts in the background, so that the first task finds it warm."""

    def __init__(self, scratch: Path) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self._scratch = scratch
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])
        forkserver.ensure_running()

    async def start(self, kind: str, row_id: UUID, person: UUID | None) -> EngineProcess:
        """Starts an engine process for one job or one source, and the person who asked for it."""
        return await asyncio.to_thread(self._start, kind, row_id, person)

    def _start(self, kind: str, row_id: UUID, person: UUID | None) -> EngineProcess:
        theirs, ours = self._context.Pipe(duplex=False)
        scratch = tempfile.mkdtemp(prefix=f"{kind}-", dir=self._scratch)
        arguments = (theirs, scratch, [kind, str(row_id), str(person or "")])
        process = self._context.Process(target=_run, args=arguments, name=f"engine {kind}", daemon=True)
        process.start()
        theirs.close()
        return EngineProcess(process, ours, scratch)


def _run(lifeline: Connection, scratch: str, arguments: list[str]) -> None:
    from server.processes import engine

    tempfile.tempdir = scratch
    raise SystemExit(engine.main(arguments, lifeline.fileno()))
