"""The same amounts in two currencies: that of the account, and that of each payment."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from matching.reading.cells.currencies import currency_of
from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Levels, Mask
from matching.reading.roles.money import SHARED, in_header
from matching.reading.roles.movements import Movement, with_partner
from matching.reading.roles.signs import with_sign
from matching.reading.roles.sums import column_of_sums
from matching.reading.roles.words import is_own_currency

MAX_TRIED, TRIED_ROWS = 12, 2_000
SAME_RATE = 0.15  # by which the rates of one currency may differ in one file
ROUNDED = 0.01  # share by which a rate may be off that is shown with few digits
PART_NAME = 0.5  # of a column's name that says that it is before or after a fee
ORIGINAL_NAME = 0.3  # of a column's name that says that it is the amount of the payment


@dataclass(frozen=True)
class Conversion:
    """
    Two columns that are equal in the rows of one currency, and differ by its rate in those of another, or that names say
    this of. `own` is the currency of the account. `account` is the column in it, and `why` how that is known; they are
    None where they are not known.
    """

    columns: tuple[Amounts, Amounts]
    currency: Column
    own: str | None
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
    return _by_names(bookings, numbers, currencies)


def own_currency_beside(bookings: Bookings, movement: Movement, index: int) -> str | None:
    """
    The currency of the account, if what moved is equal to other amounts in the rows of one currency and differs from
    them by its rate in those of another. `index` is the column of the currencies.
    """
    levels = bookings.levels_of(bookings.facts.columns[index])
    if levels is None:
        return None
    moved = replace(movement.amount, values=movement.values(), valid=movement.values() != 0)
    mine = {n.column.index for n in movement.columns}
    for number in bookings.numbers:
        if number.column.role("gross", "fee", "net") >= PART_NAME:
            continue  # what a fee takes off differs by a rate as well
        sides = with_partner(bookings, number)
        read = (number,) if sides is None else sides.columns
        if mine & {n.column.index for n in read}:
            continue
        values = number.values if sides is None else sides.values()
        other = replace(number, values=values, valid=values != 0)
        if (own := _own_currency(moved, other, levels)) is not None:
            return own
    return None


def _by_names(bookings: Bookings, numbers: list[Amounts], currencies: dict[int, frozenset[str]]) -> Conversion | None:
    """One amount in two currencies by one rate, if the name of an amount or of a currency says which is the account's."""
    columns = bookings.facts.columns
    named = [at for at, codes in currencies.items() if len(codes) == 1 and is_own_currency(columns[at].name)]
    others = [at for at in currencies if not is_own_currency(columns[at].name)]
    if len(named) > 1 or not others:
        return None
    own = next(iter(currencies[named[0]])) if named else None
    whole = {n.column.index: n for n in bookings.numbers}
    for one, other in combinations(numbers, 2):
        if not _is_converted(one, other):
            continue
        pair = whole[one.column.index], whole[other.column.index]
        fitting = [n for n in pair if is_own_currency(n.name)]
        if not fitting and named:
            beside = _beside_own(pair, columns[others[0]], set(named))
            fitting = [beside] if beside is not None else []
        if len(fitting) == 1:
            return Conversion(pair, columns[others[0]], own, fitting[0])
    return None


def _is_converted(one: Amounts, other: Amounts) -> bool:
    """Whether two columns move in the same rows and directions, by different amounts."""
    rows = one.moves
    if not rows.any() or not bool((rows == other.moves).all()):
        return False
    is_alike = bool((np.sign(one.values) == np.sign(other.values)).all())
    return is_alike and not bool((one.values == other.values)[rows].any())


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
