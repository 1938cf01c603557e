"""Rows without a date that the numbers show to be totals, and numbers that are none."""

import json

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


SUMS = {
    "each currency": (
        "Date,Text,Cur,Amount",
        "2024-03-05,a,USD,120.00",
        "2024-03-06,b,USD,-34.50",
        "2024-03-09,c,ZAR,-410.00",
        "2024-03-12,d,ZAR,1500.00",
        ",Zvose,USD,85.50",
        ",Zvose,ZAR,1090.00",
    ),
    "the whole table": (
        "Date,Text,Cur,Amount",
        "2024-03-05,a,USD,120.00",
        "2024-03-06,b,USD,-34.50",
        "2024-03-09,c,USD,-410.00",
        "2024-03-12,d,USD,1500.00",
        ",Zvose,USD,1175.50",
    ),
    "two sides": (
        "Date,Text,Cur,Debit,Credit",
        "2024-03-05,a,USD,,120.00",
        "2024-03-06,b,USD,34.50,",
        "2024-03-09,c,USD,410.00,",
        "2024-03-12,d,USD,,1500.00",
        ",Zvose,USD,444.50,1620.00",
    ),
}


@pytest.mark.parametrize("lines", SUMS.values(), ids=SUMS)
def test_a_row_without_a_date_that_is_a_sum_is_a_total(load, lines):
    found = load(rows(*lines))

    assert found.amounts == ["120", "-34.5", "-410", "1500"]
    assert {reason for _, reason in found.left_out} == {"total"}


def test_a_row_without_a_date_that_is_no_sum_is_not_left_out(load):
    found = load(rows(*SUMS["the whole table"][:-1], ",Zvose,USD,11.00"))

    assert not found.left_out


@pytest.mark.parametrize("step", [3, -7, 1000])
def test_numbers_that_go_on_in_equal_steps_are_no_amounts(load, step):
    numbers = [600_110 + row * step for row in range(5)]
    amounts = ["120.00", "-34.50", "-410.00", "1500.00", "-12.25"]
    lines = [f"2024-03-0{row + 1},a,{amounts[row]},{numbers[row]}" for row in range(5)]

    found = load(rows("Zug,Vik,Zop,Pel", *lines))

    assert found.amounts == ["120", "-34.5", "-410", "1500", "-12.25"]


OCCASIONAL = {
    "no header": ("2024-03-01,a,,12.00", "2024-03-05,x,,-34.50"),
    "unknown names": ("Zug,Vik,Zop,Pel", "2024-03-05,x,,-34.50"),
    "in front": ("Zug,Vik,Zop,Pel", "2024-03-05,x,117,-34.50"),
}


@pytest.mark.parametrize("head", OCCASIONAL.values(), ids=OCCASIONAL)
def test_plain_numbers_in_few_rows_are_no_rivals_of_an_amount(load, head):
    found = load(
        rows(
            *head,
            "2024-03-06,b,1187,-850.00",
            "2024-03-09,c,,410.25",
            "2024-03-12,d,,-15.00",
            "2024-03-15,e,,19.99",
        )
    )

    assert found.amounts[-5:] == ["-34.5", "-850", "410.25", "-15", "19.99"]


def records(*last):
    first = [{"Date": f"2024-03-0{n}", "Payee": f"P{n}", "Amount": n * 1.25, "Currency": "EUR"} for n in range(1, 5)]
    return "".join(json.dumps(record) + "\n" for record in [*first, *last])


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"Date": "", "Payee": "Total", "Amount": 12.5}, "total"),
        ({"Date": None, "Payee": "Total March", "Amount": 12.5}, "total"),
        ({"Payee": None, "Amount": "12.50"}, "total"),
        ({"Date": None, "Payee": "Closing balance", "Amount": 112.5}, "closing_balance"),
    ],
)
def test_a_record_without_a_date_that_adds_up_the_others_is_a_total(load, last, reason):
    found = load(records(last), "a.jsonl")

    assert (found.left_out, len(found.amounts)) == ([(5, reason)], 4)


@pytest.mark.parametrize(
    "last",
    [
        {"Date": None, "Payee": "Total Energies", "Amount": -40},
        {"Date": None, "Payee": "Closing balance of the year", "Amount": 7},
        {"Date": None, "Payee": "Rent", "Amount": -40},
    ],
)
def test_a_record_that_only_lacks_its_date_counts(load, last):
    found = load(records(last), "a.jsonl")

    assert (found.left_out, len(found.amounts)) == ([], 5)
