"""One amount in two currencies: the account's own, and that of the payment."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


PROVED = {
    "turnover above": (
        "Account;4471;EUR",
        "In;Out",
        "100,00;-43,10",
        "",
        "Date;Sum;Cur;Text;Turnover",
        "2024-03-05;-10,00;EUR;a;-10,00",
        "2024-03-06;-25,00;USD;b;-23,10",
        "2024-03-09;100,00;EUR;c;100,00",
        "2024-03-12;-40,00;PLN;d;-10,00",
    ),
    "balances above, with a sign column": (
        "Opening balance: 1000.00",
        "Closing balance: 1056.90",
        "Date,Cur,Sum,Text,D/C,Value",
        "2024-03-05,EUR,10.00,a,D,10.00",
        "2024-03-06,USD,25.00,b,D,23.10",
        "2024-03-09,EUR,100.00,c,C,100.00",
        "2024-03-12,PLN,40.00,d,D,10.00",
    ),
    "a total below, the account's amount first": (
        "Date,Text,Pel,Vik,Cur",
        "2024-03-05,a,-10.00,-10.00,EUR",
        "2024-03-06,b,-23.10,-25.00,USD",
        "2024-03-09,c,100.00,100.00,EUR",
        "2024-03-12,d,-10.00,-40.00,PLN",
        "Total,,56.90,,",
    ),
    "balances below": (
        "Date,Text,Vik,Cur,Pel",
        "2024-03-05,a,-10.00,EUR,-10.00",
        "2024-03-06,b,-25.00,USD,-23.10",
        "2024-03-09,c,100.00,EUR,100.00",
        "2024-03-12,d,-40.00,PLN,-10.00",
        ",before,,,7.50",
        ",after,,,64.40",
    ),
}


@pytest.mark.parametrize("lines", PROVED.values(), ids=PROVED)
def test_the_sums_around_a_table_prove_which_of_two_currencies_is_the_account(load, lines):
    found = load(rows(*lines))

    assert found.amounts == ["-10", "-23.1", "100", "-10"]
    assert found.currencies == ["EUR"] * 4


def test_the_sums_can_prove_the_amount_of_the_payments_too(load):
    found = load(
        rows(
            "Total,1025.00",
            "Date,Text,Amount,Cur,Booked",
            "2024-03-05,a,-10.00,EUR,-10.00",
            "2024-03-06,b,-25.00,USD,-23.10",
            "2024-03-09,c,1100.00,EUR,1100.00",
            "2024-03-12,d,-40.00,PLN,-10.00",
        )
    )

    assert found.amounts == ["-10", "-25", "1100", "-40"]


UNPROVED = {
    "the currency beside one": (
        "Date,Text,Sum,Cur,Kind,Turnover",
        "2024-03-05,a,-10.00,EUR,x,-10.00",
        "2024-03-06,b,-25.00,USD,y,-23.10",
        "2024-03-09,c,100.00,EUR,z,100.00",
        "2024-03-12,d,-40.00,PLN,w,-10.00",
    ),
    "the currency between both": (
        "Date,Text,Amount,Cur,Booked amount",
        "2024-03-05,a,-10.00,EUR,-10.00",
        "2024-03-06,b,-25.00,USD,-23.10",
        "2024-03-09,c,100.00,EUR,100.00",
        "2024-03-12,d,-40.00,PLN,-10.00",
    ),
    "without signs": (
        "Date,Cur,Sum,Text,D/C,Value",
        "2024-03-05,EUR,10.00,a,D,10.00",
        "2024-03-06,USD,25.00,b,D,23.10",
        "2024-03-09,EUR,100.00,c,C,100.00",
        "2024-03-12,PLN,40.00,d,D,10.00",
    ),
    "sums that fit both": (
        "In 100.00",
        "Date,Text,Sum,Cur,Kind,Turnover",
        "2024-03-05,a,-10.00,EUR,x,-10.00",
        "2024-03-06,b,-25.00,USD,y,-23.10",
        "2024-03-09,c,60.00,EUR,z,60.00",
        "2024-03-12,d,40.00,EUR,w,40.00",
    ),
}


@pytest.mark.parametrize("lines", UNPROVED.values(), ids=UNPROVED)
def test_without_a_proof_it_is_asked_which_of_two_currencies_is_the_account(load, lines):
    found = load(rows(*lines))

    assert "amount_column" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


@pytest.mark.parametrize(
    ("column", "amounts", "currencies"),
    [
        ("Turnover", ["-10", "-23.1", "100", "-10"], ["EUR"] * 4),
        ("Sum", ["-10", "-25", "100", "-40"], ["EUR", "USD", "EUR", "PLN"]),
    ],
)
def test_the_chosen_amount_comes_with_its_own_currency(load, column, amounts, currencies):
    found = load(rows(*UNPROVED["the currency beside one"]), mapping={"amount": {"column": column}})

    assert (found.amounts, found.currencies) == (amounts, currencies)


def test_a_currency_that_stands_between_two_amounts_is_asked_about(load):
    lines = rows(*UNPROVED["the currency between both"])

    found = load(lines, mapping={"amount": {"column": "Booked amount"}})

    assert found.amounts == ["-10", "-23.1", "100", "-10"]
    assert "currency" in {kind for _, kind in found.questions}
    assert set(found.currencies) <= {None, "XXX"}


@pytest.mark.parametrize(
    "header",
    ["Date,Amount,Original amount,Cur", "Datum,Betrag,Originalbetrag,Währung", "Date,Amount (EUR),Value,Cur"],
    ids=["English", "German", "a code"],
)
def test_a_name_tells_the_original_amount_where_nothing_contradicts(load, header):
    found = load(
        rows(
            header,
            "2024-03-05,-10.00,-10.00,EUR",
            "2024-03-06,-23.10,-25.00,USD",
            "2024-03-09,100.00,100.00,EUR",
            "2024-03-12,-10.00,-40.00,PLN",
        )
    )

    assert found.amounts == ["-10", "-23.1", "100", "-10"]
    assert found.currencies == ["EUR"] * 4


@pytest.mark.parametrize(
    "lines", [("Date,Cur,Vik,Text,Pel,No,Zed", 1, 2, 4, 6), ("Date,Zed,Pel,Text,Vik,Cur", 5, 4, 2, 1)]
)
def test_the_amount_beside_a_currency_that_never_varies_is_that_of_the_account(load, lines):
    header, currency, original, account, own = lines
    found = []
    for n, (code, paid, booked) in enumerate(
        [("EUR", "-10.00", "-10.00"), ("USD", "-25.00", "-23.10"), ("EUR", "7.00", "7.00")]
    ):
        cells = {0: f"2024-03-{n + 14}", currency: code, original: paid, account: booked, own: "EUR"}
        found.append(",".join(cells.get(at, f"x{n}") for at in range(header.count(",") + 1)))
    seen = load(rows(header, *found))

    assert seen.amounts == ["-10", "-23.1", "7"]
    assert seen.currencies == ["EUR"] * 3


@pytest.mark.parametrize(
    ("header", "rates", "is_known"),
    [
        ("Datum,Částka v měně účtu,Měna účtu,Původní částka,Původní měna,Zelut", ("", "25.000", "", "23.100"), True),
        ("Datum,Částka v měně účtu,Měna účtu,Původní částka,Původní měna,Zelut", ("1", "25", "1.000", "23.1"), True),
        ("Datum,Částka v měně účtu,Měna účtu,Původní částka,Původní měna,Zelut", ("", "0.0400", "", "0.0433"), True),
        ("Datum,Částka v měně účtu,Měna účtu,Původní částka,Původní měna,Zelut", ("", "12.50", "", "9.90"), False),
    ],
    ids=["a rate where it is needed", "a rate throughout", "the other way round", "a charge of an unknown name"],
)
def test_what_is_the_rate_between_two_amounts_is_no_third_one(load, header, rates, is_known):
    amounts = (
        ("-901.12", "CZK", "-901.12", "CZK"),
        ("-1339.44", "CZK", "-53.58", "EUR"),
        ("10575.53", "CZK", "10575.53", "CZK"),
        ("-462.10", "CZK", "-20.00", "USD"),
    )
    lines = (
        f"2024-03-{n:02d},{','.join(row)},{rate}" for n, (row, rate) in enumerate(zip(amounts, rates, strict=True), 1)
    )
    found = load(rows(header, *lines))

    assert found.amounts == (["-901.12", "-1339.44", "10575.53", "-462.1"] if is_known else [None] * 4)
    assert ("amount_column" in {kind for _, kind in found.questions}) is not is_known


def test_a_currency_beside_that_of_the_payments_says_nothing_about_the_other_amount(load):
    lines = (
        "2024-03-14,-10.00,EUR,EUR,a,p,-10.00",
        "2024-03-15,-25.00,USD,EUR,b,q,-23.10",
        "2024-03-16,7.00,EUR,EUR,c,r,7.00",
    )
    found = load(rows("Date,Vik,Cur,Zed,Text,Other,Pel", *lines))

    assert "amount_column" in {kind for _, kind in found.questions}


def test_a_balance_proves_the_currency_of_its_account_too(load):
    found = load(
        rows(
            "Date,Text,Vik,Cur,Pel,Balance",
            "2024-03-05,a,-10.00,EUR,-43.20,956.80",
            "2024-03-16,b,-25.00,USD,-100.10,856.70",
            "2024-03-17,c,3000.00,PLN,3000.00,3856.70",
        )
    )

    assert found.amounts == ["-43.2", "-100.1", "3000"]
    assert found.currencies == ["PLN"] * 3


def test_two_sides_of_one_currency_have_alike_names(load):
    found = load(
        rows(
            "Date,Text,Debit,Credit,Currency,Debit in account currency,Credit in account currency,Balance",
            "2024-03-05,a,10.00,,USD,9.20,,990.80",
            "2024-03-16,b,25.00,,USD,23.10,,967.70",
            "2024-03-17,c,,100.00,EUR,,100.00,1067.70",
        )
    )

    assert found.amounts == ["-9.2", "-23.1", "100"]
    assert found.currencies == ["EUR"] * 3


@pytest.mark.parametrize(
    ("header", "currencies"),
    [
        ("Buchungstag,Betrag,Buchungswährung,Betrag in Kontowährung,Kontowährung", ["EUR"] * 3),
        ("Date,Amount,Booking currency,Amount,Account currency", ["EUR"] * 3),
        ("Date,Amount,Currency,Amount (account currency),Text", ["XXX"] * 3),
    ],
    ids=["names of both", "the name of a currency", "no currency of the account"],
)
def test_names_tell_the_amount_in_the_currency_of_the_account(load, header, currencies):
    lines = (f"2024-03-{n}.,-{n}.00,USD,-{n}.90,EUR" for n in (14, 15, 16))
    found = load(rows(header, *(line.replace(".,", ",", 1) for line in lines)))

    assert found.amounts == ["-14.9", "-15.9", "-16.9"]
    assert found.currencies == currencies


def test_the_currency_of_payments_is_not_that_of_an_amount_called_otherwise(load):
    found = load(
        rows(
            "Date,Booking amount,Currency,Amount (account currency),Balance (account currency)",
            "2024-03-14,-10.00,USD,-9.20,990.80",
            "2024-03-15,-25.00,USD,-23.10,967.70",
            "2024-03-16,-30.00,USD,-27.10,940.60",
        )
    )

    assert found.amounts == ["-9.2", "-23.1", "-27.1"]
    assert set(found.currencies) <= {None, "XXX"}
