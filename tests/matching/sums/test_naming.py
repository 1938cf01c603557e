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


FIRMS = ["Testa & Figli Officine S.p.A.", "Testa & Figli Ceramiche S.p.A.", "F.lli Riva S.a.s.", "Riva Edilizia S.p.A."]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("TESTA E FIGLI OFFICINE SPA", ["Testa & Figli Officine S.p.A."]),
        ("BONIFICO DA TESTA E FIGLI CERAMICHE", ["Testa & Figli Ceramiche S.p.A."]),
        ("F.LLI RIVA SAS BOLOGNA", ["F.lli Riva S.a.s."]),
        ("COMMISSIONI SPA", []),
    ],
)
def test_parties_are_found_in_other_writing(text, meant):
    found = naming.read([None] * len(FIRMS), FIRMS, ([text], [text]))

    numbers = found.meant(int(found.party[0]))
    assert [name for name, number in zip(FIRMS, found.parties, strict=True) if number in numbers] == meant


def test_a_short_number_is_that_of_a_row_of_the_party_that_the_text_names():
    references = ["FT/2025/00175", "FT/2025/00396", "FT/2025/00027", "FT/2025/01552"]

    def rows(text: str) -> tuple[int, ...]:
        return naming.read(references, FIRMS, ([text], [text])).rows[0]

    assert rows("TESTA E FIGLI OFFICINE SPA FATT N.175") == (0,)
    assert rows("TESTA E FIGLI CERAMICHE SPA FATT N.175") == ()  # not theirs
    assert rows("F.LLI RIVA SAS BOLOGNA 27") == (2,)
    assert rows("F.LLI RIVA SAS BOLOGNA 27 03") == ()  # a day, it may be
