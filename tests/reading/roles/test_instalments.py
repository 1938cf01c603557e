"""Prices that are paid in instalments."""

import pytest

LINES = ("05/01/2024;AMAZON;1200,00;3/12;100,00", "16/01/2024;ZARA;90,00;;90,00", "25/01/2024;IKEA;300,00;1/3;100,00")


@pytest.mark.parametrize("names", ["Importe total;Cuota;Importe cuota", "Betrag;Rate;Zaru", "Zaru;Moki;Telu"])
def test_what_is_due_now_is_the_amount(load, names):
    found = load("\n".join([f"Datum;Text;{names}", *LINES, "26/01/2024;X;60,00;2/2;30,00"]) + "\n")

    assert found.amounts == ["100", "90", "100", "30"]


def test_amounts_that_do_not_make_up_the_price_prove_nothing(load):
    found = load("\n".join(["Datum;Text;Moki;Rate;Zaru", *LINES, "26/01/2024;X;60,00;2/2;50,00"]) + "\n")

    assert ("Moki", "amount_column") in found.questions
