"""
A column of texts as numbers, all rows at once.

Rows have shapes (shapes.py) and each shape has a form (grammar.py), so everything that a text says besides its digits is
looked up by shape. The digits of all rows are cast together. Values are exact: integers, or decimals of 38 digits.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import MAX_DECIMALS
from matching.reading.cells import shapes
from matching.reading.cells.grammar import MARKS, NumberForm, is_blank_like, number_form
from matching.reading.cells.shapes import Numbering, Texts

__all__ = ["NumberForm", "Numbers", "is_blank_like", "number_form"]

SURE_DIGITS = 18  # every number of so many digits fits into 64 bits
_POWERS = 10 ** np.arange(SURE_DIGITS + 1, dtype=np.int64)
_MAX = np.iinfo(np.int64).max


class Numbers:
    """
    A column of texts, read as numbers.

    `ok` marks the rows that are numbers, `blank` those that are filled with something that stands for nothing. `token` and
    `currency` are numbers of entries in `tokens` and `currencies`, whose first entry is None.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        self._texts = Texts(values)
        self.rows = self._texts.rows
        self.is_text = False
        self._codes = np.zeros(self.rows, np.int32)
        numbering = Numbering()
        self._forms: list[NumberForm | None] = []
        self._blanks: list[bool] = []
        self._empty: list[bool] = []
        self._look(numbering)
        self._tables()
        self._magnitudes: tuple[NDArray[np.int64], NDArray[np.bool_], dict[int, int]] | None = None

    def _look(self, numbering: Numbering) -> None:
        """Number the shape of each row and find its form. Stop if the first rows show that this is a column of texts."""
        sample = self._texts.array.slice(0, shapes.SAMPLE)
        for first, block in ((0, sample), *self._texts.blocks()):
            codes = numbering.codes(shapes.shapes_of(block))
            self._codes[first : first + len(block)] = codes
            for shape in list(numbering.known)[len(self._forms) :]:
                form = number_form.__wrapped__(shape)
                self._forms.append(form)
                self._empty.append(not shape.strip())
                self._blanks.append(form is None and is_blank_like(shape))
            if len(self._forms) > shapes.MANY and self._share(codes) < shapes.LEAST_SHARE:
                self.is_text = True
                return

    def _share(self, codes: NDArray[np.int32]) -> float:
        fits = np.array([form is not None for form in self._forms])
        return float(fits[codes].mean())

    def _tables(self) -> None:
        """Everything that follows from the shapes."""
        forms = self._forms or [None]
        self.tokens: list[str | None] = [None, *sorted({f.token for f in forms if f and f.token})]
        self.currencies: list[str | None] = [None, *sorted({f.currency for f in forms if f and f.currency})]
        codes = np.zeros_like(self._codes) if self.is_text else self._codes
        empty = np.array(self._empty or [True])
        has_form = np.array([f is not None for f in forms])
        if self.is_text:
            trimmed = pc.utf8_trim_whitespace(self._texts.array)
            self.filled = (pc.binary_length(trimmed).to_numpy() > 0) | self._texts.is_long
            has_form[:] = False
            self.blank = np.zeros(self.rows, np.bool_)
        else:
            self.filled = ~empty[codes] | self._texts.is_long
            self.blank = np.array(self._blanks or [True])[codes] & self.filled & ~self._texts.is_long
        self.ok: NDArray[np.bool_] = has_form[codes]
        self._used = codes
        self.negative = np.array([f is not None and f.negative for f in forms])[codes] & self.ok
        self.explicit = np.array([f is not None and f.explicit for f in forms])[codes] & self.ok
        self.leading_zero = np.array([f is not None and f.leading_zero for f in forms])[codes] & self.ok
        self.digits = np.array([f.digits if f else 0 for f in forms], np.int16)[codes]
        self.token = np.array([self.tokens.index(f.token if f else None) for f in forms], np.int16)[codes]
        self.currency = np.array([self.currencies.index(f.currency if f else None) for f in forms], np.int16)[codes]
        self._decimals = {
            mark: np.array([f.decimals.get(mark, -1) if f else -1 for f in forms], np.int16) for mark in MARKS
        }
        if self.is_text:
            for vector in (self.digits, self.token, self.currency):
                vector[:] = 0

    def _seen(self, mask: NDArray[np.bool_] | None) -> list[NumberForm]:
        """The forms of the number rows in a mask."""
        rows = self.ok if mask is None else self.ok & mask
        counts = np.bincount(self._used[rows], minlength=len(self._forms))
        return [form for form, count in zip(self._forms, counts, strict=False) if count and form]

    def marks(self, mask: NDArray[np.bool_] | None = None) -> set[str]:
        """The decimal marks that all numbers among the masked rows allow."""
        found = set(MARKS)
        for form in self._seen(mask):
            found &= _sure(form)
        return found

    def demands(self, mark: str, mask: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """The rows that allow only this decimal mark."""
        needed = np.array([form is not None and _sure(form) == {mark} for form in self._forms or [None]])
        rows = needed[self._used] & self.ok
        return rows if mask is None else rows & mask

    def max_decimals(self, mark: str, mask: NDArray[np.bool_] | None = None) -> int:
        """The most digits behind the mark in any number that allows it."""
        return max((form.decimals.get(mark, 0) for form in self._seen(mask)), default=0)

    def integers(self, mark: str, scale: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """
        The values times 10**scale, exact.

        Returns: shape (rows,) int64, and which rows are valid: numbers with this mark whose value is whole and fits.
        """
        values, small, big = self._values()
        decimals = self._decimals[mark]
        shifts = scale - decimals
        up = _POWERS[np.clip(shifts, 0, SURE_DIGITS)][self._used]
        down = _POWERS[np.clip(-shifts, 0, SURE_DIGITS)][self._used]
        fits = (decimals >= 0) & (np.abs(shifts) <= SURE_DIGITS)
        zero = values == 0
        valid = small & self.ok & (decimals >= 0)[self._used]
        valid &= zero | (fits[self._used] & (values <= _MAX // up) & (values % down == 0))
        found = np.where(valid, values // down * np.where(valid, up, 1), 0)
        for row, magnitude in big.items():
            places = int(decimals[self._used[row]])
            if places >= 0:
                whole, rest = divmod(magnitude * 10 ** max(scale, 0), 10 ** (places - min(scale, 0)))
                if not rest and whole <= _MAX:
                    found[row], valid[row] = whole, True
        np.negative(found, out=found, where=self.negative)
        return found, valid

    def decimal(self, mark: str) -> pa.Array:
        """
        The values as decimal128(38, 9), exact.

        Null where a row is not a number with this mark, has more than 9 decimals that are not zero, or is too large.
        """
        values, small, big = self._values()
        decimals = self._decimals[mark][self._used]
        up = _POWERS[np.clip(MAX_DECIMALS - decimals, 0, MAX_DECIMALS)]
        down = _POWERS[np.clip(decimals - MAX_DECIMALS, 0, SURE_DIGITS)]
        valid = small & self.ok & (decimals >= 0) & (values % down == 0)
        valid &= (decimals - MAX_DECIMALS <= SURE_DIGITS) | (values == 0)
        words = _products(values // down, up)
        for row, magnitude in big.items():
            places = int(decimals[row])
            whole, rest = divmod(magnitude * 10**MAX_DECIMALS, 10 ** max(places, 0))
            if places >= 0 and not rest and whole < 10**38:
                words[row] = (whole & 0xFFFFFFFFFFFFFFFF, whole >> 64)
                valid[row] = True
        _negate(words, self.negative)
        bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(pa.decimal128(38, MAX_DECIMALS), self.rows, [bits, pa.py_buffer(words)])

    def too_precise(self, mark: str) -> NDArray[np.bool_]:
        """The rows with more than 9 decimals that are not zero."""
        values, small, big = self._values()
        decimals = self._decimals[mark][self._used]
        extra = np.clip(decimals - MAX_DECIMALS, 0, None)
        found: NDArray[np.bool_] = self.ok & small & (extra > 0) & (values != 0)
        found &= (extra > SURE_DIGITS) | (values % _POWERS[np.clip(extra, 0, SURE_DIGITS)] != 0)
        for row, magnitude in big.items():
            found[row] = extra[row] > 0 and magnitude % 10 ** int(extra[row]) != 0
        return found

    def _values(self) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[int, int]]:
        """
        The digits of each row as one number without sign and mark, computed once.

        Returns: shape (rows,) int64, whether it is the row's value, and the values that have too many digits for that.
        """
        if self._magnitudes is None:
            values = np.zeros(self.rows, np.int64)
            small = np.zeros(self.rows, np.bool_)
            big: dict[int, int] = {}
            for first, block in self._texts.blocks() if not self.is_text else ():
                self._cast(first, block, values, small, big)
            self._magnitudes = values, small, big
        return self._magnitudes

    def _cast(
        self, first: int, block: pa.Array, values: NDArray[np.int64], small: NDArray[np.bool_], big: dict[int, int]
    ) -> None:
        digits = shapes.digits_of(block)
        lengths = np.diff(shapes.bytes_of(digits)[1])
        rows = slice(first, first + len(block))
        fits = (lengths > 0) & (lengths <= SURE_DIGITS)
        if not fits.all():
            bits = pa.py_buffer(np.packbits(fits, bitorder="little"))
            digits = pa.Array.from_buffers(digits.type, len(digits), [bits, *digits.buffers()[1:]])
        values[rows] = pc.fill_null(digits.cast(pa.int64()), 0).to_numpy()
        small[rows] = fits
        for row in np.flatnonzero((lengths > SURE_DIGITS) & self.ok[rows]):
            big[first + int(row)] = int(digits_text(block, int(row)))


def digits_text(block: pa.Array, row: int) -> str:
    """The digits of one row."""
    return "".join(c for c in block[row].as_py() if c.isdigit() and c.isascii())


def _sure(form: NumberForm) -> set[str]:
    """The marks of a form without the doubtful one."""
    return set(form.decimals) - {form.doubtful or ""}


def _products(values: NDArray[np.int64], factors: NDArray[np.int64]) -> NDArray[np.uint64]:
    """
    Products of non-negative numbers below 2**63 and factors below 2**31, as 128-bit integers.

    Returns: shape (n, 2), the low and the high 64 bits.
    """
    value, factor = values.astype(np.uint64), factors.astype(np.uint64)
    half = np.uint64(32)
    low = (value & np.uint64(0xFFFFFFFF)) * factor
    high = (value >> half) * factor
    words = np.empty((len(values), 2), np.uint64)
    np.add(low, high << half, out=words[:, 0])
    words[:, 1] = (high >> half) + (words[:, 0] < low)
    return words


def _negate(words: NDArray[np.uint64], negative: NDArray[np.bool_]) -> None:
    """Negate the 128-bit integers of some rows, in place (two's complement)."""
    chosen = ~words[negative]
    chosen[:, 0] += np.uint64(1)
    chosen[:, 1] += chosen[:, 0] == 0
    words[negative] = chosen
