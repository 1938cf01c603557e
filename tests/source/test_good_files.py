"""Files that are tables: each row is a record or a listed reject, and its text is what stands in the file."""


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
