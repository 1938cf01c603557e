"""What texts say, read by the values of the other side."""

import pytest

from matching.sums import naming

REFERENCES = ["INV-100234", "INV-100235", "B 7731/25", None, "12"]
PARTIES = ["Ember Logistics GmbH", "E W", "Émile Zola", "Ember Logistics Ltd", None]


def read(text: str) -> naming.Naming:
    return naming.read(REFERENCES, PARTIES, ([text], [text]))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("PAYOUT INV-100234 INV 100235", (0, 1)),
        ("payment inv100235", (1,)),
        ("payment 100235", (1,)),
        ("B7731 25", (2,)),
        ("room 12", ()),
        ("INV-10023", ()),
    ],
)
def test_references_are_found_in_any_writing(text, rows):
    assert read(text).rows == [rows]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("TRANSFER E W 99", ["E W"]),
        ("EMILE ZOLA INV-100234", ["Émile Zola"]),
        ("EMBER LOGISTICS GM", ["Ember Logistics GmbH"]),
        ("EMBER LOGIST", ["Ember Logistics GmbH", "Ember Logistics Ltd"]),
        ("EMBER", []),
        ("INTEREST", []),
    ],
)
def test_parties_are_found_even_if_they_are_cut_off(text, meant):
    found = read(text)

    numbers = found.meant(int(found.party[0]))
    assert [name for name, number in zip(PARTIES, found.parties, strict=True) if number in numbers] == meant


def test_what_is_left_of_a_text_is_its_template():
    assert read("PSP PAYOUT INV-100234 2025").template == ["PSP PAYOUT"]
