"""
Posts the confirmed matches of a chunk to the books.

Most matches of a job come to the same amount on both sides. What they move is added up here from what the job has in
memory; the statement that shares out amounts reads the others only (measured: a fifth of the time for storing a chunk).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from realtime.unit_of_work import UnitOfWork
from server.books import entries
from server.books.entries import Tied
from server.job.sides import Sides


@dataclass(frozen=True)
class Use:
    """A record that a match uses."""

    match_id: str
    record_id: str
    side: str
    amount: str | None
    currency: str | None
    date: dt.date | None


@dataclass
class _Sums:
    left: Decimal = Decimal(0)
    right: Decimal = Decimal(0)
    currencies: set[str | None] = field(default_factory=set)
    sides: set[str] = field(default_factory=set)
    has_all_amounts: bool = True

    def ties(self, sign: int) -> bool:
        """Whether there are two sides, both have amounts in one currency, and come to the same."""
        is_comparable = len(self.sides) == 2 and self.has_all_amounts and len(self.currencies) == 1
        return is_comparable and self.left == sign * self.right


async def post_chunk(
    u: UnitOfWork, sides: Sides, uses: Sequence[Use], confirmed: Collection[str], pass_name: str
) -> None:
    """Post the matches of a chunk that were confirmed. The sign of the pair is fixed."""
    sign = sides.pair.sign
    assert sign is not None
    sums: dict[str, _Sums] = {match_id: _Sums() for match_id in confirmed}
    for use in uses:
        if (found := sums.get(use.match_id)) is None:
            continue
        found.sides.add(use.side)
        found.currencies.add(use.currency)
        if use.amount is None:
            found.has_all_amounts = False
        elif use.side == "left":
            found.left += Decimal(use.amount)
        else:
            found.right += Decimal(use.amount)
    tied = {match_id for match_id, found in sums.items() if found.ties(sign)}
    moved: dict[Tied, list[Decimal]] = defaultdict(list)
    left_source, right_source = sides.pair.sources
    for use in uses:
        if use.match_id in tied and use.amount is not None:
            source = left_source if use.side == "left" else right_source
            moved[Tied(source, use.currency, use.date)].append(Decimal(use.amount))
    if moved:
        await entries.post_tied(u, sides.pair.id, pass_name, moved)
    if others := [match_id for match_id in confirmed if match_id not in tied]:
        await entries.post(u, others)
