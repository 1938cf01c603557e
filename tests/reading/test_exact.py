"""Cells that the file stores as numbers: they are read with a point, and only the texts beside them can be ambiguous."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from matching.reading.answers import with_answers
from matching.reading.cells.grammar import exact_form, number_form
from matching.reading.cells.numbers import Numbers
from matching.reading.look import look
from matching.reading.tables import read_batches

DAYS = ["2024-01-05", "2024-01-16", "2024-01-28", "2024-02-03", "2024-02-11"]


def xlsx(names, *columns):
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", *names])
        for line, row in enumerate(zip(DAYS, *columns, strict=False), 1):
            sheet.write_row(line, 0, row)
    return sink.getvalue()


def jsonl(names, *columns):
    rows = zip(DAYS, *columns, strict=False)
    return "".join(json.dumps(dict(zip(["Date", *names], row, strict=True))) + "\n" for row in rows)


FORMATS = pytest.mark.parametrize(("write", "name"), [(xlsx, "a.xlsx"), (jsonl, "a.jsonl")], ids=["xlsx", "jsonl"])


@FORMATS
def test_numbers_have_a_point_whatever_mark_the_texts_have(load, write, name):
    found = load(write(["Betrag"], [1.234, "1.234,56", 12.5, "2.500", -1250.75]), name)

    assert found.amounts == ["1.234", "1234.56", "12.5", "2500", "-1250.75"]
    assert (found.rejects, found.questions) == ([], [("Betrag", "currency")])
    assert found.mapping["amount"] == {"column": "Betrag", "decimal": ","}


@pytest.mark.integration
@FORMATS
def test_a_text_that_the_other_texts_do_not_explain_is_asked(load, write, name):
    body = write(["Amount"], [1.234, "2.500", 3.75, 10.5, 11])

    assert load(body, name).questions == [("Amount", "decimal_mark")]
    answered = {mark: load(body, name, {"amount": {"column": "Amount", "decimal": mark}}).amounts for mark in ".,"}
    assert answered["."] == ["1.234", "2.5", "3.75", "10.5", "11"]
    assert answered[","] == ["1.234", "2500", "3.75", "10.5", "11"]


@FORMATS
def test_numbers_alone_are_not_asked(load, write, name):
    found = load(write(["Amount"], [1.234, -2.567, 3.891, 4.125, 5.375]), name)

    assert found.questions == [("Amount", "currency")]
    assert found.amounts == ["1.234", "-2.567", "3.891", "4.125", "5.375"]


@FORMATS
def test_one_side_of_numbers_and_one_of_texts_have_one_mapping(load, write, name):
    texts = [None, "1.234,56", None, "2.500", None]
    found = load(write(["Soll", "Haben"], [1.234, None, 12.5, None, 30], texts), name)

    assert found.amounts == ["-1.234", "1234.56", "-12.5", "2500", "-30"]
    assert found.mapping["amount"] == {"debit": "Soll", "credit": "Haben", "decimal": ","}


def test_parquet_columns_of_numbers_stand_beside_columns_of_texts(load):
    table = pa.table(
        {
            "Date": DAYS,
            "Soll": pa.array([1.234, None, 12.5, None, 30], pa.float64()),
            "Haben": [None, "1.234,56", None, "2.500", None],
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=2)

    found = load(sink.getvalue(), "a.parquet")

    assert found.amounts == ["-1.234", "1234.56", "-12.5", "2500", "-30"]


def test_each_answer_shows_the_texts_that_it_is_about(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx(["Amount"], [1.234, "2.500", 3.75]))

    found = look(path)
    [asked] = [q for q in with_answers(found, read_batches(path, found.detection)) if q["kind"] == "decimal_mark"]

    assert asked["examples"] == ["2.500"]
    amounts = {answer["value"]: [row["amount"] for row in answer["rows"]] for answer in asked["answers"]}
    assert amounts == {".": ["1.234", "2.50", "3.75"], ",": ["1.234", "2500.00", "3.75"]}


@pytest.mark.parametrize(
    ("text", "digits", "decimals"), [("1.234", 1, 3), ("0.234", 1, 3), ("1234", 4, 0), ("-1250.75", 4, 2), ("0", 1, 0)]
)
def test_the_form_of_a_stored_number(text, digits, decimals):
    form = exact_form(number_form(text))

    assert form.sure_marks == {".", ","}
    assert (form.digits, form.decimals) == (digits, {".": decimals, ",": decimals})
    assert not form.leading_zero


def test_equal_texts_differ_by_how_the_file_stores_them():
    numbers = Numbers(pa.array(["1.234", "1.234", "x", None]), np.array([True, False, False, False]))

    assert numbers.decimal(",").cast(pa.float64()).to_pylist() == [1.234, 1234.0, None, None]
    assert numbers.marks() == {".", ","}
    assert numbers.ok.tolist() == [True, True, False, False]
