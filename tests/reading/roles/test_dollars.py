"""Which of the currencies that are written as $ is meant."""

import pytest

PLAIN = ("Date,Text,Amount", "2024-03-05,Coffee,-$10.00", "2024-03-06,Pay,$100.00", "2024-03-09,Rent,-$50.00")


def rows(*lines):
    return "\n".join(lines) + "\n"


def with_column(name, *cells):
    return rows(*(f"{line},{cell}" for line, cell in zip(PLAIN, (name, *cells), strict=True)))


def with_texts(*texts):
    return rows(PLAIN[0], *(f"2024-03-{n:02d},{text},-${n}.50" for n, text in enumerate(texts, 1)))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (rows("Royal Bank of Canada", *PLAIN), "CAD"),
        (rows("Banco de la República Dominicana", *PLAIN), "DOP"),
        (rows("Account holder: J. Tan 新加坡", *PLAIN), "SGD"),
        (rows("SWIFT/BIC: ABCDNZ2W", *PLAIN), "NZD"),
        (rows("12 High Street, Springfield, IL 62704", *PLAIN), "USD"),
        (rows("Box 4, Calgary AB T2P 1J9", *PLAIN), "CAD"),
        (with_column("BSB", "062-000", "062-000", "062-001"), "AUD"),
        (with_column("HST", "1.30", "0.00", "6.50"), "CAD"),
        (with_column("Bank", "Bank of New Zealand", "Bank of New Zealand", "Bank of New Zealand"), "NZD"),
        (with_texts("Interac e-Transfer to A", "Coffee", "Interac e-Transfer from B"), "CAD"),
        (with_texts("SHOP AUSTIN TX", "CAFE DALLAS TX", "Fee", "FUEL TULSA OK"), "USD"),
    ],
    ids=[
        "name",
        "own language",
        "no spaces",
        "BIC",
        "ZIP",
        "postal code",
        "BSB",
        "tax",
        "column",
        "payments",
        "states",
    ],
)
def test_a_country_that_the_file_names_says_which_dollar_is_meant(load, text, code):
    found = load(text)

    assert set(found.currencies) == {code}
    assert "currency" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    "text",
    [
        rows(*PLAIN),
        rows("Royal Bank of Canada", "U.S. Dollar Chequing", *PLAIN),
        rows("ABN AMRO", *PLAIN),
        rows("Australia and New Zealand Bank", *PLAIN),
        with_column("Country", "Canada", "Australia", "Canada"),
        with_column("Country", "Canada", "Canada", "Canada"),
        with_column("Zone", "PST", "PST", "PST"),
        with_texts("Zelle to A", *(f"Text {n}" for n in range(15))),
        with_texts("SHOP AUSTIN TX", "CAFE TORONTO ON", "FUEL TULSA OK"),
    ],
    ids=[
        "nothing",
        "another dollar",
        "a bank",
        "two countries",
        "countries",
        "of buyers",
        "a zone",
        "once",
        "two countries of shops",
    ],
)
def test_otherwise_it_is_asked(load, text):
    found = load(text)

    assert set(found.currencies) <= {None, "XXX"}
    assert "currency" in {kind for _, kind in found.questions}


def test_an_amount_without_the_sign_is_in_no_currency_of_a_country(load):
    found = load(with_column("BSB", "062-000", "062-000", "062-001").replace("$", ""))

    assert set(found.currencies) <= {None, "XXX"}


@pytest.mark.parametrize(("above", "amounts"), [("Banco de Chile", ["-10000", "250000"]), ("Banco", [None, None])])
def test_a_peso_without_decimals_has_points_between_thousands(load, above, amounts):
    found = load(rows(above, "Fecha,Glosa,Monto", "2024-03-05,Compra,-$10.000", "2024-03-16,Abono,$250.000"))

    assert found.amounts == amounts
