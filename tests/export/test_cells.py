"""Cells in every format: nothing that a spreadsheet program would run, and every text comes back as it was."""

import csv
import io
import json
import zipfile
from decimal import Decimal

import pyarrow as pa
import pytest

from matching.reading.exported import MAPPING, MATCHES
from matching.reading.look import look, typed_batches
from server.export import xlsx
from server.export.encoding import About
from server.export.layout import DELIMITER, QUOTE, Layout
from server.export.sending import FORMATS
from tests.reading.test_exported import DANGEROUS, HARMLESS, ODD


def row(number, left, **more):
    """A row of a page, of a left record."""
    base = dict.fromkeys(MATCHES) | {"match_id": f"m{number}", "status": "confirmed", "side": "left", "row": number}
    base |= {"amount": "-12.50", "currency": "EUR", "date": "2026-01-05", "record_id": f"r{number}", "score": 7.5}
    return [*(base | more).values(), json.dumps(left)]


def page_of(rows):
    """A page as PostgreSQL writes it: an empty text is quoted, and a missing value is not."""

    def cell(value):
        if value is None:
            return ""
        text = str(value)
        is_quoted = not text or any(char in text for char in (DELIMITER, QUOTE, "\n", "\r"))
        return f"{QUOTE}{text.replace(QUOTE, QUOTE * 2)}{QUOTE}" if is_quoted else text

    return "".join(DELIMITER.join(map(cell, row)) + "\n" for row in rows).encode()


def encoded(kind, layout, rows, limits=None, plan=None):
    """A whole file, with the rows in two pages."""
    about = About(layout, {"job": "j"}, plan)
    encoder = xlsx.WorkbookEncoder(about, limits) if limits else FORMATS[kind].encoder(about)
    half = len(rows) // 2
    pages = [page_of(part) for part in (rows[:half], rows[half:]) if part]
    return b"".join(bytes(piece) for piece in (encoder.begin(), *map(encoder.add, pages), encoder.end()))


def read(tmp_path, kind, body):
    """What reading makes of a file: its columns as texts, its typed rows and its look."""
    path = tmp_path / f"export.{kind}"
    path.write_bytes(body)
    found = look(path)
    batches = list(typed_batches(path, found))
    return pa.concat_tables([raw.columns for raw, _ in batches]), [typed for _, typed in batches], found


@pytest.mark.integration
@pytest.mark.parametrize("kind", FORMATS)
def test_every_text_comes_back(tmp_path, kind):
    values = [*DANGEROUS, *HARMLESS[:-1], *ODD, "x"]
    layout = Layout("matches", ("memo", "other"), ("memo",))
    lines = [row(number, {"memo": value, "other": "y"}, reference=value) for number, value in enumerate(values)]

    table, _, found = read(tmp_path, kind, encoded(kind, layout, lines))

    assert found.questions == []
    # Reading takes an empty cell of a CSV file or a workbook for a missing one, and a carriage return for a new line.
    if kind == "csv":
        expected = [value.replace("\r\n", "\r\n") or None for value in values]
    else:
        expected = [value or ("" if kind != "xlsx" else None) for value in values]
    assert table["left.memo"].to_pylist() == expected
    assert table["reference"].to_pylist() == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_is_read_without_a_question(tmp_path, kind):
    """Amounts with three digits behind the point could be thousands, and a sum of others could be a total."""
    layout = Layout("matches", ("memo",), ("memo",))
    amounts = ["1.234", "2.000", "3.234", "6.468"] * 5
    lines = [row(n, {"memo": "a"}, amount=amount, currency="KWD") for n, amount in enumerate(amounts)]

    _, typed, found = read(tmp_path, kind, encoded(kind, layout, lines))

    assert found.questions == []
    assert found.mapping.model_dump(exclude_none=True) == {k: v for k, v in MAPPING.items() if v is not None}
    read_amounts = [value for batch in typed for value in batch.amount.to_pylist()]
    assert read_amounts == [Decimal(amount) for amount in amounts]


HOSTILE = ('a "b"', "a\nb", "=1+1", "left.id", "match_id", " ", "a", "A", "x" * 251, ",;\t", "\x01", "ä€😀")


@pytest.mark.integration
@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_names_of_columns_keep_their_values(tmp_path, kind):
    layout = Layout("matches", HOSTILE, HOSTILE)
    lines = [row(n, {name: f"{n}/{place}" for place, name in enumerate(HOSTILE)}) for n in range(4)]

    body = encoded(kind, layout, lines)

    table, _, _ = read(tmp_path, kind, body)
    columns = [table[name].to_pylist() for name in table.column_names]
    for place in range(len(HOSTILE)):
        assert [f"{n}/{place}" for n in range(4)] in columns
    if kind == "csv":
        header = next(csv.reader(io.StringIO(body.decode(), newline="")))
        assert header == [*MATCHES, *(f"left.{name}" for name in HOSTILE), *(f"right.{name}" for name in HOSTILE)]


def test_a_missing_value_and_an_empty_text_differ_in_csv():
    body = encoded("csv", Layout("matches", ("a", "b"), ()), [row(0, {"a": "", "b": None})])

    assert body.endswith(b',r0,"",\r\n')


@pytest.mark.integration
def test_thousands_of_columns_are_exported():
    names = tuple(f"c{n}" for n in range(1900))

    # Read by Python: that files of so many columns are loaded is tested with the sources.
    body = encoded("csv", Layout("matches", names, ()), [row(0, {name: f"v{name}" for name in names})])
    header, line = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))

    assert len(header) == len(line) == len(MATCHES) + 1900
    assert line[-1900:] == [f"vc{n}" for n in range(1900)]


def sheets_of(body):
    """The sheets of a workbook by their members, as text."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist() if "/sheet" in name}


def test_a_full_sheet_is_followed_by_another():
    lines = [row(n, {"a": "b"}) for n in range(10)]

    sheets = list(sheets_of(encoded("xlsx", Layout("matches", ("a",), ()), lines, xlsx.Limits(rows=4))).values())

    assert [sheet.count("<row ") for sheet in sheets[:-1]] == [4, 4, 4, 2]
    assert all('<row r="1"><c r="A1"' in sheet for sheet in sheets[:-1])
    assert "match_id" in sheets[3]


def test_a_large_sheet_is_followed_by_another():
    lines = [row(n, {"a": "b" * 3000}) for n in range(10)]

    sheets = sheets_of(encoded("xlsx", Layout("matches", ("a",), ()), lines, xlsx.Limits(sheet_bytes=6000)))

    assert len(sheets) == 3  # each page on its own, and the plan


def test_a_workbook_types_its_cells():
    more = {"amount": "12345678901234.56", "date": "1899-12-31", "reference": "=1"}
    [sheet, _] = sheets_of(encoded("xlsx", Layout("matches", (), ()), [row(0, {}), row(1, {}, **more)])).values()

    assert '<c r="O2" s="2"><v>-12.50</v></c>' in sheet
    assert '<c r="Q2" s="1"><v>46027</v></c>' in sheet
    assert '<c r="O3" t="inlineStr"><is><t xml:space="preserve">12345678901234.56</t></is></c>' in sheet
    assert '<c r="Q3" t="inlineStr"><is><t xml:space="preserve">1899-12-31</t></is></c>' in sheet
    assert '<c r="R3" s="3" t="inlineStr"><is><t xml:space="preserve">=1</t></is></c>' in sheet


def test_a_text_that_is_too_long_for_a_cell_is_cut_and_the_plan_says_so():
    long = ["😀" * 20_000, "x" * 32_768, "y" * 32_767]
    sheet, plan = sheets_of(
        encoded("xlsx", Layout("matches", ("a",), ()), [row(n, {"a": text}) for n, text in enumerate(long)])
    ).values()

    cells = [part.split("</t>")[0] for part in sheet.split('preserve">')]
    cut = [cell for cell in cells if len(cell) > 1000]
    assert [len(cell.encode("utf-16-le")) // 2 for cell in cut] == [32_766, 32_767, 32_767]
    assert [cell.endswith(xlsx.CUT) for cell in cut] == [True, True, False]
    assert "2 texts were longer" in plan


def test_a_workbook_shows_the_plan():
    plan = {"passes": [{"name": "=1", "kind": "rules"}]}

    body = encoded("xlsx", Layout("matches", (), ()), [row(0, {})], plan=plan)

    shown = list(sheets_of(body).values())[-1]
    assert '"name": "=1"' in shown
    assert b"" in body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert '<sheet name="Plan" sheetId="2"' in archive.read("xl/workbook.xml").decode()
