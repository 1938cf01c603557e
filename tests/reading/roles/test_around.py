"""Lines about the account: above the rows of a file without a header, as its first row, or as a table of one row."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


BOOKINGS = (
    "2024-03-05,-10.00,a,90.00",
    "2024-03-06,-25.50,b,64.50",
    "2024-03-09,100.00,c,164.50",
    "2024-03-12,-4.25,d,160.25",
)
PLAIN = [",".join((day, text, amount)) for day, amount, text, _ in (line.split(",") for line in BOOKINGS)]
AMOUNTS = ["-10", "-25.5", "100", "-4.25"]

ABOVE = {
    "labels and values": ("Statement Enquiry : ", "Account Number : ,1187004471", "Account Description : ,Savvy"),
    "one value with a number": ("Account,Plus", "Statement Number,5"),
    "unknown words": ("Vik Zop", "Pel,Wim", "Zug,Tov"),
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE)
def test_a_line_that_ends_before_the_numbers_is_no_header(load, above):
    found = load(rows(*above, *(f"{day},{text},{amount},{rest}" for day, amount, text, rest in map(_cells, BOOKINGS))))

    assert [amount for amount in found.amounts if amount] == AMOUNTS
    assert "header" not in {kind for _, kind in found.questions}


def _cells(line):
    return line.split(",")


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("2024-03-31,100.00,konto,160.25", *BOOKINGS[::-1]), 0),
        ((*BOOKINGS, "2024-03-31,100.00,konto,160.25"), 4),
        (("Zug,Vik,Zop,Pel", *BOOKINGS, "2024-03-31,100.00,konto,160.25"), 5),
    ],
    ids=["newest first", "at the end", "below a header"],
)
def test_a_row_with_the_opening_and_a_repeated_balance_is_about_the_account(load, lines, place):
    found = load(rows(*lines))

    assert sorted(found.amounts) == sorted(AMOUNTS)
    assert [line for line, _ in found.left_out] == [place + 1]
    assert "skip" not in {kind for _, kind in found.questions}


def test_a_row_that_leaves_the_balance_and_is_no_opening_is_asked_about(load):
    found = load(rows(*BOOKINGS, "2024-03-31,77.00,konto,160.25"))

    assert "skip" in {kind for _, kind in found.questions}


ACCOUNT = {
    "closing": ("Client,Name,Currency,Opening,Booked,Until", "1187,Ann,EUR,100.00,160.25,2024-03-31"),
    "unknown names": ("Vik,Zop,Pel,Wim,Tov,Zug", "1187,Ann,EUR,100.00,160.25,2024-03-31"),
    "the first balance": ("Client,Name,Currency,After,Until", "1187,Ann,EUR,90.00,2024-03-31"),
}


@pytest.mark.parametrize("above", ACCOUNT.values(), ids=ACCOUNT)
def test_one_row_above_the_table_that_repeats_its_balance_is_no_other_table(load, above):
    found = load(rows(*above, "", "Date,Amount,Text,Balance", *BOOKINGS))

    assert [amount for amount in found.amounts if amount] == AMOUNTS
    assert "header" not in {kind for _, kind in found.questions}


SUMMARY = {
    "the balances": ("Until,No,Before,After,Currency", "2024-03-31,1,100.00,160.25,EUR"),
    "the sum": ("Until,Period,Total,Currency", "2024-03-31,March,60.25,EUR"),
}


@pytest.mark.parametrize("above", SUMMARY.values(), ids=SUMMARY)
def test_one_row_that_says_what_the_table_comes_to_is_no_other_table(load, above):
    found = load(rows(*above, "Date,Name,Amount,Ref", *(f"{line},R{n}" for n, line in enumerate(PLAIN))))

    assert [amount for amount in found.amounts if amount] == AMOUNTS
    assert found.questions == []


def test_one_row_with_another_amount_may_be_another_table(load):
    above = ("Until,Period,Total,Currency", "2024-03-31,March,61.25,EUR")
    found = load(rows(*above, "Date,Name,Amount,Ref", *(f"{line},R{n}" for n, line in enumerate(PLAIN))))

    assert "header" in {kind for _, kind in found.questions}


@pytest.mark.parametrize(
    "above",
    [
        ("Date,Amount,Currency,Balance", "2024-03-31,100.00,EUR,12.50"),
        ("Until,Paid,Total,Client", "2024-03-31,1.00,2.50,Ann"),
    ],
    ids=["alike", "otherwise"],
)
def test_the_names_above_a_single_row_are_not_those_of_the_table_below_it(load, above):
    found = load(rows(*above, "Tag,Zug,Pel,Vik", *BOOKINGS))

    assert found.mapping["amount"]["column"] == "Zug"
    assert {amount for amount in found.amounts if amount} <= set(AMOUNTS)


def test_a_line_that_goes_on_with_the_first_booking_is_no_header(load):
    found = load(rows("Date,Amount,Text,Balance", BOOKINGS[0], ",,of somebody,else", *BOOKINGS[1:]))

    assert [amount for amount in found.amounts if amount] == AMOUNTS
    assert "header" not in {kind for _, kind in found.questions}


NUMBERED = {
    "rising": ("9011870044710", "9011870051837", "9011870058964", "9011870066091"),
    "falling": ("88120447199", "88120447150", "88120446011", "88120445007"),
    "uneven": ("1000000001", "1000000002", "1000000047", "9999999999"),
}


@pytest.mark.parametrize("numbers", NUMBERED.values(), ids=NUMBERED)
def test_long_numbers_that_go_on_from_row_to_row_are_references(load, numbers):
    lines = [f"{line},{number}" for line, number in zip(BOOKINGS, numbers, strict=True)]

    found = load(rows("Zug,Vik,Zop,Pel,Wim", *lines))

    assert found.references == list(numbers)


def test_long_numbers_in_no_order_are_no_references(load):
    numbers = ("2659911220", "2659900017", "2659955541", "2659900018")
    lines = [f"{line},{number}" for line, number in zip(BOOKINGS, numbers, strict=True)]

    found = load(rows("Zug,Vik,Zop,Pel,Wim", *lines))

    assert found.references == [None] * 4


def test_a_second_table_with_some_of_the_same_names_is_left_out(load):
    lines = ["Date,Shop,Price,Cur,Charged,Note"]
    lines += [f"2024-03-0{n},s{n},{n}.50,EUR,{n}.50,x" for n in range(1, 6)]
    lines += ["Total,,,,17.50,", "Date,Shop,Charged,Price,Rate,Cur", "2024-03-08,t8,9.25,10.00,0.925,USD"]

    found = load("\n".join(lines) + "\n", mapping={"amount": {"column": "Charged"}})

    assert found.amounts == ["1.5", "2.5", "3.5", "4.5", "5.5"]
    assert "other_table" in {code for _, code in found.left_out}


@pytest.mark.parametrize(
    "above",
    [
        ["Account No,Opening,Closing", "12345678,100.00,85.00", ""],
        ["Period,Account,Opening,Closing", "March 2024,12345678,100.00,85.00", ""],
        ["Account,Closing", "12345678,85.00"],
    ],
    ids=["same width", "wider", "no gap"],
)
def test_the_names_above_a_single_row_are_not_those_of_rows_without_names(load, above):
    found = load("\n".join([*above, "05/03/2024,Rent,-10.00", "16/03/2024,Pay,25.00", "19/03/2024,Food,-30.00"]) + "\n")

    assert found.amounts == ["-10", "25", "-30"]
    assert found.detection.columns[0] == "column_1"
    assert found.rejects == []


@pytest.mark.parametrize("names", ["Date,Text,Amount", "Datum,Text,Betrag"])
def test_a_first_row_without_a_date_stands_below_the_names_of_the_table(load, names):
    found = load(
        f"{names}\nOpening balance,,100.00\n\n05/03/2024,Rent,-10.00\n16/03/2024,Pay,25.00\n19/03/2024,Food,-30.00\n"
    )

    assert ",".join(found.detection.columns) == names
    assert found.amounts == ["-10", "25", "-30"]
