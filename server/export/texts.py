"""Arrays of texts as the bytes that they are stored as, which a look at tells most of what a kernel would."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def bytes_of(texts: pa.Array) -> memoryview:
    """All texts of an array, one after the other, without copying them."""
    body = texts.buffers()[2]
    if body is None or not len(texts):
        return memoryview(b"")
    ends = _offsets(texts)
    return memoryview(body)[int(ends[0]) : int(ends[-1])]


def has_any(texts: pa.Array, bytes_: tuple[bytes, ...]) -> bool:
    """Whether any of the texts contains one of these ASCII characters."""
    body = bytes(bytes_of(texts))
    return any(byte in body for byte in bytes_)


def has_empty(texts: pa.Array) -> bool:
    """Whether there is an empty text that is not missing."""
    return bool(np.count_nonzero(np.diff(_offsets(texts)) == 0) > texts.null_count)


def _offsets(texts: pa.Array) -> NDArray[np.int32]:
    return np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
