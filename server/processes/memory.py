"""
Returns freed memory to the system.

glibc keeps the memory of large bodies and responses: after a few of 16 MB a web process stayed at 500 MB instead of
280. Each time such a block is freed, glibc raises the size above which blocks are mapped separately and given back.
Once set here, the size stays fixed.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # from glibc's malloc.h
PAGED_BYTES = 128 * 1024
ARENAS = 2  # one per group of threads; each keeps some memory for itself


def give_back() -> bool:
    """Set this for the current process. Returns: whether the C library supports it; if not, nothing changes."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((_TRIM_THRESHOLD, PAGED_BYTES), (_MMAP_THRESHOLD, PAGED_BYTES), (_ARENA_MAX, ARENAS))
    answers = [mallopt(option, value) for option, value in wanted]
    return all(answer == 1 for answer in answers)
