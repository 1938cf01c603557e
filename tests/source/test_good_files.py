"""Valid files: each row is a record or a listed reject, with the text that is in the file."""

import io

import xlsxwriter


async def test_a_plain_file_is_loaded(load, stored):
    source = await load("Invoice,Date,Amount,Currency\nA-1,2026-01-13,1234.50,EUR\nA-2,2026-01-14,-7.00,EUR\n")

    records, rejects = await stored(source)

    assert (source["status"], source["format"], source["questions"]) == ("ready", "csv", [])
    assert rejects == []
    assert [record["data"] for record in records] == [
        {"Invoice": "A-1", "Date": "2026-01-13", "Amount": "1234.50", "Currency": "EUR"},
        {"Invoice": "A-2", "Date": "2026-01-14", "Amount": "-7.00", "Currency": "EUR"},
    ]
    assert [record["amount"] for record in records] == [
        {"amount": "1234.50", "currency": "EUR"},
        {"amount": "-7.00", "currency": "EUR"},
    ]
    assert [(record["row"], record["date"], record["reference"]) for record in records] == [
        (0, "2026-01-13", "A-1"),
        (1, "2026-01-14", "A-2"),
    ]


async def test_parts_of_a_file_that_were_not_read_are_noted(load, stored):
    source = await load("Konto;DE123\n\nDatum;Betrag;Text\n13.01.2026;1,50;a\n14.01.2026;2,50;b;\n")

    records, rejects = await stored(source)

    assert source["detection"]["notes"] == ["lines skipped before the table: 2"]
    assert rejects == []
    assert [record["amount"]["amount"] for record in records] == ["1.50", "2.50"]


async def test_sheets_that_were_not_read_are_noted(load):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        for name in ("one", "two"):
            book.add_worksheet(name).write_row(0, 0, ["id", "amount"])

    source = await load(sink.getvalue(), "a.xlsx")

    assert (source["status"], source["format"]) == ("ready", "xlsx")
    assert source["detection"]["notes"] == ["only the sheet one was read; other filled sheets: two"]
