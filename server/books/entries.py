"""
Keeps the terms of the books: what is open, matched, booked and written off, for each source, pair and currency.

Each change of a term adds an entry in the transaction that makes the change, so nobody waits for somebody else's sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from models.status import MatchKind, MatchStatus, Term
from realtime.unit_of_work import UnitOfWork

FOLD_EVERY = 1024  # entries: there is one for each day of the last months on which records are open
FOLD_ONE_IN = 64  # decisions: counting entries takes as long as some of the work does
OLDEST_DAYS = 100  # the ages of open items end at 91 days; what is older has the same date, so that there are few dates

Counted = tuple[
    str, str | None
]  # a status, and the name of the pass that found the matches; None for those made by hand
_ENTRY = "source_id, pair_id, term, currency, pass_name, since, amount, records, without_amount"


def since(day: str) -> str:
    """SQL: the date from which an open item counts its age, of a date or null."""
    return f"CASE WHEN {day} IS NOT NULL THEN greatest({day}, (now() AT TIME ZONE 'UTC')::date - {OLDEST_DAYS}) END"


# A record as two entries: it is counted in its source, and open there.
_OF_RECORDS = f"""
    SELECT r.source_id, NULL::uuid AS pair_id, t.term, r.currency, NULL::text AS pass_name,
        CASE WHEN t.term = '{Term.OPEN}' THEN {since("r.date")} END AS since, sum(coalesce(r.amount, 0)) AS amount,
        count(*) AS records, count(*) FILTER (WHERE r.amount IS NULL) AS without_amount
    FROM reconciliation_records r CROSS JOIN (VALUES ('{Term.TOTAL}'), ('{Term.OPEN}')) t(term)
    WHERE {{which}} GROUP BY 1, 3, 4, 6
"""
_ONE_SIDED = f"kind = '{MatchKind.ONE_SIDED}'"
# The uses of some matches, with the source of each record.
_USES = """
    uses AS (
        SELECT m.id AS match_id, m.pair_id, m.kind, m.origin, m.difference_as, m.pass_name, coalesce(p.sign, 1) AS sign,
            ({since} AT TIME ZONE 'UTC')::date AS rest_since, u.side, u.amount, u.currency, u.date,
            CASE WHEN p.id IS NULL THEN r.source_id
                WHEN (u.side = 'left') = m.turned THEN p.right_source_id ELSE p.left_source_id END AS source_id
        FROM matches m JOIN match_records u ON u.match_id = m.id LEFT JOIN pairs p ON p.id = m.pair_id
        LEFT JOIN reconciliation_records r ON p.id IS NULL AND r.id = u.record_id
        WHERE m.id = ANY($1::text[]::uuid[])
    )
"""
# How each match's amounts are shared out, from `uses`. A match of which one side has no amount at all compares with 0. A
# match without a common currency, or with sides of opposite signs, matches nothing: both sides are booked whole.
SHARES = f"""
    sides AS (
        SELECT match_id, pair_id, sign, difference_as, pass_name, rest_since,
            bool_or(side = 'left' AND amount IS NOT NULL) AS has_left,
            bool_or(side = 'right' AND amount IS NOT NULL) AS has_right,
            max(source_id::text) FILTER (WHERE side = 'left')::uuid AS left_source_id,
            max(source_id::text) FILTER (WHERE side = 'right')::uuid AS right_source_id
        FROM uses WHERE NOT {_ONE_SIDED} GROUP BY 1, 2, 3, 4, 5, 6
    ), sums AS (
        SELECT match_id, currency, sum(amount) FILTER (WHERE side = 'left') AS l,
            sum(amount) FILTER (WHERE side = 'right') AS r
        FROM uses WHERE amount IS NOT NULL AND NOT {_ONE_SIDED} GROUP BY 1, 2
    ), compared AS (
        SELECT s.*, x.currency, coalesce(x.l, 0) AS l, coalesce(x.r, 0) AS r,
            (x.l IS NULL AND has_left) OR (x.r IS NULL AND has_right) OR coalesce(x.l * x.r * sign < 0, false) AS apart
        FROM sides s JOIN sums x USING (match_id)
    ), shares AS (
        SELECT *, CASE WHEN apart THEN 0 WHEN abs(l) <= abs(r) THEN l ELSE r * sign END AS matched,
            CASE WHEN apart OR difference_as = 'booked' THEN '{Term.BOOKED}' ELSE '{Term.REMAINDER}' END AS rest
        FROM compared
    )
"""
# Where confirmed matches put the amounts of their records. What a match leaves open counts as one remainder.
PLACED = f"""
    SELECT source_id, CASE WHEN {_ONE_SIDED} THEN NULL ELSE pair_id END AS pair_id,
        CASE WHEN NOT {_ONE_SIDED} THEN '{Term.MATCHED}' WHEN origin = 'manual' THEN '{Term.WRITTEN_OFF}'
            ELSE '{Term.EXPLAINED}' END AS term,
        currency, pass_name, NULL::date AS since, CASE WHEN {_ONE_SIDED} THEN coalesce(amount, 0) ELSE 0 END AS amount,
        1 AS records, (amount IS NULL)::int AS without_amount FROM uses
    UNION ALL SELECT left_source_id, pair_id, '{Term.MATCHED}', currency, pass_name, NULL, matched, 0, 0 FROM shares
    UNION ALL SELECT right_source_id, pair_id, '{Term.MATCHED}', currency, pass_name, NULL, matched * sign, 0, 0 FROM shares
    UNION ALL SELECT source_id, pair_id, rest, currency, pass_name,
        CASE WHEN rest = '{Term.REMAINDER}' THEN {since("rest_since")} END, amount, (rest = '{Term.REMAINDER}')::int, 0
    FROM (SELECT left_source_id AS source_id, l - matched AS amount, s.* FROM shares s
        UNION ALL SELECT right_source_id, r - matched * sign, s.* FROM shares s) rests WHERE amount <> 0
"""
_POST = f"""
    WITH {_USES}, {SHARES}, {{remained}} moved AS (
        SELECT source_id, NULL::uuid AS pair_id, '{Term.OPEN}' AS term, currency, NULL::text AS pass_name,
            {since("date")} AS since, -coalesce(amount, 0) AS amount, -1 AS records,
            -(amount IS NULL)::int AS without_amount FROM uses
        UNION ALL {PLACED}
    )
    INSERT INTO book_entries ({_ENTRY})
    SELECT source_id, pair_id, term, currency, pass_name, since, sum(amount) * {{by}}, sum(records) * {{by}},
        sum(without_amount) * {{by}}
    FROM moved GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0 OR sum(records) <> 0
"""
_REMAINED = f"""
    remained AS (
        UPDATE matches m SET remainder_since = coalesce(m.remainder_since, $2),
            remainder = CASE WHEN s.l <> s.matched THEN s.l - s.matched ELSE s.r - s.matched * s.sign END,
            remainder_side = CASE WHEN s.l <> s.matched THEN 'left' ELSE 'right' END
        FROM shares s WHERE s.match_id = m.id AND s.rest = '{Term.REMAINDER}'
            AND (s.l <> s.matched OR s.r <> s.matched * s.sign)),
"""
_CONFIRM = _POST.format(since="coalesce(m.remainder_since, $2::timestamptz)", remained=_REMAINED, by=1)
_RELEASE = _POST.format(since="m.remainder_since", remained="", by=-1)
_TIED = f"""
    WITH moved AS (
        SELECT source_id::uuid, currency, day::date, amount::numeric, records::bigint
        FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) x(source_id, currency, day, amount, records)
    )
    INSERT INTO book_entries ({_ENTRY})
    SELECT source_id, NULL::uuid, '{Term.OPEN}', currency, NULL, {since("day")}, -sum(amount), -sum(records), 0
    FROM moved GROUP BY 1, 4, 6
    UNION ALL SELECT source_id, $1::uuid, '{Term.MATCHED}', currency, $2::text, NULL, sum(amount), sum(records), 0
    FROM moved GROUP BY 1, 4
"""
# The records of some suggestions that no other suggestion of their pair uses. Two jobs may suggest the same record, and so
# may two pairs: it counts once in each of them.
_SUGGEST = f"""
    INSERT INTO book_entries ({_ENTRY})
    SELECT source_id, pair_id, '{Term.SUGGESTED}', currency, pass_name, {since("date")}, sum(coalesce(amount, 0)) * $2::int,
        count(*) * $2::int, count(*) FILTER (WHERE amount IS NULL) * $2::int
    FROM (
        SELECT DISTINCT ON (u.pair_id, u.record_id) u.pair_id, u.amount, u.currency, u.date, m.pass_name,
            CASE WHEN (u.side = 'left') = m.turned THEN p.right_source_id ELSE p.left_source_id END AS source_id
        FROM match_records u JOIN matches m ON m.id = u.match_id JOIN pairs p ON p.id = u.pair_id
        WHERE u.match_id = ANY($1::text[]::uuid[]) AND NOT EXISTS (
            SELECT 1 FROM match_records o WHERE o.record_id = u.record_id AND o.active AND NOT o.confirmed
                AND o.pair_id = u.pair_id AND o.match_id <> ALL($1::text[]::uuid[]))
        ORDER BY u.pair_id, u.record_id, m.id) s
    GROUP BY 1, 2, 4, 5, 6
"""
_RECOUNT_SUGGESTED = f"""
    WITH gone AS (DELETE FROM book_entries WHERE pair_id = $1 AND source_id IS NOT NULL AND term = '{Term.SUGGESTED}')
    INSERT INTO book_entries ({_ENTRY})
    SELECT source_id, pair_id, '{Term.SUGGESTED}', currency, pass_name, {since("date")}, sum(coalesce(amount, 0)), count(*),
        count(*) FILTER (WHERE amount IS NULL)
    FROM (
        SELECT DISTINCT ON (u.record_id) u.pair_id, u.amount, u.currency, u.date, m.pass_name,
            CASE WHEN (u.side = 'left') = m.turned THEN p.right_source_id ELSE p.left_source_id END AS source_id
        FROM matches m JOIN match_records u ON u.match_id = m.id JOIN pairs p ON p.id = m.pair_id
        WHERE m.pair_id = $1 AND m.status = '{MatchStatus.SUGGESTED}' ORDER BY u.record_id, m.id) s
    GROUP BY 1, 2, 4, 5, 6
"""
# `{0}` to `{3}` are the places of its values.
COUNT_MATCHES = (
    f"INSERT INTO book_entries ({_ENTRY}) SELECT NULL, pair::uuid, s, NULL, p, NULL, 0, n::bigint, 0 "
    "FROM unnest(${}::text[], ${}::text[], ${}::text[], ${}::text[]) x(pair, s, p, n)"
)
_FOLD = f"""
    WITH many AS (
        DELETE FROM book_entries WHERE id IN (
            SELECT id FROM book_entries WHERE {{which}} ORDER BY id FOR UPDATE SKIP LOCKED)
        RETURNING *
    )
    INSERT INTO book_entries ({_ENTRY})
    SELECT source_id, pair_id, term, currency, pass_name, {since("since")}, sum(amount), sum(records), sum(without_amount)
    FROM many GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0 OR sum(records) <> 0 OR sum(without_amount) <> 0
"""


async def count_source(u: UnitOfWork, source_id: UUID) -> None:
    """Add up a source that has just been loaded or typed again. No confirmed match uses its records."""
    await u.execute("DELETE FROM book_entries WHERE source_id = $1 AND pair_id IS NULL", source_id)
    await u.execute(f"INSERT INTO book_entries ({_ENTRY}) {_OF_RECORDS.format(which='r.source_id = $1')}", source_id)


async def count_records(u: UnitOfWork, record_ids: Sequence[UUID | str], by: int = 1) -> None:
    """Count open records in, or out where `by` is -1: before they are deleted, and before and after they change."""
    which = "r.id = ANY($1::text[]::uuid[])"
    await u.execute(
        f"INSERT INTO book_entries ({_ENTRY}) SELECT source_id, pair_id, term, currency, pass_name, since, "
        f"amount * $2::int, records * $2::int, without_amount * $2::int FROM ({_OF_RECORDS.format(which=which)}) x",
        [str(record_id) for record_id in record_ids],
        by,
    )


async def post(u: UnitOfWork, match_ids: Sequence[UUID | str]) -> None:
    """
    Add what matches that were just confirmed move from open to matched, booked and remaining. A match that leaves a
    difference open gets its remainder.
    """
    await u.execute(_CONFIRM, [str(match_id) for match_id in match_ids], u.at)


@dataclass(frozen=True)
class Tied:
    """Records of a source and a currency, with a date or none, that matches use which come to the same on both sides."""

    source_id: UUID
    currency: str | None
    date: date | None


async def post_tied(u: UnitOfWork, pair_id: UUID, pass_name: str, moved: Mapping[Tied, Sequence[Decimal]]) -> None:
    """Add what such matches of a pass move, all of it from open to matched, by the amounts of their records."""
    await u.execute(
        _TIED,
        pair_id,
        pass_name,
        [str(one.source_id) for one in moved],
        [one.currency for one in moved],
        [None if one.date is None else one.date.isoformat() for one in moved],
        [f"{sum(amounts, Decimal(0)):f}" for amounts in moved.values()],
        [str(len(amounts)) for amounts in moved.values()],
    )


async def take_back(u: UnitOfWork, match_ids: Sequence[UUID | str]) -> None:
    """Take back what confirmed matches moved, before they are confirmed no longer."""
    await u.execute(_RELEASE, [str(match_id) for match_id in match_ids])


async def suggest(u: UnitOfWork, match_ids: Sequence[UUID | str], by: int = 1) -> None:
    """
    Count what suggestions use, or no longer use where `by` is -1: after they were suggested, and before they move on.

    A record that two suggestions of a pair share counts once in that pair. The caller has locked its records, so that nobody
    else counts it at the same moment; a job does not, and counts again when it ends (`recount_suggested`).
    """
    await u.execute(_SUGGEST, [str(match_id) for match_id in match_ids], by)


async def recount_suggested(u: UnitOfWork, pair_id: UUID | str) -> None:
    """
    Count anew what a pair's suggestions use. Nobody waits for it: what others change meanwhile is not seen by this one
    statement, and neither are their entries, which come on top of its sum.
    """
    await u.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", _folding(pair_id))
    await u.execute(_RECOUNT_SUGGESTED, pair_id)


def _folding(pair_id: UUID | str) -> str:
    """The lock under which entries of a pair are replaced. Two that replace the same entries would count them twice."""
    return f"fold {pair_id}"


async def count_matches(u: UnitOfWork, by: Mapping[UUID, Mapping[Counted, int]]) -> None:
    """Add to the numbers of the matches of pairs, by status and pass."""
    values = counted(by)
    if values[0]:
        await u.execute(COUNT_MATCHES.format(*range(1, 5)), *values)


def counted(by: Mapping[UUID, Mapping[Counted, int]]) -> tuple[list[str], list[str], list[str | None], list[str]]:
    """The values of COUNT_MATCHES."""
    changed = [(str(pair_id), *key, str(n)) for pair_id, change in by.items() for key, n in change.items() if n]
    return (
        [pair_id for pair_id, *_ in changed],
        [status for _, status, *_ in changed],
        [pass_name for _, _, pass_name, _ in changed],
        [n for *_, n in changed],
    )


async def fold_now_and_then(u: UnitOfWork, pair_id: UUID | str, source_ids: Sequence[UUID | str], entries: int) -> None:
    """Fold after one of many decisions, whichever it is, if the books of the pair have so many entries."""
    if entries >= FOLD_EVERY and u.at.microsecond % FOLD_ONE_IN == 0:
        await fold(u, pair_id, source_ids)


async def fold(u: UnitOfWork, pair_id: UUID | str, source_ids: Sequence[UUID | str]) -> None:
    """Replace the entries of a pair and of its sources by their sums, if there are many."""
    mine = await u.execute("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine", _folding(pair_id))
    if not mine[0]["mine"]:
        return  # somebody else folds them, or counts them anew
    for which, row_id in (
        ("pair_id = $1", pair_id),
        *(("source_id = $1 AND pair_id IS NULL", source_id) for source_id in source_ids),
    ):
        rows = await u.execute(f"SELECT count(*) AS n FROM book_entries WHERE {which}", row_id)
        if rows[0]["n"] >= FOLD_EVERY:
            await u.execute(_FOLD.format(which=which), row_id)
