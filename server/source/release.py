"""What a worker asks and does about a source whose loader ended."""

from uuid import UUID

from models.access import SYSTEM
from models.source import Source
from realtime.unit_of_work import unit_of_work
from server.queue import enqueue


async def is_loading(source_id: UUID) -> bool:
    """Whether a source still waits to be loaded: its loader ended without an end."""
    return await Source.filter(id=source_id, status="loading").exists()


async def give_back(source_id: UUID) -> None:
    """Queues a source again at a worker's stop; this start is not counted against it."""
    async with unit_of_work(SYSTEM) as u:
        source = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if source is not None and source.status == "loading":
            source.attempt = max(0, source.attempt - 1)
            await source.save(using_db=u.connection, update_fields=["attempt"])
            await enqueue(u, "source.load", source_id)
