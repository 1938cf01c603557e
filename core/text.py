"""Whether a text says something: what people write to each other, and what they name things."""

import unicodedata

# Letters, digits, punctuation and symbols are drawn. A combining mark needs one of them before it, and everything else is
# a space, or changes how its neighbours are drawn.
_DRAWN = frozenset("LNPS")
# Drawn as nothing, although their category says otherwise: the fillers of Hangul, Khmer's inherent vowels, the empty cell
# of Braille, and the null notehead.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800\U0001d159")


def says_something(text: str) -> bool:
    """Whether a text has a character that can be seen. Spaces, marks alone and invisible characters say nothing."""
    return any(unicodedata.category(one)[0] in _DRAWN and one not in _EMPTY for one in text)


def refuse_blank(text: str) -> str:
    """The text itself. Raises: ValueError for a text that says nothing."""
    if not says_something(text):
        raise ValueError("must not be blank, or made only of characters that cannot be seen")
    return text
