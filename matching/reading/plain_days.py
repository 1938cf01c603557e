"""
Dates of ten characters, such as 2024-01-05 and 05.01.2024, for plain.py: which texts are such dates, and what is counted
of them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.reading.cells import calendar, raw

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
LENGTH = 10
# Where the first digit of each part stands.
YEAR_FIRST = {"year": 0, "month": 5, "day": 8}
DAY_FIRST = {"day": 0, "month": 3, "year": 6}
MONTH_FIRST = {"month": 0, "day": 3, "year": 6}
_MARKS = raw.marked(b"./-")
_ZERO = np.uint8(ord("0"))


def fit(*orders: dict[str, int]) -> Callable[[pa.Array], Bools]:
    """What finds the texts that are dates in one of these orders, whose marks stand in the same places."""

    def fits(texts: pa.Array) -> Bools:
        found = raw.bytes_of(texts)
        valid: Bools = found.ends - found.starts == LENGTH
        rows = np.flatnonzero(valid)
        characters = _characters(found, rows)
        marks = [place - 1 for place in orders[0].values() if place]
        is_digit = characters - _ZERO < 10
        is_digit[:, marks] = _MARKS[characters[:, marks]]
        is_any = np.logical_or.reduce([_days(characters, order)[1] for order in orders])
        valid[rows] = is_digit.all(axis=1) & is_any
        return valid

    return fits


def counter(**readings: dict[str, int]) -> Callable[[dict[str, Any], pa.Array, Ints], None]:
    """What counts such dates for each reading of values.Evidence."""

    def count(counts: dict[str, Any], texts: pa.Array, weights: Ints) -> None:
        found = raw.bytes_of(texts)
        characters = _characters(found, np.arange(len(texts)))
        counts["marked"] = int(weights[found.hold(".,")].sum())
        counts["full_year"] = int(weights.sum()) if "ymd" in readings else 0
        for reading, order in readings.items():
            days, valid = _days(characters, order)
            counts[reading] = int(weights[valid].sum())
            rows = np.flatnonzero(valid)
            for end, place in (("least", np.argmin), ("most", np.argmax)) if len(rows) else ():
                row = rows[place(days[rows])]
                counts[f"{reading}_{end}"] = days[row].astype("datetime64[D]").item()
                counts[f"{reading}_{end}_text"] = texts[row].as_py()

    return count


def _characters(found: raw.Bytes, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The bytes of texts that have ten, shape (rows, 10)."""
    characters: NDArray[np.uint8] = found.data[found.starts[rows, None] + np.arange(LENGTH)]
    return characters


def _days(characters: NDArray[np.uint8], order: dict[str, int]) -> tuple[NDArray[np.int32], Bools]:
    """The days since 1970, and which of them exist. Characters that are no digits make days that mean nothing."""
    digits = characters.astype(np.int64) - int(_ZERO)
    year = digits[:, order["year"] : order["year"] + 4] @ np.array([1000, 100, 10, 1])
    month, day = (digits[:, place : place + 2] @ np.array([10, 1]) for place in (order["month"], order["day"]))
    return calendar.civil(year, month, day)
