"""Words as they are compared."""

import pytest

from matching.sums.words import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Émile Zola, 75-Paris", ["EMILE", "ZOLA", "75", "PARIS"]),
        ("Rinaldi S.n.c. di F.lli", ["RINALDI", "SNC", "DI", "F", "LLI"]),
        ("S.p.A", ["SPA"]),
        ("1.2.3", ["1", "2", "3"]),
        (None, []),
    ],
)
def test_words_have_neither_case_nor_accents_and_initials_are_one(text, found):
    assert words(text) == found
