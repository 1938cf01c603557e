"""The physical lines of a text file, each read once, and what is wrong with its bytes."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from matching.reading.rows import MAX_RECORD_BYTES, NUL, TOO_LONG, Fault

_SEPARATOR = re.compile(r'\ufeff?"?sep=([^\r\n"\x00])"?[ \t;,]*(?:\r\n?|\n)', re.IGNORECASE)
_ESCAPED = re.compile("[\udc80-\udcff]")


class Line(NamedTuple):
    """A line with its line ending. If it is too long, only the ending is kept."""

    text: str
    fault: Fault | None


def separator_of(text: str) -> str | None:
    """The delimiter that the first line of a text names, as in `sep=;`, which spreadsheet programs write and obey."""
    found = _SEPARATOR.match(text)
    return found[1] if found else None


def lines_in(text: str) -> Iterator[Line]:
    """The lines of a text that is in memory, such as the beginning of a file."""
    for line in io.StringIO(text, newline=""):
        yield Line(line, NUL if "\x00" in line else None)


def open_text(path: Path, encoding: str) -> TextIO:
    """Open a text. Bytes that are invalid in the encoding stay recognisable, so that their row can be rejected."""
    errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return path.open("r", encoding=encoding, errors=errors, newline="")


def lines_of(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of a file, in order."""
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    name = encoding.removesuffix("-sig").upper()
    with open_text(path, encoding) as file:
        while text := file.readline(MAX_RECORD_BYTES + 1):
            if len(text) > MAX_RECORD_BYTES:
                while text and not text.endswith(("\n", "\r")):
                    text = file.readline(MAX_RECORD_BYTES)
                yield Line("\n", TOO_LONG)
            elif "\x00" in text:
                yield Line(text, NUL)
            elif not text.isascii() and ("\ufffd" in text if is_wide else _ESCAPED.search(text)):
                yield Line(text, Fault("encoding", f"the row has bytes that are not {name}", "bytes"))
            else:
                yield Line(text, None)
