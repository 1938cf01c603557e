"""Delimiters that few programs write."""

import pytest

from matching.reading.delimiters import rare_delimiter

USUAL = (",", ";", "\t", "|")
ROWS = (("Date", "Text", "Amount"), ("2024-03-05", "Rent, warm; 1|2", "-1,250.00"), ("2024-03-16", "", "20.50"))


@pytest.mark.parametrize("delimiter", ["~|~", "||", ";;", "::", "~", "§", "\x1f", "\x01"])
def test_what_divides_all_lines_is_the_delimiter(load, delimiter):
    lines = [delimiter.join(row) for row in (*ROWS, ("2024-03-17", "Shop 10:30", "3.00"))]

    found = load("\n".join(lines) + "\n")

    assert found.detection.delimiter == delimiter
    assert (found.amounts, found.rejects) == (["-1250", "20.5", "3"], [])


@pytest.mark.parametrize(
    "text",
    [
        "Date;;Text;Amount\n2024-03-05;;Rent;-12\n",
        "Date,Card,Amount\n2024-03-05,5400 **** **** 0000,-12\n2024-03-06,5400 **** **** 0000,-12\n",
        "Date,Place,Amount\n2024-03-05,~a~,-12\n2024-03-06,b,-12\n",
        "Date,Page,Amount\n2024-03-05,https://a.example,-12\n2024-03-06,https://b.example,-12\n",
        "",
    ],
)
def test_marks_inside_cells_are_no_delimiters(text):
    assert rare_delimiter(text, USUAL) is None
