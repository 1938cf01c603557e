"""Pages of 50 records out of a million, at random cursors, `total` included, beside the bare SQL."""

import asyncio
import random
import time
from pathlib import Path

import asyncpg
import numpy as np

from bench.report import Line
from bench.rows import books
from bench.stack import Caller, Stack

P99_BAR_MS = 50.0
REQUESTS = 2000
ROWS = 1_000_000


async def measure(rows: int, requests: int) -> list[Line]:
    """One client, sequential requests."""
    with Stack() as stack:
        async with Caller(stack) as caller:
            ledger, _ = books(Path(stack.folder.name), rows)
            source = await caller.until_ready((await caller.upload(ledger, "Ledger"))["id"])
            route = f"/sources/{source['id']}/records"
            cursors = [
                (await caller.get(f"{route}?limit=1&skip={random.Random(n).randrange(400_000)}"))["next_cursor"]
                for n in range(100)
            ]
            served = [await _page(caller, route, cursors[n % len(cursors)]) for n in range(requests)]
        connection = await asyncpg.connect(host=str(stack.socket_folder()), user="postgres", database="tallyroom")
        bare = [await _bare(connection, source["id"], n * 397 % rows) for n in range(requests)]
        await connection.close()
    p50, p99 = np.percentile(served, (50, 99))
    bare50, bare99 = np.percentile(bare, (50, 99))
    return [
        Line(
            f"page of 50 records at {rows:,} records, {requests:,} requests",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
            f"p99 <= {P99_BAR_MS:.0f} ms",
            f"the bare SQL (page and bounded count): p50 {bare50:.1f} ms, p99 {bare99:.1f} ms (ratio of p50 {p50 / bare50:.1f})",
            bool(p99 <= P99_BAR_MS),
        )
    ]


async def _page(caller: Caller, route: str, cursor: str) -> float:
    began = time.perf_counter()
    page = await caller.get(f"{route}?limit=50&cursor={cursor}")
    seconds = time.perf_counter() - began
    assert len(page["items"]) == 50
    assert page["total_at_least"] or page["total"]
    return seconds * 1000


async def _bare(connection: asyncpg.Connection, source_id: str, row: int) -> float:
    began = time.perf_counter()
    await connection.fetch(
        'SELECT * FROM reconciliation_records WHERE source_id = $1 AND "row" > $2 ORDER BY "row" LIMIT 50',
        source_id,
        row,
    )
    await connection.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM reconciliation_records WHERE source_id = $1 LIMIT 100001) x", source_id
    )
    return (time.perf_counter() - began) * 1000


def main() -> list[Line]:
    """A million records."""
    return asyncio.run(measure(ROWS, REQUESTS))
