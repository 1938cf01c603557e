"""
Rows on their way from the database to a reader, in a temporary file.

So the database's transaction ends when everything has been read, however slow the reader is. The file has no name, so
it is gone with the process, even one that was killed.
"""

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncGenerator
from types import TracebackType

import pyarrow as pa

from server.export.places import Places

PAGE_BYTES = 384 * 1024  # with it, a web process grows by 46 MB at most (docs/benchmarks.md); larger pages cost more


class Spool:
    """Pages of whole rows, each compressed. One task puts rows in while another takes pages out."""

    def __init__(self, places: Places) -> None:
        self._disk, self._run = places.disk, places.spooling.run
        self._file = tempfile.TemporaryFile(prefix="tallyroom-export-", buffering=0)  # noqa: SIM115 - closed in _close
        self._codec = pa.Codec("zstd", compression_level=1)
        self._pages: list[tuple[int, int, int]] = []  # offset, size and size when unpacked
        self._end = 0
        self._waiting = bytearray()
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._is_done = False
        self._error: BaseException | None = None

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread may still be at work for a task that was cancelled.
        asyncio.get_running_loop().run_in_executor(None, self._close)

    async def put(self, rows: bytes) -> None:
        """Add whole rows. Raises: StorageFull."""
        self._waiting += rows
        if len(self._waiting) >= PAGE_BYTES:
            page = bytes(self._waiting)
            self._waiting.clear()
            await self._store(page)

    async def finish(self) -> None:
        """Add what is left. Nothing follows."""
        if self._waiting:
            await self._store(bytes(self._waiting))
            self._waiting.clear()
        self._is_done = True
        self._changed.set()

    def fail(self, error: BaseException) -> None:
        """Pass an error on to the reader."""
        self._error = error
        self._changed.set()

    async def pages(self) -> AsyncGenerator[bytes]:
        """The pages in order, each as soon as it is there. Raises: what was passed to `fail`."""
        number = 0
        while True:
            self._changed.clear()
            if self._error is not None:
                raise self._error
            if number < len(self._pages):
                yield await self._run(self._read, *self._pages[number])
                number += 1
            elif self._is_done:
                return
            else:
                await self._changed.wait()

    async def _store(self, page: bytes) -> None:
        self._disk.refuse_when_full(len(page))
        size = await self._run(self._write, page)
        self._pages.append((self._end, size, len(page)))
        self._end += size
        self._changed.set()

    def _close(self) -> None:
        with self._lock:
            self._file.close()

    def _write(self, page: bytes) -> int:
        packed = self._codec.compress(page, asbytes=True)
        written = 0
        with self._lock:  # a closed file raises; its number may already be that of another file
            while written < len(packed):
                written += os.pwrite(self._file.fileno(), memoryview(packed)[written:], self._end + written)
        return written

    def _read(self, offset: int, size: int, unpacked: int) -> bytes:
        with self._lock:
            packed = os.pread(self._file.fileno(), size, offset)
        found: bytes = self._codec.decompress(packed, unpacked, asbytes=True)
        return found
