"""Texts that stand for nothing."""

from functools import lru_cache

from matching.reading.cells.currencies import currency_of
from matching.reading.cells.words import plain

LONGEST = 32  # characters
_WORDS = "n/a n.a. na n.a #n/a nil null none nan (null) <null> \\n empty (empty) (blank) (leer) k.a. k.a (none) <none>"
_MARKS = ". .. ... ? * / // -.- -,- --.-- -.-- -,-- -:-"
_BLANK = frozenset(f"{_WORDS} {_MARKS}".split())


@lru_cache(4096)
def is_blank_like(text: str) -> bool:
    """Whether a text stands for nothing: "-", "n/a", "NULL", or the "$ -" with which spreadsheets show a zero."""
    if len(text) > LONGEST:
        return not text.strip()
    text = plain(text)
    if not text.strip("-_ '") or text.casefold().replace(" ", "") in _BLANK:
        return True
    return "-" in text and currency_of(text.strip("- ")) is not None
