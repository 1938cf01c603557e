"""
The summary of a job: where the records that it read are now, in the terms of the books.

What its matches moved stands in their terms; what other matches did with its records since is elsewhere or written off.
"""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.clock import now
from core.money import NO_CURRENCY, Money
from matching.results import left_out, too_little
from models import access
from models.access import Actor
from models.job import Job
from models.status import ACTIVE_MATCH, JobStatus, MatchStatus, Term, sql_list
from realtime import streams
from realtime.events.job import Counts
from server.books.entries import SHARES
from server.books.pairs import PairOf, find_pair
from server.books.sums import SIDES, Books, Side, Terms, age
from server.job.schemas import Proof, ProofSide, Summary
from server.match.summary import MOST_CURRENCIES, UNLISTED, Summed
from server.store.reading import Position, reading

_CONFIRMED, _SUGGESTED, _ELSEWHERE = "confirmed", "suggested", "elsewhere"
# The records that the job reads: those of its two sources up to the pinned revisions, unless another match was confirmed
# over them before. At most one confirmed match uses a record: one of the job (u), or another one (o).
_READ = """
    FROM (SELECT 'left' AS side, * FROM reconciliation_records WHERE source_id = $2 AND revision <= $4
          UNION ALL SELECT 'right', * FROM reconciliation_records WHERE source_id = $3 AND revision <= $5) r
    LEFT JOIN match_records u ON u.record_id = r.id AND u.job_id = $1 AND u.active
    LEFT JOIN matches m ON m.id = u.match_id
    LEFT JOIN match_records c ON c.record_id = r.id AND c.confirmed AND c.match_id IS DISTINCT FROM u.match_id
    LEFT JOIN matches o ON o.id = c.match_id
    WHERE o.id IS NULL OR coalesce(o.decided_at, o.created_at) > $6
"""
_PLACE = f"""
    CASE WHEN o.id IS NOT NULL THEN CASE WHEN o.pair_id IS NULL THEN '{Term.WRITTEN_OFF}' ELSE '{_ELSEWHERE}' END
        WHEN m.status = '{MatchStatus.CONFIRMED}' THEN '{_CONFIRMED}' WHEN m.id IS NOT NULL THEN '{_SUGGESTED}'
        ELSE '{Term.OPEN}' END
"""
# One pass over the records for everything that adds them up. Any three letters are a currency, so that there may be
# thousands: those with few records are counted and not added up.
_SUMS = f"""
    WITH parts AS MATERIALIZED (
        SELECT r.side, coalesce(r.currency, '{NO_CURRENCY}') AS currency, {_PLACE} AS place,
            CASE WHEN o.id IS NULL THEN m.pass_name END AS pass_name,
            CASE WHEN m.id IS NULL AND o.id IS NULL THEN {age("r.date", "$7")} END AS age,
            count(*) AS records, count(*) FILTER (WHERE r.amount IS NULL) AS without_amount,
            coalesce(sum(r.amount), 0) AS amount {_READ} GROUP BY 1, 2, 3, 4, 5
    ), listed AS (
        SELECT currency FROM parts GROUP BY 1 ORDER BY sum(records) DESC, 1 LIMIT {MOST_CURRENCIES}
    )
    SELECT p.side, l.currency, p.place, p.pass_name, p.age, sum(p.records)::bigint AS records,
        sum(p.without_amount)::bigint AS without_amount, sum(p.amount) AS amount,
        (SELECT count(DISTINCT currency) FROM parts) AS currencies
    FROM parts p LEFT JOIN listed l USING (currency) GROUP BY 1, 2, 3, 4, 5
"""
# What the job's confirmed matches do not match of their records: booked, or open as a remainder. A match that extends an
# earlier one is left out, because the job has read but one of its records.
_RESTS = f"""
    WITH uses AS (
        SELECT m.id AS match_id, m.pair_id, m.kind, m.origin, m.difference_as, m.pass_name, $4::int AS sign,
            (m.remainder_since AT TIME ZONE 'UTC')::date AS rest_since, u.side, u.amount, u.currency,
            CASE WHEN u.side = 'left' THEN $2::uuid ELSE $3::uuid END AS source_id
        FROM matches m JOIN match_records u ON u.match_id = m.id
        WHERE m.job_id = $1 AND m.status = '{MatchStatus.CONFIRMED}' AND m.difference IS DISTINCT FROM 0
            AND m.extends_id IS NULL
    ), {SHARES}
    SELECT side, coalesce(currency, '{NO_CURRENCY}') AS currency, rest, pass_name, {age("rest_since", "$5")} AS age,
        sum(amount) AS amount, count(*) AS records
    FROM (SELECT 'left' AS side, l - matched AS amount, s.* FROM shares s
          UNION ALL SELECT 'right', r - matched * sign, s.* FROM shares s) x
    WHERE amount <> 0 GROUP BY 1, 2, 3, 4, 5
"""
_PASSES = f"""
    SELECT pass_index, pass_name, status, count(*) AS matches,
        count(*) FILTER (WHERE extends_id IS NOT NULL AND status = '{MatchStatus.CONFIRMED}') AS extending
    FROM matches WHERE job_id = $1 AND status IN {sql_list(ACTIVE_MATCH)} GROUP BY 1, 2, 3 ORDER BY 1
"""


async def summary_of(actor: Actor, job_id: UUID) -> tuple[Summary, Position]:
    """Counts and sums of both sides, computed from the records themselves. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        sides = (job.left_source_id, job.right_source_id)
        pair = await find_pair(snapshot, *sides)
        sign = 1 if pair is None else pair.sign or 1
        today = now().date()
        rows = await snapshot.rows(_SUMS, job.id, *sides, *_revisions(job), job.started_at, today)
        rests = await snapshot.rows(_RESTS, job.id, *sides, sign, today)
        passes = await snapshot.rows(_PASSES, job.id)
        position = await snapshot.position(streams.job(job_id))
    return await asyncio.to_thread(_summarise, job, pair, rows, rests, passes), position


def _revisions(job: Job) -> tuple[int, int]:
    newest = 2**31 - 1  # a job that has not started reads everything
    return (
        job.inputs.get("left", {}).get("revision", newest),
        job.inputs.get("right", {}).get("revision", newest),
    )


def _summarise(job: Job, pair: PairOf | None, *found: list[dict[str, Any]]) -> Summary:
    rows, rests, passes = found
    books = Books()
    for row in passes:
        books.passes[row["pass_name"]][row["status"]] += row["matches"]
    for row in rows:
        _place(books.sides[row["side"]][row["currency"] or UNLISTED], row)
    for row in rests:
        terms = books.sides[row["side"]].get(row["currency"])
        if terms is not None:  # one of the listed currencies
            _set_apart(terms, row)
    summed = Summed(books, _counts(job, books), [row["pass_name"] for row in passes if row["pass_name"] is not None])
    sign = None if pair is None else pair.sign
    return Summary(
        **summed.totals(sign),
        proof=[_proof(books, code, sign or 1, is_done=job.status == JobStatus.COMPLETED) for code in summed.listed],
        notes=[*_notes(job.statistics, sum(row["extending"] for row in passes)), *_unlisted(rows)],
        statistics=job.statistics,
    )


def _counts(job: Job, books: Books) -> Counts:
    """The job's counts, but of its records as they are now: other matches may have taken some since."""

    def is_open(terms: Terms) -> int:
        return terms.records[Term.OPEN] - terms.records[Term.SUGGESTED]

    return Counts(**job.counts).model_copy(
        update={
            "open_left": books.count("left", is_open),
            "open_right": books.count("right", is_open),
            "written_off": sum(books.count(side, lambda terms: terms.records[Term.WRITTEN_OFF]) for side in SIDES),
        }
    )


def _place(terms: Terms, row: dict[str, Any]) -> None:
    """Add records to the terms in which they stand."""
    place, count, amount = row["place"], row["records"], row["amount"]

    def add(term: Term) -> None:
        terms.amounts[term] += amount
        terms.records[term] += count

    add(Term.TOTAL)
    terms.without_amount += row["without_amount"]
    if place == _ELSEWHERE:
        terms.elsewhere.add(count, amount)
    elif place == _CONFIRMED:
        add(Term.MATCHED)
        terms.passes[row["pass_name"]].add(count, amount)
    elif place == Term.WRITTEN_OFF:
        add(Term.WRITTEN_OFF)
    else:
        add(Term.OPEN)
        if place == _SUGGESTED:
            add(Term.SUGGESTED)
            terms.passes[row["pass_name"]].add(count, amount)
        elif row["age"] is not None:
            terms.ages[row["age"]].add(count, amount)


def _set_apart(terms: Terms, row: dict[str, Any]) -> None:
    """Take what matches book or leave open out of what they match."""
    terms.amounts[Term.MATCHED] -= row["amount"]
    terms.amounts[row["rest"]] += row["amount"]
    if row["rest"] == Term.REMAINDER:
        terms.records[Term.REMAINDER] += row["records"]
        if row["age"] is not None:
            terms.ages[row["age"]].add(row["records"], row["amount"])


def _proof(books: Books, code: str, sign: int, *, is_done: bool) -> Proof:
    sides: dict[Side, Terms] = {side: books.sides[side].get(code) or Terms() for side in SIDES}
    matched = {side: terms.amounts[Term.MATCHED] for side, terms in sides.items()}
    difference = matched["left"] - sign * matched["right"]
    left, right = (_proof_side(sides[side], code) for side in SIDES)
    waiting = sum(
        side.to_review_records + side.open_records + side.remainders + side.without_amount for side in (left, right)
    )
    return Proof(
        currency=code,
        left=left,
        right=right,
        difference=_money(difference, code),
        agrees=is_done and difference == 0 and waiting == 0,
    )


def _proof_side(terms: Terms, code: str) -> ProofSide:
    return ProofSide(
        confirmed=_money(terms.amounts[Term.MATCHED], code),
        to_review=_money(terms.amounts[Term.SUGGESTED], code),
        to_review_records=terms.records[Term.SUGGESTED],
        open=_money(terms.open - terms.amounts[Term.SUGGESTED], code),
        open_records=terms.records[Term.OPEN] - terms.records[Term.SUGGESTED],
        remainders=terms.records[Term.REMAINDER],
        without_amount=terms.without_amount,
    )


def _notes(statistics: dict[str, Any], extending: int) -> list[str]:
    notes: list[str | None] = []
    for step in statistics.get("passes", []):
        notes.append(left_out(step["pass_name"], step.get("skipped_blocks", 0), step.get("skipped_pairs", 0)))
        found = step.get("matches", 0) + step.get("reported", 0)
        notes.append(too_little(step["pass_name"], found, step.get("too_little", 0)))
    if extending:
        notes.append(
            f"Some matches ({extending:,}) extend earlier ones, whose records this reconciliation has not read. Both sides "
            "add up in the books of the two sources."
        )
    return [note for note in notes if note is not None]


def _unlisted(rows: list[dict[str, Any]]) -> list[str]:
    more = rows[0]["currencies"] - MOST_CURRENCIES if rows else 0
    if more <= 0:
        return []
    return [
        f"{more:,} more currencies: their records are counted, but not added up. The {MOST_CURRENCIES} with most records "
        "are. Look whether the column of the currency is the right one."
    ]


def _money(amount: Decimal, code: str) -> Money:
    return Money.total(amount, code)
