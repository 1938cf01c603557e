"""What a file is: format, encoding, delimiter, header. Decided by content; a wrong extension is no reason to refuse."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from matching.reading.archive import check_archive
from matching.reading.encoding import encoding_of
from matching.reading.values import Evidence, FileRejected, evidence_of

Format = Literal["csv", "jsonl", "xlsx", "parquet"]
DELIMITERS = (",", ";", "\t", "|", "%", ":", "^")
MAX_COLUMNS = 2000
MAX_NAME = 256
SAMPLE_BYTES = 256 * 1024
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
    if is_zip or is_parquet or first.startswith((b"\xff\xfe", b"\xfe\xff")):
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
    check_magic(sample, filename, given)
    if sample.startswith(b"PK\x03\x04"):
        check_archive(path)
        return Detection("xlsx", ())
    if sample.startswith(b"PAR1"):
        return Detection("parquet", ())
    encoding = encoding_of(path)
    text = sample.decode(encoding, errors="replace").removeprefix("\ufeff")
    is_whole = len(sample) < SAMPLE_BYTES
    if given == "jsonl" or (given is None and _looks_like_json(text, is_whole=is_whole)):
        return Detection("jsonl", (), encoding=encoding)
    if given is None:
        _refuse_documents(text)
    return _detect_csv(text, encoding, is_whole=is_whole)


def unique_names(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Column names made unique and non-empty, and a note for each that was changed."""
    found: list[str] = []
    notes = []
    taken = Counter(name.strip() for name in names)
    used: set[str] = set()
    numbers: Counter[str] = Counter()
    for position, raw in enumerate(names, 1):
        name = "".join(c if c.isprintable() else " " for c in raw).strip()[:MAX_NAME].strip() or f"column_{position}"
        candidate = name
        while candidate in used or (candidate != name and candidate in taken):
            numbers[name] += 1
            suffix = f"_{numbers[name] + 1}"
            candidate = name[: MAX_NAME - len(suffix)] + suffix
        if candidate != name:
            notes.append(f"column {position} has the name of another and is called {candidate}")
        used.add(candidate)
        found.append(candidate)
    return tuple(found), tuple(notes)


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


def _detect_csv(text: str, encoding: str, *, is_whole: bool) -> Detection:
    if not is_whole:
        text = text[: text.rfind("\n") + 1] or text
    best, rows, score = ",", _parse(text, ","), 0.0
    for delimiter in DELIMITERS:
        parsed = [row for row in _parse(text, delimiter) if row]
        if not parsed:
            continue
        # A delimiter divides the first row as it divides the others: a mark inside times or amounts does not.
        width = len(parsed[0])
        share = sum(1 for row in parsed if len(row) == width) / len(parsed)
        found = 0.0 if width == 1 else share * min(width, 30) * (0.5 if delimiter in RARE_DELIMITERS else 1)
        if found > score:
            best, rows, score = delimiter, parsed, found
    rows = [row for row in rows if row]
    if not rows:
        raise FileRejected("the file has no rows")
    if len(rows[0]) > MAX_COLUMNS:
        raise FileRejected(f"the file has more than {MAX_COLUMNS} columns")
    is_named = has_header(rows)
    names = rows[0] if is_named else [f"column_{n}" for n in range(1, len(rows[0]) + 1)]
    columns, notes = unique_names(names)
    if not is_named:
        notes = (*notes, "the file has no header: its columns are called column_1, column_2, ...")
    return Detection("csv", columns, encoding=encoding, delimiter=best, header=is_named, notes=notes)


def _parse(text: str, delimiter: str, limit: int = 200) -> list[list[str]]:
    csv.field_size_limit(16 * 1024 * 1024)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= limit:
                break
    except csv.Error:
        pass
    return rows


def has_header(rows: list[list[str]]) -> bool:
    """A header names its columns: filled, no number and no date among them."""
    first = [cell.strip() for cell in rows[0]]
    if sum(1 for cell in first if cell) < max(1, len(first) // 2):
        return False
    filled = [cell for cell in first if cell]
    evidences = [Evidence(str(number)) for number in range(len(filled))]
    evidence_of(pa.table({str(number): pa.array([cell], pa.string()) for number, cell in enumerate(filled)}), evidences)
    return not any(evidence.profile().type in ("amount", "number", "date", "code") for evidence in evidences)
