"""How the text of a CSV file is divided: its delimiter, the lines before the table, and the header."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from matching.reading.delimiters import rare_delimiter
from matching.reading.format import Detection, Start
from matching.reading.header import (
    MAX_COLUMNS,
    NO_HEADER,
    TABLE_SHARE,
    Header,
    has_header,
    is_blank,
    locate,
    named_cells,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.lines import lines_in, separator_of
from matching.reading.mapping import TableSpec
from matching.reading.records import records_of
from matching.reading.roles.facts import Line
from matching.reading.table import HEAD_LINES
from matching.reading.values import FileRejected

DELIMITERS = (",", ";", "\t", "|", "%", ":", "^")
RARE_DELIMITERS = ("%", ":", "^")
PROVED = (",", ";", "\t", "|")
COMMA_LESS = 3.0
RARE_LESS = 2.0  # of a delimiter that few programs write, unless it has a usual one in itself
PADDED_CHARS = 200_000  # in which cells with a space behind them are counted
MIN_PADDED, PADDED_SHARE = 4, 0.9  # such cells, from which the space is no delimiter
_FIRST_LINE = re.compile(r"[^\r\n]*(\r\n?|\n)")


def detect_csv(_: Path, start: Start, table: TableSpec | None = None) -> Detection:
    """
    Find the delimiter, the header and the columns. Raises: FileRejected.

    A first line such as `sep=;` names the delimiter, as spreadsheet programs write and obey it, and is no row.
    """
    named = separator_of(start.text)
    if named is None:
        return _found(start, table, PROVED, DELIMITERS)
    text = _FIRST_LINE.sub(r"\1", start.text, count=1)  # the line stays, so that lines are counted as in the file
    detection = _found(replace(start, text=text), table, (named,), (named,))
    return replace(detection, skipped=max(1, detection.skipped))


def _found(start: Start, table: TableSpec | None, proved: Sequence[str], delimiters: Sequence[str]) -> Detection:
    """The layout with one of the proved delimiters if something looks like bookings, otherwise with any of the others."""
    text, is_whole = start.text, start.is_whole
    if not is_whole and "\n" not in text and "\r" not in text:
        raise FileRejected("the first line is longer than 1 MiB; the file is not a table, or has no line breaks")
    if not is_whole:
        text = text[: text.rfind("\n") + 1] or text
    rare = rare_delimiter(text, proved) if len(proved) > 1 else None
    if rare is not None:
        proved = [*(delimiter for delimiter in proved if delimiter not in rare), rare]
        delimiters = [*(delimiter for delimiter in delimiters if delimiter not in rare), rare]
    padding = {delimiter for delimiter in proved if _is_padding(text, delimiter, proved)}
    tables = [
        (delimiter, header)
        for delimiter in proved
        if delimiter not in padding and (header := _header(text, delimiter, table)) is not None
    ]
    if not tables:
        return _by_shape(start, text, delimiters)
    # Names and amounts contain commas, so another character that divides the rows as well is the delimiter.
    less = {",": COMMA_LESS, rare: 0.0 if rare is not None and set(rare) & set(PROVED) else RARE_LESS}
    delimiter, best = max(tables, key=lambda item: item[1].score - less.get(item[0], 0.0))
    return Detection(
        "csv",
        best.columns,
        start.encoding,
        delimiter,
        header=best.has_names,
        notes=best.notes,
        skipped=best.line - best.has_names,
        above=best.above,
        questions=best.questions,
    )


def _is_padding(text: str, delimiter: str, others: Sequence[str]) -> bool:
    """
    Whether a space such as a tab stands beside nearly every other delimiter: some banks put one behind each cell, so
    that a spreadsheet keeps long numbers as texts.
    """
    if not delimiter.isspace():
        return False
    start = text[:PADDED_CHARS]
    run = rf"{delimiter}+"
    beside = [
        sum(
            found.count(delimiter)
            for found in re.findall(rf"{run} *{re.escape(other)}|{re.escape(other)} *{run}", start)
        )
        for other in others
        if other != delimiter
    ]
    inside = sum(map(len, re.findall(rf"{run}(?=[^\r\n{delimiter}])", start)))
    return max(beside, default=0) >= MIN_PADDED and max(beside) >= PADDED_SHARE * inside


def _header(text: str, delimiter: str, table: TableSpec | None) -> Header | None:
    """Where the table is if this is the delimiter. A table of one column is none that this shows."""
    if len(delimiter) == 1 and delimiter not in text and (table is None or table.header_row is None):
        return None  # looking for a table in such rows took a tenth of the time that a small file takes
    lines = [Line(before + 1, tuple(row)) for before, row in _parse(text, delimiter, HEAD_LINES)]
    header = locate(lines, table)
    return header if header is not None and len(header.columns) > 1 else None


def _by_shape(start: Start, text: str, delimiters: Sequence[str]) -> Detection:
    """The layout of a text in which nothing looks like bookings, by the shape of its lines. Raises: FileRejected."""
    layouts = [layout for layout in (_layout(text, delimiter) for delimiter in delimiters) if layout is not None]
    if not layouts:
        raise FileRejected("the file has no rows")
    best = max(layouts, key=lambda layout: layout.rank)
    rows = best.rows
    named = named_cells(rows)
    is_named = len(named) <= MAX_COLUMNS and has_header(rows)
    names = named if is_named else [f"column_{n}" for n in range(1, len(rows[0]) + 1)]
    if len(names) > MAX_COLUMNS:
        raise FileRejected(f"the file has more than {MAX_COLUMNS} columns")
    columns, notes = unique_names(names)
    if best.skipped:
        notes = (*notes, skipped_note(best.skipped))
    if not is_named:
        notes = (*notes, NO_HEADER)
    return Detection("csv", columns, start.encoding, best.delimiter, header=is_named, notes=notes, skipped=best.skipped)


@dataclass(frozen=True)
class _Layout:
    """A text divided by one delimiter: its rows from the header on, and the number of lines before them."""

    delimiter: str
    rows: list[list[str]]
    skipped: int

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """How much this looks like a table; the highest rank wins."""
        width = len(self.rows[0])
        share = sum(len(row) >= width and not any(row[width:]) for row in self.rows) / len(self.rows)
        is_table = width > 1 and share >= TABLE_SHARE and self.delimiter not in RARE_DELIMITERS
        # Names and amounts contain commas, so another character that divides all rows is the delimiter.
        is_sure = is_table and self.delimiter != ","
        weight = 0.0 if width == 1 else share * min(width, 30) * (0.5 if self.delimiter in RARE_DELIMITERS else 1)
        return is_table, is_table and not self.skipped, is_sure, weight


def _layout(text: str, delimiter: str) -> _Layout | None:
    parsed = _parse(text, delimiter)
    if not parsed:
        return None
    start = 0 if delimiter in RARE_DELIMITERS else table_start([row for _, row in parsed])
    return _Layout(delimiter, [row for _, row in parsed[start:]], parsed[start][0] if start else 0)


def _parse(text: str, delimiter: str, limit: int = 200) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the number of lines before it, as reading will divide them."""
    records = records_of(lines_in(text.replace("\x00", "")), delimiter)
    rows = ((record.line - 1, record.cells) for record in records if not is_blank(record.cells, delimiter))
    return list(islice(rows, limit))
