"""
The parts of an upload, from a client that may send anything: all that is not the file has one bound.

The library goes line by line through what stands before, between and behind the parts, without a pause for anybody else.
"""

from typing import cast

from aiohttp import MultipartReader, StreamReader, web

from core.problems import TooLarge

MOST_BYTES = 256 * 1024  # of names, formats, mappings, heads of parts and boundaries together
MOST_LINES = 200  # of heads of parts, boundaries, and what stands around them: four parts need about 30


class Rest:
    """What an upload may still have that is not its file."""

    def __init__(self) -> None:
        self._bytes, self._lines = MOST_BYTES, MOST_LINES

    def take(self, size_bytes: int, *, lines: int = 0) -> None:
        """Accounts for some. Raises: TooLarge."""
        self._bytes -= size_bytes
        self._lines -= lines
        if self._bytes < 0 or self._lines < 0:
            raise TooLarge(
                f"What an upload has beside its file may have at most {MOST_BYTES} bytes in {MOST_LINES} lines."
            )


class _Counted:
    """The body of an upload. Whoever reads a line of it reads nothing of a file."""

    def __init__(self, content: StreamReader, rest: Rest) -> None:
        self._content, self._rest = content, rest

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        line = await self._content.readline(max_line_length=max_line_length)
        self._rest.take(len(line), lines=1)
        return line

    async def read(self, size: int = -1) -> bytes:
        return await self._content.read(size)

    def at_eof(self) -> bool:
        return self._content.at_eof()

    def unread_data(self, data: bytes) -> None:
        self._content.unread_data(data)


def reader_of(request: web.Request, rest: Rest) -> MultipartReader:
    """Reads the parts of a request; nothing is read yet. Raises: ValueError and others for a missing or wrong boundary."""
    return MultipartReader(request.headers, cast(StreamReader, _Counted(request.content, rest)))
