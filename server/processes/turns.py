"""
Whose task is next: a slot goes to whoever holds the fewest, and among equals to whoever has waited longest for a turn.

The queue itself is first come, first served, so one project's hundred files would keep everybody else waiting. So
before each dequeue the fairest choice among the waiting tasks gets the higher priority, in a transaction that only one
worker at a time may open. See docs/decisions/0009-turns-in-the-queue.md.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job as Task
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import QueueEntrypoint, QueueManagerId
from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from models.transactions import in_transaction

# When somebody who holds no slot has waited this long, a worker gives back a task of somebody who holds several.
PATIENCE_S = 5.0

# Every task, with the project and the person it counts for: the person who asked for it, or else who created its row.
_TASKS = """
    SELECT q.id, q.entrypoint, q.status, q.created, q.updated,
        coalesce(s.project_id, j.project_id)::text AS project,
        coalesce(q.body->>'person', s.created_by::text, j.created_by::text) AS person
    FROM (SELECT *, convert_from(payload, 'UTF8')::jsonb AS body FROM pgqueuer
        WHERE status = 'picked' OR (status = 'queued' AND execute_after < now())) q
    LEFT JOIN sources s ON q.entrypoint = 'source.load' AND s.id = (q.body->>'id')::uuid
    LEFT JOIN reconciliation_jobs j ON q.entrypoint = 'job.run' AND j.id = (q.body->>'id')::uuid
"""
_HELD = f"""
    tasks AS MATERIALIZED ({_TASKS}),
    by_project AS (SELECT project, count(*) AS held FROM tasks WHERE status = 'picked' GROUP BY project),
    by_person AS (SELECT person, count(*) AS held FROM tasks WHERE status = 'picked' GROUP BY person)
"""
# Slots held come first: by the project or the person, then by the kind, so that files and jobs do not starve each
# other. Then turns: the later of the project's and the person's last turn, so that having many projects or many people
# does not help.
_NEXT = f"""
    WITH {_HELD}, by_kind AS (SELECT entrypoint, count(*) AS held FROM tasks WHERE status = 'picked' GROUP BY entrypoint),
    waiting AS (
        SELECT t.id, t.project, t.person, greatest(coalesce(p.held, 0), coalesce(u.held, 0)) AS held,
            coalesce(k.held, 0) AS of_kind, coalesce(a.updated_at, '-infinity') AS project_at,
            coalesce(b.updated_at, '-infinity') AS person_at
        FROM tasks t LEFT JOIN by_project p USING (project) LEFT JOIN by_person u USING (person)
        LEFT JOIN by_kind k USING (entrypoint)
        LEFT JOIN states a ON a.key = 'turn.project:' || t.project
        LEFT JOIN states b ON b.key = 'turn.person:' || t.person
        WHERE t.status = 'queued'
    )
    SELECT id, project, person FROM waiting
    ORDER BY held, of_kind, greatest(project_at, person_at), least(project_at, person_at), id LIMIT 1
"""
_PREFER = """
    UPDATE pgqueuer SET priority = CASE WHEN id = $1 THEN 1 ELSE 0 END
    WHERE status = 'queued' AND (id = $1 OR priority <> 0)
"""
# Kept as long as states are (server/processes/retention.py): a turn more than an hour ago counts as none.
_NOTE_TURN = """
    INSERT INTO states (key, streams, version, value, updated_at)
    SELECT key, '[]', 1, '{}', clock_timestamp() FROM unnest($1::text[]) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET updated_at = EXCLUDED.updated_at
"""
# The newest task of whoever holds the most, when somebody without any has waited too long.
_OWED = f"""
    WITH {_HELD}, starving AS (
        SELECT 1 FROM tasks t LEFT JOIN by_project p USING (project) LEFT JOIN by_person u USING (person)
        WHERE t.status = 'queued' AND p.held IS NULL AND u.held IS NULL AND t.created < now() - $1::interval LIMIT 1
    )
    SELECT t.id FROM tasks t LEFT JOIN by_project p USING (project) LEFT JOIN by_person u USING (person)
    WHERE t.status = 'picked' AND EXISTS (SELECT 1 FROM starving) AND greatest(p.held, u.held) > 1
    ORDER BY greatest(p.held, u.held) DESC, t.updated DESC, t.id DESC LIMIT 1
"""
_OPEN = """
    SELECT (SELECT count(*) FROM pgqueuer WHERE queue_manager_id = $1 AND entrypoint = ANY($2)) AS held,
        EXISTS (SELECT 1 FROM pgqueuer WHERE entrypoint = ANY($2) AND (status = 'queued' AND execute_after < now()
            OR status = 'picked' AND heartbeat < now() - $3::interval)) AS has_work
"""


@dataclass
class FairQueries(Queries):
    """The queue's own statements, with a dequeue that checks whose turn it is."""

    _is_full: bool = field(default=False, init=False)

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Task]:
        """Take the task whose turn it is, or nothing while all slots of this worker are taken."""
        (found,) = await self.driver.fetch(_OPEN, queue_manager_id, list(entrypoints), heartbeat_timeout)
        self._is_full = global_concurrency_limit is not None and int(str(found["held"])) >= global_concurrency_limit
        if self._is_full or not found["has_work"]:
            return []
        try:
            async with in_transaction() as connection:
                await connection.execute_query("SELECT pg_advisory_xact_lock(hashtext('tallyroom turns'))")
                _, rows = await connection.execute_query(_NEXT)
                chosen = dict(rows[0]) if rows else None
                if chosen is not None:
                    await connection.execute_query(_PREFER, [chosen["id"]])
                ours = Queries(AsyncpgDriver(connection._connection), qbq=self.qbq)
                tasks = await ours.dequeue(
                    batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
                )
                if chosen is not None and any(task.id == chosen["id"] for task in tasks):
                    await connection.execute_query(_NOTE_TURN, [_keys(chosen["project"], chosen["person"])])
                return tasks
        except OperationalError as error:
            if "lock timeout" in str(error):  # a worker that hangs holds the lock; the queue asks again soon
                return []
            raise

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """How many tasks could be taken now. Zero without a free slot, or the queue would poll ten times a second."""
        return 0 if self._is_full else await super().eligible_queued_work(entrypoints)


async def task_to_give_back() -> int | None:
    """The task that its worker should put back into the queue, so that somebody who holds no slot gets one."""
    rows = await Tortoise.get_connection("default").execute_query_dict(_OWED, [timedelta(seconds=PATIENCE_S)])
    return int(rows[0]["id"]) if rows else None


def _keys(project: str | None, person: str | None) -> list[str]:
    named = (("project", project), ("person", person))
    return [f"turn.{noun}:{row_id}" for noun, row_id in named if row_id is not None]
