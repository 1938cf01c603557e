"""
Free space on disks. Routes that bring in data stop at a reserve so that everything else goes on, because PostgreSQL
shuts down when its disk is full.

The disks of the embedded database and of the temporary folder are known. An external PostgreSQL does not tell how much
space it has left; when it reports that it has none, that is a 507 too (server/api/translation.py).
"""

import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from core.problems import StorageFull
from core.settings import Settings

LOOK_EVERY_S = 0.5
NEAR_BYTES = 256 * 1024**2  # of a project's size: more than all requests and loaders store at the same time
_FULL = ("No space left on device", "max_temp_directory_size")  # the phrases DuckDB uses
_ADVICE = "delete sources that nobody needs, or add disk space"


class Disk:
    """The file system of a folder, checked at most twice a second."""

    def __init__(self, folder: Path | None, reserve_bytes: int) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._looked_at = float("-inf")
        self._room = 0

    def room(self) -> int:
        """Bytes left above the reserve; negative once inside it. An unknown disk counts as endless."""
        if self._folder is None:
            return 2**62
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            found = os.statvfs(self._folder)
            self._room = found.f_bavail * found.f_frsize - self._reserve_bytes
        return self._room

    def refuse_when_full(self, coming_bytes: int = 0) -> None:
        """Check that the coming bytes fit above the reserve. Raises: StorageFull."""
        if self.room() < coming_bytes:
            raise StorageFull(
                f"The disk is full up to its reserve of {self._reserve_bytes} bytes. To continue, {_ADVICE}."
            )


def database_disk(settings: Settings) -> Disk:
    """The disk of the embedded database. Nothing is known about another database's disk."""
    return Disk(settings.data_dir if settings.is_embedded else None, settings.disk_reserve_bytes)


def scratch_disk(settings: Settings) -> Disk:
    """The disk of the temporary folder. On a small one, such as one in memory, a tenth is reserved."""
    folder = Path(tempfile.gettempdir())
    found = os.statvfs(folder)
    return Disk(folder, min(settings.disk_reserve_bytes, found.f_blocks * found.f_frsize // 10))


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that a disk is full."""
    import duckdb  # imported here: most processes that look after a disk run no queries with it

    while error is not None:
        if isinstance(error, StorageFull | asyncpg.DiskFullError):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, duckdb.Error) and any(phrase in str(error) for phrase in _FULL):
            return True
        error = error.__cause__ or error.__context__
    return False


def full_while_working(error: BaseException | None = None) -> StorageFull:
    """The problem for a file or a job that was given up because a disk became full."""
    if isinstance(error, StorageFull):
        return error
    return StorageFull(
        f"A disk of the server or its worker became full meanwhile. To continue, {_ADVICE}, then try again."
    )


async def room_in_project(settings: Settings, project_id: Any, rows_of: Any, *, without: Any = None) -> int:
    """
    Bytes that a project may still add. Files count as long as they are kept, rows at the size they were stored with.

    Args:
        rows_of: runs a statement with values and returns rows.
        without: a source that does not count.
    """
    rows = await rows_of(_USED, project_id, without)
    return settings.project_max_bytes - int(rows[0]["used"])


_USED = """
    SELECT coalesce(sum(
        CASE WHEN EXISTS (SELECT 1 FROM source_chunks c WHERE c.source_id = s.id) THEN s.size_bytes ELSE 0 END
        + coalesce((s.detection->>'stored_bytes')::bigint, 0)), 0)::bigint AS used
    FROM sources s WHERE s.project_id = $1 AND s.id IS DISTINCT FROM $2
"""


async def refuse_without_room(
    settings: Settings, project_id: Any, rows_of: Any, size_bytes: int, *, without: Any = None
) -> None:
    """
    Refuses rows that a project has no room for. Called in the transaction that stores them.

    Near the limit those who store take turns, each until it has committed: they would all take the same room otherwise.
    Raises: StorageFull.
    """
    room_bytes = await room_in_project(settings, project_id, rows_of, without=without)
    if room_bytes < size_bytes + NEAR_BYTES:
        await rows_of("SELECT pg_advisory_xact_lock(hashtextextended('room ' || $1, 0))", str(project_id))
        room_bytes = await room_in_project(settings, project_id, rows_of, without=without)
    if room_bytes < size_bytes:
        raise project_full(settings)


def project_full(settings: Settings) -> StorageFull:
    """The problem for a project that may not grow further."""
    return StorageFull(
        f"The project is full: its files and records may take {settings.project_max_bytes} bytes. Delete "
        "sources that nobody needs. An administrator can raise TALLYROOM_PROJECT_MAX_BYTES."
    )
