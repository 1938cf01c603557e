"""XLSX: the first filled sheet, its values as they are shown, errors included."""

import datetime as dt
import io

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


def test_the_noise_of_sums_is_no_part_of_an_amount(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "amount"])
        for line in range(1, 20):
            sheet.write_row(line, 0, [f"r{line}", 0.1 * line])

    found = load(workbook(fill), "a.xlsx")

    assert found.rejects == []
    assert found.amounts[2] == found.data[2]["amount"] == "0.3"


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
