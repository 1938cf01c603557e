"""
What an XLSX file unpacks to, measured in bounded memory before a reader opens it.

The directory of a ZIP file may lie about sizes, so its members are unpacked and measured.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from matching.reading.values import FileRejected

MAX_UNPACKED_BYTES = 512 * 1024**2
MAX_RATIO = 200  # for a workbook; real ones stay below 30
MAX_MEMBERS = 10_000
PIECE = 64 * 1024
_LOCAL_HEADER = 30


class Archive:
    """
    The members of a workbook, by name. Upper and lower case do not matter, just as for programs that read workbooks.
    """

    def __init__(self, file: IO[bytes], members: list[zipfile.ZipInfo]) -> None:
        self._file = file
        self._members = {member.filename.lower(): member for member in members}
        if len(self._members) != len(members):
            raise zipfile.BadZipFile("two members have the same name")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._members

    def pieces(self, name: str) -> Iterator[bytes]:
        """Unpack a member, but no more of it than the directory says. Raises: KeyError, BadZipFile, zlib.error."""
        member = self._members[name.lower()]
        size = 0
        for piece in _unpacked(self._file, member):
            size += len(piece)
            if size > member.file_size:
                break
            yield piece
        if size != member.file_size:
            raise zipfile.BadZipFile("the directory and the data disagree")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """
    Open a workbook. Raises: FileRejected if the file is not a workbook, is locked or damaged, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as directory, path.open("rb") as file:
            members = directory.infolist()
            _check_directory(members)
            yield Archive(file, members)
    except FileRejected:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise FileRejected("the workbook is damaged; open it and save it again as .xlsx") from error


def _check_directory(members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename for member in members}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileRejected(_other_archive(names))
    if any(member.flag_bits & 1 for member in members):
        raise FileRejected("the workbook is password-protected; save it without a password")
    unpacked = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    is_dense = unpacked > 10 * 1024**2 and unpacked / packed > MAX_RATIO
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES or is_dense:
        raise too_much()


def _other_archive(names: set[str]) -> str:
    """What an archive is that is no workbook, and what to do instead."""
    for folder, what in (("word/", "a Word document"), ("ppt/", "a presentation")):
        if any(name.startswith(folder) for name in names):
            return f"the file is {what}; save its table as CSV"
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        return "the file is an OpenDocument file (.ods); save it as .xlsx"
    if any(name.endswith(".iwa") for name in names):
        return "the file is a Numbers or Pages document; export it as .xlsx or CSV"
    return "the file is a ZIP archive; unpack it and upload the table inside"


def too_much() -> FileRejected:
    """The refusal for a workbook that is small when packed and huge when unpacked."""
    return FileRejected("the workbook unpacks to far more than it should; save the sheet as CSV and upload that")


def _unpacked(file: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("not a compression method of workbooks")
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER:
        raise zipfile.BadZipFile("truncated")
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    left = member.compress_size
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = file.read(min(PIECE, left))
        if not packed:
            raise zipfile.BadZipFile("truncated")
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed:
            yield inflate.decompress(packed, PIECE)
            packed = inflate.unconsumed_tail
    if inflate is not None:
        yield inflate.flush()
