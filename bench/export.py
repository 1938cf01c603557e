"""
Exports of a job's matches, compared with a bare `COPY` of the same rows: rate, time to the first byte, and memory.

The records and matches are written by SQL, because what is measured is reading them.
"""

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import asyncpg

from bench.report import Line
from bench.rows import books
from bench.stack import Caller, Memory, Stack

ROWS_BAR, FIRST_BAR_S, MEMORY_BAR_MB = 50_000, 1.0, 50
MATCHES = 1_000_000
FORMATS = ("csv", "jsonl", "parquet", "xlsx")
SAMPLE = 10_000  # rows of real books, repeated until there are enough

_BARE = """
    SELECT m.id, m.status, m.kind, m.pass_name, m.score, m.margin, m.ambiguity, m.difference, u.side, r."row", r.amount,
        r.currency, r.date, r.reference, m.origin, m.decided_at, m.reason, m.plan_hash, m.fields_compared, r.id, r.data
    FROM matches m JOIN match_records u ON u.match_id = m.id JOIN reconciliation_records r ON r.id = u.record_id
    WHERE m.job_id = '{job}'
"""
_RECORDS = """
    INSERT INTO reconciliation_records (id, source_id, "row", revision, data, amount, currency, date, reference, version,
        created_at, updated_at)
    SELECT uuidv7(), source_id, "row" + $2::bigint * n, revision, data, amount, currency, date, reference, 1, now(), now()
    FROM generate_series(1, $3::int) n, reconciliation_records WHERE source_id = $1 ORDER BY n, "row"
"""
_FILL = """
    WITH sides AS (
        SELECT row_number() OVER (PARTITION BY source_id ORDER BY "row") AS n, source_id, id
        FROM reconciliation_records WHERE source_id IN ($1, $2)
    ), made AS (
        INSERT INTO matches (id, job_id, project_id, pass_index, pass_name, chunk, kind, status, origin, score, margin,
            margin_kind, ambiguity, plan_hash, fields_compared, created_at, updated_at, version)
        SELECT uuidv7(), $3, $4, 0, 'reference and amount', n / 1000, 'one_to_one', 'confirmed', 'engine', 23.5, 11.25, 'local',
            'none', repeat('a', 64), (SELECT fields_compared FROM matches LIMIT 1), now(), now(), 1
        FROM generate_series(1, $5::int) n RETURNING id
    ), numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM made)
    INSERT INTO match_records (match_id, record_id, job_id, side, active, confirmed)
    SELECT m.id, s.id, $3, CASE s.source_id WHEN $1 THEN 'left' ELSE 'right' END, true, true
    FROM numbered m JOIN sides s USING (n)
"""


async def measure(matches: int) -> list[Line]:
    """Export `matches` matches of one record a side in each format."""
    with Stack() as stack:
        async with Caller(stack) as caller:
            connection = await asyncpg.connect(host=str(stack.socket_folder()), user="postgres", database="tallyroom")
            job = await _job(stack, caller, connection, matches)
            found = [await _export(stack, caller, job, kind) for kind in FORMATS]
        began = time.perf_counter()
        await connection.copy_from_query(_BARE.format(job=job), output=_drop, format="csv", timeout=1800)
        bare = 2 * matches / (time.perf_counter() - began)
        await connection.close()
    return [line for kind, parts in zip(FORMATS, found, strict=True) for line in _lines(kind, matches, parts, bare)]


async def _drop(_: bytes) -> None:
    """What COPY writes is only counted by time."""


def _lines(kind: str, matches: int, parts: tuple[float, float, float, int], bare: float) -> list[Line]:
    first_s, whole_s, growth_mb, size = parts
    rate = 2 * matches / whole_s
    name = f"export of {matches:,} matches ({2 * matches:,} rows) as {kind}"
    is_barred = kind == "csv"
    return [
        Line(
            f"{name}, {size / 1e6:,.0f} MB",
            f"{rate:,.0f} rows/s",
            f">= {ROWS_BAR:,} rows/s" if is_barred else "",
            f"COPY of the same rows TO STDOUT: {bare:,.0f} rows/s (ratio {rate / bare:.2f})" if is_barred else "",
            rate >= ROWS_BAR if is_barred else None,
        ),
        Line(f"{name}: first byte", f"{first_s:.2f} s", f"<= {FIRST_BAR_S:.0f} s", "", first_s <= FIRST_BAR_S),
        Line(
            f"{name}: peak growth of web",
            f"{growth_mb:.0f} MB",
            f"<= {MEMORY_BAR_MB} MB",
            "",
            growth_mb <= MEMORY_BAR_MB,
        ),
    ]


async def _job(stack: Stack, caller: Caller, connection: asyncpg.Connection, matches: int) -> str:
    """A completed job of two books, whose records and matches are multiplied."""
    sides = []
    for path, name in zip(books(Path(stack.folder.name), SAMPLE), ("Ledger", "Bank"), strict=True):
        sides.append((await caller.until_ready((await caller.upload(path, name))["id"]))["id"])
    job = await caller.post(f"/projects/{caller.project}/jobs", {"left_source": sides[0], "right_source": sides[1]})
    while (await caller.get(f"/jobs/{job['id']}"))["status"] != "completed":  # noqa: ASYNC110 - no event is heard here
        await asyncio.sleep(0.2)
    for side in sides:
        await connection.execute(_RECORDS, side, 10 * SAMPLE, -(-matches // SAMPLE) + 1, timeout=1800)
    target = str(uuid4())
    await connection.execute(
        "INSERT INTO reconciliation_jobs SELECT (jsonb_populate_record(j, jsonb_build_object('id', $2::text))).* "
        "FROM reconciliation_jobs j WHERE id = $1",
        job["id"],
        target,
    )
    await connection.execute("UPDATE match_records SET confirmed = false, active = false")
    await connection.execute(_FILL, *sides, target, caller.project, matches, timeout=1800)
    await connection.execute("VACUUM ANALYZE", timeout=1800)
    return target


async def _export(stack: Stack, caller: Caller, job: str, kind: str) -> tuple[float, float, float, int]:
    """Returns: seconds to the first byte and to the last, peak growth of web in MB, and bytes."""
    web = Memory(stack, "serve")
    began = time.perf_counter()
    size, first_s = 0, 0.0
    async with caller.session.get(f"/api/v1/jobs/{job}/export?format={kind}", timeout=None) as response:
        assert response.status == 200, await response.text()
        async for piece in response.content.iter_any():
            first_s = first_s or time.perf_counter() - began
            size += len(piece)
    return first_s, time.perf_counter() - began, web.growth_mb(), size


def main() -> list[Line]:
    """Export a million matches."""
    return asyncio.run(measure(MATCHES))
