"""
The shapes of a column's texts: their digits replaced by 9, so that a million texts become some dozens.

What a number or a date looks like is decided once for each shape; the digits are read by vector operations.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells import words

LONGEST_BYTES = 256
BLOCK = 262_144  # rows looked at together, which bounds the memory that the vectors take

_ZERO = np.uint8(ord("0"))  # a byte less this is below 10 if it is a digit
_INSIDE = np.isin(np.arange(256), list(b"0123456789.,:"))  # after these, a zero is not the first digit


class Texts:
    """A column without nulls and without texts that are too long. Digits of other scripts become ASCII when it is unified."""

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
        array = array.cast(pa.large_string())
        self.rows = len(array)
        too_long = pc.fill_null(pc.greater(pc.binary_length(array), LONGEST_BYTES), False)
        self.is_long = _mask(too_long)
        if self.is_long.any():
            array = pc.if_else(too_long, pa.scalar("", pa.large_string()), array)
        if array.null_count:
            array = pc.fill_null(array, "")
        self.array = array

    def sample(self, rows: int) -> pa.Array:
        """The first rows, with ASCII digits."""
        return _with_ascii_digits(self.array.slice(0, rows))

    def unify(self) -> None:
        """Replace all digits of other scripts, which takes a while if there are any."""
        if any(_has_foreign_digits(block) for _, block in self.blocks()):
            self.array = _with_ascii_digits(self.array)

    def blocks(self, begin: int = 0) -> Iterator[tuple[int, pa.Array]]:
        """The rows in blocks, each with the number of its first row. The first block has no rows before `begin`."""
        for first in range(0, self.rows, BLOCK):
            if (start := max(first, begin)) < min(first + BLOCK, self.rows):
                yield start, self.array.slice(start, first + BLOCK - start)


def _mask(array: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = array.to_numpy(zero_copy_only=False).astype(np.bool_)
    return found


def bytes_of(array: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of large_string texts, shape (n_bytes,), and the offsets of the texts in them, shape (n_texts + 1,)."""
    _, offsets, data = array.buffers()
    found = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    content = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return content[found[0] : found[-1]], found - found[0]


def texts_of(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> pa.Array:
    """The opposite of bytes_of."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)


def shapes_of(array: pa.Array) -> pa.Array:
    """Each text with its digits as 9. A zero that begins a number stays a zero."""
    data, offsets = bytes_of(array)
    values = data - _ZERO
    shaped = np.where(values < 10, np.uint8(ord("9")), data)
    zeros = np.flatnonzero(values == 0)
    if len(zeros):
        # The byte before a text's first one belongs to another text.
        shaped[zeros[~_INSIDE[data[zeros - 1]]]] = _ZERO
        begins = offsets[:-1][np.diff(offsets) > 0]
        shaped[begins[data[begins] == _ZERO]] = _ZERO
    return texts_of(shaped, offsets)


def digits_of(array: pa.Array) -> pa.Array:
    """Only the ASCII digits of each text."""
    data, offsets = bytes_of(array)
    is_digit = data - _ZERO < 10
    counts = np.zeros(len(data) + 1, np.int32 if len(data) < 2**31 else np.int64)
    np.cumsum(is_digit, out=counts[1:])
    return texts_of(data[is_digit], counts[offsets].astype(np.int64))


def numbers_at(array: pa.Array, spans: NDArray[np.int32], longest: int) -> NDArray[np.int64]:
    """
    The numbers that stand in digits somewhere in each text.

    Args:
        spans: shape (n_texts, 2), the byte of each text in which its number begins, and the number of its digits.
        longest: the most digits; 19 at most are read.

    Returns: shape (n_texts,), 0 where there are no digits.
    """
    data, offsets = bytes_of(array)
    starts, lengths = offsets[:-1] + spans[:, 0], spans[:, 1]
    values = np.zeros(len(starts), np.int64)
    for digit in range(min(longest, 19) if len(data) else 0):
        found = data[np.minimum(starts + digit, len(data) - 1)].astype(np.int64) - ord("0")
        values = np.where(digit < lengths, values * 10 + found, values)
    return values


def encoded(array: pa.Array) -> tuple[NDArray[np.int32], list[str]]:
    """The different texts and, for each row, the number of its text among them."""
    found = pc.dictionary_encode(array)
    codes: NDArray[np.int32] = found.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return codes, found.dictionary.to_pylist()


class Numbering:
    """Numbers texts in the order in which they are first seen, over several blocks. It adds new ones to a list."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._known = {text: code for code, text in enumerate(texts)}

    def codes(self, array: pa.Array) -> NDArray[np.int32]:
        """The number of each text."""
        codes, found = encoded(array)
        known = self._known
        places = np.fromiter((known.setdefault(text, len(known)) for text in found), np.int32, len(found))
        self._texts += list(known)[len(self._texts) :]
        return places[codes] if len(places) else codes


@cache
def _foreign_digits() -> tuple[re.Pattern[str], NDArray[np.bool_]]:
    """Digits of other scripts: a pattern, and which bytes their UTF-8 can begin with."""
    digits = [chr(code) for code in range(128, words.LAST_DIGIT) if unicodedata.category(chr(code)) == "Nd"]
    leads = np.zeros(256, np.bool_)
    leads[[digit.encode()[0] for digit in digits]] = True
    return re.compile("[" + "".join(digits) + "]"), leads


def _has_foreign_digits(array: pa.Array) -> bool:
    """Whether there are digits of other scripts. Only where their first bytes are found, the text is searched."""
    data, _ = bytes_of(array)
    if not (data >= 0x80).any():
        return False
    pattern, leads = _foreign_digits()
    return bool(leads[data].any()) and pattern.search(bytes(data).decode("utf-8", "replace")) is not None


def _with_ascii_digits(array: pa.Array) -> pa.Array:
    if not _has_foreign_digits(array):
        return array
    pattern, _ = _foreign_digits()
    codes, texts = encoded(array)
    found = [words.plain(text) if pattern.search(text) else text for text in texts]
    return pa.array(found, pa.large_string()).take(pa.array(codes))
