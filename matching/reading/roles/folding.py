"""Texts in the form in which words are compared: without case, accents and what joins them."""

import re
import unicodedata
from functools import lru_cache

_FOLDED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+|[+\u2212\u2013%-]")
# Scripts that are written without spaces between words.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_MAX_TEXT = 200  # characters of a cell that are looked at


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """A text without case, accents and compatibility forms, as words are compared."""
    if text.isascii():
        return text[:_MAX_TEXT].lower().strip()
    text = unicodedata.normalize("NFKD", text[:_MAX_TEXT])
    kept = "".join(c for c in text if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept.casefold().translate(_FOLDED)).strip()


@lru_cache(maxsize=50_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or a cell, folded. "valueDate" has two."""
    return tuple(_WORD.findall(folded(_CAMEL.sub(" ", text[:_MAX_TEXT]).replace("'", " ").replace("\u2019", " "))))
