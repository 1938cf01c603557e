"""
What a number in a cell of a workbook means by its format: a number, a day, a time, a duration or a percentage.

Days are numbers in workbooks; only the format of the cell says so (ECMA-376, 18.8.30 and 18.17.4).
"""

import datetime as dt
import math
import re
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from matching.reading.numbers import float_text
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
