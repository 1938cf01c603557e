"""
JSON objects as rows of text. Numbers keep their digits, so 0.10 stays 0.10.

A nested object becomes columns such as `amount.value`, because amounts and their currencies often come like that. Lists
stay JSON.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from matching.reading.header import MAX_COLUMNS, MAX_NAME
from matching.reading.rows import NUL, Exact, Fault
from matching.reading.values import FileRejected

MAX_EXPONENT = 60  # largest exponent of a JSON number that is written out
MAX_LEVELS = 4  # of nested objects that become columns; deeper ones stay JSON
# Each object gets a cell for every key of any other, so a file of a few MB could become billions of empty cells.
MAX_CELLS = 20_000_000
MAX_CELLS_A_BYTE = 20
Row = dict[str, str | None]


class Bad(NamedTuple):
    """An object that is not a row, and the key whose value is to blame, if one is."""

    fault: Fault
    column: str | None = None


def says_why(line: int, bad: Bad) -> str:
    """Where an object is and why it is not a row, in a sentence."""
    return f"line {line}{'' if bad.column is None else f', {bad.column[:64]}'}: {bad.fault.message}"


class Decoder:
    """Decodes JSON. `has_twice` says whether an object in the last value had a key twice, so that a value was lost."""

    def __init__(self) -> None:
        self.has_twice = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Exact, parse_int=Exact, parse_constant=Exact
        )

    def value(self, text: str) -> Any:
        """The value that a text is. Raises: ValueError, RecursionError."""
        self.has_twice = False
        return self._decoder.decode(text)

    def value_at(self, text: str, place: int) -> tuple[Any, int]:
        """The value at a place in a text, and where it ends. Raises: ValueError, RecursionError."""
        self.has_twice = False
        return self._decoder.raw_decode(text, place)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        self.has_twice = self.has_twice or len(found) != len(pairs)
        return found


def row_of(value: Any, levels: int = MAX_LEVELS, *, has_twice: bool = False) -> "Row | Bad":
    """The cells of an object as text. Objects inside it become columns, as many levels deep."""
    if not isinstance(value, dict):
        kind = "number" if isinstance(value, Exact) else type(value).__name__
        return Bad(Fault("not_an_object", "there is no JSON object here", kind))
    pairs = [(name, None if item is None else _cell_text(item)) for name, item in _members(value, "", levels)]
    row = dict(pairs)
    if has_twice or len(row) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next((name for name in row if len(row) != len(pairs) and names.count(name) > 1), None)
        return Bad(Fault("duplicate_key", "the object has the same key twice", "object"), twice)
    try:
        for cell in (*row, *row.values()):
            if cell is not None and not cell.isascii():
                cell.encode()
    except UnicodeEncodeError:
        return Bad(Fault("encoding", "the object has half of a surrogate pair, which is not a character"))
    if any("\x00" in name or len(name) > MAX_NAME or not name for name in row):
        return Bad(Fault("column_name", "a key is empty, is longer than 256 characters or contains U+0000"))
    column = next((name for name, cell in row.items() if cell is not None and "\x00" in cell), None)
    return row if column is None else Bad(NUL, column)


def _members(value: dict[str, Any], prefix: str, levels: int) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        name = prefix + key
        if not isinstance(item, dict) or not levels:
            yield name, item
        elif not item:
            yield name, None
        elif all(0 < len(inner) < MAX_NAME - len(name) and "\x00" not in inner for inner in item):
            yield from _members(item, f"{name}.", levels - 1)
        else:
            yield name, item


class Columns:
    """The columns of all objects of a file, with nested objects as columns if that is possible for all of them."""

    def __init__(self) -> None:
        self._rows = 0
        self._flat: dict[str, bool] = {}  # whether the column has a value
        self._plain: dict[str, None] = {}

    def add(self, value: dict[str, Any], row: Row) -> None:
        """Count an object and the row that it makes. Raises: FileRejected."""
        self._rows += 1
        self._plain.update(dict.fromkeys(value))
        if len(self._plain) > MAX_COLUMNS:
            raise FileRejected(f"the objects have more than {MAX_COLUMNS} different keys")
        if len(self._flat) <= MAX_COLUMNS:
            for name, cell in row.items():
                self._flat[name] = self._flat.get(name, False) or cell is not None

    def finish(self, size_bytes: int) -> tuple[tuple[str, ...], int]:
        """The names, and how many levels of objects are columns. Raises: FileRejected if most cells would be empty."""
        most = max(MAX_CELLS, MAX_CELLS_A_BYTE * size_bytes)
        names = self._flat_names()
        if len(names) <= MAX_COLUMNS and self._rows * len(names) <= most:
            return names, MAX_LEVELS
        if self._rows * len(self._plain) > most:
            raise FileRejected(
                "most objects have only a few of the file's many keys; write one file for each kind of object"
            )
        return tuple(self._plain), 0

    def _flat_names(self) -> tuple[str, ...]:
        """The names, without those of objects that were null or empty wherever they were no columns."""
        parents = {name[:place] for name in self._flat for place, char in enumerate(name) if char == "."}
        return tuple(name for name, is_filled in self._flat.items() if is_filled or name not in parents)


def _cell_text(value: Any) -> str:
    if isinstance(value, Exact) and ("e" in value or "E" in value):
        # 1e2 becomes 100; numbers too large or small for an amount stay as they are.
        exponent = int(value.lower().partition("e")[2][:12])
        return Exact(format(Decimal(value), "f")) if -MAX_EXPONENT <= exponent <= MAX_EXPONENT else value
    return value if isinstance(value, str) else "".join(_json_parts(value))


def _json_parts(value: Any) -> Iterator[str]:
    """
    A nested value as JSON, in parts. Its numbers keep their digits.

    It uses its own stack, because joining text level by level would copy it once per level.
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Text):
            yield value
        elif isinstance(value, dict):
            parts = [
                part
                for key, item in value.items()
                for part in (_COMMA, _Text(json.dumps(key, ensure_ascii=False) + ": "), item)
            ]
            waiting += reversed((_Text("{"), *parts[1:], _Text("}")))
        elif isinstance(value, list):
            parts = [part for item in value for part in (_COMMA, item)]
            waiting += reversed((_Text("["), *parts[1:], _Text("]")))
        else:
            yield str(value) if isinstance(value, Exact) else json.dumps(value, ensure_ascii=False)


class _Text(str):
    """Text that is already JSON."""

    __slots__ = ()


_COMMA = _Text(", ")
