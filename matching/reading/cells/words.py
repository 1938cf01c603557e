"""Brings words and digits of all scripts into one form, so that they can be looked up."""

import re
import unicodedata
from functools import cache

# Characters that change only the direction or the joining of text, which Arabic and Hebrew files contain beside numbers.
INVISIBLE = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
MINUSES = "-\u2010\u2011\u2012\u2013\u2014\u2212\u02d7\u207b\u2796\u25b2\u25b3"  # the triangles are those of Japanese accounts
APOSTROPHES = "'\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4`\u066c\u060c\u2e41"
LAST_DIGIT = 0x20000  # no script has decimal digits behind this code
_SEPARATORS = re.compile(r"[\s.,/()\[\];:、-]+")
_DIGIT = re.compile("[0-9]")
_ACCENTS = re.compile("[\u0300-\u036f]")


@cache
def _table() -> dict[int, str | None]:
    """Every decimal digit to its ASCII form, all minuses and apostrophes to one, and no invisible characters."""
    table: dict[int, str | None] = {
        code: str(unicodedata.decimal(c)) for code, c in enumerate(map(chr, range(LAST_DIGIT))) if c.isdecimal()
    }
    table.update({ord(mark): None for mark in INVISIBLE})
    table.update({ord(mark): "-" for mark in MINUSES})
    table.update({ord(mark): "'" for mark in APOSTROPHES})
    table[0x066B] = ","  # the Arabic decimal separator
    return table


def plain(text: str) -> str:
    """A text in the compatibility form of Unicode, with ASCII digits, one minus, one apostrophe and single spaces."""
    if text.isascii():
        return " ".join(text.replace("`", "'").split())
    ascii_digits = text.translate(_table())
    normal = unicodedata.normalize("NFKC", ascii_digits)
    # A number with a footnote (12²) must not get another digit.
    is_same = len(_DIGIT.findall(normal)) == len(_DIGIT.findall(ascii_digits))
    return " ".join((normal if is_same else ascii_digits).split())


def key(word: str) -> str:
    """The form in which a word is looked up: without accents, case and a final point. "Févr." and "FEVR" are one word."""
    lowered = word.casefold()
    if not lowered.isascii():
        bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", lowered))
        # Turkish capitals lose the difference between the two letters; NFC puts the signs of other scripts together again.
        lowered = unicodedata.normalize("NFC", bare).replace("ı", "i").replace("ß", "ss")
    return lowered.strip(".").replace("'", "")


def phrase(name: str) -> str:
    """A name of one or more words in the form in which it is looked up: its words with one space between them."""
    return " ".join(filter(None, (key(part) for part in _SEPARATORS.split(name))))
