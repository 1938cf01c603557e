"""
The parts of an upload, from a client that may send anything. Everything that is not the file shares one limit.

The library reads what comes before, between and after the parts line by line, without letting any other task run.
"""

from typing import cast

from aiohttp import MultipartReader, StreamReader, web

from core.problems import TooLarge

MOST_BYTES = 256 * 1024  # for names, formats, mappings, part headers and boundaries together
MOST_LINES = 200  # for part headers, boundaries, and what surrounds them; four parts need about 30 lines


class Rest:
    """What an upload may still send besides its file."""

    def __init__(self) -> None:
        self._bytes, self._lines = MOST_BYTES, MOST_LINES

    def take(self, size_bytes: int, *, lines: int = 0) -> None:
        """Account for some of it. Raises: TooLarge."""
        self._bytes -= size_bytes
        self._lines -= lines
        if self._bytes < 0 or self._lines < 0:
            raise TooLarge(
                f"Everything in an upload except its file may be at most {MOST_BYTES} bytes in {MOST_LINES} lines."
            )


class _Counted:
    """The body of an upload. Only lines are counted, and a file is never read by line."""

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
    """
    A reader for the parts of a request; it has read nothing yet. Raises: ValueError and others if the boundary is
    missing or invalid.
    """
    return MultipartReader(request.headers, cast(StreamReader, _Counted(request.content, rest)))
