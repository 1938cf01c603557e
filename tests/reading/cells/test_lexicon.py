"""The words from CLDR. `make check` makes the file again and compares; these tests look at what is in it."""

import subprocess
import sys

import pytest

from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import phrase, plain


@pytest.mark.parametrize(
    ("word", "language", "month"),
    [
        ("février", "fr", 2),
        ("FEVR.", "fr", 2),
        ("Okt", "de", 10),
        ("mrz", "de", 3),
        ("sept", "en", 9),
        ("KASIM", "tr", 11),
        ("октября", "ru", 10),
        ("มกราคม", "th", 1),
        ("Meán Fómhair", "ga", 9),
        ("listopad", "hr", 10),
        ("listopad", "pl", 11),
    ],
)
def test_month_is_known_in_its_language(word: str, language: str, month: int) -> None:
    assert (language, month) in lexicon().months_called(phrase(plain(word)))


@pytest.mark.parametrize("word", ["ma", "ju", "foo", ""])
def test_beginnings_of_several_months_are_none(word: str) -> None:
    assert not {month for language, month in lexicon().months_called(word) if language == "en"}


@pytest.mark.acceptance
def test_loading_the_words_needs_no_babel() -> None:
    code = "import sys; from matching.reading.cells.lexicon import lexicon; lexicon(); print('babel' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
