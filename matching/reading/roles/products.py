"""Columns that are a product of others, such as quantity times price."""

import re
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.movements import Movement
from matching.reading.roles.words import names_minor_unit

ROUNDED = 0.002  # share by which a price may be off that is known only from rounded amounts
HUNDREDS = (1, 100)  # of a price's unit in that of the amount
TELLING = 50  # times what is rounded off that an amount must be, if prices have more decimals than it
_PER_UNIT = re.compile(r"(?:[^\W\d_]|[€$£¥])\s*/\s*[^\W\d_]|\b(?:per|pro|je|por|par|pr|za|na)\b", re.IGNORECASE)
NAMED = 0.5  # of a column's name that must say that it is a rate
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


def is_per_unit(name: str) -> bool:
    """Whether the name of a factor says that it is the price of one unit, as "EUR/kWh" does."""
    return _PER_UNIT.search(name) is not None


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
        result, *parts = (whole[n.column.index] for n in (number, *factors))
        if not parts or any(_is_share(part, 10**bookings.scale) for part in parts):
            continue
        if head is bookings or factors_of(replace(bookings, numbers=(result, *parts)), result, least=MIN_PRODUCTS):
            found.append((result, *parts))
    return found


def _is_share(number: Amounts, unit: int) -> bool:
    return bool((np.abs(number.values[number.moves]) < unit).all())


def _has_prices(*numbers: Amounts) -> bool:
    """Whether one of two factors may be prices in hundredths: by its name, or by differing as no rates of a tax do."""
    if any("%" in n.name or n.column.role("fee", "other_number") >= NAMED for n in numbers):
        return False
    varied = [len(np.unique(n.values[n.moves])) >= MIN_PRODUCTS for n in numbers]
    return (all(varied) and any(n.has_decimals for n in numbers)) or any(names_minor_unit(n.name) for n in numbers)


def _may_be_converted(number: Amounts, amount: Amounts) -> bool:
    """Whether a factor may be the amount in another currency: it is called one, and is no finer, as the price of a unit is."""
    is_called_so = number.column.role("amount", "net", "in", "out") >= NAMED and not is_per_unit(number.name)
    return is_called_so and _decimals(number) <= _decimals(amount)


def _decimals(number: Amounts) -> int:
    return number.column.numbers.max_decimals(number.mark or ".", number.column.numbers.ok)


def factors_of(bookings: Bookings, amount: Amounts, fee: Amounts | None = None, least: int = 1) -> tuple[Amounts, ...]:
    """
    The two columns whose product is the amount, give or take the fee, in all rows where they and the fee move. A price may
    be in hundredths of the amount's unit, as that of milk and power is.

    Sizes are compared without signs and to one of the amount's last decimals, for rounding. Times one is no product; `least`
    is how many others there must be.
    """
    numbers = [n for n in bookings.numbers if n is not amount and n is not fee and n.moves.any()][:MAX_TRIED]
    unit = float(10**bookings.scale)
    rounded = 10 ** max(0, bookings.scale - _decimals(amount))
    for (quantity, price), hundred in product(combinations(numbers, 2), HUNDREDS):
        rows = quantity.moves & price.moves & amount.moves
        if fee is not None:
            if not bool((quantity.moves & price.moves)[fee.moves & amount.moves].all()):
                continue
            rows &= fee.moves
        is_trivial = (np.abs(quantity.values[rows]) == unit) | (np.abs(price.values[rows]) == unit)
        if int((~is_trivial).sum()) < least or (hundred > 1 and not _has_prices(quantity, price)):
            continue
        priced = np.abs(quantity.values[rows] / unit * price.values[rows]) / hundred
        charged = np.abs(fee.values[rows]) if fee is not None else np.zeros(int(rows.sum()))
        paid = np.abs(amount.values[rows])
        off = np.minimum(np.abs(priced + charged - paid), np.abs(priced - charged - paid))
        is_money = any(n.is_signed or _may_be_converted(n, amount) for n in (quantity, price))
        limit = rounded if not is_money else 1
        if bool((off <= limit).all()) and (limit == 1 or bool((off * TELLING <= paid).all())):
            return quantity, price
    return ()
