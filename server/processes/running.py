"""
What a worker's slots are working on, and when that has to end: the row is gone, time or disk have run out, or others
wait.

The engine process is killed from here, since it may be deep in a step that checks nothing. Everything it writes is in
transactions, so nothing is left half done.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from tortoise import Tortoise

from core import log
from models.status import JobStatus
from server.processes.engine_process import EngineProcess
from server.processes.turns import task_to_give_back
from server.store.disk import Disk

CHECK_EVERY_S = 0.5
Reason = Literal["gone", "cancelled", "paused", "late", "disk", "others wait"]
logger = log.get(__name__)

# A source with any other status has been loaded and its loader is about to end by itself; the same holds for a job.
_OVER = f"""
    SELECT w.id::text AS id, CASE WHEN s.id IS NULL AND j.id IS NULL THEN 'gone'
        WHEN j.status = '{JobStatus.PAUSED}' THEN 'paused' ELSE 'cancelled' END AS reason
    FROM unnest($1::uuid[]) AS w(id) LEFT JOIN sources s ON s.id = w.id LEFT JOIN reconciliation_jobs j ON j.id = w.id
    WHERE (s.id IS NULL AND j.id IS NULL) OR j.status IN ('{JobStatus.CANCELLING}', '{JobStatus.PAUSED}')
"""


@dataclass
class Running:
    """A task in a slot. `ended_for` says why the worker ended its process, if it did."""

    kind: Literal["job", "source"]
    row_id: UUID
    person: UUID | None
    task_id: int
    wall_s: float
    child: EngineProcess | None = None
    started_at: float = field(default_factory=time.monotonic)
    ended_for: Reason | None = None

    def end(self, reason: Reason) -> None:
        """Kill its process, once."""
        if self.ended_for is None and self.child is not None:
            self.ended_for = reason
            logger.warning("killing the engine", kind=self.kind, id=str(self.row_id), reason=reason)
            self.child.kill()


class Watch:
    """Watches the engines of one worker."""

    def __init__(self, slots: int, scratch: Disk) -> None:
        self._slots = slots
        self._scratch = scratch
        self._running: dict[int, Running] = {}

    @contextmanager
    def over(self, running: Running) -> Iterator[Running]:
        """Watch a task while the block runs."""
        self._running[id(running)] = running
        try:
            yield running
        finally:
            del self._running[id(running)]

    def kill_all(self) -> None:
        """Kill all engines without a reason: the worker is stopping, or its queue is unreachable."""
        for running in self._running.values():
            if running.child is not None:
                running.child.kill()

    async def run(self) -> None:
        """Check twice a second while the worker runs."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
                logger.warning("the engines could not be checked", error=type(error).__name__)

    async def _look(self) -> None:
        at = time.monotonic()
        for running in self._running.values():
            if at - running.started_at > running.wall_s:
                running.end("late")
        if not self._running:
            return
        if self._scratch.room() < 0:
            await self._make_room()
        # Only those that the answer is about: a job may have been resumed since, and begun in another slot.
        asked = list(self._running.values())
        rows = await Tortoise.get_connection("default").execute_query_dict(
            _OVER, [[running.row_id for running in asked]]
        )
        reasons = {row["id"]: row["reason"] for row in rows}
        for running in asked:
            if (reason := reasons.get(str(running.row_id))) is not None:
                running.end(reason)
        # With a free slot nobody waits for one, and an engine already being ended makes room.
        if len(self._running) < self._slots or any(running.ended_for for running in self._running.values()):
            return
        owed = await task_to_give_back()
        for running in self._running.values():
            if running.task_id == owed:
                running.end("others wait")

    async def _make_room(self) -> None:
        """
        Kill the engine that has written the most scratch data. A full disk would end all of them, and other programs
        too.
        """
        sizes = [
            (await asyncio.to_thread(running.child.scratch_bytes), running)
            for running in list(self._running.values())
            if running.child is not None
        ]
        size, largest = max(sizes, key=lambda found: found[0], default=(0, None))
        if largest is not None and size > 0 and not any(running.ended_for for _, running in sizes):
            largest.end("disk")
