"""Lists of bills, which are owed whether or not somebody has paid them yet."""

import numpy as np

from matching.reading.cells.days import WEAK
from matching.reading.roles.amounts import Bookings
from matching.reading.roles.dates import MAX_TERM, MIN_TERM
from matching.reading.roles.facts import Column

NAMED = 0.5  # of the name of a column that says that it is another date than that of the booking


def are_bills(bookings: Bookings) -> bool:
    """Whether another column says when each row is due: some days after its date, in all rows, as on no payment."""
    if bookings.days is None or bookings.days_valid is None or not bool(bookings.days_valid.all()):
        return False
    return any(_says_due(bookings, column) for column in bookings.facts.columns)


def _says_due(bookings: Bookings, column: Column) -> bool:
    """Whether the days of a column lie behind those of the bookings in one reading, and beside them in none."""
    assert bookings.days is not None
    if not bool(column.days.ok[bookings.places].all()) or column.role("value_date") >= NAMED:
        return False
    is_due = False
    for form in column.days.fits:
        days, valid = column.days.days(form) if form not in WEAK else (column.days.ok, column.days.ok & False)
        if not bool(valid[bookings.places].all()) or (form == "ydm" and "ymd" in column.days.fits):
            continue
        terms = days[bookings.places].astype(np.int64) - bookings.days
        if 2 * int((np.abs(terms) < MIN_TERM).sum()) >= len(terms):
            return False
        is_due |= bool((terms >= 0).all()) and bool((terms <= MAX_TERM).all())
    return is_due
