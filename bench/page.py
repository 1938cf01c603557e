"""Pages of 50 records out of a million, at random cursors and with `total`, compared with the bare SQL."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from bench.report import Line
from bench.rows import books
from bench.stack import Caller, Stack

P99_BAR_MS = 50.0
REQUESTS = 2000
ROWS = 1_000_000
FILTERED = "sort=amount&amount_from=0"

_PAGE = 'SELECT * FROM reconciliation_records WHERE source_id = $1 AND "row" > $2 ORDER BY "row" LIMIT 50'
_FILTERED_PAGE = (
    "SELECT * FROM reconciliation_records WHERE source_id = $1 AND amount >= 0 AND (amount, id) > ($2, $3) "
    "ORDER BY amount, id LIMIT 50"
)
_FILTERED_COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM reconciliation_records WHERE source_id = $1 AND amount >= 0 LIMIT 100001) x"
)


async def measure(rows: int, requests: int) -> list[Line]:
    """
    One client sends sequential requests: for the whole list, whose total is stored, and for a filtered one, whose total
    is counted.
    """
    with Stack() as stack:
        async with Caller(stack) as caller:
            ledger, _ = books(Path(stack.folder.name), rows)
            source = await caller.until_ready((await caller.upload(ledger, "Ledger"))["id"])
            route = f"/sources/{source['id']}/records"
            whole = await _served(caller, f"{route}?", requests)
            filtered = await _served(caller, f"{route}?{FILTERED}&", requests)
        connection = await asyncpg.connect(host=str(stack.socket_folder()), user="postgres", database="tallyroom")

        async def page(number: int) -> None:
            await connection.fetch(_PAGE, source["id"], number * 397 % rows)

        starts = await connection.fetch(
            "SELECT amount, id FROM reconciliation_records WHERE source_id = $1 AND amount >= 0 LIMIT 100", source["id"]
        )

        async def filtered_page(number: int) -> None:
            start = starts[number % len(starts)]
            await connection.fetch(_FILTERED_PAGE, source["id"], start["amount"], start["id"])
            await connection.fetchval(_FILTERED_COUNT, source["id"])

        bare = await _timed(page, requests)
        bare_filtered = await _timed(filtered_page, requests)
        await connection.close()
    at = f"at {rows:,} records, {requests:,} requests"
    return [
        _line(f"page of 50 records {at}", whole, "the bare SQL of the page", bare),
        _line(
            f"page of 50 records of a filter {at}", filtered, "the bare SQL of page and bounded count", bare_filtered
        ),
    ]


def _line(what: str, served: list[float], peer: str, bare: list[float]) -> Line:
    p50, p99 = np.percentile(served, (50, 99))
    bare50, bare99 = np.percentile(bare, (50, 99))
    return Line(
        what,
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        f"p99 <= {P99_BAR_MS:.0f} ms",
        f"{peer}: p50 {bare50:.1f} ms, p99 {bare99:.1f} ms (ratio of p50 {p50 / bare50:.1f})",
        bool(p99 <= P99_BAR_MS),
    )


async def _served(caller: Caller, route: str, requests: int) -> list[float]:
    """The milliseconds that pages take, at cursors spread over the list that were fetched beforehand."""
    cursors = [
        (await caller.get(f"{route}limit=1&skip={random.Random(n).randrange(400_000)}"))["next_cursor"]
        for n in range(100)
    ]

    async def page(number: int) -> None:
        found: dict[str, Any] = await caller.get(f"{route}limit=50&cursor={cursors[number % len(cursors)]}")
        assert len(found["items"]) == 50
        assert found["total_at_least"] or found["total"]

    return await _timed(page, requests)


async def _timed(ask: Callable[[int], Awaitable[None]], requests: int) -> list[float]:
    taken = []
    for number in range(requests):
        began = time.perf_counter()
        await ask(number)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> list[Line]:
    """Page through a million records."""
    return asyncio.run(measure(ROWS, REQUESTS))
