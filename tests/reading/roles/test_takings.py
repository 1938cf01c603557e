"""Takings of a day, which are paid in several ways."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    "header",
    ["Datum;Netto;USt;Brutto;Bar;Karte", "Date;Net;VAT;Gross;Cash;Card", "Fecha;Base;IVA;Total;Efectivo;Tarjeta"],
)
def test_what_came_in_cash_and_by_card_is_asked_about(load, header):
    found = load(
        rows(
            header,
            "2024-03-01;100,00;20,00;120,00;50,00;70,00",
            "2024-03-02;200,00;40,00;240,00;150,00;90,00",
            "2024-03-03;50,00;10,00;60,00;10,00;50,00",
        )
    )

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_a_bill_with_columns_of_other_names_is_its_total(load):
    found = load(
        rows(
            "Datum;Netto;USt;Brutto;Bezahlt;Offen",
            "2024-03-01;100,00;20,00;120,00;120,00;0,00",
            "2024-03-02;200,00;40,00;240,00;150,00;90,00",
            "2024-03-03;50,00;10,00;60,00;0,00;60,00",
        )
    )

    assert found.amounts == ["120", "240", "60"]


@pytest.mark.parametrize(
    "header",
    [
        "Data;Imponibile;IVA;Totale;Contanti;Satispay",
        "Dato;Netto;Moms;Brutto;Zlat;Vuk",
        "Date;Net;VAT;Total;Card;Zlat",
    ],
)
def test_ways_of_unknown_names_count_where_net_and_tax_add_up_too(load, header):
    found = load(
        rows(
            header,
            "2024-03-01;100,00;20,00;120,00;50,00;70,00",
            "2024-03-02;200,00;40,00;240,00;150,00;90,00",
            "2024-03-03;50,00;10,00;60,00;10,00;50,00",
        )
    )

    assert "amount_column" in {kind for _, kind in found.questions}


def test_one_way_of_an_unknown_name_is_told_from_what_is_no_part(load):
    found = load(
        rows(
            "Datum;Netto;USt;Brutto;Bar;Satispay;Vuk",
            "2024-03-01;100,00;20,00;120,00;50,00;70,00;1,00",
            "2024-03-02;200,00;40,00;240,00;150,00;90,00;2,50",
            "2024-03-03;50,00;10,00;60,00;10,00;50,00;0,70",
        )
    )

    assert "amount_column" in {kind for _, kind in found.questions}


def test_unknown_parts_alone_are_no_ways_of_payment(load):
    lines = ["2024-03-01;1.05;0.20;0.01;1.26", "2024-03-02;50.10;1.00;0.05;51.15", "2024-03-03;2.00;2.00;0.10;4.10"]

    found = load(rows("Date;Zlat 1;Zlat 2;Vuk 3;Total", *lines))

    assert found.amounts == ["1.26", "51.15", "4.1"]
