"""
Locks on records and sources. In the order of locks sources come first, then records, then jobs; each in the order of ids.

Records and their uses have no foreign keys: who stores a use holds the record, or belongs to a live job, for which
nobody may change the records of its sources.
"""

from uuid import UUID

from realtime.unit_of_work import UnitOfWork


async def hold_sources(u: UnitOfWork, project_id: UUID, source_ids: list[UUID]) -> None:
    """
    Keeps all records of sources as they are until the transaction ends: who changes one has locked its source.

    Only those of the project, for the ids may come from somebody who may not see what they stand for.
    """
    await u.execute(
        "SELECT id FROM sources WHERE id = ANY($1) AND project_id = $2 ORDER BY id FOR SHARE", source_ids, project_id
    )


async def hold_records(u: UnitOfWork, record_ids: list[UUID] | list[str], *, alone: bool = False) -> None:
    """Keeps records until the transaction ends, together with others who do, or `alone`."""
    strength = "NO KEY UPDATE" if alone else "SHARE"
    await u.execute(
        f"SELECT id FROM reconciliation_records WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR {strength}",
        [str(record_id) for record_id in record_ids],
    )


async def lock_proposed_records(u: UnitOfWork, source_id: UUID) -> None:
    """Locks those records of a source that a match uses: who confirms it holds them, and comes first or finds them gone."""
    await u.execute(
        "SELECT id FROM reconciliation_records r WHERE source_id = $1 "
        "AND EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.active) ORDER BY id FOR UPDATE",
        source_id,
    )
