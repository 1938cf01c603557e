"""
Finds where the table begins among the first lines of a file, and which of them is its header.

Each line that could be the header is scored by how well the lines below it look like bookings: rows with a date and a
number in the same columns. Names only support this.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.reading.cells.days import Days
from matching.reading.cells.numbers import Numbers
from matching.reading.roles.facts import RULE, Line
from matching.reading.roles.words import roles_of
from matching.reading.summary import is_about_account

HEAD_LINES = 300  # lines of a file that are looked at
MAX_HEADERS = 80  # lines among which the header is
MAX_WIDTH = 80  # columns that are scored
MAX_CELL = 64  # characters; longer cells are no numbers or dates
MAX_PARTED = 5  # lines below a header in which another one may stand
MIN_BELOW = 2  # rows of a table below another one
RIVAL = 1.0  # another table whose score is so near is a question
EMPTY, TEXT, NUMBER, DATE, BOTH = range(5)
DATES = frozenset({"booked", "value_date", "other_date", "entered", "term_date"})  # what names call a date
_RULE = re.compile(RULE)


@dataclass(frozen=True)
class Place:
    """
    Where a table is. `header` is the index of its header among the lines, or None if it has none; `upper` that of a
    second row of names above it; `first` that of the first row. `fits` is the number of rows that look like bookings, and
    `is_dated` whether these have their numbers beside a day.
    `rivals` are the headers of other tables that may be meant as well, as indexes, with None for no header.
    """

    score: float
    header: int | None
    upper: int | None
    first: int
    fits: int
    is_dated: bool
    width: int
    rivals: tuple[int | None, ...] = ()


def find_table(lines: Sequence[Line]) -> Place | None:
    """The best place for a table in the first lines of a file, or None if no line looks like a booking."""
    kinds = _kinds(lines)
    places = _places(lines, kinds)
    if not places:
        return None
    best = max(places, key=lambda place: place.score)
    near = [place for place in places if place is not best and place.score > best.score - RIVAL]
    tables = [best, *(place for place in near if _is_other_table(kinds, best, place))]
    if best.header is None:
        tables = [best, *(place for place in tables[1:] if not _is_row_of(kinds, best, place))]
    if (nameless := _nameless_below(lines, kinds, best)) is not None:
        return nameless
    if (below := _table_below(lines, kinds, best, places)) is not None:
        tables = [below, *(place for place in tables if place is not below)]
    firsts = [place.first for place in tables]
    tables = [
        place for place in tables if not is_about_account(lines, kinds >= NUMBER, kinds >= DATE, place.first, firsts)
    ] or tables
    return replace(tables[0], rivals=tuple(place.header for place in tables[1:]))


def _table_below(lines: Sequence[Line], kinds: NDArray[np.int8], best: Place, places: Sequence[Place]) -> Place | None:
    """
    The table whose header stands below the only row of another table. Names above a row do not name what stands below
    other names.
    """
    if best.header is None:
        return None
    rows = 0
    for at in range(best.header + 1, min(len(lines), best.header + 1 + MAX_PARTED)):
        if (kinds[at] >= NUMBER).any():
            rows += 1
            continue
        found = next((place for place in places if place.header == at and place.fits >= MIN_BELOW), None)
        is_header = _names_typed(kinds, at) and _words(lines[at]) != _words(lines[best.header])
        if rows == 1 and found is not None and is_header:
            return found
    return None


def _nameless_below(lines: Sequence[Line], kinds: NDArray[np.int8], best: Place) -> Place | None:
    """
    The table without names below the only row of another one. Names do not name rows apart from theirs that have a date where
    theirs has something else, unless they call it one.
    """
    one = best.header or 0
    start = one + 2
    if start + MIN_BELOW > len(lines) or not (kinds[one] == TEXT).any() or (kinds[one] > TEXT).any():
        return None
    date_column, number_columns = _columns(kinds[start:]) or (None, [])
    if date_column is None or not number_columns or kinds[start - 1, date_column] not in (TEXT, NUMBER):
        return None
    names, row, below = lines[one], lines[start - 1], lines[start]
    is_apart = below.number - row.number > 1 or _filled(below) != _filled(row)
    dates = roles_of(names.cells[date_column]) if date_column < len(names.cells) else {}
    fits = _fitting(kinds[start:], date_column, number_columns)
    # A first row that is no booking, such as an opening balance, has no numbers where the others have texts.
    swapped = ((kinds[start - 1] == NUMBER) & (kinds[start : start + MIN_BELOW] == TEXT).all(axis=0)).any()
    if not is_apart or (set(dates) & DATES and not swapped) or not fits[:MIN_BELOW].all():
        return None
    width = _common_width(lines[start : start + len(fits)])
    return replace(best, header=None, upper=None, first=start, fits=int(fits.sum()), is_dated=True, width=width)


def _names_typed(kinds: NDArray[np.int8], header: int) -> bool:
    """Whether a text stands above each cell of a row, also above its date and a number, as names do."""
    columns = _columns(kinds[header + 1 :])
    if columns is None or not (kinds[header + 1] >= NUMBER).any():
        return False
    date_column, number_columns = columns
    below, above = kinds[header + 1] != EMPTY, kinds[header] == TEXT
    if date_column is None or not above[date_column] or not above[number_columns].any():
        return False
    return not bool((below & ~above).any())


def _is_other_table(kinds: NDArray[np.int8], one: Place, other: Place) -> bool:
    """Whether rows stand between two headers. Two headers of the same rows differ only in the names."""
    first, last = sorted((one.first, other.first))
    return bool((kinds[first : max(first, last - 1)] >= NUMBER).any())


def _is_row_of(kinds: NDArray[np.int8], nameless: Place, other: Place) -> bool:
    """Whether another table's header has the dates and numbers of the rows of a table without names, so that it is one of them."""
    columns = _columns(kinds[nameless.first :])
    if columns is None or other.header is None:
        return False
    date_column, number_columns = columns
    return date_column is not None and bool(
        _fitting(kinds[other.header : other.header + 1], date_column, number_columns)[0]
    )


def _places(lines: Sequence[Line], kinds: NDArray[np.int8]) -> list[Place]:
    """All places in which a table could begin, with their scores."""
    if not (kinds >= NUMBER).any():
        return []
    found = []
    seen: list[frozenset[str]] = []
    for header in range(-1, min(MAX_HEADERS, len(lines) - 1)):
        if header >= 0 and not (kinds[header] == TEXT).any():
            continue
        place = _scored(lines, kinds, header, seen)
        if place is not None:
            found.append(place)
        if header >= 0:
            seen.append(_words(lines[header]))
    return found


def names_at(lines: Sequence[Line], place: Place) -> list[str]:
    """The names of the columns, those of two rows joined. Empty where the header says nothing."""
    if place.header is None:
        return [""] * place.width
    lower = [*lines[place.header].cells, *[""] * place.width][: place.width]
    if place.upper is None:
        return list(lower)
    return _joined(lines[place.upper].cells, lower)[: place.width]


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The names in two rows, joined column by column."""
    width = max(len(upper), len(lower))
    rows = ([*row, *[""] * (width - len(row))] for row in (upper, lower))
    return [f"{above.strip()} {name.strip()}".strip() for above, name in zip(*rows, strict=True)]


def _filled(line: Line) -> int:
    return max((number for number, cell in enumerate(line.cells, 1) if cell.strip()), default=0)


def _words(line: Line) -> frozenset[str]:
    return frozenset(cell.strip().casefold() for cell in line.cells if cell.strip())


def _kinds(lines: Sequence[Line]) -> NDArray[np.int8]:
    """What each cell looks like, shape (lines, columns)."""
    width = min(MAX_WIDTH, max((len(line.cells) for line in lines), default=0))
    kinds = np.zeros((len(lines), width), np.int8)
    places: list[tuple[int, int]] = []
    texts: list[str] = []
    for row, line in enumerate(lines):
        for number, cell in enumerate(line.cells[:width]):
            text = cell.strip()
            if not text or _RULE.match(text):
                continue
            kinds[row, number] = NUMBER if text.startswith("=") else TEXT  # a formula is no name
            if len(text) <= MAX_CELL and any(c.isdigit() for c in text):
                places.append((row, number))
                texts.append(text)
    if not texts:
        return kinds
    array = pa.array(texts, pa.string())
    numbers, days = Numbers(array).ok, Days(array).ok
    for (row, number), is_number, is_day in zip(places, numbers, days, strict=True):
        if is_number or is_day:
            kinds[row, number] = BOTH if is_number and is_day else NUMBER if is_number else DATE
    return kinds


def _scored(
    lines: Sequence[Line], kinds: NDArray[np.int8], header: int, seen: Sequence[frozenset[str]]
) -> Place | None:
    below = kinds[header + 1 :]
    columns = _columns(below)
    if columns is None:
        return None
    date_column, number_columns = columns
    fits = _fitting(below, date_column, number_columns)
    if not fits.any():
        return None
    first = int(np.flatnonzero(fits)[0])
    block = _block(fits, first)
    count = int(fits[first:block].sum())
    score = 6 * count / (block - first) + 0.3 * min(count, 3) + 0.4 * np.log2(1 + int(fits.sum()))
    score += 3 * (date_column is not None) + min(3, len(number_columns)) - 0.7 * first
    body = below[first:block]
    typed = [*number_columns, *([] if date_column is None else [date_column])]
    upper = _upper(lines, kinds, header, body, typed) if header >= 0 else None
    if header >= 0:
        own = kinds[header]
        names: Sequence[str] = lines[header].cells
        if upper is not None and int((own == TEXT).sum()) > 1:  # one text alone may be a caption
            names, own = _joined(lines[upper].cells, names), np.where(own == EMPTY, kinds[upper], own)
        score += _header_score(names, own, body, date_column, number_columns)
        if _words(lines[header]) in seen:
            score -= 6
        unnamed = sum(column >= len(lines[header].cells) for column in number_columns)
        if 2 * unnamed > len(number_columns):
            score -= 8  # it ends before most of the numbers, so that it does not name them
        score += 0.5 * (upper is not None)
    above = _fitting(kinds[: max(0, header + 1)], date_column, number_columns)
    score -= 0.4 * min(3, int(above.sum()))
    width = _common_width(lines[header + 1 + first : header + 1 + block])
    if header >= 0:
        # What stands to the right of the names belongs to no column.
        named = max(len(lines[row].cells) for row in (header, upper) if row is not None)
        width = max(_filled(lines[header]), min(width, named))
    return Place(
        float(score),
        header if header >= 0 else None,
        upper,
        header + 1,
        int(fits.sum()),
        date_column is not None and bool(number_columns),
        width,
    )


def _common_width(rows: Sequence[Line]) -> int:
    """The width that most rows have, where empty cells at the end count."""
    sizes = [_sizes(row.cells) for row in rows]
    sizes = [size for size in sizes if not size.is_rule] or sizes
    widths = sorted(size.width for size in sizes)
    if not widths:
        return 1
    return max(1, min(widths[len(widths) // 2], max(size.filled for size in sizes)))


class _Sizes(NamedTuple):
    """The number of a line's cells, with and without empty ones at the end, and whether they are only drawn."""

    width: int
    filled: int
    is_rule: bool


@lru_cache(maxsize=2_048)
def _sizes(cells: tuple[str, ...]) -> _Sizes:
    """The sizes of a line, which are asked for each line that may be the header above it."""
    filled = max((number for number, cell in enumerate(cells, 1) if cell.strip()), default=0)
    return _Sizes(len(cells), filled, all(_RULE.match(cell.strip() or "--") for cell in cells))


def _columns(below: NDArray[np.int8]) -> tuple[int | None, list[int]] | None:
    """The column with the most dates, and the columns of numbers in the rows that have one."""
    if not len(below):
        return None
    dates = ((below == DATE) | (below == BOTH)).sum(axis=0)
    sure = (below == DATE).sum(axis=0)
    # A cell that stands alone is a caption.
    filled = np.maximum(1, (below[(below != EMPTY).sum(axis=1) > 1] != EMPTY).sum(axis=0))
    fitting = [int(c) for c in np.flatnonzero((dates > 0) & (dates >= 0.4 * filled))]
    date_column = max(fitting, key=lambda c: (int(sure[c] > 0), int(dates[c]), -c), default=None)
    if date_column is not None:
        with_date = below[(below[:, date_column] == DATE) | (below[:, date_column] == BOTH)]
    else:
        with_date = below
    numbers = ((with_date == NUMBER) | (with_date == BOTH)).sum(axis=0)
    filled = np.maximum(1, (with_date != EMPTY).sum(axis=0))
    number_columns = [int(c) for c in np.flatnonzero((numbers > 0) & (numbers >= 0.5 * filled)) if c != date_column]
    if not number_columns:
        return None if date_column is None else (date_column, [])
    return date_column, number_columns


def _fitting(rows: NDArray[np.int8], date_column: int | None, number_columns: Sequence[int]) -> NDArray[np.bool_]:
    """Which rows look like bookings."""
    if not len(rows):
        return np.zeros(0, np.bool_)
    fits = np.ones(len(rows), np.bool_)
    if number_columns:
        chosen = rows[:, list(number_columns)]
        fits = ((chosen == NUMBER) | (chosen == BOTH)).any(axis=1)
    if date_column is not None:
        fits &= (rows[:, date_column] == DATE) | (rows[:, date_column] == BOTH)
    return np.asarray(fits, np.bool_)


def _block(fits: NDArray[np.bool_], first: int) -> int:
    """The index after the block that begins at the first fitting row and ends before two rows that do not fit."""
    misses = np.flatnonzero(~fits[first:-1] & ~fits[first + 1 :]) if len(fits) > first + 1 else np.array([], np.int64)
    return first + int(misses[0]) if len(misses) else len(fits)


def _header_score(
    names: Sequence[str],
    kinds: NDArray[np.int8],
    body: NDArray[np.int8],
    date_column: int | None,
    number_columns: Sequence[int],
) -> float:
    score, known = 0.0, 0.0
    typed = {*number_columns, *([] if date_column is None else [date_column])}
    doubles = [name.strip().casefold() for name in names if name.strip()]
    score -= min(1.5, 0.3 * (len(doubles) - len(set(doubles))))
    for column in range(kinds.shape[0]):
        is_filled = bool((body[:, column] != EMPTY).any())
        kind = kinds[column]
        if kind == EMPTY:
            score -= (0.8 if column in typed else 0.4) * is_filled
        elif kind != TEXT:
            score -= 2
        else:
            score += 0.5 * is_filled + 0.7 * (is_filled and column in typed)
            known += 0.7 * (max(roles_of(names[column]).values(), default=0) >= 0.5)
    return score + min(6.0, known)


def _upper(
    lines: Sequence[Line], kinds: NDArray[np.int8], header: int, body: NDArray[np.int8], typed: Sequence[int]
) -> int | None:
    """
    A second row of names above the header: texts only, of which one names a column that the header leaves empty. If it names
    all columns by itself, the header must add something to one of numbers or dates, or else it is a row of texts.
    """
    if header == 0:
        return None
    above, own = kinds[header - 1], kinds[header]
    if (above > TEXT).any() or int((above == TEXT).sum()) < 2:
        return None
    filled = (body != EMPTY).any(axis=0)
    names_more = bool(((above == TEXT) & (own == EMPTY) & filled).any())
    if not ((above == EMPTY) & filled).any() and not (own[list(typed)] == TEXT).any():
        return None
    is_adjacent = lines[header].number - lines[header - 1].number == 1
    return header - 1 if names_more and is_adjacent else None
