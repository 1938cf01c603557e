"""Recognises what a file is by its content. A wrong file extension is no reason to refuse it."""

from pathlib import Path

from matching.reading.encoding import encoding_of, is_wide
from matching.reading.format import Detection, Format, Start
from matching.reading.formats import FALLBACK, FORMATS, titles
from matching.reading.mapping import TableSpec
from matching.reading.refusals import named_binary, refuse_documents, refuse_statements
from matching.reading.values import FileRejected

SAMPLE_BYTES = 256 * 1024
MAX_HEADER_BYTES = 1024 * 1024


def format_of(first: bytes, given: str | None = None) -> str:
    """The format that a file's first bytes show, or the given one. For files that are not read any further."""
    if given is not None:
        return given
    text = first[:SAMPLE_BYTES].decode("utf-8-sig", errors="replace")
    return (_by_magic(first) or _by_text(Start(text, is_whole=len(first) < SAMPLE_BYTES)) or FALLBACK).name


def check_magic(first: bytes, given: str | None = None) -> None:
    """
    Refuse a file that is not a table, judging by its first bytes. Raises: FileRejected, saying what to do instead.
    """
    if not first:
        raise FileRejected("the file is empty")
    if (what := named_binary(first)) is not None:
        raise FileRejected(f"the file is {what}; {titles()} can be loaded")
    found = _by_magic(first)
    if given is not None and found is not (FORMATS[given] if FORMATS[given].magic else None):
        raise FileRejected(FORMATS[given].mismatch)
    if found is not None or is_wide(first):
        return
    # A stray NUL only makes its row a reject; a file with many of them is binary.
    sample = first[:SAMPLE_BYTES]
    refuse_statements(sample[:4096].decode("latin-1").removeprefix("\xef\xbb\xbf"))
    controls = sum(sample.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13))
    if controls > max(8, 0.02 * len(sample)):
        raise FileRejected(f"the file is binary; {titles()} can be loaded")


def detect(path: Path, given: str | None = None, table: TableSpec | None = None) -> Detection:
    """
    Recognise a file. `given` is the name of a format and `table` the place of the table, if somebody specified them.

    Raises: FileRejected.
    """
    with path.open("rb") as file:
        first = file.read(SAMPLE_BYTES)
        if b"\n" not in first and b"\r" not in first:
            first += file.read(MAX_HEADER_BYTES - len(first))
        is_whole = not file.read(1)
    check_magic(first, given)
    if (format := _by_magic(first)) is not None:
        return format.detect(path, Start("", is_whole=is_whole), table)
    encoding = encoding_of(path)
    start = Start(first.decode(encoding, errors="replace").removeprefix("\ufeff"), encoding, is_whole)
    refuse_documents(start.text)
    format = FORMATS[given] if given is not None else _by_text(start)
    return (format or FALLBACK).detect(path, start, table)


def _by_magic(first: bytes) -> Format | None:
    return next((format for format in FORMATS.values() if format.magic and first.startswith(format.magic)), None)


def _by_text(start: Start) -> Format | None:
    return next((format for format in FORMATS.values() if format.recognises(start)), None)
