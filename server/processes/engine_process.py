"""
Starts engine processes by forking a server process that has imported everything once.

A fresh interpreter spends more than two seconds on imports before it reads a row (measured); a fork starts in
milliseconds and shares memory pages. The fork server (multiprocessing's own) starts with the first task or soon after
the worker, runs none of our threads, keeps no connection open, and ends with the worker.
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

WARM_UP_AFTER_S = 3.0  # a web process on two cores is ready by then
LONGEST_FOLDER = 80  # bytes of a path that a socket's name fits behind, on macOS too
_PRELOADED = "server.processes.warm"
_ENVIRONMENT = {
    # The engine's own threads do its work; a pool of BLAS threads would only get in the way of forking.
    "OPENBLAS_NUM_THREADS": "1",
    # Return freed memory at once. Otherwise each step of loading a file would add its peak to the next one's (measured
    # on 100,000 rows: the loader keeps 93 MB of its own instead of 180). Below a megabyte it is kept all the same: asking
    # the kernel again for every column of a batch took half of the time of looking at a file.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}


class EngineProcess:
    """A running engine process. It ends by itself when this process is gone."""

    def __init__(self, process: ForkServerProcess, lifeline: Connection, scratch: str) -> None:
        self._process = process
        self._lifeline = lifeline
        self._scratch = scratch

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait until it ends. Returns: its exit status, or the negative number of the signal that ended it."""
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        # A thread must not wait here. The loop has few, and a worker with many slots would have none left to start
        # engines.
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        await asyncio.to_thread(self._process.join)
        self._lifeline.close()
        # Done here, because a process that was killed cannot clean up.
        await asyncio.to_thread(shutil.rmtree, self._scratch, ignore_errors=True)
        status = self._process.exitcode
        return -1 if status is None else status

    def scratch_bytes(self) -> int:
        """How many bytes it has written to its scratch folder."""
        size = 0
        for folder, _, names in os.walk(self._scratch):
            for name in names:
                with contextlib.suppress(OSError):  # files come and go
                    size += os.stat(os.path.join(folder, name)).st_size
        return size

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()


class Engines:
    """Starts engine processes."""

    def __init__(self, scratch: Path) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self._scratch = scratch
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])
        # Its socket, too, where the path is not too long for one: in a folder of the library's own it would stay behind
        # whenever a worker is killed.
        if len(os.fsencode(scratch)) <= LONGEST_FOLDER:
            multiprocessing.current_process()._config["tempdir"] = str(scratch)  # type: ignore[attr-defined]  # no other way

    async def warm_up(self) -> None:
        """
        Start the fork server, so that it is warm for the first task.

        Not at once: its imports take a second of computing, which the web process needs while both start together.
        """
        await asyncio.sleep(WARM_UP_AFTER_S)
        await asyncio.to_thread(forkserver.ensure_running)

    async def start(self, kind: str, row_id: UUID, person: UUID | None) -> EngineProcess:
        """Start an engine process for a job or a source, on behalf of the person who asked for it."""
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
