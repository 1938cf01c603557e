"""
Records refusals for the audit log: what a request does when it is refused.

It adds to a separate table, with one statement that waits for nobody, whatever was asked for. So a refusal locks no
chain, and takes as long for a row that exists as for one that does not. The chain it belongs to is found later
(server/audit/refusals.py). The request waits for the commit, so no refusal that was answered is lost.
"""

import asyncio
import contextvars
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise

from core import log
from core.clock import now, rfc3339
from core.ids import uuid7
from models.access import About, Actor
from realtime.unit_of_work import Call, call

_WRITE = """
    INSERT INTO refusals (key, minute, network, actor_type, actor_id, action, resource_type, resource_id, outcome, home,
        version, count, told, at, session_id, ip, request_id, details)
    SELECT key, minute, network, actor_type, actor_id, action, resource_type, resource_id, outcome, home,
        version, count, 0, at, session_id, ip, request_id, details
    FROM jsonb_to_recordset($1::jsonb) AS x(key text, minute timestamptz, network text, actor_type text, actor_id uuid,
        action text, resource_type text, resource_id text, outcome text, home text, version int, count int,
        at timestamptz, session_id uuid, ip text, request_id text, details jsonb)
"""
_OF_ONE = ("key", "count", "at", "session_id", "ip", "request_id")  # kept from the first of several


@dataclass
class _Journal:
    """The refusals that this process still has to write, and the task that writes them all in one statement."""

    waiting: dict[str, dict[str, Any]]
    written: "asyncio.Future[None] | None" = None
    writer: "asyncio.Task[None] | None" = None
    on_written: Callable[[], None] = lambda: None


_journal = _Journal({})


def tell_of(on_written: Callable[[], None]) -> None:
    """Set the function to call after refusals have been written. Used at start-up."""
    _journal.on_written = on_written


async def record_refusal(actor: Actor, about: About, outcome: str = "denied", **details: Any) -> None:
    """Record a refused or failed attempt. Returns once it is committed. Raises: whatever the database raises."""
    row = _row(actor, about, outcome, details, call.get() or Call())
    same = json.dumps([value for name, value in row.items() if name not in _OF_ONE], sort_keys=True)
    _journal.waiting.setdefault(same, row)["count"] += 1
    if _journal.written is None:
        _journal.written = asyncio.get_running_loop().create_future()
    written = _journal.written
    if _journal.writer is None or _journal.writer.done():
        # The task gets an empty context, because this request is only one of those it writes for.
        _journal.writer = asyncio.get_running_loop().create_task(
            _write_waiting(), name="refusals", context=contextvars.Context()
        )
    await asyncio.shield(written)


async def _write_waiting() -> None:
    while _journal.waiting and _journal.written is not None:
        rows, written = list(_journal.waiting.values()), _journal.written
        _journal.waiting, _journal.written = {}, None
        try:
            await Tortoise.get_connection("default").execute_query(_WRITE, [json.dumps(rows)])
        except Exception as error:  # noqa: BLE001 - raised to the requests that wait for it
            written.set_exception(error)
            written.exception()  # whoever was waiting may be gone
        else:
            written.set_result(None)
            _journal.on_written()


def _row(actor: Actor, about: About, outcome: str, details: dict[str, Any], request: Call) -> dict[str, Any]:
    at = now()
    return {
        "key": str(uuid7()),
        "minute": rfc3339(at.replace(second=0, microsecond=0)),
        "network": request.network,
        "actor_type": actor.type,
        "actor_id": str(actor.acting_id) if actor.acting_id else None,
        "action": about.action,
        "resource_type": about.resource_type,
        "resource_id": about.resource_id or None,
        "outcome": outcome,
        "home": about.chain,
        "version": about.version,
        "count": 0,
        "at": rfc3339(at),
        "session_id": str(actor.session_id) if actor.session_id else None,
        "ip": request.ip,
        "request_id": log.request_id.get(),
        "details": json.loads(json.dumps(details, default=str)),
    }
