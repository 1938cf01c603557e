"""Which of several columns of dates is the date of a booking."""

import pytest


def rows(header, *lines):
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        ("Start Date,End Date", ["2024-02-25"] * 3, ["2024-03-30"] * 3),
        ("Ulu,Vev", ["2024-03-05", "2024-03-02", "2024-03-09"], ["2024-03-06", "2024-03-03", "2024-03-10"]),
        (
            "Invoice date,Statement date",
            ["2024-03-01", "2024-03-02", "2024-03-03"],
            ["2024-04-01", "2024-04-02", "2024-04-03"],
        ),
        ("A,B", ["05.03.2024", "02.03.2024", "29.03.2024"], ["06.03.2024", "01.03.2024", "30.03.2024"]),
    ],
    ids=["period", "unknown names", "no booking", "points"],
)
def test_of_two_dates_that_nothing_tells_apart_none_is_taken(load, names, first, second):
    lines = [f"{a},{b},{n}.50" for n, (a, b) in enumerate(zip(first, second, strict=True), 1)]

    found = load(rows(f"{names},Amount", *lines))

    assert (names.split(",")[0], "date_column") in found.questions
    assert found.dates == [None] * 3
    assert found.amounts == ["1.5", "2.5", "3.5"]


def test_the_date_that_somebody_points_at_is_taken(load):
    found = load(
        rows("Start Date,End Date,Amount", "2024-02-25,2024-03-30,1.50", "2024-02-25,2024-03-29,2.50"),
        mapping={"date": {"column": "End Date"}},
    )

    assert ("Start Date", "date_column") not in found.questions
    assert found.dates == ["2024-03-30", "2024-03-29"]


@pytest.mark.parametrize(
    "header", ["Booking date,Value date", "Datum,Valuta", "Ulu,Value date", "Date,Vev"], ids=lambda names: names
)
def test_a_name_tells_dates_apart(load, header):
    found = load(rows(f"{header},Amount", "2024-03-05,2024-03-06,1.50", "2024-03-02,2024-03-07,2.50"))

    assert found.dates == ["2024-03-05", "2024-03-02"]


def test_a_table_is_sorted_by_the_date_of_its_rows(load):
    pairs = [("06", "01"), ("04", "02"), ("05", "03"), ("09", "04")]

    found = load(rows("Ulu,Vev,Amount", *(f"2024-03-{a},2024-03-{b},1.50" for a, b in pairs)))

    assert found.dates == ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "Sales,,,,,",
            "Opening Balance,,,0.00,0.00,0.00",
            "03 Apr 2024,a,INV-1,,2400.00,-2400.00",
            "22 Apr 2024,b,CN-7,300.00,,-2100.00",
            "Total Sales,,,300.00,2400.00,-2100.00",
            "Closing Balance,,,,2100.00,-2100.00",
        ],
        [
            "Opening Balance,,,,,10.00",
            "Carried over,,,,,10.00",
            "2024-04-03,a,INV-1,4.00,,6.00",
            "Closing Balance,,,,,6.00",
            "Total,,,4.00,,",
            "Notes,,,,,",
            "Printed by,,,,,",
            "End,,,,,",
        ],
        [
            "Page one,,,,,",
            "2024-04-03,a,INV-1,4.00,,6.00",
            "2024-04-05,a,INV-2,1.00,,5.00",
            "Page two,,,,,",
            "Sub,,,,,",
            "Sub,,,,,",
            "Sub,,,,,",
        ],
    ],
    ids=["ledger", "one booking", "captions"],
)
def test_captions_in_the_column_of_dates_do_not_outweigh_the_dates(load, lines):
    found = load(rows("Date,Text,Reference,Debit,Credit,Balance", *lines))

    assert found.mapping["date"]["column"] == "Date"
    assert None not in found.dates


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-03", "13/03/2024", "14/03/2024", "2024-05-03", "28/03/2024"],
        ["2024-06-05", "31.05.2024", "2024-12-05", "14.05.2024"],
        ["05/13/2024", "2024-06-05", "05/31/2024", "2024-12-05", "05/14/2024"],
    ],
    ids=["slashes", "points", "month first"],
)
def test_dates_that_a_spreadsheet_may_have_turned_are_asked_about(load, dates):
    found = load(rows("Date,Amount", *(f"{date},1.50" for date in dates)))

    assert ("Date", "date_order") in found.questions
    assert set(found.dates) == {None}


def test_somebody_can_say_that_a_spreadsheet_turned_the_dates(load):
    found = load(
        rows("Date,Amount", "2024-01-03,1.50", "13/03/2024,1.50", "2024-05-03,1.50"),
        mapping={"date": {"column": "Date", "order": "ydm", "form": "ydm+dmy"}},
    )

    assert found.dates == ["2024-03-01", "2024-03-13", "2024-03-05"]


@pytest.mark.parametrize(
    ("mark", "dates"), [(",", ["2024-09-05", "2024-10-05", "2024-11-05"]), (".", [None] * 3)], ids=["commas", "points"]
)
def test_where_decimals_stand_behind_a_comma_the_day_stands_before_the_month(load, mark, dates):
    lines = [f"05/{month:02}/2024;55{mark}50;Name" for month in (9, 10, 11)]

    assert load(rows("Due;Amount;Name", *lines)).dates == dates


def test_two_ways_to_write_dates_that_are_in_order_are_read(load):
    found = load(rows("Date,Amount", "2024-03-05,1.50", "16.03.2024,1.50", "28.03.2024,1.50", "2024-04-02,1.50"))

    assert found.dates == ["2024-03-05", "2024-03-16", "2024-03-28", "2024-04-02"]


@pytest.mark.parametrize("entered", ["created_at", "Erstellt am", "Fecha de creación", "作成日時", "Imported at"])
def test_when_a_row_was_stored_is_no_date_beside_its_own(load, entered):
    lines = (f"2024-05-02T09:1{n}:11+01:00,-{n + 1}.50,2024-03-{n * 3 + 5:02d},t" for n in range(4))
    found = load(rows(f"{entered},Amount,Date,Text", *lines))

    assert found.dates == ["2024-03-05", "2024-03-08", "2024-03-11", "2024-03-14"]
    assert {kind for _, kind in found.questions} <= {"currency"}


def test_when_a_row_was_stored_is_its_date_where_there_is_no_other(load):
    found = load(rows("created_at,Amount,Text", *(f"2024-05-0{n + 2}T09:10:11Z,-{n + 1}.50,t" for n in range(4))))

    assert found.dates == ["2024-05-02", "2024-05-03", "2024-05-04", "2024-05-05"]


@pytest.mark.parametrize(
    ("first", "second"), [("01/25/2024 as of 01/24/2024", "01/26/2024"), ("per 25.01.2024", "per 26.01.2024")]
)
def test_the_day_of_a_booking_stands_before_the_day_as_of_which_it_counts(load, first, second):
    found = load(f"Date,Text,Amount\n{first},a,-5.50\n{second},b,7.25\n")

    assert found.dates == ["2024-01-25", "2024-01-26"]


def test_of_two_days_of_a_bill_the_one_when_it_is_due_is_not_its_date(load):
    lines = ("R-1,2024-04-03,2024-03-04,5.50", "R-2,2024-04-02,2024-03-03,6.50", "R-3,2024-04-06,2024-03-07,7.50")
    found = load("\n".join(["Nr,Zed,Vok,Total", *lines, "R-4,2024-04-01,2024-03-02,8.50"]) + "\n")

    assert found.dates == ["2024-03-04", "2024-03-03", "2024-03-07", "2024-03-02"]


def in_script(header, *dates):
    lines = (f"{date},x,{n}.50,t{n}" for n, date in enumerate(dates, 1))
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("header", "dates"),
    [
        ("ቀን,x,መጠን,t", ["05/06/2016", "14/06/2016", "23/06/2016"]),
        ("تاریخ,x,مبلغ,شرح گردش", ["02/06/14", "02/06/17", "02/06/23"]),
        ("التاريخ,x,المبلغ,t", ["05/08/1445", "14/08/1445", "23/08/1445"]),
        ("Miti,x,Date amount,t", ["2080-11-05", "2080-11-14", "2080-11-23"]),
    ],
    ids=["Ethiopia", "Iran in two digits", "Hijri", "Nepal"],
)
def test_years_that_may_be_those_of_another_calendar_are_asked_about(load, header, dates):
    found = load(in_script(header, *dates))

    assert "date_column" in {kind for _, kind in found.questions}
    assert set(found.dates) == {None}


def test_a_day_of_this_calendar_is_taken_beside_that_of_another(load):
    lines = (f"{n:02d}/08/1445,{n + 10:02d}/03/2024,{n}.50" for n in range(1, 5))
    found = load("\n".join(["التاريخ الهجري,التاريخ الميلادي,المبلغ", *lines]) + "\n")

    assert found.dates == ["2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14"]


def test_a_day_and_a_month_behind_an_apostrophe_are_read_above_captions(load):
    lines = (f"'{n:02d}/01;t{n};{n}.50 DB;{100 - n}.50" for n in range(13, 18))
    foot = ["Saldo Awal : 12;0;0", "Mutasi Kredit : 24;0;0"]
    found = load("\n".join(["Periode : 01/01/2024 - 31/01/2024", "Tanggal;Ket;Jumlah;Saldo", *lines, *foot]) + "\n")

    assert [date for date in found.dates if date] == [f"2024-01-{n}" for n in range(13, 18)]


def test_dates_that_cannot_be_read_are_asked_about(load):
    lines = (f"2024,{n},t{n},{n}.50" for n in range(1, 6))
    found = load("\n".join(["Date (year),Date (month),Text,Amount", *lines]) + "\n")

    assert ("Date (year)", "date_column") in found.questions


def test_a_column_of_other_dates_is_no_reference(load):
    found = load(
        "Datum Auftrag;Datum Rechnung;Betrag\n01.01.2024;03.01.2024;10,00\n02.01.2024;04.01.2024;20,00\n05.01.2024;08.01.2024;5,00\n"
    )

    assert "reference" not in found.mapping


def test_a_year_of_two_digits_is_followed_by_the_month(load):
    found = load("Date,Amount\n24/01/05,-10.00\n24/01/06,20.00\n24/02/08,-5.00\n")

    assert found.dates == ["2024-01-05", "2024-01-06", "2024-02-08"]


def test_two_dates_far_apart_are_asked_about_unless_one_is_when_bills_were_written(load):
    days = ((8, 25), (5, 20), (7, 9), (6, 28))
    paid = "".join(f"2024-01-{a:02},2024-02-{b:02},9.50\n" for a, b in days)
    due = "".join(f"2024-01-{n + 20},2024-01-{n:02},9.50\n" for n in (1, 4, 5, 9))

    found = load(f"Issue date,Last payment date,Amount\n{paid}")

    assert ("Last payment date", "date_column") in found.questions
    assert load(f"Last payment date,Issue date,Amount\n{due}").dates[0] == "2024-01-01"


def test_zeros_in_place_of_dates_do_not_hide_that_the_others_are_dates(load):
    lines = ["ALL,0,0,Account", "HIST,20240102,2932.27,A", "HIST,20240105,-307.18,B", "HIST,20240107,-73.06,C"]
    found = load("\n".join(lines) + "\n")

    assert found.dates == ["2024-01-02", "2024-01-05", "2024-01-07"]


@pytest.mark.parametrize(
    "header",
    [
        "Auszahlungsdatum,Datum des Verkaufs",
        "Uitbetalingsdatum,Datum van verkoop",
        "Utbetalningsdatum,Datum för köp",
        "Data wypłaty,Data",
        "Payout date,Date of sale",
    ],
)
def test_the_day_on_which_a_processor_pays_out_is_not_that_of_the_payment(load, header):
    pairs = [("15", "12"), ("15", "11"), ("12", "08"), ("12", "09")]

    found = load(rows(f"{header},Amount", *(f"2024-03-{a},2024-03-{b},1.50" for a, b in pairs)))

    assert found.dates == ["2024-03-12", "2024-03-11", "2024-03-08", "2024-03-09"]


@pytest.mark.parametrize(
    ("ordered", "paid"), [("Bestellt am", "Bezahlt am"), ("Ordered on", "Paid on"), ("Commandé le", "Payé le")]
)
def test_what_was_ordered_counts_from_the_day_on_which_it_was_paid(load, ordered, paid):
    lines = (f"o-{n},2024-03-{n + 13},2024-03-{n + 15},{n + 1}.50" for n in range(4))
    found = load(rows(f"No,{ordered},{paid},Amount", *lines))

    assert found.dates == [f"2024-03-{n + 15}" for n in range(4)]


@pytest.mark.parametrize(
    ("joined", "signed", "due"),
    [
        ("Eintrittsdatum", "Mandatsdatum", "Fälligkeit"),
        ("Date joined", "Mandate date", "Due date"),
        ("Geburtsdatum", "Unterschriftsdatum", "Fälligkeitsdatum"),
    ],
)
def test_the_date_of_joining_is_no_date_of_a_payment(load, joined, signed, due):
    lines = (f"{n},200{n}-0{n % 5 + 1}-11,2014-0{n % 4 + 1}-0{n},2026-02-15,{n}.50" for n in (3, 1, 4, 8, 5))
    found = load(rows(f"No,{joined},{signed},{due},Beitrag", *lines))

    assert (joined, "date_column") in found.questions
    assert set(found.dates) == {None}
    assert found.amounts == ["3.5", "1.5", "4.5", "8.5", "5.5"]


@pytest.mark.parametrize("name", ["Valid until", "Date of birth", "Vertragsende", "生年月日"])
def test_a_date_on_which_nobody_pays_is_asked_about_though_there_is_no_other_one(load, name):
    found = load(rows(f"No,{name},Amount", "A,2024-05-12,1.50", "B,1975-11-30,2.50", "C,1990-02-01,3.50"))

    assert (name, "date_column") in found.questions
    assert set(found.dates) == {None}


def test_the_day_of_a_purchase_comes_before_that_on_which_a_card_books_it(load):
    lines = [f"113/04/{n:02d},113/04/{n + 2:02d},{n}50" for n in range(3, 9)]

    found = load(rows("消費日,入帳日,金額", *lines))

    assert found.dates[:2] == ["2024-04-03", "2024-04-04"]
    assert "date_column" not in {kind for _, kind in found.questions}
