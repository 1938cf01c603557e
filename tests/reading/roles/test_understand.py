"""What tables mean: what arithmetic proves, what words only support, and what has to be asked."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


def test_the_balance_is_never_the_amount_whatever_it_is_called(load):
    found = load(
        rows(
            "day;text;Sum;Amount",
            "2024-01-05;a;990.00;-10.00",
            "2024-01-06;b;1490.00;500.00",
            "2024-01-07;c;1470.00;-20.00",
        )
    )

    assert found.mapping["amount"]["column"] == "Amount"
    assert found.mapping["balance"] == {"column": "Sum"}


def test_names_without_meaning_are_proved_by_the_walk(load):
    found = load(
        rows(
            "a;b;c;d",
            "2024-01-05;x;990.00;-10.00",
            "2024-01-06;y;1490.00;500.00",
            "2024-01-07;z;1470.00;-20.00",
            "2024-01-08;w;1400.00;-70.00",
        )
    )

    assert found.mapping["amount"]["column"] == "d"
    assert found.amounts == ["-10", "500", "-20", "-70"]


def test_unknown_words_for_the_sign_are_asked_about(load):
    found = load(rows("Date;Amount;Kind", "2024-01-05;10.00;Pu", "2024-01-06;20.00;Qa", "2024-01-07;30.00;Pu"))

    assert ("Kind", "sign") in found.questions
    assert found.amounts == [None] * 3


def test_unknown_words_are_proved_by_enough_balances(load):
    found = load(
        rows(
            "Date;Amount;Kind;Balance",
            "2024-01-05;10.00;Pu;990.00",
            "2024-01-06;20.00;Qa;1010.00",
            "2024-01-07;30.00;Pu;980.00",
            "2024-01-08;5.00;Qa;985.00",
            "2024-01-09;1.00;Pu;984.00",
        )
    )

    assert found.amounts == ["-10", "20", "-30", "5", "-1"]


def test_a_balance_that_alone_says_the_sign_is_a_question(load):
    found = load(
        rows("Date;Amount;Balance", "2024-03-05;40.00;960.00", "2024-03-16;250.00;1210.00", "2024-03-18;19.95;1190.05")
    )

    assert ("Amount", "sign") in found.questions
    assert found.amounts == [None] * 3


def test_totals_are_left_out_and_a_shop_called_total_is_not(load):
    found = load(
        rows(
            "Date,Text,Amount",
            "2024-01-05,TOTAL STATION,10.00",
            "2024-01-06,Shop,20.00",
            "2024-01-07,Cafe,3.00",
            "2024-01-07,Total,33.00",
        )
    )

    assert found.amounts == ["10", "20", "3"]
    assert found.left_out == [(5, "total")]


def test_net_is_what_moved_if_gross_less_fee_proves_it(load):
    found = load(
        rows(
            "Date,Gross,Fee,Net",
            "2024-01-05,100.00,2.50,97.50",
            "2024-01-06,50.00,1.40,48.60",
            "2024-01-07,10.00,0.30,9.70",
        )
    )

    assert found.mapping["amount"]["column"] == "Net"


def test_three_columns_that_add_up_without_names_are_a_question(load):
    found = load(
        rows("Date,P,Q,R", "2024-01-05,100.00,40.00,60.00", "2024-01-06,50.00,50.00,0.00", "2024-01-07,10.00,3.00,7.00")
    )

    assert "amount_column" in [kind for _, kind in found.questions]
    assert set(found.amounts) == {None}


def test_a_fee_that_nothing_relates_to_the_amount_is_a_question(load):
    found = load(rows("Date,Amount,Fee", "2024-01-05,100.00,2.50", "2024-01-06,50.00,1.40"))

    assert found.questions == [("Amount", "amount_column")]


def test_pending_rows_are_left_out_and_said(load):
    found = load(
        rows(
            "Date,Amount,Status", "2024-01-05,10.00,completed", "2024-01-06,20.00,pending", "2024-01-07,30.00,completed"
        )
    )

    assert found.amounts == ["10", "30"]
    assert found.left_out == [(3, "not_booked")]
    assert ("Status", "skip") in found.questions


def test_rows_of_an_unknown_state_show_no_amount(load):
    found = load(
        rows("Date,Amount,Status", "2024-01-05,10.00,completed", "2024-01-06,20.00,xyzzy", "2024-01-07,30.00,completed")
    )

    assert found.amounts == ["10", None, "30"]
    assert ("Status", "skip") in found.questions


def test_pending_rows_that_are_taken_in_are_rows(load):
    text = rows("Date,Amount,Status", "2024-01-05,10.00,completed", "2024-01-06,20.00,pending")

    assert load(text, mapping={"skip": []}).amounts == ["10", "20"]


@pytest.mark.parametrize("caption", ["Pending transactions", "Vorgemerkte Umsätze"])
def test_a_caption_says_that_the_rows_below_are_pending(load, caption):
    found = load(
        f"{caption}\nDate,Text,Amount\n2024-04-01,a,-120.00\n2024-04-02,b,-18.00\n\n"
        "Booked\nDate,Text,Amount\n2024-03-05,c,-12.50\n2024-03-16,d,1250.00\n2024-03-28,e,-300.00\n"
    )

    assert found.amounts == ["-12.5", "1250", "-300"]


def test_years_of_another_calendar_are_asked_about(load):
    found = load(rows("Date,Amount", "2080-09-15,10.00", "2080-09-16,20.00", "2080-09-17,5.00"))

    assert ("Date", "date_column") in found.questions


def test_another_date_column_decides_the_order(load):
    found = load(rows("Booked,Value date,Amount", "03/04/2024,2024-04-03,1.50", "05/06/2024,2024-06-05,2.50"))

    assert found.dates == ["2024-04-03", "2024-06-05"]


def test_the_currency_of_the_purchase_is_not_that_of_the_account(load):
    found = load(
        rows(
            "Date,Local amount,Local currency,Amount in EUR",
            "2024-03-05,-1150.00,NOK,-100.20",
            "2024-03-16,800.00,EUR,800.00",
        )
    )

    assert found.amounts == ["-100.2", "800"]
    assert found.currencies == ["EUR", "EUR"]


def test_the_smallest_unit_is_asked_about(load):
    found = load(rows("Date,amount_cents,currency", "2024-03-05,1050,EUR", "2024-03-06,99,EUR"))

    assert found.questions == [("amount_cents", "minor_units")]
    answered = load(
        rows("Date,amount_cents,currency", "2024-03-05,1050,EUR", "2024-03-06,99,JPY"),
        mapping={"amount": {"column": "amount_cents", "minor_units": True}},
    )
    assert answered.amounts == ["10.5", "99"]


def test_rows_that_lack_their_last_cells_are_read_if_most_do(load):
    found = load("Date,Amount,Text,Note\n2024-03-05,-12.50,Shop\n2024-03-16,1250.00,Client,x\n2024-03-28,-300.00\n")

    assert found.amounts == ["-12.5", "1250", "-300"]


UNKNOWN_WORDS = "Date;Other;Amount;Kind\n2024-01-05;1.00;10.00;Pu\n2024-01-06;2.00;20.00;Qa\n2024-01-07;3.00;30.00;Pu\n"


def test_pointing_at_the_amount_leaves_its_sign_to_be_asked(load):
    found = load(UNKNOWN_WORDS, mapping={"amount": {"column": "Amount"}})

    assert ("Kind", "sign") in found.questions
    assert found.amounts == [None] * 3


def test_an_answer_about_the_sign_is_the_last_one(load):
    sign = {"column": "Kind", "negative": ["Pu"], "positive": ["Qa"]}

    found = load(UNKNOWN_WORDS, mapping={"amount": {"column": "Amount", "sign": sign}})

    assert found.amounts == ["-10", "20", "-30"]


def test_an_amount_that_is_said_completely_is_not_asked_about(load):
    found = load(UNKNOWN_WORDS, mapping={"amount": {"column": "Amount", "decimal": "."}})

    assert found.amounts == ["10", "20", "30"]


def test_pointing_at_an_amount_of_two_readings_leaves_the_mark_to_be_asked(load):
    found = load("Date;A;B\n2024-01-05;1.000;2\n2024-01-06;2.000;3\n", mapping={"amount": {"column": "A"}})

    assert ("A", "decimal_mark") in found.questions


def test_pointing_at_a_date_of_two_readings_leaves_the_order_to_be_asked(load):
    found = load(
        "A;B;Amount\n03/04/2024;2024-01-01;1.00\n05/06/2024;2024-09-02;2.00\n", mapping={"date": {"column": "A"}}
    )

    assert ("A", "date_order") in found.questions


def test_lines_that_are_taken_in_are_rows(load):
    text = rows("Date,Text,Amount", "2024-01-05,a,10.00", "2024-01-06,b,20.00", "2024-01-07,Total,30.00")

    assert load(text).left_out == [(4, "total")]
    assert load(text, mapping={"table": {"take_in": [4]}}).amounts == ["10", "20", "30"]


def test_only_the_lines_of_the_table_are_rows(load):
    text = rows("Date,Text,Amount", "2024-01-05,a,10.00", "2024-01-06,b,20.00", "2024-01-07,c,35.00")

    assert load(text, mapping={"table": {"first_row": 3, "last_row": 3}}).amounts == ["20"]


def test_a_value_of_the_sign_column_that_nobody_named_is_a_reject(load):
    sign = {"column": "Kind", "negative": ["Pu"], "positive": ["Qa"]}
    text = UNKNOWN_WORDS + "2024-01-08;4.00;40.00;Zz\n"

    found = load(text, mapping={"amount": {"column": "Amount", "sign": sign}})

    assert found.rejects == [(5, "Kind", "sign_unknown")]


def test_the_turnover_of_signed_rows_is_no_booking(load):
    found = load(
        rows(
            "Date;Text;Amount;D/C",
            "2024-02-01;Opening balance;412.10;C",
            "2024-02-03;Shop;18.40;D",
            "2024-02-05;Wages;2150.00;C",
            "2024-02-14;Rent;640.00;D",
            "2024-02-29;Turnover;1491.60;C",
            "2024-02-29;Closing balance;1903.70;C",
        )
    )

    assert found.amounts == ["-18.4", "2150", "-640"]
    assert [reason for _, reason in found.left_out] == ["opening_balance", "total", "closing_balance"]


def test_what_is_paid_has_the_tax_in_it(load):
    found = load(
        rows("Date,Invoice,Net,VAT,Gross", "2024-03-04,A-1,100.00,21.00,121.00", "2024-03-15,A-2,50.00,10.50,60.50")
    )

    assert found.amounts == ["121", "60.5"]


def test_several_pairs_of_sides_are_asked_about(load):
    found = load(
        rows(
            "Account,Opening Dr,Opening Cr,Closing Dr,Closing Cr",
            "1000,500.00,,650.00,",
            "2000,,200.00,,140.00",
            "3000,,300.00,,510.00",
        )
    )

    assert "amount_column" in [kind for _, kind in found.questions]
    assert set(found.amounts) == {None}


def test_points_that_walk_are_not_the_amount(load):
    found = load(
        rows(
            "Date,Points,Points left,Paid",
            "2024-05-02,45,45,45.90",
            "2024-05-13,120,165,120.00",
            "2024-05-21,8,173,8.25",
        )
    )

    assert found.mapping.get("amount", {}).get("column") != "Points"


def test_codes_of_digits_that_may_be_signs_are_asked_about(load):
    found = load(
        rows("Date;Text;Kd;Amount", "2025-03-03;a;05;42.10", "2025-03-14;b;15;1840.25", "2025-03-27;c;05;12.00")
    )

    assert ("Kd", "sign") in found.questions
    assert found.amounts == [None] * 3


def test_a_count_beside_the_amount_is_no_sign(load):
    found = load(
        rows("Date;Text;Quantity;Amount", "2025-03-03;a;1;42.10", "2025-03-14;b;2;1840.25", "2025-03-27;c;1;12.00")
    )

    assert found.amounts == ["42.1", "1840.25", "12"]


def test_states_are_found_beside_a_word_that_all_of_them_share(load):
    found = load(
        rows(
            "Date;Amount;Info",
            "2025-03-28;-61.07;Entry pending",
            "2025-03-27;-12.00;Entry booked",
            "2025-03-14;5.00;Entry booked",
        )
    )

    assert found.amounts == ["-12", "5"]


def test_a_booking_whose_date_cannot_be_read_is_a_reject_and_not_left_out(load):
    found = load(
        rows(
            "Date,Text,A,B,C,D,Amount",
            "2025-03-27,a,x,x,x,x,-12.00",
            "2025-03-14 or 2025-03-13,b,,,,,1840.25",
            "2025-03-05,c,x,x,x,x,-650.00",
        )
    )

    assert found.rejects == [(3, "Date", "date_unparsable")]
    assert found.left_out == []


def test_a_fee_that_quantity_and_price_explain_is_in_the_amount(load):
    found = load(
        rows("Date,Quantity,Price,Fee,Amount", "2025-03-03,10,101.50,1.00,-1016.00", "2025-03-05,-4,110.00,1.00,439.00")
    )

    assert found.amounts == ["-1016", "439"]


def test_a_fee_that_is_taken_off_beside_other_columns_is_in_the_amount(load):
    lines = [
        f"2025-0{n}-25,{1000 + 100 * n}.00,{30 * n}.00,{n}.50,{n * n}.00,{1000 + 130 * n - n * n - n - 0.5:.2f}"
        for n in range(1, 7)
    ]
    asked = load(rows("Date,Salary,Allowance,Fee,Tax,Net", *(line[:-1] + "7" for line in lines)))

    assert load(rows("Date,Salary,Allowance,Fee,Tax,Net", *lines)).amounts == [
        f"{1000 + 130 * n - n * n - n - 0.5:g}" for n in range(1, 7)
    ]
    assert "amount_column" in [kind for _, kind in asked.questions]


def test_a_flag_times_the_amount_explains_no_fee(load):
    found = load(
        rows("Date,Settled,Fee,Amount,Net in", "2025-03-03,1,2.50,100.00,97.50", "2025-03-05,1,1.40,50.00,0.00")
    )

    assert found.amounts == [None, None]


def test_of_the_same_amount_in_two_currencies_the_one_of_the_account_counts(load):
    found = load(
        "Account in;euros\n\nDate;Amount(EUROS);Amount(FRANCS)\n27/03/2025;-12,00;-78,71\n14/03/2025;1840,25;12071,25\n"
        "05/03/2025;-650,00;-4263,72\n"
    )

    assert found.amounts == ["-12", "1840.25", "-650"]
    assert found.currencies == ["EUR"] * 3


@pytest.mark.parametrize("word", ["payment", "purchase", "refund"])
def test_words_that_each_party_sees_differently_are_no_signs(load, word):
    found = load(
        rows("Date,Type,Amount", f"2025-03-03,{word},10.00", "2025-03-04,sale,20.00", f"2025-03-05,{word},30.00")
    )

    assert "-10" not in found.amounts


def test_a_new_word_in_a_proved_sign_column_is_a_reject_and_not_money_in(load):
    text = rows(
        "Date;Amount;Side;Balance",
        "2024-01-05;10.00;Debit;990.00",
        "2024-01-06;20.00;Credit;1010.00",
        "2024-01-07;30.00;Debit;980.00",
    )
    sign = load(text).mapping["amount"]["sign"]

    assert sign == {"column": "Side", "negative": ["Debit"], "positive": ["Credit"]}
    again = load(
        text + "2024-01-08;5.00;Storno;980.00\n", mapping={"amount": {"column": "Amount", "decimal": ".", "sign": sign}}
    )
    assert again.rejects == [(5, "Side", "sign_unknown")]


def test_smallest_units_of_an_unknown_currency_show_no_amount(load):
    found = load(
        rows("Date,amount_cents", "2024-03-05,1050", "2024-03-06,99"),
        mapping={"amount": {"column": "amount_cents", "minor_units": True}},
    )

    assert found.amounts == [None, None]
    assert ("amount_cents", "currency") in found.questions


@pytest.mark.parametrize(
    "name", ["Cleared Balance", "Pending balance", "Cleared", "Status saldo"], ids=lambda name: name.lower()
)
def test_money_with_decimals_is_no_state_whatever_it_is_called(load, name):
    found = load(
        rows(
            f"Date,Details,Money Out,Money In,Book Balance,{name}",
            '2024-03-04,a,,"18,000.00","24,310.00","24,310.00"',
            '2024-03-18,b,"5,000.00",,"19,310.00","19,310.00"',
            '2024-03-18,c,35.00,,"19,275.00","19,275.00"',
        )
    )

    assert {kind for _, kind in found.questions} == {"currency"}
    assert found.amounts == ["18000", "-5000", "-35"]


@pytest.mark.parametrize(
    "lines",
    [
        ["2024-04-28,-18.66,731.34,0.10", "2024-04-15,640.00,750.00,0.00", "2024-04-06,-200.00,110.00,1.00"],
        ["2024-04-06,-200.00,110.00,1.00", "2024-04-15,640.00,750.00,0.00", "2024-04-28,-18.66,731.34,0.10"],
        ["2024-04-28,-18.66,731.34,-0.10", "2024-04-15,640.00,750.00,", "2024-04-06,-200.00,110.00,-1.00"],
    ],
    ids=["newest first", "oldest first", "with a minus"],
)
def test_a_fee_that_some_balances_show_to_be_included_is_included_everywhere(load, lines):
    found = load(rows("Date,Amount,Balance,Total fees", *lines))

    assert {kind for _, kind in found.questions} == {"currency"}
    assert sorted(found.amounts) == ["-18.66", "-200", "640"]


def test_a_fee_that_no_balance_shows_is_asked_about(load):
    found = load(
        rows("Date,Amount,Balance,Total fees", "2024-04-28,-18.66,731.34,0.00", "2024-04-15,640.00,750.00,1.50")
    )

    assert ("Amount", "amount_column") in found.questions


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        (
            "Date,Amount,Fees & Taxes,Net",
            ["35.42,--,35.42", "--,-2.30,-2.30", "87.55,--,87.55", "--,-5.69,-5.69", "-63.13,--,-63.13"],
        ),
        (
            "Date,Debit,Credit,Balance",
            ["35.42,0.00,35.42", "0.00,2.30,-2.30", "87.55,0.00,87.55", "0.00,5.69,-5.69", "0.00,63.13,-63.13"],
        ),
    ],
    ids=["sales and fees", "debit less credit"],
)
def test_a_column_that_repeats_one_of_two_others_with_its_sign_is_the_amount(load, header, lines):
    found = load(rows(header, *(f"2024-03-{n + 5:02d},{line}" for n, line in enumerate(lines))))

    assert found.amounts == ["35.42", "-2.3", "87.55", "-5.69", "-63.13"]
    assert "amount_column" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(("month", "year"), [("本期合计", "本年累计"), ("本月合計", "累計"), ("당월합계", "누계")])
def test_the_totals_of_months_and_years_are_left_out(load, month, year):
    lines = [
        "2024-01-05,记-1,,94.75,905.25",
        "2024-01-10,记-3,736.89,,1642.14",
        f",{month},736.89,94.75,1642.14",
        f",{year},736.89,94.75,1642.14",
        "2024-02-01,记-12,85.75,,1727.89",
        f",{month},85.75,0.00,1727.89",
        f",{year},822.64,94.75,1727.89",
    ]
    found = load("\n".join(["日期,摘要,借方金额,贷方金额,余额", *lines]) + "\n")

    assert found.amounts == ["-94.75", "736.89", "85.75"]


def test_the_number_of_each_bill_is_no_account_whatever_the_word_says(load):
    lines = (f"E-PLD-2024-00{n};2024.02.{n};1{n}5 274;HUF" for n in range(10, 16))
    found = load("\n".join(["Számlaszám;Kelt;Bruttó;Pénznem", *lines]) + "\n")

    assert found.references == [f"E-PLD-2024-00{n}" for n in range(10, 16)]


def test_whole_numbers_without_names_are_codes_beside_amounts(load):
    """As a bank lists them without a header: an account, a branch, the day, the amount, a code, a text and a flag."""
    values = ["-229886.69", "-980404.75", "650607.68", "-319693.69", "-242041.30"]
    codes = ["3339", "3339", "2524", "3340", "3339"]
    lines = (
        f"290-000000-01,290,,2017010{n},,{a},{c},TEXT {n},0"
        for n, (a, c) in enumerate(zip(values, codes, strict=True), 3)
    )

    found = load("\n".join(lines) + "\n")

    assert found.amounts == ["-229886.69", "-980404.75", "650607.68", "-319693.69", "-242041.3"]


@pytest.mark.parametrize(("tax", "kind"), [("Tax", "amount_column"), ("VAT", "currency")])
def test_what_a_tax_leaves_may_be_what_somebody_is_paid(load, tax, kind):
    lines = [
        "2024-01-31,3200.00,640.00,2560.00",
        "2024-01-31,2000.00,350.00,1650.00",
        "2024-01-31,1850.00,300.00,1550.00",
    ]
    found = load(rows(f"Date,Gross,{tax},Net", *lines))

    assert [asked for _, asked in found.questions] == [kind]


def test_without_amounts_an_address_in_summer_hill_is_no_total_and_a_record_lacks_cells(load):
    lines = [f"name {chr(97 + n % 26) * (n % 9 + 1)}{n};{n} road;summer hill;{1000 + n}" for n in range(40)]
    found = load(rows("name;street;town;zip", *lines, "nobody;;;1999", "summer;9 road;summerset;1001"))

    assert not found.left_out


def test_a_first_row_of_texts_only_is_no_second_row_of_names(load):
    lines = [f"Speaker {n};{'about it' if n % 2 else ''};{n}9.50" for n in range(1, 12)]
    found = load(rows("title;details;price", "Sonara headphones;white;", *lines))

    assert list(found.data[0]) == ["title", "details", "price"]
    assert len(found.data) == 12


def test_payments_called_a_balance_are_bookings_if_the_numbers_say_so(load):
    """Italians write "saldo" when they pay the rest of an invoice."""
    lines = [
        f"{n:02}/03/2025;Cliente {n % 17};{'SALDO' if n % 4 == 0 else f'FATT {n}'};{n * 37 % 91 + 1},{n % 10}0"
        for n in range(1, 29)
    ]

    found = load(rows("Data;Ordinante;Causale;Importo", *lines))

    assert (len(found.amounts), found.left_out) == (28, [])


@pytest.mark.parametrize("step", [1, -1], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("words", [("Open balance", "Close balance"), ("Saldo A", "Saldo B")])
def test_balances_around_the_bookings_are_none_whatever_they_are_called(words, step, load):
    amounts = [(-1) ** n * (n * 37 % 91 + 1) for n in range(9)]
    lines = [
        f"H,2025-03-01,{words[0]},500.00",
        *(f"H,2025-03-0{n},Text {n},{amount}.00" for n, amount in enumerate(amounts, 1)),
        f"H,2025-03-09,{words[1]},{500 + sum(amounts)}.00",
    ]

    found = load(rows("H,20250301,Bank,", "No,0,Konto 12,", *lines[::step]))

    assert found.amounts == [f"{amount}" for amount in amounts][::step]
    assert sorted(reason for _, reason in found.left_out if "balance" in reason) == [
        "closing_balance",
        "opening_balance",
    ]


@pytest.mark.parametrize("words", [["Saldo"] * 4, [f"Saldo al {n:02}/03" for n in (4, 8, 12, 16)]])
def test_balances_between_the_bookings_are_none(words, load):
    amounts = [n * 37 % 91 + 1 for n in range(16)]
    lines, total = [], 100
    for n, amount in enumerate(amounts, 1):
        total += amount
        lines.append(f"{n:02}/03/2025;Cliente;FATT {n};{amount},00")
        if n % 4 == 0:
            lines.append(f"{n:02}/03/2025;;{words[n // 4 - 1]};{total},00")

    found = load(rows("Data;Ordinante;Causale;Importo", *lines))

    assert (found.amounts, len(found.left_out)) == ([f"{amount}" for amount in amounts], 4)


def test_articles_without_a_price_and_people_without_a_birthday_are_records(load):
    articles = rows(
        "item,name,department,price", "101,Lamp,Light,9.90", "102,Chair,Seats,45.00", "103,Desk,,", "104,Rug,,7.50"
    )
    people = rows("surname,given,born,street,town", *["Hall,Ann,1980-02-03,Elm 1,Bath"] * 3, "Ray,Bo,,,")

    assert (load(articles).amounts, load(articles).left_out) == (["9.9", "45", None, "7.5"], [])
    assert load(people).left_out == []


def test_what_carries_a_balance_forward_may_be_a_kind_of_booking(load):
    """Shops in Germany call a transfer to the bank so, which carries nothing forward."""
    kinds = ["Bestellung", "Bestellung", "Übertrag", "Erstattung", "Bestellung"]
    values = ["68.51", "37.58", "-34.92", "-26.94", "71.24"]
    lines = [
        f"0{n}.03.2025;{kind};{'' if kind == 'Übertrag' else f'302-{n}9'};{kind};{value.replace('.', ',')}"
        for n, (kind, value) in enumerate(zip(kinds, values, strict=True), 1)
    ]
    found = load(rows("Datum;Typ;Bestellnummer;Text;Betrag EUR", *lines))

    assert (found.amounts, found.left_out) == (values, [])


def test_whole_numbers_of_one_length_are_no_amounts_beside_one_with_decimals(load):
    lines = [f"0{n}.03.2025;2025{n * n * n * 431 % 9000 + 1000};{n * 7},10" for n in range(1, 6)]

    assert load(rows("Datum;Zed;Celkem", *lines)).amounts == [f"{n * 7}.1" for n in range(1, 6)]


def test_what_fees_leave_is_the_amount_though_all_numbers_are_whole(load):
    """The names of the last columns say little, and "No." says in some languages that money went out."""
    goods = (
        (383500, -19175, -23681),
        (132000, -6600, -8151),
        (67000, -3350, -4137),
        (119000, -5950, -7348),
        (369500, -18475, -22817),
    )
    lines = (f"{n},25058709697{n:02d},2025-05-{n + 12},{a},{b},{c},{a + b + c}" for n, (a, b, c) in enumerate(goods, 1))
    found = load(rows("No.,No. Zed,Date,Price,Taken,Kept,Total Zed", *lines))

    assert found.amounts == [str(a + b + c) for a, b, c in goods]


def test_a_sum_of_whole_numbers_is_asked_about_if_nothing_is_taken_off(load):
    parts = ((383, 19, 23), (132, 66, 81), (67, 35, 41), (119, 59, 73), (369, 18, 22))
    lines = (f"2025-05-{n + 12},{a},{b},{c},{a + b + c}" for n, (a, b, c) in enumerate(parts))
    found = load(rows("Date,Price,Vik,Pel,Total Zed", *lines))

    assert "amount_column" in {kind for _, kind in found.questions}


def test_an_amount_of_too_many_decimals_is_the_amount_and_its_rows_are_rejects(load):
    lines = [f"2024-03-{n:02d},{n},0.{n}5565946792{n}" for n in range(1, 5)]

    found = load("\n".join(["Date,Quantity,Earnings (USD)", *lines]) + "\n")

    assert found.mapping["amount"]["column"] == "Earnings (USD)"
    assert [code for *_, code in found.rejects] == ["too_many_decimals"] * 4
    assert found.questions == []
