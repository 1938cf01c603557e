"""XLSX: the first sheet with content, its values as they are shown, errors included."""

import datetime as dt
import io
import zipfile

import xlsxwriter


def workbook(fill):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        fill(book)
    return sink.getvalue()


def test_values_formulas_dates_and_errors_are_text(load):
    def fill(book):
        book.add_worksheet("empty")
        sheet = book.add_worksheet("ledger")
        sheet.write_row(2, 0, ["Date", "Amount", "Flag", "Net", "Bad"])
        for line in (3, 6):
            sheet.write_datetime(line, 0, dt.date(2026, 1, 13), book.add_format({"num_format": "yyyy-mm-dd"}))
            sheet.write_number(line, 1, 1234.56)
            sheet.write_boolean(line, 2, True)
            sheet.write_formula(line, 3, "=B4*2", None, 2469.12)
            sheet.write_formula(line, 4, "=1/0", None, "#DIV/0!")
        book.add_worksheet("other").write_row(0, 0, ["x", "y"])

    found = load(workbook(fill), "a.xlsx")

    row = {"Date": "2026-01-13", "Amount": "1234.56", "Flag": "true", "Net": "2469.12", "Bad": "#DIV/0!"}
    assert found.data == [row, row]
    assert found.dates == ["2026-01-13"] * 2
    assert found.amounts == ["1234.56"] * 2


def test_the_rounding_noise_of_sums_is_removed_from_amounts(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "amount"])
        for line in range(1, 20):
            sheet.write_row(line, 0, [f"r{line}", 0.1 * line])

    found = load(workbook(fill), "a.xlsx")

    assert found.rejects == []
    assert found.amounts[2] == found.data[2]["amount"] == "0.3"


def without_values(content):
    """The workbook as written by a program that does not calculate formulas."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            xml = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                xml = xml.replace(b"<v>0</v>", b"<v></v>").replace(b'<c r="C4"><f>', b'<c r="C4" t="str"><f>')
            new.writestr(name, xml)
    return sink.getvalue()


def test_a_formula_without_a_value_is_not_an_empty_cell(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "amount", "text"])
        sheet.write_row(1, 0, ["a", 1.5])
        sheet.write_row(2, 0, ["b"])
        sheet.write_formula(2, 1, '=B2*2&"<"', None, 0)
        sheet.write_row(3, 0, ["c", 2.5])
        sheet.write_formula(3, 2, '=""', None, "")

    found = load(without_values(workbook(fill)), "a.xlsx")

    assert found.rejects == [(3, "amount", "formula_without_value")]
    assert found.amounts == ["1.5", "2.5"]
    assert found.notes == ["formulas without a value: 1; open the workbook and save it again"]


def test_a_column_of_formulas_without_values_is_asked_about(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "amount"])
        for line in (1, 2):
            sheet.write(line, 0, "a")
            sheet.write_formula(line, 1, "=1+1", None, 0)

    found = load(without_values(workbook(fill)), "a.xlsx")

    assert found.questions == [("amount", "decimal_mark")]
    assert [row["amount"] for row in found.data] == ["=1+1", "=1+1"]


def test_sheets_that_are_not_read_are_named(load):
    def fill(book):
        for name in ("one", "two", "empty", "three"):
            sheet = book.add_worksheet(name)
            if name != "empty":
                sheet.write_row(0, 0, ["id", "amount"])
                sheet.write_row(1, 0, [name, 1.5])

    found = load(workbook(fill), "a.xlsx")

    assert found.notes == ["only the sheet one was read; other filled sheets: two, three"]
    assert [row["id"] for row in found.data] == ["one"]


def test_a_title_above_the_header_is_skipped_with_a_note(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write(0, 0, "My report")
        sheet.write_row(2, 0, ["id", "amount", "memo"])
        sheet.write_row(3, 0, ["a", 1.5])
        sheet.write_row(4, 0, ["b", "nope", " "])
        sheet.write_row(5, 0, [" ", "  "])
        for line in range(6, 20):
            sheet.write_row(line, 0, ["c", 2.5, "x"])

    found = load(workbook(fill), "a.xlsx")

    assert found.data[0] == {"id": "a", "amount": "1.5", "memo": None}
    assert found.notes == ["lines skipped before the table: 2"]
    assert found.rejects == [(5, "amount", "amount_unparsable")]
    assert len(found.data) == 15


def test_rejects_name_the_line_of_the_sheet(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(2, 0, ["Amount", "Reference"])
        for line in range(4, 30):
            sheet.write_row(line, 0, ["nope" if line == 6 else 1.5, f"R{line}"])

    found = load(workbook(fill), "a.xlsx")

    assert found.rejects == [(7, "Amount", "amount_unparsable")]
    assert len(found.data) == 25


def test_a_sheet_without_header_loses_no_row(load):
    found = load(workbook(lambda book: book.add_worksheet().write_row(0, 0, [1.5, "x"])), "a.xlsx")

    assert found.data == [{"column_1": "1.5", "column_2": "x"}]


def test_a_row_that_is_too_long_as_a_whole_is_rejected(load):
    long = [f"{n}" + "x" * 30_000 for n in range(40)]

    def fill(book):
        sheet = book.add_worksheet()
        for number, row in enumerate([[f"c{n}" for n in range(40)], long, ["short"] * 40]):
            sheet.write_row(number, 0, row)

    found = load(workbook(fill), "a.xlsx")

    assert found.rejects == [(2, None, "row_too_long")]
    assert found.rows == [1]
