"""Taxes on what is sold, which their rates show: so many percent of the amount without the tax, and no such share of the whole."""

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings

STEPS = 200  # rates are multiples of half a percent
MAX_RATES = 4  # of the taxes in one file
MIN_TAXED = 3  # amounts by which a rate is known
LEAST = 2_000  # hundredths; of smaller amounts, many rates give the same tax
ROUNDED = 0.6  # hundredths by which a tax may differ from its rate, wherever it was rounded


def is_added(bookings: Bookings, part: Amounts, tax: Amounts, whole: Amounts) -> bool:
    """Whether a column is a tax on `part` that makes it `whole`. What is kept back of a payment is a share of the whole."""
    if bookings.scale < 2:
        return False
    return _are_shares(bookings, tax, part) and not _are_shares(bookings, tax, whole)


def _are_shares(bookings: Bookings, tax: Amounts, amount: Amounts) -> bool:
    """Whether one column is in each row one of few usual percentages of another one."""
    unit = 10 ** (bookings.scale - 2)
    sizes, taxes = np.abs(amount.values) / unit, np.abs(tax.values) / unit
    rows = tax.moves & (sizes >= LEAST)
    if int(rows.sum()) < MIN_TAXED:
        return False
    rates = np.round(taxes[rows] / sizes[rows] * STEPS)
    fits = np.abs(sizes[rows] * rates / STEPS - taxes[rows]) <= ROUNDED
    return (
        bool(fits.all()) and bool((rates > 0).all()) and len(np.unique(rates)) <= min(MAX_RATES, int(rows.sum()) // 2)
    )
