"""Ends a child with its parent: the parent holds the other end of a pipe, which closes when the parent dies."""

import contextlib
import os
import signal
import threading

SUPERVISED = "TALLYROOM_SUPERVISED"


def is_supervised() -> bool:
    """Whether this process was started by a supervisor, which also creates the demo."""
    return os.environ.get(SUPERVISED) == "1"


def end_with_parent() -> None:
    """Under a supervisor, send SIGTERM to this process once the supervisor is gone, however it ended."""
    if not is_supervised():
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def end_with_pipe(descriptor: int) -> None:
    """Exit at once when the other end of a pipe closes, whatever this process is computing."""

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(descriptor, 4096):
                pass
        os._exit(3)

    threading.Thread(target=wait, name="parent", daemon=True).start()
