"""Actions on sources."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from core import problems
from core.ids import uuid7
from core.problems import Fault, Invalid
from matching.reading.look import FIELDS
from matching.reading.mapping import Mapping, TableSpec, unknown_columns
from matching.reading.settled import with_counted
from models import access
from models.access import Actor
from models.project import Project
from models.source import Source
from models.status import LOADED_SOURCE, SourceStatus
from realtime.events import source as events
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.supersede import supersede
from server.books.transitions import lock_matches
from server.holds.jobs import refuse_live_jobs
from server.holds.locks import lock_proposed_records
from server.source import layouts
from server.source.event import event_of
from server.source.schemas import SourceCreate, SourceUpdate, SourceView
from server.store.queue import enqueue

# Matches go with their pair, but a write-off has none: one that waits for a second signature would wait without a record.
_REMOVE_WRITE_OFFS = """
    DELETE FROM matches m WHERE m.project_id = $1 AND m.job_id IS NULL AND m.pair_id IS NULL AND EXISTS (
        SELECT 1 FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id = m.id AND r.source_id = $2)
"""
_ANSWERS = ("said", "answered", "remembered", "cleared")  # of a source's detection: what people said, and when


async def create_empty_source(actor: Actor, project_id: UUID, body: SourceCreate) -> Answer:
    """Create a source without a file. Raises: NotFound, Forbidden."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "source.load", lock=True)
        source = await Source.create(
            using_db=u.connection,
            id=uuid7(),
            project_id=project_id,
            name=body.name,
            format="manual",
            status=SourceStatus.READY,
            mapping=body.mapping.model_dump(mode="json", exclude_none=True) if body.mapping else {},
            created_by=actor.id,
            created_at=u.at,
            updated_at=u.at,
        )
        u.publish(event_of(events.SourceCreated, source))
        u.audit(f"project:{project_id}", "source.create", ("source", source.id), version=1)
        return u.answer(201, SourceView.of(source), version=1)


async def update_source(actor: Actor, source_id: UUID, body: SourceUpdate, expected: int | None) -> Answer:
    """
    Rename a source, answer its questions with a mapping, or forget the answers about files like it. What is said about
    a file types its rows again and supersedes suggestions that compared the old values.

    Raises: NotFound, Forbidden, VersionConflict, SourceInUse, RecordInUse, Gone when the file is no longer kept,
    Invalid for columns that the source does not have.
    """
    async with unit_of_work(actor) as u:
        source = (await access.load(actor, Source, source_id, "source.load", lock=True)).row
        await u.expect_version(source, expected, required=False)
        changes: dict[str, Any] = {} if body.name is None else {"name": body.name}
        if body.mapping is not None or (body.forget and source.format != "manual"):
            await refuse_live_jobs(u, source.id)
            if source.status not in LOADED_SOURCE:
                raise problems.SourceInUse("The source is being loaded. Wait until it is ready.")
            changes |= await _answered(u, source, body, actor)
            if source.format != "manual":
                await lock_proposed_records(u, source.id)
                await supersede(u, source.project_id, await _suggestions_of(u, source.id))
                await _refuse_retyping(u, source)
                changes |= {"status": SourceStatus.LOADING, "questions": []}
        changed = await u.save(source, **changes)
        if "status" in changed:
            await enqueue(u, "source.load", source.id)
        if changed:
            u.publish(event_of(events.SourceUpdated, source))
            u.audit(
                f"project:{source.project_id}",
                "source.update",
                ("source", source.id),
                version=source.version,
                changed=[name for name in changed if name in ("name", "mapping")],
            )
        return u.answer(200, SourceView.of(source), version=source.version)


async def delete_source(actor: Actor, source_id: UUID, expected: int | None) -> None:
    """Delete a source and its records. Raises: NotFound, Forbidden, VersionConflict, SourceInUse, RecordInUse."""
    async with unit_of_work(actor) as u:
        source = (await access.load(actor, Source, source_id, "source.load", lock=True)).row
        await u.expect_version(source, expected, required=False)
        await refuse_live_jobs(u, source.id)
        await lock_proposed_records(u, source.id)
        await lock_matches(u, await _suggestions_of(u, source.id))
        await _refuse_confirmed(u, source.id)
        await u.execute(_REMOVE_WRITE_OFFS, source.project_id, source.id)
        await source.delete(using_db=u.connection)
        source.version += 1
        u.publish(event_of(events.SourceDeleted, source))
        u.audit(f"project:{source.project_id}", "source.delete", ("source", source.id), version=source.version)


async def _refuse_confirmed(u: UnitOfWork, source_id: UUID) -> None:
    used = await u.execute(
        "SELECT 1 FROM match_records m JOIN reconciliation_records r ON r.id = m.record_id "
        "WHERE r.source_id = $1 AND m.confirmed LIMIT 1",
        source_id,
    )
    if used:
        raise problems.RecordInUse("Confirmed matches use records of this source. Undo them first.")


async def _refuse_retyping(u: UnitOfWork, source: Source) -> None:
    """Check that the file can be read again without undoing people's work. Raises: RecordInUse, SourceInUse, Gone."""
    await _refuse_confirmed(u, source.id)
    if source.detection.get("loaded_revision", source.revision) != source.revision:
        raise problems.SourceInUse(
            "Records were added, changed or deleted after the file was loaded. Reading it again would undo that."
        )
    if not await u.execute("SELECT 1 FROM source_chunks WHERE source_id = $1 LIMIT 1", source.id):
        raise problems.Gone("The uploaded file is no longer kept. Upload it again with the mapping.")


async def _suggestions_of(u: UnitOfWork, source_id: UUID) -> list[UUID]:
    rows = await u.execute(
        "SELECT DISTINCT m.match_id FROM match_records m JOIN reconciliation_records r ON r.id = m.record_id "
        "WHERE r.source_id = $1 AND m.active",
        source_id,
    )
    return [row["match_id"] for row in rows]


async def _answered(u: UnitOfWork, source: Source, body: SourceUpdate, actor: Actor) -> dict[str, Any]:
    """What a source stores about new answers, or about answers that are to be forgotten."""
    before = Mapping() if body.forget else given_mapping(source)
    detection = dict(source.detection)
    if body.forget:
        await layouts.forget(u, source)
        detection = {name: value for name, value in detection.items() if name not in _ANSWERS} | {"forgot": True}
    given = body.mapping or Mapping()
    said = _merged(source, before, given)
    if not _is_elsewhere(before, given):  # the columns of another table are known once it has been read
        _check_columns(source, Mapping.model_validate(said))
    if given.said():
        detection["said"] = sorted({*(detection.get("said") or []), *given.said()})
        detection["answered"] = {"by": str(actor.id) if actor.id else None, "at": u.at.isoformat()}
    return kept(said, detection)


def given_mapping(source: Source) -> Mapping:
    """The mapping that people gave for a source; null for a field that they said has no column."""
    return Mapping.model_validate({**source.mapping, **dict.fromkeys(source.detection.get("cleared", []))})


def kept(said: dict[str, Any], detection: dict[str, Any]) -> dict[str, Any]:
    """A mapping as a source stores it: the mapped fields, and the names of the fields that have no column."""
    cleared = sorted(field for field, spec in said.items() if spec is None)
    return {
        "mapping": {field: spec for field, spec in said.items() if spec is not None},
        "detection": {**detection, "cleared": cleared},
    }


def _merged(source: Source, earlier: Mapping, mapping: Mapping) -> dict[str, Any]:
    """The earlier mapping with the new one added. A field whose question is still open counts as not mapped yet."""
    asked = {FIELDS[question["kind"]] for question in source.questions}
    if "amount" in mapping.said() and "fee" not in mapping.said():
        asked.add("fee")  # it was found for the earlier amount
    if _is_elsewhere(earlier, mapping):
        # What was found or said about columns was about those of the table that was read before.
        by_people = set(source.detection.get("said") or ())
        asked |= {field for field in earlier.said() if field not in by_people}
        asked |= {pointer.partition("/")[0] for pointer, _ in earlier.named()}
    before = {field: spec for field, spec in earlier.said().items() if field not in asked}
    said = {**before, **mapping.said()}
    if said.get("skip") or "skip" in asked:
        said |= _about_states(source, earlier, mapping)
    sheet = earlier.table.sheet if earlier.table is not None else None
    if mapping.table is not None and mapping.table.sheet is None and sheet is not None:
        said["table"] = {**said["table"], "sheet": sheet}  # a line is one of the sheet that was chosen
    return said


def _about_states(source: Source, earlier: Mapping, mapping: Mapping) -> dict[str, Any]:
    """
    What is settled about states by an answer: all that were asked about and all that earlier answers spoke of. Without an
    answer, the states that earlier answers said count still do, while the others are asked about again.
    """
    asked = next((question for question in source.questions if question["kind"] == "skip"), None)
    before, given = earlier.said().get("skip") or [], mapping.said().get("skip")
    if given:
        columns = dict.fromkeys([piece["column"] for piece in given] + ([asked["column"]] if asked else []))
        for column in columns:
            choices = asked["choices"] if asked is not None and asked["column"] == column else []
            given = with_counted(given, {"column": column, "choices": choices}, before)
        return {"skip": given}
    if "skip" in mapping.said() or asked is None:
        return {}
    kept_states = [
        piece if piece["column"] != asked["column"] else {**piece, "values": []}
        for piece in before
        if piece["column"] != asked["column"] or piece.get("counted")
    ]
    return {"skip": kept_states} if kept_states else {}


def _is_elsewhere(earlier: Mapping, mapping: Mapping) -> bool:
    """Whether a mapping chooses another sheet or another line as the header than the one before."""
    if mapping.table is None:
        return False
    before = earlier.table or TableSpec()
    sheet = mapping.table.sheet or before.sheet
    return (sheet, mapping.table.header_row) != (before.sheet, before.header_row)


def faults_of_columns(mapping: Mapping, known: Collection[str]) -> list[Fault]:
    """The columns that a mapping names but the source does not have."""
    return [
        Fault(f"/mapping/{field}/{key}", "invalid_field", f"{name} is not a column of this source")
        for field, key, name in unknown_columns(mapping, known)
    ]


def _check_columns(source: Source, mapping: Mapping) -> None:
    known = {column["name"] for column in source.profile}
    faults = faults_of_columns(mapping, known) if known else []
    if faults:
        raise Invalid(errors=tuple(faults))
