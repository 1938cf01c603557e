"""What a module in formats/ says about its format, and what detection finds out about a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matching.reading.mapping import TableSpec
from matching.reading.roles.facts import Line
from matching.reading.rows import RawBatch


@dataclass(frozen=True)
class Detection:
    """What a file was recognised as. `header` says whether the first line of the table is a header."""

    format: str
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str | None = None
    header: bool = True
    notes: tuple[str, ...] = ()
    skipped: int = 0  # lines before the header
    above: tuple[Line, ...] = ()  # those lines, as far as they say something
    sheet: str | None = None
    questions: tuple[dict[str, Any], ...] = ()  # about where the table is
    # What columns mean, if the format itself says so and nothing has to be found out: a mapping's fields, as `Mapping.said`
    # gives them. What people say counts more.
    mapping: dict[str, Any] = field(default_factory=dict)
    # The columns whose type may hold fractions, also where all values are whole.
    fractions: frozenset[str] = frozenset()
    contents: object = None  # what the format found during detection, so that its reader need not look for it again


@dataclass(frozen=True)
class Start:
    """
    The beginning of a file, as far as detection reads it. For a binary format, `text` and `encoding` mean nothing.
    """

    text: str
    encoding: str = "utf-8"
    is_whole: bool = True  # whether the file ends here


@dataclass(frozen=True)
class Format:
    """
    A file format. `magic` begins every file of a binary format. A text format has none; its `recognises` says whether a
    text is in that format. `read` yields batches with at most a given number of rows and, like `detect`, raises
    FileRejected.
    """

    name: str
    title: str
    mismatch: str  # shown if a file was said to have this format but does not
    detect: Callable[[Path, Start, TableSpec | None], Detection]
    read: Callable[[Path, Detection, int], Iterator[RawBatch]]
    magic: bytes | None = None
    recognises: Callable[[Start], bool] = lambda _: False
