"""Adds up all books anew once a day, and says in the log what does not add up, as `tallyroom doctor --books` does."""

import asyncio

from tortoise import Tortoise

from core import log
from core.settings import Settings
from server.books.recount import differences
from server.store import database

LOOK_EVERY_S = 600.0
MOST_LINES = 20  # in the log; `tallyroom doctor --books` names all
# Of all workers, one takes its turn. The first worker of an installation only starts the clock.
_CLAIM = """
    INSERT INTO states (key, streams, version, value, updated_at) VALUES ('books', '[]', 1, '{}', now())
    ON CONFLICT (key) DO UPDATE SET updated_at = now(), version = states.version + 1
        WHERE states.updated_at < now() - interval '24 hours'
    RETURNING version > 1 AS is_due
"""
logger = log.get(__name__)


async def check_forever(settings: Settings) -> None:
    """Look every ten minutes whether a check is due."""
    while True:
        try:
            await check_books(settings)
        except Exception as error:  # noqa: BLE001 - a task's root: the next day tries again
            logger.warning("the books could not be checked", error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY_S)


async def check_books(settings: Settings) -> list[str] | None:
    """Check the books if the last check was more than a day ago. Returns: what differs; None if it was not due."""
    claimed = await Tortoise.get_connection("default").execute_query_dict(_CLAIM)
    if not claimed or not claimed[0]["is_due"]:
        return None
    connection = await database.connect(settings, "tallyroom books")
    try:
        found = await differences(connection)
    finally:
        await connection.close()
    for line in found[:MOST_LINES]:
        logger.error("the books do not add up", books=line)
    logger.info("the books were checked", differences=len(found))
    return found
