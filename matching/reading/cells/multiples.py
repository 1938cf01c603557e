"""What amounts are counted in: the words of CLDR for thousands and millions, in names of columns and in lines above tables."""

import re
from functools import lru_cache

from matching.reading.cells.currencies import currency_of
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import key, plain

MAX_LINE = 120  # characters of a line that may say it
MAX_PREPOSITION = 2  # letters of the word before "thousands", as in "in thousands"
_NO_PREPOSITIONS = frozenset({"a", "an", "un", "de", "di", "du", "da"})  # also in names, such as "Rue de Mille Fleurs"
SHORT = 3  # letters, up to which only a currency beside a word shows what it means
LEAST_STEM = 5  # letters in which an inflected form must agree
MAX_ENDING = 3
_TOKEN = re.compile(r"[^\W\d_]+\.?|'?\d+s?|[^\w\s]")
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_ZEROS = re.compile("'?000(?:'?s)?")
_SHORT = re.compile("(?<!\\w)([TtKk]|[Mm](?:io|ln|n)?)[.]?([A-Z]{3}|[^\\w\\s.])(?!\\w)")
_UNSPACED = re.compile("([十百千万萬億亿십백천만억]+)[円元圆圓원]")
_SMALL = {"十": 1, "百": 2, "십": 1, "백": 2}  # CLDR has no name for these, which stand before others
_PLURALS = {"miles": 3, "milhares": 3, "migliaia": 3, "mii": 3}  # CLDR counts "5 mil", and these stand without a number
_OTHERWISE = frozenset({"min"})  # a thousand in Azerbaijani, and the least elsewhere


@lru_cache(maxsize=10_000)
def multiple_in(text: str) -> int | None:
    """
    What one in a column stands for by its name or a line above the table, such as 1000 for "Amount (in thousands)".
    None if the text does not say it. A number before the word, as in "2 thousand rows", is about something else.
    """
    text = plain(text[: MAX_LINE + 1])
    if not text or len(text) > MAX_LINE:
        return None
    if (joined := _UNSPACED.search(text)) is not None and (power := _unspaced_power(joined[1])):
        return power
    tokens = ["", *_TOKEN.findall(text), "", ""]
    for before, token, after, last in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if _ZEROS.fullmatch(token) and (before in _OPENING or token.startswith("'") or _is_currency(before)):
            return 1000
        if (power := _power_of(token)) is not None and _is_unit(
            before, key(token), last if len(after) <= MAX_PREPOSITION < len(last) else after
        ):
            return int(10**power)
    return next((multiple for multiple, _ in _shortened(text)), None)


def counted_currencies(text: str) -> list[str]:
    """The currencies in shortened units such as TEUR and k€."""
    return [code for _, code in _shortened(plain(text[:MAX_LINE]))]


def _shortened(text: str) -> list[tuple[int, str]]:
    found = [(short, currency, currency_of(currency)) for short, currency in _SHORT.findall(text)]
    return [
        (1000 if short in "TtKk" else 1_000_000, code)
        for short, currency, code in found
        if code is not None and (not currency.isalpha() or (short + currency).isupper())
    ]


def _is_currency(word: str) -> bool:
    return bool(word) and not word.isdigit() and bool(currency_of(word))


def _is_unit(before: str, word: str, after: str) -> bool:
    """Whether a word between these two is what amounts are counted in."""
    if before.isdigit():
        return False
    if _is_currency(after) or _is_currency(before):
        return True
    if len(word) <= SHORT or (before.casefold(), word) == ("in", "miles"):
        return False
    is_end = not after or after in _CLOSING
    if before in _OPENING:
        return is_end
    is_preposition = before.isalpha() and len(before) <= MAX_PREPOSITION and before.casefold() not in _NO_PREPOSITIONS
    return is_preposition and (is_end or after.islower())


def _unspaced_power(letters: str) -> int | None:
    powers = [_SMALL.get(letter) or lexicon().multiples.get(letter) for letter in letters]
    return int(10 ** sum(power for power in powers if power)) if all(powers) else None


def _power_of(token: str) -> int | None:
    word = key(token)
    known = lexicon().multiples
    if word in _OTHERWISE:
        return None
    if word in _PLURALS:
        return _PLURALS[word]
    if (power := known.get(word)) is not None:
        return power
    stems = [word[:end] for end in range(len(word) - 1, max(LEAST_STEM, len(word) - MAX_ENDING) - 1, -1)]
    return next((known[stem] for stem in (*stems, word.removesuffix("s")) if stem in known), None)
