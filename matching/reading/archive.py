"""
What an XLSX file unpacks to, found out in bounded memory before a reader is let loose on it.

The directory of a ZIP file may lie about sizes, and a sheet with two cells may span billions: both are measured here.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import IO

from matching.reading.values import FileRejected

MAX_UNPACKED_BYTES = 512 * 1024**2
MAX_RATIO = 200  # of a workbook: real ones stay below 30
MAX_MEMBERS = 10_000
MAX_CELLS = 20_000_000  # of the rectangle around a sheet's cells, which the reader holds whole
_PIECE = 256 * 1024
_OVERLAP = 64  # no reference to a cell is longer
_LOCAL_HEADER = 30
# A row (r="12") or a cell (r="AB12"), however its XML is spaced.
_POSITION = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_LONGEST_CELL = 16 * 1024  # a formula has up to 8,192 characters
_ERROR = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*\bt\s*=\s*["']e["'])([^>]*)>(?:(?!</?(?:\w+:)?[cv]\b).){0,2048}"""
    rb"""<(?:\w+:)?v[^>]*>(#[A-Z0-9/_?!]{1,24})<""",
    re.S,
)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v\b[^>]*(?:/>|></(?:\w+:)?v>))?\s*</(?:\w+:)?c>"
)
_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_VALUE = re.compile(rb"<(?:\w+:)?[vt](?:\s[^>]{0,40})?>[^<]")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION_ID = re.compile(rb"""\b\w+:id\s*=\s*["']([^"']+)["']""")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ID = re.compile(rb"""\bId\s*=\s*["']([^"']+)["']""")
_TARGET = re.compile(rb"""\bTarget\s*=\s*["']([^"']+)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")


def check_archive(path: Path) -> None:
    """Refuses a ZIP that is no workbook, is locked, or unpacks to too much. Raises: FileRejected."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = archive.infolist()
            _check_directory(members)
            for member in members:
                _check_member(file, member)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        if isinstance(error, FileRejected):
            raise
        raise FileRejected("the workbook is damaged; open it, and save it again as .xlsx") from error


def odd_cells(path: Path, position: int) -> dict[int, dict[int, str]]:
    """
    Cells of a sheet that readers leave empty, by line from 1 and column from 0.

    They hold an error such as #N/A, or a formula that was never calculated, which is given as `=` and its text.
    """
    found: dict[int, dict[int, str]] = {}
    with zipfile.ZipFile(path) as archive, archive.open(_sheet_member(archive, position)) as sheet:
        tail = b""
        while piece := sheet.read(_PIECE):
            text = tail + piece
            for place, value in (*_errors(text), *_formulas(text)):
                cell = _POSITION.search(place)
                if cell is not None and cell.group(1):
                    found.setdefault(int(cell.group(2)), {})[_column(cell.group(1)) - 1] = value
            tail = text[-_LONGEST_CELL:]
    return found


def is_filled(path: Path, position: int) -> bool:
    """Whether a sheet has a cell with a value."""
    with zipfile.ZipFile(path) as archive:
        try:
            with archive.open(_sheet_member(archive, position)) as sheet:
                tail = b""
                while piece := sheet.read(_PIECE):
                    if _VALUE.search(tail + piece):
                        return True
                    tail = piece[-_OVERLAP:]
        except KeyError:
            pass  # a chart has no cells
    return False


def _errors(text: bytes) -> Iterator[tuple[bytes, str]]:
    if b"#" in text:
        for cell in _ERROR.finditer(text):
            yield cell.group(1), cell.group(2).decode("ascii", "replace")


def _formulas(text: bytes) -> Iterator[tuple[bytes, str]]:
    if b"f>" in text or b"/>" in text:
        for cell in _FORMULA.finditer(text):
            # A formula whose text is empty has been calculated.
            if not (cell.group(3) and _IS_TEXT.search(cell.group(1))):
                yield cell.group(1), "=" + unescape((cell.group(2) or b"").decode("utf-8", "replace"))


def _sheet_member(archive: zipfile.ZipFile, position: int) -> str:
    """The name of the n-th sheet's XML, as the workbook and its relations tell."""
    sheet = _SHEET.findall(archive.read("xl/workbook.xml"))[position]
    wanted = _RELATION_ID.search(sheet)
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        key, target = _ID.search(relation), _TARGET.search(relation)
        if wanted is not None and key is not None and target is not None and key.group(1) == wanted.group(1):
            name = target.group(1).decode()
            return name.lstrip("/") if name.startswith("/") else f"xl/{name}"
    raise KeyError("no such sheet")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileRejected("the file is a ZIP archive; unpack it, and upload the table inside")
    if any(member.flag_bits & 1 for member in members):
        raise FileRejected("the workbook is password-protected; save it without a password")
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    is_dense = unpacked > 10 * 1024**2 and unpacked / packed > MAX_RATIO
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or is_dense:
        raise _too_much()


def _check_member(file: IO[bytes], member: zipfile.ZipInfo) -> None:
    """Unpacks a member to nowhere, and no more of it than the directory says, whose sum is bounded."""
    extent = _Extent() if member.filename.startswith("xl/worksheets/") else None
    size, tail = 0, b""
    for piece in _unpacked(file, member):
        size += len(piece)
        if size > member.file_size:
            raise zipfile.BadZipFile("the directory and the data disagree")
        if extent is not None:
            extent.add(tail + piece, len(tail))
            tail = piece[-_OVERLAP:]
    if size != member.file_size:
        raise zipfile.BadZipFile("the directory and the data disagree")
    if extent is not None and extent.cells > MAX_CELLS:
        raise FileRejected(
            "the sheet's cells are spread over too large an area; save the sheet as CSV, and upload that"
        )


def _unpacked(file: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("no compression of workbooks")
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER:
        raise zipfile.BadZipFile("truncated")
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    left = member.compress_size
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = file.read(min(_PIECE, left))
        if not packed:
            raise zipfile.BadZipFile("truncated")
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail
    if inflate is not None:
        yield inflate.flush()


@dataclass
class _Extent:
    """The rectangle around the cells of a sheet, by what its XML says of their places."""

    rows: int = 0
    columns: int = 0
    placed: int = 0
    tags: int = 0

    def add(self, text: bytes, seen: int) -> None:
        """Adds a piece; what ends within its first `seen` bytes was counted before."""
        for found in _POSITION.finditer(text):
            if found.end() <= seen:
                continue
            letters, number = found.group(1), int(found.group(2))
            self.rows = max(self.rows, number)
            if letters:
                self.placed += 1
                self.columns = max(self.columns, _column(letters))
        self.tags += sum(1 for found in _CELL.finditer(text) if found.end() > seen)

    @property
    def cells(self) -> int:
        """Cells of the rectangle; those without a place stand to the right of the others."""
        unplaced = max(0, self.tags - self.placed)
        return max(1, self.rows) * min(16_384, self.columns + unplaced)


def _too_much() -> FileRejected:
    return FileRejected("the workbook unpacks to far more than it should; save the sheet as CSV, and upload that")
