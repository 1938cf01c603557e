"""Verbs on records. Those of a confirmed match, and those a live job reads, do not change; new ones may be added."""

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa

from core import problems
from core.ids import uuid7_texts
from core.money import parse_amount
from core.problems import Fault, Invalid
from matching.reading.mapping import Mapping, apply_mapping
from models import access
from models.access import Actor
from models.record import Record
from models.source import Source
from realtime.events.project import RecordsChanged
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.http import Reading
from server.match.supersede import lock_jobs_of, supersede
from server.record import queries
from server.record.schemas import RecordIn, RecordsCreate, RecordsView, RecordUpdate
from server.source.actions import refuse_live_jobs


async def create_records(actor: Actor, source_id: UUID, body: RecordsCreate) -> Answer:
    """Adds records at the end of a source: all, or none. Raises: NotFound, Forbidden, SourceInUse, Invalid."""
    given = body.all()
    async with unit_of_work(actor) as u:
        source = (await access.load(actor, Source, source_id, "record.edit", lock=True)).row
        if source.status != "ready":
            raise problems.SourceInUse("The source is not ready: wait, or answer its questions first.")
        # Thousands of rows are typed beside the event loop.
        typed = await asyncio.to_thread(_typed, source, given, "/records" if body.records is not None else "")
        rows = await u.execute(
            'SELECT coalesce(max("row"), -1) AS last FROM reconciliation_records WHERE source_id = $1', source_id
        )
        first = rows[0]["last"] + 1
        await u.save(
            source,
            revision=source.revision + 1,
            rows_read=source.rows_read + len(given),
            rows_loaded=source.rows_loaded + len(given),
        )
        ids = uuid7_texts(len(given))
        await u.execute(
            'INSERT INTO reconciliation_records (id, source_id, "row", revision, data, amount, currency, date, reference, '
            "version, created_at, updated_at) SELECT i::uuid, $1, $2 + n - 1, $3, d::jsonb, a::numeric, c, t::date, r, 1, $4, $4 "
            "FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) "
            "WITH ORDINALITY AS x(i, d, a, c, t, r, n)",
            source_id,
            first,
            source.revision,
            u.at,
            ids,
            *typed,
        )
        u.publish(_changed(source, [UUID(i) for i in ids] if len(ids) <= 100 else None, len(ids)))
        u.audit(f"project:{source.project_id}", "record.create", ("source", source_id), count=len(ids))
        if body.records is None:
            view = await queries.view_of(Reading(u.connection), UUID(ids[0]))
            return u.answer(201, view, version=1)
        found = await u.execute(
            f'SELECT {queries.COLUMNS} FROM reconciliation_records t {queries.USES} WHERE t.id = ANY($1::uuid[]) ORDER BY t."row"',
            ids,
        )
        return u.answer(201, RecordsView(items=[queries.view(row) for row in found]))


async def update_record(actor: Actor, record_id: UUID, body: RecordUpdate, expected: int | None) -> Answer:
    """
    Changes a record; a suggestion that compared what it was before is superseded.

    Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, RecordInUse, SourceInUse.
    """
    async with unit_of_work(actor) as u:
        source = await _lock_source(u, actor, record_id)
        record = (await access.load(actor, Record, record_id, "record.edit", lock=True)).row
        await u.expect_version(record, expected)
        await _refuse_used(u, source, record_id)
        given = body.model_fields_set
        data = {**record.data, **(body.data or {})}
        # Not validated again: a loaded row may have more columns, and longer ones, than a body.
        merged = RecordIn.model_construct(data=data, amount=body.amount, date=body.date, reference=body.reference)
        amount, currency, date, reference = (column[0] for column in _typed(source, [merged], "")[1:])
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
        changed = await u.save(record, **changes)
        if changed:
            await lock_jobs_of(u, source.id)
            await supersede(u, await _suggestions_of(u, record_id))
            await u.save(source, revision=source.revision + 1)
            u.publish(_changed(source, [record.id], 1))
            u.audit(
                f"project:{source.project_id}",
                "record.update",
                ("record", record.id),
                version=record.version,
                changed=changed,
            )
        return u.answer(200, await queries.view_of(Reading(u.connection), record.id), version=record.version)


async def delete_record(actor: Actor, record_id: UUID, expected: int | None) -> None:
    """
    Deletes a record; a suggestion that uses it is superseded.

    Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, RecordInUse, SourceInUse.
    """
    async with unit_of_work(actor) as u:
        source = await _lock_source(u, actor, record_id)
        record = (await access.load(actor, Record, record_id, "record.edit", lock=True)).row
        await u.expect_version(record, expected)
        await _refuse_used(u, source, record_id)
        await lock_jobs_of(u, source.id)
        await _count_out(u, source.id, record.revision)
        await supersede(u, await _suggestions_of(u, record_id))
        await record.delete(using_db=u.connection)
        await u.save(
            source, revision=source.revision + 1, rows_loaded=source.rows_loaded - 1, rows_read=source.rows_read - 1
        )
        u.publish(_changed(source, [record_id], 1))
        u.audit(f"project:{source.project_id}", "record.delete", ("record", record_id), version=record.version)


async def _lock_source(u: UnitOfWork, actor: Actor, record_id: UUID) -> Source:
    """The record's source, locked before the record, as the lock order wants it."""
    record = (await access.load(actor, Record, record_id, "record.edit")).row
    return (await access.load(actor, Source, record.source_id, "record.edit", lock=True)).row


async def _suggestions_of(u: UnitOfWork, record_id: UUID) -> list[UUID]:
    rows = await u.execute("SELECT match_id FROM match_records WHERE record_id = $1 AND active", record_id)
    return [row["match_id"] for row in rows]


async def _count_out(u: UnitOfWork, source_id: UUID, revision: int) -> None:
    """Takes a record that is open, or about to be, out of the counts of the jobs that have read it."""
    for side in ("left", "right"):
        await u.execute(
            "UPDATE reconciliation_jobs SET counts = counts || jsonb_build_object("
            f"'{side}', (counts->>'{side}')::int - 1, 'open_{side}', (counts->>'open_{side}')::int - 1) "
            f"WHERE {side}_source_id = $1 AND (inputs->'{side}'->>'revision')::int >= $2 AND (counts->>'{side}')::int > 0",
            source_id,
            revision,
        )


async def _refuse_used(u: UnitOfWork, source: Source, record_id: UUID) -> None:
    if await u.execute("SELECT 1 FROM match_records WHERE record_id = $1 AND confirmed", record_id):
        raise problems.RecordInUse
    await refuse_live_jobs(u, source.id)
    if source.status not in ("ready", "needs_mapping"):
        raise problems.SourceInUse("The source is being loaded: wait until it is ready.")


def _changed(source: Source, ids: list[UUID] | None, count: int) -> RecordsChanged:
    return RecordsChanged(
        project_id=source.project_id, source_id=source.id, ids=ids, count=count, revision=source.revision
    )


def _mapped(source: Source, field: str) -> bool:
    spec = source.mapping.get(field)
    return spec is not None and any(key in spec for key in ("column", "debit"))


def _typed(source: Source, given: list[RecordIn], pointer: str) -> tuple[list[str | None], ...]:
    """
    Columns of data (JSON), amount, currency, date, reference as text: explicit values first, else by the mapping.

    Raises: Invalid where a mapped column holds no amount or date.
    """
    # Only what the mapping names: the records may have thousands of other columns between them.
    mapped = _columns_of(source.mapping)
    names = [name for name in mapped if any(name in record.data for record in given)]
    numbers = pa.array(range(len(given)), pa.int64())
    table = pa.table({name: pa.array([record.data.get(name) for record in given], pa.string()) for name in names})
    table = table if names else pa.table({"_": pa.nulls(len(given), pa.string())})
    mapping = Mapping.model_validate(_present(source.mapping, names))
    typed = apply_mapping(table, numbers, mapping, lines=numbers)
    faults = [
        Fault(f"{pointer}/{r.line}/data" if pointer else "/data", "invalid_field", r.message) for r in typed.rejects
    ]
    if faults:
        raise Invalid(errors=tuple(faults[:100]))
    columns = {name: getattr(typed, name).to_pylist() for name in ("amount", "currency", "date", "reference")}
    data: list[str | None] = [orjson.dumps(record.data).decode() for record in given]
    amounts: list[str | None] = []
    currencies: list[str | None] = []
    dates: list[str | None] = []
    references: list[str | None] = []
    for i, record in enumerate(given):
        mapped_amount = columns["amount"][i]
        amounts.append(
            record.amount.amount if record.amount else None if mapped_amount is None else f"{mapped_amount:f}"
        )
        currencies.append(record.amount.currency if record.amount else columns["currency"][i])
        found_date = record.date or columns["date"][i]
        dates.append(found_date.isoformat() if found_date else None)
        references.append(record.reference if record.reference is not None else columns["reference"][i])
    return data, amounts, currencies, dates, references


def _columns_of(mapping: dict[str, Any]) -> list[str]:
    found = [spec.get(key) for spec in mapping.values() for key in ("column", "debit", "credit")]
    return list(dict.fromkeys(name for name in found if name))


def _present(mapping: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The parts of a mapping whose columns the given records have."""
    return {field: spec for field, spec in mapping.items() if all(name in names for name in _columns_of({field: spec}))}


def _decimal(text: str | None) -> Any:
    return None if text is None else parse_amount(text)


def _date(text: str | None) -> Any:
    return None if text is None else dt.date.fromisoformat(text)
