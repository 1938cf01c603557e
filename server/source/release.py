"""What a worker asks and does about a source that it loads, before and after its loader."""

from collections.abc import Container
from typing import Any
from uuid import UUID

from core.problems import Problem
from models.access import SYSTEM
from models.source import Source
from models.status import SourceStatus
from realtime.events import source as events
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.source.actions import event_of
from server.store.queue import enqueue


async def loading_source(source_id: UUID) -> Source | None:
    """A source that still waits to be loaded; None when it has been, or is gone."""
    return await Source.filter(id=source_id, status=SourceStatus.LOADING).first()


async def give_back(source_id: UUID, person: UUID | None) -> None:
    """Queues a source again at a worker's stop, or for others; this start is not counted against it."""
    async with unit_of_work(SYSTEM) as u:
        source = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if source is not None and source.status == SourceStatus.LOADING:
            source.attempt = max(0, source.attempt - 1)
            await source.save(using_db=u.connection, update_fields=["attempt"])
            await enqueue(u, "source.load", source_id, person)


async def fail_source(source_id: UUID, attempts: Container[int], problem: Problem) -> None:
    """
    Records why a file was not loaded by one of these attempts, and what is left of it: nothing, after a first load.

    Records that were being typed anew stay, for the file's rows are theirs: the source asks for another mapping.
    """
    async with unit_of_work(SYSTEM) as u:
        row = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if row is None or row.status != SourceStatus.LOADING or row.attempt not in attempts:
            return
        changes: dict[str, Any] = {"problem": problem.document(row.request_id), "attempt": 0}
        if row.revision > 1:
            loaded = await _count(u, "reconciliation_records", row.id)
            rejected = await _count(u, "source_rejects", row.id)
            changes |= {
                "status": SourceStatus.NEEDS_MAPPING,
                "rows_read": loaded + rejected,
                "rows_loaded": loaded,
                "rows_rejected": rejected,
                "detection": {**row.detection, "loaded_revision": row.revision + 1},
                "revision": row.revision + 1,
            }
        else:
            for table in ("reconciliation_records", "source_rejects"):
                await u.execute(f"DELETE FROM {table} WHERE source_id = $1", row.id)
            changes |= {"status": SourceStatus.FAILED, "rows_read": 0, "rows_loaded": 0, "rows_rejected": 0}
        await u.save(row, **changes)
        u.publish(event_of(events.SourceFailed if row.status == SourceStatus.FAILED else events.SourceUpdated, row))
        u.audit(f"project:{row.project_id}", "source.load", ("source", row.id), "failure", version=row.version)


async def _count(u: UnitOfWork, table: str, source_id: UUID) -> int:
    rows = await u.execute(f"SELECT count(*) AS found FROM {table} WHERE source_id = $1", source_id)
    return int(rows[0]["found"])
