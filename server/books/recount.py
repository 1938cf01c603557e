"""Adds up the books anew, from the records and matches themselves, and names what differs from what was kept."""

from typing import Any, Protocol

from models.status import ACTIVE_MATCH, LOADED_SOURCE, MatchStatus, Term, sql_list
from server.books.entries import PLACED, SHARES, since


class Connection(Protocol):
    """What is needed of a database connection."""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Rows of a query."""


_ONE_OF_THEM = "NULL::text"  # a record that suggestions of two passes share is counted with one of them
_TERMS = f"""
    WITH uses AS (
        SELECT m.id AS match_id, m.pair_id, m.kind, m.origin, m.difference_as, m.pass_name, coalesce(p.sign, 1) AS sign,
            (m.remainder_since AT TIME ZONE 'UTC')::date AS rest_since, u.side, r.amount, r.currency, r.source_id
        FROM matches m JOIN match_records u ON u.match_id = m.id JOIN reconciliation_records r ON r.id = u.record_id
        LEFT JOIN pairs p ON p.id = m.pair_id WHERE m.status = '{MatchStatus.CONFIRMED}'
    ), {SHARES}, wanted AS (
        SELECT r.source_id, NULL::uuid AS pair_id, t.term, r.currency, NULL::text AS pass_name,
            CASE WHEN t.term = '{Term.OPEN}' THEN {since("r.date")} END AS since, coalesce(r.amount, 0) AS amount, 1 AS records
        FROM reconciliation_records r JOIN (VALUES ('{Term.TOTAL}'), ('{Term.OPEN}')) t(term)
            ON t.term = '{Term.TOTAL}'
            OR NOT EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.confirmed)
        UNION ALL SELECT source_id, pair_id, term, currency, pass_name, since, amount, records FROM ({PLACED}) placed
        UNION ALL SELECT source_id, pair_id, '{Term.SUGGESTED}', currency, {_ONE_OF_THEM}, {since("date")}, coalesce(amount, 0), 1
        FROM (
            SELECT DISTINCT u.pair_id, r.id, r.source_id, r.currency, r.amount, r.date
            FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
            WHERE u.active AND NOT u.confirmed AND u.pair_id IS NOT NULL) suggested
        UNION ALL SELECT NULL, pair_id, status, NULL, pass_name, NULL, 0, 1 FROM matches WHERE pair_id IS NOT NULL
    ), differing AS (
        SELECT source_id, pair_id, term, currency, pass_name, since, sum(amount * is_kept) AS kept_amount,
            sum(records * is_kept)::bigint AS kept_records, sum(amount * (1 - is_kept)) AS amount,
            sum(records * (1 - is_kept))::bigint AS records
        FROM (
            SELECT source_id, pair_id, term, currency, pass_name, since, amount, records, 0 AS is_kept FROM wanted
            UNION ALL SELECT source_id, pair_id, term, currency,
                CASE WHEN term = '{Term.SUGGESTED}' AND source_id IS NOT NULL THEN {_ONE_OF_THEM} ELSE pass_name END,
                {since("since")}, amount, records, 1 FROM book_entries) x
        GROUP BY 1, 2, 3, 4, 5, 6
        HAVING sum(amount * (2 * is_kept - 1)) <> 0 OR sum(records * (2 * is_kept - 1)) <> 0
    )
    SELECT d.*, s.name AS source, l.name AS left_source, r.name AS right_source,
        coalesce(s.project_id, p.project_id)::text AS project
    FROM differing d LEFT JOIN sources s ON s.id = d.source_id LEFT JOIN pairs p ON p.id = d.pair_id
    LEFT JOIN sources l ON l.id = p.left_source_id LEFT JOIN sources r ON r.id = p.right_source_id
    WHERE s.id IS NULL OR s.status IN {sql_list(LOADED_SOURCE)}
    ORDER BY project, source, term LIMIT 1000
"""
_HELD = f"""
    SELECT m.id::text AS match, m.project_id::text AS project, count(*) AS uses FROM matches m
    JOIN match_records u ON u.match_id = m.id LEFT JOIN reconciliation_records r ON r.id = u.record_id
    WHERE u.active <> (m.status IN {sql_list(ACTIVE_MATCH)}) OR u.confirmed <> (m.status = '{MatchStatus.CONFIRMED}')
        OR (u.active AND (r.id IS NULL OR (u.amount, u.currency, u.date) IS DISTINCT FROM (r.amount, r.currency, r.date)))
    GROUP BY 1, 2 ORDER BY 1 LIMIT 1000
"""
# Suggestions to extend a match that is confirmed no longer, or that leaves nothing open.
_EXTENDING = f"""
    SELECT m.id::text AS match, m.project_id::text AS project FROM matches m LEFT JOIN matches b ON b.id = m.extends_id
    WHERE m.extends_id IS NOT NULL AND m.status = '{MatchStatus.SUGGESTED}'
        AND (b.status = '{MatchStatus.CONFIRMED}' AND b.remainder IS NOT NULL) IS NOT TRUE
    ORDER BY 1 LIMIT 1000
"""


async def differences(connection: Connection) -> list[str]:
    """
    What does not add up, one line each; nothing if all books are right.

    It reads everything in one statement each, so it may take minutes, and what changes meanwhile does not matter.
    """
    found = []
    for row in await connection.fetch(_TERMS):
        what = f"source {row['source']}" if row["source"] else f"{row['left_source']} / {row['right_source']}"
        code = f" {row['currency']}" if row["currency"] else ""
        found.append(
            f"project {row['project']}, {what}, {row['term']}{code}: "
            f"kept {row['kept_amount'].normalize():f} in {row['kept_records']} records, "
            f"but it is {row['amount'].normalize():f} in {row['records']}"
        )
    found += [
        f"project {row['project']}, match {row['match']}: {row['uses']} of its records are not held as its status says"
        for row in await connection.fetch(_HELD)
    ]
    found += [
        f"project {row['project']}, match {row['match']}: it would extend a match that is not confirmed or leaves nothing open"
        for row in await connection.fetch(_EXTENDING)
    ]
    return found
