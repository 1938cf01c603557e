"""Which way money moves, where the numbers have no sign: known words decide, and unknown ones are asked about."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


def signed(header, *words):
    """Unsigned amounts with a word in each row."""
    values = ["40.00", "250.00", "19.95", "5.00", "15.00", "3.10"]
    return rows(
        header, *(f"2024-03-{n:02d},{v},{w},t{n}" for n, (v, w) in enumerate(zip(values, words, strict=False), 1))
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Laji", ["Zela mut", "Zela tor", "Zela mut"]),
        ("Laji", ["Zela", "Tora", "Zela", "Muro", "Muro"]),
        ("Laji", ["→", "←", "→", "←"]),
        ("Key", ["40", "50", "40", "50"]),
        ("Type", ["Sale", "Refund", "Payout", "Fee", "Sale"]),
        ("Type", ["Invoice", "Credit note", "Invoice"]),
        ("Vrsta", ["uplaceno na", "isplaceno sa", "uplaceno na", "isplaceno sa"]),
    ],
    ids=["phrases", "three words", "arrows", "posting keys", "four types", "credit notes", "other language"],
)
def test_unknown_values_that_may_say_the_sign_are_asked_about(load, name, words):
    found = load(signed(f"Date,Amount,{name},Text", *words))

    assert (name, "sign") in found.questions
    assert set(found.amounts) == {None}


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("is_debit", ["true", "false", "true"]),
        ("Credit", ["no", "yes", "no"]),
        ("Outgoing", ["1", "0", "1"]),
        ("incoming", ["N", "Y", "N"]),
    ],
)
def test_a_flag_under_the_name_of_a_side_says_the_sign(load, name, flags):
    found = load(signed(f"Date,Amount,{name},Text", *flags))

    assert found.amounts == ["-40", "250", "-19.95"]


@pytest.mark.parametrize(
    "words", [["Food", "Rent", "Food"], ["Card", "Cash", "Card"], ["a", "b", "a"]], ids=lambda words: words[0]
)
def test_values_in_a_column_of_texts_are_no_signs(load, words):
    found = load(signed("Date,Amount,Description,Note", *words))

    assert found.amounts == ["40", "250", "19.95"]


@pytest.mark.parametrize(
    "lines",
    [
        ["2024-03-05,10.00,90.00", "2024-03-06,5.00,85.00"],
        ["2024-03-05,10.00,90.00", "2024-03-06,5.00,85.00", "2024-03-09,15.00,70.00", "2024-03-12,5.00,65.00"],
        ["2024-03-12,5.00,65.00", "2024-03-09,15.00,70.00", "2024-03-06,5.00,85.00", "2024-03-05,10.00,90.00"],
        ["2024-03-05,5.00,65.00", "2024-03-05,15.00,50.00", "2024-03-05,5.00,45.00", "2024-03-05,10.00,35.00"],
        ["2024-03-05,40.00,960.00", "2024-03-16,250.00,1210.00", "2024-03-18,19.95,1190.05"],
    ],
    ids=["two rows", "oldest first", "newest first", "one day", "up and down"],
)
def test_unsigned_amounts_by_which_a_balance_falls_are_never_money_in(load, lines):
    found = load(rows("Date,Amount,Balance", *lines))

    assert ("Amount", "sign") in found.questions
    assert set(found.amounts) == {None}


def test_somebody_can_say_that_all_amounts_are_money_out(load):
    found = load(
        rows("Date,Amount,Balance", "2024-03-05,10.00,90.00", "2024-03-06,5.00,85.00"),
        mapping={"amount": {"column": "Amount", "negate": True}},
    )

    assert found.amounts == ["-10", "-5"]
    assert {kind for _, kind in found.questions} == {"currency"}


def test_unsigned_amounts_by_which_a_balance_rises_are_money_in(load):
    found = load(rows("Date,Amount,Balance", "2024-03-05,10.00,90.00", "2024-03-06,5.00,95.00"))

    assert found.amounts == ["10", "5"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("S", ["D", "", "D", ""]), ("Kod", ["Zu", "", "Zu", ""]), ("Storno", ["", "X", "", ""])],
    ids=["known letter", "unknown word", "one mark"],
)
def test_a_mark_beside_some_amounts_is_asked_about(load, name, words):
    found = load(signed(f"Date,Amount,{name},Text", *words))

    assert (name, "sign") in found.questions
    assert set(found.amounts) == {None}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Type", ["Check", "Other", "Check"]),
        ("Kanaal", ["kaart", "overboeking", "kaart"]),
        ("Zed", ["bank_transfer", "card", "bank_transfer"]),
        ("client.name", ["Ada 1", "Bo 2", "Ada 1"]),
    ],
)
def test_neither_what_was_paid_with_nor_whoever_paid_is_a_sign(load, name, words):
    found = load(signed(f"Date,Amount,{name},Text", *words))

    assert found.amounts == ["40", "250", "19.95"]


@pytest.mark.parametrize("name", ["E/A-Zeichen", "U / I", "П/Р"])
def test_codes_under_two_letters_with_a_slash_may_say_the_sign_wherever_they_stand(load, name):
    lines = [f"2024-03-{n:02d},{code},7,{n}9.50" for n, code in enumerate(["21", "14", "21", "21"], 1)]
    found = load("\n".join([f"Date,{name},Rate,Amount", *lines]) + "\n")

    assert (name, "sign") in found.questions


def test_a_kind_of_card_is_no_sign(load):
    found = load(signed("Date,Amount,Method,Text", "Debit card", "Credit card", "Debit card"))

    assert "-40" not in found.amounts


@pytest.mark.parametrize("letter", ["k", "K", "M"])
def test_multiples_are_never_taken_for_credits(load, letter):
    found = load(rows("Date,Amount", f"2024-03-05,1.5{letter}", f"2024-03-06,2.0{letter}"))

    assert ("Amount", "amount_column") in found.questions


@pytest.mark.parametrize("names", ["Amount,Amount", "Betrag,Betrag", "Importe,Importe 2"])
def test_two_amounts_of_the_same_name_are_asked_about(load, names):
    found = load(rows(f"Date,{names}", "2024-03-05,-10.00,-11.00", "2024-03-06,5.00,5.60"))

    assert "amount_column" in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Date,Amount,Type,Customer Id", ["Payment", "Refund", "Payment"]),
        ("Datum,Betrag,Art,Kunde", ["Zahlung", "Rückerstattung", "Zahlung"]),
        ("Date,Amount,Type,Gateway", ["Charge", "Partial refund", "Charge"]),
    ],
)
def test_money_goes_back_to_customers_and_comes_from_them(load, header, words):
    assert load(signed(header, *words)).amounts == ["40", "-250", "19.95"]


@pytest.mark.parametrize("header", ["Date,Amount,Type,Text", "Date,Amount,Type,Merchant"])
def test_payments_and_refunds_without_customers_are_asked_about(load, header):
    assert ("Type", "sign") in load(signed(header, "Payment", "Refund", "Payment")).questions


def test_refunds_among_other_payments_are_asked_about_wherever_they_are_named(load):
    found = load(signed("Date,Amount,Zed,Vok,Text", "Payment,a", "Refund,b", "Payment,c", "Payment,a"))

    assert ("Zed", "sign") in found.questions


def test_that_all_was_paid_out_says_nothing_of_its_sign(load):
    assert load(signed("Date,Amount,Memo,Zed,Text", "a,paid_out", "b,paid_out", "c,paid_out")).amounts[0] == "40"


@pytest.mark.parametrize("name", ["payment_type", "Zahlungsart", "Forma de pago", "支払方法"])
def test_how_somebody_paid_says_no_sign(load, name):
    found = load(signed(f"Date,Amount,{name},Text", "Card", "Bank transfer", "Mobile money", "Card", "Card", "Card"))

    assert found.amounts[:3] == ["40", "250", "19.95"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zed", ["E", "I", "E", "I", "I"]),
        ("Zed", ["", "", "Gutschrift", "", ""]),
        ("Zed", ["", "Refund", "", "", ""]),
        ("Soort", ["Zela", "Tora", "Zela", "Tora", "Zela"]),
        ("Zed", ["Giro in uscita", "Accredito", "Giro in uscita", "Accredito", "Accredito"]),
    ],
    ids=["letters", "a side", "a refund", "a kind", "phrases"],
)
def test_what_may_say_the_sign_is_asked_about_wherever_it_stands(load, name, words):
    lines = (f"2024-03-{n:02d},{word},t{n},{n}.50" for n, word in enumerate(words, 3))
    found = load(rows(f"Date,{name},Text,Amount", *lines))

    assert (name, "sign") in found.questions
    assert set(found.amounts) == {None}


def test_the_account_from_which_or_to_which_money_moves_is_asked_about(load):
    sides = ["Giro,", ",Giro", "Giro,", "Giro,"]
    lines = (f"2024-03-{n:02d},{side},t{n},{n}.50" for n, side in enumerate(sides, 3))
    found = load(rows("Date,Zed,Qux,Text,Amount", *lines))

    assert ("Zed", "sign") in found.questions


@pytest.mark.parametrize("values", [["-"] * 5, ["1/3", "-", "-", "2/3", "-"], ["0.00", "1.00", "0.00", "1.00", "2.00"]])
def test_a_dash_or_a_tip_says_no_sign(load, values):
    lines = (f"2024-03-{n:02d},{n}.50,{value},t{n}" for n, value in enumerate(values, 3))
    found = load(rows("Date,Amount,Tip,Text", *lines))

    assert found.amounts == ["3.5", "4.5", "5.5", "6.5", "7.5"]


@pytest.mark.parametrize(
    ("out", "received"),
    [
        ("Transferencia enviada", "Transferencia recibida"),
        ("Verzonden", "Ontvangen"),
        ("Kivét", "Betét"),
        ("Kutuma", "Kupokea"),
        ("Dvig", "Polog"),
        ("โอนเงินออก", "รับโอนเงิน"),
    ],
)
def test_what_was_sent_is_money_out(load, out, received):
    words = [out, received, out, out]
    lines = (f"2024-03-{n:02d},{n}.50,{word},t{n}" for n, word in enumerate(words, 3))

    assert load(rows("Date,Amount,Type,Text", *lines)).amounts == ["-3.5", "4.5", "-5.5", "-6.5"]


@pytest.mark.integration
def test_the_column_of_signs_is_found_behind_very_many_flags(load):
    flags = 80
    header = ",".join(["Date,Amount,Balance", *(f"flag {n}" for n in range(flags)), "D/C"])
    lines, balance = [], 100
    for day, amount in enumerate([40, -25, -60, 30, 15, -80], 1):
        balance += amount
        words = ["yn"[(day * n) % 7 % 2] for n in range(flags)]
        lines.append(f"2024-03-{day:02d},{abs(amount)},{balance},{','.join(words)},{'D' if amount < 0 else 'C'}")

    found = load(rows(header, *lines))

    assert found.amounts == ["40", "-25", "-60", "30", "15", "-80"]


@pytest.mark.parametrize(("word", "amounts"), [("CR", ["-10", "20", "-5"]), ("DR", ["10", "-20", "5"])])
def test_a_column_of_both_sides_that_names_only_one_says_the_other_too(load, word, amounts):
    found = load(f"Date,Debit/Credit,Amount\n2024-01-05,,10.00\n2024-01-06,{word},20.00\n2024-01-09,,5.00\n")

    assert found.amounts == amounts


def test_marks_of_notes_behind_numbers_say_no_sign(load):
    lines = ["05.01.2024;Miete;-1.310,00 *", "16.01.2024;Gehalt;2.500,00", "17.01.2024;Strom;-80,50¹"]
    found = load("\n".join(["Datum;Text;Betrag", *lines]) + "\n")

    assert found.amounts == ["-1310", "2500", "-80.5"]


@pytest.mark.parametrize(("note", "amounts"), [("* estimated", ["10", "20"]), ("End", [None, None])])
def test_marks_behind_unsigned_numbers_need_a_note(load, note, amounts):
    found = load(f"Date,Text,Amount\n2024-01-05,Rent,10.00*\n2024-01-06,Sale,20.00\n{note},,\n")

    assert found.amounts == amounts


def test_buying_and_selling_are_asked_about_in_few_rows_too(load):
    found = load("Date,Action,Net amount\n2024-01-05,BUY,10.00\n2024-01-06,SELL,20.00\n2024-01-09,DIV,5.00\n")

    assert ("Action", "sign") in found.questions


@pytest.mark.parametrize(("sold", "asked"), [("1964.97", True), ("-20.00", False)])
def test_buying_and_selling_with_one_sign_are_asked_about_though_others_have_a_minus(load, sold, asked):
    found = load(
        "Action,Date,Total\nMarket buy,2025-01-02,53.90\n"
        f"Market sell,2025-01-05,{sold}\nWithdrawal,2025-01-08,-47.20\nDeposit,2025-01-09,100.00\n"
    )

    assert (("Action", "sign") in found.questions) is asked


def test_letters_that_begin_the_words_of_the_header_are_these_words(load):
    found = load("Date,In/Out,Amount\n2024-01-05,O,10.00\n2024-01-06,I,20.00\n2024-01-09,O,5.00\n")

    assert found.amounts == ["-10", "20", "-5"]


@pytest.mark.parametrize(("total", "amounts"), [("36.00", ["10", "20", "1", "5"]), ("35.00", [None] * 4)])
def test_a_sum_of_all_amounts_shows_that_none_is_of_the_other_side(load, total, amounts):
    lines = ["05,Zaru,10.00", "06,Moki,20.00", "08,Moki,1.00", "09,Zaru,5.00"]
    found = load("\n".join(["Date,Telu,Vopi", *(f"2024-03-{line}" for line in lines), f",,{total}"]) + "\n")

    assert found.amounts == amounts


@pytest.mark.parametrize(
    "name", ["Sender/Receiver", "Auftraggeber / Empfänger", "Remetente ou favorecido", "Nadawca-Odbiorca"]
)
def test_a_column_of_those_who_pay_or_are_paid_goes_in_both_directions(load, name):
    lines = ("T-1,2025-02-13,Ann,670.42", "T-2,2025-02-14,Bob,830.33", "T-3,2025-02-16,Cem,79.02")
    name = name.replace("-", " - ")

    assert "sign" in {kind for _, kind in load(rows(f"No,Date,{name},Amount", *lines)).questions}
    assert "sign" not in {kind for _, kind in load(rows("No,Date,Receiver/Shop,Amount", *lines)).questions}


def test_a_sign_may_be_the_beginning_of_a_word_in_the_name_of_its_column(load):
    words = ["Exp.", "Inc.", "Exp.", "Exp."]
    lines = (f"2025-02-{n + 14},Bank,{n + 1}.50,{word}" for n, word in enumerate(words))

    assert load(rows("Date,Account,Amount,Income/Expense", *lines)).amounts == ["-1.5", "2.5", "-3.5", "-4.5"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Kennzeichen", ("HB-TR 100", "HB-TR 101", "HB-TR 102", "HB-TR 100")),
        ("Product", ("Carob syrup", "Olive oil", "Carob syrup", "Olive oil")),
        ("Tarif", ("Don libre", "Adhésion", "Don libre", "Adhésion")),
        ("商品名", ("お茶", "お菓子", "お茶", "お菓子")),
    ],
)
def test_what_was_bought_or_for_which_car_is_no_sign(load, name, words):
    lines = (f"2025-02-{n + 14},{word},{n + 1}.50" for n, word in enumerate(words))
    found = load(rows(f"Date,{name},Amount", *lines))

    assert "sign" not in {kind for _, kind in found.questions}
    assert found.amounts == ["1.5", "2.5", "3.5", "4.5"]


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Gift Aid Y/N", ["Y", "N", "Y"]),
        ("Reconciled", ["Yes", "No", "Yes"]),
        ("Taxable", ["TRUE", "FALSE", "TRUE"]),
        ("Taxable", ["Yes", "No", "N/A"]),
        ("Abgeglichen", ["Ja", "Nein", "Ja"]),
        ("Factura", ["S", "N", "S"]),
        ("Conciliado", ["Sí", "No", "Sí"]),
        ("Lettré", ["O", "N", "O"]),
        ("Сверено", ["Да", "Нет", "Да"]),
        ("发票", ["是", "否", "是"]),
        ("Gift Aid", ["Y", "", "Y"]),
        ("Taxable", ["No", "No", "No"]),
        ("Thanked", ["✓", "✗", "✓"]),
        ("Thanked", ["✓", "", "✓"]),
    ],
)
def test_answers_to_another_question_are_no_signs(load, name, answers):
    found = load(signed(f"Date,Amount,{name},Text", *answers))

    assert found.amounts == ["40", "250", "19.95"]
    assert "sign" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Refund", ["Yes", "No", "Yes"]),
        ("Direct debit", ["Y", "N", "Y"]),
        ("Deposited", ["Y", "N", "Y"]),
        ("Kind", ["E", "A", "E"]),
    ],
)
def test_answers_that_may_say_the_sign_are_asked_about(load, name, answers):
    found = load(signed(f"Date,Amount,{name},Text", *answers))

    assert (name, "sign") in found.questions


@pytest.mark.parametrize(
    ("names", "is_asked"), [("TRNDAT,TRNCD,TRNTXT,TRNAMT", True), ("Date,Branch,Text,Amount", False)]
)
def test_two_numbers_may_be_signs_where_nobody_knows_the_names(load, names, is_asked):
    lines = (f"2024-03-{n:02d},{10 + 10 * (n % 2)},TRF {n}7{n},{n}5.50" for n in range(1, 10))

    found = load(rows(names, *lines))

    assert ("sign" in {kind for _, kind in found.questions}) is is_asked
    assert "amount_column" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Card Type", ["Debit", "Credit", "Debit"]),
        ("card_funding", ["debit", "credit", "debit"]),
        ("Card type", ["Debit", "Debit", "Debit"]),
        ("Kartenart", ["Debit", "Kredit", "Debit"]),
        ("Tipo de tarjeta", ["Débito", "Crédito", "Débito"]),
        ("Zahlungsart", ["Lastschrift", "Lastschrift", "Lastschrift"]),
        ("Method", ["Direct Debit", "Standing Order", "Direct Debit"]),
    ],
)
def test_a_debit_card_and_a_direct_debit_are_no_sides(load, name, words):
    found = load(signed(f"Date,Amount,{name},Text", *words))

    assert found.amounts == ["40", "250", "19.95"]


@pytest.mark.parametrize("name", ["Forma de pagamento", "Payment method"])
def test_both_sides_under_a_way_to_pay_are_asked_about(load, name):
    found = load(signed(f"Date,Amount,{name},Text", "Débito", "Crédito", "Débito"))

    assert (name, "sign") in found.questions


@pytest.mark.parametrize(
    ("header", "rows_of"),
    [
        ("Datum;Einnahme;Markt", "{day};{value};{word}"),
        ("Date;Amount you received;Kind", "{day};{value};{word}"),
        ("Day;Pieces;Unit price;Amount;Wares", "{day};2;{half};{value};{word}"),
        ("Day;Base;Share;Charge;Left;Kind", "{day};{value};-0.10;-0.20;{less};{word}"),
        ("Datum;Betrag;Boot", "{day};{value};{word}"),
    ],
    ids=["name", "name of two words", "product", "signs in a sum", "boats"],
)
def test_unknown_words_are_no_signs_where_all_amounts_are_known_to_move_one_way(load, header, rows_of):
    lines = []
    for number in range(1, 7):
        cents = 1000 + 386 * number
        written = {"value": cents, "half": cents // 2, "less": cents - 30}
        texts = {key: f"{amount / 100:.2f}" for key, amount in written.items()}
        lines.append(rows_of.format(day=f"2024-03-{number:02d}", word=("Zela", "Tora")[number % 2], **texts))

    found = load(rows(header, *lines))

    assert "sign" not in {kind for _, kind in found.questions}
    assert None not in found.amounts


def test_unknown_words_beside_pieces_and_prices_are_asked_about_where_the_column_is_called_kinds(load):
    lines = [f"2024-03-{n:02d},{('Zela', 'Tora')[n % 2]},{n},1.37,{n * 1.37:.2f}" for n in range(1, 8)]

    assert ("Kind", "sign") in load(rows("Date,Kind,Pieces,Unit price,Amount", *lines)).questions


@pytest.mark.parametrize(
    ("trip", "load_of_card"),
    [
        ("Check-uit", "Saldo automatisch opgeladen"),
        ("Bus journey", "Auto top-up"),
        ("Repas", "Rechargement"),
        ("車費", "自動增值"),
    ],
)
def test_money_put_on_a_card_is_the_other_side_of_what_the_card_paid(load, trip, load_of_card):
    found = load(signed("Date,Amount,Event,Text", trip, trip, load_of_card, trip, trip))

    assert ("Event", "sign") in found.questions
    assert set(found.amounts) == {None}


@pytest.mark.parametrize("doors", [["1ºE", "2ºD", "3ºE"], ["1B", "2B", "3B"]], ids=["floors", "doors"])
def test_numbers_of_doors_are_no_amounts(load, doors):
    lines = [f"2024-03-{n:02d};{doors[n % 3]};{80 + n * 7.5:.2f}" for n in range(1, 9)]

    found = load(rows("Datum;Andar;Quota", *lines))

    assert found.amounts[:2] == ["87.5", "95"]


def test_many_numbers_of_doors_are_no_signs(load):
    lines = [f"2024-03-{n:02d};{n % 6}B;{80 + n * 7.5:.2f}" for n in range(1, 13)]

    found = load(rows("Datum;Tür;Betrag", *lines))

    assert "sign" not in {kind for _, kind in found.questions}


def test_words_like_totals_in_bookings_stay_among_the_values_of_their_column(load):
    kinds = ["Tong", "Zela", "Tora", "Muro"]
    lines = [f"2024-03-{n:02d};{kinds[n % 4]};{80 + n * 7.5:.2f}" for n in range(1, 13)]

    asked = load(rows("Datum;Soort;Bedrag", *lines)).detection.questions

    assert all(question["kind"] != "sign" or "Tong" in question["choices"] for question in asked)


@pytest.mark.parametrize(
    ("captions", "is_asked"),
    [
        (("Money in", "Money out"), True),
        (("Gutschriften", "Belastungen"), True),
        (("Deposits and other credits", "Withdrawals and other debits"), True),
        (("Ingresos", "Gastos"), True),
        (("March", "April"), False),
    ],
)
def test_sections_that_say_the_direction_are_asked_about_and_not_read_as_money_in(load, captions, is_asked):
    rows = [f"2024-03-{n + 1:02},shop {n},{n + 10}.50,EUR\n" for n in range(6)]
    found = load(
        "Date,Text,Amount,Currency\n"
        + f"{captions[0]},,,\n"
        + "".join(rows[:3])
        + f"{captions[1]},,,\n"
        + "".join(rows[3:])
    )

    assert [kind for _, kind in found.questions] == (["sign"] if is_asked else [])


def test_sections_whose_amounts_have_their_signs_are_read(load):
    found = load(
        "Date,Text,Amount,Currency\nMoney in,,,\n2024-03-01,a,1.50,EUR\nMoney out,,,\n2024-03-02,b,-2.50,EUR\n"
    )

    assert (found.questions, found.amounts) == ([], ["1.5", "-2.5"])
