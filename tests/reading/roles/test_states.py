"""States: of a payment, of an invoice, and amounts that are only held back."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Invoice Status", ["paid", "paid", "paid", "paid"]),
        ("Status", ["Paid", "Open", "Overdue", "Paid"]),
        ("Rechnungsstatus", ["Bezahlt", "Offen", "Überfällig", "Bezahlt"]),
        ("Statut", ["Payée", "Impayée", "Payée", "En retard"]),
        ("Stav", ["zaplacená", "po splatnosti", "zaplacená", "po splatnosti"]),
        ("Estado", ["Cobrada", "Vencida", "Cobrada", "Vencida"]),
        ("Paid", ["true", "false", "true", "false"]),
    ],
)
def test_whether_an_invoice_was_paid_says_no_sign_and_leaves_nothing_out(load, name, words):
    amounts = ["120.50", "80.00", "19.95", "310.10"]
    lines = (f"R-{n},2024-03-{n + 4:02d},{a},{w}" for n, (a, w) in enumerate(zip(amounts, words, strict=True)))
    found = load(rows(f"Invoice,Date,Total,{name}", *lines))

    assert found.amounts == ["120.5", "80", "19.95", "310.1"]
    assert not {"sign", "skip"} & {kind for _, kind in found.questions}


def test_a_payment_that_is_open_is_still_asked_about(load):
    words = ["Gebucht", "Offen", "Gebucht", "Gebucht"]
    lines = (f"2024-03-{n + 4:02d},-{n + 1}.50,{w},t{n}" for n, w in enumerate(words))
    found = load(rows("Datum,Betrag,Status,Text", *lines))

    assert ("Status", "skip") in found.questions
    assert found.amounts == ["-1.5", "-3.5", "-4.5"]


@pytest.mark.parametrize("name", ["Hold amount", "Kwota blokady", "Importe retenido", "Reserviert", "Blocked"])
def test_what_is_only_held_back_is_no_amount(load, name):
    found = load(
        rows(
            f"Date,Text,Amount,{name},Balance",
            "2024-03-09,d,,-35.00,",
            "2024-03-08,c,-4.25,,155.75",
            "2024-03-07,b,70.00,,160.00",
            "2024-03-06,a,-10.00,,90.00",
        )
    )

    assert found.amounts == [None, "-4.25", "70", "-10"]
    assert {kind for _, kind in found.questions} <= {"currency"}


def test_a_column_of_amounts_alone_may_be_called_pending(load):
    found = load(rows("Date,Pending amount,Text", "2024-03-05,-10.00,a", "2024-03-06,-5.00,b", "2024-03-07,7.00,c"))

    assert found.amounts == ["-10", "-5", "7"]
