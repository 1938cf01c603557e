"""
Memory that was freed goes back to the system.

glibc keeps what large bodies and answers took: after a few of 16 MB a web process stayed at 500 MB instead of 280. It
raises the size from which memory is taken by pages, and given back, each time that such a piece is freed; set once, it stays.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h of glibc
PAGED_BYTES = 128 * 1024
ARENAS = 2  # of threads: each keeps some memory for itself


def give_back() -> bool:
    """Sets it for this process. Returns: whether its library can do that; where it cannot, nothing changes."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((_TRIM_THRESHOLD, PAGED_BYTES), (_MMAP_THRESHOLD, PAGED_BYTES), (_ARENA_MAX, ARENAS))
    answers = [mallopt(option, value) for option, value in wanted]
    return all(answer == 1 for answer in answers)
