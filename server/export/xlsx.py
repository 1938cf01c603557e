"""
XLSX as a stream. Libraries for workbooks write the archive when they are closed; here its members go out as they grow.

Texts are stored as texts, which no program runs. Those that look like a formula are also marked as quoted, so that they
stay texts when somebody edits the cell.
"""

import re
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import IO
from xml.sax.saxutils import escape

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.exported import is_formula
from server.export.encoding import About, Format, Sink
from server.export.layout import MONEY
from server.export.texts import bytes_of

MAX_ROWS = 1_048_576  # of a sheet, with its header
MAX_SHEET_BYTES = 1_500_000_000  # before packing; a member of 2 GiB would need an extension that not all programs read
MAX_TEXT = 32_767  # UTF-16 units in a cell
CUT = " … [cut]"
MAX_DIGITS = 15  # that spreadsheet programs keep of a number
# Characters that XML cannot hold, and texts that look like the escapes for them.
_ODD = r"[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}_"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH = date(1899, 12, 30).toordinal()
_FIRST_DAY = date(1900, 3, 1)  # Excel counts a day before it that never was
_DATE, _AMOUNT, _QUOTED, _BOLD = 1, 2, 3, 4  # styles
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'{_XML}<styleSheet {_MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.00#######"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET = (
    f'{_XML}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_END = b"</sheetData></worksheet>"


@dataclass
class Limits:
    """How much a sheet holds."""

    rows: int = MAX_ROWS
    sheet_bytes: int = MAX_SHEET_BYTES


class WorkbookEncoder:
    """Rows on one sheet after the other, and a last sheet about the plan."""

    def __init__(self, about: About, limits: Limits | None = None) -> None:
        self._about, self._limits = about, limits or Limits()
        self._title = {"matches": "Matches", "open-items": "Open items"}[about.layout.what]
        self._letters = [_letters(number) for number in range(len(about.layout.names))]
        self._sink = Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheets: list[str] = []
        self._sheet: IO[bytes] | None = None
        self._rows = self._size = 0
        self._cut = 0

    def begin(self) -> bytes:
        """The styles, and the header of the first sheet."""
        self._archive.writestr("xl/styles.xml", _STYLES)
        self._open(self._title)
        return self._sink.take()

    def add(self, page: bytes) -> bytes:
        """The rows, on a new sheet where one is full."""
        columns = self._about.layout.columns_of(page)
        done, count = 0, len(columns[0])
        while done < count:
            if self._rows >= self._limits.rows or self._size >= self._limits.sheet_bytes:
                self._open(f"{self._title} {len(self._sheets) + 1}")
            size = min(count - done, self._limits.rows - self._rows)
            self._write(bytes_of(self._row_texts([column.slice(done, size) for column in columns])))
            self._rows += size
            done += size
        return self._sink.take()

    def end(self) -> bytes:
        """The sheet about the plan, and the directory of the archive."""
        self._close()
        self._write_plan()
        for name, text in _package(self._sheets):
            self._archive.writestr(name, text)
        self._archive.close()
        return self._sink.take()

    def _open(self, title: str) -> None:
        self._close()
        self._sheets.append(title)
        self._sheet = self._archive.open(f"xl/worksheets/sheet{len(self._sheets)}.xml", "w")
        self._rows, self._size = 1, 0
        names = zip(self._letters, self._about.layout.names, strict=True)
        cells = "".join(_plain_cell(f"{letters}1", self._plain(name), _BOLD) for letters, name in names)
        self._write(f'{_SHEET}<row r="1">{cells}</row>'.encode())

    def _write(self, data: bytes | memoryview) -> None:
        assert self._sheet is not None
        self._size += self._sheet.write(data)

    def _close(self) -> None:
        if self._sheet is not None:
            self._sheet.write(_SHEET_END)
            self._sheet.close()
            self._sheet = None

    def _row_texts(self, columns: list[pa.Array]) -> pa.Array:
        numbers = pa.array(range(self._rows + 1, self._rows + 1 + len(columns[0]))).cast(pa.string())
        cells = [
            self._cells(name, column, letters, numbers)
            for name, column, letters in zip(self._about.layout.names, columns, self._letters, strict=True)
        ]
        return pc.binary_join_element_wise(
            '<row r="', numbers, '">', *cells, "</row>", "", null_handling="replace", null_replacement=""
        )

    def _cells(self, name: str, column: pa.Array, letters: str, numbers: pa.Array) -> pa.Array:
        places = pc.binary_join_element_wise(f'<c r="{letters}', numbers, "")
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.string())
        if not pa.types.is_string(column.type):
            return _number_cells(places, column.cast(pa.string()), 0)
        if name in MONEY:
            digits = pc.utf8_length(pc.replace_substring_regex(column, r"^-?0*\.?0*|\.", ""))
            is_exact = pc.less_equal(digits, MAX_DIGITS)
            return pc.if_else(is_exact, _number_cells(places, column, _AMOUNT), self._text_cells(places, column))
        if name == "date":
            return self._date_cells(places, column)
        return self._text_cells(places, column)

    def _date_cells(self, places: pa.Array, column: pa.Array) -> pa.Array:
        days = column.cast(pa.date32())
        serials = pc.add(days.cast(pa.int32()), date(1970, 1, 1).toordinal() - _EPOCH).cast(pa.string())
        is_known = pc.greater_equal(days, pa.scalar(_FIRST_DAY))
        return pc.if_else(is_known, _number_cells(places, serials, _DATE), self._text_cells(places, column))

    def _text_cells(self, places: pa.Array, texts: pa.Array) -> pa.Array:
        style = pc.if_else(is_formula(texts), f'" s="{_QUOTED}" t="inlineStr"', '" t="inlineStr"')
        opened = '><is><t xml:space="preserve">'
        return pc.binary_join_element_wise(places, style, opened, self._xml_texts(texts), "</t></is></c>", "")

    def _xml_texts(self, texts: pa.Array) -> pa.Array:
        is_long = pc.greater(pc.utf8_length(texts), MAX_TEXT // 2)
        is_odd = pc.or_(is_long, pc.match_substring_regex(texts, _ODD))
        if pc.any(is_odd).as_py():
            odd = [self._plain(text) for text in texts.filter(is_odd).to_pylist()]
            texts = pc.replace_with_mask(texts, pc.fill_null(is_odd, False), pa.array(odd, pa.string()))
        for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            texts = pc.replace_substring(texts, char, entity)
        return texts

    def _plain(self, text: str) -> str:
        """A text as a cell can hold it: of limited length, with escapes for what XML cannot hold."""
        units = text.encode("utf-16-le")
        if len(units) > 2 * MAX_TEXT:
            self._cut += 1
            text = units[: 2 * (MAX_TEXT - len(CUT))].decode("utf-16-le", "ignore") + CUT
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
        return _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)

    def _write_plan(self) -> None:
        facts = dict(self._about.facts)
        if self._cut:
            facts["cut"] = (
                f"{self._cut} texts were longer than a cell may be; CSV, JSON Lines and Parquet hold all of them"
            )
        rows = [*facts.items()]
        if self._about.plan is not None:
            document = orjson.dumps(self._about.plan, option=orjson.OPT_INDENT_2).decode()
            rows += [("plan" if number == 0 else "", line) for number, line in enumerate(document.split("\n"))]
        self._sheets.append("Plan")
        body = "".join(
            f'<row r="{number}">{_plain_cell(f"A{number}", self._plain(name), _BOLD)}'
            f"{_plain_cell(f'B{number}', self._plain(value), _QUOTED)}</row>"
            for number, (name, value) in enumerate(rows, 1)
        )
        text = f"{_XML}<worksheet {_MAIN}><sheetData>{body}</sheetData></worksheet>"
        self._archive.writestr(f"xl/worksheets/sheet{len(self._sheets)}.xml", text)


def _number_cells(places: pa.Array, values: pa.Array, style: int) -> pa.Array:
    return pc.binary_join_element_wise(places, f'" s="{style}"><v>', values, "</v></c>", "")


def _plain_cell(place: str, text: str, style: int) -> str:
    if not text:
        return ""
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _letters(number: int) -> str:
    """The letters of a column by its number from 0."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def _package(sheets: list[str]) -> list[tuple[str, str]]:
    """The members that say what the archive contains. The sheet about the plan comes last."""
    numbers = range(1, len(sheets) + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    return [
        (
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{parts}</Types>',
        ),
        (
            "_rels/.rels",
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "xl/_rels/workbook.xml.rels",
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship Id="rId{len(sheets) + 1}" '
            f'Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        ),
        ("xl/workbook.xml", f'{_XML}<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'),
    ]


FORMAT = Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", WorkbookEncoder)
