"""
Adding records to a source: one, or ten thousand.

A body of 16 MB is typed, stored and answered some rows at a time, so that other tasks can run in between, and only one
slice at a time is held in any form other than the one it came in.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa

from core import problems
from core.ids import uuid7_texts
from core.problems import Fault, Invalid, Problem
from core.settings import Settings
from matching.reading.apply import apply_mapping
from matching.reading.mapping import Mapping
from matching.reading.rows import RawBatch
from models import access
from models.access import Actor
from models.source import Source
from models.status import SourceStatus
from realtime.events.record import RecordsChanged
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.api.body.faults import MOST_FAULTS
from server.books.entries import count_records
from server.record import queries
from server.record.columns import added_columns, columns_of
from server.record.schemas import RecordIn, RecordsCreate
from server.store.disk import refuse_without_room
from server.store.reading import Reading

SLICE_ROWS, ANSWER_ROWS = 500, 50
ANSWER_BYTES = 32 * 1024  # a row larger than this is a piece of the response by itself
Columns = tuple[list[str | None], ...]  # data (JSON), amount, currency, date and reference, all as text


@dataclass(frozen=True)
class _Typed:
    """The rows of a request, typed by the mapping that the source had then."""

    mapping: dict[str, Any]
    slices: list[Columns]


async def create_records(actor: Actor, source_id: UUID, body: RecordsCreate, settings: Settings) -> Answer:
    """
    Add records at the end of a source: all of them, or none.

    Raises: NotFound, Forbidden, SourceInUse, Invalid, StorageFull if the project has no room.
    """
    given = body.all()
    pointer = "/records" if body.records is not None else ""
    found: _Typed | None = None
    with contextlib.suppress(Problem):  # reported below, after a repeated request has received its stored answer
        # Typed before the source is locked, so that nobody waits for it. The mapping rarely changes meanwhile.
        found = await _type((await access.load(actor, Source, source_id, "record.edit")).row, given, pointer)
    async with unit_of_work(actor) as u:
        source = (await access.load(actor, Source, source_id, "record.edit", lock=True)).row
        if source.status != SourceStatus.READY:
            raise problems.SourceInUse("The source is not ready. Wait, or answer its questions first.")
        if found is None or source.mapping != found.mapping:
            found = await _type(source, given, pointer)
        size = sum(
            stored_size(data, reference)
            for columns in found.slices
            for data, reference in zip(columns[0], columns[4], strict=True)
        )
        await refuse_without_room(settings, source.project_id, u.execute, size)
        rows = await u.execute(
            'SELECT coalesce(max("row"), -1) AS last FROM reconciliation_records WHERE source_id = $1', source_id
        )
        first = rows[0]["last"] + 1
        added = await asyncio.to_thread(added_columns, source, [record.data for record in given], pointer)
        await u.save(
            source,
            revision=source.revision + 1,
            rows_read=source.rows_read + len(given),
            rows_loaded=source.rows_loaded + len(given),
            detection=counted(source, size) | added,
        )
        ids = uuid7_texts(len(given))
        await _store(u, source, first, ids, found.slices)
        await count_records(u, ids)
        u.publish(changed_event(source, [UUID(i) for i in ids] if len(ids) <= 100 else None, len(ids)))
        u.audit(f"project:{source.project_id}", "record.create", ("source", source_id), count=len(ids))
        if body.records is None:
            view = await queries.view_of(Reading(u.connection), UUID(ids[0]))
            return u.answer(201, view, version=1)
        columns = (await columns_of(Reading(u.connection), [source_id])).get(source_id, [])
        pieces = [piece async for piece in _views(u, ids, columns)]
        return u.answer_as(201, b'{"items":[' + b",".join(pieces) + b"]}")


async def _type(source: Source, given: list[RecordIn], pointer: str) -> _Typed:
    slices: list[Columns] = []
    faults: list[Fault] = []
    for start in range(0, len(given), SLICE_ROWS):
        try:
            part = given[start : start + SLICE_ROWS]
            slices.append(await asyncio.to_thread(typed, source.mapping, part, start, pointer))
        except Invalid as invalid:
            faults += invalid.errors
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise Invalid(errors=tuple(faults[:MOST_FAULTS]))
    return _Typed(source.mapping, slices)


async def _store(u: UnitOfWork, source: Source, first: int, ids: list[str], slices: list[Columns]) -> None:
    for number, columns in enumerate(slices):
        start = number * SLICE_ROWS
        await u.execute(
            'INSERT INTO reconciliation_records (id, source_id, "row", revision, data, amount, currency, date, reference, '
            "version, created_at, updated_at) SELECT i::uuid, $1, $2 + n - 1, $3, d::jsonb, a::numeric, c, t::date, r, 1, $4, $4 "
            "FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) "
            "WITH ORDINALITY AS x(i, d, a, c, t, r, n)",
            source.id,
            first + start,
            source.revision,
            u.at,
            ids[start : start + SLICE_ROWS],
            *columns,
        )


async def _views(u: UnitOfWork, ids: list[str], columns: list[str]) -> AsyncIterator[bytes]:
    """The stored records as JSON, some at a time, with their columns in order. No match uses them yet."""
    for start in range(0, len(ids), SLICE_ROWS):
        rows = await u.execute(
            f"SELECT {queries.COLUMNS} FROM reconciliation_records t CROSS JOIN (SELECT NULL::uuid AS match_id, NULL AS status, false AS written_off, NULL AS signatures) u "
            'WHERE t.id = ANY($1::text[]::uuid[]) ORDER BY t."row"',
            ids[start : start + SLICE_ROWS],
        )
        pieces: list[bytes] = []
        for row in rows:
            pieces.append(orjson.dumps(queries.view(row, columns).model_dump(mode="json", by_alias=True)))
            if len(pieces) == ANSWER_ROWS or len(pieces[-1]) > ANSWER_BYTES:
                yield b",".join(pieces)
                pieces = []
                await asyncio.sleep(0)
        if pieces:
            yield b",".join(pieces)


def changed_event(source: Source, ids: list[UUID] | None, count: int) -> RecordsChanged:
    """The event for changed records, with `ids` if they are few."""
    return RecordsChanged(
        project_id=source.project_id, source_id=source.id, ids=ids, count=count, revision=source.revision
    )


def counted(source: Source, more: int) -> dict[str, Any]:
    """The source's detection, updated with the bytes of its rows, which count towards the project's size."""
    return {**source.detection, "stored_bytes": max(0, source.detection.get("stored_bytes", 0) + more)}


def stored_size(data: str | bytes | None, reference: str | None) -> int:
    """The bytes of a record that count in the project's size: its data as JSON, and its reference."""
    return sum(len(text.encode() if isinstance(text, str) else text) for text in (data, reference) if text)


def typed(source_mapping: dict[str, Any], given: list[RecordIn], first: int, pointer: str) -> Columns:
    """
    The columns of records, the first of which has number `first`. Explicit values win over the mapping.

    Raises: Invalid if a mapped column does not hold an amount or a date.
    """
    # Only what the mapping names, because the records may have thousands of other columns between them.
    mapped = _columns_of(source_mapping)
    names = [name for name in mapped if any(name in record.data for record in given)]
    numbers = pa.array(range(len(given)), pa.int64())
    table = pa.table({name: pa.array([record.data.get(name) for record in given], pa.string()) for name in names})
    table = table if names else pa.table({"_": pa.nulls(len(given), pa.string())})
    mapping = Mapping.model_validate(_present(source_mapping, names))
    typed = apply_mapping(RawBatch(table, numbers, numbers), mapping)
    faults = [
        Fault(f"{pointer}/{first + r.line}/data" if pointer else "/data", "invalid_field", r.message)
        for r in typed.rejects
    ]
    if faults:
        raise Invalid(errors=tuple(faults[:MOST_FAULTS]))
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
    return list(dict.fromkeys(name for _, name in Mapping.model_validate(mapping).named()))


def _present(mapping: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The parts of a mapping whose columns the given records have. Rows that somebody adds are never left out."""
    return {
        field: spec
        for field, spec in mapping.items()
        if field not in ("skip", "table") and all(name in names for name in _columns_of({field: spec}))
    }
