"""
Proves that a CSV file is clean: every record is one line of the right number of cells, and quotes stand only around cells.

Such a file can be read by Arrow, whose line numbers then follow from row numbers. Anything else is for the exact reader.
"""

import codecs
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.reading.rows import MAX_RECORD_BYTES

LONGEST_LINE = 128 * 1024  # bytes; Arrow needs each line to be shorter than a block
SCANNED_BYTES = MAX_RECORD_BYTES
_BLANK_LINE = re.compile(rb"\n[ \t]+\n")
_NEW_LINE, _QUOTE = ord("\n"), ord('"')
_SHORT_LINE = LONGEST_LINE // 2

Places = NDArray[np.intp]


def is_clean(path: Path, delimiter: str, *, columns: int, before: int) -> bool:
    """
    Whether Arrow reads the same rows from a file in UTF-8 as the exact reader, none of which is a reject.

    `before` lines are above the rows, and may have any number of cells.
    """
    if not columns or len(delimiter.encode()) > 1:
        return False
    scan = _Scan(ord(delimiter), columns, before)
    # On invalid bytes Arrow would write its complaint about the row to standard error.
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        rest = b""
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        while block := file.read(SCANNED_BYTES):
            try:
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
            except UnicodeDecodeError:
                return False
            lines = rest + block
            end = lines.rfind(b"\n") + 1
            if not scan.takes(lines[:end]) or len(lines) - end > LONGEST_LINE:
                return False
            rest = lines[end:]
    # Arrow does not skip all lines of a file.
    return not decoder.getstate()[0] and (not rest or scan.takes(rest + b"\n")) and scan.rows > 0


class _Scan:
    """Looks at whole lines, block by block."""

    def __init__(self, delimiter: int, columns: int, before: int) -> None:
        self._delimiter = delimiter
        self._columns = columns
        self._before = before
        self.rows = 0
        mark = bytes([delimiter])
        self._others = bytes(byte for byte in range(256) if byte not in (delimiter, _NEW_LINE, _QUOTE))
        self._line = mark * (columns - 1) + b"\n"  # the marks of a line without quotes
        self._quoted_line = mark.join([b'""'] * columns) + b"\n"

    def takes(self, lines: bytes) -> bool:
        """Whether these lines, of which the last one ends, are clean."""
        if not lines:
            return True
        text = lines.replace(b"\r\n", b"\n") if b"\r" in lines else lines
        if b"\r" in text or b"\x00" in text or self._has_blank_lines(text):
            return False
        if self._are_usual(text):
            return True
        content = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(content == _NEW_LINE)
        if int(np.diff(ends, prepend=-1).max()) > LONGEST_LINE:
            return False
        above, self._before = min(self._before, len(ends)), max(0, self._before - len(ends))
        self.rows += len(ends) - above
        quotes = np.flatnonzero(content == _QUOTE) if b'"' in text else ends[:0]
        if len(quotes) and self._are_all_quoted(content, quotes, len(ends)):
            return True
        marks = np.flatnonzero(content == self._delimiter)
        if len(quotes):
            if not self._are_around_cells(content, quotes, ends):
                return False
            marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
        return self._has_all_cells(marks, ends, above)

    def _are_usual(self, text: bytes) -> bool:
        """
        Whether no cells stand in quotes, or all do, and none holds a mark itself. Then what is left without all other bytes
        is the same for each line. Deleting those takes a fifth of the time in which the places of marks are found.
        """
        start = 0
        for _ in range(self._before):
            if (start := text.find(b"\n", start) + 1) == 0:
                return False
        below = text[start:] if start else text
        marks = below.translate(None, self._others)
        is_quoted = marks.startswith(b'"')
        line = self._quoted_line if is_quoted else self._line
        rows = len(marks) // len(line)
        if not rows or b'"' in text[:start] or marks != line * rows or _has_long_line(below):
            return False
        if is_quoted and not self._are_between_quotes(np.frombuffer(below, np.uint8)):
            return False
        self.rows, self._before = self.rows + rows, 0
        return True

    def _are_between_quotes(self, content: NDArray[np.uint8]) -> bool:
        """Whether quotes stand on both sides of each delimiter and of each end of a line, but the last one."""
        is_quote = content == _QUOTE
        is_between = (content == self._delimiter) | (content == _NEW_LINE)
        around = is_quote[:-2] & is_quote[2:]
        return bool(is_quote[0] and is_quote[-2] and (around >= is_between[1:-1]).all())

    def _has_blank_lines(self, text: bytes) -> bool:
        """Whether there are lines without a text: they are no rows, and Arrow counts them."""
        if self._columns > 1 and self._delimiter != ord("\t") and not self._before:
            return False  # they lack delimiters
        is_first = not text[: text.find(b"\n")].strip(b" \t")
        return is_first or b"\n\n" in text or _BLANK_LINE.search(text) is not None

    def _has_all_cells(self, marks: Places, ends: Places, above: int) -> bool:
        """Whether each line below the first ones has as many delimiters as it should."""
        if above:
            marks = marks[np.searchsorted(marks, ends[above - 1]) :]
        wanted = self._columns - 1
        if len(marks) != wanted * (len(ends) - above):
            return False
        if not len(marks):
            return True
        lines = marks.reshape(-1, wanted)
        return bool((lines[:, -1] < ends[above:]).all() and (lines[1:, 0] > ends[above:-1]).all())

    def _are_all_quoted(self, content: NDArray[np.uint8], quotes: Places, lines: int) -> bool:
        """
        Whether all cells of all lines stand in quotes, and all lines have as many as they should. Then nothing has to be
        searched for, which takes five times as long.
        """
        opening, closing = quotes[::2], quotes[1::2]
        if len(opening) != len(closing) or opening[0] != 0:
            return False
        apart = opening[1:] - closing[:-1]  # 1 where a quote is doubled, 2 around a delimiter and the end of a line
        if not bool(((apart == 1) | (apart == 2)).all()):
            return False
        between = content[closing[np.append(apart == 2, True)] + 1]
        if len(between) != self._columns * lines:
            return False
        # With one end for each line, none stands inside quotes.
        cells = between.reshape(lines, self._columns)
        return bool((cells[:, -1] == _NEW_LINE).all() and (cells[:, :-1] == self._delimiter).all())

    def _are_around_cells(self, content: NDArray[np.uint8], quotes: Places, ends: Places) -> bool:
        """
        Whether quotes open where a cell begins and close where it ends, all in one line. A doubled one inside closes and
        opens again.
        """
        if len(quotes) % 2:
            return False
        opening, closing = quotes[::2], quotes[1::2]
        if (np.searchsorted(ends, opening) != np.searchsorted(ends, closing)).any():
            return False
        before, behind = content[opening - 1], content[closing + 1]  # behind is one: the last line ends
        begins = (before == self._delimiter) | (before == _NEW_LINE) | (opening == 0)
        finishes = (behind == self._delimiter) | (behind == _NEW_LINE)
        # A quote next to another one is doubled if the other one closes just before.
        again = np.zeros(len(opening), np.bool_)
        again[1:] = opening[1:] == closing[:-1] + 1
        resumed = np.zeros(len(closing), np.bool_)
        resumed[:-1] = again[1:]
        return bool((begins ^ again).all() and (finishes ^ resumed).all())


def _has_long_line(text: bytes) -> bool:
    """Whether a line may be longer than LONGEST_LINE: such a one fills half as many bytes somewhere between."""
    return any(text.find(b"\n", place, place + _SHORT_LINE) < 0 for place in range(0, len(text), _SHORT_LINE))
