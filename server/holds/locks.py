"""
Locks on records and sources. In the lock order sources come first, then records, then jobs, each in the order of ids.

Records and what uses them have no foreign keys. Whoever stores a use must either lock the record or be a live job, and
nobody may change the records in a live job's sources.
"""

from uuid import UUID

from realtime.unit_of_work import UnitOfWork


async def hold_sources(u: UnitOfWork, project_id: UUID, source_ids: list[UUID]) -> None:
    """
    Keep all records of some sources unchanged until the transaction ends: changing a record requires its source's lock.

    Only sources of this project, since the ids may come from somebody who may not see what they stand for.
    """
    await u.execute(
        "SELECT id FROM sources WHERE id = ANY($1::text[]::uuid[]) AND project_id = $2 ORDER BY id FOR SHARE",
        [str(source_id) for source_id in source_ids],
        project_id,
    )


async def hold_records(u: UnitOfWork, record_ids: list[UUID] | list[str], *, alone: bool = False) -> set[UUID]:
    """
    Lock records until the transaction ends, shared with others that do the same, or `alone`. Returns: those that exist.
    """
    strength = "NO KEY UPDATE" if alone else "SHARE"
    rows = await u.execute(
        f"SELECT id FROM reconciliation_records WHERE id = ANY($1::text[]::uuid[]) ORDER BY id FOR {strength}",
        [str(record_id) for record_id in record_ids],
    )
    return {row["id"] for row in rows}


async def lock_proposed_records(u: UnitOfWork, source_id: UUID) -> None:
    """
    Lock those records of a source that a match uses, and the others of its suggestions, which are superseded. Somebody
    confirming the match locks them too, so either they come first or they find the records gone.
    """
    await u.execute(
        "SELECT id FROM reconciliation_records WHERE id IN (SELECT o.record_id FROM reconciliation_records r "
        "JOIN match_records u ON u.record_id = r.id AND u.active JOIN match_records o ON o.match_id = u.match_id "
        "WHERE r.source_id = $1 AND (o.record_id = r.id OR NOT u.confirmed)) ORDER BY id FOR UPDATE",
        source_id,
    )
