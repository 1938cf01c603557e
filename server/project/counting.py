"""Sends counts to a project's stream as states, at most once a second however many decisions are made."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import orjson

from core import log
from models.transactions import in_transaction
from realtime import state, streams
from realtime.events.base import Event
from realtime.events.job import Counts
from realtime.events.state import JobCounts, ProjectTotals
from server.project import queries
from server.store.reading import Reading

INTERVAL_S = 1.0
logger = log.get(__name__)


class Counting:
    """Notes jobs whose counts have changed in this process, and sends their newest counts once a second."""

    def __init__(self) -> None:
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()

    def note(self, events: Sequence[Event]) -> None:
        """Note what a commit has published. Does not wait."""
        for event in events:
            job_id = getattr(event, "job_id", None)
            if job_id is not None and isinstance(getattr(event, "counts", None), Counts):
                self._changed.add(job_id)
                self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. The first change is sent at once; changes in the following second are sent together."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - a task's root: it tries again in a second
                logger.warning("counts could not be stored", error=type(error).__name__)
                self._wake.set()
            await asyncio.sleep(INTERVAL_S)

    async def flush(self) -> None:
        """Send what is noted now. What could not be sent stays noted."""
        jobs, self._changed = self._changed, set()
        try:
            await _tell(jobs)
        except BaseException:
            self._changed |= jobs
            raise


async def _tell(job_ids: set[UUID]) -> None:
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(
            "SELECT DISTINCT project_id FROM reconciliation_jobs WHERE id = ANY($1) ORDER BY project_id",
            [list(job_ids)],
        )
    for row in rows:
        await _tell_project(row["project_id"], job_ids)


async def _tell_project(project_id: UUID, job_ids: set[UUID]) -> None:
    names = [streams.project(project_id)]
    keys = []
    async with in_transaction() as connection:
        # Only one process at a time reads and writes a project's counts, so older ones never follow newer ones.
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [f"counts:{project_id}"]
        )
        rows = await connection.execute_query_dict(
            "SELECT id, counts::text AS counts FROM reconciliation_jobs WHERE project_id = $1 AND id = ANY($2) ORDER BY id",
            [project_id, list(job_ids)],
        )
        for row in rows:
            told = JobCounts(job_id=row["id"], counts=Counts(**orjson.loads(row["counts"])))
            keys.append(f"job.counts:{row['id']}")
            await state.put(keys[-1], names, told.model_dump(mode="json"))
        totals = await queries.counts_of(Reading(connection), project_id)
        if totals is not None:
            keys.append(f"project.counts:{project_id}")
            value = ProjectTotals(project_id=project_id, **totals.model_dump())
            await state.put(keys[-1], names, value.model_dump(mode="json"))
    # Hint again: a relay that looked before the commit has read the old values.
    for key in keys:
        state.hint(key)
