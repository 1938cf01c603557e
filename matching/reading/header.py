"""Finds where a table begins among rows of text, whether its first row is a header, and what its columns are called."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from matching.reading.mapping import TableSpec
from matching.reading.roles.facts import Line
from matching.reading.table import Place, find_table, names_at
from matching.reading.values import FileRejected, has_typed

NO_HEADER = "the file has no header, so its columns are called column_1, column_2, ..."
MAX_COLUMNS = 2000
MAX_NAME = 256
MAX_CHOICES, MAX_EXAMPLE = 8, 80  # headers that are offered, and letters of each
MAX_PREAMBLE = 50  # rows before a header
TABLE_SHARE = 0.9  # share of the rows that must fit the header


@dataclass(frozen=True)
class Header:
    """
    The names of the columns, and where the rows begin: after the line `line`, which is the header unless it has none.
    """

    columns: tuple[str, ...]
    notes: tuple[str, ...]
    line: int  # the number of the last line before the rows, or 0
    has_names: bool
    above: tuple[Line, ...] = ()
    score: float = 0.0
    fits: int = 0  # rows that look like bookings
    is_dated: bool = False
    questions: tuple[dict[str, Any], ...] = ()


def locate(lines: Sequence[Line], table: TableSpec | None = None) -> Header | None:
    """
    The header among the first lines of a file: the given one, or the best, or None if nothing looks like bookings.
    """
    if table is not None and table.header_row is not None:
        return _given(lines, table.header_row)
    place = find_table(lines)
    if place is None or not 1 <= place.width <= MAX_COLUMNS or len(lines[place.first].cells) > MAX_COLUMNS:
        return None
    columns, notes = unique_names(names_at(lines, place))
    above = tuple(lines[: place.first - (place.header is not None)])
    if place.header is None:
        notes, line = (NO_HEADER,), lines[place.first].number - 1
    else:
        line = lines[place.header].number
    skipped = line - (place.header is not None)
    if skipped and above:
        notes = (*notes, skipped_note(skipped))
    return Header(
        columns,
        notes,
        line if above or place.header is not None else 0,
        place.header is not None,
        above,
        place.score,
        place.fits,
        place.is_dated,
        _questions(lines, place),
    )


def _questions(lines: Sequence[Line], place: Place) -> tuple[dict[str, Any], ...]:
    """The question which table is meant, by the line of its header, or 0 if it has none."""
    if not place.rivals:
        return ()
    chosen = sorted([place.header, *place.rivals], key=lambda index: -1 if index is None else index)
    texts = [_cells_of(lines[index]) if index is not None else NO_HEADER for index in chosen[:MAX_CHOICES]]
    numbers = [str(lines[index].number) if index is not None else "0" for index in chosen[:MAX_CHOICES]]
    return ({"column": None, "columns": [], "kind": "header", "choices": numbers, "examples": texts},)


def _cells_of(line: Line) -> str:
    return ", ".join(cell.strip() for cell in line.cells if cell.strip())[:MAX_EXAMPLE]


def _given(lines: Sequence[Line], number: int) -> Header:
    """The header that somebody pointed at. Raises: FileRejected if there is no such line."""
    if number == 0:
        columns, _ = unique_names([""] * max((len(line.cells) for line in lines[:50]), default=1))
        return Header(columns, (NO_HEADER,), 0, False)
    found = next((index for index, line in enumerate(lines) if line.number == number), None)
    if found is None:
        raise FileRejected(f"line {number}, which the mapping calls the header, is empty or not among the first lines")
    cells = list(lines[found].cells)
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    columns, notes = unique_names(cells)
    return Header(columns, notes, number, True, tuple(lines[:found]))


def unique_names(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make column names unique and non-empty, with a note for each that was renamed."""
    found: list[str] = []
    notes = []
    taken = Counter(name.strip() for name in names)
    used: set[str] = set()
    numbers: Counter[str] = Counter()
    for position, raw in enumerate(names, 1):
        name = "".join(c if c.isprintable() else " " for c in raw).strip()[:MAX_NAME].strip() or f"column_{position}"
        candidate = name
        while candidate in used or (candidate != name and candidate in taken):
            numbers[name] += 1
            suffix = f"_{numbers[name] + 1}"
            candidate = name[: MAX_NAME - len(suffix)] + suffix
        if candidate != name:
            notes.append(f"column {position} has the same name as another one and is now called {candidate}")
        used.add(candidate)
        found.append(candidate)
    return tuple(found), tuple(notes)


def named_cells(rows: list[list[str]]) -> list[str]:
    """The header without the empty names at its end for which most rows have no field and no row has a value."""
    names, below = rows[0], rows[1:]
    filled = max((_filled_width(row) for row in below), default=0)
    # The width that at least half of all rows do not exceed.
    lengths = sorted(len(row) for row in below)
    place = (len(rows) + 1) // 2 - 1
    common = lengths[place] if place < len(lengths) else len(names)
    width = max(1, filled, common, _filled_width(names, is_name=True))
    return names[:width]


def table_start(rows: list[list[str]]) -> int:
    """
    Where the table begins, after a title or a bank's lines about the account, which are shorter than the header.

    A row counts as a header only if that is obvious: it is filled, has no numbers, and is above a row with numbers or
    dates.
    """
    widths = [_filled_width(row, is_name=True) for row in rows]
    widest = 0
    for start in range(min(MAX_PREAMBLE, len(rows) - 1)):
        width, below = widths[start], widths[start + 1 :]
        fits = sum(found <= width for found in below) >= TABLE_SHARE * len(below)
        if start == 0 and fits:
            return 0
        is_wider, widest = width > widest, max(widest, width)
        if not fits or not 2 <= width <= MAX_COLUMNS or not is_wider:
            continue
        header = rows[start][:width]
        if (
            all(cell.strip() for cell in header)
            and has_header([header])
            and not has_header([_filled(rows[start + 1])[:MAX_COLUMNS]])
        ):
            return start
    return 0


def skipped_note(lines: int) -> str:
    """The note about lines before the table."""
    return f"lines skipped before the table: {lines}"


def is_blank(cells: list[str], delimiter: str | None) -> bool:
    """Whether cells are those of an empty line or of one with only spaces."""
    if not cells:
        return True
    return (delimiter == "\t" or len(cells) == 1) and cells != [""] and not any(cell.strip() for cell in cells)


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first row is a header: it names the columns, so it is filled and contains no numbers or dates."""
    first = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in first if cell]
    return len(filled) >= max(1, len(first) // 2) and not has_typed(pa.array(filled, pa.string()))


def _filled(cells: list[str]) -> list[str]:
    return [cell for cell in cells if cell.strip()]


def _filled_width(row: list[str], *, is_name: bool = False) -> int:
    """The number of cells up to the last filled one. With `is_name`, spaces do not count as filled."""
    for width in range(len(row), 0, -1):
        if row[width - 1].strip() if is_name else row[width - 1]:
            return width
    return 0
