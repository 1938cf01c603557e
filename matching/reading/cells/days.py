"""
A column of texts as days, all rows at once.

A *form* is a way to read a date. Its name lists the parts in their order, and is what a mapping holds:

| form | example |
|---|---|
| ymd dmy mdy ydm | 2024-01-05, 05.01.2024, 01/05/2024, 2024-05-01 |
| ymd2 dmy2 mdy2 ydm2 | 24-01-05, 05.01.24: the year has two digits |
| ymd8 dmy8 mdy8 | 20240105, 05012024 |
| dMy Mdy yMd ydM, dMy2 Mdy2 | 5 Jan 2024, January 5, 2024, 5-Jan-24: the month has a name |
| ymd_be dmy_be mdy_be dMy_be ... | 2567-01-05: the year is one of the Buddhist era |
| ymd_era ymd_roc | R6.01.05 and 令和6年1月5日, 113/01/05 |
| dm md dM Md dm4 md4 | 05.01., 5 Jan, 0501: the year is elsewhere |
| ymd6 dmy6 mdy6 ymd7_roc | 240105, 050124, 1130105 |
| epoch_s epoch_ms epoch_us epoch_ns | 1704448272: seconds, or parts of them, since 1970 |
| serial serial1904 | 45296: days since 1899-12-30 or 1904-01-01, as spreadsheets count |

Those of the last four lines are *weak*: what looks so is more often something else. Times, zones and weekdays around a date
are left out: it is the day that was written.
"""

import datetime as dt
import re
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells import calendar, shapes
from matching.reading.cells.dates import Layout, layouts
from matching.reading.cells.grammar import is_blank_like
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.names import ROMAN
from matching.reading.cells.shapes import Numbering, Texts
from matching.reading.cells.words import plain

YEARLESS = frozenset({"dm", "md", "dM", "Md", "dm4", "md4"})
SOLID = frozenset(
    {"ymd8", "dmy8", "mdy8", "ymd7_roc", "ymd6", "dmy6", "mdy6", "dm4", "md4", "serial", "serial1904", *calendar.UNITS}
)
WEAK = YEARLESS | SOLID - {"ymd8", "dmy8", "mdy8"}
MOST = 0.85  # share of the languages, by the countries in which they are official, in which a name means one month
SLOTS = 8  # groups of digits that are looked at
_RUN = re.compile(rb"[0-9]+")
_ANY_ROMAN = "roman"


def order_of(form: str) -> str:
    """The order of year, month and day in a form: "ymd", "dmy", "mdy" or "ydm"."""
    if form in YEARLESS:
        return "dmy" if form[0] == "d" else "mdy"
    letters = re.sub("[^dmy]", "", form.split("_")[0].lower())
    return letters if len(letters) == 3 and form not in (*calendar.UNITS, "serial", "serial1904") else "ymd"


@lru_cache(16_384)
def day_forms(text: str, year: int | None = None) -> dict[str, dt.date]:
    """
    The day that a text means in each form that it fits. Forms without a year need one.

    A name that is a different month in other languages is left out: a column tells more than one cell.
    """
    column = Days(pa.array([text], pa.large_string()))
    found = {}
    for form in column.forms:
        if form in YEARLESS and year is None:
            continue
        days, valid = column.days(form, year)
        if valid[0] and not column.ambiguous_months:
            found[form] = dt.date(1970, 1, 1) + dt.timedelta(days=int(days[0]))
    return found


class Days:
    """
    A column of texts, read as days.

    `fits` is the number of rows that are days in each form, `ok` marks the rows that are a day in a form that is not weak.
    `ambiguous_months` are names of months that mean different months in the languages that the column may be in.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        self._texts = Texts(values)
        self.rows = self._texts.rows
        self.is_text = False
        self._codes = np.zeros(self.rows, np.int32)
        self._shapes: list[str] = []
        self._layouts: list[tuple[Layout, ...]] = []
        self._look()
        self._find_filled()
        self.forms = self._all_forms()
        self._choose_languages()

    def _look(self) -> None:
        """Number the shape of each row and find its layouts. Stop if the first rows show that this is a column of texts."""
        numbering = Numbering()
        sample = self._texts.array.slice(0, shapes.SAMPLE)
        for first, block in ((0, sample), *self._texts.blocks()):
            codes = numbering.codes(shapes.shapes_of(block))
            self._codes[first : first + len(block)] = codes
            for shape in list(numbering.known)[len(self._shapes) :]:
                self._shapes.append(shape)
                self._layouts.append(_layouts_of_shape(shape))
            if len(self._shapes) > shapes.MANY:
                share = np.array([bool(found) for found in self._layouts])[codes].mean()
                if share < shapes.LEAST_SHARE:
                    self.is_text = True
                    self._layouts = [()] * len(self._shapes)
                    return

    def _find_filled(self) -> None:
        if self.is_text:
            trimmed = pc.utf8_trim_whitespace(self._texts.array)
            self.filled = (pc.binary_length(trimmed).to_numpy() > 0) | self._texts.is_long
            self.blank = np.zeros(self.rows, np.bool_)
            return
        empty = np.array([not shape.strip() for shape in self._shapes] or [True])
        blank = np.array(
            [not found and is_blank_like(shape) for shape, found in zip(self._shapes, self._layouts, strict=True)]
            or [True]
        )
        self.filled = ~empty[self._codes] | self._texts.is_long
        self.blank = blank[self._codes] & self.filled & ~self._texts.is_long

    def _all_forms(self) -> list[str]:
        """The forms in which some row has a layout, in the order of the first row."""
        found = dict.fromkeys(layout.form for layouts in self._layouts for layout in layouts)
        return list(found)

    @cached_property
    def fits(self) -> dict[str, int]:
        """The number of rows that are days in each form. Those without a year are tried with a leap year."""
        counts = {form: int(self._valid(form).sum()) for form in self.forms}
        return {form: count for form, count in counts.items() if count}

    @cached_property
    def ok(self) -> NDArray[np.bool_]:
        """The rows that are days in a form that is not weak."""
        found = np.zeros(self.rows, np.bool_)
        for form in self.forms:
            if form not in WEAK:
                found |= self._valid(form)
        return found

    def _valid(self, form: str) -> NDArray[np.bool_]:
        return self.days(form, LEAP_YEAR if form in YEARLESS else None)[1]

    def days(self, form: str, year: int | None = None) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """
        The days of all rows in one form.

        Returns: shape (rows,), days since 1970-01-01, and which rows are days in this form.
        Raises: ValueError if the form has no year and none is given.
        """
        if form in YEARLESS and year is None:
            raise ValueError(f"the form {form} has no year, so one has to be given")
        if form not in self.forms:
            return np.zeros(self.rows, np.int32), np.zeros(self.rows, np.bool_)
        known = self._cache.get((form, year))
        if known is None:
            known = self._cache[form, year] = self._read(form, year)
        return known

    @cached_property
    def _cache(self) -> dict[tuple[str, int | None], tuple[NDArray[np.int32], NDArray[np.bool_]]]:
        return {}

    def combined(
        self, form: str, year: int | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
        """
        The days in one form, and of rows that do not fit it the days in the only other form that they fit.

        Returns: days, which rows are valid, and which rows are open: they are days in several other forms, of different days.
        """
        days, valid = self.days(form, year)
        days, valid = days.copy(), valid.copy()
        others = np.zeros(self.rows, np.int32)
        several = np.zeros(self.rows, np.bool_)
        seen = np.zeros(self.rows, np.bool_)
        for other in self.forms:
            if other == form or other in WEAK:
                continue
            found, fits = self.days(other)
            fits = fits & ~valid
            several |= fits & seen & (others != found)
            others = np.where(fits & ~seen, found, others)
            seen |= fits
        taken = seen & ~several
        days[taken] = others[taken]
        return days, valid | taken, several

    def _read(self, form: str, year: int | None) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        chosen = [next((layout for layout in found if layout.form == form), None) for found in self._layouts]
        has_form = np.array([layout is not None for layout in chosen])[self._codes] & ~self._texts.is_long
        if form in SOLID:
            days, valid = calendar.solid(form, self._solid_digits(form), year)
            return np.where(has_form, days, 0).astype(np.int32), valid & has_form
        parts = [
            self._part([getattr(layout, name) if layout else None for layout in chosen])
            for name in ("day", "month", "year")
        ]
        day, month, written_year = parts
        if any(layout and layout.word for layout in chosen):
            month = np.array(
                [self._month_of(layout.word) if layout and layout.word else 0 for layout in chosen], np.int64
            )[self._codes]
        if form in YEARLESS:
            written_year = np.full(self.rows, year, np.int64)
        else:
            written_year = (
                written_year + np.array([layout.era if layout else 0 for layout in chosen], np.int64)[self._codes]
            )
        days, valid = calendar.written(form, written_year, month, day)
        return days, valid & has_form

    def _part(self, places: list[int | None]) -> NDArray[np.int64]:
        """The number that stands in one place among the groups of digits of each row; the place depends on the shape."""
        found = np.array([SLOTS if place is None else place for place in places], np.int8)
        used = set(found.tolist())
        if len(used) == 1:
            return self._number(used.pop())
        rows = found[self._codes]
        return np.select([rows == slot for slot in sorted(used)], [self._number(slot) for slot in sorted(used)])

    def _solid_digits(self, form: str) -> NDArray[np.int64]:
        """The digits of a date without separators. A time behind it is cut off if it is one; else it is no date."""
        digits = self._number(0)
        if form != "ymd8":
            return digits
        extra = np.maximum(self._spans[:, 0, 1] - 8, 0)[self._codes]
        if not extra.any():
            return digits
        power = 10 ** extra.astype(np.int64)
        clock = digits % power * np.where(extra == 4, 100, 1)
        is_time = (clock < 240_000) & (clock // 100 % 100 < 60) & (clock % 100 < 60)
        return np.where(is_time, digits // power, 0)

    def _number(self, slot: int) -> NDArray[np.int64]:
        """One group of digits of each row as a number, computed once; zeros in place of a missing one."""
        known = self._slots.get(slot)
        if known is None:
            known = self._slots[slot] = np.zeros(self.rows, np.int64)
            for first, block in self._texts.blocks() if slot < SLOTS else ():
                data, offsets = shapes.bytes_of(block)
                codes = self._codes[first : first + len(block)]
                starts = offsets[:-1] + self._spans[codes, slot, 0]
                lengths = self._spans[codes, slot, 1]
                known[first : first + len(block)] = _gathered(data, starts, lengths, int(self._spans[:, slot, 1].max()))
        return known

    @cached_property
    def _slots(self) -> dict[int, NDArray[np.int64]]:
        return {}

    @cached_property
    def _spans(self) -> NDArray[np.int32]:
        """Where each group of digits of each shape begins, and its length: shape (shapes, SLOTS, 2)."""
        spans = [_spans(shape, found) for shape, found in zip(self._shapes, self._layouts, strict=True)]
        return np.array(spans or [[(0, 0)] * SLOTS], np.int32)

    def _choose_languages(self) -> None:
        """The languages that know the names of months of the most rows, and the months that they mean."""
        counts = np.bincount(self._codes, minlength=len(self._layouts))
        rows: dict[str, int] = {}
        for found, count in zip(self._layouts, counts, strict=False):
            for word in {layout.word for layout in found if layout.word}:
                rows[word] = rows.get(word, 0) + int(count)
        meanings = {word: _meanings(word) for word in rows}
        covered: dict[str, int] = {}
        for word, count in rows.items():
            for language in meanings[word]:
                covered[language] = covered.get(language, 0) + count
        most = max(covered.values(), default=0)
        self.languages = frozenset(language for language, count in covered.items() if count == most)
        self._months: dict[str, int] = {}
        self.ambiguous_months: dict[str, list[int]] = {}
        for word, meaning in meanings.items():
            self._decide(word, meaning)

    def _decide(self, word: str, meaning: dict[str, int]) -> None:
        """The month that nearly all of the column's languages mean; of a name that they do not know, what all others mean."""
        chosen = {language: month for language, month in meaning.items() if language in self.languages} or meaning
        if not chosen:
            self.ambiguous_months[word] = sorted({month for _, month in lexicon().months_called(word)})
            return
        weights: dict[int, float] = {}
        for language, month in chosen.items():
            weights[month] = weights.get(month, 0) + lexicon().languages.get(language, LEAST_WEIGHT)
        likely = max(weights, key=lambda month: (weights[month], -month))
        self._months[word] = likely
        if weights[likely] < MOST * sum(weights.values()):
            self.ambiguous_months[word] = sorted(weights)

    def _month_of(self, word: str | None) -> int:
        return 0 if word is None or word in self.ambiguous_months else self._months[word]


LEAP_YEAR = 2024
LEAST_WEIGHT = 0.1  # of a language that is official nowhere


def _meanings(word: str) -> dict[str, int]:
    """The month that a name means in each language."""
    called: dict[str, list[int]] = {}
    for language, month in lexicon().months_called(word):
        called.setdefault(language, []).append(month)
    # Without accents, one language's names of two months can be the same word. Then it says nothing.
    found = {language: months[0] for language, months in called.items() if len(months) == 1}
    if not found and word in ROMAN:
        found[_ANY_ROMAN] = ROMAN[word]
    return found


@lru_cache(65_536)
def _layouts_of_shape(shape: str) -> tuple[Layout, ...]:
    """The layouts of a shape, with one for the years of the Buddhist era beside each with a full year."""
    found = layouts(shape)
    if not found or len(_RUN.findall(plain(shape).encode())) != len(_RUN.findall(shape.encode())):
        return ()
    full = [layout for layout in found if layout.form.lower() in ("ymd", "dmy", "mdy")]
    return (*found, *(Layout(f"{x.form}_be", x.day, x.month, x.year, x.word) for x in full))


def _spans(shape: str, found: tuple[Layout, ...]) -> list[tuple[int, int]]:
    """Where the first groups of digits begin in the bytes of a shape, and how long they are."""
    spans = [(match.start(), match.end() - match.start()) for match in _RUN.finditer(shape.encode())] if found else []
    return (spans + [(0, 0)] * SLOTS)[:SLOTS]


def _gathered(
    data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int32], longest: int
) -> NDArray[np.int64]:
    """The numbers written in digits at the given places, shape (rows,). At most 19 digits."""
    values = np.zeros(len(starts), np.int64)
    last = len(data) - 1
    for digit in range(min(longest, 19)):
        here = digit < lengths
        if last < 0 or not here.any():
            break
        found = data[np.minimum(starts + digit, last)].astype(np.int64) - ord("0")
        values = np.where(here, values * 10 + found, values)
    return values
