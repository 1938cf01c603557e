"""Waiting for others to wait, and letting jobs wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

HELD = 20261130  # the lock that chunks wait for


async def until_waiting(db: asyncpg.Connection, tasks: list[asyncio.Task[Any]]) -> None:
    """Waits until as many wait for a lock as there are tasks, or until one of them has ended without waiting."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(2000):
        if any(task.done() for task in tasks) or await db.fetchval(waiting) >= len(tasks):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


@asynccontextmanager
async def held_before(db: asyncpg.Connection, chunk: int) -> AsyncIterator[None]:
    """
    Keeps jobs from writing a chunk and those after it, and so from ending, however fast their engines are. They wait in the
    database for as long as it takes: no session waits within a transaction, and the wait has no limit.
    """
    await db.execute(
        f"""
        CREATE FUNCTION hold_chunk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM set_config('lock_timeout', '0', true), pg_advisory_xact_lock_shared({HELD}); RETURN NEW;
        END $$;
        CREATE TRIGGER hold_chunk BEFORE INSERT ON job_chunks FOR EACH ROW WHEN (NEW.chunk >= {chunk})
            EXECUTE FUNCTION hold_chunk();
        SELECT pg_advisory_lock({HELD})
        """
    )
    try:
        yield
    finally:
        await db.execute(f"SELECT pg_advisory_unlock({HELD})")
        await db.execute("DROP TRIGGER hold_chunk ON job_chunks; DROP FUNCTION hold_chunk()")
