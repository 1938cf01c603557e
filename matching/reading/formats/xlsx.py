"""XLSX as batches: the first visible sheet that has values, as text."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from matching.reading.archive import open_archive
from matching.reading.format import Detection, Format, Start
from matching.reading.header import (
    MAX_COLUMNS,
    MAX_PREAMBLE,
    has_header,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.rows import MAX_RECORD_BYTES, NUL, TOO_LONG, Builder, Fault, RawBatch
from matching.reading.sheet_rows import SheetRows, filled_sheets
from matching.reading.sheets import Sheet, Workbook, scan_workbook
from matching.reading.values import FileRejected


def read_xlsx(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a workbook batch by batch. Raises: FileRejected."""
    workbook = detection.contents if isinstance(detection.contents, Workbook) else scan_workbook(path)
    sheet, others = _first_filled(filled_sheets(path, workbook))
    with open_archive(path) as archive:
        rows = SheetRows(archive, workbook, sheet)
        yield from _read(rows, batch_rows, _sheet_notes(sheet, others))


def _read(rows: SheetRows, batch_rows: int, notes: tuple[str, ...]) -> Iterator[RawBatch]:
    filled = iter(rows)
    head = list(islice(filled, 2 * MAX_PREAMBLE))
    start = table_start([[text or "" for text in texts] for _, texts in head])
    if start:
        notes = (*notes, skipped_note(head[start][0] - 1))
    build = None
    for line, texts in chain(head[start:], filled):
        if build is None:
            columns, renamed, is_header = _columns([text or "" for text in texts])
            build = Builder(columns, batch_rows, notes=(*notes, *renamed))
            if is_header:
                continue
        fault = _fault(texts, len(columns))
        if fault is None:
            build.add([*texts, *[None] * (len(columns) - len(texts))], line)
        else:
            build.reject(line, fault)
        if build.is_full:
            yield build.take()
    if build is not None and rows.formulas:
        build.note(f"formulas without a value: {rows.formulas}; open the workbook and save it again")
    if build is not None and build.has_any:
        yield build.take()


def _columns(texts: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The column names, notes about them, and whether the first row is a header."""
    if len(texts) > MAX_COLUMNS:
        raise FileRejected(f"the sheet has more than {MAX_COLUMNS} columns")
    is_header = has_header([texts])
    columns, renamed = unique_names(texts if is_header else [""] * len(texts))
    return columns, renamed if is_header else (), is_header


def _fault(texts: list[str | None], width: int) -> Fault | None:
    if len(texts) > width:
        return Fault("field_count", f"the row has {len(texts)} cells but the header has {width}", "row")
    text = "".join(filter(None, texts))
    if len(text) > MAX_RECORD_BYTES:
        return TOO_LONG
    return NUL if "\x00" in text else None


def _first_filled(sheets: list[Sheet]) -> tuple[Sheet, list[Sheet]]:
    """The first visible one of the sheets that have a value, and the others. Raises: FileRejected."""
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if not sheets:
        raise FileRejected("the workbook has no filled sheet")
    if not visible:
        names = _names(sheets, is_marked=False)
        raise FileRejected(f"the sheets with values are hidden ({names}); show one and save the workbook again")
    return visible[0], [sheet for sheet in sheets if sheet is not visible[0]]


def _sheet_notes(read: Sheet, others: list[Sheet]) -> tuple[str, ...]:
    return (f"only the sheet {read.name[:64]} was read; other filled sheets: {_names(others)}",) if others else ()


def _names(sheets: list[Sheet], *, is_marked: bool = True) -> str:
    shown = (sheet.name[:64] + (" (hidden)" if is_marked and not sheet.is_visible else "") for sheet in sheets[:5])
    return ", ".join(shown) + (", ..." if len(sheets) > 5 else "")


def _detect(path: Path, _: Start) -> Detection:
    return Detection("xlsx", contents=scan_workbook(path))


FORMAT = Format(
    name="xlsx",
    title="XLSX",
    mismatch="the file is not an XLSX workbook; leave the format out, or save the file as .xlsx",
    detect=_detect,
    read=read_xlsx,
    magic=b"PK\x03\x04",
)
