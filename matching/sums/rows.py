"""The open rows of both sides as sums are made of them: whole minor units, days, references and texts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from core.money import NO_CURRENCY, exponent
from matching.plan import GroupPass
from matching.sides import Sides

COVERED = 0.999  # share of amounts that must be whole in the unit that sums are made in
MAX_UNITS = 1 << 42  # larger amounts are left out, so that no sum overflows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = Sequence[str | None]


@dataclass(frozen=True)
class Rows:
    """The rows of one side in the order of their content. Days count from 1970; NaN if there is none."""

    place: Ints  # positions in the table
    amount: Ints
    day: Floats
    reference: Texts
    party: Texts

    def __len__(self) -> int:
        return len(self.place)

    def taken(self, keep: NDArray[np.bool_]) -> "Rows":
        """Some of the rows."""
        at = np.flatnonzero(keep).tolist()
        party = [self.party[n] for n in at]
        reference = party if self.reference is self.party else [self.reference[n] for n in at]
        return Rows(self.place[at], self.amount[at], self.day[at], reference, party)


@dataclass(frozen=True)
class Ledgers:
    """Rows of both sides in one currency. Amounts are whole numbers of 10^-scale."""

    sides: tuple[Rows, Rows]
    scale: int

    def decimal(self, units: int) -> Decimal:
        """An amount in the currency."""
        return Decimal(int(units)).scaleb(-self.scale)


def read(sides: Sides, step: GroupPass, without: tuple[Collection[int], Collection[int]]) -> list[Ledgers]:
    """
    Read the open rows that have an amount, by currency, except those at the positions `without`.

    A row without a currency is one of the other currency, if there is only one; otherwise it is compared with rows without
    one.
    """
    both = [_side(sides, step, name, found) for name, found in zip("lr", without, strict=True)]
    codes = sorted({code for _, _, found in both for code in found})
    known = [code for code in codes if code != NO_CURRENCY]
    if len(known) < 2:
        groups = [(known[0] if known else NO_CURRENCY, set(codes))]
    else:
        groups = [(code, {code}) for code in codes]
    return [_ledgers(both, code, of) for code, of in groups]


def read_within(
    sides: Sides, step: GroupPass, without: tuple[Collection[int], Collection[int]], most: int
) -> tuple[list[Ledgers], int]:
    """Like `read`, but only currencies with rows on both sides and at most so many of them, and how many rows the others have."""
    found, out = [], 0
    for ledgers in read(sides, step, without):
        size = sum(len(side) for side in ledgers.sides)
        if size > most:
            out += size
        elif all(len(side) for side in ledgers.sides):
            found.append(ledgers)
    return found, out


def _ledgers(both: list[tuple[Rows, list[Decimal], list[str]]], code: str, of: set[str]) -> Ledgers:
    chosen = [np.array([one in of for one in codes], bool) for _, _, codes in both]
    amounts = [
        [a for a, is_in in zip(found, keep, strict=True) if is_in]
        for (_, found, _), keep in zip(both, chosen, strict=True)
    ]
    scale = _scale([a for found in amounts for a in found], exponent(code) if code != NO_CURRENCY else 2)
    parts = []
    for (rows, _, _), keep, found in zip(both, chosen, amounts, strict=True):
        units = [a.scaleb(scale) for a in found]
        fits = np.array([u == u.to_integral_value() and abs(u) < MAX_UNITS for u in units], bool)
        some = rows.taken(keep)
        whole = np.array([int(u) if ok else 0 for u, ok in zip(units, fits, strict=True)], np.int64)
        parts.append(Rows(some.place, whole, some.day, some.reference, some.party).taken(fits))
    return Ledgers((parts[0], parts[1]), scale)


def _scale(amounts: list[Decimal], least: int) -> int:
    """The decimals that nearly all amounts have, at least those of the currency."""
    used = np.array([max(-int(a.normalize().as_tuple().exponent), 0) for a in amounts], np.int64)
    if not len(used):
        return least
    return max(least, int(np.quantile(used, COVERED, method="higher")))


def _side(sides: Sides, step: GroupPass, name: str, without: Collection[int]) -> tuple[Rows, list[Decimal], list[str]]:
    numbers = list(sides.plan.fields)

    def column(field: str | None, prefix: str, empty: str) -> str:
        return empty if field is None else f"{prefix}{numbers.index(field)}"

    date = column(step.date, "f", "NULL")
    reference, party = (column(field, "o", "NULL::VARCHAR") for _, field in step.texts)
    amount, code = column(step.amount, "f", ""), column(step.amount, "c", "")
    day = "'nan'::DOUBLE" if step.date is None else f"coalesce(epoch({date}) / 86400, 'nan'::DOUBLE)"
    table = sides.connection.sql(
        f"SELECT i, {amount}::DECIMAL(38,9) AS amount, {code} AS code, {day} AS day, {reference} AS reference, "
        f"{party} AS party FROM {name}_free WHERE {amount} IS NOT NULL ORDER BY i"
    ).to_arrow_table()
    place = table["i"].to_numpy().astype(np.int64)
    keep = ~np.isin(place, list(without))
    table = table.filter(keep)
    parties = table["party"].to_pylist()
    is_one = reference == party
    references = parties if is_one else table["reference"].to_pylist()
    rows = Rows(
        place[keep], np.zeros(len(parties), np.int64), table["day"].to_numpy().astype(np.float64), references, parties
    )
    return rows, table["amount"].to_pylist(), table["code"].to_pylist()
