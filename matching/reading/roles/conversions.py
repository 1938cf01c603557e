"""The same amounts in two currencies: that of the account, and that of each payment."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from matching.reading.cells.currencies import currency_of
from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Levels, Mask
from matching.reading.roles.money import SHARED, in_header
from matching.reading.roles.signs import with_sign
from matching.reading.roles.sums import column_of_sums

MAX_TRIED, TRIED_ROWS = 12, 2_000
SAME_RATE = 0.15  # by which the rates of one currency may differ in one file
ROUNDED = 0.01  # share by which a rate may be off that is shown with few digits
ORIGINAL_NAME = 0.3  # of a column's name that says that it is the amount of the payment


@dataclass(frozen=True)
class Conversion:
    """
    Two columns that are equal in the rows of one currency, and differ by its rate in those of another. `own` is the
    currency of the account. `account` is the column in it, and `why` how that is known; both are None where it is not.
    """

    columns: tuple[Amounts, Amounts]
    currency: Column
    own: str
    account: Amounts | None = None
    why: str | None = None

    @property
    def original(self) -> Amounts | None:
        """The column of what was paid, in the currency of the payment."""
        return next((n for n in self.columns if n is not self.account), None) if self.account is not None else None

    def rates(self, bookings: Bookings) -> list[Amounts]:
        """The columns that hold the rates between the two."""
        one, other = (np.abs(n.values).astype(float) for n in self.columns)
        unit = 10**bookings.scale
        found = []
        for number in bookings.numbers:
            rows = number.moves & (one > 0) & (other > 0)
            for left, right in ((one, other), (other, one)) if rows.any() and number not in self.columns else ():
                off = np.abs(number.values[rows] / unit * left[rows] - right[rows])
                if bool((off <= ROUNDED * right[rows]).all()):
                    found.append(number)
        return found

    def is_in_own(self, number: Amounts) -> bool | None:
        """Whether a column is in the currency of the account, or None if nobody knows, not even by where it stands."""
        if self.account is not None:
            return number is self.account
        near = [n for n in self.columns if abs(n.column.index - self.currency.index) == 1]
        return near[0] is not number if len(near) == 1 else None


def conversion_of(
    bookings: Bookings, currencies: dict[int, frozenset[str]], originals: list[Amounts]
) -> Conversion | None:
    """The two columns of one amount in two currencies. `originals` are amounts known to be those of payments."""
    head = bookings.head(TRIED_ROWS)
    numbers = [n for n in head.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    whole = {n.column.index: n for n in bookings.numbers}
    for one, other in combinations(numbers, 2):
        for index in currencies:
            column = bookings.facts.columns[index]
            levels = head.levels_of(column)
            if levels is None or (own := _own_currency(one, other, levels)) is None:
                continue
            pair = whole[one.column.index], whole[other.column.index]
            constant = {at for at, codes in currencies.items() if codes == {own}}
            beside = _beside_own(pair, column, constant)
            account, why = (beside, None) if beside is not None else _account(bookings, pair, own, originals)
            return Conversion(pair, column, own, account, why)
    return None


def _own_currency(one: Amounts, other: Amounts, levels: Levels) -> str | None:
    """The one currency in which two columns are equal, if they differ by a rate in each other one."""
    rows = one.moves
    if len(levels.values) < 2 or not bool((rows == other.moves).all()):
        return None
    left, right = np.abs(one.values), np.abs(other.values)
    equal: Mask = left == right
    own = []
    for number, value in enumerate(levels.values):
        here = rows & (levels.codes == number)
        if not here.any():
            continue
        if bool(equal[here].all()):
            own.append(value)
            continue
        rates = left[here] / right[here]
        if bool(equal[here].any()) or float(rates.max()) > (1 + SAME_RATE) * float(rates.min()):
            return None
    code = currency_of(own[0]) if len(own) == 1 else None
    return code if code != SHARED and not bool(equal[rows].all()) else None


def _account(
    bookings: Bookings, pair: tuple[Amounts, Amounts], own: str, originals: list[Amounts]
) -> tuple[Amounts | None, str | None]:
    """The one of two columns that is in the currency of the account: by the sums around the table, then by names."""
    read = []
    for number in pair:
        movement = with_sign(bookings, number).movement
        read.append((number, number.values if movement is None else movement.values()))
    if (proved := column_of_sums(bookings, read)) is not None:
        return proved, "its sums stand above or below the table"
    for known in (
        [n for n in pair if n not in originals],
        [n for n in pair if n.column.role("original") < ORIGINAL_NAME],
        [n for n in pair if in_header(n.name) == own],
    ):
        if len(known) == 1:
            return known[0], None
    return None, None


def _beside_own(pair: tuple[Amounts, Amounts], varied: Column, constant: set[int]) -> Amounts | None:
    """The one of two columns that is nearer to a column of the own currency alone, and farther from that of the payments."""

    def nearest(index: int) -> Amounts:
        return min(pair, key=lambda number: abs(number.column.index - index))

    original = nearest(varied.index)
    found = {nearest(index).column.index for index in constant}
    return next((n for n in pair if n is not original and found == {n.column.index}), None)
