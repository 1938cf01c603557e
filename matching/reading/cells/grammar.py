"""
The grammar of one number as people write it: signs, currencies, one flag of letters, and digits with marks and groups.

What the text allows is kept, not what it probably means: "1,234" has no decimals if the mark is a point, and three if it is
a comma. A column, and a file, decide which of them is meant.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from core.money import CURRENCIES
from matching.reading.cells.currencies import SHARED, currency_of, letter_currency
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import key, plain

LONGEST = 256  # characters; longer texts are not numbers
MARKS = (".", ",")
TOKEN_BEFORE = 3  # letters of a flag before a number, such as DR
TOKEN_BEHIND = 12  # letters of a flag behind it, such as CREDIT
FLAG_LETTERS = frozenset("SHDC")  # Soll and Haben, debit and credit: never a currency

_DIGITS = re.compile(r"[0-9](?:.*[0-9])?", re.DOTALL)
_LONE = re.compile(r"(?<![^\W\d_])'|'(?![^\W\d_])")
_GAP = re.compile("[' ]+")
_WHOLE = re.compile(r"[.,](?:-{1,2}|=)(?![-=])")  # Swiss and German for "no cents": 12.- and 12,--
_TOKEN = re.compile(r"[^\W\d_][^\W\d_./]*(?:[./][^\W\d_]+)*\.?", re.UNICODE)
_BLANK = frozenset(
    [
        "-",
        "--",
        "---",
        ".",
        "..",
        "...",
        "?",
        "*",
        "/",
        "//",
        "-.-",
        "-,-",
        "--.--",
        "-.--",
        "-,--",
        "n/a",
        "n.a.",
        "na",
        "n.a",
        "#n/a",
        "nil",
        "null",
        "none",
        "nan",
        "(null)",
        "<null>",
        "\\n",
        "empty",
        "(blank)",
        "(leer)",
        "k.a.",
        "k.a",
    ]
)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """What a text that is a number says besides its digits."""

    negative: bool
    explicit: bool  # a plus, a minus or brackets were written
    currency: str | None
    token: str | None  # letters that are no currency, in capitals: DR, S, CR
    token_before: bool
    decimals: dict[str, int]  # mark -> digits behind it, for each mark with which the text is a number
    doubtful: str | None  # a mark with which it is one only if a group may begin with a zero: "." for "0,234"
    grouped: bool
    digits: int  # of the whole part, at most
    leading_zero: bool


def _pattern(mark: str, group: str) -> re.Pattern[str]:
    """A whole part in groups of three, of two before the last three, or of four; then the mark and decimals."""
    threes = rf"\d{{1,3}}(?P<sep>[{group}'])\d{{3}}(?:(?P=sep)\d{{3}})*"
    twos = rf"\d{{1,2}}(?:[{group}]\d{{2}})+[{group}]\d{{3}}"
    fours = rf"\d{{1,4}}(?:[{group}]\d{{4}}){{2,}}" if group == "," else r"(?!)"
    return re.compile(
        rf"(?:(?P<whole>\d+)|(?P<groups>{threes}|{twos}|{fours}))?(?:{re.escape(mark)}(?P<decimals>\d*))?"
    )


_PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}


@lru_cache(65_536)
def number_form(text: str) -> NumberForm | None:
    """The form of a number, or None for any other text. Digits may be of any script."""
    if len(text) > LONGEST:
        return None
    text = plain(text)
    found = _DIGITS.search(text)
    if found is None:
        return None
    # Spreadsheets begin a text with an apostrophe. In words ("so'm") it is a letter.
    before, body, behind = _LONE.sub(" ", text[: found.start()]), found[0], _LONE.sub(" ", text[found.end() :])
    if before[-1:] in MARKS and (not before[-2:-1].isalpha() or _begins_with_mark(before, body)):
        before, body = before[:-1], before[-1] + body
    if found := _WHOLE.match(behind):
        body, behind = body + behind[0], behind[found.end() :]
    elif behind[:1] in MARKS and not behind[1:2].isalnum():
        body, behind = body + behind[0], behind[1:]
    read = _body(_GAP.sub("'", body))
    return _around(before, behind, read) if read else None


def _begins_with_mark(before: str, body: str) -> bool:
    """Whether the mark behind a currency's code is that of the number: "EUR.76", but neither "Rs.76" nor "INR.76.00"."""
    return before[:-1].lstrip("(+- ").upper() in CURRENCIES and body.isdigit()


@dataclass(frozen=True, slots=True)
class _Body:
    decimals: dict[str, int]
    doubtful: str | None
    grouped: bool
    digits: int
    leading_zero: bool
    has_mark: bool


def _body(text: str) -> _Body | None:
    """The digits between what surrounds them, with an apostrophe for each gap."""
    decimals: dict[str, int] = {}
    doubtful = None
    grouped = False
    for mark, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found is None or not any(c.isdigit() for c in text):
            continue
        decimals[mark] = len(found["decimals"] or "")
        if found["groups"]:
            grouped = True
            if text.startswith("0") and "'" not in text:
                doubtful = mark
    if not decimals:
        return None
    if len(decimals) == 1:
        doubtful = None
    total = sum(c.isdigit() for c in text)
    digits = total - min(places for mark, places in decimals.items() if mark != doubtful)
    has_mark = not text.isdigit()
    return _Body(decimals, doubtful, grouped, digits, digits > 1 and text.startswith("0"), has_mark)


def _around(before: str, behind: str, body: _Body) -> NumberForm | None:
    """The form, from what stands before and behind the digits."""
    has_brackets = "(" in before or "(" in behind or ")" in before or ")" in behind
    if has_brackets:
        if before.count("(") != 1 or behind.count(")") != 1 or ")" in before or "(" in behind:
            return None
        before, behind = before.replace("(", "", 1), behind.replace(")", "", 1)
    signs, left = _sign(before)
    more, right = _sign(behind)
    signs += more
    if len(signs) > 1 or (has_brackets and signs == "+"):
        return None
    words = _Words(body.has_mark)
    if not (words.read(left, before, is_before=True) and words.read(right, behind, is_before=False)):
        return None
    return NumberForm(
        negative=has_brackets or signs == "-",
        explicit=has_brackets or bool(signs),
        currency=words.currency,
        token=words.token,
        token_before=words.token_before,
        decimals=body.decimals,
        doubtful=body.doubtful,
        grouped=body.grouped,
        digits=body.digits,
        leading_zero=body.leading_zero,
    )


def _sign(text: str) -> tuple[str, str]:
    """The signs at the ends of what surrounds a number, and the rest."""
    text = text.strip()
    signs = ""
    while text and text[0] in "+-":
        signs, text = signs + text[0], text[1:].lstrip()
    while text and text[-1] in "+-":
        signs, text = signs + text[-1], text[:-1].rstrip()
    return signs, text


class _Words:
    """What the words around a number say: at most one currency, which may stand there twice, and one flag."""

    def __init__(self, has_mark: bool) -> None:
        self.has_mark = has_mark
        self.currency: str | None = None
        self.token: str | None = None
        self.token_before = False

    def read(self, words: str, raw: str, *, is_before: bool) -> bool:
        """Read the words of one side; False if one of them has nothing to do with a number."""
        if not words:
            return True
        parts = [words] if self._currency(words, raw, is_before) else words.split()
        return all(self._read(part, raw, is_before) for part in parts)

    def _read(self, word: str, raw: str, is_before: bool) -> bool:
        code = self._currency(word, raw, is_before)
        if code is None:
            return self._flag(word, raw, is_before)
        if self.currency in (None, SHARED):
            self.currency = code
        elif code not in (self.currency, SHARED):
            self.currency = SHARED
        return True

    def _currency(self, word: str, raw: str, is_before: bool) -> str | None:
        if len(word) > 1 or not word.isascii() or not word.isalpha():
            return currency_of(word)
        # R1 is a name; R 1 and R1.00 are amounts.
        is_apart = self.has_mark or raw.endswith(" ")
        return letter_currency(word) if is_before and is_apart else None

    def _flag(self, word: str, raw: str, is_before: bool) -> bool:
        letters = word.rstrip(".")
        if self.token is not None or not _TOKEN.fullmatch(word):
            return False
        if len(letters) > (TOKEN_BEFORE if is_before else TOKEN_BEHIND) or is_name_of_month(letters):
            return False
        if is_before and not raw.endswith(" ") and not (self.has_mark and raw.endswith(word)):
            return False  # RE-7001 and A12 are names
        if not is_before and raw.startswith(("-", "+")) and not raw[1:].startswith(" "):
            return False
        self.token, self.token_before = letters.upper(), is_before
        return True


def is_name_of_month(word: str) -> bool:
    """Whether a word of three or more letters names a month in some language."""
    return len(word) >= 3 and key(word) in lexicon().months


@lru_cache(4096)
def is_blank_like(text: str) -> bool:
    """Whether a text stands for nothing: "-", "n/a", "NULL", or the "$ -" with which spreadsheets show a zero."""
    if len(text) > LONGEST:
        return False
    text = plain(text).casefold()
    if text.replace(" ", "") in _BLANK or not text.strip("-_ "):
        return True
    return "-" in text and currency_of(text.strip("- ").upper()) is not None
