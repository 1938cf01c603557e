"""What says something, and what only looks as if nothing were there."""

import pytest

from core.text import refuse_blank, says_something


@pytest.mark.parametrize(
    "text", ["a", " 7 ", "–", "€", "שלום", "e\u0301", "👍", "\u200bx", "\u202eabc\u202c", "क\u093f"]
)
def test_what_can_be_seen_says_something(text: str) -> None:
    assert says_something(text)
    assert refuse_blank(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\u00a0\u3000",
        "\u200b\u200c\u200d\u2060\ufeff\u00ad",  # joiners and breaks
        "\u200e\u200f\u061c\u202a\u202e\u2066\u2069",  # directions
        "\u0301\u20dd\u034f",  # marks without a letter
        "\ufe0f\U000e0100",  # variation selectors
        "\u115f\u1160\u3164\uffa0\u17b4\u2800\U0001d159",  # fillers
        "\U000e0041\U000e007f",  # tags
        "\u180e\u206a\ufff9",
    ],
)
def test_what_cannot_be_seen_says_nothing(text: str) -> None:
    assert not says_something(text)
    with pytest.raises(ValueError, match="blank"):
        refuse_blank(text)
