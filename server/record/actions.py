"""Changing and deleting a record. Records of a confirmed match, and records that a live job reads, cannot change."""

import datetime as dt
from typing import Any
from uuid import UUID

import orjson

from core import problems
from core.money import parse_amount
from core.settings import Settings
from matching.reading.rows import MAX_RECORD_BYTES
from models import access
from models.access import Actor
from models.record import Record
from models.source import Source
from models.status import LOADED_SOURCE
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.entries import count_records
from server.books.supersede import hold_with_suggestions, supersede
from server.holds.jobs import refuse_live_jobs
from server.record import queries
from server.record.additions import changed_event, counted, stored_size, typed
from server.record.columns import added_columns
from server.record.schemas import RecordIn, RecordUpdate
from server.store.disk import refuse_without_room
from server.store.reading import Reading

_USED = """
    SELECT m.id, m.pair_id, m.decided_by, m.decided_at, p.display_name FROM match_records u
    JOIN matches m ON m.id = u.match_id LEFT JOIN users p ON p.id = m.decided_by WHERE u.record_id = $1 AND u.confirmed
"""


async def update_record(
    actor: Actor, record_id: UUID, body: RecordUpdate, expected: int | None, settings: Settings
) -> Answer:
    """
    Change a record. A suggestion that compared its old values is superseded.

    Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, RecordInUse, SourceInUse, Invalid where it would
    become too large, StorageFull where the project has no room.
    """
    async with unit_of_work(actor) as u:
        source = await _lock_source(u, actor, record_id)
        await hold_with_suggestions(u, record_id)
        record = (await access.load(actor, Record, record_id, "record.edit", lock=True)).row
        await u.expect_version(record, expected)
        await _refuse_used(u, source, record_id)
        given = body.model_fields_set
        data = {**record.data, **(body.data or {})}
        added = added_columns(source, [[name for name in data if name not in record.data]], "")
        # The result is not validated again, because a loaded row may have more and longer columns than a body may.
        merged = RecordIn.model_construct(data=data, amount=body.amount, date=body.date, reference=body.reference)
        amount, currency, date, reference = (column[0] for column in typed(source.mapping, [merged], 0, "")[1:])
        changes: dict[str, Any] = {"data": data}
        retype = "data" in given
        if retype or "amount" in given:
            mapped = _mapped(source, "amount")
            if "amount" in given or mapped:
                changes |= {"amount": _decimal(amount), "currency": currency if amount is not None else None}
        if (retype and _mapped(source, "date")) or "date" in given:
            changes["date"] = _date(date)
        if (retype and _mapped(source, "reference")) or "reference" in given:
            changes["reference"] = reference
        size = stored_size(orjson.dumps(data), changes.get("reference", record.reference))
        grown = size - stored_size(orjson.dumps(record.data), record.reference)
        if grown > 0:
            _refuse_too_large(size)
            await refuse_without_room(settings, source.project_id, u.execute, grown)
        changed = await _save(u, record, changes)
        if changed:
            await supersede(u, source.project_id, await _suggestions_of(u, record_id))
            await _refuse_used(u, source, record_id)  # somebody may have confirmed one of them meanwhile
            await u.save(source, revision=source.revision + 1, detection=counted(source, grown) | added)
            u.publish(changed_event(source, [record.id], 1))
            u.audit(
                f"project:{source.project_id}",
                "record.update",
                ("record", record.id),
                version=record.version,
                changed=changed,
            )
        return u.answer(200, await queries.view_of(Reading(u.connection), record.id), version=record.version)


def _refuse_too_large(size: int) -> None:
    """A record is read as a whole, however little of it is asked for. Raises: Invalid."""
    if size > MAX_RECORD_BYTES:
        fault = f"would make a record of {size} bytes; it may have {MAX_RECORD_BYTES}"
        raise problems.Invalid(errors=(problems.Fault("/data", "invalid_field", fault),))


async def delete_record(actor: Actor, record_id: UUID, expected: int | None) -> None:
    """
    Delete a record. A suggestion that uses it is superseded.

    Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, RecordInUse, SourceInUse.
    """
    async with unit_of_work(actor) as u:
        source = await _lock_source(u, actor, record_id)
        await hold_with_suggestions(u, record_id)
        record = (await access.load(actor, Record, record_id, "record.edit", lock=True)).row
        await u.expect_version(record, expected)
        await _refuse_used(u, source, record_id)
        await supersede(u, source.project_id, await _suggestions_of(u, record_id))
        await _refuse_used(u, source, record_id)
        await _count_out(u, source.id, record.revision)
        await count_records(u, [record_id], -1)
        await record.delete(using_db=u.connection)
        await u.save(
            source,
            revision=source.revision + 1,
            rows_loaded=source.rows_loaded - 1,
            rows_read=source.rows_read - 1,
            detection=counted(source, -stored_size(orjson.dumps(record.data), record.reference)),
        )
        u.publish(changed_event(source, [record_id], 1))
        u.audit(f"project:{source.project_id}", "record.delete", ("record", record_id), version=record.version)


async def _lock_source(u: UnitOfWork, actor: Actor, record_id: UUID) -> Source:
    """The record's source, locked before the record, as the lock order requires."""
    record = (await access.load(actor, Record, record_id, "record.edit")).row
    return (await access.load(actor, Source, record.source_id, "record.edit", lock=True)).row


async def _suggestions_of(u: UnitOfWork, record_id: UUID) -> list[UUID]:
    rows = await u.execute("SELECT match_id FROM match_records WHERE record_id = $1 AND active", record_id)
    return [row["match_id"] for row in rows]


async def _count_out(u: UnitOfWork, source_id: UUID, revision: int) -> None:
    """Remove a record that is open, or about to be, from the counts of the jobs that have read it."""
    for side in ("left", "right"):
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = counts || jsonb_build_object("
            f"'{side}', (counts->>'{side}')::int - 1, 'open_{side}', (counts->>'open_{side}')::int - 1) "
            f"WHERE {side}_source_id = $1 AND (inputs->'{side}'->>'revision')::int >= $2 AND (counts->>'{side}')::int > 0",
            source_id,
            revision,
        )


async def _refuse_used(u: UnitOfWork, source: Source, record_id: UUID) -> None:
    if rows := await u.execute(_USED, record_id):
        found = rows[0]
        who, name = found["decided_by"], found["display_name"]
        did = "wrote this record off" if found["pair_id"] is None else "confirmed a match of this record"
        at = "" if found["decided_at"] is None else f" at {found['decided_at']:%Y-%m-%d %H:%M} UTC"
        raise problems.RecordInUse(
            f"{name or ('Somebody' if who else 'A job')} {did}{at}. Undo that first, then change the record.",
            extensions={"match_id": str(found["id"]), "decided_by": who and str(who), "decided_by_name": name},
        )
    await refuse_live_jobs(u, source.id)
    if source.status not in LOADED_SOURCE:
        raise problems.SourceInUse("The source is being loaded. Wait until it is ready.")


async def _save(u: UnitOfWork, record: Record, changes: dict[str, Any]) -> list[str]:
    """Save a record that no confirmed match uses, and keep the sums of its source true."""
    is_sum = bool(changes.keys() & {"amount", "currency", "date"})
    if is_sum:
        await count_records(u, [record.id], -1)
    changed = await u.save(record, **changes)
    if is_sum:
        await count_records(u, [record.id])
    return changed


def _mapped(source: Source, field: str) -> bool:
    spec = source.mapping.get(field)
    return spec is not None and any(key in spec for key in ("column", "debit"))


def _decimal(text: str | None) -> Any:
    return None if text is None else parse_amount(text)


def _date(text: str | None) -> Any:
    return None if text is None else dt.date.fromisoformat(text)
