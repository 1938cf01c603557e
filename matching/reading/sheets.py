"""Scans the XML of a workbook once, to learn what its sheets contain before a reader loads a whole sheet."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matching.reading.archive import MAX_MEMBERS, Archive, open_archive, too_much
from matching.reading.markup import Document, local
from matching.reading.values import FileRejected

MAX_CELLS = 20_000_000  # in the rectangle around a sheet's cells, which the reader holds in memory
MAX_COLUMN, MAX_ROW = 16_384, 1_048_576  # of a sheet, as defined by the format
MAX_ODD = 1_000_000  # cells without a value that are recorded separately
MAX_FORMULA = 8_192
MAX_FORMAT = 1_000  # characters of a number format; spreadsheet programs allow 255
# A text shared by many cells is stored once but read once per cell. Short texts can at most about double a sheet's XML;
# longer ones are added up, and a real table stays far below the limit.
SHORT_TEXT = 1_000
MAX_SHARED = 512 * 1024**2
MAX_SHARED_RATIO = 8
MAX_CLAIMED = 2_000_000  # texts that a workbook may claim without having them
_DAMAGED = "the workbook is damaged; open it and save it again as .xlsx"


@dataclass(frozen=True)
class Sheet:
    """
    A sheet of a workbook.

    `odd` holds cells that readers leave empty, by line from 1 and column from 0. They contain an error such as #N/A, or
    a formula that was never calculated, which is given as `=` and its text.
    """

    name: str
    member: str
    is_filled: bool = False
    odd: dict[int, dict[int, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Workbook:
    """The sheets of a workbook, in order."""

    sheets: tuple[Sheet, ...]


def scan_workbook(path: Path) -> Workbook:
    """Scan a workbook. Raises: FileRejected if it is not one, or contains more than it should."""
    with open_archive(path) as archive:
        named = _named_sheets(archive)
        lengths = _text_lengths(archive)
        scanned: dict[str, Sheet] = {}
        for name, member in named:
            if member not in scanned:
                scanned[member] = _scan_sheet(archive, name, member, lengths)
        if "xl/styles.xml" in archive:
            Document(_check_style).read(archive.pieces("xl/styles.xml"))
        archive.unpack_rest()
        return Workbook(tuple(Sheet(name, m, scanned[m].is_filled, scanned[m].odd) for name, m in named))


def _check_style(_: str, attributes: dict[str, str]) -> None:
    """Refuse an overlong number format, because the reader scans it once for each style that uses it."""
    if len(attributes.get("formatCode", "")) > MAX_FORMAT:
        raise FileRejected(_DAMAGED)


def _named_sheets(archive: Archive) -> list[tuple[str, str]]:
    """The name and member of each sheet, according to the workbook and its relationships."""
    sheets: list[tuple[str, str]] = []
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "sheet":
            key = next((value for key, value in attributes.items() if local(key) == "id"), "")
            sheets.append((attributes.get("name", ""), key))
            if len(sheets) > MAX_MEMBERS:
                raise too_much()

    def relation(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for member, start in (("xl/workbook.xml", sheet), ("xl/_rels/workbook.xml.rels", relation)):
        if member not in archive:
            raise FileRejected(_DAMAGED)
        Document(start).read(archive.pieces(member))
    return [(name, _member_of(targets.get(key, ""))) for name, key in sheets]


def _member_of(target: str) -> str:
    if target.startswith("/"):
        return target[1:].lower()
    return (target if target.startswith("xl/") else f"xl/{target}").lower()


def _text_lengths(archive: Archive) -> "array[int] | None":
    """The lengths of the texts that cells share, or None if all are short."""
    lengths = array("q")
    if "xl/sharedstrings.xml" not in archive:
        return None

    claimed = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal claimed
        kind = local(name)
        if kind == "si":
            lengths.append(0)
        elif kind == "sst":
            counts = (attributes.get(key, "") for key in ("count", "uniqueCount"))
            claimed = max((int(count) for count in counts if count.isdecimal() and len(count) < 20), default=0)

    def text(piece: str) -> None:
        if lengths:
            lengths[-1] += len(piece)

    document = Document(start)
    document.send_text_to(text)
    document.read(archive.pieces("xl/sharedStrings.xml"))
    # The reader allocates room for as many texts as are claimed before it has seen any.
    if claimed > MAX_CLAIMED and claimed > len(lengths):
        raise FileRejected(_DAMAGED)
    return lengths if max(lengths, default=0) > SHORT_TEXT else None


def _scan_sheet(archive: Archive, name: str, member: str, lengths: "array[int] | None") -> Sheet:
    if member not in archive:
        return Sheet(name, member)  # a chart has no cells
    scan = _Scan(lengths)
    scan.read(archive.pieces(member))
    if scan.cells > MAX_CELLS:
        raise FileRejected("the sheet's cells are spread over too large an area; save the sheet as CSV and upload that")
    return Sheet(name, member, scan.is_filled, scan.odd)


class _Scan:
    """Goes through the XML of a sheet to find where its cells are, and which of them readers leave empty."""

    def __init__(self, lengths: "array[int] | None") -> None:
        self._document = Document(self._start)
        self._lengths = lengths
        self._columns: dict[str, int] = {}  # column numbers by their letters
        self.is_filled = False
        self.odd: dict[int, dict[int, str]] = {}
        self._odd = 0
        self._size = self._shared = 0
        self._last_row = self._last_column = 0
        # These describe the current cell:
        self._row = self._column = 0
        self._type: str | None = None
        self._formula: list[str] | None = None
        self._value: list[str] | None = None
        self._hears = False

    @property
    def cells(self) -> int:
        """The number of cells in the rectangle around all cells."""
        return self._last_row * self._last_column

    def read(self, pieces: Iterator[bytes]) -> None:
        """Scan the sheet. Raises: FileRejected."""
        self._document.read(self._counted(pieces))
        self._end_cell()

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._size += len(piece)
            yield piece

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = local(name)
        if name == "c":
            self._end_cell()
            self._begin_cell(attributes)
        elif name == "v":
            self._value = []
        elif name == "t":
            if self._value is None:
                self._value = []
        elif name == "f":
            self._formula, self._value = [], None
            self._hear()
        elif name == "row":
            self._end_cell()
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 10 else self._row + 1
            self._column = -1

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            letters = place.rstrip("0123456789")
            number = place[len(letters) :]
            if letters not in self._columns:
                self._columns[letters] = _column(letters)
            self._column = self._columns[letters] - 1
            self._row = int(number) if 0 < len(number) < 10 else MAX_ROW + 1
        if self._row > MAX_ROW or not 0 <= self._column < MAX_COLUMN:
            raise FileRejected(_DAMAGED)
        self._last_row = max(self._last_row, self._row)
        self._last_column = max(self._last_column, self._column + 1)
        self._type = kind = attributes.get("t")
        self._formula = self._value = None
        if not self.is_filled or kind == "e" or (kind == "s" and self._lengths is not None):
            self._hear()
        elif self._hears:
            self._hears = False
            self._document.send_text_to(None)

    def _hear(self) -> None:
        if not self._hears:
            self._hears = True
            self._document.send_text_to(self._text)

    def _text(self, piece: str) -> None:
        found = self._value if self._value is not None else self._formula
        if found is not None:
            found.append(piece)

    def _end_cell(self) -> None:
        """Evaluate the cell that has ended, if its text was recorded."""
        if not self._hears:
            return
        value = "".join(self._value).strip() if self._value else ""
        self.is_filled = self.is_filled or bool(value)
        if self._type == "e" and value.startswith("#"):
            self._keep(value[:24])
        elif self._formula is not None and not value and not (self._value is not None and self._type == "str"):
            # A formula whose result is an empty text has been calculated.
            self._keep("=" + "".join(self._formula).strip()[:MAX_FORMULA])
        elif self._type == "s" and self._lengths is not None and value.isdecimal():
            number = int(value[:12])
            self._shared += self._lengths[number] if number < len(self._lengths) else 0
            if self._shared > MAX_SHARED + MAX_SHARED_RATIO * self._size:
                raise too_much()
        self._type = self._formula = self._value = None

    def _keep(self, text: str) -> None:
        self._odd += 1
        if self._odd > MAX_ODD:
            raise FileRejected("the sheet has too many formulas without values; open it and save it again as .xlsx")
        self.odd.setdefault(self._row, {})[self._column] = text


def _column(letters: str) -> int:
    """The number of a column from 1, or 0 if the letters do not name one."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return 0
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
