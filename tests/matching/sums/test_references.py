"""References as banks write them: without separators, letters and zeros, or with the year in another place."""

import pytest

from matching.sums.references import MOST_SHARED, MOST_TOLD, References

INVOICES = [f"FT/2025/{n:05}" for n in range(380, 420)] + [
    "FT/2024/00399",
    "FT/2025/01552",
    "FT/2025/02025",
    "FT/2024/00007",
]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("PAGAMENTO FT202500382", ["FT/2025/00382"]),
        ("FATT 382/2025 E 01552/25", ["FT/2025/00382", "FT/2025/01552"]),
        ("FATTURA NR 2025/384", ["FT/2025/00384"]),
        ("FATT N.1552", ["FT/2025/01552"]),
        ("FT 399/2024", ["FT/2024/00399"]),
        ("FATT N.382", []),  # three digits occur in texts by chance
        ("BONIFICO 2025", []),  # the year, though an invoice has this number
        ("FT 7", []),
    ],
)
def test_a_number_is_found_in_any_writing(text, named):
    rows, _ = References.of(INVOICES).read([text])

    assert [INVOICES[row] for row in rows[0]] == named


@pytest.mark.parametrize("text", ["PAYOUT 48200117", "MP-48200117 KD 7730021", "0048200117", "4820 0117"])
def test_a_batch_is_found_without_the_letters_and_zeros_of_its_number(text):
    numbers = ["DE00048200117"] * (MOST_SHARED + 1) + ["NL00048200118"]

    assert References.of(numbers).read([text])[0] == [tuple(range(MOST_SHARED + 1))]


def test_what_stands_in_most_texts_is_no_batch():
    customer = ["KD-7730021"] * (MOST_SHARED + 1)

    assert References.of(customer).read(["KD 7730021"] * (MOST_TOLD + 1))[0] == [()] * (MOST_TOLD + 1)
    assert References.of(customer[:2]).read(["KD 7730021"] * (MOST_TOLD + 1))[0] == [(0, 1)] * (MOST_TOLD + 1)


def test_no_part_of_an_article_number_stands_for_the_whole():
    articles = [f"{4000 + n}.{n % 31:02}-{n % 37:03}" for n in range(100)]

    assert References.of(articles).read(["4007", "4007.07-007"])[0] == [(), (7,)]
