"""What a file is: format, encoding, delimiter, header. Decided by content; a wrong extension is no reason to refuse."""

import codecs
import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matching.reading.encoding import encoding_of
from matching.reading.header import (
    MAX_COLUMNS,
    TABLE_SHARE,
    has_header,
    is_blank,
    named_cells,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.sheets import Workbook, scan_workbook
from matching.reading.values import FileRejected

Format = Literal["csv", "jsonl", "xlsx", "parquet"]
DELIMITERS = (",", ";", "\t", "|", "%", ":", "^")
SAMPLE_BYTES = 256 * 1024
MAX_HEADER_BYTES = 1024 * 1024
RARE_DELIMITERS = ("%", ":", "^")
_OBJECT = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)')
_DOCUMENT = re.compile(r'\[\s*[\[{]|\[\s*\]\s*$|\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)')
_STATEMENT = "bank statements are not read yet: download the account's transactions as CSV, and upload that"
_SWIFT = re.compile(r"\s*(?:\{1:[^\n]*\{4:\s*)?:20:[^\n]*\n(?:[^\n]*\n){0,4}?:(?:25P?|28C?|60[FM]):")
_OFX = re.compile(r"\s*(?:OFXHEADER\s*:|<OFX>)")
_STATEMENT_XML = re.compile(r"<OFX>|<\?OFX\b|urn:iso:std:iso:20022:tech:xsd:camt\.05")
_PAGE = re.compile(r"<(?:!doctype|html|head|body|table)\b", re.I)
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook (.xls) or a password-protected one; save it as .xlsx without a password",
    ),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a SQLite database; export the table as CSV"),
)


@dataclass(frozen=True)
class Detection:
    """What a file was recognised as. `header` is the physical line of the header, 0 where there is none."""

    format: Format
    columns: tuple[str, ...]
    encoding: str = "utf-8"
    delimiter: str | None = None
    header: bool = True
    notes: tuple[str, ...] = ()
    skipped: int = 0  # lines before the header
    workbook: Workbook | None = None  # what its sheets hold, where the file is one


def format_of(first: bytes, given: Format | None = None) -> Format:
    """What a file is by its first bytes, or was said to be; for what cannot be read any further."""
    if given is not None:
        return given
    if first.startswith(b"PK\x03\x04"):
        return "xlsx"
    if first.startswith(b"PAR1"):
        return "parquet"
    text = first[:SAMPLE_BYTES].decode("utf-8-sig", errors="replace")
    return "jsonl" if _looks_like_json(text, is_whole=len(first) < SAMPLE_BYTES) else "csv"


def check_magic(first: bytes, filename: str | None = None, given: str | None = None) -> None:
    """Refuses by a file's first bytes what is no table. Raises: FileRejected with what to do instead."""
    if not first:
        raise FileRejected("the file is empty")
    for magic, what in _MAGIC:
        if first.startswith(magic):
            raise FileRejected(f"the file is {what}; CSV, JSON Lines, XLSX and Parquet can be loaded")
    is_zip, is_parquet = first.startswith(b"PK\x03\x04"), first.startswith(b"PAR1")
    if given == "xlsx" and not is_zip:
        raise FileRejected("the file is no XLSX workbook; leave the format out, or save it as .xlsx")
    if given == "parquet" and not is_parquet:
        raise FileRejected("the file is no Parquet file; leave the format out, or convert it")
    if given in ("csv", "jsonl") and (is_zip or is_parquet):
        raise FileRejected(f"the file is no {given.upper()} file; leave the format out")
    if is_zip or is_parquet or first.startswith((b"\xff\xfe", b"\xfe\xff", codecs.BOM_UTF32_BE)):
        return
    # A stray NUL makes its row a reject; a file of which they are a part is binary.
    sample = first[:SAMPLE_BYTES]
    _refuse_statements(sample[:4096].decode("latin-1").removeprefix("\xef\xbb\xbf"))
    controls = sum(sample.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13))
    if controls > max(8, 0.02 * len(sample)):
        raise FileRejected("the file is binary; CSV, JSON Lines, XLSX and Parquet can be loaded")


def detect(path: Path, filename: str | None = None, given: str | None = None) -> Detection:
    """Recognises a file. Raises: FileRejected."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        if b"\n" not in sample and b"\r" not in sample:
            sample += file.read(MAX_HEADER_BYTES - len(sample))
        is_whole = not file.read(1)
    check_magic(sample, filename, given)
    if sample.startswith(b"PK\x03\x04"):
        return Detection("xlsx", (), workbook=scan_workbook(path))
    if sample.startswith(b"PAR1"):
        return Detection("parquet", ())
    encoding = encoding_of(path)
    text = sample.decode(encoding, errors="replace").removeprefix("\ufeff")
    if given == "jsonl" or (given is None and _looks_like_json(text, is_whole=is_whole)):
        return Detection("jsonl", (), encoding=encoding)
    if given is None:
        _refuse_documents(text)
    if not is_whole and "\n" not in text and "\r" not in text:
        raise FileRejected("the first line is longer than 1 MiB: the file is no table, or has no line breaks")
    return _detect_csv(text, encoding, is_whole=is_whole)


def _refuse_statements(start: str) -> None:
    """Refuses bank statements by how they begin, of which a table would make garbage. Raises: FileRejected."""
    for pattern, name in ((_SWIFT.match, "an MT940"), (_OFX.match, "an OFX"), (_STATEMENT_XML.search, "a CAMT or OFX")):
        if pattern(start):
            raise FileRejected(f"the file is {name} file; {_STATEMENT}")


def _refuse_documents(text: str) -> None:
    """Refuses text that is no table: one JSON document, a web page, XML. Raises: FileRejected."""
    start = text.lstrip()[:4096]
    if _DOCUMENT.match(start):
        raise FileRejected("the file is one JSON document; write one object on each line, and upload that")
    if start[:5].lower() == "<?xml" or _PAGE.match(start):
        raise FileRejected("the file is a web page or XML, perhaps an error page; download the table again as CSV")


def _looks_like_json(text: str, *, is_whole: bool) -> bool:
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return False
    if not is_whole and len(lines) == 1:
        return bool(_OBJECT.match(lines[0].lstrip()))  # one object that is longer than the sample
    # A damaged line is a reject; the file is what most of its lines are.
    first = lines[:20]
    return _is_object(first[0]) or sum(_is_object(line) for line in first) * 2 > len(first)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


@dataclass(frozen=True)
class _Layout:
    """A text as one delimiter divides it: its rows from the header on, and the lines before it."""

    delimiter: str
    rows: list[list[str]]
    skipped: int

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """How well it is a table: the best of several is one."""
        width = len(self.rows[0])
        share = sum(len(row) >= width and not any(row[width:]) for row in self.rows) / len(self.rows)
        is_table = width > 1 and share >= TABLE_SHARE and self.delimiter not in RARE_DELIMITERS
        # Names and amounts have commas; what divides all rows beside them is the delimiter.
        is_sure = is_table and self.delimiter != ","
        weight = 0.0 if width == 1 else share * min(width, 30) * (0.5 if self.delimiter in RARE_DELIMITERS else 1)
        return is_table, is_table and not self.skipped, is_sure, weight


def _detect_csv(text: str, encoding: str, *, is_whole: bool) -> Detection:
    if not is_whole:
        text = text[: text.rfind("\n") + 1] or text
    layouts = [layout for layout in (_layout(text, delimiter) for delimiter in DELIMITERS) if layout is not None]
    if not layouts:
        raise FileRejected("the file has no rows")
    best = max(layouts, key=lambda layout: layout.rank)
    rows = best.rows
    named = named_cells(rows)
    is_named = len(named) <= MAX_COLUMNS and has_header(rows)
    names = named if is_named else [f"column_{n}" for n in range(1, len(rows[0]) + 1)]
    if len(names) > MAX_COLUMNS:
        raise FileRejected(f"the file has more than {MAX_COLUMNS} columns")
    columns, notes = unique_names(names)
    if best.skipped:
        notes = (*notes, skipped_note(best.skipped))
    if not is_named:
        notes = (*notes, "the file has no header: its columns are called column_1, column_2, ...")
    return Detection("csv", columns, encoding, best.delimiter, header=is_named, notes=notes, skipped=best.skipped)


def _layout(text: str, delimiter: str) -> _Layout | None:
    parsed = _parse(text, delimiter)
    if not parsed:
        return None
    start = 0 if delimiter in RARE_DELIMITERS else table_start([row for _, row in parsed])
    return _Layout(delimiter, [row for _, row in parsed[start:]], parsed[start][0] if start else 0)


def _parse(text: str, delimiter: str, limit: int = 200) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of lines before it."""
    csv.field_size_limit(16 * 1024 * 1024)
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    before = 0
    try:
        for row in reader:
            if not is_blank(row, delimiter):
                rows.append((before, row))
            before = reader.line_num
            if len(rows) >= limit:
                break
    except csv.Error:
        pass
    return rows
