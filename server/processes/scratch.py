"""A folder for what a process and its children write aside, which goes when they are gone, killed ones too."""

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
    Makes a folder that is held until the end; before that, removes those that nobody holds.

    It is held by a lock rather than by its owner's process id: workers in containers may share a temporary folder, and
    count their processes from one each.
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
        if held is not None:  # else another start has just taken it for one that is left
            return folder, held
    return folder, None  # a file system without locks: nobody else can hold it either, so that nobody removes it


def _hold(folder: Path) -> int | None:
    """Locks a folder for as long as the returned descriptor is open; None when somebody else has it, or it is gone."""
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
