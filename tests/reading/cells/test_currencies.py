"""Words for currencies."""

import pytest

from matching.reading.cells.currencies import currency_of, minor_units

WORDS = {
    **dict.fromkeys(("EUR", "eur", "€", "euros", "Euro"), "EUR"),
    "US$": "USD",
    "C$": "CAD",
    "R$": "BRL",
    "A$": "AUD",
    "zł": "PLN",
    "Kč": "CZK",
    "円": "JPY",
    "₹": "INR",
    "£": "GBP",
    **dict.fromkeys(("$", "kr", "kr.", "¥", "Rs", "Rs."), "?"),
    **dict.fromkeys(("SOL", "Kz", "CR", "DR", "S", "H", "D", "C", "", "ABC", "Amount"), None),
}


@pytest.mark.parametrize(("word", "code"), WORDS.items())
def test_word_is_the_currency_that_people_mean(word: str, code: str | None) -> None:
    assert currency_of(word) == code


@pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2), ("COP", 2), ("IDR", 2)])
def test_minor_units_are_those_of_the_standard(code: str, decimals: int) -> None:
    assert minor_units(code) == decimals
