"""Which column is the date of a booking."""

from dataclasses import replace
from datetime import date

import numpy as np

from matching.reading.cells.days import WEAK
from matching.reading.roles.facts import Column, Facts, Mask, is_unnamed
from matching.reading.roles.folding import words_of
from matching.reading.roles.words import says
from matching.reading.roles.writing import Dates, is_plausible, is_sorted, read_dates, weak_forms

CAPTIONS = ("total", "opening", "closing")
MAX_CAPTIONS = 1_000  # texts in a column of dates that are looked at
DATE_SHARE = 0.4  # of the filled cells of a column of dates
RIVAL = 0.5  # a date column whose score is this near is a question
DATE_NAME = 0.5  # of a name that must mean the date of a booking, so that the first of several such columns is taken
MIN_LISTED = 4  # different days from which their order says by which column a table is sorted
MAX_ZEROS = 20  # in place of dates
MAX_LATER = 10  # days between a booking and its value
MIN_TERM, MAX_TERM = 5, 400  # days in which a bill is to be paid; a payment is booked or settled sooner
SAME_TERM = 0.8  # of the bills of a list that are to be paid in the same number of days
OTHER_CALENDAR = 4.0  # by which a column of dates is less likely whose years are far away
EPOCHS = frozenset({"epoch_s", "epoch_ms", "epoch_us", "epoch_ns"})


def name_score(column: Column) -> float:
    """What a column's name says about being the date of the booking."""
    return (
        2.0 * _booked(column)
        - 0.6 * column.role("value_date")
        - 0.8 * column.role("entered")
        - 2.0 * column.role("other_date", "term_date")
    )


def _booked(column: Column) -> float:
    """How much of a name means the date of the booking. A date of joining is called a date as well."""
    booked = column.role("booked")
    return booked if booked > column.role("other_date", "term_date") else 0.0


def date_columns(facts: Facts, rows: Mask | None = None) -> list[Column]:
    """The columns whose cells are dates by themselves, whatever they are called."""
    found = []
    for column in facts.columns:
        filled = column.filled if rows is None else column.filled & rows
        count = int(filled.sum())
        dates = int((column.days.ok & filled).sum())
        if not dates or (dates < DATE_SHARE * count and dates < DATE_SHARE * _without_captions(facts, column, filled)):
            continue
        if _is_number_too(column, filled) and column.role("booked", "value_date", "other_date") < 0.4:
            continue
        found.append(column)
    return found


def _without_captions(facts: Facts, column: Column, filled: Mask) -> int:
    """How many of these cells stand beside others and do not name a total or a balance."""
    beside = filled & (facts.filled_cells > 1)
    texts = np.flatnonzero(beside & ~column.days.ok)[:MAX_CAPTIONS].tolist()
    named = sum(any(says(kind, column.text(row)) for kind in CAPTIONS) for row in texts)
    return int(beside.sum()) - named


def _is_number_too(column: Column, filled: Mask) -> bool:
    """Whether the cells are numbers as well as dates, such as 12.05 and 20240105."""
    both = column.numbers.ok & filled
    if int(both.sum()) < DATE_SHARE * int(filled.sum()):
        return False
    # Eight digits are dates in a column whose values all begin or end with a year of these decades.
    is_money = (
        column.role("amount", "balance", "in", "out", "fee", "gross", "net", "reference", "identity", "account") >= 0.4
    )
    is_shorter = column.numbers.digits[both] != 8
    # A zero stands for no date.
    return (
        is_money
        or any(column.text(int(row)) != "0" for row in np.flatnonzero(both)[is_shorter][:MAX_ZEROS])
        or (int(is_shorter.sum()) > MAX_ZEROS)
    )


def main_date(facts: Facts, today: date) -> Dates | None:
    """The date column that says which rows are bookings, or None."""
    counts = facts.filled_cells
    usual = int(np.median(counts[counts > 0])) if (counts > 0).any() else 0
    wide = counts >= max(2, usual * 0.6) if usual > 1 else counts > 0
    scored = []
    strong = date_columns(facts)
    for column in strong or _weak(facts, wide):
        rows = column.filled & wide
        dates = read_dates(column, rows, facts, strong, today, weak=column not in strong)
        if dates is None:
            continue
        fill = float((dates.valid & wide).sum()) / max(1, int(wide.sum()))
        score = 6 * fill + name_score(column) + (dates.form not in WEAK)
        # Such years are of another calendar, whose days another column may say in this one.
        scored.append((score - OTHER_CALENDAR * (not is_plausible(dates, rows, today)), -column.index, dates))
    if not scored:
        return None
    score, _, best = max(scored, key=lambda item: item[:2])
    if best.column.role("term_date") >= DATE_NAME and not best.columns:
        best = replace(best, columns=(best.column.name,))  # nobody pays on it, but some may have meant it
    near = [dates for other, _, dates in scored if dates is not best and other > score - RIVAL]
    rivals = [dates for dates in near if _differ(best, dates)]
    if not rivals or (_booked(best.column) >= DATE_NAME and not any(_may_be_meant(best, d) for d in rivals)):
        return best
    in_order = [dates for dates in (best, *rivals) if _lists(dates)]
    if len(in_order) == 1:
        return in_order[0]
    if all(_follows(best, dates) for dates in rivals):
        return best
    issued = [
        one
        for one in (best, *rivals)
        if all(_is_due_after(one, other) for other in (best, *rivals) if other is not one)
    ]
    if issued:
        return issued[0]
    return replace(best, columns=tuple(dates.column.name for dates in (best, *rivals)))


def _may_be_meant(one: Dates, other: Dates) -> bool:
    """Whether another column is called a date as well, and says days far from these, as that of a payment does."""
    column, both = other.column, one.valid & other.valid
    apart = np.abs(other.days[both].astype(np.int64) - one.days[both])
    is_far = 2 * int((apart > MAX_LATER).sum()) > len(apart)
    if len(words_of(one.column.name)) == 1:
        return False  # what is only called the date is that of the row
    return is_far and column.role("booked") >= DATE_NAME > column.role("value_date", "entered", "other_date")


def _lists(dates: Dates) -> bool:
    """Whether a table is sorted by its dates, which are then those of its rows."""
    days = dates.days[dates.valid]
    return len(np.unique(days)) >= MIN_LISTED and is_sorted(days)


def _follows(one: Dates, other: Dates) -> bool:
    """Whether another column without a name says the same day or one soon after it, as the value of a booking does."""
    both = one.valid & other.valid
    apart = other.days[both].astype(np.int64) - one.days[both]
    named = [dates for dates in (one, other) if not is_unnamed(dates.column)]
    return not named and bool((apart >= 0).all()) and bool((apart <= MAX_LATER).all())


def _is_due_after(one: Dates, other: Dates) -> bool:
    """Whether another column is the day on which bills are due: as many days later in nearly each row."""
    both = one.valid & other.valid
    terms, counts = np.unique(other.days[both].astype(np.int64) - one.days[both], return_counts=True)
    if not len(terms) or int(terms.min()) < MIN_TERM or int(terms.max()) > MAX_TERM:
        return False
    return int(both.sum()) >= MIN_LISTED and int(counts.max()) >= SAME_TERM * int(both.sum())


def _differ(one: Dates, other: Dates) -> bool:
    """Whether two columns say different days, as far as both have some."""
    both = one.valid & other.valid
    return bool((one.days[both] != other.days[both]).any())


def _weak(facts: Facts, wide: Mask) -> list[Column]:
    """The columns that are called dates and hold numbers, such as seconds since 1970 or a spreadsheet's days."""
    filled = [c for c in facts.columns if (c.filled & wide).any()]
    named = [c for c in filled if c.role("booked", "value_date") >= 0.4 and c.role("amount", "balance") < 0.4]
    found = [c for c in named if weak_forms(c, c.filled & wide)]
    # Seconds since 1970 have so many digits that they are hardly anything else.
    return found or [
        c for c in filled if set(weak_forms(c, c.filled & wide)) & EPOCHS and c.role("reference", "amount") < 0.4
    ]
