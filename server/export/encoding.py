"""What a module for a format provides, and what it is told about the export."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.export.layout import Layout


@dataclass(frozen=True)
class About:
    """What the whole file is about. `facts` are shown in a workbook and kept in the metadata of Parquet."""

    layout: Layout
    facts: dict[str, str]
    plan: dict[str, Any] | None


class Encoder(Protocol):
    """Turns pages of rows into the bytes of a file. Its methods run in threads, one after the other."""

    def begin(self) -> bytes:
        """The first bytes, before there are rows."""

    def add(self, page: bytes) -> bytes | memoryview:
        """The bytes of some rows, or none if they come later."""

    def end(self) -> bytes:
        """The last bytes."""


@dataclass(frozen=True)
class Format:
    """A format: its media type, the ending of file names, and its encoder."""

    media_type: str
    suffix: str
    encoder: Callable[[About], Encoder]


@dataclass
class Sink(io.RawIOBase):
    """A file that libraries write to and whose bytes are taken away again and again."""

    _parts: list[bytes] = field(default_factory=list)
    _place: int = 0

    def writable(self) -> bool:
        """Bytes can be written, but not read."""
        return True

    def tell(self) -> int:
        """How many bytes have been written so far."""
        return self._place

    def write(self, data: Any) -> int:
        """Keep bytes until they are taken."""
        self._parts.append(bytes(data))
        self._place += len(self._parts[-1])
        return len(self._parts[-1])

    def take(self) -> bytes:
        """The bytes since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken
