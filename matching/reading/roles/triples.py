"""Gross, fee and net: three columns that prove each other."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.facts import Int64
from matching.reading.roles.walk import MIN_SHARE

MAX_CHARGE = 0.15  # of an amount, up to which a charge is taken for one without its name
MIN_RATES = 4  # of charges in a file; a tax has fewer


@dataclass(frozen=True)
class Triple:
    """Columns where gross and fee make net in every row with a fee."""

    gross: Amounts
    fee: Amounts
    net: Amounts
    adds_fee: bool
    rows: int

    @property
    def is_named(self) -> bool:
        """Whether a name says which part is the fee. What lies between gross and net may be a tax as well."""
        return self.fee.column.role("fee") >= 0.5

    def says(self) -> str:
        """The proof in words."""
        sign = "+" if self.adds_fee else "-"
        return f"{self.gross.name} {sign} {self.fee.name} = {self.net.name} on {self.rows} of {self.rows} rows"

    @property
    def is_charge(self) -> bool:
        """
        Whether the middle column is a charge without its name: a small part of each amount, at rates that differ, unlike
        those of a tax, before the column of what is left.
        """
        rows = self.fee.moves
        charged, amounts = np.abs(self.fee.values[rows]), np.abs(self.gross.values[rows])
        is_last = self.net.column.index > max(self.gross.column.index, self.fee.column.index)
        if (
            not is_last
            or self.fee.column.role("other_number") >= 0.5
            or not bool((charged <= MAX_CHARGE * amounts).all())
        ):
            return False
        return _rates(charged, amounts) >= max(MIN_RATES, self.rows / 3)


def _rates(charged: Int64, amounts: Int64) -> int:
    """By how few rates charges can be explained, give or take half of the unit to which they are rounded."""
    half = int(np.gcd.reduce(charged)) / 2
    count, last = 0, -1.0
    for most, least in sorted(zip((charged + half) / amounts, (charged - half) / amounts, strict=True)):
        if least > last:
            count, last = count + 1, most
    return count


def triples_of(bookings: Bookings) -> list[Triple]:
    """
    The triples of columns where gross - fee = net, or gross + fee = net if fees carry their minus.

    Gross less net is the fee as well, so of each three columns the reading is kept that names and sizes support.
    """
    found: dict[frozenset[int], tuple[float, Triple]] = {}
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for fee, gross, net in permutations(numbers, 3):
        for adds in (False, True):
            triple = _triple(fee, gross, net, adds)
            if triple is None or triple.net.column.role("fee") >= 0.5 > triple.net.column.role("net"):
                continue  # what is left of something is no fee; some rows of the right three columns do not fit
            key = frozenset(n.column.index for n in (fee, gross, net))
            score = _triple_score(triple)
            if key not in found or score > found[key][0]:
                found[key] = score, triple
    return [triple for _, triple in found.values()]


def _triple(fee: Amounts, gross: Amounts, net: Amounts, adds: bool) -> Triple | None:
    first = slice(TRIED_ROWS)
    charged = fee.values[first] if adds else -fee.values[first]
    both = gross.valid[first] & net.valid[first]
    if not bool((gross.values[first] + charged == net.values[first])[both].all()):
        return None  # most columns do not fit, which the first rows show
    rows, asked = fee.moves, gross.valid & net.valid
    moved = int((asked & rows).sum())
    if moved == 0 or not bool(asked[rows].all()):
        return None
    if int(asked.sum()) < MIN_SHARE * max(int(gross.moves.sum()), int(net.moves.sum())):
        return None
    if not bool((np.abs(fee.values[rows]) <= np.abs(gross.values[rows])).all()):
        return None
    total = gross.values + (fee.values if adds else -fee.values)
    if not bool((total[asked] == net.values[asked]).all()):
        return None
    is_named = fee.column.role("fee") >= 0.5 or (gross.column.role("gross") >= 0.5 and net.column.role("net") >= 0.5)
    if moved < 2 and not is_named:
        return None
    return Triple(gross, fee, net, adds, moved)


def _triple_score(triple: Triple) -> float:
    """How well names and sizes fit the parts of a triple: a fee is the smaller part."""
    names = triple.gross.column.role("gross") + triple.fee.column.role("fee") + triple.net.column.role("net")
    names -= (
        triple.gross.column.role("fee", "net") + triple.fee.column.role("net", "gross") + triple.net.column.role("fee")
    )
    smaller = np.abs(triple.fee.values).sum() < np.abs(triple.net.values).sum()
    return 2 * names + float(smaller)
