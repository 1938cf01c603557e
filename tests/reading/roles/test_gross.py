"""Exports of marketplaces and processors: what was sold, what was charged, and what is left of it."""

import pytest

SALES = [  # goods, postage, a fixed and a relative fee
    ("Sale", 25.95, 4.99, 0.35, 3.40),
    ("Sale", 62.40, 4.99, 0.35, 7.42),
    ("Refund", -25.95, 0.00, 0.00, -3.40),
    ("Sale", 11.20, 2.50, 0.35, 1.51),
    ("Sale", 148.00, 6.90, 0.35, 17.04),
    ("Payout", -240.15, 0.00, 0.00, 0.00),
]


def market(header, order="tgpfrnw"):
    """Sales by `order`: total, goods, postage, fees, what is left, and a word. A payout has only the sums."""
    lines = []
    for number, (word, goods, postage, fixed, relative) in enumerate(SALES, 1):
        total = goods + postage
        cells = {"t": total, "g": goods, "p": postage, "f": -fixed, "r": -relative, "n": total - fixed - relative}
        shown = {key: f"{value:.2f}" for key, value in cells.items()} | {"w": word}
        if word == "Payout":
            shown |= dict.fromkeys("gpfr", "--")
        lines.append(f"2024-05-{number:02d},{','.join(shown[key] for key in order)}")
    return "\n".join([header, *lines]) + "\n"


LEFT = ["27.19", "59.62", "-22.55", "11.84", "137.51", "-240.15"]


@pytest.mark.parametrize(
    ("header", "order"),
    [
        ("Date,Left amount,Goods,Postage,Fixed part,Variable part,Total,Kind", "ngpfrtw"),
        ("Date,Subtotal goods,Postage,Total,Fixed part,Variable part,Amount,Kind", "gptfrnw"),
        ("Datum,Bedrag na kosten,Subtotaal,Verzending,Vast deel,Variabel deel,Totaal,Soort", "ngpfrtw"),
        ("Data,Kwota końcowa,Towar,Wysyłka,Część stała,Część zmienna,Razem,Rodzaj", "ngpfrtw"),
    ],
)
def test_what_is_left_of_goods_and_postage_is_the_amount(load, header, order):
    found = load(market(header, order))

    assert found.amounts == LEFT


def test_what_is_left_is_asked_about_if_no_name_says_that_it_is_an_amount(load):
    found = load(market("Date,Zelut,Subtotal,Postage,Ulu,Vev,Total,Kind", "ngpfrtw"))

    assert ("Zelut", "amount_column") in found.questions
    assert set(found.amounts) == {None}


def taxed(header, order, rates, *, of_whole=False, kinds=("x",)):
    """Bills by `order`: net, tax, and whole. `of_whole`: the tax is a share of the whole, as one that is kept back."""
    lines = []
    for number in range(1, 13):
        net, rate = (number * 8_817 % 60_000 + 2_500), rates[number % len(rates)]
        tax = round(net * rate / 100)
        cells = {"n": net - tax if of_whole else net, "t": tax, "w": net if of_whole else net + tax}
        texts = ",".join(f"{cells[key] / 100:.2f}" for key in order)
        lines.append(f"2024-02-{number:02d},{kinds[number % len(kinds)]},{texts}")
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("header", "order", "rates"),
    [
        ("Date,Kind,Ulu,Vev,Zel", "ntw", [19, 7]),
        ("Date,Kind,Zel,Vev,Ulu", "wtn", [15]),
        ("Datum,Art,Netto,USt-Betrag,Brutto", "ntw", [25]),
        ("Dato,Slags,Brutto,Moms,Netto", "wtn", [25]),
    ],
    ids=["two rates", "whole first", "named", "named, whole first"],
)
def test_a_tax_on_what_is_sold_is_part_of_the_amount(load, header, order, rates):
    found = load(taxed(header, order, rates))
    whole = load(taxed(header, order, rates).replace(header.split(",")[2 + order.index("w")], "Grand total"))

    assert found.amounts == whole.amounts
    assert None not in found.amounts


def test_words_say_whether_a_taxed_amount_is_money_in_or_out(load):
    found = load(taxed("Datum,Typ,Nettobetrag,USt-Betrag,Bruttobetrag", "ntw", [19], kinds=("Ausgabe", "Einnahme")))

    assert found.mapping["amount"]["column"] == "Bruttobetrag"
    assert found.mapping["amount"]["sign"]["negative"] == ["Ausgabe"]


@pytest.mark.parametrize(("rates", "of_whole"), [([20], True), ([25], False), ([3.17], False)])
def test_what_may_be_kept_back_of_the_whole_is_asked_about(load, rates, of_whole):
    found = load(taxed("Date,Kind,Ulu,Vev,Zel", "wtn", rates, of_whole=of_whole))

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_of_two_chains_of_sums_none_is_followed_silently(load):
    found = load(
        "Date,Gross Sales,Discounts,Net Sales,Tax,Tip,Total Collected,Fees,Net Total\n"
        "2024-01-05,1234.50,-34.50,1200.00,96.00,0.00,1296.00,-34.00,1262.00\n"
        "2024-01-16,10.00,0.00,10.00,0.80,1.20,12.00,-0.41,11.59\n"
        "2024-01-18,99.00,-9.00,90.00,7.20,3.00,100.20,-2.80,97.40\n"
    )

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_a_tax_that_an_amount_includes_does_not_hide_it(load):
    found = load("Datum,Betrag inkl. MwSt.,Text\n2024-01-05,-12.50,a\n2024-01-08,99.10,b\n2024-01-09,-1.75,c\n")

    assert found.amounts == ["-12.5", "99.1", "-1.75"]


@pytest.mark.parametrize(
    "header",
    [
        "Datum,Artikel,Verzending,Vast deel,Variabel deel,Orderbedrag,Netto,Soort",
        "Date,Item subtotal,Shipping,Fixed,Variable,Order total,Net amount,Kind",
    ],
)
def test_a_payout_has_only_what_is_left(load, header):
    text = market(header, "gpfrtnw")
    found = load(text.replace("--,--,--,--,-240.15,-240.15", ",,,,,-240.15"))

    assert found.amounts == LEFT


@pytest.mark.parametrize("header", ["Date,Text,Debit,Credit,Gross,GST,Net", "Date,Text,Spent,Received,Total,VAT,Net"])
def test_sides_say_the_sign_of_a_taxed_amount(load, header):
    lines, moved = [], [57.50, -23.00, 115.00, -40.25, 345.00, -11.50, 69.00]
    for day, value in enumerate(moved, 1):
        sides = f"0.00,{value:.2f}" if value > 0 else f"{-value:.2f},0.00"
        tax = round(abs(value) * 3 / 23, 2)
        lines.append(f"2024-03-{day:02d},t{day},{sides},{abs(value):.2f},{tax:.2f},{abs(value) - tax:.2f}")
    found = load("\n".join([header, *lines, ""]))

    assert [float(amount) for amount in found.amounts] == moved


@pytest.mark.parametrize("kinds", [("Eingang", "Ausgang"), ("Incoming", "Outgoing"), ("Inkomend", "Uitgaand")])
def test_a_bill_that_comes_in_is_not_taken_for_money_in(load, kinds):
    found = load(taxed("Datum,Art,Netto,USt,Brutto", "ntw", [19], kinds=kinds))

    assert ("Art", "sign") in found.questions
    assert set(found.amounts) == {None}
