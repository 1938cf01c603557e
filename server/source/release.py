"""What a worker checks and does about a source before and after its loader runs."""

from collections.abc import Container
from typing import Any
from uuid import UUID

from core.problems import Problem
from models.access import SYSTEM
from models.source import Source
from models.status import SourceStatus
from realtime.events import source as events
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.books.entries import count_source
from server.source.event import event_of
from server.store.queue import enqueue


async def loading_source(source_id: UUID) -> Source | None:
    """A source that still has to be loaded, or None if it has been loaded or is gone."""
    return await Source.filter(id=source_id, status=SourceStatus.LOADING).first()


async def give_back(source_id: UUID, person: UUID | None) -> None:
    """Queue a source again, because the worker stops or others wait. This start does not count against it."""
    async with unit_of_work(SYSTEM) as u:
        source = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if source is not None and source.status == SourceStatus.LOADING:
            source.attempt = max(0, source.attempt - 1)
            await source.save(using_db=u.connection, update_fields=["attempt"])
            await enqueue(u, "source.load", source_id, person)


async def fail_source(source_id: UUID, attempts: Container[int], problem: Problem) -> None:
    """
    Record why one of these attempts did not load a file. After a first load, nothing of it is kept.

    If records were being typed again they stay, since they belong to the file's rows, and the source asks for another
    mapping.
    """
    async with unit_of_work(SYSTEM) as u:
        row = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if row is None or row.status != SourceStatus.LOADING or row.attempt not in attempts:
            return
        changes: dict[str, Any] = {"problem": problem.document(row.request_id), "attempt": 0}
        if row.revision > 1:
            loaded = await _count(u, "reconciliation_records", row.id)
            rejected = await _count(u, "source_rejects", row.id)
            left_out = await _count(u, "source_left_out", row.id)
            changes |= {
                "status": SourceStatus.NEEDS_MAPPING,
                "rows_read": loaded + rejected + left_out,
                "rows_loaded": loaded,
                "rows_rejected": rejected,
                "rows_left_out": left_out,
                "detection": {**row.detection, "loaded_revision": row.revision + 1},
                "revision": row.revision + 1,
            }
        else:
            for table in ("reconciliation_records", "source_rejects", "source_left_out"):
                await u.execute(f"DELETE FROM {table} WHERE source_id = $1", row.id)
            counts = dict.fromkeys(("rows_read", "rows_loaded", "rows_rejected", "rows_left_out"), 0)
            detection = {**row.detection, "left_out": {}, "stored_bytes": 0}
            changes |= {"status": SourceStatus.FAILED, "detection": detection, **counts}
        await u.save(row, **changes)
        await count_source(u, row.id)
        u.publish(event_of(events.SourceFailed if row.status == SourceStatus.FAILED else events.SourceUpdated, row))
        u.audit(f"project:{row.project_id}", "source.load", ("source", row.id), "failure", version=row.version)


async def _count(u: UnitOfWork, table: str, source_id: UUID) -> int:
    rows = await u.execute(f"SELECT count(*) AS found FROM {table} WHERE source_id = $1", source_id)
    return int(rows[0]["found"])
