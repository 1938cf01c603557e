"""
One JSON document, read as a stream in bounded memory: the lists of objects in it, wherever they are.

Each object is decoded where it stands in a sliding piece of the text, so an object may not be longer than 1 MiB.
"""

import re
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from matching.reading.lines import open_text
from matching.reading.objects import Decoder
from matching.reading.rows import MAX_RECORD_BYTES
from matching.reading.values import FileRejected

PIECE_CHARS = 2 * MAX_RECORD_BYTES
LIST_LEVELS = 3  # of objects around a list of rows, such as {"account": {"transactions": {"booked": [...]}}}
MAX_LISTS = 1_000
INSTEAD = "export it again, or write one object on each line and upload that"
_SPACE = re.compile(r"[ \t\r\n]*")


class Item(NamedTuple):
    """A value in a list of the document: the name of the list, such as `data.items`, and the value's line, from 1."""

    list: str
    line: int
    value: Any
    has_twice: bool
    is_long: bool


def items_of(path: Path, encoding: str) -> Iterator[Item]:
    """The values in the lists of a document, in order. Raises: FileRejected where it is damaged."""
    with open_text(path, encoding) as file:
        text = _Text(file)
        yield from _walk(text, "", LIST_LEVELS)
        if text.next_char():
            raise text.damage("the document ends before this line, but there is more")


def has_list(value: Any, levels: int = LIST_LEVELS) -> bool | None:
    """Whether an object is around a list of objects, or None if it is no object."""
    if not isinstance(value, dict):
        return None
    items = value.values()
    if is_empty(value):
        return True
    is_around = any(isinstance(item, list) and item and all(isinstance(row, dict) for row in item) for item in items)
    return is_around or (levels > 1 and any(has_list(item, levels - 1) for item in items))


def is_empty(value: Any) -> bool:
    """Whether a value has only empty lists, as what an API answers where there is nothing: [] and {"data": []}."""
    while isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return isinstance(value, list) and not value


def _walk(text: "_Text", name: str, levels: int) -> Iterator[Item]:
    """Go through a value: into objects as many levels deep, and into lists."""
    first = text.next_char()
    if first == "[":
        yield from _list(text, name)
    elif first == "{" and levels:
        text.skip()
        if text.next_char() == "}":
            text.skip()
            return
        while True:
            key = text.value()[0]
            if not isinstance(key, str) or text.next_char() != ":":
                raise text.damage("a key and a colon should be there")
            text.skip()
            yield from _walk(text, f"{name}.{key}" if name else key, levels - 1)
            if text.next_of(",}") == "}":
                return
    else:
        text.value()


def _list(text: "_Text", name: str) -> Iterator[Item]:
    text.skip()
    if text.next_char() == "]":
        text.skip()
        return
    while True:
        text.next_char()
        line = text.line
        value, size = text.value()
        yield Item(name, line, value, text.decoder.has_twice, size > MAX_RECORD_BYTES)
        if text.next_of(",]") == "]":
            return


class _Text:
    """A piece of a document that slides over it. It always reaches further than the longest value that is accepted."""

    def __init__(self, file: TextIO) -> None:
        self.decoder = Decoder()
        self._file = file
        self._text = ""
        self._place = 0
        self._is_end = False
        self._line, self._counted = 1, 0

    @property
    def line(self) -> int:
        """The number of the current line, from 1."""
        self._line += self._text.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._line

    def next_char(self) -> str:
        """The next character that is not a space, or an empty text at the end. It stays the next one."""
        while True:
            self._place = _SPACE.match(self._text, self._place).end()  # type: ignore[union-attr]  # it always matches
            if self._place < len(self._text) or self._is_end:
                return self._text[self._place : self._place + 1]
            self._fill()

    def next_of(self, chars: str) -> str:
        """Take the next character, which must be one of these."""
        found = self.next_char()
        if not found:
            raise self.damage("the document ends here, before it is complete")
        if found not in chars:
            raise self.damage(f"one of {' and '.join(chars)} should be there")
        self.skip()
        return found

    def skip(self) -> None:
        """Go on by one character."""
        self._place += 1

    def value(self) -> tuple[Any, int]:
        """Take the next value; with it, the number of its characters. Raises: FileRejected."""
        if not self.next_char():
            raise self.damage("the document ends here, before it is complete")
        if len(self._text) - self._place <= MAX_RECORD_BYTES:
            self._fill()
        try:
            value, end = self.decoder.value_at(self._text, self._place)
        except RecursionError as error:
            raise self.damage("a value is nested too deeply") from error
        except ValueError as error:
            raise self._damaged_value(error) from error
        if end == len(self._text) and not self._is_end:
            raise self.damage("a value is longer than 1 MiB")
        size, self._place = end - self._place, end
        return value, size

    def damage(self, what: str) -> FileRejected:
        """The refusal of the document, because of what is at the current place."""
        return FileRejected(f"the JSON document is damaged in line {self.line}: {what}; {INSTEAD}")

    def _damaged_value(self, error: ValueError) -> FileRejected:
        place = error.pos if isinstance(error, JSONDecodeError) else self._place
        is_cut = place >= len(self._text.rstrip()) or "Unterminated" in str(error)
        if is_cut and not self._is_end:
            return self.damage("a value is longer than 1 MiB")
        if is_cut:
            return self.damage("the document ends within a value that begins here")
        self._place = max(place, self._place)
        return self.damage("this is not valid JSON")

    def _fill(self) -> None:
        if self._is_end:
            return
        _ = self.line  # counts the lines that are dropped now
        more = self._file.read(PIECE_CHARS)
        self._is_end = len(more) < PIECE_CHARS
        self._text, self._place, self._counted = self._text[self._place :] + more, 0, 0
