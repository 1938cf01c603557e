"""
Returns freed memory to the system.

glibc keeps the memory of large bodies and responses: after a few of 16 MB a web process stayed at 500 MB instead of
280. Each time such a block is freed, glibc raises the size above which blocks are mapped separately and given back.
Once set here, the size stays fixed.
"""

import asyncio
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # from glibc's malloc.h
PAGED_BYTES = 128 * 1024
ARENAS = 2  # one per group of threads; each keeps some memory for itself
PAUSE_S = 3.0  # after a large body has been parsed; what was made of it is gone by then


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


def trim() -> bool:
    """
    Return the free pages that lie between pages in use, which the thresholds above do not reach. It takes 1 to 10 ms.

    Returns: whether the C library supports it.
    """
    trimmed = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trimmed is None:
        return False
    trimmed(0)
    return True


async def trim_forever(is_due: asyncio.Event, pause_s: float = PAUSE_S) -> None:
    """
    Trim a few seconds after each time that this is due, until cancelled.

    What is parsed from a large body is thousands of small blocks. Two bodies of 9 MB left a web process 85 MB larger.
    """
    while True:
        await is_due.wait()
        is_due.clear()
        await asyncio.sleep(pause_s)
        await asyncio.to_thread(trim)  # ctypes lets other threads run meanwhile
