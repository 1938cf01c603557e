"""
The shape of a JSON body, counted as its bytes come in and before anything is built from them.

A mebibyte can hold 90,000 keys or 500,000 empty lists. Parsed, each is an object of 60 to 200 bytes, and each faulty
one costs a kilobyte of error. Counting takes a few nanoseconds per byte and stops at the first byte over the limit.
"""

import json
import re

import numpy as np
from numpy.typing import NDArray

from core.pointers import pointer_of
from core.problems import InvalidJson, TooLarge

MAX_DEPTH = 32
MAX_VALUES = 10_000  # per body, unless its route needs more: a hundred log lines of a hundred values
_STRUCTURE = b'"{}[],'
_OTHERS = bytes(sorted(set(range(256)) - set(_STRUCTURE)))
_QUOTE, _COMMA, _LIST = b'",['
_STEP = np.zeros(256, np.int64)
_STEP[list(b"{[")], _STEP[list(b"}]")] = 1, -1
_BEGINS = np.zeros(256, np.int64)  # a value, or nothing, follows each of these
_BEGINS[list(b"{[,")] = 1
_PIECE_BYTES = 64 * 1024
_FEW_VALUES = 256
_SHOWN_BYTES = 16 * 1024
_IS_MARK = np.isin(np.arange(256), list(b"{}[],"))
_NAME = re.compile(rb'\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


def largest_member(body: bytes | bytearray) -> str:
    """
    The pointer to the member of a body's object that holds most values, as far as its first 16 KiB show; "" if it is none.

    Whoever sends too much is told where, from the bytes that are here: the rest is not read, and nothing is parsed.
    """
    shown = bytes(body[:_SHOWN_BYTES])
    if shown.lstrip()[:1] != b"{":
        return ""
    codes = np.frombuffer(
        shown.replace(b"\\\\", b"  ").replace(b'\\"', b"  "), np.uint8
    )  # escapes stay as wide as they are
    is_quote = codes == _QUOTE
    places = np.flatnonzero(_IS_MARK[codes] & ~np.logical_xor.accumulate(is_quote) & ~is_quote)
    marks = codes[places]
    depths = np.cumsum(_STEP[marks])
    counted = np.cumsum(_BEGINS[marks] * (depths > 1))
    begins = np.flatnonzero((depths == 1) & ((marks == _COMMA) | (np.arange(marks.size) == 0)))
    sizes = np.diff(np.append(counted[begins], counted[-1]))
    if not sizes.any():
        return ""
    name = _NAME.match(shown, int(places[begins[sizes.argmax()]]) + 1)
    try:
        return "" if name is None else pointer_of((json.loads(name[1]),))
    except ValueError:
        return ""


class Shape:
    """
    Counts the values of a body, the values of each item in a list at its second level, and the depth of nesting.
    Everything outside such lists counts as one item. The bytes of an item are counted in pieces of 64 KiB.

    Text that is not JSON may be counted in any way, because the parser refuses it afterwards.
    """

    def __init__(
        self, most: int = MAX_VALUES, most_an_item: int | None = None, most_bytes_an_item: int | None = None
    ) -> None:
        self.values = 1
        self._most_bytes_an_item = most_bytes_an_item
        self._bytes_of_item = 0  # in whole pieces
        self._most = most
        self._most_an_item = most if most_an_item is None else most_an_item
        self._in_text = 0
        self._is_escaped = False
        self._depth = 0
        self._in_list = False  # in a list at the second level, where commas separate items
        self._of_item = 0

    def feed_all(self, body: bytes) -> None:
        """
        Count a whole body that is already here. Raises: as feed.

        Most are small and flat, which counting their brackets and commas proves, though it counts those in texts too.
        """
        opened = body.count(b"{") + body.count(b"[")
        values = 1 + opened + body.count(b",")
        if opened <= MAX_DEPTH and values <= min(_FEW_VALUES, self._most, self._most_an_item):
            self.values = values
        else:
            self.feed(body)

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Count the next bytes. Raises: TooLarge, InvalidJson (nested too deeply)."""
        for start in range(0, len(chunk), _PIECE_BYTES):
            piece = bytes(chunk[start : start + _PIECE_BYTES])
            self._bytes_of_item += len(piece)
            codes = self._outside_of_text(piece)
            if codes.size:
                self._count(codes)
            if self._most_bytes_an_item is not None and self._bytes_of_item > self._most_bytes_an_item + _PIECE_BYTES:
                raise TooLarge(f"Each item of the body may be at most {self._most_bytes_an_item:,} bytes long.")

    def _outside_of_text(self, piece: bytes) -> NDArray[np.uint8]:
        """The brackets and commas of a piece that are outside its strings."""
        if self._is_escaped:
            piece, self._is_escaped = piece[1:], False
        if b"\\" in piece:
            # From the left, so that the last of three backslashes before a quote escapes it.
            piece = piece.replace(b"\\\\", b"")
            self._is_escaped = piece.endswith(b"\\")
            piece = piece.replace(b'\\"', b"")
        codes = np.frombuffer(piece.translate(None, _OTHERS), np.uint8)
        if not codes.size:
            return codes
        is_quote = codes == _QUOTE
        in_text = (np.cumsum(is_quote) + self._in_text) & 1
        self._in_text = int(in_text[-1])
        outside: NDArray[np.uint8] = codes[(in_text == 0) & ~is_quote]
        return outside

    def _count(self, codes: NDArray[np.uint8]) -> None:
        steps, begins = _STEP[codes], _BEGINS[codes]
        depths = np.cumsum(steps) + self._depth
        self._depth = int(depths[-1])
        if int(depths.max()) > MAX_DEPTH:
            raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        counted = np.cumsum(begins)
        self.values += int(counted[-1])
        if self.values > self._most:
            raise TooLarge(f"The body may hold at most {self._most:,} keys and values.")
        is_by_item = self._most_an_item < self._most or self._most_bytes_an_item is not None
        if is_by_item and self._largest_item(codes, steps, depths, counted) > self._most_an_item:
            raise TooLarge(f"Each item of the body may hold at most {self._most_an_item:,} keys and values.")

    def _largest_item(
        self, codes: NDArray[np.uint8], steps: NDArray[np.int64], depths: NDArray[np.int64], counted: NDArray[np.int64]
    ) -> int:
        """The values of the largest item that ends here or is still open. All arrays have shape (n_codes,)."""
        opened = np.where((steps > 0) & (depths == 2), np.arange(1, codes.size + 1), 0)
        latest = np.maximum.accumulate(opened)
        in_list = np.where(latest > 0, codes[latest - 1] == _LIST, self._in_list)
        self._in_list = bool(in_list[-1])
        ends = counted[(codes == _COMMA) & (depths == 2) & in_list]
        if ends.size:
            self._bytes_of_item = 0
        sizes = np.diff(np.concatenate(([-self._of_item], ends, counted[-1:])))
        self._of_item = int(sizes[-1])
        return int(sizes.max())
