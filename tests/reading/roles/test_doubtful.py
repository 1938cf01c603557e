"""Rows that only the numbers show to be no bookings, because no word of theirs is known."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("lines", "doubted"),
    [
        (["05,Shop,10.00", "06,Cafe,5.50", "09,Book,7.00", "12,Tea,1.25", "12,Kamen,23.75"], [4]),
        (["12,Kamen,23.75", "05,Shop,10.00", "06,Cafe,5.50", "09,Book,7.00", "12,Tea,1.25"], [0]),
        (["05,Shop,-10.00", "06,Cafe,5.50", "09,Book,-7.00", "12,Kamen,-11.50"], [3]),
        (["05,Shop,10.00", "06,Cafe,5.50", "06,Kamen,15.50", "09,Book,7.00", "12,Tea,1.25", "12,Kamen,8.25"], [2, 5]),
    ],
    ids=["last", "first", "with signs", "sections"],
)
def test_a_row_that_is_the_sum_of_all_others_is_asked_about(load, lines, doubted):
    found = load(rows("Date,Text,Amount", *(f"2024-03-{line}" for line in lines)))

    assert ("Text", "skip") in found.questions
    assert [row for row, amount in enumerate(found.amounts) if amount is None] == doubted


@pytest.mark.parametrize(
    "lines",
    [
        ["05,Shop,10.00", "06,Cafe,5.50", "09,Payout,-15.50"],
        ["05,Shop,10.00", "06,Cafe,5.50", "09,Book,15.50"],
        ["05,Shop,10.00", "06,Cafe,10.00", "09,Book,20.00", "12,Tea,1.00"],
    ],
    ids=["a payout", "two rows", "in the middle"],
)
def test_a_booking_that_happens_to_be_a_sum_is_no_doubt(load, lines):
    found = load(rows("Date,Text,Amount", *(f"2024-03-{line}" for line in lines)))

    assert None not in found.amounts


def test_a_sum_that_the_balance_shows_to_have_moved_is_no_doubt(load):
    found = load(
        rows(
            "Date,Text,Amount,Balance",
            "2024-03-05,Shop,10.00,110.00",
            "2024-03-06,Cafe,5.50,115.50",
            "2024-03-09,Book,7.00,122.50",
            "2024-03-12,Gift,22.50,145.00",
        )
    )

    assert found.amounts == ["10", "5.5", "7", "22.5"]


@pytest.mark.parametrize(
    ("lines", "doubted"),
    [
        (
            [
                "05,Shop,-10.00,90.00",
                "06,Kafe,-5.50,90.00",
                "09,Book,-7.00,83.00",
                "12,Tea,-1.25,81.75",
                "15,a,1.75,83.50",
                "20,b,-3.50,80.00",
            ],
            1,
        ),
        (
            [
                "20,b,-3.50,80.00",
                "15,a,1.75,83.50",
                "12,Tea,-1.25,81.75",
                "09,Book,-7.00,83.00",
                "06,Kafe,-5.50,90.00",
                "05,Shop,-10.00,90.00",
            ],
            4,
        ),
        (
            [
                "01,Hasi,1.00,1.00",
                "05,Shop,9.00,10.00",
                "06,Kafe,-5.50,4.50",
                "09,Book,7.00,11.50",
                "12,Amai,11.50,11.50",
            ],
            4,
        ),
        (["05,Shop,-10.00,90.00", "06,Kafe,-5.50,", "09,Book,-7.00,83.00", "12,Tea,-1.25,81.75"], 1),
    ],
    ids=["failed", "newest first", "closing balance", "without a balance"],
)
def test_a_row_that_does_not_change_the_balance_is_asked_about(load, lines, doubted):
    found = load(rows("Date,Text,Amount,Balance", *(f"2024-03-{line}" for line in lines)))

    assert ("Text", "skip") in found.questions
    assert [row for row, amount in enumerate(found.amounts) if amount is None] == [doubted]


@pytest.mark.parametrize("words", [("Zarpat", "Hozpat"), ("A riportare", "Riporto"), ("转下页X", "承前页X")])
def test_sums_that_are_carried_to_the_next_page_are_asked_about(load, words):
    found = load(
        rows(
            "Date,Text,Debit,Credit,Balance",
            "2024-03-05,a,10.00,,90.00",
            f"2024-03-06,{words[0]},10.00,0.00,90.00",
            f"2024-03-06,{words[1]},10.00,0.00,90.00",
            "2024-03-09,b,,5.00,95.00",
            "2024-03-12,c,,1.00,96.00",
        )
    )

    assert ("Text", "skip") in found.questions or len(found.left_out) == 2
    assert [amount for amount in found.amounts if amount is not None] == ["-10", "5", "1"]


def test_a_row_above_the_bookings_with_both_balances_of_the_account_is_none(load):
    """As a Polish bank puts it above its list without a header: the period, the opening and the closing balance."""
    lines = (
        "2024-01-04,a,-20.00,480.00",
        "2024-01-05,b,-30.00,450.00",
        "2024-01-09,c,70.00,520.00",
        "2024-01-11,d,-5.00,515.00",
    )
    found = load("\n".join(["2024-04-01,ACCOUNT,500.00,515.00", *lines]) + "\n")

    assert found.amounts == ["-20", "-30", "70", "-5"]
    assert [code for _, code in found.left_out] == ["opening_balance"]


def test_a_row_of_zero_without_a_date_is_none(load):
    lines = ("HIST,20240104,-20.00,a,7", "HIST,20240105,-30.00,b,8", "HIST,20240109,70.00,c,9")
    found = load("\n".join(["0,,0,1020,0", *lines]) + "\n")

    assert found.amounts == ["-20", "-30", "70"]


@pytest.mark.parametrize("is_turned", [False, True])
def test_balances_among_the_amounts_are_left_out_where_they_add_up(load, is_turned):
    lines = ["05,Shop,-10.00", "06,Saldo xyz,90.00", "07,Cafe,-5.50", "08,Gift,20.00", "08,Saldo xyz,104.50"]
    lines += ["09,Tea,-1.25", "09,Saldo xyz,103.25"]
    found = load(rows("Date,Text,Amount", *(f"2024-03-{line}" for line in (lines[::-1] if is_turned else lines))))

    assert sorted(a for a in found.amounts if a) == ["-1.25", "-10", "-5.5", "20"]
    assert not [kind for _, kind in found.questions if kind != "currency"]


def test_sums_of_sums_are_asked_about(load):
    lines = ["05,A,10.00", "06,B,20.00", "06,X,30.00", "07,C,5.00", "08,D,2.50", "08,X,7.50", "08,X,37.50"]
    found = load(rows("Date,Text,Amount", *(f"2024-03-{line}" for line in lines)))

    assert ("Text", "skip") in found.questions
    assert found.amounts == ["10", "20", None, "5", "2.5", None, None]


def test_totals_of_totals_are_left_out(load):
    north = ["05,North,100.50", "06,North,200.25", "06,Total North,300.75"]
    south = ["07,South,50.00", "08,South,25.00", "08,Total South,75.00", "08,Total sales,375.75"]
    rent = ["09,Rent,-10.00", "10,Rent,-20.00", "10,Total rent,-30.00", "10,Grand total,345.75"]
    found = load(rows("Date,Text,Amount", *(f"2024-03-{line}" for line in (*north, *south, *rent))))

    assert found.amounts == ["100.5", "200.25", "50", "25", "-10", "-20"]
    assert [line for line, _ in found.left_out] == [4, 7, 8, 11, 12]


def test_a_sum_of_which_less_is_said_than_of_the_rows_is_left_out(load):
    found = load(rows("Date,Text,Amount", "2024-03-05,A,10", "2024-03-06,B,20", "2024-03-08,C,5", "2024-03-08,,35"))

    assert (found.amounts, found.left_out) == (["10", "20", "5"], [(5, "total")])
