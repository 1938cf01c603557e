"""Which of the currencies that share a sign or a name is meant. For $ see test_dollars.py."""

import pytest

PLAIN = ("Date,Text,Amount", "2024-03-05,Coffee,-10.00", "2024-03-06,Pay,100.00", "2024-03-09,Rent,-50.00")


def rows(sign, *above, header=PLAIN[0], decimals=True):
    """A file whose amounts have the sign."""
    lines = [line.rpartition(",") for line in PLAIN[1:]]
    cut = 0 if decimals else -3
    return "\n".join([*above, header, *(f"{b},{sign} {a[: cut or None]}" for b, _, a in lines)]) + "\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (rows("kr", "Sparbanken Sverige"), "SEK"),
        (rows("kr", "IBAN: NO93 8601 1117 947"), "NOK"),
        (rows("kr.", header="Dato,Tekst,Beløb"), "DKK"),
        (rows("kr", header="Dags,Texti,Upphæð"), "ISK"),
        (rows("Rs.", header="Date,GSTIN,Amount"), "INR"),
        (rows("Rs", "A Bank of Sri Lanka"), "LKR"),
        (rows("₨", "A Bank, Pakistan"), "PKR"),
        (rows("¥", "A Bank, Japan"), "JPY"),
        (rows("¥", header="日期,摘要,金额", decimals=False), "CNY"),
        (rows("¥", header="取引日,摘要,払出額", decimals=False), "JPY"),
        (rows("FCFA", "Banque du Cameroun"), "XAF"),
        (rows("Sh", "A Bank of Kenya"), "KES"),
        (rows("", "Banco Bolivia", header="Fecha,Glosa,Monto (Bs.)"), "BOB"),
    ],
    ids=[
        "name",
        "IBAN",
        "word",
        "Icelandic",
        "tax",
        "rupees",
        "sign",
        "yen",
        "mainland",
        "Japan",
        "CFA",
        "Sh",
        "header",
    ],
)
def test_a_country_says_which_currency_a_sign_stands_for(load, text, code):
    found = load(text)

    assert set(found.currencies) == {code}
    assert found.amounts == ["-10", "100", "-50"]
    assert "currency" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    ("sign", "above", "code"),
    [
        ("£", "Banque Misr, Egypt", "EGP"),
        ("£", "A Bank", "GBP"),
        ("£", "A Bank, Germany", "GBP"),
        ("lei", "Republica Moldova", "MDL"),
        ("руб.", "Республика Беларусь", "BYN"),
        ("C$", "Banco de Nicaragua", "NIO"),
        ("元", "台灣 A Bank", "TWD"),
        ("元", "某银行", "CNY"),
    ],
)
def test_a_sign_with_a_usual_meaning_has_that_of_the_country_where_it_is_used(load, sign, above, code):
    found = load(rows(sign, above))

    assert set(found.currencies) == {code}
    assert found.rejects == []


@pytest.mark.parametrize(
    "text",
    [
        rows("kr"),
        rows("kr", "A Bank, Sweden and Norway"),
        rows("kr", "IBAN: NO93 8601 1117 948"),
        rows("Rs", "A Bank, Germany"),
        rows("kr", header="Datum,Text,Betrag"),
        rows("元", header="日期,摘要,金額"),
        rows("£", "A Bank, Egypt and United Kingdom"),
        rows("¥", header="日期,摘要,金額", decimals=False),
    ],
    ids=[
        "nothing",
        "two countries",
        "no IBAN",
        "another country",
        "German",
        "traditional letters",
        "the usual one",
        "yen",
    ],
)
def test_otherwise_it_is_asked(load, text):
    found = load(text)

    assert set(found.currencies) == {"XXX"}
    assert "currency" in {kind for _, kind in found.questions}


def test_a_code_beside_a_sign_says_what_it_means(load):
    found = load(
        rows("£", "A Bank")
        .replace("-10.00", "-10.00 EGP")
        .replace("100.00", "100.00 EGP")
        .replace("-50.00", "-50.00 EGP")
    )

    assert set(found.currencies) == {"EGP"}


@pytest.mark.parametrize(("above", "code"), [("A Bank, Sweden", "SEK"), ("A Bank", "XXX")])
def test_a_column_of_signs_is_that_of_the_country(load, above, code):
    lines = "\n".join(f"{line},{'Currency' if line is PLAIN[0] else 'kr'}" for line in PLAIN)

    found = load(f"{above}\n{lines}\n")

    assert set(found.currencies) == {code}
    assert found.amounts == ["-10", "100", "-50"]


def test_a_column_of_codes_outweighs_what_a_sign_usually_means(load):
    lines = ["Date,Text,Amount,Currency", *(f"2024-03-{n:02d},Fee,£{n}.50,EGP" for n in range(5, 9))]

    found = load("\n".join(lines) + "\n")

    assert set(found.currencies) == {"EGP"}
    assert found.rejects == []


def test_another_currency_among_the_signs_is_kept_apart(load):
    found = load(rows("kr", "A Bank, Sweden").replace("kr 100.00", "€ 100.00"))

    assert found.currencies == ["XXX", "EUR", "XXX"]
    assert "currency" in {kind for _, kind in found.questions}


def test_a_sign_of_currencies_without_decimals_has_points_between_thousands(load):
    found = load("Date;Libelle;Montant\n2024-03-05;a;-10.000 FCFA\n2024-03-16;b;250.000 FCFA\n")

    assert found.amounts == ["-10000", "250000"]


@pytest.mark.parametrize(("balance", "code"), [("Balance (SEK)", "SEK"), ("Balance (EUR)", "XXX")])
def test_the_name_of_the_balance_says_what_a_sign_means(load, balance, code):
    found = load(
        f"Date,Text,Amount,{balance}\n2024-03-05,a,-10.00 kr,90.00\n2024-03-06,b,20.00 kr,110.00\n2024-03-09,c,-5.00 kr,105.00\n"
    )

    assert set(found.currencies) == {code}
