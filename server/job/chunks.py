"""
Writes chunks of matches, each in one transaction with the uses of its records and its event.

A chunk is stored at most once per (job, pass, chunk), so an attempt that takes over skips what is already stored.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

import asyncpg
import orjson
from tortoise.exceptions import IntegrityError

from core.ids import uuid7_texts
from matching.plan import Pass
from matching.results import Chunk
from models.access import SYSTEM
from models.job import Job
from models.status import MatchStatus
from realtime.events.job import Counts
from realtime.events.result import MatchesAdded
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.books import entries
from server.books.pairs import fix_sign, hold_sign, pairs_of
from server.holds.locks import hold_records
from server.job.extensions import Base, base_of, earliest_of, hold_bases, is_too_large, kind_of, size_of
from server.job.inputs import SideIds
from server.job.lifecycle import fence
from server.job.posting import Use, post_chunk
from server.job.sides import Sets, Sides

RETRIES = 5
FOLD_EVERY = 32  # chunks


class _SignGone(Exception):
    """The last confirmed match of the pair was undone at this moment, so the chunk fixes the sign itself."""


@dataclass(frozen=True)
class _Stored:
    """What was stored of a chunk: matches by status, and the number of records used per side."""

    confirmed: int
    suggested: int
    left: int
    right: int
    confirmed_ids: list[UUID] | None
    suggested_ids: list[UUID] | None

    @property
    def matches(self) -> int:
        return self.confirmed + self.suggested

    def added_to(self, counts: Counts) -> Counts:
        """The job's counts after this chunk, given those before it."""
        return counts.changed(
            matches=self.matches,
            confirmed=self.confirmed,
            suggested=self.suggested,
            open_left=-self.left,
            open_right=-self.right,
        )


@dataclass(frozen=True)
class _Planned:
    """A chunk as it is to be stored, match by match, before anything is locked."""

    ids: list[str]
    rows: list[Sets]
    statuses: list[str]
    extends: list[str | None]
    uses: list[Use]

    @classmethod
    def of(cls, chunk: Chunk, sides: Sides) -> "_Planned":
        """Give ids to the matches of a chunk, and say which records they use."""
        table = chunk.matches
        ids = uuid7_texts(table.num_rows)
        rows = list(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True))
        statuses = [
            _status(status, sets, sides) for status, sets in zip(table["status"].to_pylist(), rows, strict=True)
        ]
        uses = [
            Use(
                match_id,
                side.ids[row],
                name,
                side.amounts[row].as_py(),
                side.currencies[row].as_py(),
                side.dates[row].as_py(),
            )
            for match_id, sets in zip(ids, rows, strict=True)
            for name, side, used in zip(("left", "right"), (sides.left, sides.right), sets, strict=True)
            for row in used
            if side.base_of(row) is None
        ]
        return cls(ids, rows, statuses, [base_of(sets, sides) for sets in rows], uses)


async def write_chunk(job: Job, chunk: Chunk, sides: Sides) -> Counts | None:
    """
    Writes a chunk of matches, its record uses, its entries in the books and its event in one transaction.

    Returns: the job's counts afterwards, or None if an earlier attempt has stored the chunk.
    Raises: Fenced; PlanInvalid if the pair's confirmed matches now count amounts the other way.
    """
    for attempt in range(RETRIES):
        try:
            return await _write_chunk(job, chunk, sides, alone=attempt > 0)
        except _SignGone:
            if attempt == RETRIES - 1:
                raise
        except IntegrityError as error:
            # A reviewer or another job took one of the records after the check and before the insert. Check again.
            if not isinstance(error.__cause__, asyncpg.UniqueViolationError) or attempt == RETRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _write_chunk(job: Job, chunk: Chunk, sides: Sides, *, alone: bool) -> Counts | None:
    planned = _Planned.of(chunk, sides)
    async with unit_of_work(SYSTEM) as u:
        sides, held = await _hold(u, job, planned, sides, alone=alone)
        placed = await u.execute(
            "INSERT INTO job_chunks (job_id, pass_index, chunk, attempt, matches, dropped) VALUES ($1, $2, $3, $4, $5, 0) "
            "ON CONFLICT DO NOTHING RETURNING id",
            job.id,
            chunk.pass_index,
            chunk.chunk,
            job.attempt,
            len(planned.ids),
        )
        if not placed:
            await fence(u, job)
            return None
        stored = await _insert(u, job, chunk, planned, (sides, held))
        await _post(u, chunk, planned, sides, stored)
        # Last, because whoever decides on a match of this job waits for it.
        counts = stored.added_to(await fence(u, job))
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = $2::text::jsonb, updated_at = $3 WHERE id = $1",
            job.id,
            counts.model_dump_json(),
            u.at,
        )
        if stored.matches < len(planned.ids):
            await u.execute(
                "UPDATE job_chunks SET dropped = $2 WHERE id = $1", placed[0]["id"], len(planned.ids) - stored.matches
            )
        u.publish(
            MatchesAdded(
                job_id=job.id,
                pass_name=chunk.pass_name,
                pass_index=chunk.pass_index,
                chunk=chunk.chunk,
                count=stored.matches,
                confirmed=stored.confirmed,
                suggested=stored.suggested,
                left=stored.left,
                right=stored.right,
                counts=counts,
            )
        )
        return counts


async def _hold(
    u: UnitOfWork, job: Job, planned: _Planned, sides: Sides, *, alone: bool
) -> tuple[Sides, dict[str, Base]]:
    """
    Lock what a chunk needs, in the order in which decisions lock it.

    Returns: the sides with the sign of the pair, and the matches that this chunk extends, as far as they are as they were.
    """
    confirms = MatchStatus.CONFIRMED in planned.statuses
    sign = (await pairs_of(u, [sides.pair.id]))[sides.pair.id].sign if confirms else None
    is_first = confirms and sign is None
    if alone or is_first:  # also locks the records, and before the pair, as decisions do
        await hold_records(u, [use.record_id for use in planned.uses], alone=True)
    held = await hold_bases(u, job, [base for base in planned.extends if base is not None], sides)
    if is_first:  # before the job, as decisions do
        sign = await fix_sign(u, sides.pair.id, sides.sign)
    elif confirms and (sign := await hold_sign(u, sides.pair.id)) is None:
        raise _SignGone
    if confirms:  # a decision or another job may have fixed the sign since this job began
        sides = replace(sides, pair=replace(sides.pair, sign=sign))
        sides.refuse_other_sign()
    return sides, held


async def _insert(
    u: UnitOfWork, job: Job, chunk: Chunk, planned: _Planned, within: tuple[Sides, dict[str, Base]]
) -> _Stored:
    """Store the matches whose records are free, but for those whose base has changed or whose sums are too large."""
    (sides, held), table, uses = within, chunk.matches, planned.uses
    bases = [None if base is None else held.get(base) for base in planned.extends]
    sizes = [size_of(sets, sides, base) for sets, base in zip(planned.rows, bases, strict=True)]
    left_out = [
        match_id
        for match_id, base, size in zip(planned.ids, planned.extends, sizes, strict=True)
        if (base is not None and base not in held) or is_too_large(size)
    ]
    inserted = await u.execute(
        _INSERT,
        [use.match_id for use in uses],
        [use.record_id for use in uses],
        [use.side for use in uses],
        [use.amount for use in uses],
        [use.currency for use in uses],
        [None if use.date is None else use.date.isoformat() for use in uses],
        planned.ids,
        [kind_of(sets, sides, base) for sets, base in zip(planned.rows, bases, strict=True)],
        planned.statuses,
        [_text(value) for value in table["score"].to_pylist()],
        [_text(value) for value in table["margin"].to_pylist()],
        table["margin_kind"].to_pylist(),
        table["ambiguity"].to_pylist(),
        table["group"].to_pylist(),
        [None if value is None else f"{value:f}" for value in table["difference"].to_pylist()],
        [_currency(lefts, rights, sides.left, sides.right) for lefts, rights in planned.rows],
        table["fields"].to_pylist(),
        [_runner_up(text, sides.left, sides.right) for text in table["runner_up"].to_pylist()],
        [None if is_too_large(size) else size for size in sizes],
        [earliest_of(sets, sides, base) for sets, base in zip(planned.rows, bases, strict=True)],
        job.id,
        job.project_id,
        chunk.pass_index,
        chunk.pass_name,
        chunk.chunk,
        sides.document.hash,
        u.at,
        sides.pair.id,
        sides.pair.turned,
        *_difference(sides.document.passes[chunk.pass_index]),
        planned.extends,
        [None if base is None else base.remainder_of for base in bases],
        left_out,
    )
    return _Stored(**inserted[0])


async def _post(u: UnitOfWork, chunk: Chunk, planned: _Planned, sides: Sides, stored: _Stored) -> None:
    """Write into the books what was stored."""
    if stored.confirmed_ids:
        await post_chunk(u, sides, planned.uses, [str(one) for one in stored.confirmed_ids], chunk.pass_name)
    if stored.suggested_ids:
        await entries.suggest(u, stored.suggested_ids)
    counts: dict[tuple[str, str | None], int] = {
        (MatchStatus.CONFIRMED, chunk.pass_name): stored.confirmed,
        (MatchStatus.SUGGESTED, chunk.pass_name): stored.suggested,
    }
    await entries.count_matches(u, {sides.pair.id: counts})
    if chunk.chunk % FOLD_EVERY == FOLD_EVERY - 1:
        await entries.fold(u, sides.pair.id, sides.pair.sources)


# One statement per chunk. It stores the matches whose records are all free, and their uses, in sorted order, so that
# locks are always taken in the same order.
_INSERT = f"""
WITH proposed AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS x(match_id, record_id, side, amount, currency, date)
), taken AS (
    -- One lookup per record in the unique index of active uses. LATERAL with LIMIT enforces this: the table grows
    -- faster than its statistics, and with an anti-join the planner hashed the whole table for each chunk.
    SELECT p.match_id FROM proposed p CROSS JOIN LATERAL (SELECT 1 FROM match_records r
        WHERE r.record_id = p.record_id AND r.active AND (r.confirmed OR r.job_id = $21) LIMIT 1) a
    UNION ALL SELECT unnest($34::text[])::uuid
), free AS (
    SELECT * FROM unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
        $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $32::text[], $33::text[])
        AS x(id, kind, status, score, margin, margin_kind, ambiguity, grp, difference, currency, compared, runner, amount, date,
            extends, remainder_of)
    WHERE id NOT IN (SELECT match_id FROM taken)
), made AS (
    INSERT INTO matches (id, job_id, project_id, pass_index, pass_name, chunk, kind, status, origin, score, margin,
        margin_kind, ambiguity, "group", difference, currency, plan_hash, fields_compared, runner_up, version,
        created_at, updated_at, pair_id, turned, difference_as, difference_reason, amount, date, extends_id,
        remainder_record_id)
    SELECT id, $21, $22, $23, $24, $25, kind, status, 'engine', score::numeric, margin::numeric, margin_kind,
        ambiguity, grp, difference::numeric, currency, $26, compared::jsonb, runner::jsonb, 1, $27, $27, $28, $29, $30, $31,
        amount::numeric, date::date, extends::uuid, remainder_of::uuid
    FROM free ORDER BY id RETURNING id, status
), uses AS (
    INSERT INTO match_records (match_id, record_id, job_id, pair_id, side, amount, currency, date, active, confirmed)
    SELECT p.match_id, p.record_id, $21, $28, p.side, p.amount::numeric, p.currency, p.date::date, true, f.status = '{MatchStatus.CONFIRMED}'
    FROM proposed p JOIN free f ON f.id = p.match_id ORDER BY p.record_id RETURNING side
)
SELECT (SELECT array_agg(id) FROM made WHERE status = '{MatchStatus.CONFIRMED}') AS confirmed_ids,
    (SELECT array_agg(id) FROM made WHERE status = '{MatchStatus.SUGGESTED}') AS suggested_ids,
    (SELECT count(*) FROM made WHERE status = '{MatchStatus.CONFIRMED}') AS confirmed,
    (SELECT count(*) FROM made WHERE status = '{MatchStatus.SUGGESTED}') AS suggested,
    (SELECT count(*) FROM uses WHERE side = 'left') AS "left", (SELECT count(*) FROM uses WHERE side = 'right') AS "right"
"""


def _status(status: str, sets: Sets, sides: Sides) -> str:
    """
    The status of a match: only suggested where the plan would confirm more than the project lets jobs confirm, or where
    it would extend another match.
    """
    if base_of(sets, sides) is not None:
        return MatchStatus.SUGGESTED
    if sides.confirms_up_to is None or status != MatchStatus.CONFIRMED:
        return status
    limit, currency = sides.confirms_up_to
    for side, rows in zip((sides.left, sides.right), sets, strict=True):
        if any(side.currencies[row].as_py() not in (currency, None) for row in rows):
            return MatchStatus.SUGGESTED
    return MatchStatus.SUGGESTED if max(sides.sums_of(sets), default=Decimal(0)) > limit else status


def _currency(lefts: list[int], rights: list[int], left: SideIds, right: SideIds) -> str | None:
    """The currency of a match. All its records have the same one."""
    currency = left.currencies[lefts[0]] if lefts else right.currencies[rights[0]]
    return currency.as_py()  # type: ignore[no-any-return]  # pyarrow has no types


def _difference(step: Pass) -> tuple[str, str | None]:
    """What becomes of the difference of a pass's matches: left open, or booked with a reason code."""
    return (
        ("open", None) if step.difference is None or step.difference == "open" else ("booked", step.difference.booked)
    )


def _runner_up(text: str | None, left: SideIds, right: SideIds) -> str | None:
    if text is None:
        return None
    found = orjson.loads(text)
    records = [left.ids[row] for row in found["left"]] + [right.ids[row] for row in found["right"]]
    return orjson.dumps({"records": records, "score": found.get("score"), "fields": found.get("fields", [])}).decode()


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
