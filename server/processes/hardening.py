"""
Keys and secrets stay in this process's memory: no core file, no debugger of another process of the same user.

Python cannot wipe memory, so a key that was used stays somewhere in it until the process ends.
"""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_memory_private() -> None:
    """
    Forbids core files, and on Linux also attaching to this process and reading its memory and environment.

    The limit is inherited by children; the rest ends with exec and is set again by each program of ours. What a health
    check reads of a process (/proc/<pid>/status, stat, cmdline, limits) stays readable for everybody.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
