"""What a file is: format, encoding, delimiter, header. Decided by content; a wrong extension is no reason to refuse."""

import csv
import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from charset_normalizer import from_bytes

from matching.reading.values import FileRejected, profile_column

Format = Literal["csv", "jsonl", "xlsx", "parquet"]
SAMPLE_BYTES = 256 * 1024
DELIMITERS = (",", ";", "\t", "|", "%", ":", "^")
MAX_COLUMNS = 2000
MAX_NAME = 256
MAX_UNPACKED_BYTES = 512 * 1024**2
MAX_RATIO = 200  # of a workbook: real ones stay below 30
MAX_MEMBERS = 10_000
# Encodings of the West that a byte may be read in where it is not UTF-8.
FALLBACK = "cp1252"
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
    encoding = _encoding(sample)
    text = sample.decode(encoding, errors="replace")
    if given == "jsonl" or (given is None and _looks_like_json(text)):
        return Detection("jsonl", (), encoding=encoding)
    return _detect_csv(text, encoding, is_whole=len(sample) < SAMPLE_BYTES)


def check_archive(path: Path) -> None:
    """Refuses a ZIP that is no workbook, or that unpacks to too much, from its directory alone. Raises: FileRejected."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileRejected("the workbook is damaged; open it, and save it again as .xlsx") from error
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileRejected("the file is a ZIP archive; unpack it, and upload the table inside")
    if any(member.flag_bits & 1 for member in members):
        raise FileRejected("the workbook is password-protected; save it without a password")
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if (
        len(members) > MAX_MEMBERS
        or unpacked > MAX_UNPACKED_BYTES
        or (unpacked > 10 * 1024**2 and unpacked / packed > MAX_RATIO)
    ):
        raise FileRejected("the workbook unpacks to far more than it should; save the sheet as CSV, and upload that")


def unique_names(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Column names made unique and non-empty, and a note for each that was changed."""
    found: list[str] = []
    notes = []
    taken = Counter(name.strip() for name in names)
    used: set[str] = set()
    for position, raw in enumerate(names, 1):
        name = "".join(c if c.isprintable() else " " for c in raw).strip()[:MAX_NAME] or f"column_{position}"
        candidate, number = name, 2
        while candidate in used or (candidate != name and candidate in taken):
            candidate = f"{name}_{number}"
            number += 1
        if candidate != name:
            notes.append(f"column {position} has the name of another and is called {candidate}")
        used.add(candidate)
        found.append(candidate)
    return tuple(found), tuple(notes)


def _encoding(sample: bytes) -> str:
    for bom, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if sample.startswith(bom):
            return name
    try:
        sample.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(sample) - 4:  # cut inside a character
            return "utf-8"
    # Mostly valid UTF-8 with a few bad bytes is UTF-8 with bad rows, which are listed.
    lines = sample.split(b"\n")[:-1] or [sample]
    bad = sum(1 for line in lines if not _is_utf8(line))
    good = sum(1 for line in lines if _is_utf8(line) and not line.isascii())
    if good > bad:
        return "utf-8"
    guess = from_bytes(sample[:65536], cp_isolation=["cp1252", "cp1250", "iso8859_15", "cp1251", "cp437"]).best()
    return guess.encoding if guess is not None else FALLBACK


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _looks_like_json(text: str) -> bool:
    lines = [line for line in text.lstrip("\ufeff").splitlines()[:20] if line.strip()]
    if not lines or not lines[0].lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(lines[0]), dict)
    except ValueError:
        return False


def _detect_csv(text: str, encoding: str, *, is_whole: bool) -> Detection:
    text = text.removeprefix("\ufeff")
    if not is_whole:
        text = text[: text.rfind("\n") + 1] or text
    best, rows, score = ",", _parse(text, ","), -1.0
    for delimiter in DELIMITERS:
        parsed = _parse(text, delimiter)
        widths = Counter(len(row) for row in parsed if row)
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        found = (count / sum(widths.values())) * min(width, 30) if width > 1 else 0.0
        if found > score:
            best, rows, score = delimiter, parsed, found
    rows = [row for row in rows if row]
    if not rows:
        raise FileRejected("the file has no rows")
    if len(rows[0]) > MAX_COLUMNS:
        raise FileRejected(f"the file has more than {MAX_COLUMNS} columns")
    has_header = _has_header(rows)
    names = rows[0] if has_header else [f"column_{n}" for n in range(1, len(rows[0]) + 1)]
    columns, notes = unique_names(names)
    if not has_header:
        notes = (*notes, "the file has no header: its columns are called column_1, column_2, ...")
    return Detection("csv", columns, encoding=encoding, delimiter=best, header=has_header, notes=notes)


def _parse(text: str, delimiter: str, limit: int = 200) -> list[list[str]]:
    csv.field_size_limit(16 * 1024 * 1024)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= limit:
                break
    except csv.Error:
        pass
    return rows


def _has_header(rows: list[list[str]]) -> bool:
    """A header names its columns: filled, no number and no date among them."""
    first = [cell.strip() for cell in rows[0]]
    if sum(1 for cell in first if cell) < max(1, len(first) // 2):
        return False
    typed = [profile_column("x", pa.array([cell], pa.string())).type for cell in first if cell]
    return not any(kind in ("amount", "number", "date", "code") for kind in typed)
