"""What cells mean: exactly, or not at all."""

import pytest

MAPPING = {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "day", "order": "ymd"}}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("9007199254740993.123456789", "9007199254740993.123456789"),
        ("12345678901234567890123456789.000000001", "12345678901234567890123456789.000000001"),
        ("12 345.00", "12345"),
        ("1'234'567.80", "1234567.8"),
        ("(1234.50)", "-1234.5"),
        ("1234.50-", "-1234.5"),
        ("-EUR 5", "-5"),
        ("5.00 EUR-", "-5"),
        ("\u22125", "-5"),
        (".5", "0.5"),
    ],
)
def test_amounts_are_exact(load, text, amount):
    found = load(f"day;amount\n2026-01-01;{text}\n", mapping=MAPPING)

    assert found.amounts == [amount]
    assert found.data[0]["amount"] == text


@pytest.mark.parametrize(
    "text",
    [
        "1e5",
        "\u221e",
        "(5",
        "5)",
        "-5-",
        "1 2",
        "12 34",
        "1.5.",
        "0x10",
        "1,23",
        "1" * 30,
    ],
)
def test_an_inexact_amount_is_a_reject(load, text):
    found = load(f"day;amount\n2026-01-01;{text}\n2026-01-02;1.50\n", mapping=MAPPING)

    assert found.rejects == [(2, "amount", "amount_unparsable")]
    assert found.amounts == ["1.5"]


@pytest.mark.parametrize("text", ["0.1234567891", "-12.30000000000000004", "(1234.0000000001)"])
def test_an_amount_with_too_many_decimals_is_a_reject_that_says_so(load, text):
    found = load(f"day;amount\n2026-01-01;{text}\n2026-01-02;1.50\n", mapping=MAPPING)

    assert found.rejects == [(2, "amount", "too_many_decimals")]


@pytest.mark.parametrize("other", ["1.50", "EUR 1.50"])
def test_trailing_zeros_do_not_count_as_decimals(load, other):
    found = load(f"day;amount\n2026-01-01;0.1000000000000\n2026-01-02;{other}\n", mapping=MAPPING)

    assert found.amounts == ["0.1", "1.5"]


@pytest.mark.parametrize(
    "text", ["0000-00-00", "0000-01-01", "2025-02-29", "2026-13-01", "2026-01-01 later", "20260230"]
)
def test_an_invalid_date_is_a_reject(load, text):
    found = load(f"day,amount\n{text},1.50\n9999-12-31,2.50\n", mapping=MAPPING)

    assert found.rejects == [(2, "day", "date_unparsable")]
    assert found.dates == ["9999-12-31"]


def test_a_leap_day_is_a_date_in_leap_years_only(load):
    found = load("Datum;Betrag\n29.02.2024;1,50\n28.02.2025;2,50\n29.02.2025;3,50\n" + "13.01.2026;4,50\n" * 20)

    assert found.dates[:2] == ["2024-02-29", "2025-02-28"]
    assert found.rejects == [(4, "Datum", "date_unparsable")]


def dates(*texts):
    return "id,day\n" + "".join(f"a,{text}\n" for text in texts)


def test_years_of_two_digits_may_come_first(load):
    assert load(dates("24-01-15", "99-12-31", "24-1-2 10:30")).dates == ["2024-01-15", "1999-12-31", "2024-01-02"]


@pytest.mark.parametrize("texts", [["24/01/15", "24/02/16"], ["15-01-24"]])
def test_years_that_may_be_days_are_asked_about(load, texts):
    found = load(dates(*texts))

    assert found.questions == [("day", "date_order")]
    assert found.profiles["day"].date_orders == ("ymd", "dmy")
    assert set(found.dates) == {None}


def test_years_that_would_not_hang_together_are_days(load):
    assert load(dates("24-01-15", "24-02-16", "24-03-28")).dates == ["2024-01-15", "2024-02-16", "2024-03-28"]


@pytest.mark.parametrize("mark", ["/", "-", "."])
def test_days_before_a_single_two_digit_year_are_not_asked_about(load, mark):
    found = load(dates(*[f"{day}{mark}01{mark}24" for day in (13, 14, 15, 31)]))

    assert found.dates == ["2024-01-13", "2024-01-14", "2024-01-15", "2024-01-31"]


def test_all_orders_that_fit_are_offered(load):
    assert load(dates("04/05/06", "04/05/06")).profiles["day"].date_orders == ("ymd", "dmy", "mdy")


def test_an_answer_settles_the_order_of_two_digit_years(load):
    text = dates("24-01-15", "24-02-16", "24-03-28")

    assert load(text, mapping={"date": {"column": "day", "order": "dmy"}}).dates[0] == "2015-01-24"
    assert load(text, mapping={"date": {"column": "day", "order": "ymd"}}).dates[0] == "2024-01-15"


def test_a_two_digit_year_among_full_ones_is_not_guessed(load):
    found = load(dates(*["2024-01-15"] * 20, "15-01-24"))

    assert found.rejects == [(22, "day", "date_unparsable")]


def test_the_currency_in_the_cell_is_the_currency(load):
    found = load("day,amount\n2026-01-13,EUR 5.00\n2026-01-14,USD 6.00\n2026-01-15,7.00 \u20ac\n")

    assert found.questions == []
    assert list(zip(found.amounts, found.currencies, strict=True)) == [("5", "EUR"), ("6", "USD"), ("7", "EUR")]


def test_a_cell_that_names_another_currency_is_a_reject(load):
    mapping = {**MAPPING, "currency": {"value": "EUR"}}

    found = load("day,amount\n2026-01-13,5.00\n2026-01-14,USD 6.00\n2026-01-15,EUR 7.00\n", mapping=mapping)

    assert found.currencies == ["EUR", "EUR"]
    assert found.rejects == [(3, "amount", "currency_mismatch")]


def test_short_words_are_not_taken_for_currencies(load):
    found = load("item,amount\n" + "FEE,1.50\nTAX,2.50\nNEW,1.00\nOLD,2.00\nSALE,3.00\n" * 3)

    assert found.mapping["currency"] == {"value": "XXX"}
    assert found.rejects == []


def test_an_unknown_order_of_days_keeps_the_rows_raw(load):
    found = load("day,amount\n03/04/2026,1.50\n05/06/2026,2.50\n")

    assert ("day", "date_order") in found.questions
    assert found.amounts == [None, None]
    assert [row["amount"] for row in found.data] == ["1.50", "2.50"]


_PLAIN_ROWS = [
    "2026-01-02,1.50,EUR",
    "2026-02-30,.5,USD",
    "0000-01-01,-7,EUR",
    ",+3,",
    '"",1.2.3,ZZZ',
    "9999-12-31,123456789012345678901234567890.1,JPY",
    "2024-02-29,-,CHF",
    '2026-12-01,"1,234.5",EUR',
    "2026-12-01,0.1234567891,EUR",
]


@pytest.mark.integration
@pytest.mark.parametrize("other", ['" 2026-01-01",1.50,EUR', "2026-01-01,EUR 1.50,EUR", "2026-01-01,1.50,eur"])
def test_a_cell_means_the_same_whatever_other_rows_contain(load, other):
    mapping = {**MAPPING, "currency": {"column": "currency"}}
    text = "day,amount,currency\n" + "\n".join(_PLAIN_ROWS) + "\n"

    plain, mixed = load(text, mapping=mapping), load(text + other + "\n", mapping=mapping)

    assert mixed.rejects == plain.rejects
    assert [line for line, _, _ in plain.rejects] == [3, 4, 6, 7, 10]
    for name in ("rows", "amounts", "currencies", "dates"):
        assert getattr(mixed, name)[:-1] == getattr(plain, name), name
    assert (mixed.amounts[-1], mixed.currencies[-1]) == ("1.5", "EUR")


@pytest.mark.integration
def test_the_profile_counts_rows_and_not_distinct_values(load):
    rows = [f"{'A' if n % 3 else ''},{n % 7}.50" for n in range(9_000)]

    found = load("kind,amount\n" + "\n".join(rows) + "\n")

    assert found.profiles["kind"].fill == round(2 / 3, 4)
    assert (found.profiles["kind"].distinct, found.profiles["amount"].distinct) == (1, 7)
    assert found.profiles["amount"].type == "amount"
