"""
The grammar of one number as people write it: signs, currencies, one flag of letters, and digits with marks and groups.

What the text allows is kept, not what it probably means: "1,234" has no decimals if the mark is a point, and three if it is
a comma. A column, and a file, decide which of them is meant.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from core.money import CURRENCIES
from matching.reading.cells import around
from matching.reading.cells.words import plain

LONGEST = 256  # characters; longer texts are not numbers
MARKS = (".", ",")

_DIGITS = re.compile(r"[0-9](?:.*[0-9])?", re.DOTALL)
# Spreadsheets begin a text with an apostrophe. Between letters ("so'm") it belongs to a word.
_LONE = re.compile(r"(?<![^\W\d_])'|'(?![^\W\d_])")
_GAP = re.compile("[' ]+")
_WHOLE = re.compile(r"[.,](?:-{1,2}|=)(?![-=])")  # Swiss and German for "no cents": 12.- and 12,--


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
    meanings: frozenset[str] = frozenset()  # the currencies that a sign such as kr may stand for, if they are several

    @property
    def sure_marks(self) -> set[str]:
        """The marks without the doubtful one."""
        return set(self.decimals) - {self.doubtful or ""}


def exact_form(form: NumberForm | None) -> NumberForm | None:
    """The form of a number that the file stores as one: its decimals stand behind a point, whatever mark texts have."""
    if form is None or "." not in form.decimals:
        return form
    decimals = form.decimals["."]
    total = form.digits + min(places for mark, places in form.decimals.items() if mark != form.doubtful)
    return replace(
        form,
        decimals=dict.fromkeys(MARKS, decimals),
        doubtful=None,
        grouped=False,
        digits=total - decimals,
        leading_zero=False,
    )


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
    before, body, behind = _LONE.sub(" ", text[: found.start()]), found[0], _LONE.sub(" ", text[found.end() :])
    if before[-1:] in MARKS and (not before[-2:-1].isalpha() or _begins_with_mark(before, body)):
        before, body = before[:-1], before[-1] + body
    if found := _WHOLE.match(behind):
        body, behind = body + behind[0], behind[found.end() :]
    elif behind[:1] in MARKS and not behind[1:2].isalnum():
        body, behind = body + behind[0], behind[1:]
    digits = _body(_GAP.sub("'", body))
    if digits is None:
        return None
    surroundings = around.read(before, behind, has_mark=digits.has_mark)
    return _joined(digits, surroundings) if surroundings else None


def _joined(body: "_Body", found: around.Surroundings) -> NumberForm:
    return NumberForm(
        negative=found.negative,
        explicit=found.explicit,
        currency=found.currency,
        token=found.token,
        token_before=found.token_before,
        decimals=body.decimals,
        doubtful=body.doubtful,
        grouped=body.grouped,
        digits=body.digits,
        leading_zero=body.leading_zero,
        meanings=found.meanings,
    )


def _begins_with_mark(before: str, body: str) -> bool:
    """Whether the mark behind a currency's code is that of the number: "EUR.76", but neither "Rs.76" nor "INR.76.00"."""
    return before[:-1].lstrip("(+- ").upper() in CURRENCIES and body.isdigit()


@dataclass(frozen=True, slots=True)
class _Body:
    """What the digits say, with the marks and gaps between them."""

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
