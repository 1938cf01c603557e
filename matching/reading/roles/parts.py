"""Finds the day, the month and the year of each row where they stand in three columns beside each other."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc

from matching.reading.cells.parts import joined_days
from matching.reading.roles.dates import date_columns
from matching.reading.roles.facts import Column, Facts

FORMS = ("ymd", "dMy")  # in which the parts are joined
YEAR = r"^\s*(?:19[89][0-9]|20[0-6][0-9])\s*$"
PART = r"^\s*(?:[0-9]{1,2}|[^\d]{3,20})\s*$"  # a day, or a month with or without a name
MIN_ROWS, FILLED_SHARE = 3, 0.6
LIKE_SHARE = 0.9  # of the filled cells; others are captions
NAMED = 0.5  # of the name of a column of days, where the rows are in no order


def with_days(facts: Facts) -> Facts:
    """
    The facts, with a column of whole dates in place of the days of three columns that are a day, a month and a year.

    That is so if the three are dates in all rows in which they are filled, and these are in order or the day has its name.
    """
    years = [column for column in facts.columns if _are(column, YEAR)]
    if not years or date_columns(facts):
        return facts
    for year in years:
        for month, day in _beside(facts, year):
            if (joined := _joined(facts, day, month, year)) is not None:
                columns = [joined if column is day else column for column in facts.columns]
                return replace(facts, columns=columns)
    return facts


def _are(column: Column, pattern: str) -> bool:
    """Whether the filled cells of a column are all like a pattern, and most cells are filled."""
    filled = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column.texts), ""), False)
    count = int(pc.sum(filled).as_py() or 0)
    if count < max(MIN_ROWS, FILLED_SHARE * len(column.texts)):
        return False
    fits = int(pc.sum(pc.fill_null(pc.match_substring_regex(column.texts, pattern), False)).as_py() or 0)
    return fits >= LIKE_SHARE * count


def _beside(facts: Facts, year: Column) -> Iterator[tuple[Column, Column]]:
    """The columns of the month and the day that stand beside that of the year, in the order of some calendar."""
    columns, place = facts.columns, year.index
    pairs = [(place + 1, place + 2), (place - 1, place - 2), (place - 2, place - 1)]
    for month, day in pairs:
        if min(month, day) >= 0 and max(month, day) < len(columns):
            yield columns[month], columns[day]


def _joined(facts: Facts, day: Column, month: Column, year: Column) -> Column | None:
    """The three columns as one of dates, or None if they are something else or may be read in another order."""
    if not _are(day, r"^\s*[0-9]{1,2}\s*$") or not _are(month, PART):
        return None
    texts = joined_days(day.texts, month.texts, year.texts)
    parts = {"month": month.name, "year": year.name}
    found = Column(day.index, day.name, texts, parts=parts)
    whole = pc.not_equal(texts, "").to_numpy()
    form = next((form for form in FORMS if found.days.fits.get(form) == int(whole.sum())), None)
    if form is None or int(whole.sum()) < MIN_ROWS:
        return None
    days = found.days.days(form)[0][whole]
    if form == "ymd" and month.index < year.index and not _is_beyond_months(day):
        return None  # the month may stand first
    steps = np.diff(days)
    is_ordered = len(np.unique(days)) > 1 and (bool((steps >= 0).all()) or bool((steps <= 0).all()))
    return found if is_ordered or day.role("booked") >= NAMED else None


def _is_beyond_months(day: Column) -> bool:
    return bool(pc.any(pc.match_substring_regex(day.texts, r"^\s*(?:1[3-9]|[23][0-9])\s*$")).as_py())
