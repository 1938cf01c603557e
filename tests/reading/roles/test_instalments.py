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


def test_it_is_asked_whether_prices_or_instalments_were_paid_if_only_their_number_is_known(load):
    lines = ("15/03/2024,Sofa,12,1200.00,100.00", "16/03/2024,TV,6,330.00,55.00", "17/03/2024,Shop,1,20.00,20.00")
    found = load("\n".join(["Fecha,Comercio,Cuotas,Monto total,Valor cuota", *lines]) + "\n")

    assert ("Monto total", "amount_column") in found.questions
    assert set(found.amounts) == {None}


@pytest.mark.parametrize(
    "names", ["Items,Sales", "Tickets,Takings", "Raten,Umsatz", "件数,売上", "Nb opérations,Chiffre d'affaires"]
)
def test_a_count_is_no_amount_beside_what_was_taken(load, names):
    found = load(f"Date,{names}\n2024-03-15,14,1043\n2024-03-16,21,1555\n2024-03-17,9,720\n")

    assert found.amounts == ["1043", "1555", "720"]
