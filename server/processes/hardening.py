"""
Keeps keys and secrets in this process's memory: no core file, and no debugger from another process of the same user.

Python cannot wipe memory, so a key that was used stays in memory until the process ends.
"""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_memory_private() -> None:
    """
    Forbid core files and, on Linux, attaching to this process and reading its memory and environment.

    Child processes inherit the core limit. The rest does not survive exec, so each of our programs sets it again. What
    a health check reads about a process (/proc/<pid>/status, stat, cmdline, limits) stays readable by everybody.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
