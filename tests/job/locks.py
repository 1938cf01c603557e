"""Waiting for others to wait."""

import asyncio
from typing import Any

import asyncpg


async def until_waiting(db: asyncpg.Connection, tasks: list[asyncio.Task[Any]]) -> None:
    """Waits until as many wait for a lock as there are tasks, or until one of them has ended without waiting."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(2000):
        if any(task.done() for task in tasks) or await db.fetchval(waiting) >= len(tasks):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")
