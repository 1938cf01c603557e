"""
Migrations in processes of their own, forked from one that has imported everything once.

Aerich leaves its configuration behind in a process, so each needs another; a fresh interpreter for each of them spent
most of its time on imports.
"""

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from core.settings import Settings, SettingsError, load
from server.store import database

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__, "aerich.migrate", "tortoise.backends.asyncpg"])


async def migrate(settings: Settings, location: Path) -> list[str]:
    """Applies the migrations of a folder. Returns: their names. Raises: DatabaseError as the command says it."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=_run, args=(theirs, settings.environment(), location), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        answer = await asyncio.wait_for(asyncio.to_thread(ours.recv), 60)
    finally:
        await asyncio.to_thread(process.join, 10)
        ours.close()
    if isinstance(answer, str):
        raise database.DatabaseError(answer)
    return list(answer)


def _run(answer: Connection, environment: dict[str, str], location: Path) -> None:
    database.LOCATION = location
    try:
        answer.send(asyncio.run(database.migrate(load(environment))))
    except SettingsError as error:
        answer.send(str(error))
