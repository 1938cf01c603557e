"""A column whose texts have been sorted by their shapes, each of which was looked at once."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells.blanks import is_blank_like
from matching.reading.cells.shapes import BLOCK, Numbering, Texts, shapes_of

SAMPLE = 8_192  # rows that show whether a column is worth the rest
MANY = 1_000  # different shapes, from which on at least LEAST_SHARE of the rows must be what is looked for
LEAST_SHARE = 0.1
MOST = 100_000  # different shapes of a column; with more it is a column of texts

Found = TypeVar("Found")


class Column(Generic[Found]):
    """
    Texts sorted by shape.

    `codes` is the number of each row's shape, `shapes` and `found` are the shapes and what was found in them. If `is_text`,
    the first rows showed that the column holds something else, so nothing is found in it. `filled` marks the rows with a
    text, `blank` those of them whose text stands for nothing.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray, look: Callable[[str], Found]) -> None:
        """`look` returns something false for a shape in which there is nothing."""
        self.texts = Texts(values)
        self.rows = self.texts.rows
        self.is_text = False
        self.codes = np.zeros(self.rows, np.int32)
        self.shapes: list[str] = [""]
        self.found: list[Found] = [look("")]
        self._look(look)
        self.filled = self._filled()
        self.blank = self.by_shape([not f and is_blank_like(s) for s, f in zip(self.shapes, self.found, strict=True)])
        self.blank &= self.filled & ~self.texts.is_long & (not self.is_text)

    def by_shape(self, values: list[bool]) -> NDArray[np.bool_]:
        """A property of shapes as a property of rows, shape (rows,)."""
        return np.array(values, np.bool_)[self.codes]

    def look_again(self, rows: NDArray[np.bool_], look: Callable[[Found], Found]) -> None:
        """Give the shapes of some rows numbers of their own, and change what was found in them there."""
        seen = np.flatnonzero(np.bincount(self.codes[rows], minlength=len(self.shapes)))
        own = np.zeros(len(self.shapes), np.int32)
        own[seen] = len(self.shapes) + np.arange(len(seen))
        self.codes[rows] = own[self.codes[rows]]
        self.shapes += [self.shapes[code] for code in seen]
        self.found += [look(self.found[code]) for code in seen]

    def _look(self, look: Callable[[str], Found]) -> None:
        numbering = Numbering(self.shapes)
        for first, block in self._parts():
            end = first + len(block)
            self.codes[first:end] = numbering.codes(shapes_of(block))
            has_many = len(self.shapes) > MOST
            self.found += [look(shape) for shape in self.shapes[len(self.found) :]] if not has_many else []
            if has_many or self._is_something_else(self.codes[first // BLOCK * BLOCK : end]):
                self.is_text = True
                self.codes[:] = 0
                self.shapes, self.found = self.shapes[:1], self.found[:1]
                return

    def _parts(self) -> Iterator[tuple[int, pa.Array]]:
        """The sample, and if that has not ended the search, all other rows."""
        yield 0, self.texts.sample(SAMPLE)
        self.texts.unify()
        yield from self.texts.blocks(SAMPLE)

    def _is_something_else(self, codes: NDArray[np.int32]) -> bool:
        if len(self.shapes) <= MANY:
            return False
        is_empty = np.array([not shape.strip() for shape in self.shapes])[codes]
        fits = np.array([bool(found) for found in self.found])[codes]
        return float(fits.sum()) < LEAST_SHARE * float((~is_empty).sum())

    def _filled(self) -> NDArray[np.bool_]:
        if self.is_text:
            lengths: NDArray[np.int64] = pc.binary_length(pc.utf8_trim_whitespace(self.texts.array)).to_numpy()
            return (lengths > 0) | self.texts.is_long
        return self.by_shape([bool(shape.strip()) for shape in self.shapes]) | self.texts.is_long
