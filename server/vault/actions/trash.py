"""
How entries end for good: on request, or after 30 days in the trash.

The worker empties the trash, so this module imports nothing that is needed only to seal or serve entries.
"""

from datetime import timedelta

from core.clock import now
from models.access import SYSTEM
from models.vault import Entry
from realtime.events.entry import EntryPurged
from realtime.unit_of_work import UnitOfWork, unit_of_work

TRASH_KEPT = timedelta(days=30)


async def purge_trash() -> None:
    """Destroy what has been in the trash for 30 days: the wrapped keys of all versions, and the rows."""
    for entry_id in await Entry.filter(trashed_at__lt=now() - TRASH_KEPT).limit(1000).values_list("id", flat=True):
        async with unit_of_work(SYSTEM) as u:
            entry = await Entry.filter(id=entry_id).using_db(u.connection).select_for_update(no_key=True).first()
            if entry is None or entry.trashed_at is None:
                continue
            await destroy(u, entry)


async def destroy(u: UnitOfWork, entry: Entry) -> None:
    """Delete the entry with its versions. Each takes along the only copy of the data key that opens its seals."""
    await entry.delete(using_db=u.connection)
    u.publish(EntryPurged(vault_id=entry.vault_id, entry_id=entry.id, version=entry.version))
    u.audit(f"vault:{entry.vault_id}", "entry.purge", ("entry", entry.id), version=entry.version)
