"""
Which lines of a CSV file belong to one record.

A record ends with its line unless a quote is open there. Whether lines close a quote, and where, depends only on each
line by itself and on whether it begins inside quotes. So each line is looked at once as the first of a record and
once as the continuation of one, however many quotes are never closed.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from matching.reading.lines import Line
from matching.reading.rows import MAX_RECORD_BYTES, Fault

MAX_RECORD_LINES = 10_000  # bounds the lines that are kept while a quote is open
QUOTE = Fault("quote", "the row has a quote that is not closed, or closed within a field", "row")
_OPENING = '"\n'  # a line after which, or before which, a quote is open
_End = Literal["record", "open", "broken"]


class Record(NamedTuple):
    """A record and the number of its first line, from 1; its fault is the first of its lines'."""

    line: int
    cells: list[str]
    fault: Fault | None


def records_of(lines: Iterator[Line], delimiter: str, *, skip: int = 0) -> Iterator[Record]:
    """Divides lines into records, from behind the first `skip` lines on."""
    csv.field_size_limit(16 * MAX_RECORD_BYTES)  # lines and records are bounded already
    for _ in islice(lines, skip):
        pass
    ahead = _Ahead(lines, delimiter)
    number = skip + 1
    while (first := ahead.pop()) is not None:
        cells = _parse([first.text], delimiter)
        fault, count = first.fault, 1
        if cells is None:
            further = ahead.further_lines(first) if _is_open([first.text], delimiter) else 0
            taken = [first, *(ahead.pop() or first for _ in range(further))]
            cells = _parse([line.text for line in taken], delimiter) if further else None
            fault = next((line.fault for line in taken if line.fault is not None), None)
            fault, count = fault or (QUOTE if cells is None else None), len(taken)
        yield Record(number, cells or [], fault)
        number += count


class _Ahead:
    """The next lines; knows for how many of them a quote stays open that was open before."""

    def __init__(self, lines: Iterator[Line], delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._ahead: deque[Line] = deque()
        self._open = 0  # lines that leave an open quote open
        self._size = 0  # their characters
        self._end: _End | None = None  # what the line behind them does, where it has been looked at

    def pop(self) -> Line | None:
        """Takes the next line."""
        if not self._ahead:
            return next(self._lines, None)
        line = self._ahead.popleft()
        if self._open:
            self._open -= 1
            self._size -= len(line.text)
        else:
            self._end = None
        return line

    def further_lines(self, first: Line) -> int:
        """How many lines belong to a record whose first one leaves a quote open; 0 where it never ends properly."""
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
    """What becomes of a quote that is open where the line begins."""
    if '"' not in text:
        return "open"
    if _parse([_OPENING, text], delimiter) is not None:
        return "record"
    return "open" if _is_open([_OPENING, text], delimiter) else "broken"


def _is_open(texts: list[str], delimiter: str) -> bool:
    """Whether lines that are no record lack nothing but a closing quote."""
    return _parse([*texts, _OPENING], delimiter) is not None


def _parse(texts: list[str], delimiter: str) -> list[str] | None:
    """The cells of the one record that lines are; None where they are none."""
    try:
        return next(csv.reader(texts, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
