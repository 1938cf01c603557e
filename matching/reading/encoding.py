"""Finds the encoding of a text file: by its mark, by the NULs of UTF-16, by whether it is UTF-8, else by its words."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from matching.reading.code_pages import code_page_of

BLOCK_BYTES = 256 * 1024
MAX_LINE_BYTES = 1024 * 1024
MAX_ODD_LINES = 20_000  # enough to judge by
MAX_ODD_BYTES = 4 * 1024 * 1024
WIDE_SAMPLE_BYTES = 4096
MIN_NUL_SHARE = 0.25  # of the byte pairs of UTF-16: digits, delimiters and line ends have a NUL in every language
# UTF-32's mark must come before UTF-16's, which it begins with.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """The encoding of a file, by its byte order mark, by whether it is valid UTF-8, or by its words."""
    with path.open("rb") as file:
        start = file.read(WIDE_SAMPLE_BYTES)
    if (name := marked_encoding(start) or wide_encoding(start)) is not None:
        return name
    odd, size = [], 0
    for line in _odd_lines(path):
        odd.append(line)
        size += len(line)
        if len(odd) >= MAX_ODD_LINES or size >= MAX_ODD_BYTES:
            break
    valid = sum(_is_utf8(line) for line in odd)
    # A file of mostly valid UTF-8 with a few bad lines is UTF-8 with bad rows, which are listed as rejects.
    return "utf-8" if valid * 2 > len(odd) or not odd else code_page_of(b"\n".join(odd))


def marked_encoding(start: bytes) -> str | None:
    """The encoding that a byte order mark names."""
    return next((name for bom, name in _BOMS if start.startswith(bom)), None)


def wide_encoding(start: bytes) -> str | None:
    """UTF-16 without a mark, which shows by NULs on one side of the byte pairs and hardly any on the other."""
    sample = start[:WIDE_SAMPLE_BYTES]
    pairs = len(sample) // 2
    first, second = sample[: 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    for found, other, name in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if found > MIN_NUL_SHARE * pairs and other <= 0.02 * pairs:
            # Small numbers in a binary file have NULs too, but their other bytes are no text.
            text = sample[: 2 * pairs].decode(name, errors="replace")
            controls = sum(char < " " and char not in "\t\n\r\f" for char in text)
            return name if controls <= 0.02 * pairs else None
    return None


def is_wide(start: bytes) -> bool:
    """Whether a file is text in UTF-16 or UTF-32, whose bytes contain NULs."""
    return (marked_encoding(start) or wide_encoding(start) or "").startswith(("utf-16", "utf-32"))


def _odd_lines(path: Path) -> Iterator[bytes]:
    """The lines that are not pure ASCII, because a long ASCII beginning says nothing."""
    with path.open("rb") as file:
        rest = b""
        while block := file.read(BLOCK_BYTES):
            if (end := block.rfind(b"\n") + 1) and block.isascii() and rest.isascii():
                rest = block[end:]
                continue
            lines, _, rest = (rest + block).rpartition(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                rest = b""  # too long to be a row
            if not lines.isascii():
                yield from (line for line in lines.split(b"\n") if not line.isascii())
        if not rest.isascii():
            yield rest


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
