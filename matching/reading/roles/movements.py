"""What may have moved in each row: every way to read an amount with its sign from the columns of a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from matching.reading.roles.amounts import MONEY, Amounts, Bookings
from matching.reading.roles.facts import Column, Int64, Levels
from matching.reading.roles.words import outs_of, says

Kind = Literal["signed", "sides", "letters", "sign", "fee"]
MIN_STATUS = 0.5  # of a name that says that a column holds states
EXCLUSIVE_SHARE = 0.03  # of the rows may have both sides filled
COMPARED_BYTES = 4 * 1024 * 1024  # cells compared at once


@dataclass(frozen=True)
class Movement:
    """
    A reading of the amount. `amount` is its column, or the side of money in; `other` is the side of money out, or the
    fee. `sign` is the column with words for the sign; `negative` are its values that mean money out, `positive` those
    that mean money in. A row with any other value is rejected: nobody knows its sign. `charge` is a fee beside two sides,
    which moves too, also in rows where neither side does; `adds_fee`: fees have a minus sign.
    """

    kind: Kind
    amount: Amounts
    other: Amounts | None = None
    sign: Column | None = None
    levels: Levels | None = None
    negative: frozenset[str] = frozenset()
    positive: frozenset[str] = frozenset()
    adds_fee: bool = False
    charge: Amounts | None = None

    def values(self) -> Int64:
        """What moved, shape (bookings,), in the table's unit."""
        if self.kind == "signed":
            return self.amount.values
        if self.kind == "fee":
            assert self.other is not None
            return self.amount.values + (self.other.values if self.adds_fee else -self.other.values)
        if self.kind == "sides":
            assert self.other is not None
            received = self.amount.values * (-1 if self.amount.is_mostly_negative else 1)
            spent = self.other.values * (-1 if self.other.is_mostly_negative else 1)
            if self.charge is None:
                return received - spent
            return received - spent + (self.charge.values if self.adds_fee else -self.charge.values)
        assert self.levels is not None
        out = np.array([value in self.negative for value in self.levels.values] + [False], np.bool_)
        return np.where(out[self.levels.codes], -np.abs(self.amount.values), self.amount.values)

    @property
    def columns(self) -> tuple[Amounts, ...]:
        """The columns of numbers that it reads."""
        return tuple(n for n in (self.amount, self.other, self.charge) if n is not None)

    def spec(self) -> dict[str, Any]:
        """The `amount` of a mapping, and its `fee` where there is one."""
        mark = self.amount.mark or (self.other.mark if self.other else None) or "."
        if self.kind == "sides":
            assert self.other is not None
            whole = next((c.mark for c in self.columns if c.has_decimals and c.mark), mark)
            spec: dict[str, Any] = {"debit": self.other.name, "credit": self.amount.name, "decimal": whole}
            if self.other.is_mostly_negative:
                spec["signed"] = True
            if self.amount.is_mostly_negative:
                spec["signed_credit"] = True
            if self.charge is None:
                return {"amount": spec}
            return {"amount": spec, "fee": {"column": self.charge.name} | ({"signed": True} if self.adds_fee else {})}
        spec = {"column": self.amount.name, "decimal": mark}
        if self.kind == "fee":
            assert self.other is not None
            fee = {"column": self.other.name} | ({"signed": True} if self.adds_fee else {})
            return {"amount": spec, "fee": fee}
        if self.kind in ("sign", "letters"):
            column = self.sign.name if self.sign is not None else self.amount.name
            spec["sign"] = {
                "column": column,
                "negative": sorted(self.negative),
                "positive": sorted(self.positive),
            }
        return {"amount": spec}


def are_sides(one: Amounts, other: Amounts) -> bool:
    """Whether two columns are hardly ever filled in the same row."""
    both = int((one.moves & other.moves).sum())
    either = int((one.moves | other.moves).sum())
    return either > 0 and both <= EXCLUSIVE_SHARE * either


def pairs_of_sides(numbers: list[Amounts]) -> Iterator[tuple[Amounts, Amounts]]:
    """The pairs for which are_sides holds, in the order of the columns. One by one, 2,000 columns took 70 s."""
    if len(numbers) < 2:
        return
    moves = np.stack([number.moves for number in numbers])
    counts = moves.sum(axis=1)
    step = max(1, COMPARED_BYTES // max(1, moves.shape[1]))
    for number, one in enumerate(numbers):
        for first in range(number + 1, len(numbers), step):
            both = (moves[first : first + step] & moves[number]).sum(axis=1)
            either = counts[first : first + step] + counts[number] - both
            for place in np.flatnonzero((either > 0) & (both <= EXCLUSIVE_SHARE * either)):
                yield one, numbers[first + int(place)]


def with_partner(bookings: Bookings, amount: Amounts) -> Movement | None:
    """The two sides, if a column is one of them by its name and another column is the other one."""
    column = amount.column
    is_out = column.role("out") > column.role("in")
    if column.role("out", "in") < 0.3:
        return None
    partners = [
        other
        for other in bookings.numbers
        if other is not amount
        and are_sides(amount, other)
        and other.column.role("in" if is_out else "out") >= 0.3
        and all((other.column.role(part) > 0) == (column.role(part) > 0) for part in ("net", "gross"))
    ]
    if not partners:
        return None
    other = min(partners, key=lambda n: abs(n.column.index - column.index))
    return Movement("sides", other, amount) if is_out else Movement("sides", amount, other)


def sign_columns(bookings: Bookings, amount: Amounts, most: int = 6) -> list[tuple[Column, Levels]]:
    """The columns with a few different words, filled wherever the amount is."""
    found = []
    # A number under a name that says nothing may be a code.
    numbers = {
        n.column.index
        for n in bookings.numbers
        if n.column.role("sign") < 0.5
        and not bool((n.values[n.moves] == 10**bookings.scale).all())
        and not n.is_identifier
        and (n.column.role(*MONEY, "other_number") > 0 or n.has_decimals)
    }
    for column in bookings.facts.columns:
        if column is amount.column or column.index in numbers:
            continue
        levels = bookings.levels_of(column)
        if levels is None or not 1 <= len(levels.values) <= most:
            continue
        if bool((levels.codes[amount.moves] >= 0).all()) and not _tells_states(column, levels):
            found.append((column, levels))
    return found


def _tells_states(column: Column, levels: Levels) -> bool:
    """Whether a column of states says no more than that: "paid" there is no payment, but a bill that somebody paid."""
    if says("invoice_paid", column.name, whole=True):
        return True
    if column.role("status") < MIN_STATUS or column.role("sign") >= column.role("status"):
        return False
    return len(set((outs_of(list(levels.values)) or {}).values())) < 2
