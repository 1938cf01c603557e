"""
A folder for temporary files of a process and its children. It is removed when they are gone, even if they were killed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "tallyroom-scratch-"
_TRIES = 3


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """
    Create a folder and hold it until the end, after removing those that nobody holds.

    It is held by a lock rather than by its owner's process id, because workers in containers may share a temporary
    folder while each container counts processes from one.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        held = _hold(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)
    folder, held = _make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _make() -> tuple[Path, int | None]:
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        held = _hold(folder)
        if held is not None:  # otherwise another starting process has just taken it for an abandoned one
            return folder, held
    return folder, None  # the file system has no locks, so nobody else can lock the folder and remove it


def _hold(folder: Path) -> int | None:
    """Lock a folder for as long as the returned descriptor is open. None if somebody else holds it, or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(folder)):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
