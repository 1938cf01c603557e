"""XLSX as batches: the rows of the sheet that has a table, as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from matching.reading.archive import open_archive
from matching.reading.format import Detection, Format, Start
from matching.reading.header import (
    MAX_COLUMNS,
    NO_HEADER,
    Header,
    has_header,
    locate,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.mapping import TableSpec
from matching.reading.roles.facts import Line
from matching.reading.rows import MAX_RECORD_BYTES, NUL, TOO_LONG, Builder, Fault, RawBatch
from matching.reading.sheet_rows import SheetRows, filled_sheets, sheet_heads
from matching.reading.sheets import Sheet, Workbook, scan_workbook
from matching.reading.values import FileRejected

TABLE_SCORE = 8.0  # from which a sheet surely has a table


class _Contents(NamedTuple):
    """The workbook, and the sheet of it that is read."""

    workbook: Workbook
    sheet: Sheet
    header: Header


def read_xlsx(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a workbook batch by batch. Raises: FileRejected."""
    contents = detection.contents
    if not isinstance(contents, _Contents):
        contents = _contents(path, None)[0]
    with open_archive(path) as archive:
        yield from _read(SheetRows(archive, contents.workbook, contents.sheet), contents.header, batch_rows)


def _read(rows: SheetRows, header: Header, batch_rows: int) -> Iterator[RawBatch]:
    columns = header.columns
    build = Builder(columns, batch_rows)
    for line, texts in rows:
        if line <= header.line:
            continue
        fault = _fault(texts, len(columns))
        if fault is None:
            build.add([*texts, *[None] * (len(columns) - len(texts))], line)
        else:
            build.reject(line, fault)
        if build.is_full:
            yield build.take()
    if rows.formulas:
        build.note(f"formulas without a value: {rows.formulas}; open the workbook and save it again")
    if build.has_any:
        yield build.take()


def _fault(texts: list[str | None], width: int) -> Fault | None:
    if len(texts) > width:
        return Fault("field_count", f"the row has {len(texts)} cells but the header has {width}", "row")
    text = "".join(filter(None, texts))
    if len(text) > MAX_RECORD_BYTES:
        return TOO_LONG
    return NUL if "\x00" in text else None


def _contents(path: Path, table: TableSpec | None) -> tuple[_Contents, tuple[str, ...], tuple[dict[str, Any], ...]]:
    """The sheet that is read, with notes about it and questions. Raises: FileRejected."""
    workbook = scan_workbook(path)
    filled = filled_sheets(path, workbook)
    heads = [(sheet, _as_lines(head)) for sheet, head in sheet_heads(path, workbook)]
    if table is not None and table.sheet is not None:
        heads = [(sheet, lines) for sheet, lines in heads if sheet.name == table.sheet]
        if not heads:
            raise FileRejected(f"the workbook has no visible sheet {table.sheet[:64]} with values")
    elif not heads:
        _refuse_hidden(filled)
    found = [(sheet, locate(lines, table) or _by_shape(lines)) for sheet, lines in heads]
    sure = [(sheet, header) for sheet, header in found if header.score >= TABLE_SCORE and header.fits > 1]
    # A sheet whose numbers have no days beside them is a summary if another one has bookings with their days.
    sure = [(sheet, header) for sheet, header in sure if header.is_dated] or sure
    sheet, header = (sure or found)[0]
    others = [other for other in filled if other is not sheet]
    questions = (_sheet_question([other for other, _ in sure]),) if len(sure) > 1 else ()
    notes = (*_sheet_notes(sheet, others), *header.notes)
    return _Contents(workbook, sheet, header), notes, (*questions, *header.questions)


def _as_lines(head: list[tuple[int, list[str]]]) -> list[Line]:
    """Rows of one width. A cell far off the table does not make all of them wide."""
    width = max((len(texts) for _, texts in head if len(texts) <= MAX_COLUMNS), default=0)
    return [Line(line, (*texts, *[""] * (width - len(texts)))) for line, texts in head]


def _by_shape(lines: list[Line]) -> Header:
    """The header of a sheet in which nothing looks like bookings. Raises: FileRejected."""
    start = table_start([list(line.cells) for line in lines])
    texts = list(lines[start].cells)
    if len(texts) > MAX_COLUMNS:
        raise FileRejected(f"the sheet has more than {MAX_COLUMNS} columns")
    is_header = has_header([texts])
    columns, notes = unique_names(texts if is_header else [""] * len(texts))
    notes = notes if is_header else (NO_HEADER,)
    if start:
        notes = (*notes, skipped_note(lines[start].number - 1))
    line = lines[start].number
    return Header(columns, notes, line if is_header else line - 1, is_header, tuple(lines[:start]))


def _sheet_question(sheets: list[Sheet]) -> dict[str, Any]:
    names = [sheet.name for sheet in sheets[:20]]
    return {"column": None, "columns": [], "kind": "sheet", "choices": names, "examples": []}


def _refuse_hidden(sheets: list[Sheet]) -> None:
    if not sheets:
        raise FileRejected("the workbook has no filled sheet")
    names = _names(sheets, is_marked=False)
    raise FileRejected(f"the sheets with values are hidden ({names}); show one and save the workbook again")


def _sheet_notes(read: Sheet, others: list[Sheet]) -> tuple[str, ...]:
    return (f"only the sheet {read.name[:64]} was read; other filled sheets: {_names(others)}",) if others else ()


def _names(sheets: list[Sheet], *, is_marked: bool = True) -> str:
    shown = (sheet.name[:64] + (" (hidden)" if is_marked and not sheet.is_visible else "") for sheet in sheets[:5])
    return ", ".join(shown) + (", ..." if len(sheets) > 5 else "")


def _detect(path: Path, _: Start, table: TableSpec | None = None) -> Detection:
    contents, notes, questions = _contents(path, table)
    header = contents.header
    return Detection(
        "xlsx",
        header.columns,
        header=header.has_names,
        notes=notes,
        skipped=header.line - header.has_names,
        above=header.above,
        sheet=contents.sheet.name,
        questions=questions,
        contents=contents,
    )


FORMAT = Format(
    name="xlsx",
    title="XLSX",
    mismatch="the file is not an XLSX workbook; leave the format out, or save the file as .xlsx",
    detect=_detect,
    read=read_xlsx,
    magic=b"PK\x03\x04",
)
