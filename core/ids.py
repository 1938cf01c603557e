"""Identifiers: UUID version 7 (RFC 9562), ordered by creation time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING
from uuid import UUID, SafeUUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VERSION = 7 << 76 | 2 << 62  # the version and the variant, in their places
_CHANCE = (1 << 62) - 1  # the bits that chance decides
_STEPS = 4096  # of a millisecond, in the 12 bits after the version (RFC 9562, 6.2, method 3)
_new, _set = object.__new__, object.__setattr__  # an identifier refuses to be changed by itself


def uuid7() -> UUID:
    """One new identifier. Those that a process makes one after the other are in increasing order."""
    chance = int.from_bytes(os.urandom(8), "big") & _CHANCE
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    # As UUID(int=...) would do after asking what else it may have been given; each change makes several.
    made = _new(UUID)
    _set(made, "int", milliseconds << 80 | _VERSION | (rest * _STEPS // 1_000_000) << 64 | chance)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def uuid7_block(count: int) -> NDArray[np.uint8]:
    """
    Create many new identifiers at once, in increasing order.

    Returns: shape (count, 16), the bytes of the identifiers. They share one millisecond; the 12 bits after the version
    and the first 20 of the following hold a counter, so that rows loaded together sort in the order they were read.
    """
    import numpy as np  # imported here: every command makes single identifiers, few make blocks of them

    milliseconds = time.time_ns() // 1_000_000
    block = np.frombuffer(os.urandom(count * 16), dtype=np.uint8).reshape(count, 16).copy()
    for position in range(6):
        block[:, position] = (milliseconds >> (8 * (5 - position))) & 0xFF
    if count > 1:
        order = np.arange(count, dtype=np.uint64)
        block[:, 6] = (order >> np.uint64(26)) & np.uint64(0x0F)
        block[:, 7] = (order >> np.uint64(18)) & np.uint64(0xFF)
        block[:, 8] = (order >> np.uint64(12)) & np.uint64(0x3F)
        block[:, 9] = (order >> np.uint64(4)) & np.uint64(0xFF)
        block[:, 10] = ((order & np.uint64(0x0F)) << np.uint64(4)) | (block[:, 10] & 0x0F)
    block[:, 6] = (block[:, 6] & 0x0F) | 0x70
    block[:, 8] = (block[:, 8] & 0x3F) | 0x80
    return block


def uuid7_texts(count: int) -> list[str]:
    """Create many new identifiers as text, in increasing order."""
    digits = uuid7_block(count).tobytes().hex()
    return [
        f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}"
        for d in (digits[i : i + 32] for i in range(0, len(digits), 32))
    ]
