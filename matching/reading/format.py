"""What a module of formats/ says about its format, and what detection finds out about a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matching.reading.rows import RawBatch


@dataclass(frozen=True)
class Detection:
    """What a file was recognised as. `header` is the physical line of the header, 0 where there is none."""

    format: str
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str | None = None
    header: bool = True
    notes: tuple[str, ...] = ()
    skipped: int = 0  # lines before the header
    contents: object = None  # what the format found on the way and its reader need not look for again


@dataclass(frozen=True)
class Start:
    """The beginning of a file, as far as detection reads it. Of a binary format, `text` and `encoding` say nothing."""

    text: str
    encoding: str = "utf-8"
    is_whole: bool = True  # whether the file ends here


@dataclass(frozen=True)
class Format:
    """
    A kind of file. `magic` begins every file of a binary format; a text format has none, and `recognises` says whether
    a text is one. `read` yields batches of at most so many rows, and raises FileRejected, as `detect` does.
    """

    name: str
    title: str
    mismatch: str  # told when a file was said to be one and is not
    detect: Callable[[Path, Start], Detection]
    read: Callable[[Path, Detection, int], Iterator[RawBatch]]
    magic: bytes | None = None
    recognises: Callable[[Start], bool] = lambda _: False
