"""
What a number in a cell of a workbook means by its format: a number, a day, a time, a duration or a percentage.

Days are numbers in workbooks; only the format of the cell says so (ECMA-376, 18.8.30 and 18.17.4).
"""

import datetime as dt
import math
import re
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from matching.reading.cells.grammar import number_form
from matching.reading.numbers import float_text
from matching.reading.roles.words import sides_of
from matching.reading.rows import Exact

Kind = Literal["number", "date", "duration", "percent"]
# Formats that a workbook need not define. The numbers above 22 and below 59 are those of East Asian dates and times.
_BUILT_IN: dict[int, Kind] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), "date"),
    46: "duration",
}
MAX_FORMAT = 1_000  # characters that are looked at; spreadsheet programs allow 255
MAX_NUMBER = 400  # characters; longer texts are no numbers
FIRST_OWN = 164  # the number of the first format that a workbook defines; what others show depends on the country
_PIECES = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]'
    r"|(?P<digits>[0#?.,]+(?:[Ee][+-]0+)?|General)|(?P<other>.)",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\[[<>=]")
_QUOTED = re.compile(r'"[^"]*"|\\.|[_*].')
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.I)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_DATE_PARTS = re.compile(r"[dmyhs]", re.I)
_FRACTION = re.compile(r"s\.0+", re.I)
_DAY_MS = 86_400_000
_LAST_SERIAL = 2_958_466  # the day after 9999-12-31
_EPOCH_1900, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - days have no zone


def kind_of_format(number: int, code: str | None) -> Kind:
    """What a number with a format means. `code` is the format as the workbook defines it."""
    if code is None:
        return _BUILT_IN.get(number, "number")
    shown = _QUOTED.sub("", code[:MAX_FORMAT]).partition(";")[0]
    if _ELAPSED.search(shown):
        return "duration"
    shown = _FRACTION.sub("s", _BRACKETS.sub("", shown))
    if shown.strip().lower() == "general":
        return "number"
    if any(char in shown for char in "0#?"):
        return "percent" if "%" in shown else "number"
    return "date" if _DATE_PARTS.search(shown) else "number"


class Shown(NamedTuple):
    """What a format shows around a number: words of a currency or a side, and whether a minus or brackets."""

    before: str
    behind: str
    is_negative: bool
    has_side: bool


PLAIN = Shown("", "", False, False)


class CellFormat(NamedTuple):
    """
    What a number with a format means, and what is shown around numbers from zero on, and around those below, None where the
    format has no part of its own for these. `is_plain`: people see only the number.
    """

    kind: Kind
    positive: Shown = PLAIN
    negative: Shown | None = None

    @property
    def is_plain(self) -> bool:
        """Whether people see the number alone, or with the sign that it has."""
        words = (*self.positive[:2], *(self.negative or PLAIN)[:2])
        return not (any(words) or self.positive.is_negative)


def cell_format(number: int, code: str | None) -> CellFormat:
    """What a number with a format means and how it is shown. `code` is the format as the workbook defines it."""
    kind = kind_of_format(number, code)
    if kind != "number" or code is None or number < FIRST_OWN or _CONDITION.search(code[:MAX_FORMAT]):
        return CellFormat(kind)
    # What is quoted has no end of a part in it.
    parts = [_shown(part) for part in re.findall(r'(?:"[^"]*"|\\.|[^;])+', code[:MAX_FORMAT])[:2]]
    return CellFormat(kind, *parts)


def _shown(part: str) -> Shown:
    """What one part of a format shows around the number, as far as it is a currency, a side or a minus."""
    texts, digits = ["", ""], ""
    for piece in _PIECES.finditer(part):
        digits += piece["digits"] or ""
        texts[bool(digits)] += next(
            (piece[name] for name in ("quoted", "escaped", "currency", "other") if piece[name]), ""
        )
    before, behind = (text.strip(" -\u2212()\xa0\u202f") for text in texts)
    is_negative = any(mark in text for text in texts for mark in "-\u2212(")
    form = number_form(f"{before} 1 {behind}".strip())
    is_padded = before.isascii() and before.isalpha() and len(before) == 1 and not set(digits) & set(".,")
    if form is None or is_padded:
        return Shown("", "", is_negative and form is not None, False)  # a number such as P0017 is no amount in pula
    has_side = form.token is not None and bool(sides_of(form.token))
    if form.token is not None and not has_side:
        return Shown("", "", is_negative, False)  # a unit such as kg
    return Shown(before, behind, is_negative, has_side)


def cell_text(text: str, style: CellFormat, *, is_1904: bool) -> str:
    """A number of a cell as people see it, with what tells its currency or its sign. It stays exact."""
    value = number_text(text, style.kind, is_1904)
    if style.is_plain or not isinstance(value, Exact):
        return value
    digits, is_below = value.removeprefix("-"), value.startswith("-")
    shown, minus = style.positive, is_below
    if is_below and style.negative is not None:
        shown = style.negative
        # A side says it in place of a minus; and where numbers from zero on have the minus, the others are above zero.
        minus = shown.is_negative or not (shown.has_side or style.positive.is_negative)
    elif shown.is_negative and any(digit in "123456789" for digit in digits):
        minus = True
    return Exact(f"{shown.before} {'-' if minus else ''}{digits} {shown.behind}".strip())


@lru_cache(maxsize=50_000)
def number_text(text: str, kind: Kind, is_1904: bool) -> str:
    """A number of a cell as text, by the meaning of its format. What is no number stays as it is."""
    if kind == "number" and text.removeprefix("-").isdecimal():
        return Exact(text)  # all digits, although spreadsheet programs keep only fifteen
    try:
        value = float(text) if len(text) < MAX_NUMBER else math.nan
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    if kind == "date":
        return _date_text(value, is_1904) or float_text(value)
    if kind == "duration":
        return _duration_text(value)
    if kind == "percent":
        return Exact(f"{(Decimal(float_text(value)) * 100).normalize():f}%")
    return Exact(float_text(value))


def _date_text(value: float, is_1904: bool) -> str | None:
    """A day, a time or both, or None if the number is no day of the calendar."""
    if not 0 <= value < _LAST_SERIAL:
        return None
    days, part = divmod(round(value * _DAY_MS), _DAY_MS)
    time = dt.timedelta(milliseconds=part)
    if days == 0 and not is_1904:
        return (_EPOCH_1900 + time).time().isoformat() if part else None
    if not is_1904 and days <= 60:
        # The 29 February 1900 has the number 60, although that year had no such day.
        return None if days == 60 else _moment(_EPOCH_1900 + dt.timedelta(days=days + 1) + time)
    try:
        return _moment((_EPOCH_1904 if is_1904 else _EPOCH_1900) + dt.timedelta(days=days) + time)
    except OverflowError:
        return None


def _moment(moment: dt.datetime) -> str:
    return moment.isoformat().removesuffix("T00:00:00").removesuffix("000")


def _duration_text(value: float) -> str:
    seconds, ms = divmod(round(abs(value) * _DAY_MS), 1000)
    sign, rest = "-" if value < 0 else "", f".{ms:03}" if ms else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{rest}"
