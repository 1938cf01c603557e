"""Tables whose amounts are given in thousands or millions."""

import pytest


def test_a_line_above_the_table_says_so(load):
    found = load("Acme AG\nAlle Beträge in TEUR\n\nDatum;Text;Betrag\n01.03.2024;a;12,5\n15.03.2024;b;-1.203,25\n")

    assert found.amounts == ["12500", "-1203250"]
    assert found.currencies == ["EUR", "EUR"]


@pytest.mark.parametrize("name", ["Amount (in thousands)", "Amount ('000)", "Amount (000s)"])
def test_the_name_of_the_column_says_so(load, name):
    found = load(f"Date,Text,{name}\n2024-03-01,a,12.5\n2024-03-15,b,-3\n2024-03-20,c,7.25\n")

    assert found.amounts == ["12500", "-3000", "7250"]


def test_two_sides_are_counted_alike(load):
    lines = "2024-03-01,a,12.5,,100\n2024-03-15,b,3,,97\n2024-03-20,c,,7.25,104.25\n"
    found = load(f"Date,Text,Debit (USD 000),Credit (USD 000),Balance\n{lines}")

    assert found.amounts == ["-12500", "-3000", "7250"]


def test_lines_that_contradict_each_other_say_nothing(load):
    found = load("Figures in thousands\nTotals in millions\n\nDate,Text,Amount\n2024-03-01,a,12.5\n2024-03-15,b,-3\n")

    assert found.amounts == ["12.5", "-3"]


def test_what_becomes_too_large_to_be_stored_is_a_reject(load):
    number = "9" * 25
    found = load(f"Date,Text,Amount (in crores)\n2024-03-01,a,12.5\n2024-03-15,b,{number}\n2024-03-20,c,7.25\n")

    assert found.amounts == ["125000000", "72500000"]
    assert [code for _, _, code in found.rejects] == ["amount_unparsable"]
