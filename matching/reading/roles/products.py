"""Columns that are a product of others, such as quantity times price."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.movements import Movement

ROUNDED = 0.002  # share by which a price may be off that is known only from rounded amounts
MIN_PRODUCTS = 3  # rows in which a product of two unnamed columns must show


def priced(bookings: Bookings, movement: Movement) -> Amounts | None:
    """
    A column that is what moved times one price, or times the prices of another column: then goods or units have moved,
    and this is their money. The same amount in another currency is called after that, which the caller has to look at.
    """
    moved = np.abs(movement.values())[:TRIED_ROWS]
    head = bookings.head(TRIED_ROWS)
    own = {n.column.index for n in movement.columns}
    others = [n for n in head.numbers if n.column.index not in own and n.moves.any() and not n.is_identifier]
    unit = float(10**bookings.scale)
    for money in others[:MAX_TRIED]:
        rows = money.moves & (moved != 0)
        if len(np.unique(moved[rows])) < MIN_PRODUCTS or not bool(money.moves[moved != 0].all()):
            continue
        paid, pieces = np.abs(money.values[rows]), moved[rows]
        largest = int(np.argmax(pieces))
        prices = [np.full(len(pieces), paid[largest] / pieces[largest] * unit)]
        prices += [np.abs(n.values[rows]).astype(float) for n in others if n is not money]
        for price in prices:
            off = np.abs(pieces / unit * price - paid)
            if bool((off <= 1 + ROUNDED * paid).all()) and not bool((np.abs(price - unit) <= ROUNDED * unit).all()):
                return money
    return None


def has_product(bookings: Bookings, amount: Amounts, fee: Amounts) -> bool:
    """Whether quantity times price, with the fee, is the amount wherever there is a fee: then it is in it already."""
    return bool(factors_of(bookings, amount, fee))


def products_of(bookings: Bookings) -> list[tuple[Amounts, ...]]:
    """
    The columns that are the product of two others in all rows, such as quantity times price, each before its factors.

    By chance two columns are hardly ever multiplied in three rows. What is less than its factors is a tax or a share.
    """
    head = bookings.head(TRIED_ROWS)
    whole = {n.column.index: n for n in bookings.numbers}
    found = []
    for number in head.numbers[:MAX_TRIED]:
        if number.is_identifier or number.column.role("fee", "balance", "other_number") >= 0.5:
            continue
        factors = factors_of(head, number, least=MIN_PRODUCTS)
        product, *parts = (whole[n.column.index] for n in (number, *factors))
        if not parts or any(_is_share(part, 10**bookings.scale) for part in parts):
            continue
        if head is bookings or factors_of(replace(bookings, numbers=(product, *parts)), product, least=MIN_PRODUCTS):
            found.append((product, *parts))
    return found


def _is_share(number: Amounts, unit: int) -> bool:
    return bool((np.abs(number.values[number.moves]) < unit).all())


def factors_of(bookings: Bookings, amount: Amounts, fee: Amounts | None = None, least: int = 1) -> tuple[Amounts, ...]:
    """
    The two columns whose product is the amount, give or take the fee, in all rows where they and the fee move.

    Sizes are compared without signs and to one unit, for rounding. Times one is no product; `least` is how many others
    there must be.
    """
    numbers = [n for n in bookings.numbers if n is not amount and n is not fee and n.moves.any()][:MAX_TRIED]
    unit = float(10**bookings.scale)
    for quantity, price in combinations(numbers, 2):
        rows = quantity.moves & price.moves & amount.moves
        if fee is not None:
            if not bool((quantity.moves & price.moves)[fee.moves & amount.moves].all()):
                continue
            rows &= fee.moves
        is_trivial = (np.abs(quantity.values[rows]) == unit) | (np.abs(price.values[rows]) == unit)
        if int((~is_trivial).sum()) < least:
            continue
        product = np.abs(quantity.values[rows] / unit * price.values[rows])
        charged = np.abs(fee.values[rows]) if fee is not None else np.zeros(int(rows.sum()))
        paid = np.abs(amount.values[rows])
        if bool((np.minimum(np.abs(product + charged - paid), np.abs(product - charged - paid)) <= 1).all()):
            return quantity, price
    return ()
