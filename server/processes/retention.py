"""Removes what has passed its time: abandoned uploads, chunks, events, stored answers, logs, throttles, states."""

import asyncio

from tortoise import Tortoise

from core import log
from core.settings import Settings
from models.status import SourceStatus
from server.vault.actions.trash import purge_trash

EVERY_S = 60.0
ABANDONED_UPLOAD_MINUTES = 10
MAX_LOG_LINES = 1_000_000
logger = log.get(__name__)


async def sweep_forever(settings: Settings) -> None:
    """Sweep once a minute. Every worker does this; several may do it at once."""
    while True:
        try:
            await sweep(settings)
        except Exception as error:  # noqa: BLE001 - a task's root: it tries again in a minute
            logger.warning("the sweep failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def sweep(settings: Settings) -> None:
    """Remove what is past its time."""
    await purge_trash()
    connection = Tortoise.get_connection("default")
    for sql, values in (
        (
            f"DELETE FROM sources WHERE status = '{SourceStatus.PENDING}' AND updated_at < now() - make_interval(mins => $1)",
            [ABANDONED_UPLOAD_MINUTES],
        ),
        (
            f"DELETE FROM source_chunks c USING sources s WHERE s.id = c.source_id AND s.status IN ('{SourceStatus.READY}', '{SourceStatus.FAILED}') "
            "AND s.updated_at < now() - make_interval(days => $1)",
            [settings.upload_keep_days],
        ),
        ("DELETE FROM login_nonces WHERE expires_at < now()", []),
        ("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'", []),
        ("DELETE FROM log_entries WHERE at < now() - make_interval(days => $1)", [settings.logs_keep_days]),
        ("DELETE FROM log_entries WHERE id < (SELECT max(id) - $1 FROM log_entries)", [MAX_LOG_LINES]),
        (
            # A counter of consecutive failures is kept as long as its account exists. Rows that a sign-in has locked
            # are left for the next sweep: waiting for one while holding others could cause a deadlock.
            "DELETE FROM throttles WHERE key IN (SELECT t.key FROM throttles t "
            "WHERE window_started_at < now() - interval '1 hour' "
            "AND coalesce(blocked_until, now()) <= now() AND (key NOT LIKE 'consecutive:%' "
            "OR NOT EXISTS (SELECT FROM users u WHERE 'consecutive:' || u.email = t.key)) FOR UPDATE SKIP LOCKED)",
            [],
        ),
        ("DELETE FROM states WHERE key NOT IN ('worker', 'books') AND updated_at < now() - interval '1 hour'", []),
        ("DELETE FROM refresh_tokens WHERE expires_at < now() - interval '30 days'", []),
        ("DELETE FROM sessions WHERE coalesce(revoked_at, expires_at) < now() - interval '30 days'", []),
    ):
        await connection.execute_query(sql, values)
    # Events are removed and the floor raised in one statement, so a reader finds either the events or the new floor.
    await connection.execute_query(
        "WITH gone AS (DELETE FROM events WHERE at < now() - make_interval(days => $1) RETURNING stream, seq) "
        "UPDATE streams s SET floor = g.seq FROM (SELECT stream, max(seq) AS seq FROM gone GROUP BY stream) g "
        "WHERE s.name = g.stream AND s.floor < g.seq",
        [settings.events_keep_days],
    )
