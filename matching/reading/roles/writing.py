"""How the dates of a column are written, judged by all of its cells and by what stands around them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells.days import NAMED_BY_ORDER, WEAK, YEARLESS, order_of
from matching.reading.roles.facts import Column, Facts, Mask
from matching.reading.roles.scripts import writes_ethiopic, writes_persian

Days32 = NDArray[np.int32]
EPOCH = date(1970, 1, 1)
NEAR_DAYS = 14  # between two dates of the same booking
MIN_SORTED = 6  # different days from which their order says how they are written
LEAP_YEAR = 2024
BEHIND_DAYS = 7 * 365  # that the calendar of Ethiopia is behind
YEARS_BACK, YEARS_AHEAD = 40, 3  # a booking's year is in this span around today


@dataclass(frozen=True)
class Dates:
    """
    A column read as dates: days since 1970 of shape (rows,), and where there is one. `rivals` are the forms between
    which only a person can tell.
    """

    column: Column
    form: str
    days: Days32
    valid: Mask
    rivals: tuple[str, ...] = ()
    year: int | None = None
    forms: dict[str, str] = field(default_factory=dict)  # the form for each order, if that is more than one
    columns: tuple[str, ...] = ()  # between which only a person can tell, if not empty

    def spec(self) -> dict[str, Any]:
        """The `date` of a mapping."""
        spec: dict[str, Any] = {"column": self.column.name, "order": order_of(self.form.partition("+")[0])}
        if self.column.parts is not None:
            return spec | {"parts": self.column.parts}
        if self.form == "ymd2":
            return spec | {"short_years": True}
        if self.form not in ("ymd", "dmy", "mdy", "dmy2", "mdy2"):
            spec["form"] = self.form
        return spec | ({"year": self.year} if self.year is not None else {})

    def question(self) -> dict[str, Any]:
        """The question in which order the dates are written."""
        rows = np.flatnonzero(self.valid)[:4]
        if self.columns:
            return {
                "column": self.column.name,
                "columns": list(self.columns),
                "kind": "date_column",
                "choices": list(self.columns),
                "examples": [self.column.text(int(row)) for row in rows],
            }
        # An order alone stands for dates of three parts; any other writing has to be said beside it.
        written = {order_of(form): form for form in self.rivals if form not in NAMED_BY_ORDER[order_of(form)]}
        known = {"forms": self.forms or written, "year": self.year}
        return {
            "column": self.column.name,
            "kind": "date_order" if len(self.rivals) > 1 else "date_column",
            "choices": list(dict.fromkeys(order_of(form) for form in self.rivals)),
            "examples": [self.column.text(int(row)) for row in rows],
        } | {name: value for name, value in known.items() if value and len(self.rivals) > 1}


def read_dates(
    column: Column,
    rows: Mask,
    facts: Facts,
    others: Sequence[Column],
    today: date,
    *,
    weak: bool = False,
) -> Dates | None:
    """How the dates of a column are written, judged by all of its cells in these rows."""
    rows = rows & column.filled
    forms = weak_forms(column, rows) if weak else [form for form in column.days.fits if form not in WEAK]
    if "serial" in forms:
        forms = [form for form in forms if form != "serial1904"]  # workbooks that count from 1904 say so
    year = _year_around(facts, today) if weak else None
    found = []
    if "ymd" in forms and _fit(column, "ymd", rows) >= _fit(column, "ydm", rows):
        forms = [form for form in forms if form != "ydm"]
    if "ymd2" in forms and _fit(column, "ymd2", rows) >= _fit(column, "ydm2", rows):
        forms = [form for form in forms if form != "ydm2"]
    for form in forms:
        if form in YEARLESS and year is None:
            continue
        days, valid = column.days.days(form, year) if form in YEARLESS else column.days.days(form)
        mine = valid & rows
        if mine.any():
            found.append(Dates(column, form, days, valid, year=year if form in YEARLESS else None))
    if not found:
        return None
    most = max(int((dates.valid & rows).sum()) for dates in found)
    fitting = _plausible([dates for dates in found if int((dates.valid & rows).sum()) == most], rows, today)
    first = next((dates for dates in fitting if dates.form == "ymd"), None)
    if first is not None:  # cells that are written in another way are no other reading of these
        fitting = [dates for dates in fitting if dates is first or bool((dates.valid & first.valid & rows).any())]
    settled = _settled(fitting, rows, facts, others, today)
    if (swapped := _swapped(found, rows)) is not None:
        return swapped
    if not is_plausible(settled, rows, today) or _may_count_otherwise(settled, rows, facts, today):
        settled = replace(settled, rivals=(settled.form,))  # of another calendar, or no dates at all
    return settled if weak or settled.rivals else _with_second_writing(settled, found, rows)


def _swapped(found: list[Dates], rows: Mask) -> Dates | None:
    """
    Dates of which a spreadsheet may have turned those that it could: it takes 05/03 for the 3rd of May and stores it as
    a date, and leaves 13/03 as a text. Then no day of the stored ones is above 12, and all of the texts are.
    """
    stored = next((dates for dates in found if dates.form == "ymd"), None)
    texts = next((dates for dates in found if dates.form in ("dmy", "mdy")), None)
    if stored is None or texts is None:
        return None
    turned, can_turn = texts.column.days.days("ydm")
    left = texts.valid & ~stored.valid & rows
    kept = stored.valid & rows
    if not left.any() or not kept.any() or bool((kept & ~can_turn).any()):
        return None
    other = next((dates for dates in found if dates.form == {"dmy": "mdy", "mdy": "dmy"}[texts.form]), None)
    if other is not None and bool((other.valid & left).any()):
        return None
    in_order = [is_sorted(np.where(kept, days, texts.days)[kept | left]) for days in (stored.days, turned)]
    if in_order[0] and not in_order[1]:
        return None
    return replace(texts, rivals=("ymd", "ydm"), forms={form: f"{form}+{texts.form}" for form in ("ymd", "ydm")})


def _with_second_writing(dates: Dates, found: list[Dates], rows: Mask) -> Dates:
    """
    The dates, with those cells that are written in another way and can be read in only one. A day and a month that
    changed places are no other writing but a mistake.
    """
    form, days, valid = dates.form, dates.days, dates.valid
    swapped = {"dmy": "mdy", "mdy": "dmy", "ymd": "ydm", "ydm": "ymd"}[order_of(form)]
    others = [other for other in found if order_of(other.form) != swapped and other.form != form]
    for other in sorted(others, key=lambda item: -int(item.valid.sum())):
        rest = other.valid & ~valid
        rivals = [o for o in found if o is not other and bool((o.valid & rest & (o.days != other.days)).any())]
        if not rest.any() or any(o is not dates for o in rivals):
            continue
        form, days, valid = f"{form}+{other.form}", np.where(rest, other.days, days), valid | rest
    return replace(dates, form=form, days=days, valid=valid) if form != dates.form else dates


def is_plausible(dates: Dates, rows: Mask, today: date) -> bool:
    """Whether at least half of the days are in the decades around today."""
    first = (date(today.year - YEARS_BACK, 1, 1) - EPOCH).days
    last = (date(today.year + YEARS_AHEAD, 12, 31) - EPOCH).days
    days = dates.days[dates.valid & rows]
    return int(((days >= first) & (days <= last)).sum()) * 2 >= len(days)


def _may_count_otherwise(dates: Dates, rows: Mask, facts: Facts, today: date) -> bool:
    """
    Whether the script of a table is that of a calendar in which these years are as likely: that of Ethiopia is seven or
    eight years behind, and two digits may be a year of Iran's.
    """
    if dates.rivals:
        return False
    if writes_ethiopic(facts):
        last = int(dates.days[dates.valid & rows].max())
        return last <= (today - EPOCH).days - BEHIND_DAYS
    return dates.form in ("ymd2", "dmy2", "mdy2") and writes_persian(facts)


def _plausible(found: list[Dates], rows: Mask, today: date) -> list[Dates]:
    """The readings whose days are all in the decades around today, if there are any."""
    first = (date(today.year - YEARS_BACK, 1, 1) - EPOCH).days
    last = (date(today.year + YEARS_AHEAD, 12, 31) - EPOCH).days
    fitting = [d for d in found if bool(((d.days[d.valid & rows] >= first) & (d.days[d.valid & rows] <= last)).all())]
    return fitting or found


def _settled(found: list[Dates], rows: Mask, facts: Facts, others: Sequence[Column], today: date) -> Dates:
    """One of several readings, with the others as rivals if nothing decides between them."""
    distinct: list[Dates] = []
    for dates in found:
        if not any(_same(dates, other, rows) for other in distinct):
            distinct.append(dates)
    for rule in (_without_points, _hanging_together, _sorted_ones):
        if len(distinct) > 1:
            distinct = rule(distinct, rows) or distinct
    if len(distinct) > 1:
        distinct = _as_others(distinct, rows, others) or distinct
    if len(distinct) > 1 and _writes_commas(facts, rows):
        distinct = [dates for dates in distinct if order_of(dates.form) != "mdy"] or distinct
    rivals = tuple(dates.form for dates in distinct) if len(distinct) > 1 else ()
    return replace(distinct[0], rivals=rivals)


def _same(one: Dates, other: Dates, rows: Mask) -> bool:
    return bool((one.days[one.valid & rows] == other.days[other.valid & rows]).all())


def _without_points(found: list[Dates], rows: Mask) -> list[Dates]:
    """No language writes the month first with points."""
    first = int(np.flatnonzero(rows)[0])
    if "." not in found[0].column.text(first):
        return found
    return [dates for dates in found if order_of(dates.form) != "mdy"]


def _writes_commas(facts: Facts, rows: Mask) -> bool:
    """Whether numbers have decimals behind a comma. No language that writes them so writes the month first."""
    for column in facts.columns:
        texts = column.filled & rows & ~column.numbers.exact
        numbers = int((column.numbers.ok & texts).sum())
        if 2 * numbers > int(texts.sum()) and column.numbers.marks(texts) == {","}:
            return True
    return False


def _hanging_together(found: list[Dates], rows: Mask) -> list[Dates]:
    """Between a two-digit year and a day, the one that varies less is the year: its days hang together."""
    if not {"ymd2", "ydm2"} & {dates.form for dates in found}:
        return found
    spans = {dates.form: _span(dates, rows) for dates in found}
    least = min(spans.values())
    if int(rows.sum()) < 3:
        return found
    return [dates for dates in found if spans[dates.form] <= max(3 * least, 62)]


def _span(dates: Dates, rows: Mask) -> int:
    days = dates.days[dates.valid & rows]
    return int(days.max() - days.min())


def _sorted_ones(found: list[Dates], rows: Mask) -> list[Dates]:
    """Of many days, the reading in which they are in order, or lie far closer together, is the right one."""
    if len(np.unique(found[0].days[found[0].valid & rows])) < MIN_SORTED:
        return found
    in_order = [dates for dates in found if is_sorted(dates.days[dates.valid & rows])]
    if len(in_order) == 1:
        return in_order
    spans = sorted(((_span(dates, rows), number) for number, dates in enumerate(found)))
    return [found[spans[0][1]]] if spans[0][0] * 4 < spans[1][0] else found


def is_sorted(days: Days32) -> bool:
    steps = np.diff(days)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _as_others(found: list[Dates], rows: Mask, others: Sequence[Column]) -> list[Dates]:
    """The readings in the order that another date column shows, or whose days lie near those of another one."""
    orders = set()
    for other in others:
        if other is found[0].column:
            continue
        days = _one_reading(other)
        if days is None:
            continue
        near = [dates for dates in found if _is_near(dates, days, rows)]
        if len(near) == 1:
            return near
        if {dates.form for dates in found} & set(other.days.fits):
            orders.add(order_of(days.form))
    return [dates for dates in found if order_of(dates.form) in orders] if len(orders) == 1 else []


def _one_reading(column: Column) -> Dates | None:
    """A column's dates, if all of them fit only one form."""
    count = int((column.days.ok & column.filled).sum())
    full = [
        Dates(column, form, *column.days.days(form))
        for form in column.days.fits
        if form not in WEAK and _fit(column, form, column.filled) == count
    ]
    if len(full) > 1 and all(_same(full[0], dates, column.filled) for dates in full[1:]):
        return full[0]
    return full[0] if len(full) == 1 else next((dates for dates in full if dates.form == "ymd"), None)


def _is_near(dates: Dates, other: Dates, rows: Mask) -> bool:
    both = rows & dates.valid & other.valid
    return bool(both.any()) and bool((np.abs(dates.days[both] - other.days[both]) <= NEAR_DAYS).all())


def _year_around(facts: Facts, today: date) -> int | None:
    """The one year that the lines above the table name, for dates of day and month alone."""
    years: set[int] = set()
    for line in facts.above:
        for cell in line.cells:
            for number in _digits(cell):
                for text in (number, number[:4], number[-4:]):
                    if len(number) in (4, 8) and len(text) == 4 and abs(int(text) - today.year) <= 30:
                        years.add(int(text))
    return years.pop() if len(years) == 1 else None


def _digits(text: str) -> list[str]:
    return [part for part in "".join(c if c.isdigit() and c.isascii() else " " for c in text).split() if part]


def weak_forms(column: Column, rows: Mask) -> list[str]:
    """The weak forms that nearly all cells have. Other cells with letters are captions, if they are fewer."""
    has_letters = pc.fill_null(pc.match_substring_regex(column.texts, r"\pL"), False).to_numpy(zero_copy_only=False)
    least = int(rows.sum()) / 2
    found = []
    for form in WEAK:
        if not column.days.fits.get(form, 0):
            continue
        fits = column.days.days(form, LEAP_YEAR if form in YEARLESS else None)[1] & rows
        if int(fits.sum()) >= max(least, 0.9 * int((rows & (fits | ~has_letters)).sum())):
            found.append(form)
    return found


def _fit(column: Column, form: str, rows: Mask) -> int:
    """How many of these cells are dates in a form, where any year will do."""
    days = column.days.days(form, LEAP_YEAR if form in YEARLESS else None)
    return int((days[1] & rows).sum())
