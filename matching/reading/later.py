"""
Finds the rows of a long file, behind those that are held to understand it, that say something which they do not.

A late row can decide: a thirteenth day, another decimal mark, a new word in a column of signs or states, a total at the end.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells import shapes
from matching.reading.cells.days import Days
from matching.reading.cells.kinds import kinds_of
from matching.reading.cells.numbers import Numbers
from matching.reading.cells.repeated import Repeated
from matching.reading.roles.facts import MAX_LEVELS
from matching.reading.roles.words import says
from matching.reading.rows import RawBatch

Bools = NDArray[np.bool_]
SAMPLE = 1_000  # rows that show what a column holds
TYPED = 0.5  # share of its filled cells that must be numbers or dates, so that their shapes are watched
MAX_SHAPES = 1_000  # of the first rows; with more a new one says nothing
MAX_KEPT = 5_000  # telling rows
MAX_BYTES = 4 * 1024 * 1024
MAX_SAME = 50  # rows with the same new value or shape
LAST = 100  # rows at the end of a file, where totals stand
# The first or the second number of a date is more than a month can be.
_BEYOND = (r"^\s*(?:1[3-9]|[2-9][0-9])[./ -]", r"^\s*[0-9]+[./ -](?:1[3-9]|[2-9][0-9])(?:[^0-9]|$)")


class Later:
    """Watches the rows behind the first ones, in bounded memory."""

    def __init__(self, first: list[RawBatch]) -> None:
        table = pa.concat_tables([batch.columns for batch in first])
        self._watched = {name: watched for name in table.column_names if (watched := _watched(table[name])) is not None}
        self._kept: list[RawBatch] = []
        self._count = self._bytes = 0
        self._last: list[RawBatch] = []

    def add(self, batch: RawBatch) -> None:
        """Look at the next rows."""
        rows = batch.columns.num_rows
        if rows == 0:
            return
        telling = np.zeros(rows, np.bool_)
        if self._count < MAX_KEPT and self._bytes < MAX_BYTES:
            for name, watched in self._watched.items():
                telling |= watched.news(batch.columns[name], batch.repeated(name))
        self._last = _last_of([*self._last, batch])
        chosen = np.flatnonzero(telling)[: MAX_KEPT - self._count]
        if len(chosen):
            kept = _taken(batch, chosen)
            self._kept.append(kept)
            self._count += len(chosen)
            self._bytes += kept.columns.nbytes

    def batches(self) -> list[RawBatch]:
        """The telling rows and the last ones, in their order."""
        known = pa.chunked_array([batch.rows for batch in self._kept], pa.int64())
        last = [_taken(b, np.flatnonzero(~pc.is_in(b.rows, known).to_numpy(zero_copy_only=False))) for b in self._last]
        together = [batch for batch in (*self._kept, *last) if batch.columns.num_rows]
        if not together:
            return []
        rows = pa.concat_arrays([_flat(batch.rows) for batch in together])
        lines = pa.concat_arrays([_flat(batch.lines) for batch in together])
        exact = {
            name: np.concatenate([b.exact.get(name, np.zeros(b.columns.num_rows, np.bool_)) for b in together])
            for name in {name for batch in together for name in batch.exact}
        }
        whole = RawBatch(pa.concat_tables([batch.columns for batch in together]), rows, lines, exact=exact)
        return [_taken(whole, np.argsort(rows.to_numpy()))]


class _Watched:
    """What the cells of one column have been so far."""

    def __init__(self, known: pa.Array, looked_at: Callable[[pa.ChunkedArray], pa.Array], orders: list[str]) -> None:
        """`known` is what was `looked_at`: values, their kinds or shapes. `orders` are patterns that no cell has matched."""
        self._known = known
        self._looked_at = looked_at
        self._orders = orders

    def news(self, column: pa.ChunkedArray, different: Repeated | None) -> Bools:
        """The rows that say something new. `different` are the texts of a column that repeats them."""
        if different is not None and not self._says_more(different.texts):
            return np.zeros(len(column), np.bool_)
        texts = self._looked_at(column)
        found: Bools = ~pc.is_in(texts, self._known).to_numpy(zero_copy_only=False)
        if found.any():
            found = self._learned(texts, found)
        for pattern in list(self._orders):
            beyond = _first(pc.fill_null(pc.match_substring_regex(column, pattern), False).to_numpy())
            if beyond.any():
                self._orders.remove(pattern)
                found |= beyond
        return found

    def _says_more(self, texts: pa.Array) -> bool:
        """Whether any of these texts says something new."""
        column = pa.chunked_array([texts])
        if not pc.all(pc.is_in(self._looked_at(column), self._known)).as_py():
            return True
        return any(pc.any(pc.match_substring_regex(texts, pattern)).as_py() for pattern in self._orders)

    def _learned(self, texts: pa.Array, new: Bools) -> Bools:
        """Some rows of each new text, which is known from then on."""
        places = np.flatnonzero(new)
        codes = texts.take(pa.array(places)).dictionary_encode()
        numbers = codes.indices.to_numpy(zero_copy_only=False)
        chosen = [places[numbers == number][:MAX_SAME] for number in range(min(len(codes.dictionary), MAX_SHAPES))]
        if len(self._known) < 2 * MAX_SHAPES:
            self._known = pa.concat_arrays([self._known, codes.dictionary.slice(0, MAX_SHAPES)])
        found = np.zeros(len(new), np.bool_)
        found[np.concatenate(chosen)] = True
        return found


def _watched(column: pa.ChunkedArray) -> _Watched | None:
    """What to look for in a column: new values if it has few, or new shapes if it holds numbers or dates."""
    sample = column.slice(0, SAMPLE)
    numbers, days = Numbers(sample), Days(sample)
    need = max(1.0, TYPED * float((numbers.filled & ~numbers.blank).sum()))
    is_dates = float(days.ok.sum()) >= need
    if is_dates or float(numbers.ok.sum()) >= need:
        known = _shapes(column).unique()
        patterns = [p for p in _BEYOND if is_dates and not pc.any(pc.match_substring_regex(column, p)).as_py()]
        return _Watched(known, _shapes, patterns) if len(known) <= MAX_SHAPES else None
    looked_at = _trimmed
    if pc.count_distinct(sample).as_py() > MAX_LEVELS + 1:
        if not _are_states(sample):
            return None
        looked_at = _kinds
    known = looked_at(column).unique()
    return _Watched(known, looked_at, []) if len(known) <= MAX_LEVELS + 1 else None


def _are_states(sample: pa.ChunkedArray) -> bool:
    """Whether few kinds of texts, one of which is a state of payments, differ by a number as well."""
    kinds = _kinds(sample).unique()
    return len(kinds) <= MAX_LEVELS + 1 and any(
        says(said, kind, whole=True) for said in ("booked", "not_booked") for kind in kinds.to_pylist()
    )


def _shapes(column: pa.ChunkedArray) -> pa.Array:
    return shapes.shapes_of(shapes.Texts(column).array)


def _trimmed(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(pc.utf8_trim_whitespace(pa.concat_arrays(column.chunks)), "")


def _kinds(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(kinds_of(pa.concat_arrays(column.chunks)), "")


def _first(rows: Bools) -> Bools:
    """Only the first of some rows."""
    found = np.zeros(len(rows), np.bool_)
    if rows.any():
        found[int(rows.argmax())] = True
    return found


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def _taken(batch: RawBatch, places: NDArray[np.intp]) -> RawBatch:
    """Some rows of a batch, as copies."""
    chosen = pa.array(places, pa.int64())
    exact = {name: cells[places] for name, cells in batch.exact.items()}
    rows, lines = _flat(batch.rows).take(chosen), _flat(batch.lines).take(chosen)
    return RawBatch(batch.columns.take(chosen), rows, lines, exact=exact)


def _last_of(batches: list[RawBatch]) -> list[RawBatch]:
    """The last rows of some batches."""
    found: list[RawBatch] = []
    missing = LAST
    for batch in reversed(batches):
        rows = batch.columns.num_rows
        if missing > 0:
            found.insert(0, _taken(batch, np.arange(max(0, rows - missing), rows)))
        missing -= rows
    return found
