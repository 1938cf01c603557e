"""Days as numbers: what a year, a month and a day written in some form are in days since 1970, for whole columns."""

import numpy as np
from numpy.typing import NDArray

FIRST_YEAR, LAST_YEAR = 1000, 9999
PIVOT = 70  # years of two digits below this are in the 21st century
BUDDHIST = -543
BUDDHIST_YEARS = range(2400, 2700)  # 1857 to 2156; nobody writes such years of the common era
SHORT_BUDDHIST = 2500 + BUDDHIST  # 67 is 2567
JALALI_YEARS = range(1300, 1450)  # of Iran's calendar: 1921 to 2071
JALALI_EPOCH = -17_818  # the first day of the first of these years, 21 March 1921
LEAP_CYCLE, LEAPS = 33, (1, 5, 9, 13, 17, 22, 26, 30)  # the years of a cycle that have one day more
SERIAL_DAYS = range(20_000, 80_000)  # 1954 to 2119
EXCEL, EXCEL_1904 = -25_569, -24_107  # days from 1970-01-01 to 1899-12-30 and to 1904-01-01
SECONDS = range(10**8, 41 * 10**8)  # 1973 to 2099
UNITS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}

Ints = NDArray[np.int64]
Found = tuple[NDArray[np.int32], NDArray[np.bool_]]

_MONTHS = np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-02", dtype="datetime64[M]")
_STARTS = _MONTHS.astype("datetime64[D]").astype(np.int64)
_LENGTHS = np.diff(_STARTS)


def civil(year: Ints, month: Ints, day: Ints) -> Found:
    """Days since 1970-01-01, and which dates exist. All of shape (n,)."""
    place = (year - FIRST_YEAR) * 12 + month - 1
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (place >= 0) & (place < len(_LENGTHS))
    place = np.where(valid, place, 0)
    valid &= day <= _LENGTHS[place]
    return np.where(valid, _STARTS[place] + day - 1, 0).astype(np.int32), valid


_JALALI_LENGTHS = [365 + (year % LEAP_CYCLE in LEAPS) for year in JALALI_YEARS]
_JALALI_STARTS = JALALI_EPOCH + np.concatenate(([0], np.cumsum(_JALALI_LENGTHS)))
_JALALI_MONTHS = np.array([31 * month if month < 6 else 186 + 30 * (month - 6) for month in range(12)])


def jalali(year: Ints, month: Ints, day: Ints) -> Found:
    """Days since 1970-01-01 of dates in the calendar of Iran and Afghanistan, and which exist. All of shape (n,)."""
    valid = (year >= JALALI_YEARS.start) & (year < JALALI_YEARS.stop) & (month >= 1) & (month <= 12) & (day >= 1)
    if not valid.any():
        return np.zeros(len(year), np.int32), valid
    place, month = np.where(valid, year - JALALI_YEARS.start, 0), np.where(valid, month, 1)
    days = _JALALI_STARTS[place] + _JALALI_MONTHS[month - 1] + day - 1
    # The last month takes what is left of its year.
    ends = np.where(month == 12, _JALALI_STARTS[place + 1], _JALALI_STARTS[place] + _JALALI_MONTHS[month % 12])
    valid &= days < ends
    return np.where(valid, days, 0).astype(np.int32), valid


def written(form: str, year: Ints, month: Ints, day: Ints) -> Found:
    """Days of dates whose year is written in the way that the form says. Years of eras are already those of the calendar."""
    if form.endswith("_sh"):
        return jalali(year, month, day)
    if form.endswith("2_be"):
        return civil(year + SHORT_BUDDHIST, month, day)
    if form.endswith("2"):
        year = year + np.where(year < PIVOT, 2000, 1900)
        return civil(year, month, day)
    is_buddhist = (year >= BUDDHIST_YEARS.start) & (year < BUDDHIST_YEARS.stop)
    if form.endswith("_be"):
        days, valid = civil(year + BUDDHIST, month, day)
        return days, valid & is_buddhist
    days, valid = civil(year, month, day)
    return days, valid & ~is_buddhist


def solid(form: str, digits: Ints, year: int | None = None) -> Found:
    """Days of dates and counts without separators, from the digits as one number."""
    if form in UNITS:
        seconds = digits // UNITS[form]
        return (seconds // 86_400).astype(np.int32), (seconds >= SECONDS.start) & (seconds < SECONDS.stop)
    if form in ("serial", "serial1904"):
        days = digits + (EXCEL if form == "serial" else EXCEL_1904)
        return days.astype(np.int32), (digits >= SERIAL_DAYS.start) & (digits < SERIAL_DAYS.stop)
    head, middle, tail = digits // 10_000, digits // 100 % 100, digits % 100
    if form == "ymd8":
        return _recent(head, middle, tail)
    if form in ("dmy8", "mdy8"):
        first, second = digits // 1_000_000, digits // 10_000 % 100
        return _recent(digits % 10_000, *((second, first) if form == "dmy8" else (first, second)))
    if form == "ymd7_roc":
        return civil(head + 1911, middle, tail)
    if form in ("dm4", "md4"):
        whole = np.full_like(digits, year or 0)
        return civil(whole, *((tail, middle) if form == "dm4" else (middle, tail)))
    parts = {"ymd6": (head, middle, tail), "dmy6": (tail, middle, head), "mdy6": (tail, head, middle)}[form]
    return written("2", *parts)


def _recent(year: Ints, month: Ints, day: Ints) -> Found:
    """Eight digits are a date only if its year is of the last or the next century; else they are a number."""
    days, valid = civil(year, month, day)
    return days, valid & (year >= 1900) & (year < 2100)
