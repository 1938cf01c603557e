"""The currency of an amount, which is not always the one that stands beside it."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "header",
    ["Date,Text,Amount,Cur,Balance", "Fecha,Concepto,Importe,Divisa,Saldo", "Zug,Vok,Pel,Cur,Rest"],
    ids=["English", "Spanish", "unknown"],
)
def test_a_balance_that_walks_across_currencies_is_in_none_of_them(load, header):
    found = load(
        rows(
            header,
            "2024-03-05,a,-10.00,USD,90.00",
            "2024-03-06,b,-5.00,GBP,85.00",
            "2024-03-09,c,7.00,USD,92.00",
            "2024-03-12,d,-2.00,EUR,90.00",
        )
    )

    assert found.amounts == ["-10", "-5", "7", "-2"]
    assert found.mapping["currency"] == {"value": "XXX"}
    assert "currency" in {kind for _, kind in found.questions}


def test_the_currency_of_the_account_is_kept_beside_that_of_the_payment(load):
    found = load(
        rows(
            "Date,Amount,Cur,Paid,In,Balance",
            "2024-03-05,-10.00,EUR,-11.00,USD,90.00",
            "2024-03-06,-5.00,EUR,-4.30,GBP,85.00",
            "2024-03-09,7.00,EUR,7.70,USD,92.00",
        )
    )

    assert found.currencies == ["EUR"] * 3


def test_each_currency_with_a_balance_of_its_own_is_kept(load):
    found = load(
        rows(
            "Date,Amount,Currency,Balance",
            "2024-03-05,-10.00,EUR,90.00",
            "2024-03-06,-5.00,USD,45.00",
            "2024-03-09,7.00,EUR,97.00",
            "2024-03-12,-2.00,USD,43.00",
            "2024-03-15,-1.00,EUR,96.00",
            "2024-03-20,-3.00,USD,40.00",
        )
    )

    assert found.currencies == ["EUR", "USD"] * 3


@pytest.mark.parametrize("caption", ["Account: USD", "USD", "Währung = CHF"])
def test_sections_in_several_currencies_are_not_all_in_that_of_the_first_line(load, caption):
    found = load(
        rows(
            "Account: EUR",
            ",,",
            "Date,Text,Amount",
            "2024-03-05,a,-10.00",
            "2024-03-06,b,5.00",
            ",,",
            f"{caption},,",
            "2024-03-09,c,7.00",
            "2024-03-12,d,-2.00",
        )
    )

    assert found.amounts == ["-10", "5", "7", "-2"]
    assert found.mapping["currency"] == {"value": "XXX"}


@pytest.mark.parametrize(
    "above",
    [
        "All amounts in EUR unless stated otherwise",
        "Alle Beträge in EUR sofern nicht anders gekennzeichnet",
        "Conta ;0123456 - EUR - Conta Extracto",
    ],
)
def test_a_sentence_above_the_table_names_the_currency(load, above):
    found = load(rows(above, "", "Date;Amount;Text", "2024-03-05;-10,00;a", "2024-03-06;-5,50;b", "2024-03-09;7,00;c"))

    assert found.mapping["currency"] == {"value": "EUR"}
    assert found.questions == []


@pytest.mark.parametrize("above", ["Amounts in EUR and USD", "ALL ACCOUNTS OF TOP TRY LTD", "Report EURX 12"])
def test_a_sentence_that_names_none_or_several_does_not(load, above):
    found = load(rows(above, "", "Date;Amount;Text", "2024-03-05;-10,00;a", "2024-03-06;-5,50;b", "2024-03-09;7,00;c"))

    assert found.mapping["currency"] == {"value": "XXX"}


@pytest.mark.parametrize(("name", "code"), [("金額（円）", "JPY"), ("Amount （EUR）", "EUR"), ("金额［元］", "CNY")])
def test_wide_brackets_are_brackets(load, name, code):
    found = load(rows(f"Date,{name},Text", "2024-03-05,-1000,a", "2024-03-06,-550,b", "2024-03-09,70,c"))

    assert found.mapping["currency"] == {"value": code}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Jumlah (RM)", "MYR"),
        ("Harga (Rp)", "IDR"),
        ("Összeg (Ft)", "HUF"),
        ("Částka [Kč]", "CZK"),
        ("Amount (Dr)", "XXX"),
    ],
)
def test_a_short_name_of_a_currency_in_brackets(load, name, code):
    found = load(f"Date,Text,{name}\n2024-03-05,a,-10.50\n2024-03-06,b,5.25\n")

    assert found.currencies == [code, code]


@pytest.mark.parametrize("code", ["HRK", "LTL", "BYR", "BGN"])
def test_a_currency_that_is_no_more_stands_in_files_of_its_time(load, code):
    found = load(f"Date,Text,Amount,Currency\n2012-03-05,a,-10,{code}\n2012-03-06,b,25,{code}\n")

    assert found.currencies == [code, code]


def with_yen(text, first, second, name="Amount"):
    return rows(f"日付,{name},摘要", f'2024-03-05,"{first}",{text}', f'2024-03-06,"{second}",{text}')


@pytest.mark.parametrize(
    ("text", "first", "second", "code", "amount"),
    [
        ("カード", "¥1,250", "-¥300", "JPY", "1250"),
        ("ガス代", "￥1,250", "￥12,500", "JPY", "1250"),
        ("电费", "¥12.50", "-¥3.40", "CNY", "12.5"),
    ],
    ids=["yen", "wide sign", "yuan"],
)
def test_the_script_of_a_table_says_what_its_yen_sign_means(load, text, first, second, code, amount):
    found = load(with_yen(text, first, second))

    assert set(found.currencies) == {code}
    assert found.amounts[0] == amount


@pytest.mark.parametrize(
    ("text", "amount"), [("电费", "¥1250"), ("rent", "¥12.50")], ids=["no decimals", "no Chinese letters"]
)
def test_a_yen_sign_that_nothing_explains_is_asked_about(load, text, amount):
    found = load(f"Date,Amount,Text\n2024-03-05,{amount},{text}\n2024-03-06,-{amount},{text}\n")

    assert ("Amount", "currency") in found.questions


def test_a_column_whose_name_has_the_sign_of_the_yen_is_in_yen(load):
    assert set(load(with_yen("ガス", "1250", "-300", name="金額(¥)")).currencies) == {"JPY"}


def test_the_tickers_of_coins_are_the_currencies_of_amounts_with_many_decimals(load):
    found = load(
        rows("Time,Coin,Change", "2024-03-05,BTC,0.00120034", "2024-03-06,EUR,-50.25", "2024-03-07,ETH,-0.125")
    )

    assert found.currencies == ["BTC", "EUR", "ETH"]


def test_tickers_that_are_no_codes_are_asked_about(load):
    found = load(rows("Time,Coin,Change", "2024-03-05,USDT,10.00120034", "2024-03-06,EUR,-50.25"))

    assert found.amounts == ["10.00120034", "-50.25"]
    assert ("Change", "currency") in found.questions


def test_the_amount_whose_own_currency_never_varies_is_that_of_the_account(load):
    found = load(
        rows(
            "Date,Zed,Cur,Vok,Cur 2",
            "2024-03-05,37.00,EUR,40.00,USD",
            "2024-03-06,12.00,EUR,12.00,EUR",
            "2024-03-07,9.25,EUR,10.00,USD",
            "2024-03-08,5.50,EUR,5.50,EUR",
        )
    )

    assert found.amounts == ["37", "12", "9.25", "5.5"]
    assert set(found.currencies) == {"EUR"}


def test_a_sign_in_a_sentence_above_the_table_is_its_currency(load):
    found = load(
        rows("Balance,£1234.50 as at 5 March 2024", "", "Date,Text,Amount", "2024-03-05,a,-5.50", "2024-03-06,b,7.00")
    )

    assert set(found.currencies) == {"GBP"}


def test_coins_have_decimals_beside_long_numbers(load):
    found = load(
        rows(
            "User,Time,Coin,Change",
            "45000000,2024-03-05,USDT,66.03647888",
            "45000000,2024-03-06,BTC,-0.14432777",
            "45000000,2024-03-07,BTC,1.5",
        )
    )

    assert found.amounts == ["66.03647888", "-0.14432777", "1.5"]


def test_a_code_in_brackets_behind_letters_without_case_is_a_currency(load):
    found = load(
        rows(
            "幣別：新臺幣(TWD)",
            "交易日期,摘要,支出金額,存入金額",
            '2024/01/03,電費,"3,229",',
            '2024/01/06,利息,,"28,152"',
        )
    )

    assert set(found.currencies) == {"TWD"}


def test_a_row_that_is_no_booking_names_the_currency(load):
    lines = (f"1,,,{n}.50,2024-03-{n:02d}" for n in range(5, 9))
    found = load("\n".join(["id,total,currency,amount,date", "1,26.00,EUR,,", *lines]) + "\n")

    assert [code for code, amount in zip(found.currencies, found.amounts, strict=True) if amount] == ["EUR"] * 4


def test_a_word_is_a_currency_beside_the_word_for_one(load):
    lines = (f"{n + 10}/03/2024;t{n};-{n}.50" for n in range(1, 4))
    found = load("\n".join(["Moneda:;Soles;", "", "Fecha;Texto;Monto", *lines]) + "\n")

    assert found.currencies == ["PEN"] * 3


def test_a_code_behind_words_of_a_script_without_capitals_is_the_currency(load):
    found = load("العملة: ريال سعودي SAR,,\nDate,Text,Amount\n2024-02-01,a,-10.50\n2024-02-03,b,20.00\n")

    assert found.currencies == ["SAR", "SAR"]


@pytest.mark.parametrize("line", ["# 币种: [人民币]", "Valuta: (CNY)"])
def test_the_currency_of_the_account_may_stand_in_brackets(load, line):
    found = load(f"{line}\n\nDatum,Text,Betrag\n2024-03-05,a,-12.50\n2024-03-06,b,3.10\n2024-03-07,c,4.10\n")

    assert found.currencies == ["CNY"] * 3


@pytest.mark.parametrize(
    ("above", "code"),
    [
        ("All amounts in this report are stated in CHF unless another currency is named beside them", "CHF"),
        ("Todos los importes de este extracto se expresan en MXN, salvo que se indique otra divisa", "MXN"),
        ("Wszystkie kwoty w tym zestawieniu podano w PLN, chyba że przy kwocie podano inną walutę", "PLN"),
        ("Tous les montants de ce relevé sont en CHF et ont été convertis depuis EUR au cours du jour", None),
        ("Overseas purchases that you make with this card are converted to CHF at the rate of the day", None),
    ],
)
def test_a_long_sentence_above_the_table_counts_if_it_is_about_everything(load, above, code):
    found = load(rows(f'"{above}"', "Date,Amount,Text", "2024-03-05,-10.00,a", "2024-03-06,-5.00,b"))

    assert found.mapping["currency"] == {"value": code or "XXX"}


@pytest.mark.parametrize(
    ("above", "header", "code"),
    [
        ("幣別：新臺幣", "日期,支出,存入,結餘", "TWD"),
        ("x", 'תאריך,חובה,זכות,"יתרה בש""ח"', "ILS"),
        ("x", "תאריך,חובה,זכות,יתרה בש״ח", "ILS"),
    ],
)
def test_further_names_of_currencies(load, above, header, code):
    found = load(rows(above, header, "2024-03-05,5.00,,95.00", "2024-03-06,,7.00,102.00", "2024-03-09,2.00,,100.00"))

    assert found.currencies == [code] * 3


def test_a_column_that_repeats_the_amounts_for_people_names_their_currency(load):
    found = load(
        "Datum;Text;Betrag mit Symbol;Betrag numerisch\n"
        "06.05.2025;a;-€ 760,00;-760,00\n06.05.2025;b;€ 1.760,00;1.760,00\n16.05.2025;c;-€ 9,05;-9,05\n"
    )

    assert found.amounts == ["-760", "1760", "-9.05"]
    assert found.currencies == ["EUR"] * 3


def test_another_amount_with_a_currency_says_nothing(load):
    found = load("Datum;Text;Kosten;Betrag\n16.05.2025;a;€ 7,00;-760,00\n17.05.2025;b;€ 1,00;1.760,00\n")

    assert set(found.currencies) <= {None, "XXX"}


@pytest.mark.parametrize(
    "details",
    [("Shop 10.00 USD;;;", "Hotel 20.00 USD;;;"), (";paid in USD;;", ";two parts;;")],
    ids=["amounts", "texts"],
)
def test_what_explains_a_booking_is_not_about_the_currency_of_all(load, details):
    lines = ("2025-03-19;Collective order;-30.00;70.00", *details)
    found = load(rows("Date;Text;Amount;Balance", *lines, "2025-03-20;Pay;5.00;75.00", "2025-03-21;Fee;-1.00;74.00"))

    assert found.amounts == ["-30", "5", "-1"]
    assert set(found.currencies) <= {None, "XXX"}


def test_a_sum_below_names_the_currency_of_all(load):
    lines = ("2025-03-19;Shop;-30.00", "2025-03-20;Pay;5.00", "2025-03-21;Fee;-1.00", "Total -26.00 CHF;;")
    found = load(rows("Date;Text;Amount", *lines))

    assert found.currencies == ["CHF"] * 3


def test_a_name_with_a_currency_is_that_of_an_amount_without_decimals(load):
    found = load(rows("Date,Name,Zaru (€)", "2025-03-19,Ann,132", "2025-03-20,Bob,36", "2025-03-21,Cem,84"))

    assert found.amounts == ["132", "36", "84"]
    assert found.questions == []
