"""`python -m matching`: matches two files, explains a plan or two rows, or shows how a file is read."""

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # from glibc's malloc.h
_KEPT_BYTES = 512 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name. Each imports its own parts: the engine's take a second."""
    _keep_memory()
    if arguments[:1] == ["read"]:
        # Reading needs no linear algebra, whose threads take 0.05 s to start and wait without a use.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from matching.reading import command as read

        return read.main(arguments[1:])
    from matching import command

    if arguments[:1] == ["explain"]:
        return command.explain(arguments[1:])
    return command.main(arguments)


def _keep_memory() -> None:
    """
    Let freed memory be used again, instead of asking the system for it anew, which empties every page first: of a million
    rows a side, that took a tenth of the time.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own pool gives pages back
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: a thread of Arrow that is just starting can make a normal exit abort, which was seen once.
    os._exit(status)
