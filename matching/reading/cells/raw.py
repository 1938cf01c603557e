"""
What the bytes of a whole column of texts show, such as how they begin, without a pattern that is tried on each text.

A pattern takes about 50 ns a text, a look at one byte of it 2 ns (measured on references and amounts).
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
LONGEST = 256  # bytes of a text that are looked at eight by eight
_KEPT = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)  # a word's bits, by how many bytes count
_WORD = 8
# Neighbouring digits, pairs and fours become one number: the factor, the shift to the lower half, and the bits kept.
_JOINED = [
    (np.uint64(10 * (1 << 8) + 1), np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(100 * (1 << 16) + 1), np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(10_000 * (1 << 32) + 1), np.uint64(32), np.uint64(0x00000000FFFFFFFF)),
]
_SHIFT = np.uint64(33)
_FACTORS = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


@dataclass(frozen=True)
class Bytes:
    """The bytes of n texts: those of text i are data[starts[i]:ends[i]]."""

    data: NDArray[np.uint8]
    starts: NDArray[np.integer]
    ends: NDArray[np.integer]

    @property
    def filled(self) -> Bools:
        """Which texts have a byte, shape (n,)."""
        found: Bools = self.ends > self.starts
        return found

    @property
    def are_ascii(self) -> bool:
        """Whether all bytes are ASCII, so that each is a character."""
        return int(self._used.max(initial=0)) < 128

    @property
    def least(self) -> int:
        """The least of all bytes, or 255 if there are none."""
        return int(self._used.min(initial=255))

    def begin_with(self, chosen: Bools) -> Bools:
        """Which texts begin with a byte of which `chosen`, shape (256,), is true."""
        return self._have_at(self.starts, chosen)

    def end_with(self, chosen: Bools) -> Bools:
        """Which texts end with a byte of which `chosen`, shape (256,), is true."""
        return self._have_at(self.ends - 1, chosen)

    def _have_at(self, places: NDArray[np.integer], chosen: Bools) -> Bools:
        """Which texts that are not empty have a chosen byte at these places."""
        if not len(self.data):
            return np.zeros(len(places), np.bool_)
        found: Bools = chosen.take(self.data.take(places, mode="clip"))
        return found & self.filled

    def hold(self, characters: str) -> Bools:
        """Which texts have one of these ASCII characters."""
        return self._holding(*(self._used == ord(character) for character in characters))

    def hold_digits(self) -> Bools:
        """Which texts have an ASCII digit."""
        return self._holding(self._used - np.uint8(ord("0")) < 10)

    @property
    def _used(self) -> NDArray[np.uint8]:
        """The bytes from the first text to the last."""
        return self.data[self.starts[0] : self.ends[-1]] if len(self.starts) else self.data[:0]

    def _holding(self, *chosen: Bools) -> Bools:
        """Which texts have one of the chosen bytes."""
        found = np.zeros(len(self.starts), np.bool_)
        for used in chosen if len(found) else ():
            found[np.searchsorted(self.ends, self.starts[0] + np.flatnonzero(used), side="right")] = True
        return found

    def beginnings(self) -> tuple[NDArray[np.int32], list[bytes]]:
        """
        The first four bytes of each text, with zeros behind a shorter one.

        Returns: for each text the number of its beginning, and the different beginnings.
        """
        words, starts = self._words("<u4")
        words = words[starts]
        if len(words) and (lengths := self.ends - self.starts).min() < 4:
            words &= _KEPT[np.minimum(lengths, 4)].astype(np.uint32)
        if len(words) and (words == words[0]).all():  # as numbers of invoices do
            return np.zeros(len(words), np.int32), [words[0].tobytes()]
        found = pa.array(words).dictionary_encode()
        codes: NDArray[np.int32] = found.indices.to_numpy()
        return codes, [word.tobytes() for word in found.dictionary.to_numpy()]

    def hashes(self) -> NDArray[np.uint64]:
        """
        A hash of each text, shape (n,), in which every bit is as likely to be set. It depends on the text alone.

        Source: the multiplications and shifts are those of MurmurHash3's 64-bit finaliser (Austin Appleby, 2011); one of
        its rounds follows each word, and all of it the last.
        """
        lengths = (self.ends - self.starts).astype(np.int64)
        words, starts = self._words("<u8")
        found = lengths.astype(np.uint64)
        rows: NDArray[np.intp] | slice = slice(None)
        shortest = int(lengths.min(initial=LONGEST))
        for place in range(0, min(int(lengths.max(initial=0)), LONGEST), 8):
            if place and place >= shortest:
                rows = np.flatnonzero(lengths > place)
            part = words[starts[rows] + place]
            if place + 8 > shortest:
                part &= _KEPT[np.minimum(lengths[rows] - place, 8)]
            part ^= found[rows]
            part *= _FACTORS[0]
            part ^= part >> _SHIFT
            found[rows] = part
        for factor in _FACTORS:
            found *= factor
            found ^= found >> _SHIFT
        for row in np.flatnonzero(lengths > LONGEST).tolist():
            text = self.data[self.starts[row] : self.ends[row]].tobytes()
            found[row] = int.from_bytes(blake2b(text, digest_size=8).digest())
        return found

    def cents(self, mark: str) -> NDArray[np.int64] | None:
        """
        The values times a hundred, shape (n,), if every text is an amount of up to eight digits, a mark and two digits,
        such as -1234.50, else None. They are exact, and take a tenth of the time in which patterns and casts find them.
        """
        lengths = self.ends - self.starts
        if not len(lengths) or lengths.min() < 4 or lengths.max() > 1 + _WORD + 3:
            return None
        is_negative = self.data[self.starts] == ord("-")
        whole = lengths - 3 - is_negative
        if whole.min() < 1 or whole.max() > _WORD or not (self.data[self.ends - 3] == ord(mark)).all():
            return None
        # All other bytes are digits if the texts have no more bytes of other kinds than these.
        if np.count_nonzero(self._used - np.uint8(ord("0")) > 9) != len(lengths) + np.count_nonzero(is_negative):
            return None
        words, _ = self._words("<u8", before=_WORD)
        digits = words[self.ends - self.starts[0] - 3]  # the eight bytes in front of the mark
        values = _value_of(digits & ~_KEPT[_WORD - whole]).view(np.int64)
        for place in (2, 1):
            values *= 10
            values += self.data[self.ends - place] - np.uint8(ord("0"))
        values *= 1 - 2 * is_negative.astype(np.int64)
        return values

    def _words(self, kind: str, before: int = 0) -> tuple[NDArray[np.unsignedinteger], NDArray[np.integer]]:
        """
        The unsigned integers that begin at each byte, or so many bytes before it, and overlap, and where the texts begin
        among them.
        """
        # Behind the last text there are zeros, and before the first one if it is asked for.
        padded = np.concatenate((np.zeros(before, np.uint8), self._used, np.zeros(_WORD - before, np.uint8)))
        first = self.starts[0] if len(self.starts) else 0
        return np.ndarray(len(padded) - 7, kind, padded, strides=(1,)), self.starts - first


def _value_of(digits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """
    The numbers that eight digits make, the first of them in the lowest byte. A zero byte counts as a zero.

    Source: pairs, fours and then all eight are put together by multiplications of the whole word, as in Daniel Lemire's
    "Quickly parsing eight digits" (2018).
    """
    found = digits & np.uint64(0x0F0F0F0F0F0F0F0F)
    for factor, shift, kept in _JOINED:
        found *= factor
        found >>= shift
        found &= kept
    return found


def bytes_of(texts: pa.Array) -> Bytes:
    """The bytes of an array of strings. A null has none."""
    _, offsets, content = texts.buffers()
    wide: Any = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    places = np.frombuffer(offsets, wide)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    return Bytes(data, places[:-1], places[1:])


def marked(characters: bytes) -> Bools:
    """Which bytes are among these, shape (256,)."""
    return np.isin(np.arange(256), list(characters))


_SPACES = marked(b" ")
_PRINTED = marked(bytes(range(33, 127)))


def are_tidy(texts: pa.Array) -> bool:
    """Whether every text begins and ends with a printed ASCII character, so that there is nothing to trim and none is empty."""
    found = bytes_of(texts)
    return bool((found.begin_with(_PRINTED) & found.end_with(_PRINTED)).all())


def without_spaces(texts: pa.Array) -> pa.Array:
    """The texts without spaces around them. If there are none, which is usual, nothing is copied."""
    found = bytes_of(texts)
    if not (found.begin_with(_SPACES) | found.end_with(_SPACES)).any():
        return texts
    return pc.ascii_trim(texts, characters=" ")


def replaced(texts: pa.Array, old: str, new: str) -> pa.Array:
    """The texts with one ASCII character in place of another."""
    validity, offsets, content = texts.buffers()
    if content is None:
        return texts
    changed = pa.py_buffer(content.to_pybytes().translate(bytes.maketrans(old.encode(), new.encode())))
    return pa.Array.from_buffers(texts.type, len(texts), [validity, offsets, changed], texts.null_count, texts.offset)
