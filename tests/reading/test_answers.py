"""Answers about where the table is, and about signs: each shows what it would make of rows of the file."""

import datetime as dt
import io

import pytest
import xlsxwriter

from matching.reading.answers import with_answers
from matching.reading.look import look
from matching.reading.mapping import Mapping
from matching.reading.tables import read_batches

TWO_TABLES = {
    "names": "Date,Text,Amount\n2024-03-05,a,-10.00\n2024-03-06,b,5.00\n\n"
    "Day,Item,Sum\n2024-04-05,c,-1.00\n2024-04-06,d,2.00\n",
    "unknown names": "Ryq;Ulu;Cef\n2024-03-05;a;-10.00\n2024-03-06;b;5.00\n\n"
    "Zub;Vok;Pel\n2024-04-05;c;-1.00\n2024-04-06;d;2.00\n",
    "other language": "Datum\tText\tBetrag\n05.03.2024\ta\t-10,00\n06.03.2024\tb\t5,00\n\n"
    "Date\tWords\tAmount\n05.04.2024\tc\t-1,00\n06.04.2024\td\t2,00\n",
}


@pytest.fixture
def ask(tmp_path):
    """Reads a file, and gives its questions with their answers by kind."""

    def read(body, name="a.csv", mapping=None):
        path = tmp_path / name
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        found = look(path, Mapping.model_validate(mapping) if mapping else None)
        asked = with_answers(found, read_batches(path, found.detection), path=path)
        return {question["kind"]: question for question in asked}

    return read


def shown(question):
    return {answer["value"]: [(row["date"], row["amount"]) for row in answer["rows"]] for answer in question["answers"]}


@pytest.mark.parametrize("text", TWO_TABLES.values(), ids=TWO_TABLES)
def test_of_two_tables_that_look_alike_people_choose(ask, text):
    asked = ask(text)["header"]

    assert asked["choices"] == ["1", "5"]
    assert asked["answers"][1]["mapping"] == {"table": {"header_row": 5}}
    rows = shown(asked)
    assert rows["1"][:2] == [("2024-03-05", "-10.00"), ("2024-03-06", "5.00")]
    assert rows["5"] == [("2024-04-05", "-1.00"), ("2024-04-06", "2.00")]


@pytest.mark.parametrize("text", TWO_TABLES.values(), ids=TWO_TABLES)
def test_the_table_that_was_chosen_is_not_asked_about_again(load, text):
    found = load(text, mapping={"table": {"header_row": 5}})

    assert "header" not in {kind for _, kind in found.questions}
    assert found.amounts == ["-1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "Date,Text,Amount\n2024-03-05,a,-10.00\n2024-03-06,b,5.00\n",
        "Date,Text,Amount\nDatum,Tekst,Bedrag\n2024-03-05,a,-10.00\n2024-03-06,b,5.00\n",
        "Ryq,Ulu,Cef\nx,y,z\n2024-03-05,a,-10.00\n2024-03-06,b,5.00\n",
        "2024-03-05,a,-10.00\n2024-03-06,b,5.00\n",
    ],
    ids=["one header", "two languages", "unknown names", "none"],
)
def test_one_table_is_no_question(ask, text):
    assert "header" not in ask(text)


def test_each_sheet_shows_its_rows(ask):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        for name, value in (("March", 1.5), ("April", -2.5)):
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(
                [("Date", "Amount"), ("2024-03-05", value), ("2024-03-06", 2 * value), ("2024-03-07", 4 * value)]
            ):
                sheet.write_row(number, 0, cells)

    asked = ask(sink.getvalue(), "a.xlsx")["sheet"]

    assert shown(asked) == {
        "March": [("2024-03-05", "1.50"), ("2024-03-06", "3.00"), ("2024-03-07", "6.00")],
        "April": [("2024-03-05", "-2.50"), ("2024-03-06", "-5.00"), ("2024-03-07", "-10.00")],
    }
    assert asked["answers"][1]["rows"][0]["text"] == "2024-03-05 · -2.5"


def test_amounts_whose_sign_only_the_balance_tells_can_be_answered(ask):
    asked = ask("Date,Amount,Balance\n2024-03-05,10.00,90.00\n2024-03-06,5.00,85.00\n2024-03-09,15.00,70.00\n")["sign"]

    assert asked["blocking"]
    assert "negate" not in asked
    amounts = {value: [amount for _, amount in rows] for value, rows in shown(asked).items()}
    assert amounts["in"] == ["10.00", "5.00", "15.00"]
    assert amounts["out"] == ["-10.00", "-5.00", "-15.00"]
    assert asked["answers"][1]["mapping"]["amount"] == {"column": "Amount", "decimal": ".", "negate": True}


def test_each_date_column_shows_its_dates(ask):
    asked = ask("Start,End,Amount\n2024-02-25,2024-03-30,1.50\n2024-02-25,2024-03-29,2.50\n")["date_column"]

    dates = {value: [date for date, _ in rows] for value, rows in shown(asked).items()}
    assert dates == {"Start": ["2024-02-25"] * 2, "End": ["2024-03-30", "2024-03-29"], None: [None, None]}


def test_turned_dates_show_both_readings(ask):
    asked = ask("Date,Amount\n2024-01-03,1.50\n2024-05-03,1.50\n13/03/2024,1.50\n")["date_order"]

    dates = {value: [date for date, _ in rows] for value, rows in shown(asked).items()}
    assert dates["ymd"] == ["2024-01-03", "2024-05-03", "2024-03-13"]
    assert dates["ydm"] == ["2024-03-01", "2024-03-05", "2024-03-13"]


def test_an_answer_about_the_smallest_unit_shows_the_currency_of_each_row(ask):
    rows = [(1, 15000, "JPY"), (2, -250, "EUR"), (13, 300, "EUR")]
    lines = (f'{{"booked":"2024-03-{day:02}","amount":{amount},"currency":"{code}"}}\n' for day, amount, code in rows)

    asked = ask("".join(lines), "a.jsonl")["minor_units"]

    read = [[(row["amount"], row["currency"]) for row in answer["rows"]] for answer in asked["answers"]]
    assert read[0] == [("15000", "JPY"), ("-2.50", "EUR"), ("3.00", "EUR")]
    assert read[1] == [("15000", "JPY"), ("-250.00", "EUR"), ("300.00", "EUR")]


@pytest.mark.parametrize(
    ("cells", "first", "other"),
    [
        (("-5.00 kr", "7.50 kr"), "SEK", "EUR"),
        (("$-5.00", "$7.50"), "USD", "EUR"),
        (("-5.00,kr", "7.50,kr"), "SEK", "EUR"),
    ],
)
def test_a_sign_offers_the_currencies_that_it_may_mean(ask, cells, first, other):
    header = "Date,Text,Amount" + (",Currency" if "," in cells[0] else "")
    asked = ask(f"{header}\n2024-01-05,Rent,{cells[0]}\n2024-01-16,Sale,{cells[1]}\n")["currency"]

    offered = [answer["value"] for answer in asked["answers"]]
    assert (offered[0], offered[-1]) == (first, "XXX")
    assert set(offered[:-1]) <= set(asked["choices"])
    assert other not in asked["choices"]


def days_by_answer(question):
    return {a["value"]: [row["date"] for row in a["rows"]] for a in question["answers"] if a["value"] is not None}


DAYS = {
    "05.03. 28.03.": {"2026": "2026-03-05", "2025": "2025-03-05", "2024": "2024-03-05"},
    "5_Mar 28_Mar": {"2026": "2026-03-05", "2025": "2025-03-05", "2024": "2024-03-05"},
    "05/06 07/08": {"2026 dm": "2026-06-05", "2026 md": "2026-05-06", "2025 dm": "2025-06-05", "2025 md": "2025-05-06"},
}


@pytest.mark.parametrize(("cells", "first"), DAYS.items(), ids=DAYS)
def test_each_answer_about_days_without_a_year_gives_one(ask, monkeypatch, cells, first):
    monkeypatch.setattr("matching.reading.roles.understand.now", lambda: dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    one, two = (cell.replace("_", " ") for cell in cells.split())

    asked = ask(f"Date,Text,Amount,Currency\n{one},Rent,-1.50,EUR\n{two},Sale,2.50,EUR\n")["date_column"]

    assert {value: days[0] for value, days in days_by_answer(asked).items()}.items() >= first.items()


ORDERS = {
    "05062024 07082024": ("2024-06-05", "2024-05-06"),
    "050607 070806": ("2007-06-05", "2007-05-06"),
    "05/06 07/08": ("2024-06-05", "2024-05-06"),
}


@pytest.mark.parametrize(("cells", "read"), ORDERS.items(), ids=ORDERS)
def test_each_answer_about_the_order_of_dates_reads_them(ask, cells, read):
    one, two = cells.split()
    above = "Statement 2024\n" if "/" in cells else ""

    asked = ask(f"{above}Date;Text;Amount;Currency\n{one};Rent;-1.50;EUR\n{two};Sale;2.50;EUR\n")["date_order"]

    days = days_by_answer(asked)
    assert (days["dmy"][0], days["mdy"][0]) == read
