"""
A column of texts as numbers, all rows at once.

Each shape of text has a form (grammar.py), so everything that a text says besides its digits is looked up by shape. The
digits of all rows are cast together. Values are exact: integers, or decimals of 38 digits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import MAX_DECIMALS
from matching.reading.cells import shapes, wide
from matching.reading.cells.blanks import is_blank_like
from matching.reading.cells.column import Column
from matching.reading.cells.exponents import EXPONENT, may_be_noisy, written_out
from matching.reading.cells.grammar import MARKS, NumberForm, exact_form, number_form

__all__ = ["NumberForm", "Numbers", "is_blank_like", "number_form"]

SURE_DIGITS = 18  # every number of so many digits fits into 64 bits
LARGEST = np.iinfo(np.int64).max
_POWERS = 10 ** np.arange(SURE_DIGITS + 1, dtype=np.int64)

Bools = NDArray[np.bool_]


@dataclass
class _Magnitudes:
    """The digits of each row as one number without sign and mark."""

    values: NDArray[np.int64]
    is_small: Bools  # whether the value of a row is in `values`
    large: dict[int, pa.Array] = field(
        default_factory=dict
    )  # the digits of other numbers, by the first row of their block
    large_rows: dict[int, NDArray[np.intp]] = field(default_factory=dict)


class Numbers:
    """
    A column of texts, read as numbers. All vectors have the shape (rows,).

    `ok` marks the rows that are numbers; `filled` those with a text, and `blank` those of them whose text stands for nothing.
    `token` and `currency` are places in `tokens` and `currencies`, which begin with None. `meanings` has, beside each of the
    `currencies`, those that its sign may stand for as well. `digits` counts those of the whole
    part. `explicit` marks the rows with a sign, a plus too. `exact` are rows that the file stores as numbers: they have
    the same value with every decimal mark.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray, exact: Bools | None = None) -> None:
        self._column = Column(values, number_form)
        seen = zip(self._column.shapes, self._column.found, strict=True)
        if any(may_be_noisy(shape) or (not form and EXPONENT.fullmatch(shape)) for shape, form in seen):
            self._column = Column(written_out(values), number_form)
        self.exact = np.zeros(self._column.rows, np.bool_) if exact is None else exact
        if exact is not None:
            self._column.look_again(exact, exact_form)
        self.rows, self.is_text = self._column.rows, self._column.is_text
        self.filled, self.blank = self._column.filled, self._column.blank
        self._forms = self._column.found
        self.ok = self._flags(lambda form: True) & ~self._column.texts.is_long
        self.tokens: list[str | None] = [None, *sorted({f.token for f in self._forms if f and f.token})]
        named = {(f.currency, f.meanings) for f in self._forms if f and f.currency}
        self._named = sorted(named, key=lambda found: (found[0], sorted(found[1])))
        self.currencies: list[str | None] = [None, *(code for code, _ in self._named)]
        self.meanings = [frozenset[str](), *(meanings for _, meanings in self._named)]

    # Not all of these are needed of each column, and each takes a look at all rows.

    @cached_property
    def negative(self) -> Bools:
        """The rows whose number is below zero."""
        return self._flags(lambda form: form.negative)

    @cached_property
    def explicit(self) -> Bools:
        """The rows with a sign."""
        return self._flags(lambda form: form.explicit)

    @cached_property
    def leading_zero(self) -> Bools:
        """The rows whose number begins with a zero before other digits."""
        return self._flags(lambda form: form.leading_zero)

    @cached_property
    def token_before(self) -> Bools:
        """The rows whose token stands before the number."""
        return self._flags(lambda form: form.token_before)

    @cached_property
    def digits(self) -> NDArray[np.int16]:
        """How many digits the whole part of each row's number has."""
        return self._counts(lambda form: form.digits)

    @cached_property
    def token(self) -> NDArray[np.int16]:
        """The place of each row's token in `tokens`."""
        return self._counts(lambda form: self.tokens.index(form.token))

    @cached_property
    def currency(self) -> NDArray[np.int16]:
        """The place of each row's currency in `currencies`."""
        places = {named: place for place, named in enumerate(self._named, 1)}
        return self._counts(lambda form: places[form.currency, form.meanings] if form.currency else 0)

    def _flags(self, of: Callable[[NumberForm], bool]) -> Bools:
        """A property of forms as a property of rows; False where a row is no number."""
        return self._column.by_shape([form is not None and of(form) for form in self._forms])

    def _counts(self, of: Callable[[NumberForm], int], otherwise: int = 0) -> NDArray[np.int16]:
        """A number that forms have, of each row."""
        table = np.array([of(form) if form else otherwise for form in self._forms], np.int16)
        return table[self._column.codes]

    def _decimals(self, mark: str) -> NDArray[np.int16]:
        """The digits behind the mark, -1 where a row is no number with this mark."""
        return self._counts(lambda form: form.decimals.get(mark, -1), -1)

    def _seen(self, mask: Bools | None) -> list[NumberForm]:
        """The forms of the number rows in a mask."""
        rows = self.ok if mask is None else self.ok & mask
        counts = np.bincount(self._column.codes[rows], minlength=len(self._forms))
        return [form for form, count in zip(self._forms, counts, strict=True) if count and form]

    def marks(self, mask: Bools | None = None) -> set[str]:
        """The decimal marks that all numbers among the masked rows allow."""
        found = set(MARKS)
        for form in self._seen(mask):
            found &= form.sure_marks
        return found

    def demands(self, mark: str, mask: Bools | None = None) -> Bools:
        """The rows that allow only this decimal mark."""
        found: Bools = self._flags(lambda form: form.sure_marks == {mark}) & self.ok
        return found if mask is None else found & mask

    def max_decimals(self, mark: str, mask: Bools | None = None) -> int:
        """The most digits behind the mark in any number that allows it."""
        return max((form.decimals.get(mark, 0) for form in self._seen(mask)), default=0)

    def integers(self, mark: str, scale: int, *, cut: bool = False) -> tuple[NDArray[np.int64], Bools]:
        """
        The values times 10**scale, exact. `cut`: without the digits that do not fit, which is only good for comparisons.

        Returns: shape (rows,) int64, and which rows are valid: numbers with this mark whose value is whole and fits.
        """
        read, decimals = self._magnitudes, self._decimals(mark)
        shifts = scale - decimals
        up, down = _POWERS[np.clip(shifts, 0, SURE_DIGITS)], _POWERS[np.clip(-shifts, 0, SURE_DIGITS)]
        fits = (np.abs(shifts) <= SURE_DIGITS) & (read.values <= LARGEST // up) & (cut | (read.values % down == 0))
        valid = read.is_small & self.ok & (decimals >= 0) & (fits | (read.values == 0))
        found = np.where(valid, read.values // down * np.where(fits, up, 0), 0)
        for rows, large, is_valid in self._large(scale - decimals, decimals, cut=cut):
            fits = is_valid & (large[:, 1] == 0) & (large[:, 0] <= LARGEST)
            found[rows[fits]], valid[rows] = large[fits, 0].astype(np.int64), fits
        np.negative(found, out=found, where=self.negative)
        return found, valid

    def decimal(self, mark: str) -> pa.Array:
        """
        The values as decimal128(38, 9), exact.

        Null where a row is not a number with this mark, has more than 9 decimals that are not zero, or is too large.
        """
        read, decimals = self._magnitudes, self._decimals(mark)
        up = _POWERS[np.clip(MAX_DECIMALS - decimals, 0, MAX_DECIMALS)]
        down = _POWERS[np.clip(decimals - MAX_DECIMALS, 0, SURE_DIGITS)]
        valid = read.is_small & self.ok & (decimals >= 0) & ~self.too_precise(mark)
        found = wide.products(read.values // down, up)
        for rows, large, is_valid in self._large(MAX_DECIMALS - decimals, decimals):
            found[rows], valid[rows] = large, is_valid
        wide.negate(found, self.negative)
        return wide.decimals(found, valid, MAX_DECIMALS)

    def too_precise(self, mark: str) -> Bools:
        """The rows with more than 9 decimals that are not zero."""
        read = self._magnitudes
        extra = self._decimals(mark) - MAX_DECIMALS
        if not (extra > 0).any():
            return np.zeros(self.rows, np.bool_)
        rest = read.values % _POWERS[np.clip(extra, 0, SURE_DIGITS)] != 0
        found: Bools = self.ok & read.is_small & (extra > 0) & (rest | ((extra > SURE_DIGITS) & (read.values != 0)))
        for rows, _, is_valid in self._large(-extra, extra):
            found[rows] = ~is_valid
        return found

    def _large(
        self, powers: NDArray[np.int16], chosen: NDArray[np.int16], *, cut: bool = False
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.uint64], Bools]]:
        """
        The numbers of too many digits for 64 bits, times 10**powers, in groups of rows with the same power.

        Only rows in which `chosen` is not negative. Yields the rows, their values, and which of these are valid.
        """
        read = self._magnitudes
        for first, rows in read.large_rows.items():
            for power in np.unique(powers[rows[chosen[rows] >= 0]]):
                here = (powers[rows] == power) & (chosen[rows] >= 0)
                digits = read.large[first].filter(pa.array(here))
                if cut and power < 0:
                    digits, power = pc.utf8_slice_codeunits(digits, 0, stop=int(power)), 0
                values, valid = wide.scaled(digits, int(power))
                yield rows[here], values, valid

    @cached_property
    def _magnitudes(self) -> _Magnitudes:
        found = _Magnitudes(np.zeros(self.rows, np.int64), np.zeros(self.rows, np.bool_))
        for first, block in self._column.texts.blocks() if not self.is_text else ():
            self._cast(found, first, block)
        return found

    def _cast(self, found: _Magnitudes, first: int, block: pa.Array) -> None:
        digits = shapes.digits_of(block)
        lengths = np.diff(shapes.bytes_of(digits)[1])
        rows = slice(first, first + len(block))
        fits = (lengths > 0) & (lengths <= SURE_DIGITS)
        is_large = (lengths > SURE_DIGITS) & self.ok[rows]
        if is_large.any():
            found.large[first], found.large_rows[first] = (
                digits.filter(pa.array(is_large)),
                first + np.flatnonzero(is_large),
            )
        if not fits.all():
            bits = pa.py_buffer(np.packbits(fits, bitorder="little"))
            digits = pa.Array.from_buffers(digits.type, len(digits), [bits, *digits.buffers()[1:]])
        found.values[rows] = pc.fill_null(digits.cast(pa.int64()), 0).to_numpy()
        found.is_small[rows] = fits
