"""
A column of texts as days, all rows at once.

A *form* is a way to read a date. Its name lists the parts in their order, and is what a mapping holds:

| form | example |
|---|---|
| ymd dmy mdy ydm | 2024-01-05, 05.01.2024, 01/05/2024, 2024-05-01 |
| ymd2 dmy2 mdy2 ydm2 | 24-01-05, 05.01.24: the year has two digits |
| ymd8 dmy8 mdy8 | 20240105, 05012024 |
| dMy Mdy yMd ydM, dMy2 Mdy2 | 5 Jan 2024, January 5, 2024, 5-Jan-24: the month has a name |
| ymd_be dmy_be mdy_be dMy_be dMy2_be ... | 2567-01-05: the year is one of the Buddhist era |
| ymd_sh dmy_sh mdy_sh | 1402-10-15: the year is one of Iran's calendar, which counts by the sun |
| ymd_era ymd_roc | R6.01.05 and 令和6年1月5日, 113/01/05 |
| dm md dM Md dm4 md4 | 05.01., 5 Jan, 0501: the year is elsewhere |
| ymd6 dmy6 mdy6 ymd7_roc | 240105, 050124, 1130105 |
| epoch_s epoch_ms epoch_us epoch_ns | 1704448272: seconds, or parts of them, since 1970 |
| serial serial1904 | 45296: days since 1899-12-30 or 1904-01-01, as spreadsheets count |

Those of the last four lines are *weak*: what looks so is more often something else. ydm and ydm2 are only a column's form
if ymd does not fit it. Times, zones and weekdays around a date
are left out: it is the day that was written.
"""

import datetime as dt
import re
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.reading.cells import calendar, shapes
from matching.reading.cells.column import Column
from matching.reading.cells.dates import Layout, layouts
from matching.reading.cells.months import Months, meanings_of
from matching.reading.cells.words import plain

YEARLESS = frozenset({"dm", "md", "dM", "Md", "dm4", "md4"})
COUNTS = frozenset({"serial", "serial1904", *calendar.UNITS})
SOLID = frozenset({"ymd8", "dmy8", "mdy8", "ymd7_roc", "ymd6", "dmy6", "mdy6", "dm4", "md4"}) | COUNTS
WEAK = YEARLESS | SOLID - {"ymd8", "dmy8", "mdy8"}
RARE = frozenset({"ydm", "ydm2"})
# What an order stands for in a mapping without a form.
NAMED_MONTHS = ("dMy", "Mdy", "yMd", "dMy2")
NAMED_BY_ORDER = {
    "ymd": ("ymd", "ymd8", *NAMED_MONTHS),
    "dmy": ("ymd", "ymd8", "dmy", "dmy2", *NAMED_MONTHS),
    "mdy": ("ymd", "ymd8", "mdy", "mdy2", *NAMED_MONTHS),
    "ydm": ("ydm", "ydm2", *NAMED_MONTHS),
}
LEAP_YEAR = 2024
SLOTS = 8  # groups of digits that are looked at
_RUN = re.compile(rb"[0-9]+")

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Found = tuple[NDArray[np.int32], Bools]


def order_of(form: str) -> str:
    """The order of year, month and day in a form: "ymd", "dmy", "mdy" or "ydm". Counts of days or seconds are "ymd"."""
    if form in YEARLESS:
        return "dmy" if form[0] == "d" else "mdy"
    return "ymd" if form in COUNTS else form[:3].lower()


@lru_cache(16_384)
def day_forms(text: str, year: int | None = None) -> dict[str, dt.date]:
    """
    The day that a text means in each form that it fits. Forms without a year need one.

    A name that is a different month in other languages is left out: a column tells more than one cell.
    """
    found = {}
    column = Days(pa.array([text], pa.large_string()))
    for form in column.forms:
        if form not in YEARLESS or year is not None:
            days, valid = column.days(form, year)
            if valid[0]:
                found[form] = dt.date(1970, 1, 1) + dt.timedelta(days=int(days[0]))
    return found


class Days:
    """
    A column of texts, read as days. All vectors have the shape (rows,).

    `filled` marks the rows with a text, `blank` those of them whose text stands for nothing. `forms` are all that some text
    looks like. `ambiguous_months` holds names of months that mean different months in the languages that the column may be
    in; their rows are no days until a person has told.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray, languages: frozenset[str] | None = None) -> None:
        """`languages` are those of the whole column if the values are only a part of it."""
        self._column = Column(values, _layouts_of_shape)
        self.rows, self.is_text = self._column.rows, self._column.is_text
        self.filled, self.blank = self._column.filled, self._column.blank
        self.forms = list(dict.fromkeys(layout.form for found in self._column.found for layout in found))
        self._months = Months(self._words(), languages)
        self.languages, self.ambiguous_months = self._months.languages, self._months.ambiguous
        self._numbers: dict[int, Ints] = {}
        self._days: dict[tuple[str, int | None], Found] = {}

    def _words(self) -> dict[str, int]:
        """The names of months, each with the number of its rows."""
        counts = np.bincount(self._column.codes, minlength=len(self._column.found))
        rows: dict[str, int] = {}
        for found, count in zip(self._column.found, counts, strict=True):
            for word in {layout.word for layout in found if layout.word}:
                rows[word] = rows.get(word, 0) + int(count)
        return rows

    @cached_property
    def fits(self) -> dict[str, int]:
        """The number of rows that are days in each form. Those without a year are tried with a leap year."""
        counts = {form: int(self._valid(form).sum()) for form in self.forms}
        return {form: count for form, count in counts.items() if count}

    @cached_property
    def ok(self) -> Bools:
        """The rows that are days in a form that is not weak."""
        found = np.zeros(self.rows, np.bool_)
        for form in self.forms:
            if form not in WEAK:
                found |= self._valid(form)
        return found

    def _valid(self, form: str) -> Bools:
        return self.days(form, LEAP_YEAR if form in YEARLESS else None)[1]

    def days(self, form: str, year: int | None = None) -> Found:
        """
        The days of all rows in one form.

        Returns: int32, days since 1970-01-01, and which rows are days in this form.
        Raises: ValueError if the form has no year and none is given.
        """
        if form in YEARLESS and year is None:
            raise ValueError(f"the form {form} has no year, so one has to be given")
        year = year if form in YEARLESS else None
        if form not in self.forms:
            return np.zeros(self.rows, np.int32), np.zeros(self.rows, np.bool_)
        known = self._days.get((form, year))
        if known is None:
            known = self._days[form, year] = self._read(form, year)
        return known

    def combined(self, form: str, year: int | None = None) -> tuple[NDArray[np.int32], Bools, Bools]:
        """
        The days in one form, and of rows that do not fit it the days in the only other form that they fit.

        Returns: days, which rows are valid, and which are open, since they are different days in several other forms.
        """
        days, valid = self.days(form, year)
        others, seen, several = np.zeros(self.rows, np.int32), ~valid & False, ~valid & False
        for other in self.forms:
            if other == form or other in WEAK | RARE:
                continue
            found, fits = self.days(other)
            fits = fits & ~valid
            several |= fits & seen & (others != found)
            others = np.where(fits & ~seen, found, others)
            seen |= fits
        taken = seen & ~several
        return np.where(taken, others, days), valid | taken, several

    def _read(self, form: str, year: int | None) -> Found:
        chosen = [next((layout for layout in found if layout.form == form), None) for found in self._column.found]
        has_form = self._column.by_shape([layout is not None for layout in chosen]) & ~self._column.texts.is_long
        if form in SOLID:
            days, valid = calendar.solid(form, self._solid(form), year)
        else:
            days, valid = calendar.written(
                form, self._year(chosen, year), self._month(chosen), self._part(chosen, "day")
            )
        valid = valid & has_form
        return np.where(valid, days, 0).astype(np.int32), valid

    def _year(self, chosen: list[Layout | None], year: int | None) -> Ints:
        """The years of the rows, those of eras as years of the calendar."""
        if year is not None:
            return np.full(self.rows, year, np.int64)
        eras = np.array([layout.era if layout else 0 for layout in chosen], np.int64)
        years = self._part(chosen, "year")
        return years + eras[self._column.codes] if eras.any() else years

    def _month(self, chosen: list[Layout | None]) -> Ints:
        if not any(layout and layout.word for layout in chosen):
            return self._part(chosen, "month")
        months = [self._months[layout.word] if layout and layout.word else 0 for layout in chosen]
        return np.array(months, np.int64)[self._column.codes]

    def _part(self, chosen: list[Layout | None], name: str) -> Ints:
        """The day, the month or the year of each row. Its place among the groups of digits depends on the shape."""
        places = [getattr(layout, name) if layout else None for layout in chosen]
        table = np.array([SLOTS if place is None else place for place in places], np.int8)
        used = sorted(set(table.tolist()) - {SLOTS}) or [SLOTS]
        if len(used) == 1:
            return self._number(used[0])
        slots = table[self._column.codes]
        return np.select([slots == slot for slot in used], [self._number(slot) for slot in used])

    def _solid(self, form: str) -> Ints:
        """The digits of a date without separators. A time behind it is cut off if it is one; else it is no date."""
        digits = self._number(0)
        extra = np.maximum(self._spans[:, 0, 1] - 8, 0)
        if form != "ymd8" or not extra.any():
            return digits
        behind = extra.astype(np.int64)[self._column.codes]
        clock = digits % 10**behind * np.where(behind == 4, 100, 1)
        is_time = (clock < 240_000) & (clock // 100 % 100 < 60) & (clock % 100 < 60)
        return np.where(is_time, digits // 10**behind, 0)

    def _number(self, slot: int) -> Ints:
        """One group of digits of each row as a number, read once; zeros in place of a missing one."""
        known = self._numbers.get(slot)
        if known is None:
            known = self._numbers[slot] = np.zeros(self.rows, np.int64)
            longest = int(self._spans[:, slot, 1].max()) if slot < SLOTS else 0
            for first, block in self._column.texts.blocks() if longest else ():
                spans = self._spans[self._column.codes[first : first + len(block)], slot]
                known[first : first + len(block)] = shapes.numbers_at(block, spans, longest)
        return known

    @cached_property
    def _spans(self) -> NDArray[np.int32]:
        """Where each group of digits of each shape begins, and its length: shape (shapes, SLOTS, 2)."""
        return np.array([_spans(*pair) for pair in zip(self._column.shapes, self._column.found, strict=True)], np.int32)


@lru_cache(65_536)
def _layouts_of_shape(shape: str) -> tuple[Layout, ...]:
    """The layouts of a shape, with those of the Buddhist era and of Iran's calendar beside each with a full year."""
    found = layouts(shape)
    if not found or len(_RUN.findall(plain(shape).encode())) != len(_RUN.findall(shape.encode())):
        return ()
    full = [layout for layout in found if layout.form.lower() in ("ymd", "dmy", "mdy")]
    full += [
        layout
        for layout in found
        if layout.form == "dMy2" and layout.word and meanings_of(layout.word).keys() == {"th"}
    ]
    others = [Layout(f"{x.form}_be", x.day, x.month, x.year, x.word) for x in full]
    others += [Layout(f"{x.form}_sh", x.day, x.month, x.year) for x in full if x.form in ("ymd", "dmy", "mdy")]
    return (*found, *others)


def _spans(shape: str, found: tuple[Layout, ...]) -> list[tuple[int, int]]:
    """Where the first groups of digits begin in the bytes of a shape, and how long they are."""
    spans = [(match.start(), match.end() - match.start()) for match in _RUN.finditer(shape.encode())] if found else []
    return (spans + [(0, 0)] * SLOTS)[:SLOTS]
