"""
How many durable events a second a process publishes, over many streams and on one, beside the same statements over bare
asyncpg with as many connections.
"""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from bench.report import Line
from bench.stack import Stack
from core import log
from core.ids import uuid7
from core.settings import Settings
from models.access import SYSTEM
from realtime import streams
from realtime import unit_of_work as work
from realtime.events.entry import EntryUpdated
from server.store import database

STREAMS, CONNECTIONS = 1_000, 16
EVENTS, ROUNDS = 1_500, 5
BAR = 0.8
Publish = Callable[[UUID], Awaitable[None]]


def main() -> list[Line]:
    """Measure both."""
    log.configure("bench", "warning", "json")
    return uvloop.run(_main())


async def _main() -> list[Line]:
    with Stack() as stack:
        settings = Settings(data_dir=stack.data_dir, port=stack.port, log_level="warning")
        work.install(work.Ledger(audit_key=b""))
        statements: list[tuple[str, tuple[Any, ...]]] = []

        async def note_all(connection: asyncpg.Connection) -> None:
            connection.add_query_logger(lambda asked: statements.append((asked.query, tuple(asked.args))))

        vaults = [uuid7() for _ in range(STREAMS)]
        async with database.opened(settings, "bench", 1, on_connection=note_all):
            for vault in vaults:  # makes the streams
                statements.clear()
                await _ours(vault)
            await asyncio.sleep(0.01)  # what is noted is told a turn later
            statements.clear()
            await _ours(vaults[0])
            await asyncio.sleep(0.01)
        pool = await asyncpg.create_pool(
            **database.credentials(settings, "bare"), min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_leave
        )
        bare = _bare(pool, list(statements))
        lines = []
        async with database.opened(settings, "bench", CONNECTIONS):
            for what, targets in ((f"over {STREAMS:,} streams", vaults), ("on one stream", vaults[:1])):
                await _rate(_ours, targets)  # warm
                await _rate(bare, targets)
                rates = [(await _rate(_ours, targets), await _rate(bare, targets)) for _ in range(ROUNDS)]
                mine, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
                ratio = statistics.median(a / b for a, b in rates)
                lines.append(
                    Line(
                        f"durable events published {what}, {CONNECTIONS} connections",
                        f"{mine:,.0f}/s",
                        f">= {BAR} of bare asyncpg",
                        f"the same statements over bare asyncpg: {theirs:,.0f}/s (ratio {ratio:.2f})",
                        ratio >= BAR,
                    )
                )
        await pool.close()
    return lines


async def _leave(_: Any) -> None:
    """Do nothing to a connection that goes back, as the server does."""


async def _ours(vault: UUID) -> None:
    async with work.unit_of_work(SYSTEM) as u:
        u.publish(EntryUpdated(vault_id=vault, entry_id=uuid7(), version=1, changed=["name"]))


def _bare(pool: asyncpg.Pool, statements: list[tuple[str, tuple[Any, ...]]]) -> Publish:
    """Runs the statements that publishing one event runs, with the values of another event. The first one is the stream."""
    begin, (append, values), end = statements
    assert (begin[0][:5], end[0][:6]) == ("BEGIN", "COMMIT"), statements

    async def publish(vault: UUID) -> None:
        async with pool.acquire() as connection:
            await connection.execute(begin[0])
            await connection.fetch(append, streams.vault(vault), values[1], [str(uuid7())], *values[3:])
            await connection.execute(end[0])

    return publish


async def _rate(publish: Publish, targets: list[UUID]) -> float:
    """Events a second, by as many tasks as there are connections."""
    left = itertools.count()

    async def some() -> None:
        while next(left) < EVENTS:
            await publish(random.choice(targets))

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(CONNECTIONS)))
    return EVENTS / (time.perf_counter() - began)
