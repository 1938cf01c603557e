"""
Chunks of matches, each written in one transaction with the uses of its records and its event.

A chunk is inserted once for (job, pass, chunk), so that a take-over skips what is there.
"""

from typing import Any

import asyncpg
import orjson
import pyarrow as pa
from tortoise.exceptions import IntegrityError

from core.ids import uuid7_texts
from models.access import SYSTEM
from models.job import Job
from models.status import MatchStatus
from realtime.events.job import Counts
from realtime.events.result import MatchesAdded
from realtime.unit_of_work import unit_of_work
from server.holds.locks import hold_records
from server.job.inputs import SideIds
from server.job.lifecycle import fence

RETRIES = 5


async def write_chunk(job: Job, chunk: Any, left: SideIds, right: SideIds, plan_hash: str) -> Counts | None:
    """
    Writes a chunk of matches, its record uses and its event in one transaction.

    Returns: the job's counts after it, None when an earlier attempt had written it. Raises: Fenced.
    """
    for attempt in range(RETRIES):
        try:
            return await _write_chunk(job, chunk, left, right, plan_hash, alone=attempt > 0)
        except IntegrityError as error:
            # A reviewer, or another job, took one of the records between our look and our insert: look again.
            if not isinstance(error.__cause__, asyncpg.UniqueViolationError) or attempt == RETRIES - 1:
                raise
    raise AssertionError("unreachable")


async def _write_chunk(
    job: Job, chunk: Any, left: SideIds, right: SideIds, plan_hash: str, *, alone: bool
) -> Counts | None:
    table: pa.Table = chunk.matches
    left_rows, right_rows = table["left"].to_pylist(), table["right"].to_pylist()
    left_ids, right_ids = [left.ids[i] for i in left_rows], [right.ids[i] for i in right_rows]
    async with unit_of_work(SYSTEM) as u:
        if alone:  # also lock the records, as a reviewer confirming a match does
            await hold_records(u, [*left_ids, *right_ids], alone=True)
        row = await fence(u, job)
        placed = await u.execute(
            "INSERT INTO job_chunks (job_id, pass_index, chunk, attempt, matches, dropped) VALUES ($1, $2, $3, $4, $5, 0) "
            "ON CONFLICT DO NOTHING RETURNING id",
            job.id,
            chunk.pass_index,
            chunk.chunk,
            job.attempt,
            table.num_rows,
        )
        if not placed:
            return None
        inserted = await u.execute(
            _INSERT,
            uuid7_texts(table.num_rows),
            left_ids,
            right_ids,
            table["status"].to_pylist(),
            [_text(value) for value in table["score"].to_pylist()],
            [_text(value) for value in table["margin"].to_pylist()],
            table["margin_kind"].to_pylist(),
            table["ambiguity"].to_pylist(),
            table["group"].to_pylist(),
            [None if value is None else f"{value:f}" for value in table["difference"].to_pylist()],
            left.currencies.take(table["left"].combine_chunks()).to_pylist(),
            table["fields"].to_pylist(),
            [_runner_up(text, left, right) for text in table["runner_up"].to_pylist()],
            job.id,
            job.project_id,
            chunk.pass_index,
            chunk.pass_name,
            chunk.chunk,
            plan_hash,
            u.at,
        )
        statuses = [found["status"] for found in inserted]
        confirmed, suggested = statuses.count(MatchStatus.CONFIRMED), statuses.count(MatchStatus.SUGGESTED)
        counts = Counts(
            **{
                **row,
                "matches": row["matches"] + len(inserted),
                "confirmed": row["confirmed"] + confirmed,
                "suggested": row["suggested"] + suggested,
                "open_left": row["open_left"] - len(inserted),
                "open_right": row["open_right"] - len(inserted),
            }
        )
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = $2::text::jsonb, updated_at = $3 WHERE id = $1",
            job.id,
            counts.model_dump_json(),
            u.at,
        )
        if len(inserted) < table.num_rows:
            await u.execute(
                "UPDATE job_chunks SET dropped = $2 WHERE id = $1", placed[0]["id"], table.num_rows - len(inserted)
            )
        u.publish(
            MatchesAdded(
                job_id=job.id,
                pass_name=chunk.pass_name,
                pass_index=chunk.pass_index,
                chunk=chunk.chunk,
                count=len(inserted),
                confirmed=confirmed,
                suggested=suggested,
                counts=counts,
            )
        )
        return counts


# One statement a chunk: matches whose records are still free, and their uses, sorted so that locks are taken in order.
_INSERT = f"""
WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
        AS x(id, left_id, right_id, status, score, margin, margin_kind, ambiguity, grp, difference, currency, compared, runner)
), free AS (
    -- Two look-ups a match, by the unique index of active uses. LATERAL with LIMIT keeps them that: the table grows
    -- faster than its statistics, and as anti-joins the planner hashed all of it for each chunk.
    SELECT i.* FROM input i
    LEFT JOIN LATERAL (SELECT 1 AS n FROM match_records r
        WHERE r.record_id = i.left_id AND r.active AND (r.confirmed OR r.job_id = $14) LIMIT 1) a ON true
    LEFT JOIN LATERAL (SELECT 1 AS n FROM match_records r
        WHERE r.record_id = i.right_id AND r.active AND (r.confirmed OR r.job_id = $14) LIMIT 1) b ON true
    WHERE a.n IS NULL AND b.n IS NULL
), made AS (
    INSERT INTO matches (id, job_id, project_id, pass_index, pass_name, chunk, kind, status, origin, score, margin,
        margin_kind, ambiguity, "group", difference, currency, plan_hash, fields_compared, runner_up, version,
        created_at, updated_at)
    SELECT id, $14, $15, $16, $17, $18, 'one_to_one', status, 'engine', score::numeric, margin::numeric, margin_kind,
        ambiguity, grp, difference::numeric, currency, $19, compared::jsonb, runner::jsonb, 1, $20, $20
    FROM free ORDER BY id RETURNING id, status
), uses AS (
    INSERT INTO match_records (match_id, record_id, job_id, side, active, confirmed)
    SELECT f.id, s.record_id, $14, s.side, true, f.status = '{MatchStatus.CONFIRMED}'
    FROM free f CROSS JOIN LATERAL (VALUES ('left', f.left_id), ('right', f.right_id)) AS s(side, record_id)
    ORDER BY s.record_id
)
SELECT status FROM made
"""


def _runner_up(text: str | None, left: SideIds, right: SideIds) -> str | None:
    if text is None:
        return None
    found = orjson.loads(text)
    records = [left.ids[found["left"]], right.ids[found["right"]]]
    return orjson.dumps({"records": records, "score": found.get("score")}).decode()


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
