"""
The rows of a sheet, read from its XML as a stream: memory for one row, and time that grows only with the XML.

Cells that have a format and no value cost nothing, and what the sheet says about its own size does not matter. Of merged
cells the first one has the value, as in the file. A formula that was never calculated is given as `=` and its text, and
an error as it is shown, such as #N/A, because empty cells would hide both.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from matching.reading.archive import Archive, open_archive, too_much
from matching.reading.markup import Document, local
from matching.reading.number_formats import CellFormat, cell_text
from matching.reading.rows import MAX_RECORD_BYTES
from matching.reading.sheets import WORKBOOK, Sheet, Workbook, unescaped
from matching.reading.values import FileRejected

MAX_COLUMN, MAX_ROW = 16_384, 1_048_576  # of a sheet, as defined by the format
MAX_FORMULA = 8_192
# Rows are lists, so a single cell far to the right makes a long one. Real tables have more XML than this.
MAX_CELLS = 20_000_000
MAX_CELLS_A_BYTE = 20
# A text shared by many cells is stored once but read once per cell. Short texts can at most about double a sheet's XML;
# longer ones are added up, and a real table stays far below the limit.
SHORT_TEXT = 1_000
MAX_SHARED = 512 * 1024**2
MAX_SHARED_RATIO = 8
HEAD_ROWS = 300
HEAD_CHARS = 4 * 1024 * 1024
MAX_HEADS = 100
Row = tuple[int, list[str | None]]
_NO_FORMAT = CellFormat("number")


def rows_of(path: Path, workbook: Workbook, sheet: Sheet) -> Iterator[Row]:
    """The rows of a sheet that have a value, as text, with their line from 1. Raises: FileRejected."""
    with open_archive(path) as archive:
        yield from SheetRows(archive, workbook, sheet)


def filled_sheets(path: Path, workbook: Workbook) -> list[Sheet]:
    """The sheets that have a value, in order. Raises: FileRejected."""
    members = {sheet.member: sheet for sheet in workbook.sheets}
    with open_archive(path) as archive:
        filled = {
            member
            for member, sheet in members.items()
            if next(iter(SheetRows(archive, workbook, sheet)), None) is not None
        }
    return [sheet for sheet in workbook.sheets if sheet.member in filled]


def sheet_heads(path: Path, workbook: Workbook) -> list[tuple[Sheet, list[tuple[int, list[str]]]]]:
    """
    The visible sheets that have a value, each with its first 300 rows with one. Raises: FileRejected.

    At most 100 sheets are looked at, and at most 4 Mi characters of each.
    """
    members = {sheet.member: sheet for sheet in reversed(workbook.sheets) if sheet.is_visible}
    visible = [sheet for sheet in workbook.sheets if members.get(sheet.member) is sheet][:MAX_HEADS]
    with open_archive(path) as archive:
        heads = [(sheet, _head(SheetRows(archive, workbook, sheet))) for sheet in visible]
    return [(sheet, head) for sheet, head in heads if head]


def _head(rows: "SheetRows") -> list[tuple[int, list[str]]]:
    head, size = list[tuple[int, list[str]]](), 0
    for line, texts in islice(rows, HEAD_ROWS):
        head.append((line, [text or "" for text in texts]))
        size += sum(len(text) for text in texts if text)
        if size > HEAD_CHARS:
            break
    return head


class SheetRows:
    """
    The rows of a sheet, to be read once. `formulas` counts the cells whose formula was never calculated, as far as read.
    """

    def __init__(self, archive: Archive, workbook: Workbook, sheet: Sheet) -> None:
        self.formulas = 0
        self._archive = archive
        self._sheet = sheet
        self._texts, self._is_1904 = workbook.texts, workbook.is_1904
        self._formats: dict[str, CellFormat] = {str(number): style for number, style in enumerate(workbook.formats)}
        self._document = Document(WORKBOOK, self._start, self._end)
        self._columns: dict[str, int] = {}  # column numbers from 0 by their letters
        self._done: list[Row] = []
        self._fed = self._cells = self._shared = 0
        # These describe the current row and the current cell:
        self._line, self._line_text = 0, "0"
        self._row: dict[int, str] = {}
        self._size = 0
        self._column = -1
        self._type, self._style = "n", "0"
        self._value: list[str] = []
        self._formula: list[str] | None = None
        self._is_reading = False

    def __iter__(self) -> Iterator[Row]:
        """The rows that have a value. Raises: FileRejected."""
        if self._sheet.member not in self._archive:
            return  # a chart has no cells
        for _ in self._document.steps(self._counted(self._archive.pieces(self._sheet.member))):
            if self._done:
                yield from self._done
                self._done = []
            if len(self._value) > 1 and sum(map(len, self._value)) > MAX_RECORD_BYTES:
                # The row will be rejected, so the end of the text is not needed.
                self._value[:] = ["".join(self._value)[: MAX_RECORD_BYTES + 1]]
        yield from self._done

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._fed += len(piece)
            yield piece

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = local(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v" or (name == "t" and not self._is_reading):
            self._document.send_text_to(self._value.append)
        elif name == "f":
            self._formula = []
            self._document.send_text_to(self._formula.append)
        elif name == "row":
            number = attributes.get("r", "")
            self._line = int(number) if number.isdecimal() and len(number) < 10 else self._line + 1
            self._line_text = str(self._line)
            self._column = -1
        elif name == "rPh":
            self._is_reading = True

    def _end(self, name: str) -> None:
        if ":" in name:
            name = local(name)
        if name == "c":
            if self._value or self._formula is not None:
                self._end_cell()
        elif name in ("v", "t", "f"):
            self._document.send_text_to(None)
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self._is_reading = False

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            letters = place.removesuffix(self._line_text)
            column = self._columns.get(letters)
            if column is None:
                letters = self._move(place)
                column = self._columns.setdefault(letters, _column(letters))
            self._column = column
        if self._line > MAX_ROW or not 0 <= self._column < MAX_COLUMN:
            raise FileRejected(WORKBOOK.damaged)
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        if self._value:
            self._value.clear()
        self._formula = None

    def _move(self, place: str) -> str:
        """Go to the row that a cell names, if its row has no number or another one. Returns: its column's letters."""
        letters = place.rstrip("0123456789")
        number = place[len(letters) :]
        if number != self._line_text:
            self._end_row()
            self._line = int(number) if 0 < len(number) < 10 else MAX_ROW + 1
            self._line_text = number
        return letters

    def _end_cell(self) -> None:
        text = self._text("".join(self._value))
        if text and self._size <= MAX_RECORD_BYTES:
            self._row[self._column] = text
            self._size += len(text)

    def _text(self, value: str) -> str:
        """The current cell as text, or an empty text."""
        kind = self._type
        if kind == "s":
            return self._shared_text(value)
        if self._formula is not None and not value.strip() and kind != "str":
            self.formulas += 1
            return "=" + "".join(self._formula).strip()[:MAX_FORMULA]
        if kind == "n":
            return cell_text(value.strip(), self._formats.get(self._style, _NO_FORMAT), is_1904=self._is_1904)
        if kind == "b":
            return {"1": "true", "0": "false"}.get(value.strip(), value.strip())
        if kind == "d":
            return value.strip().removesuffix("T00:00:00")
        return unescaped(value)

    def _shared_text(self, number: str) -> str:
        number = number.strip()
        text = self._texts.text(int(number)) if number.isdecimal() and len(number) < 12 else ""
        if len(text) > SHORT_TEXT:
            self._shared += len(text)
            if self._shared > MAX_SHARED + MAX_SHARED_RATIO * self._fed:
                raise too_much()
        return text

    def _end_row(self) -> None:
        if not self._row:
            return
        width = max(self._row) + 1
        self._cells += width
        if self._cells > max(MAX_CELLS, MAX_CELLS_A_BYTE * self._fed):
            raise FileRejected("the sheet's cells are spread over too large an area; save the sheet as CSV")
        texts: list[str | None] = [None] * width
        for column, text in self._row.items():
            texts[column] = text
        if any(text.strip() for text in self._row.values()):
            self._done.append((self._line, texts))
        self._row, self._size = {}, 0


def _column(letters: str) -> int:
    """The number of a column from 0, or -1 if the letters do not name one."""
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return -1
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
