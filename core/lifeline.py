"""A child ends with its parent: the parent holds the other end of standard input, which closes when it dies."""

import contextlib
import os
import signal
import threading

SUPERVISED = "TALLYROOM_SUPERVISED"


def is_supervised() -> bool:
    """Whether a supervisor started this process, which makes the demo too."""
    return os.environ.get(SUPERVISED) == "1"


def end_with_parent() -> None:
    """Under a supervisor: SIGTERM to this process when the supervisor is gone, however it went."""
    if not is_supervised():
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
