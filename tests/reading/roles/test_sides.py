"""Two sides beside other columns: fees that move too, gross and fees that add up to them, and words that sound like both."""

import pytest


def test_a_fee_beside_two_sides_moves_too_also_by_itself(load):
    lines = [
        "2024-04-03,Shop,,-94.03,,2905.97",
        "2024-04-07,SMS fee,,,-3.50,2902.47",
        "2024-04-09,Salary,1355.85,,,4258.32",
        "2024-04-10,Power,,-116.04,-1.00,4141.28",
        "2024-04-11,Shop,,-35.27,,4106.01",
    ]
    found = load("\n".join(["Date,Text,Money In,Money Out,Fee,Balance", *lines]) + "\n")

    assert found.amounts == ["-94.03", "-3.5", "1355.85", "-117.04", "-35.27"]
    assert found.mapping["fee"] == {"column": "Fee", "signed": True}


def test_a_fee_that_the_balance_does_not_show_is_not_taken_off(load):
    lines = [
        "2024-04-03,Shop,,94.03,1.00,2905.97",
        "2024-04-07,Shop,,3.50,0.50,2902.47",
        "2024-04-09,Salary,1355.85,,2.00,4258.32",
        "2024-04-10,Power,,116.04,1.00,4142.28",
    ]
    found = load("\n".join(["Date,Text,Money In,Money Out,Fee,Balance", *lines]) + "\n")

    assert found.amounts == ["-94.03", "-3.5", "1355.85", "-116.04"]
    assert "fee" not in found.mapping


@pytest.mark.integration
@pytest.mark.parametrize("names", ["debit,credit,amount,fee,tax", "Soll,Haben,Betrag,Gebühr,Steuer"])
def test_sides_that_add_up_with_the_fees_to_the_gross_are_what_moved(load, names):
    lines = [
        "2024-06-04,payment,0.00,1033.15,1058.12,21.16,3.81",
        "2024-06-07,payment,0.00,3680.72,3769.68,75.39,13.57",
        "2024-06-11,refund,1141.90,0.00,1141.90,0.00,0.00",
        "2024-06-12,payment,0.00,2657.13,2721.36,54.43,9.80",
    ]
    found = load("\n".join([f"created,type,{names}", *lines]) + "\n")

    assert found.amounts == ["1033.15", "3680.72", "-1141.9", "2657.13"]
    assert found.questions == [("credit" if "debit" in names else "Haben", "currency")]


def test_the_net_of_sales_and_fees_stands_alone_for_a_payout(load):
    lines = [
        '"January 11, 2024",Sale,$12.61,--,$12.61',
        '"January 11, 2024",Fee,--,-$0.82,-$0.82',
        '"January 16, 2024",Sale,$53.52,--,$53.52',
        '"January 16, 2024",Fee,--,-$3.48,-$3.48',
        '"January 27, 2024",Deposit,--,--,-$61.00',
    ]
    found = load("\n".join(["Date,Type,Amount,Fees & Taxes,Net", *lines]) + "\n")

    assert found.amounts == ["12.61", "-0.82", "53.52", "-3.48", "-61"]


def test_what_of_a_signed_amount_is_still_open_is_no_other_amount(load):
    lines = [
        "03.03.2024;VR24-1000;1.391,98;1.391,98",
        "07.03.2024;VR24-1001;2.469,53;0,00",
        "10.03.2024;VG24-1002;-1.788,17;0,00",
        "13.03.2024;VG24-1003;-836,73;-836,73",
    ]
    found = load("\n".join(["Buchungsdatum;Belegnr.;Betrag;Restbetrag", *lines]) + "\n")

    assert found.amounts == ["1391.98", "2469.53", "-1788.17", "-836.73"]


@pytest.mark.parametrize(
    "words",
    [
        ["Market buy", "Deposit", "Market sell", "Market buy", "Dividend", "Market sell"],
        ["Wertpapierkauf", "Kauf Aktie", "Verkauf Aktie", "Kauf Aktie", "Zinsen", "Verkauf Aktie"],
        ["Achat titres", "Dividende", "Vente titres", "Achat titres", "Dividende", "Vente titres"],
        ["Cash withdrawal", "Interest", "Cash deposit", "Cash withdrawal", "Interest", "Cash deposit"],
    ],
)
def test_amounts_without_a_sign_beside_words_for_both_sides_are_asked_about(load, words):
    lines = (f"2024-03-{n + 4:02d},{word},{100 + n}.5{n},T{n}" for n, word in enumerate(words))
    found = load("\n".join(["Time,Action,Total,Text", *lines]) + "\n")

    assert ("Action", "sign") in found.questions


def test_whole_numbers_of_a_file_without_a_header_are_its_amounts_if_no_others_can_be(load):
    lines = ["2024/02/05,ETC road,14074", "2024/02/06,Books and more,18638", "2024/02/09,Garden shop,23917"]
    found = load("\n".join(lines) + "\n")

    assert found.amounts == ["14074", "18638", "23917"]


def test_the_first_of_two_dates_without_names_is_the_day_if_the_other_follows_soon(load):
    days = [("15", "16"), ("17", "17"), ("16", "19"), ("19", "19"), ("18", "18")]
    lines = (f"HUF;202401{a};202401{b};{n + 1}20,5{n};x{n}" for n, (a, b) in enumerate(days))
    found = load("\n".join(lines) + "\n")

    assert found.dates == [f"2024-01-{a}" for a, _ in days]


def test_amounts_without_a_sign_beside_some_with_a_plus_are_asked_about(load):
    lines = ["03.01.2024;Shop;2.205,23", "04.01.2024;Payment;+6.920,90", "05.01.2024;Fuel;107,68"]
    found = load("\n".join(["Datum;Text;Betrag", *lines]) + "\n")

    assert ("Betrag", "sign") in found.questions


def test_pluses_and_minuses_are_signs(load):
    lines = ["03.01.2024;Shop;-2.205,23", "04.01.2024;Payment;+6.920,90", "05.01.2024;Refund;107,68"]
    found = load("\n".join(["Datum;Text;Betrag", *lines]) + "\n")

    assert found.amounts == ["-2205.23", "6920.9", "107.68"]


def test_tips_are_no_words_for_a_side(load):
    tips = ["$0.00", "$1.50", "$0.00", "$1.50", "$0.00"]
    lines = (f"2024-01-{n + 10},${n + 13}.77,{tip},T{n}" for n, tip in enumerate(tips))
    found = load("\n".join(["Date,Net Total,Tip,Text", *lines]) + "\n")

    assert found.amounts == ["13.77", "14.77", "15.77", "16.77", "17.77"]


def test_sides_of_unknown_names_that_add_up_with_fees_to_a_gross_are_asked_about(load):
    """As a processor lists settlements: what went out, what came in, the gross amount, the fee and the tax on it."""
    lines = (
        "2024-03-05,0.00,97.00,100.00,2.50,0.50",
        "2024-03-06,50.00,0.00,50.00,0.00,0.00",
        "2024-03-07,0.00,48.20,50.00,1.50,0.30",
    )
    found = load("\n".join(["Date,Zed,Vok,Pel,Rum,Tez", *lines]) + "\n")

    assert ("Zed", "amount_column") in found.questions
    assert set(found.amounts) == {None}


def test_a_column_that_moves_only_where_the_net_amount_does_not_may_be_its_other_side(load):
    lines = (
        "2024-03-05,97.00,0.00,100.00,-3.00",
        "2024-03-06,48.50,0.00,50.00,-1.50",
        "2024-03-07,0.00,145.50,0.00,0.00",
    )
    found = load("\n".join(["Date,Zed,Vok,Gross,Fee", *lines]) + "\n")

    assert ("Zed", "amount_column") in found.questions


def test_taxes_of_either_side_are_no_sides(load):
    taxes = ["0,8348", "1037,0", "839,0", "0,17482", "594,0"]
    lines = (f"2024/02/{n + 10},{n}1830,{t.split(',')[0]},{n}1830,{t.split(',')[1]},x" for n, t in enumerate(taxes, 1))
    found = load("\n".join(["取引日,借方金額(円),借方税額,貸方金額(円),貸方税額,摘要", *lines]) + "\n")

    assert not {"8348", "-1037", "-839", "1037"} & set(found.amounts)


def test_a_third_column_that_moves_where_the_sides_do_not_is_asked_about(load):
    lines = ["2024-01-05,100.00,,,1100.00", "2024-01-06,,50.00,,1050.00", "2024-01-31,,,1.25,1051.25"]
    found = load("\n".join(["Date,Deposits,Withdrawals,Zaru,Balance", *lines]) + "\n")

    assert "amount_column" in [kind for _, kind in found.questions]
    assert found.amounts == [None] * 3


def test_an_amount_beside_refunds_may_be_of_either_side(load):
    found = load("Date,Amount,Refund\n2024-01-05,100.00,\n2024-01-06,50.00,\n2024-01-07,,20.00\n2024-01-08,7.00,\n")

    assert ("Amount", "sign") in found.questions


def test_gross_sides_beside_net_ones_are_asked_about_without_a_fee(load):
    lines = ["05.01.2024;119,00;100,00;;", "06.01.2024;;;238,00;200,00", "08.01.2024;11,90;10,00;;"]
    found = load("\n".join(["Datum;Ausgabe brutto;Ausgabe netto;Einnahme brutto;Einnahme netto", *lines]) + "\n")

    assert "amount_column" in [kind for _, kind in found.questions]


@pytest.mark.parametrize(
    ("names", "choices"),
    [
        ("Transaction amount,Settlement amount,Interchange,Scheme fee", "Settlement amount"),
        ("Invoice total,Payment,Discount taken,Balance due", "Payment"),
    ],
)
def test_what_fees_or_a_part_payment_leave_of_a_total_is_asked_about(load, names, choices):
    lines = [
        "2024-01-05,100.00,98.50,1.20,0.30",
        "2024-01-06,50.00,49.20,0.60,0.20",
        "2024-01-08,20.00,19.60,0.30,0.10",
    ]
    found = load("\n".join([f"Date,{names}", *lines]) + "\n")

    assert (choices, "amount_column") in found.questions
