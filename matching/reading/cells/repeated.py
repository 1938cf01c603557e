"""Columns that repeat their texts, as days, states and currencies do: each different text is looked at once."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SAMPLE = 1_000  # rows that show whether a column repeats its texts
LEAST = 4  # rows a text, on average, from which on it is worthwhile


class Repeated(NamedTuple):
    """The different texts of a column, and the number of each row's text among them, shape (rows,)."""

    texts: pa.Array
    codes: NDArray[np.int32]


def repeated(column: pa.ChunkedArray) -> Repeated | None:
    """The different texts of a column if it repeats them. A missing one is an empty text."""
    sample = column.slice(0, SAMPLE)
    if LEAST * pc.count_distinct(sample).as_py() > len(sample):
        return None
    return encoded(column)


def encoded(column: pa.ChunkedArray) -> Repeated:
    """The different texts of a column, however many there are. A missing one is an empty text."""
    found = pc.fill_null(pa.concat_arrays(column.chunks), "").dictionary_encode()
    return Repeated(found.dictionary, found.indices.to_numpy())
