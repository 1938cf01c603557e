"""
Claims: somebody works on a record and asks others to leave it alone for a minute.

A claim is advice. Only another claim is refused while it lasts; a decision that somebody else takes meanwhile is not, since
versions guard those. It ends when it is given back, or by itself when it is not renewed. Somebody who is connected by a
socket also loses it when the last one is gone for longer than it takes to load a page again: every web process notes whose
sockets it has, so that it does not matter which of them ends, or how.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from core import log
from core.clock import rfc3339
from core.problems import Claimed
from models import access, sql
from models.access import SYSTEM, Actor
from models.record import Record
from realtime.events.record import RecordClaimed, RecordReleased
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.record.queries import view_of
from server.store.reading import Reading

LASTS = timedelta(seconds=60)
SEEN_EVERY_S = 2.5
AWAY = timedelta(seconds=5 + SEEN_EVERY_S)  # a page that is loaded again is back by then
SWEEP_S = 3.0
MOST_AT_ONCE = 500
# The row is locked before it is looked at, and a second first claim waits for the first one to commit.
# All times are the database's, since views and the sweep compare them with its clock.
_LOCK = """
    SELECT user_id, until, until > clock_timestamp() AND (seen_at > clock_timestamp() - $2::interval) IS NOT FALSE AS lasts
    FROM record_claims WHERE record_id = $1 FOR NO KEY UPDATE
"""
_CLAIM = """
    INSERT INTO record_claims (record_id, project_id, user_id, until) VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
    ON CONFLICT (record_id) DO UPDATE SET user_id = EXCLUDED.user_id, until = EXCLUDED.until,
        seen_at = CASE WHEN record_claims.user_id = EXCLUDED.user_id AND record_claims.seen_at > clock_timestamp() - $5::interval
            THEN record_claims.seen_at END
        WHERE record_claims.user_id = EXCLUDED.user_id OR record_claims.until <= clock_timestamp()
        OR record_claims.seen_at <= clock_timestamp() - $5::interval
    RETURNING until
"""
_ENDED = """
    DELETE FROM record_claims WHERE record_id IN (
        SELECT record_id FROM record_claims
        WHERE until <= clock_timestamp() OR seen_at <= clock_timestamp() - $2::interval ORDER BY record_id
        LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING record_id, project_id, user_id, (
        SELECT r.source_id FROM reconciliation_records r WHERE r.id = record_id) AS source_id
"""
_SEEN = "UPDATE record_claims SET seen_at = clock_timestamp() WHERE user_id = ANY($1::text[]::uuid[])"
logger = log.get(__name__)


async def claim(actor: Actor, record_id: UUID) -> Answer:
    """Claim a record for a minute, or for another one. Raises: NotFound, Forbidden, Claimed by somebody else."""
    async with unit_of_work(actor) as u:
        loaded = await access.load(actor, Record, record_id, "match.decide")
        assert loaded.project_id is not None
        before = await u.execute(_LOCK, record_id, AWAY)
        claimed = await u.execute(_CLAIM, record_id, loaded.project_id, actor.id, LASTS, AWAY)
        if not claimed:
            (other,) = await u.execute(_LOCK, record_id, AWAY)
            raise await _claimed(u, other)
        if not before or before[0]["user_id"] != actor.id or not before[0]["lasts"]:
            assert actor.id is not None
            u.publish(
                RecordClaimed(
                    project_id=loaded.project_id,
                    record_id=record_id,
                    source_id=loaded.row.source_id,
                    user_id=actor.id,
                    until=claimed[0]["until"],
                )
            )
        view = await view_of(Reading(u.connection), record_id)
        return u.answer(200, view, version=view.version)


async def _claimed(u: UnitOfWork, other: dict[str, Any]) -> Claimed:
    """The refusal that says who works on a record, and how long at most."""
    rows = await u.execute("SELECT display_name FROM users WHERE id = $1", other["user_id"])
    name = rows[0]["display_name"] if rows else None
    return Claimed(
        f"{name or 'Somebody else'} works on this record, until {other['until']:%H:%M:%S} UTC if they do not go on. "
        "Wait, or ask them.",
        extensions={"user_id": str(other["user_id"]), "name": name, "until": rfc3339(other["until"])},
    )


async def release(actor: Actor, record_id: UUID) -> None:
    """Give a claim back, if there is one. That of somebody else stays as it is. Raises: NotFound, Forbidden."""
    async with unit_of_work(actor) as u:
        loaded = await access.load(actor, Record, record_id, "match.decide")
        assert loaded.project_id is not None
        held = await u.execute(_LOCK, record_id, AWAY)
        if not held or (held[0]["user_id"] != actor.id and held[0]["lasts"]):
            return
        await u.execute("DELETE FROM record_claims WHERE record_id = $1", record_id)
        _tell(u, loaded.project_id, record_id, loaded.row.source_id, held[0]["user_id"])


async def note_seen_forever(connected: Callable[[], set[str]]) -> None:
    """In a web process: note which holders have a socket here. `connected` returns the ids of all people who have."""
    while True:
        await asyncio.sleep(SEEN_EVERY_S)
        try:
            await note_seen(connected)
        except Exception as error:  # noqa: BLE001 - a task's root: the next look tries again
            logger.warning("holders of claims could not be noted", error=type(error).__name__)


async def note_seen(connected: Callable[[], set[str]]) -> None:
    """Note which holders have a socket here."""
    # Asked first, as there are few claims, and may be thousands of sockets.
    holders = {str(row["user_id"]) for row in await sql.rows("SELECT DISTINCT user_id FROM record_claims")}
    if here := holders & connected() if holders else set():
        await sql.rows(_SEEN, sorted(here))


async def sweep_forever() -> None:
    """Say so within seconds when a claim's time is over."""
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            while await sweep() == MOST_AT_ONCE:
                pass
        except Exception as error:  # noqa: BLE001 - a task's root: the next sweep tries again
            logger.warning("claims could not be swept", error=type(error).__name__)


async def sweep() -> int:
    """Remove claims whose time is over. Returns: how many."""
    # Asked without a transaction first, as there is hardly ever one.
    if not await Tortoise.get_connection("default").execute_query_dict(
        "SELECT 1 FROM record_claims WHERE until <= clock_timestamp() OR seen_at <= clock_timestamp() - $1::interval LIMIT 1",
        [AWAY],
    ):
        return 0
    async with unit_of_work(SYSTEM) as u:
        ended = await u.execute(_ENDED, MOST_AT_ONCE, AWAY)
        for row in ended:
            if row["source_id"] is None:
                continue  # the record is gone
            _tell(u, row["project_id"], row["record_id"], row["source_id"], row["user_id"])
        return len(ended)


def _tell(u: UnitOfWork, project_id: UUID, record_id: UUID, source_id: UUID, user_id: UUID) -> None:
    u.publish(RecordReleased(project_id=project_id, record_id=record_id, source_id=source_id, user_id=user_id))
