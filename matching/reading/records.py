"""
Finds which lines of a CSV file belong to one record.

A record ends with its line unless a quote is open there. Whether and where a line closes a quote depends only on the
line itself and on whether it begins inside quotes. So each line is examined once as the first of a record and once as
the continuation of one, however many quotes are never closed.

A quote inside a quoted field should be doubled. In a line that is not written like that, a quote closes its field only
before a delimiter or at the end of the line; if all fields of the line are clear then, it is a record. Tabs between the
quote and the delimiter do not count. A field such as ="0012" is a spreadsheet's way to keep a text, so it is the text
inside.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from matching.reading.delimiters import as_one
from matching.reading.lines import Line
from matching.reading.rows import MAX_RECORD_BYTES, Fault

MAX_PARTS = 20  # lines into which line feeds inside cells divide a record
MAX_RECORD_LINES = 10_000  # limit on the lines that are kept while a quote is open
QUOTE = Fault("quote", "the row has a quote that is not closed, or that is closed inside a field", "row")
_OPENING = '"\n'  # placed after or before a line, it leaves a quote open
_End = Literal["record", "open", "broken"]


class Record(NamedTuple):
    """A record, and the number of its first line, from 1. Its fault is the first one among its lines."""

    line: int
    cells: list[str]
    fault: Fault | None


def records_of(lines: Iterator[Line], delimiter: str, *, skip: int = 0) -> Iterator[Record]:
    """Divide lines into records, after skipping the first `skip` lines."""
    csv.field_size_limit(16 * MAX_RECORD_BYTES)  # lines and records are already limited
    for _ in islice(lines, skip):
        pass
    lines, delimiter = as_one(lines, delimiter)
    ahead = _Ahead(lines, delimiter)
    number = skip + 1
    width = 0  # of the record before, if its line ends with a carriage return and a line feed
    while (first := ahead.pop()) is not None:
        parts = ahead.further_parts(first, width) if width else 0
        if parts:
            first = _as_one_line([first, *(ahead.pop() or first for _ in range(parts))])
        cells = _parse([first.text], delimiter)
        fault, taken = first.fault, [first]
        if cells is None:
            further = ahead.further_lines(first) if _is_open([first.text], delimiter) else 0
            taken = [first, *(ahead.pop() or first for _ in range(further))]
            cells = _parse([line.text for line in taken], delimiter) if further else clear_cells(first.text, delimiter)
            fault = next((line.fault for line in taken if line.fault is not None), None)
            fault = fault or (QUOTE if cells is None else None)
        if cells and any('="' in line.text for line in taken):
            cells = without_formulas(cells, delimiter)
        yield Record(number, cells or [], fault)
        number += len(taken) + parts
        width = len(cells or []) if taken[-1].text.endswith("\r\n") else 0


def _as_one_line(parts: list[Line]) -> Line:
    """The parts of a line that was broken by line feeds inside its cells."""
    fault = next((part.fault for part in parts if part.fault is not None), None)
    return Line(" ".join(part.text.rstrip("\r\n") for part in parts) + "\r\n", fault)


def clear_cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line with quotes that are not doubled, or None if it is not clear where they end."""
    text = text.rstrip("\r\n")
    cells, place = [], 0
    while True:
        if text.startswith('"', place):
            end = _closing_quote(text, place + 1, delimiter)
            if end is None:
                return None
            cells.append(text[place + 1 : end].replace('""', '"'))
            place = _behind_tabs(text, end + 1, delimiter)
        else:
            end = text.find(delimiter, place)
            cell = text[place : end if end >= 0 else len(text)]
            if '"' in cell:
                return None
            cells.append(cell)
            place += len(cell)
        if place >= len(text):
            return cells
        place += 1


def _closing_quote(text: str, place: int, delimiter: str) -> int | None:
    while (quote := text.find('"', place)) >= 0:
        after = text[quote + 1 : quote + 2]
        if after == "\t":
            behind = _behind_tabs(text, quote + 1, delimiter)
            after = text[behind : behind + 1]
        if after in ("", delimiter):
            return quote
        place = quote + (2 if after == '"' else 1)
    return None


def _behind_tabs(text: str, place: int, delimiter: str) -> int:
    """The place after the tabs with which some programs fill up a cell behind its quote."""
    while delimiter != "\t" and text.startswith("\t", place):
        place += 1
    return place


def without_formulas(cells: list[str], delimiter: str) -> list[str]:
    """Cells with the texts of ="..." instead of these. A delimiter inside has divided such a cell, so parts are joined."""
    found, place = [], 0
    has_end = True  # whether an open one can still be closed, so that the cells are not searched again and again
    while place < len(cells):
        end = place
        if cells[place].startswith('="') and has_end:
            while end < len(cells) and not _is_closed(cells[end], is_first=end == place):
                end += 1
            has_end = end < len(cells)
            if has_end:
                text = delimiter.join(cells[place : end + 1])
                found.append(text[2:-1].replace('""', '"'))
                place = end + 1
                continue
        found.append(cells[place])
        place += 1
    return found


def _is_closed(cell: str, *, is_first: bool) -> bool:
    text = cell[2:] if is_first else cell
    return text.endswith('"') and (len(text) - len(text.rstrip('"'))) % 2 == 1


class _Ahead:
    """The next lines, and for how many of them a quote that was open stays open."""

    def __init__(self, lines: Iterator[Line], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._ahead: deque[Line] = deque()
        self._open = 0  # lines that leave an open quote open
        self._size = 0  # the number of their characters
        self._end: _End | None = None  # what the line after them does, if it has been examined

    def pop(self) -> Line | None:
        """Take the next line."""
        if not self._ahead:
            return next(self._lines, None)
        line = self._ahead.popleft()
        if self._open:
            self._open -= 1
            self._size -= len(line.text)
        else:
            self._end = None
        return line

    def further_parts(self, first: Line, width: int) -> int:
        """
        How many more lines belong to one whose cells hold line feeds without quotes around them: records end with a
        carriage return too, and all lines up to the next one have as many cells as the record before, its own too few.
        """
        marks, text = 0, first.text
        for number in range(MAX_PARTS + 1):
            within = self._marks_in(text)
            if within is None or not text.endswith("\n") or marks + within >= width:
                return 0
            marks += within
            if text.endswith("\r\n"):
                return number if marks == width - 1 else 0
            if marks == width - 1 and not number:
                return 0  # it is whole, and only ends in another way
            if number == len(self._ahead) and not self._read():
                return 0
            text = self._ahead[number].text
        return 0

    def _marks_in(self, text: str) -> int | None:
        """How many delimiters of a line are outside quotes, or None if a quote stays open."""
        if '"' not in text:
            return text.count(self._delimiter)
        cells = _parse([text], self._delimiter)
        return None if cells is None else len(cells) - 1

    def further_lines(self, first: Line) -> int:
        """How many more lines belong to a record whose first one leaves a quote open; 0 if it never ends properly."""
        while self._end is None:
            if self._open == len(self._ahead) and not self._read():
                return 0
            line = self._ahead[self._open]
            size = len(first.text) + self._size + len(line.text)
            if size > MAX_RECORD_BYTES or self._open >= MAX_RECORD_LINES:
                return 0
            end = _end_of(line.text, self._delimiter)
            if end == "open":
                self._open += 1
                self._size += len(line.text)
            else:
                self._end = end
        return self._open + 1 if self._end == "record" else 0

    def _read(self) -> bool:
        line = next(self._lines, None)
        if line is not None:
            self._ahead.append(line)
        return line is not None


def _end_of(text: str, delimiter: str) -> _End:
    """What happens to a quote that is open where the line begins."""
    if '"' not in text:
        return "open"
    if _parse([_OPENING, text], delimiter) is not None:
        return "record"
    return "open" if _is_open([_OPENING, text], delimiter) else "broken"


def _is_open(texts: list[str], delimiter: str) -> bool:
    """Whether lines that are not a record lack only a closing quote."""
    return _parse([*texts, _OPENING], delimiter) is not None


def _parse(texts: list[str], delimiter: str) -> list[str] | None:
    """The cells of the one record that the lines form, or None if they do not form one."""
    try:
        return next(csv.reader(texts, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
