"""Numbers as people write them, one by one and in columns."""

from decimal import Decimal

import pyarrow as pa
import pytest

from matching.reading.cells.numbers import Numbers, is_blank_like, number_form

WRITTEN = [
    # text, mark, value, currency, token
    ("1,234.56", ".", "1234.56", None, None),
    ("1.234,56 €", ",", "1234.56", "EUR", None),
    ("-€ 1.234,56", ",", "-1234.56", "EUR", None),
    ("$(1,230.00)", ".", "-1230.00", "?", None),
    ("($30.00)", ".", "-30.00", "?", None),
    ("-$1.50", ".", "-1.50", "?", None),
    ("$-1.75", ".", "-1.75", "?", None),
    ("12.-", ".", "12", None, None),
    ("12,--", ",", "12", None, None),
    ("kr 12,-", ",", "12", "?", None),
    ("1,200.00-", ".", "-1200.00", None, None),
    ("5.00 DR", ".", "5.00", None, "DR"),
    ("500.00Cr", ".", "500.00", None, "CR"),
    ("12,50 S", ",", "12.50", None, "S"),
    ("C$1,250.00", ".", "1250.00", "CAD", None),
    ("-R$ 12,50", ",", "-12.50", "BRL", None),
    ("1 250,00 zł", ",", "1250.00", "PLN", None),
    ("1\u202f250,00\u00a0zł", ",", "1250.00", "PLN", None),
    ("1,250円", ".", "1250", "JPY", None),
    ("-₩30,000", ".", "-30000", "KRW", None),
    ("1,23,456.78", ".", "123456.78", None, None),
    ("1,2345,6789", ".", "123456789", None, None),
    ("12’500.00", ".", "12500.00", None, None),
    ("１２，３４５", ".", "12345", None, None),
    ("١٢٬٣٤٥٫٦٧", ",", "12345.67", None, None),
    ("–100,00", ",", "-100.00", None, None),
    ("−100,00", ",", "-100.00", None, None),
    ("US$ 5.00 USD", ".", "5.00", "USD", None),
    ("R 1", ".", "1", "ZAR", None),
    (".5", ".", "0.5", None, None),
]


@pytest.mark.parametrize(("text", "mark", "value", "currency", "token"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_number_is_read_as_people_mean_it(
    text: str, mark: str, value: str, currency: str | None, token: str | None
) -> None:
    form = number_form(text)
    column = Numbers(pa.array([text, None, "no number"]))

    assert form is not None
    assert (form.currency, form.token) == (currency, token)
    assert column.decimal(mark).to_pylist() == [Decimal(value), None, None]
    values, valid = column.integers(mark, 2)
    assert (int(values[0]), valid.tolist()) == (int(Decimal(value) * 100), [True, False, False])


@pytest.mark.parametrize(
    "text",
    ["R1", "RE-7001", "E2E-1", "Card 1", "5%", "2024-01-05", "1,23", "5 Jan", "--5", "1234 5678 9012 3456", "1.5E3"],
)
def test_names_and_dates_are_no_numbers(text: str) -> None:
    form = number_form(text)

    assert form is None or (text == "1,23" and set(form.decimals) == {","})


@pytest.mark.parametrize("text", ["-", "--", "n/a", "NULL", "nil", ".", "$ -", " -   € ", "—"])
def test_stand_ins_for_nothing_are_blank(text: str) -> None:
    column = Numbers(pa.array([text, "1", "", None]))

    assert is_blank_like(text)
    assert column.blank.tolist() == [True, False, False, False]
    assert column.filled.tolist() == [True, True, False, False]
    assert column.ok.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [("2.5e-07", ".", "0.00000025"), ("-1E-8", ".", "-0.00000001"), ("+1,5e-3", ",", "0.0015"), ("1e-18", ".", None)],
)
def test_a_small_number_with_an_exponent_is_exact(text: str, mark: str, value: str | None) -> None:
    column = Numbers(pa.array([text, "0.5" if mark == "." else "0,5", "no number", None]))

    assert column.ok.tolist() == [True, True, False, False]
    assert column.decimal(mark).to_pylist()[:2] == [value and Decimal(value), Decimal("0.5")]
    assert column.too_precise(mark).tolist()[0] is (value is None)


@pytest.mark.parametrize("text", ["4.5E+15", "1e5", "12e-3", "e-5", "A1e-5"])
def test_what_a_spreadsheet_has_cut_off_is_no_number(text: str) -> None:
    assert not Numbers(pa.array([text, "1e-5"])).ok[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.30000000000000004", "0.3"),
        ("-0.30000000000000004", "-0.3"),
        ("0,30000000000000004", "0.3"),
        ("1.123456789012345678", None),
        ("0.123456789012345", None),
        ("0.30000000000000001", None),
    ],
)
def test_the_noise_of_sums_of_64_bits_is_no_decimals(text, value):
    found = Numbers(pa.array([text]))

    read = found.decimal("," if "," in text else ".")[0].as_py()

    assert (None if read is None else f"{read.normalize():f}") == value
