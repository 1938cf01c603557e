"""XLSX: the first sheet with content, its values as they are shown, errors included."""

import datetime as dt
import io
import re
import zipfile

import pytest
import xlsxwriter

from matching.reading.sheet_rows import filled_sheets, rows_of, sheet_heads
from matching.reading.sheets import scan_workbook
from matching.reading.values import FileRejected


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

    mapping = {"amount": {"column": "Amount", "decimal": "."}}
    found = load(workbook(fill), "a.xlsx", mapping=mapping)

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

    assert found.questions == [("amount", "amount_column")]
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


@pytest.mark.integration
def test_a_row_that_is_too_long_as_a_whole_is_rejected(load):
    long = [f"{n}" + "x" * 30_000 for n in range(40)]

    def fill(book):
        sheet = book.add_worksheet()
        for number, row in enumerate([[f"c{n}" for n in range(40)], long, ["short"] * 40]):
            sheet.write_row(number, 0, row)

    found = load(workbook(fill), "a.xlsx")

    assert found.rejects == [(2, None, "row_too_long")]
    assert found.rows == [1]


def changed(content, **parts):
    """The workbook with the XML of some members changed."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            xml = old.read(name).decode()
            new.writestr(name, parts.get(name.rpartition("/")[2].removesuffix(".xml"), lambda xml: xml)(xml))
    return sink.getvalue()


def ledger(book, name="ledger"):
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, ["id", "amount"])
    sheet.write_row(1, 0, ["a", 1.5])
    return sheet


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_not_read_and_are_named(load, state):
    def fill(book):
        book.add_worksheet("codes").write_row(0, 0, ["code", "meaning"])
        ledger(book)

    body = changed(workbook(fill), workbook=lambda xml: xml.replace('name="codes"', f'name="codes" state="{state}"'))
    found = load(body, "a.xlsx")

    assert found.data == [{"id": "a", "amount": "1.5"}]
    assert found.notes == ["only the sheet ledger was read; other filled sheets: codes (hidden)"]


def test_a_workbook_with_nothing_to_see_is_refused(load):
    def fill(book):
        book.add_worksheet("front")
        ledger(book).hide()

    with pytest.raises(FileRejected, match=r"hidden \(ledger\); show one"):
        load(workbook(fill), "a.xlsx")


@pytest.mark.parametrize("size", ["A1", "A1:XFD1048576", "B7:A2", "nonsense"])
def test_what_a_sheet_says_about_its_size_does_not_matter(load, size):
    def wrong(xml):
        return re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="{size}"/>', xml)

    assert load(changed(workbook(ledger), sheet1=wrong), "a.xlsx").data == [{"id": "a", "amount": "1.5"}]


def test_dates_times_durations_and_percentages_are_read_as_shown(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["day", "at", "time", "hours", "rate", "text day"])
        for column, (value, code) in enumerate(
            [(45292, "dd.mm.yyyy"), (45292.75, "d/m/yy h:mm"), (0.5, "hh:mm"), (1.5, "[h]:mm"), (0.19, "0.0%")]
        ):
            sheet.write_number(1, column, value, book.add_format({"num_format": code}))
        sheet.write_string(1, 5, "05.01.2024")

    found = load(workbook(fill), "a.xlsx")

    assert list(found.data[0].values()) == [
        "2024-01-01",
        "2024-01-01T18:00:00",
        "12:00:00",
        "36:00:00",
        "19%",
        "05.01.2024",
    ]


def test_a_sign_and_a_currency_that_only_a_format_shows_are_read(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Text", "Amount", "Euros"])
        for row, (side, sign) in enumerate([("Dr", "-"), ("Cr", ""), ("Dr", "-"), ("Cr", "")], 1):
            sheet.write_row(row, 0, [f"2024-04-0{row}", "x"])
            sheet.write_number(row, 2, 100.5 * row, book.add_format({"num_format": f'""0.00" {side}"'}))
            sheet.write_number(row, 3, 0.5 * row, book.add_format({"num_format": f'#,##0.00"{sign}" [$€-407]'}))

    sides = load(
        workbook(fill), "a.xlsx", {"amount": {"column": "Amount", "sign": {"column": "Amount", "negative": ["DR"]}}}
    )
    euros = load(workbook(fill), "a.xlsx", {"amount": {"column": "Euros"}})

    assert [row["Amount"] for row in sides.data[:2]] == ["100.5 Dr", "201 Cr"]
    assert sides.amounts == ["-100.5", "201", "-301.5", "402"]
    assert (euros.amounts, set(euros.currencies)) == (["-0.5", "1", "-1.5", "2"], {"EUR"})


def test_days_from_1904_are_read_as_shown(load):
    def fill(book):
        sheet = ledger(book)
        sheet.write(0, 2, "day")
        sheet.write_number(1, 2, 43834, book.add_format({"num_format": "yyyy-mm-dd"}))

    def from_1904(xml):
        return xml.replace("<workbookPr", '<workbookPr date1904="1"')

    found = load(changed(workbook(fill), workbook=from_1904), "a.xlsx")

    assert found.data[0]["day"] == "2024-01-05"


def test_merged_cells_have_the_value_of_the_first(load):
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "text", "more", "amount"])
        sheet.merge_range(1, 1, 1, 2, "both")
        sheet.write(1, 0, "a")
        sheet.write(1, 3, 1.5)

    assert load(workbook(fill), "a.xlsx").data == [{"id": "a", "text": "both", "more": None, "amount": "1.5"}]


def test_texts_are_read_whole_and_without_their_readings(load):
    def fill(book):
        sheet = ledger(book)
        sheet.write_rich_string(2, 0, "plain ", book.add_format({"bold": True}), "bold")
        sheet.write(2, 1, 2.5)
        sheet.write_row(3, 0, ["reading", 3.5])
        sheet.write_row(4, 0, ["escape", 4.5])

    def with_readings(xml):
        reading = '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh>'
        return xml.replace("<t>reading</t>", reading).replace("<t>escape</t>", "<t>a_x000D_b_x005F_c_xD800_</t>")

    found = load(changed(workbook(fill), sharedStrings=with_readings), "a.xlsx")

    assert [row["id"] for row in found.data] == ["a", "plain bold", "東京", "a\rb_c\ufffd"]


def test_cells_without_places_prefixes_and_odd_orders_are_read(load):
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\n<x:sheetData>\n'
        '<x:row>\n <x:c t="inlineStr"><x:is><x:t>id</x:t></x:is></x:c>\n <x:c t="str"><x:v>amount</x:v></x:c>\n</x:row>\n'
        '<x:row><x:c r="B2"><x:v> 1.5 </x:v></x:c><x:c r="A2" t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row>'
        '<x:row><x:c t="d"><x:v>2024-01-05T00:00:00</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c></x:row>'
        '<x:row><x:c r="A9" t="inlineStr"><x:is><x:t>c</x:t></x:is></x:c><x:c r="B9"><x:v>12345678901234567</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )

    found = load(changed(workbook(ledger), sheet1=lambda _: sheet), "a.xlsx")

    assert [tuple(row.values()) for row in found.data] == [
        ("a", "1.5"),
        ("2024-01-05", "true"),
        ("c", "12345678901234567"),
    ]


def test_rows_of_any_sheet_and_the_heads_of_all_can_be_read(tmp_path):
    def fill(book):
        book.add_worksheet("cover").write(4, 1, "Report")
        sheet = ledger(book)
        for line in range(2, 900):
            sheet.write_row(line, 0, [f"r{line}", line])
        book.add_worksheet("empty")
        ledger(book, "codes").hide()

    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(fill))
    found = scan_workbook(path)

    heads = sheet_heads(path, found)

    assert [(sheet.name, len(rows)) for sheet, rows in heads] == [("cover", 1), ("ledger", 300)]
    assert heads[0][1] == [(5, ["", "Report"])]
    assert [sheet.name for sheet in filled_sheets(path, found)] == ["cover", "ledger", "codes"]
    assert [sheet.is_visible for sheet in found.sheets] == [True, True, True, False]
    assert list(rows_of(path, found, found.sheet("codes")))[1] == (2, ["a", "1.5"])
    assert found.sheet(2).name == "ledger"
    with pytest.raises(FileRejected, match="no sheet nowhere; its sheets: cover, ledger, empty, codes"):
        found.sheet("nowhere")


@pytest.mark.integration
def test_values_beside_the_last_name_are_kept_and_a_cell_far_off_is_a_reject(load):
    def fill(book):
        sheet = ledger(book)
        sheet.write_row(2, 0, ["b", 2.5, "a remark"])
        for line in range(3, 200):
            sheet.write_row(line, 0, ["c", 3.5])
        sheet.write(150, 16_000, "lost")

    found = load(workbook(fill), "a.xlsx")

    assert found.data[1] == {"id": "b", "amount": "2.5", "column_3": "a remark"}
    assert found.rejects == [(151, None, "field_count")]


@pytest.mark.parametrize("encoding", ["UT9F-8", "rot13", "hex", "idna", "utf-32", "big5", "undefined"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_part_that_names_an_encoding_of_its_own_is_refused(load, part, encoding):
    sink = io.BytesIO()
    plain = io.BytesIO(workbook(lambda book: book.add_worksheet().write_row(0, 0, ["a", "b"])))
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            xml = old.read(name)
            new.writestr(name, xml.replace(b"UTF-8", encoding.encode(), 1) if name == part else xml)

    with pytest.raises(FileRejected, match="the workbook is damaged; open it and save it again"):
        load(sink.getvalue(), "a.xlsx")


def test_a_sheet_of_balances_is_no_rival_of_one_with_bookings(load):
    def fill(book):
        book.add_worksheet("Summary").write_column(0, 0, ["Bank", "Opening balance", "Closing balance"])
        book.worksheets()[0].write_column(0, 1, ["x", 912.4, 183.21])
        sheet = book.add_worksheet("Bookings")
        sheet.write_row(0, 0, ["Date", "Text", "Out", "In", "Balance"])
        sheet.write_row(1, 0, ["31.01.2024.", "Shop", 157.11, None, 183.21])
        sheet.write_row(2, 0, ["30.01.2024.", "Fee", 271.87, None, 340.32])
        sheet.write_row(3, 0, ["27.01.2024.", "Shop", 300.21, None, 612.19])

    found = load(workbook(fill), "a.xlsx")

    assert found.amounts == ["-157.11", "-271.87", "-300.21"]
    assert "sheet" not in {kind for _, kind in found.questions}


def test_a_sheet_of_facts_is_no_rival_of_one_with_bookings(load):
    def fill(book):
        book.add_worksheet("Facts").write_column(0, 0, ["Report", "Seller", "From", "To", "Total", "Fees", "Left"])
        book.worksheets()[0].write_column(0, 1, [None, "shop", "2025-05-05", "2025-06-06", 350, -12.5, 337.5])
        sheet = book.add_worksheet("Bookings")
        sheet.write_row(0, 0, ["Order", "Released", "Amount"])
        for row, amount in enumerate((100.5, -12.5, 249.5), 1):
            sheet.write_row(row, 0, [f"o-{row}", f"2025-05-{row + 12}", amount])

    found = load(workbook(fill), "a.xlsx")

    assert found.amounts == ["100.5", "-12.5", "249.5"]
    assert "sheet" not in {kind for _, kind in found.questions}
