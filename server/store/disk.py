"""
Room on disks. What brings data in stops at a reserve, so that everything else goes on: PostgreSQL ends when its disk is full.

Known is the disk of the embedded database, and that of the temporary folder. How much a PostgreSQL elsewhere has left it
does not tell; when it says that it has none, that is 507 too (server/api/translation.py).
"""

import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from core.problems import StorageFull
from core.settings import Settings

LOOK_EVERY_S = 0.5
_FULL = ("No space left on device", "max_temp_directory_size")  # as DuckDB says it
_ADVICE = "delete sources that nobody needs, or give it more room"


class Disk:
    """The file system of a folder, looked at twice a second at most."""

    def __init__(self, folder: Path | None, reserve_bytes: int) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._looked_at = float("-inf")
        self._room = 0

    def room(self) -> int:
        """Bytes until the reserve is reached; below zero within it. What is not known counts as endless."""
        if self._folder is None:
            return 2**62
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            found = os.statvfs(self._folder)
            self._room = found.f_bavail * found.f_frsize - self._reserve_bytes
        return self._room

    def refuse_when_full(self, coming_bytes: int = 0) -> None:
        """Raises: StorageFull where what comes does not fit above the reserve."""
        if self.room() < coming_bytes:
            raise StorageFull(f"The disk has no room above its reserve of {self._reserve_bytes} bytes: {_ADVICE}.")


def database_disk(settings: Settings) -> Disk:
    """The disk of the embedded database; of another one nothing is known."""
    return Disk(settings.data_dir if settings.is_embedded else None, settings.disk_reserve_bytes)


def scratch_disk(settings: Settings) -> Disk:
    """The disk of the temporary folder. A small one, such as one in memory, has a tenth in reserve."""
    folder = Path(tempfile.gettempdir())
    found = os.statvfs(folder)
    return Disk(folder, min(settings.disk_reserve_bytes, found.f_blocks * found.f_frsize // 10))


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that a disk is full."""
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
    """Why a file or a job was given up."""
    if isinstance(error, StorageFull):
        return error
    return StorageFull(f"A disk of the server or its worker became full meanwhile: {_ADVICE}, then try again.")


async def room_in_project(settings: Settings, project_id: Any, rows_of: Any, *, without: Any = None) -> int:
    """
    Bytes that a project may still get: files as long as they are kept, and rows as they came.

    Args:
        rows_of: runs a statement with values and gives rows.
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


def project_full(settings: Settings) -> StorageFull:
    """Why a project takes no more."""
    return StorageFull(
        f"The project has no room: files and records of one project have {settings.project_max_bytes} bytes. Delete "
        "sources that nobody needs. An administrator can raise TALLYROOM_PROJECT_MAX_BYTES."
    )
