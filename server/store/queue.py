"""The job queue. A task is enqueued in an action's own transaction, and a worker picks it after the commit."""

from typing import Literal
from uuid import UUID

import orjson

from core import log
from realtime.unit_of_work import UnitOfWork

Task = Literal["source.load", "job.run"]
_TABLES: dict[Task, str] = {"source.load": "sources", "job.run": "reconciliation_jobs"}


async def enqueue(u: UnitOfWork, task: Task, row_id: object, person: UUID | None = None) -> None:
    """
    Enqueue a task with the request's id and the person who asks for it, in the open transaction. The row keeps the API
    token, if the person asks with one, because revoking it also stops what it has asked for and what has not begun.

    When the system queues a task again, it names the person who originally asked. A waiting task for the same row is
    replaced, so a job that is cancelled and retried runs once.
    """
    await u.execute(
        "DELETE FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued' "
        "AND convert_from(payload, 'UTF8')::jsonb->>'id' = $2 RETURNING id",
        task,
        str(row_id),
    )
    if u.actor.id is not None:
        token = u.actor.limits.token_id if u.actor.limits is not None else None
        await u.execute(f"UPDATE {_TABLES[task]} SET asked_with = $2 WHERE id = $1", row_id, token)
    # Imported here, because engines import this module and enqueue next to nothing: the library starts another program
    # when it is imported, and the fork server of the engines should start none.
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    driver = AsyncpgDriver(u.connection._connection)  # the queue's own statements, in our transaction
    asked_by = u.actor.id or person
    payload = orjson.dumps(
        {
            "id": str(row_id),
            "request_id": log.request_id.get(),
            "person": None if asked_by is None else str(asked_by),
        }
    )
    await Queries(driver).enqueue(task, payload)


async def withdraw(u: UnitOfWork, task: Task, row_id: object) -> None:
    """
    Take the task for this row out of the queue, even if a worker has it. The caller leaves the row in a state in which the
    worker ends its engine, and whoever queues the row again gives it to a worker of its own.
    """
    await u.execute(
        "DELETE FROM pgqueuer WHERE entrypoint = $1 AND convert_from(payload, 'UTF8')::jsonb->>'id' = $2 RETURNING id",
        task,
        str(row_id),
    )


async def is_waiting(u: UnitOfWork, task: Task, row_id: object) -> bool:
    """
    Whether a task for this row is waiting for a worker. In that case no worker holds the row, because it is queued
    again only after its process has ended.
    """
    found = await u.execute(
        "SELECT 1 FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued' "
        "AND convert_from(payload, 'UTF8')::jsonb->>'id' = $2 LIMIT 1",
        task,
        str(row_id),
    )
    return bool(found)
