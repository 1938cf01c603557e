"""JSON Lines as batches: one column for each key in any object, also for the keys of objects inside it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matching.reading.document import has_list
from matching.reading.format import Detection, Format, Start
from matching.reading.lines import lines_of
from matching.reading.objects import Bad, Columns, Decoder, row_of, says_why
from matching.reading.rows import Builder, Fault, RawBatch
from matching.reading.values import FileRejected

_OBJECT = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)')
_AROUND_A_LIST = re.compile(r'"\s*:\s*\[\s*\{')


def read_jsonl(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read JSON Lines batch by batch. Raises: FileRejected."""
    columns, levels = _columns(path, detection.encoding)
    build = Builder(columns, batch_rows)
    for line, parsed in _values(path, detection.encoding):
        row = parsed if isinstance(parsed, Bad) else row_of(parsed, levels)
        if isinstance(row, Bad):
            build.reject(line, row.fault, row.column)
        else:
            build.add([row.get(name) for name in columns], line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _columns(path: Path, encoding: str) -> tuple[tuple[str, ...], int]:
    """The columns, and how many levels of objects they hold."""
    columns = Columns()
    has_any = False
    first: tuple[int, Bad] | None = None
    for line, parsed in _values(path, encoding):
        row = parsed if isinstance(parsed, Bad) else row_of(parsed)
        if not isinstance(row, Bad):
            columns.add(parsed, row)
            has_any = has_any or bool(row)
        else:
            first = first or (line, row)
    if not has_any and first is not None and first[1].fault.code != "not_an_object":
        raise FileRejected(f"no line of the file can be read; {says_why(*first)}")
    if not has_any:
        raise FileRejected("no line of the file has a JSON object with a key; write one object on each line")
    return columns.finish(path.stat().st_size)


def _values(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    """The value on each line, or what is wrong with the line."""
    decoder = Decoder()
    for number, (text, fault) in enumerate(lines_of(path, encoding), 1):
        if fault is not None:
            yield number, Bad(fault)
        elif text.strip():
            yield number, _value(text, decoder)


def _value(text: str, decoder: Decoder) -> Any:
    try:
        value = decoder.value(text)
    except RecursionError:
        return Bad(Fault("invalid_json", "the line is nested too deeply"))
    except ValueError:
        return Bad(Fault("invalid_json", "the line is not valid JSON"))
    return Bad(Fault("duplicate_key", "the object has the same key twice", "object")) if decoder.has_twice else value


def looks_like_lines(start: Start) -> bool:
    """Whether a text has an object on each line, and is not one document."""
    lines = [line for line in start.text.split("\n") if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return False
    if len(lines) == 1 and not start.is_whole:  # one object that is longer than the sample
        return bool(_OBJECT.match(lines[0].lstrip())) and not _AROUND_A_LIST.search(lines[0])
    if len(lines) == 1:
        return has_list(_object(lines[0])) is False
    # A damaged line becomes a reject; the file is whatever most of its lines are.
    first = lines[:20]
    return _object(first[0]) is not None or sum(_object(line) is not None for line in first) * 2 > len(first)


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _detect(_: Path, start: Start, __: object = None) -> Detection:
    return Detection("jsonl", encoding=start.encoding)


FORMAT = Format(
    name="jsonl",
    title="JSON Lines",
    mismatch="the file is not a JSON Lines file; leave the format out",
    detect=_detect,
    read=read_jsonl,
    recognises=looks_like_lines,
)
