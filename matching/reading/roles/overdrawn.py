"""Balances whose sign stands beside them as letters, such as 434.13 DR for an account that is overdrawn."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Int64, Levels
from matching.reading.roles.movements import Movement, sign_columns
from matching.reading.roles.words import outs_of


@dataclass(frozen=True)
class Letters:
    """
    The letters that say the sign of a balance: in a column of their own, or None in its own cells. `negative` are those
    of a balance below zero; `is_known` is whether words say so, or only the arithmetic could.
    """

    column: Column | None
    levels: Levels
    negative: frozenset[str]
    is_known: bool

    def values(self, balance: Amounts) -> Int64:
        """The balances with their signs, shape (bookings,), in the table's unit."""
        below = np.array([value in self.negative for value in self.levels.values] + [False], np.bool_)
        return np.where(below[self.levels.codes], -np.abs(balance.values), balance.values)

    def on_all(self, bookings: Bookings, balance: Amounts) -> "Letters | None":
        """The same letters read from all bookings instead of the first ones."""
        levels = balance.token_levels() if self.column is None else bookings.levels_of(self.column)
        return None if levels is None else Letters(self.column, levels, self.negative, self.is_known)


def letters_of(bookings: Bookings, balance: Amounts) -> Iterator[Letters | None]:
    """
    The ways to read the sign of a balance: None as it is, and from letters. Known ones are read by their words; two
    unknown ones in the column beside the balance are read both ways. Known ones in its own cells leave no other way.
    """
    found = [] if balance.is_signed else list(_letters(bookings, balance))
    if not any(letters.column is None and letters.is_known for letters in found):
        yield None
    yield from found


def _letters(bookings: Bookings, balance: Amounts) -> Iterator[Letters]:
    columns: list[tuple[Column | None, Levels]] = [
        (column, levels)
        for column, levels in sign_columns(bookings, balance, most=2)
        if abs(column.index - balance.column.index) == 1
    ]
    if set(balance.tokens[balance.moves].tolist()) - {0}:
        columns.append((None, balance.token_levels()))
    for column, levels in columns:
        codes = set(levels.codes[balance.moves].tolist())
        present = [value for number, value in enumerate(levels.values) if number in codes]
        outs = outs_of([value for value in present if value])
        if outs is not None:
            negative = frozenset(value for value, is_out in outs.items() if is_out)
            if negative:
                yield Letters(column, levels, negative, is_known=True)
        elif len(present) == 2:
            for value in present:
                yield Letters(column, levels, frozenset([value]), is_known=False)


def words_agree(movement: Movement) -> int:
    """Whether words say the same as a movement which way money moves: 1, or -1 if the opposite, or 0 if nothing."""
    if movement.kind == "sides" and movement.other is not None:
        out, received = movement.other.column, movement.amount.column
        named = out.role("out") + received.role("in") - out.role("in") - received.role("out")
        return int(np.sign(named))
    if movement.levels is None:
        return 0
    outs = outs_of([value for value in movement.levels.values if value])
    if outs is None:
        return 0
    said = frozenset(value for value, is_out in outs.items() if is_out)
    return 1 if said == movement.negative else -1 if said == movement.positive else 0
