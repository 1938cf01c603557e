"""States: of a payment, of an invoice, and amounts that are only held back."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Invoice Status", ["paid", "paid", "paid", "paid"]),
        ("Status", ["Paid", "Open", "Overdue", "Paid"]),
        ("Rechnungsstatus", ["Bezahlt", "Offen", "Überfällig", "Bezahlt"]),
        ("Statut", ["Payée", "Impayée", "Payée", "En retard"]),
        ("Stav", ["zaplacená", "po splatnosti", "zaplacená", "po splatnosti"]),
        ("Estado", ["Cobrada", "Vencida", "Cobrada", "Vencida"]),
        ("Paid", ["true", "false", "true", "false"]),
    ],
)
def test_whether_an_invoice_was_paid_says_no_sign_and_leaves_nothing_out(load, name, words):
    amounts = ["120.50", "80.00", "19.95", "310.10"]
    lines = (f"R-{n},2024-03-{n + 4:02d},{a},{w}" for n, (a, w) in enumerate(zip(amounts, words, strict=True)))
    found = load(rows(f"Invoice,Date,Total,{name}", *lines))

    assert found.amounts == ["120.5", "80", "19.95", "310.1"]
    assert not {"sign", "skip"} & {kind for _, kind in found.questions}


def test_a_payment_that_is_open_is_still_asked_about(load):
    words = ["Gebucht", "Offen", "Gebucht", "Gebucht"]
    lines = (f"2024-03-{n + 4:02d},-{n + 1}.50,{w},t{n}" for n, w in enumerate(words))
    found = load(rows("Datum,Betrag,Status,Text", *lines))

    assert ("Status", "skip") in found.questions
    assert found.amounts == ["-1.5", "-3.5", "-4.5"]


@pytest.mark.parametrize("name", ["Hold amount", "Kwota blokady", "Importe retenido", "Reserviert", "Blocked"])
def test_what_is_only_held_back_is_no_amount(load, name):
    found = load(
        rows(
            f"Date,Text,Amount,{name},Balance",
            "2024-03-09,d,,-35.00,",
            "2024-03-08,c,-4.25,,155.75",
            "2024-03-07,b,70.00,,160.00",
            "2024-03-06,a,-10.00,,90.00",
        )
    )

    assert found.amounts == [None, "-4.25", "70", "-10"]
    assert {kind for _, kind in found.questions} <= {"currency"}


def test_a_column_of_amounts_alone_may_be_called_pending(load):
    found = load(rows("Date,Pending amount,Text", "2024-03-05,-10.00,a", "2024-03-06,-5.00,b", "2024-03-07,7.00,c"))

    assert found.amounts == ["-10", "-5", "7"]


BILLS = [
    ("2024-03-01", "2024-03-31"),
    ("2024-03-04", "2024-04-03"),
    ("2024-03-09", "2024-04-08"),
    ("2024-03-12", "2024-04-11"),
]


def bills(header, words):
    """Bills that are due after thirty days, with a state each."""
    lines = (f"R-{n},{day},{due},{n + 1}00.50,{w}" for n, ((day, due), w) in enumerate(zip(BILLS, words, strict=True)))
    return rows(header, *lines)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Nr,Datum,Frist,Total,Status", ["Bezahlt", "Ausstehend", "Bezahlt", "Ausstehend"]),
        ("Number,Date,Due,Total,Status", ["Paid", "Pending", "Viewed", "Paid"]),
        ("Nr,Dato,Zilu,Sum,Status", ["Paid", "Goranta", "Paid", "Goranta"]),
        ("Número,Fecha,Zilu,Importe,Estado", ["Pendiente", "Vencida", "Pendiente", "Vencida"]),
    ],
    ids=["waiting", "seen", "unknown word", "all are open"],
)
def test_a_bill_that_is_due_later_is_owed_whatever_its_state(load, header, words):
    found = load(bills(header, words))

    assert found.amounts == ["100.5", "200.5", "300.5", "400.5"]
    assert "skip" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize("word", ["Draft", "Entwurf", "Cancelled", "Storniert", "Черновик", "下書き"])
def test_a_bill_that_was_never_sent_is_not_owed(load, word):
    found = load(bills("Number,Date,Due,Total,Status", ["Paid", word, "Paid", "Open"]))

    assert found.amounts == ["100.5", "300.5", "400.5"]
    assert [code for _, code in found.left_out] == ["not_booked"]


def test_bills_whose_states_are_all_unknown_are_asked_about(load):
    found = load(bills("Number,Date,Due,Total,Status", ["Goran", "Zelut", "Goran", "Zelut"]))

    assert ("Status", "skip") in found.questions


def test_a_payment_that_waits_has_not_moved_though_another_day_is_near(load):
    lines = (
        "2024-03-01,2024-03-02,-5.50,Paid",
        "2024-03-04,2024-03-05,-7.50,Pending",
        "2024-03-06,2024-03-07,9.00,Paid",
    )
    found = load(rows("Date,Valuta,Amount,Status", *lines))

    assert found.amounts == ["-5.5", "9"]


def test_an_open_payment_beside_failed_ones_is_no_bill(load):
    words = ["paid", "expired", "paid", "open", "failed", "paid"]
    lines = (f"2024-03-{n + 4:02d},{n + 1}.50,{w},t{n}" for n, w in enumerate(words))
    found = load(rows("Date,Amount,Status,Text", *lines))

    assert found.amounts == ["1.5", "3.5", "6.5"]


def test_a_state_that_waits_for_something_is_known_whatever_it_waits_for(load):
    words = ["success", "wait_secure", "success", "requires_payment_method", "success"]
    lines = (f"2024-03-{n + 4:02d},{n + 1}.50,{w},t{n}" for n, w in enumerate(words))

    assert load(rows("Date,Amount,Status,Text", *lines)).amounts == ["1.5", "3.5", "5.5"]


def test_a_cancelled_bill_is_not_owed_whatever_the_column_of_states_is_called(load):
    found = load(bills("Number,Date,Due,Total,Zed", ["Cobrada", "Anulada", "Pendiente", "Vencida"]))

    assert found.amounts == ["100.5", "300.5", "400.5"]


@pytest.mark.parametrize("state", ["NON {0}", "Not {0}"])
@pytest.mark.parametrize("booked", ["CONTABILIZZATO", "booked"])
def test_a_state_that_is_denied_is_its_opposite(load, state, booked):
    denied = state.format(booked)
    lines = [f"2024-03-05,{denied},-76.07", f"2024-03-06,{booked},315.69", f"2024-03-09,{booked},-5.29"]
    found = load("\n".join(["Date,Zaru,Amount", *lines]) + "\n")

    assert found.amounts == ["315.69", "-5.29"]
    assert ("Zaru", "skip") in found.questions


@pytest.mark.parametrize(
    ("words", "asked"), [(["zela", "mura", "zela", "zela"], False), (["zela", "mura", "tora", "zela"], True)]
)
def test_a_state_that_only_money_has_which_went_back_leaves_nothing_out(load, words, asked):
    values = ["42.10", "-12.90", "38.15", "9.99"]
    lines = [f"2025-01-{n:02d},{value},{word}" for n, (value, word) in enumerate(zip(values, words, strict=True), 1)]
    found = load("\n".join(["Date,Amount,Status", *lines]) + "\n")

    assert (("Status", "skip") in found.questions) is asked
    assert found.left_out == []


def charges(states):
    """Card payments, each of whose states has a number of its own."""
    lines = (f"2024-03-{n + 1:02d};{n + 1}2.50;{state} {n * 7919:06d}" for n, state in enumerate(states))
    return rows("Fecha;Importe;Respuesta y clave", *lines)


@pytest.mark.parametrize(
    ("good", "bad"),
    [("Autorizada", "Denegada"), ("Approved", "Declined"), ("Zaakceptowana", "Odrzucona"), ("Genehmigt", "Abgelehnt")],
)
def test_a_number_behind_each_state_hides_none(load, good, bad):
    found = load(charges([good] * 9 + [bad, good, bad, bad] + [good] * 3))

    assert [code for _, code in found.left_out] == ["not_booked"] * 3
    assert [line for line, _ in found.left_out] == [11, 13, 14]
    assert found.mapping["skip"] == [{"column": "Respuesta y clave", "values": [f"{bad} #"]}]
    assert ("Respuesta y clave", "skip") in found.questions


def test_an_unknown_state_with_a_number_is_asked_about(load):
    found = load(charges(["Approved"] * 9 + ["Zelut"] * 4 + ["Approved"] * 2).replace("Respuesta y clave", "Status"))

    assert ("Status", "skip") in found.questions
    assert found.amounts.count(None) == 4


def test_texts_that_differ_by_numbers_are_no_states(load):
    lines = (f"2024-03-{n + 1:02d},-{n + 1}.50,{w} {n * 31}" for n, w in enumerate(["Purchase", "Reversed"] * 8))
    found = load(rows("Date,Amount,Memo", *lines))

    assert len(found.amounts) == 16
    assert not found.left_out


@pytest.mark.parametrize(
    ("name", "open_one", "checked"),
    [
        ("Cleared", "Uncleared", "Reconciled"),
        ("Status", "Unreconciled", "Reconciled"),
        ("Rapproché", "Non rapproché", "Rapproché"),
        ("Estado", "No conciliado", "Conciliado"),
        ("Status", "Nicht abgestimmt", "Abgestimmt"),
        ("Stav", "Neodsouhlaseno", "Odsouhlaseno"),
    ],
)
def test_an_entry_that_nobody_found_on_a_statement_yet_is_one(load, name, open_one, checked):
    lines = (f"2024-03-{n + 1:02d},{n - 2}.50,t{n},{w}" for n, w in enumerate([open_one, checked] * 3))
    found = load(rows(f"Date,Amount,Payee,{name}", *lines))

    assert None not in found.amounts
    assert len(found.amounts) == 6
    assert "skip" not in {kind for _, kind in found.questions}


def test_a_void_entry_is_none_though_others_are_reconciled(load):
    lines = (f"2024-03-{n + 1:02d},{n - 2}.50,t{n},{w}" for n, w in enumerate(["Reconciled", "Void", "Uncleared"] * 2))
    found = load(rows("Date,Amount,Payee,State", *lines))

    assert [line for line, _ in found.left_out] == [3, 6]
    assert found.mapping["skip"] == [{"column": "State", "values": ["Void"]}]


def test_an_unknown_answer_beside_codes_is_asked_about_whatever_the_column_is_called(load):
    found = load(charges(["00 Approved"] * 9 + ["05 Do not honor"] * 2 + ["00 Approved"] * 3))

    assert ("Respuesta y clave", "skip") in found.questions
    assert found.amounts.count(None) == 2


def test_sent_and_received_with_numbers_are_no_answers(load):
    found = load(charges(["Received"] * 9 + ["Sent"] * 3 + ["Received"] * 2 + ["Bonus"]))

    assert None not in found.amounts


@pytest.mark.parametrize(
    ("name", "answers"),
    [("Voided", ["No", "Yes", "No"]), ("Storniert", ["Nein", "Ja", "Nein"]), ("Pending", ["false", "true", "false"])],
)
def test_answers_under_the_name_of_a_state_say_which_rows_are_not_booked(load, name, answers):
    lines = [f"2024-03-{n:02d},-{n}.00,{answer}" for n, answer in enumerate(answers, 5)]

    found = load("\n".join([f"Date,Amount,{name}", *lines]) + "\n")

    assert found.amounts == ["-5", "-7"]
    assert (name, "skip") in found.questions
