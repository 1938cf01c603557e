"""JSON Lines as batches: one column for each key in any object. Nested values stay JSON."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from matching.reading.format import Detection, Format, Start
from matching.reading.header import MAX_COLUMNS, MAX_NAME
from matching.reading.lines import lines_of
from matching.reading.rows import NUL, Builder, Fault, RawBatch
from matching.reading.values import FileRejected

MAX_EXPONENT = 60  # largest exponent of a JSON number that is written out
# Each object gets a cell for every key of any other, so a file of a few MB could become billions of empty cells.
MAX_CELLS = 20_000_000
MAX_CELLS_A_BYTE = 20
_OBJECT = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)')
_Row = dict[str, str | None]


class _Bad(NamedTuple):
    """A line that is not a row, and the key whose value is to blame, if one is."""

    fault: Fault
    column: str | None = None


def read_jsonl(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read JSON Lines batch by batch. Raises: FileRejected."""
    columns = _columns(path, detection.encoding)
    build = Builder(columns, batch_rows)
    for line, parsed in _rows(path, detection.encoding):
        if isinstance(parsed, _Bad):
            build.reject(line, parsed.fault, parsed.column)
        else:
            build.add([parsed.get(name) for name in columns], line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _columns(path: Path, encoding: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    rows = 0
    for _, parsed in _rows(path, encoding):
        if isinstance(parsed, dict):
            rows += 1
            names.update(dict.fromkeys(parsed))
            if len(names) > MAX_COLUMNS:
                raise FileRejected(f"the objects have more than {MAX_COLUMNS} different keys")
    if not names:
        raise FileRejected("the file has no JSON object on any line")
    if rows * len(names) > max(MAX_CELLS, MAX_CELLS_A_BYTE * path.stat().st_size):
        raise FileRejected(
            "most objects have only a few of the file's many keys; write one file for each kind of object"
        )
    return tuple(names)


def _rows(path: Path, encoding: str) -> Iterator[tuple[int, "_Row | _Bad"]]:
    for number, (text, fault) in enumerate(lines_of(path, encoding), 1):
        if fault is not None:
            yield number, _Bad(fault)
        elif text.strip():
            yield number, _parse(text)


def _parse(text: str) -> "_Row | _Bad":
    """The cells of an object as text. Numbers keep their digits, so 0.10 stays 0.10."""
    try:
        parsed = json.loads(
            text, object_pairs_hook=_once, parse_float=_Digits, parse_int=_Digits, parse_constant=_Digits
        )
        if not isinstance(parsed, dict):
            kind = "number" if isinstance(parsed, _Digits) else type(parsed).__name__
            return _Bad(Fault("not_an_object", "the line is not a JSON object", kind))
        row = {name: None if value is None else _cell_text(value) for name, value in parsed.items()}
        for cell in (*row, *row.values()):
            if cell is not None and not cell.isascii():
                cell.encode()
    except DuplicateKey:
        return _Bad(Fault("duplicate_key", "the object has the same key twice", "object"))
    except UnicodeEncodeError:
        return _Bad(Fault("encoding", "the line has half of a surrogate pair, which is not a character"))
    except RecursionError:
        return _Bad(Fault("invalid_json", "the line is nested too deeply"))
    except ValueError:
        return _Bad(Fault("invalid_json", "the line is not valid JSON"))
    if any("\x00" in name or len(name) > MAX_NAME or not name for name in row):
        return _Bad(Fault("column_name", "a key is empty, is longer than 256 characters or contains U+0000"))
    column = next((name for name, cell in row.items() if cell is not None and "\x00" in cell), None)
    return row if column is None else _Bad(NUL, column)


class DuplicateKey(ValueError):
    """An object has the same key twice, so one of the values would be lost."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


class _Digits(str):
    """A JSON number that keeps its digits."""

    __slots__ = ()


def _cell_text(value: Any) -> str:
    if isinstance(value, _Digits) and ("e" in value or "E" in value):
        # 1e2 becomes 100; numbers too large or small for an amount stay as they are.
        exponent = int(value.lower().partition("e")[2][:12])
        return format(Decimal(value), "f") if -MAX_EXPONENT <= exponent <= MAX_EXPONENT else str(value)
    return str(value) if isinstance(value, str) else "".join(_json_parts(value))


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
            yield str(value) if isinstance(value, _Digits) else json.dumps(value, ensure_ascii=False)


class _Text(str):
    """Text that is already JSON."""

    __slots__ = ()


_COMMA = _Text(", ")


def _looks_like_json(start: Start) -> bool:
    lines = [line for line in start.text.split("\n") if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return False
    if not start.is_whole and len(lines) == 1:
        return bool(_OBJECT.match(lines[0].lstrip()))  # one object that is longer than the sample
    # A damaged line becomes a reject; the file is whatever most of its lines are.
    first = lines[:20]
    return _is_object(first[0]) or sum(_is_object(line) for line in first) * 2 > len(first)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _detect(_: Path, start: Start) -> Detection:
    return Detection("jsonl", encoding=start.encoding)


FORMAT = Format(
    name="jsonl",
    title="JSON Lines",
    mismatch="the file is not a JSON Lines file; leave the format out",
    detect=_detect,
    read=read_jsonl,
    recognises=_looks_like_json,
)
