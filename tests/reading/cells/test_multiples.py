"""Amounts in thousands, millions and the like: what says so, and what only sounds like it."""

import pytest
from babel import Locale

from matching.reading.cells.multiples import counted_currencies, multiple_in

LANGUAGES = ["en", "de", "sv", "nb", "da", "nl", "fi", "cs", "sk", "pl", "ru", "uk", "hr", "lt", "tr", "id", "ar", "fa"]


@pytest.mark.parametrize(
    ("text", "multiple"),
    [
        ("Amount (in thousands)", 1_000),
        ("Amount (000s)", 1_000),
        ("Amount ($000)", 1_000),
        ("Amount EUR'000", 1_000),
        ("Betrag in TEUR", 1_000),
        ("Montant (k€)", 1_000),
        ("Montants en milliers d'euros", 1_000),
        ("Importes en miles de euros", 1_000),
        ("Importo (migliaia di euro)", 1_000),
        ("Сумма, тыс. руб.", 1_000),
        ("kwoty w tysiącach złotych", 1_000),
        ("Belopp i tusen kronor", 1_000),
        ("All figures in thousands unless stated otherwise", 1_000),
        ("(単位:千円)", 1_000),
        ("单位:万元", 10_000),
        ("₹ in lakhs", 100_000),
        ("Amounts in millions of USD", 1_000_000),
        ("单位:百万元", 1_000_000),
        ("Amount (Rs. in Crores)", 10_000_000),
    ],
)
def test_what_amounts_are_counted_in(text, multiple):
    assert multiple_in(text) == multiple


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_language_behind_its_currency_or_in_brackets(language):
    sizes = Locale.parse(language).compact_decimal_formats["long"]["other"]
    for size, multiple in (("1000", 1_000), ("1000000", 1_000_000)):
        word = str(sizes[size].pattern).replace("0", "").replace("'", "").strip()
        assert multiple_in(f"Amount ({word} EUR)") == multiple


@pytest.mark.parametrize(
    "text",
    [
        "Betrag",
        "Amount USD",
        "Account 1000",
        "Account No. 000",
        "Kontonr. 1000 000",
        "Mille Lacs Bank",
        "Rue de mille fleurs",
        "Mill Street 4",
        "Milan, Italy",
        "in Milan",
        "Bank of the Thousand Hills",
        "A thousand thanks for your business",
        "2 thousand rows",
        "10,000 miles flown",
        "Distance in miles",
        "Amount (min)",
        "Total MAD",
        "KES",
        "x" * 500 + " in thousands",
    ],
)
def test_what_only_sounds_like_it(text):
    assert multiple_in(text) is None


def test_the_currency_of_a_shortened_unit():
    assert counted_currencies("Alle Beträge in TEUR") == ["EUR"]
    assert counted_currencies("Montant (M€)") == ["EUR"]
    assert counted_currencies("TOTAL MAD") == []
