"""Which columns are taken for amounts, never one of two halves and never silently; and which mappings are refused."""

import pyarrow as pa
import pytest
from pydantic import ValidationError

from matching.reading.apply import apply_mapping
from matching.reading.cells.days import Days
from matching.reading.mapping import GIVEN, Mapping
from matching.reading.rows import RawBatch


def table(columns):
    names, cells = list(columns), zip(*columns.values(), strict=True)
    return "\n".join([";".join(names), *(";".join(row) for row in cells)]) + "\n"


def test_a_debit_takes_its_decimal_mark_from_the_credits(load):
    found = load(table({"Soll": ["1.000", "", "2.500", ""], "Haben": ["", "1.234,56", "", "12,50"]}))

    assert found.mapping["amount"] == {"debit": "Soll", "credit": "Haben", "decimal": ","}
    assert found.amounts == ["-1000", "1234.56", "-2500", "12.5"]


def test_debits_of_one_length_are_amounts_because_of_their_name(load):
    found = load(table({"Debit": ["10000", "20000", "", ""], "Credit": ["", "", "12.50", "99.10"]}))

    assert found.profiles["Debit"].type == "code"
    assert found.amounts == ["-10000", "-20000", "12.5", "99.1"]


def test_an_unclear_decimal_mark_of_debits_and_credits_is_asked_about(load):
    found = load(table({"Soll": ["1.000", ""], "Haben": ["", "2.000"]}))

    assert found.questions == [("Soll", "decimal_mark")]
    assert found.amounts == [None, None]


def test_different_decimal_marks_of_debits_and_credits_are_asked_about(load):
    found = load(table({"Soll": ["1.50", ""], "Haben": ["", "2,50"]}))

    assert ("Soll", "decimal_mark") in found.questions


def test_debits_or_credits_that_are_mostly_not_amounts_are_asked_about(load):
    found = load(table({"Debit": ["see 1", "see 2", "see 3", "7.00"], "Credit": ["1.50", "2.50", "3.50", ""]}))

    assert found.questions == [("Credit", "amount_column")]
    assert found.amounts == [None] * 4


def test_a_column_of_signs_is_not_taken_for_debits_or_credits_but_for_the_sign(load):
    found = load(table({"Soll/Haben": ["S", "H"], "Debit": ["D", "C"], "Betrag": ["1,50", "2,50"]}))

    assert found.mapping["amount"]["column"] == "Betrag"
    assert found.amounts == ["-1.5", "2.5"]


def test_debits_alone_lower_the_balance(load):
    assert load(table({"Soll": ["1,50", "2,50"], "Haben": ["", ""]})).amounts == ["-1.5", "-2.5"]


@pytest.mark.parametrize("names", [("Sollkonto", "Habenkonto"), ("Soll", "Haben"), ("Debit account", "Credit account")])
def test_account_columns_next_to_an_amount_are_not_taken_for_amounts(load, names):
    found = load(table({names[0]: ["1200", "1201"], names[1]: ["1400", "1401"], "Betrag": ["1,50", "2,50"]}))

    assert found.mapping["amount"] == {"column": "Betrag", "decimal": ","}


def test_a_reversed_debit_raises_the_balance(load):
    found = load(table({"Soll": ["100,50", "7,00", "-100,50", "", ""], "Haben": ["", "", "", "-12,50", "80,00"]}))

    assert found.amounts == ["-100.5", "-7", "100.5", "-12.5", "80"]


def test_credits_that_are_all_negative_only_repeat_their_side(load):
    found = load(table({"Soll": ["100,50", "7,00", ""], "Haben": ["", "", "-12,50"]}))

    assert found.amounts == ["-100.5", "-7", "12.5"]


@pytest.mark.integration
def test_debits_with_a_minus_sign_lower_the_balance(load):
    found = load(table({"Soll": ["-100,50", "-7,00", ""], "Haben": ["", "", "12,50"]}))

    assert found.mapping["amount"]["signed"] is True
    assert found.amounts == ["-100.5", "-7", "12.5"]


@pytest.mark.parametrize("name", ["amount", "Betrag", "montant"])
def test_integers_of_one_length_are_amounts_if_the_name_says_so(load, name):
    found = load(table({"id": ["a", "b", "c"], name: ["10000", "20371", "30742"]}))

    assert found.amounts == ["10000", "20371", "30742"]


@pytest.mark.parametrize("name", ["order number", "customer_id", "amount code", "thing"])
def test_integers_of_one_length_are_otherwise_codes(load, name):
    found = load(table({"id": ["a", "b", "c"], name: ["10000", "20371", "30742"]}))

    assert "amount" not in found.mapping
    assert found.questions == [(name, "amount_column")]


@pytest.mark.parametrize(
    "cells", [["1.234,56", "12.50", "1.234,00", "3.10"], ["00", "5", "7", "9"], ["0001", "0002", "0003", "0004"]]
)
def test_amounts_that_can_be_read_in_two_ways_are_asked_about(load, cells):
    found = load(table({"id": ["a", "b", "c", "d"], "Betrag": cells}))

    assert found.questions == [("Betrag", "decimal_mark")]
    assert found.amounts == [None] * 4


def test_a_leading_zero_does_not_turn_amounts_into_codes(load):
    found = load(table({"id": ["a"] * 21, "amount": ["1.50"] * 20 + ["00"]}))

    assert found.amounts[-1] == "0"


def test_integers_with_a_minus_are_not_asked_about(load):
    found = load(table({"id": ["a", "b"], "amount": ["-5", "7"]}))

    assert found.amounts == ["-5", "7"]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05",
        "05.01.24",
        "20240105",
        "05012024",
        "5 Jan 2024",
        "5-Jan-24",
        "January 5, 2024",
        "2567-01-05",
        "1402-10-15",
        "R6.01.05",
        "113/01/05",
        "1130105",
        "240105",
        "050124",
        "05.01.",
        "5 Jan",
        "0501",
        "1704448272",
        "1704448272000",
        "45296",
        "5 ม.ค. 67",
        "5 ม.ค. 2567",
        "2024 Jan 5",
    ],
)
def test_every_form_that_is_found_may_be_given(text):
    found = Days(pa.array([text], pa.large_string())).forms

    assert found
    for form in found:
        given = {"date": {"column": "day", "form": form, "year": 2024}}
        assert Mapping.model_validate(given, context=GIVEN).date.form == form


@pytest.mark.parametrize("form", ["zzz", "ymd+zzz", "dm", "ymd+dM", "ymd9", "serial1905"])
def test_a_form_that_reads_nothing_is_refused_from_people_and_not_from_the_store(form):
    said = {"date": {"column": "day", "form": form}}

    with pytest.raises(ValidationError):
        Mapping.model_validate(said, context=GIVEN)
    stored = Mapping.model_validate(said)

    days = apply_mapping(RawBatch(pa.table({"day": ["05.01."]}), *[pa.array([1])] * 2), stored)
    assert [(reject.column, reject.code) for reject in days.rejects] == [("day", "date_unparsable")]


def test_a_header_that_is_said_to_be_a_row_is_one(load):
    rows = [f"2026-01-{n % 28 + 1:02},{n}.50,EUR,R{n % 3},{n % 28 + 1},{n % 12 + 1},2026,{n * 3}" for n in range(1, 30)]

    found = load("\n".join(["date,amount,cur,ref,d,m,y,bal", *rows]) + "\n", mapping={"table": {"header_row": 0}})

    # None of the rows has a word in it by which it could be a total.
    assert list(found.profiles)[:2] == ["column_1", "column_2"]
    assert len(found.data) + len(found.rejects) + len(found.left_out) == 30


KINDS = "Date;Text;Amount;Kind\n2024-01-05;Rent;1.250;P\n2024-01-16;Sale;2.500;N\n2024-01-28;Fee;3.500;P\n"
SIDES = "Date;Text;Value A;Value B\n2024-01-05;Rent;1.250;\n2024-01-16;Sale;;2.500\n2024-01-28;Fee;3.500;\n"


@pytest.mark.parametrize(("body", "columns"), [(KINDS, ("Amount", "Kind")), (SIDES, ("Value A", "Value A"))])
def test_a_decimal_mark_is_asked_about_beside_the_sign(load, body, columns):
    asked = [question for question in load(body).questions if question[1] != "currency"]

    assert asked == [(columns[0], "decimal_mark"), (columns[1], "sign")]


def test_an_answer_about_the_decimal_mark_does_not_answer_the_sign(load):
    found = load(KINDS, mapping={"amount": {"column": "Amount", "decimal": ","}})

    assert ("Kind", "sign") in found.questions
    assert set(found.amounts) == {None}


@pytest.mark.parametrize(
    ("cells", "spec", "days"),
    [
        (("05.03.", "28.03."), {"year": 2019}, ["2019-03-05", "2019-03-28"]),
        (("5 Mar", "28 Mar"), {"year": 2019, "order": "dmy"}, ["2019-03-05", "2019-03-28"]),
        (("05/06", "07/08"), {"year": 2019, "order": "mdy"}, ["2019-05-06", "2019-07-08"]),
        (("05062024", "07082024"), {"order": "mdy"}, ["2024-05-06", "2024-07-08"]),
        (("050624", "070824"), {"order": "dmy"}, ["2024-06-05", "2024-08-07"]),
    ],
)
def test_a_year_or_an_order_is_enough_to_read_dates(load, cells, spec, days):
    body = f"Date;Text;Amount\n{cells[0]};a;1.50\n{cells[1]};b;-2.50\n"

    assert load(body, mapping={"date": {"column": "Date", **spec}}).dates == days


def test_a_year_alone_does_not_say_which_of_two_numbers_is_the_day(load):
    body = "Date;Text;Amount\n05/06;a;1.50\n07/08;b;-2.50\n"

    assert ("Date", "date_order") in load(body, mapping={"date": {"column": "Date", "year": 2019}}).questions


@pytest.mark.parametrize(
    ("table", "place", "said"),
    [
        ({"first_row": 5, "last_row": 3}, "last_row", "comes before first_row, 5"),
        ({"header_row": 4, "first_row": 4}, "first_row", "is not below header_row, 4"),
    ],
)
def test_lines_that_leave_no_row_are_refused_in_their_place_unless_they_were_stored_before(table, place, said):
    with pytest.raises(ValidationError, match=said) as refused:
        Mapping.model_validate({"table": table}, context=GIVEN)

    assert refused.value.errors()[0]["loc"] == ("table", place)
    assert Mapping.model_validate({"table": table}).said() == {"table": table}
    assert Mapping.model_validate({"table": {"header_row": 4, "first_row": 5, "last_row": 5}}, context=GIVEN).said()
