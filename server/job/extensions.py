"""
Matches of a job that extend a confirmed match: one of the rows of such a match is what that match left open.

What a match is together with the one that it extends, its base, is said here: its kind, its size and its date.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from core.money import MAX_AMOUNT
from models.job import Job
from models.status import MatchKind, MatchStatus
from realtime.unit_of_work import UnitOfWork
from server.job.sides import Sets, Sides

_HOLD_BASES = f"""
    SELECT m.id::text AS id, m.turned, m.amount, m.date, m.remainder_record_id::text AS remainder_of, (SELECT count(*)
            FROM match_records u WHERE u.match_id = m.id AND u.side = 'left') AS lefts, (SELECT count(*)
            FROM match_records u WHERE u.match_id = m.id AND u.side = 'right') AS rights
    FROM matches m JOIN job_exclusions x ON x.match_id = m.id AND x.job_id = $2 AND x.remainder = m.remainder
    WHERE m.id = ANY($1::text[]::uuid[]) AND m.status = '{MatchStatus.CONFIRMED}' ORDER BY m.id FOR SHARE OF m
"""


@dataclass(frozen=True)
class Base:
    """A match that a match of a chunk would extend: its records per side, and the one its remainder belongs to."""

    lefts: int
    rights: int
    amount: Decimal | None
    date: dt.date | None
    remainder_of: str | None


def base_of(sets: Sets, sides: Sides) -> str | None:
    """The match whose remainder one of the rows is. There is at most one such row in a match, with one record."""
    for side, rows in zip((sides.left, sides.right), sets, strict=True):
        if side.bases and rows and (base := side.base_of(rows[0])) is not None:
            return base
    return None


async def hold_bases(u: UnitOfWork, job: Job, base_ids: list[str], sides: Sides) -> dict[str, Base]:
    """
    Lock the matches that a chunk would extend. Left out are those that have changed since the job read their remainder:
    what would extend them is dropped.
    """
    if not base_ids:
        return {}
    found = {}
    for row in await u.execute(_HOLD_BASES, base_ids, job.id):
        numbers = (row["lefts"], row["rights"])
        lefts, rights = numbers[::-1] if row["turned"] != sides.pair.turned else numbers
        found[row["id"]] = Base(lefts, rights, row["amount"], row["date"], row["remainder_of"])
    return found


def kind_of(sets: Sets, sides: Sides, base: Base | None) -> MatchKind:
    """The kind of a match, together with the one that it extends."""
    if base is None:
        return MatchKind.of(len(sets[0]), len(sets[1]))
    lefts, rights = (
        sum(side.base_of(row) is None for row in rows)
        for side, rows in zip((sides.left, sides.right), sets, strict=True)
    )
    return MatchKind.of(base.lefts + lefts, base.rights + rights)


def size_of(sets: Sets, sides: Sides, base: Base | None) -> str | None:
    """The amount of the larger side, together with the match that this one extends."""
    sums = sides.sums_of(sets)
    if base is not None and base.amount is not None and len(sums) == len(sets):
        open_ = next(
            sums[n] for n, side in enumerate((sides.left, sides.right)) if side.base_of(sets[n][0]) is not None
        )
        return f"{base.amount + max(sums) - open_:f}"
    return f"{max(sums):f}" if sums else None


def is_too_large(size: str | None) -> bool:
    """Whether a match comes to more than can be kept. It is dropped, as one whose base has changed."""
    return size is not None and Decimal(size) > MAX_AMOUNT


def earliest_of(sets: Sets, sides: Sides, base: Base | None) -> str | None:
    """The earliest date of a match's records, and of the match that this one extends."""
    dates = [] if base is None or base.date is None else [base.date]
    dates += [
        date
        for side, rows in zip((sides.left, sides.right), sets, strict=True)
        for row in rows
        if (date := side.dates[row].as_py()) is not None
    ]
    return min(dates).isoformat() if dates else None
