"""
Writes refusals to the audit log: the first one of each network, person, action and minute in a chain at once, and when
the minute is over one more row with the number of those that followed.

Any web process reports what any of them recorded (realtime/refusals.py), in transactions that lock a chain for one row
each. Only a few rows of a chain are written at a time, so however many requests are refused, people who work there
hardly wait.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from core import log
from core.clock import rfc3339
from models import access
from models.access import Actor
from models.transactions import in_transaction
from realtime import refusals
from realtime import unit_of_work as work
from realtime.events.entry import VaultAccessDenied
from realtime.unit_of_work import Call, UnitOfWork, unit_of_work

EVERY_S = 5.0  # for the counts, and for what another process left behind
PAUSE_S = 0.25
OF_A_CHAIN = 8  # rows at a time; a reveal waits for at most one of them, about 2 ms
AT_A_TIME = 64
SORTED = 1000
SHOWN = 20
logger = log.get(__name__)

# What is counted together. Failures, such as a seal that does not open, are reported separately for each resource.
_GROUP = (
    "concat_ws('|', {t}chain, {t}network, {t}actor_type, {t}actor_id, {t}action, {t}outcome, extract(epoch FROM {t}minute), "
    "CASE {t}outcome WHEN 'failure' THEN {t}resource_id END)"
)
GROUP = _GROUP.format(t="")
_CHAINS = " ".join(
    f"WHEN '{noun}' THEN {sql.replace('$id', 'n.resource_id::uuid')}" for noun, sql in access.chains().items()
)
_KEPT = (
    "chain, minute, network, actor_type, actor_id, action, resource_type, resource_id, outcome, version, told, at, "
    "session_id, ip, request_id, details"
)
# Sort new refusals into their chains and count them. Nothing is kept for an id that does not exist.
_SORT = f"""
    WITH n AS (
        DELETE FROM refusals WHERE key IN (SELECT key FROM refusals WHERE chain IS NULL ORDER BY at LIMIT $1) RETURNING *
    ), found AS (
        SELECT n.minute, n.network, n.actor_type, n.actor_id, n.action, n.resource_type, n.resource_id, n.outcome,
            n.version, n.told, n.at, n.session_id, n.ip, n.request_id, n.details, n.count,
            coalesce(n.home, CASE n.resource_type {_CHAINS} END) AS chain FROM n
    ), keyed AS (
        SELECT *, encode(sha256(convert_to(concat_ws('|', {GROUP}, resource_type, resource_id, details), 'UTF8')), 'hex')
            AS key FROM found WHERE chain IS NOT NULL
    ), counted AS (
        INSERT INTO refusals (key, {_KEPT}, count)
        SELECT DISTINCT ON (key) key, {_KEPT}, sum(count) OVER (PARTITION BY key) FROM keyed ORDER BY key, at
        ON CONFLICT (key) DO UPDATE SET count = refusals.count + excluded.count
    )
    SELECT count(*) AS sorted FROM n
"""
# The first row of each group that is not in the audit log yet.
_UNTOLD = f"""
    SELECT key FROM (
        SELECT key, at, row_number() OVER (PARTITION BY chain ORDER BY at, key) AS place FROM (
            SELECT key, chain, at, row_number() OVER (PARTITION BY {GROUP} ORDER BY at, key) AS number,
                sum(told) OVER (PARTITION BY {GROUP}) AS told
            FROM refusals WHERE chain IS NOT NULL
        ) r WHERE number = 1 AND told = 0
    ) x WHERE place <= $1 ORDER BY at, key LIMIT $2
"""
# Groups whose minute is over, plus two seconds for rows still on their way. A group's first row must be written before.
_OVER = f"""
    SELECT "group" FROM (
        SELECT "group", row_number() OVER (PARTITION BY chain) AS place FROM (
            SELECT {GROUP} AS "group", min(chain) AS chain FROM refusals
            WHERE chain IS NOT NULL AND minute < now() - interval '62 seconds' GROUP BY 1 HAVING sum(told) > 0
        ) g
    ) x WHERE place <= $1 LIMIT $2
"""
# A lock shared by all processes, so that no two report the same refusal, or two first ones of a group.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('refusals ' || current_schema(), 0))"
_TAKE_FIRST = f"""
    UPDATE refusals r SET told = 1 WHERE r.key = $1 AND NOT EXISTS (
        SELECT FROM refusals o WHERE {_GROUP.format(t="o.")} = {_GROUP.format(t="r.")} AND o.told > 0)
    RETURNING r.*, r.details::text AS details_text
"""
_TAKE_GROUP = f"DELETE FROM refusals WHERE {GROUP} = $1 RETURNING *"


async def tell_forever() -> None:
    """Report refusals soon after they are recorded."""
    written = asyncio.Event()
    refusals.tell_of(written.set)
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(written.wait(), EVERY_S)
        written.clear()
        try:
            if await tell():
                written.set()
        except Exception as error:  # noqa: BLE001 - a task's root: the rest is reported in the next turn
            logger.warning("refusals could not be written to the audit log", error=type(error).__name__)
        await asyncio.sleep(PAUSE_S)


async def settle() -> None:
    """Report what is recorded now, before somebody reads the audit log. During a flood, only part of it."""
    for _ in range(10):
        if not await tell():
            return


async def tell() -> bool:
    """Report some refusals. Returns: whether there may be more."""
    connection = Tortoise.get_connection("default")
    moved = await _sort()
    untold = await connection.execute_query_dict(_UNTOLD, [OF_A_CHAIN, AT_A_TIME])
    for row in untold:
        await _tell_first(row["key"])
    over = await connection.execute_query_dict(_OVER, [OF_A_CHAIN, AT_A_TIME])
    for row in over:
        await _tell_count(row["group"])
    return bool(untold or over) or moved == SORTED


async def _sort() -> int:
    async with in_transaction() as connection:
        if not await connection.execute_query_dict("SELECT FROM refusals WHERE chain IS NULL LIMIT 1"):
            return 0
        await connection.execute_query(_ONE_AT_A_TIME)
        return int((await connection.execute_query_dict(_SORT, [SORTED]))[0]["sorted"])


async def _tell_first(key: str) -> None:
    connection = Tortoise.get_connection("default")
    found = await connection.execute_query_dict("SELECT * FROM refusals WHERE key = $1", [key])
    if not found:
        return
    async with _as_it_was(dict(found[0])) as u:
        taken = await u.execute(_TAKE_FIRST, key)
        if not taken:
            return
        row = taken[0]
        u.at = row["at"]
        u.audit(
            row["chain"],
            row["action"],
            (row["resource_type"], row["resource_id"]),
            row["outcome"],
            **json.loads(row["details_text"]),
        )
        if row["version"] is not None:
            vault_id = UUID(row["chain"].removeprefix("vault:"))
            u.publish(VaultAccessDenied(vault_id=vault_id, entry_id=UUID(row["resource_id"]), version=row["version"]))


async def _tell_count(group: str) -> None:
    """Write one row for those that followed the first: how many, and for which resources."""
    connection = Tortoise.get_connection("default")
    found = await connection.execute_query_dict(f"SELECT * FROM refusals WHERE {GROUP} = $1 LIMIT 1", [group])
    if not found:
        return
    async with _as_it_was(dict(found[0])) as u:
        rows = await u.execute(_TAKE_GROUP, group)
        count = sum(row["count"] - row["told"] for row in rows)
        if count == 0:
            return
        first = rows[0]
        things = sorted({row["resource_id"] for row in rows if row["resource_id"]})
        u.audit(
            first["chain"],
            first["action"],
            (first["resource_type"], things[0] if len(things) == 1 else None),
            first["outcome"],
            count=count,
            minute=rfc3339(first["minute"]),
            network=first["network"],
            **({"resources": things[:SHOWN], "resource_count": len(things)} if len(things) > 1 else {}),
        )


@contextlib.asynccontextmanager
async def _as_it_was(row: dict[str, Any]) -> AsyncIterator[UnitOfWork]:
    """A unit of work for the person who was refused, behind the lock, with the address and the request of that time."""
    actor = Actor(row["actor_type"], row["actor_id"], session_id=row["session_id"])
    request = work.call.set(Call(row["ip"], row["network"]))
    request_id = log.request_id.set(row["request_id"])
    try:
        async with unit_of_work(actor) as u:
            await u.execute(_ONE_AT_A_TIME)
            yield u
    finally:
        log.request_id.reset(request_id)
        work.call.reset(request)
