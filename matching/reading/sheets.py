"""What a workbook consists of: its sheets, the texts that their cells share, and what their number formats mean."""

import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from matching.reading.archive import MAX_MEMBERS, Archive, open_archive, too_much
from matching.reading.markup import Document, Wording, local
from matching.reading.number_formats import CellFormat, cell_format
from matching.reading.values import FileRejected

# Lines are of a part of the archive, which nobody sees.
WORKBOOK = Wording("workbook", "open it and save it again as .xlsx", "save the sheet as CSV", has_lines=False)
_BINARY = "the file is a binary workbook (.xlsb); save it as .xlsx"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. `member` is its file in the archive."""

    name: str
    member: str
    is_visible: bool = True


class Texts:
    """
    The texts that cells share, by number. A million Python strings would take several times the memory of one piece.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("q", [0])

    def add(self, text: str) -> None:
        """Add the next text."""
        self._bytes += text.encode("utf-8", "replace")
        self._ends.append(len(self._bytes))

    def text(self, number: int) -> str:
        """A text by its number; an unknown number has none."""
        if not 0 <= number < len(self._ends) - 1:
            return ""
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode()


@dataclass(frozen=True)
class Workbook:
    """The sheets of a workbook, in order, and what their cells refer to: texts, and the formats of numbers by style."""

    sheets: tuple[Sheet, ...]
    texts: Texts = field(default_factory=Texts)
    formats: tuple[CellFormat, ...] = ()
    is_1904: bool = False  # whether days are counted from 1904

    def sheet(self, name: str | int) -> Sheet:
        """A sheet by its name or by its number from 1. Raises: FileRejected."""
        places = {sheet.name: sheet for sheet in reversed(self.sheets)}
        if isinstance(name, int) and 0 < name <= len(self.sheets):
            return self.sheets[name - 1]
        if isinstance(name, str) and name in places:
            return places[name]
        names = ", ".join(sheet.name[:64] for sheet in self.sheets[:10])
        raise FileRejected(f"the workbook has no sheet {str(name)[:64]}; its sheets: {names}")


def scan_workbook(path: Path) -> Workbook:
    """Learn what a workbook consists of. Raises: FileRejected if it is none, or contains more than it should."""
    with open_archive(path) as archive:
        sheets, is_1904 = _sheets(archive)
        return Workbook(sheets, _texts(archive), _formats(archive), is_1904)


def unescaped(text: str) -> str:
    """A text of a cell without the escapes of XLSX for characters that XML cannot hold."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escape: "re.Match[str]") -> str:
    char = chr(int(escape[1], 16))
    return "\ufffd" if "\ud800" <= char <= "\udfff" else char


def _sheets(archive: Archive) -> tuple[tuple[Sheet, ...], bool]:
    """The sheets according to the workbook and its relationships, and whether days are counted from 1904."""
    found: list[tuple[str, str, bool]] = []
    targets: dict[str, str] = {}
    is_1904 = False

    def sheet(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        kind = local(name)
        if kind == "sheet":
            key = next((value for key, value in attributes.items() if local(key) == "id"), "")
            found.append((attributes.get("name", ""), key, attributes.get("state", "visible") == "visible"))
            if len(found) > MAX_MEMBERS:
                raise too_much()
        elif kind == "workbookPr":
            is_1904 = attributes.get("date1904", "0").lower() in ("1", "true", "on")

    def relation(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    if "xl/workbook.xml" not in archive and "xl/workbook.bin" in archive:
        raise FileRejected(_BINARY)
    for member, start in (("xl/workbook.xml", sheet), ("xl/_rels/workbook.xml.rels", relation)):
        if member not in archive:
            raise FileRejected(WORKBOOK.damaged)
        Document(WORKBOOK, start).read(archive.pieces(member))
    return tuple(Sheet(name, _member_of(targets.get(key, "")), visible) for name, key, visible in found), is_1904


def _member_of(target: str) -> str:
    if target.startswith("/"):
        return target[1:].lower()
    return (target if target.startswith("xl/") else f"xl/{target}").lower()


def _texts(archive: Archive) -> Texts:
    """The texts that cells share, without the readings that East Asian texts may have beside them."""
    texts, parts = Texts(), list[str]()
    if "xl/sharedstrings.xml" not in archive:
        return texts
    is_reading = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal is_reading
        kind = local(name)
        if kind == "t" and not is_reading:
            document.send_text_to(parts.append)
        elif kind == "rPh":
            is_reading = True

    def end(name: str) -> None:
        nonlocal is_reading
        kind = local(name)
        if kind == "t":
            document.send_text_to(None)
        elif kind == "rPh":
            is_reading = False
        elif kind == "si":
            texts.add(unescaped("".join(parts)))
            parts.clear()

    document = Document(WORKBOOK, start, end)
    document.read(archive.pieces("xl/sharedstrings.xml"))
    return texts


def _formats(archive: Archive) -> tuple[CellFormat, ...]:
    """What the number of a cell means and how it is shown, by the number of its style."""
    if "xl/styles.xml" not in archive:
        return ()
    formats: dict[int, CellFormat] = {}
    styles: list[CellFormat] = []
    is_cell = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_cell
        kind = local(name)
        given = attributes.get("numFmtId", "")
        number = int(given) if given.isdecimal() and len(given) < 10 else 0
        if kind == "numFmt":
            formats[number] = cell_format(number, attributes.get("formatCode", ""))
        elif kind == "cellXfs":
            is_cell = True
        elif kind == "xf" and is_cell:
            styles.append(formats[number] if number in formats else cell_format(number, None))

    def end(name: str) -> None:
        nonlocal is_cell
        if local(name) == "cellXfs":
            is_cell = False

    Document(WORKBOOK, start, end).read(archive.pieces("xl/styles.xml"))
    return tuple(styles)
