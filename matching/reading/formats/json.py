"""JSON as batches: one document that is a list of objects, or an object around one list of objects."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matching.reading.document import INSTEAD, MAX_LISTS, is_empty, items_of
from matching.reading.format import Detection, Format, Start
from matching.reading.formats.jsonl import looks_like_lines
from matching.reading.lines import open_text
from matching.reading.objects import Bad, Columns, row_of, says_why
from matching.reading.rows import TOO_LONG, Builder, RawBatch
from matching.reading.values import FileRejected

MAX_EMPTY = 4096  # characters of a document that has no rows
MAIN_SHARE = 10  # a list is the table if it has this many times the objects of all other lists
_DOCUMENT = re.compile(r'\[\s*[\[{]|\[\s*\]\s*$|\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)')
_MISMATCH = "the file is not one JSON document; leave the format out"


@dataclass
class _List:
    """
    A list of objects: its name, and what was found in it. If each object begins on a line of its own, the position of a
    row is that line, otherwise it is its number in the list.
    """

    name: str
    columns: Columns = field(default_factory=Columns)
    objects: int = 0
    has_names: bool = False
    has_own_lines: bool = True
    last_line: int = 0
    unread: tuple[int, Bad] | None = None  # the line of the first value that cannot be read, and why


@dataclass(frozen=True)
class _Table:
    """The list that is read, its columns, and how many levels of objects they hold."""

    name: str
    columns: tuple[str, ...]
    levels: int
    has_own_lines: bool
    notes: tuple[str, ...]


def read_json(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a JSON document batch by batch. Raises: FileRejected."""
    table = detection.contents if isinstance(detection.contents, _Table) else _find_table(path, detection.encoding)
    build = Builder(table.columns, batch_rows, notes=table.notes)
    items = (item for item in items_of(path, detection.encoding) if item.list == table.name)
    for number, item in enumerate(items, 1):
        line = item.line if table.has_own_lines else number
        row = Bad(TOO_LONG) if item.is_long else row_of(item.value, table.levels, has_twice=item.has_twice)
        if isinstance(row, Bad):
            build.reject(line, row.fault, row.column)
        else:
            build.add([row.get(name) for name in table.columns], line)
        if build.is_full:
            yield build.take()
    if build.has_any:
        yield build.take()


def _find_table(path: Path, encoding: str) -> _Table:
    lists = _lists(path, encoding)
    best = max(lists, key=lambda found: found.objects, default=None)
    if best is None and _is_empty(path, encoding):
        raise FileRejected("the JSON document has only an empty list, so there are no rows in it")
    if best is not None and not best.has_names and best.unread is not None:
        raise FileRejected(f"no object of the JSON document can be read; {says_why(*best.unread)}; {INSTEAD}")
    if best is None or not best.has_names:
        raise FileRejected("the file is one JSON document without a list of objects; write one object on each line")
    others = [found for found in lists if found is not best]
    notes = tuple(f"the list {found.name[:64]} was not read; its objects: {found.objects}" for found in others[:5])
    if best.objects < MAIN_SHARE * sum(found.objects for found in others):
        names = ", ".join(f"{found.name[:64]} ({found.objects})" for found in lists[:5])
        raise FileRejected(
            f"the JSON document has several lists of objects: {names}; write one of them, one object on each line"
        )
    columns, levels = best.columns.finish(path.stat().st_size)
    if best.name:
        notes = (f"only the list {best.name[:64]} was read, not what is around it", *notes)
    if not best.has_own_lines:
        notes = (*notes, "the objects are not on lines of their own, so their places are counted from 1")
    return _Table(best.name, columns, levels, best.has_own_lines, notes)


def _is_empty(path: Path, encoding: str) -> bool:
    """Whether a document is short and has only empty lists. It is known to be sound."""
    with open_text(path, encoding) as file:
        text = file.read(MAX_EMPTY)
    return len(text) < MAX_EMPTY and is_empty(json.loads(text))


def _lists(path: Path, encoding: str) -> list[_List]:
    """The lists of the document that have objects, in order."""
    lists: dict[str, _List] = {}
    last = ""
    for item in items_of(path, encoding):
        if not isinstance(item.value, dict) and item.list not in lists:
            continue
        found = lists.setdefault(item.list, _List(item.list))
        if len(lists) > MAX_LISTS:
            raise FileRejected(f"the JSON document has more than {MAX_LISTS} lists of objects; {INSTEAD}")
        if found.last_line and last != item.list:
            raise FileRejected(f"the JSON document has the list {item.list[:64]} twice; {INSTEAD}")
        last = item.list
        found.objects += isinstance(item.value, dict)
        found.has_own_lines = found.has_own_lines and item.line > found.last_line
        found.last_line = item.line
        row = Bad(TOO_LONG) if item.is_long else row_of(item.value, has_twice=item.has_twice)
        if not isinstance(row, Bad):
            found.columns.add(item.value, row)
            found.has_names = found.has_names or bool(row)
        elif isinstance(item.value, dict):
            found.unread = found.unread or (item.line, row)
    return list(lists.values())


def _looks_like_document(start: Start) -> bool:
    return bool(_DOCUMENT.match(start.text.lstrip()[:4096])) and not looks_like_lines(start)


def _detect(path: Path, start: Start, _: object = None) -> Detection:
    if not _looks_like_document(start):
        raise FileRejected(_MISMATCH)
    return Detection("json", encoding=start.encoding, contents=_find_table(path, start.encoding))


FORMAT = Format(
    name="json",
    title="JSON",
    mismatch=_MISMATCH,
    detect=_detect,
    read=read_json,
    recognises=_looks_like_document,
)
