"""Dates whose day, month and year stand in three columns."""

import pytest

ROWS = "2024,1,5,-10.00\n2024,1,16,5.50\n2024,2,3,-7.00\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"Year,Month,Day,Amount\n{ROWS}", ("Day", "Month", "Year")),
        (f"Zaru,Moki,Telu,Amount\n{ROWS}", ("Telu", "Moki", "Zaru")),
        (
            "Amount,Tag,Monat,Jahr\n-10.00,5,Januar,2024\n5.50,16,Januar,2024\n-7.00,3,Februar,2024\n",
            ("Tag", "Monat", "Jahr"),
        ),
        ("Amount,D,M,Y\n-10.00,5,1,2024\n5.50,16,1,2024\n-7.00,3,2,2024\n", ("D", "M", "Y")),
    ],
)
def test_three_columns_that_are_dates_in_order_are_put_together(load, text, parts):
    found = load(text)

    assert found.dates == ["2024-01-05", "2024-01-16", "2024-02-03"]
    day, month, year = parts
    assert found.mapping["date"]["column"] == day
    assert found.mapping["date"]["parts"] == {"month": month, "year": year}
    assert load(text, mapping={"date": {"column": day, "parts": {"month": month, "year": year}}}).dates == found.dates


@pytest.mark.parametrize(
    "text",
    [
        "Amount,A,B,Y\n-10.00,5,1,2024\n5.50,6,1,2024\n-7.00,7,2,2024\n",
        "Y,A,B,Amount\n2024,1,16,-10.00\n2024,3,3,5.50\n2024,2,5,-7.00\n",
        "Y,A,B,Amount\n2024,1,16,-10.00\n2024,1,31,5.50\n2024,2,31,-7.00\n",
    ],
    ids=["either may be the month", "in no order", "no day"],
)
def test_three_columns_of_numbers_that_may_be_something_else_are_no_date(load, text):
    found = load(text)

    assert "date" not in found.mapping
    assert found.dates == [None] * 3
