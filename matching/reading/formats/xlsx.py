"""XLSX as batches: the first filled sheet, its values as text."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from matching.reading.format import Detection, Format, Start
from matching.reading.header import (
    MAX_COLUMNS,
    MAX_PREAMBLE,
    has_header,
    skipped_note,
    table_start,
    unique_names,
)
from matching.reading.numbers import float_text
from matching.reading.rows import MAX_RECORD_BYTES, NUL, TOO_LONG, Builder, Fault, RawBatch
from matching.reading.sheets import Sheet, Workbook, scan_workbook
from matching.reading.values import FileRejected

_UNREADABLE = "the workbook cannot be read; open it and save it again as .xlsx"


def read_xlsx(path: Path, detection: Detection, batch_rows: int) -> Iterator[RawBatch]:
    """Read a workbook batch by batch. Raises: FileRejected."""
    workbook = detection.contents if isinstance(detection.contents, Workbook) else scan_workbook(path)
    rows, sheet = _first_filled(path, workbook)
    notes = _sheet_notes(workbook, sheet)
    filled = _filled_rows(rows, sheet.odd)
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
    if sum(len(text) for text in texts if text is not None) > MAX_RECORD_BYTES:
        return TOO_LONG
    return NUL if any(text is not None and "\x00" in text for text in texts) else None


def _filled_rows(rows: Iterator[list[Any]], odd: dict[int, dict[int, str]]) -> Iterator[tuple[int, list[str | None]]]:
    """The rows that have a value, as text, with their line numbers from 1."""
    for line, cells in enumerate(rows, 1):
        texts = [_cell_text(cell) for cell in cells]
        for column, text in odd.get(line, {}).items():
            texts += [None] * (column + 1 - len(texts))
            texts[column] = text
        if any(text is not None and text.strip() for text in texts):
            yield line, texts


def _first_filled(path: Path, workbook: Workbook) -> tuple[Iterator[list[Any]], Sheet]:
    """The rows of the first sheet that has any, from its first line on."""
    tried = set()
    try:
        book = CalamineWorkbook.from_path(str(path))
        if len(book.sheet_names) != len(workbook.sheets):
            raise FileRejected(_UNREADABLE)
        for name, sheet in zip(book.sheet_names, workbook.sheets, strict=True):
            if not sheet.is_filled or sheet.member in tried:
                continue
            tried.add(sheet.member)
            found = book.get_sheet_by_name(name)
            if any(_cell_text(cell) for row in found.iter_rows() for cell in row):
                return iter(found.iter_rows()), sheet
    except (CalamineError, OSError, ValueError, KeyError) as error:
        if isinstance(error, FileRejected):
            raise
        raise FileRejected(_UNREADABLE) from error
    raise FileRejected("the workbook has no filled sheet")


def _sheet_notes(workbook: Workbook, read: Sheet) -> tuple[str, ...]:
    """Notes about what is not read from a workbook: other sheets, and formulas that were never calculated."""
    notes = []
    others = [sheet.name[:64] for sheet in workbook.sheets if sheet is not read and sheet.is_filled]
    if others:
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        notes.append(f"only the sheet {read.name[:64]} was read; other filled sheets: {shown}")
    formulas = sum(text.startswith("=") for cells in read.odd.values() for text in cells.values())
    if formulas:
        notes.append(f"formulas without a value: {formulas}; open the workbook and save it again")
    return tuple(notes)


def _cell_text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return float_text(cell)
    if hasattr(cell, "isoformat"):
        text = str(cell.isoformat())
        return text.removesuffix("T00:00:00")
    return str(cell)


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
