"""
Receives an upload as it streams in: chunks of 1 MiB, each committed in a short transaction under a pending source.

A broken upload removes its pending source. The worker sweeps up what a killed process left behind.
"""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import TypeAdapter, ValidationError
from tortoise import Tortoise

from core import log, problems
from core.clock import now
from core.ids import uuid7
from core.problems import Fault, Invalid
from core.settings import Settings
from core.text import says_something
from matching.reading.detect import SAMPLE_BYTES, check_magic, format_of
from matching.reading.formats import FALLBACK, FORMATS
from matching.reading.mapping import Mapping
from matching.reading.values import FileRejected
from models import access
from models.access import Actor
from models.project import Project
from models.source import Source
from models.status import LOADED_SOURCE, SourceStatus
from realtime import state, streams
from realtime.events import source as events
from realtime.events.state import SourceProgress
from realtime.unit_of_work import Answer, unit_of_work
from server.api import metrics
from server.api.body.faults import faults_of
from server.api.body.intake import parse_body, refuse_encoding
from server.api.keys import DISK
from server.api.request import note_body
from server.api.schemas import CONTROL, Name
from server.holds.rights import refuse_signed_out
from server.source.actions import kept
from server.source.event import event_of
from server.source.parts import MOST_BYTES, Rest, reader_of
from server.source.schemas import SourceView
from server.store.disk import Disk, project_full, room_in_project
from server.store.queue import enqueue

CHUNK_BYTES = 1024 * 1024
ROOM_CHUNKS = 8  # between two looks at the project's room
MAX_FIELD_BYTES = 64 * 1024
PROGRESS_EVERY_S = 0.25
PARTS = ("file", "name", "format", "mapping")
_MALFORMED = (ValueError, AssertionError, RuntimeError, LookupError, HttpProcessingError)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
logger = log.get(__name__)


@dataclass
class Upload:
    """What has arrived so far."""

    project_id: UUID
    source_id: UUID
    total_bytes: int | None
    limit_bytes: int
    settings: Settings
    disk: Disk
    room_bytes: int = 0  # left in the project when it was last looked at
    name: str | None = None
    format: str | None = None
    mapping: Mapping | None = None
    first: bytes = b""  # the start of the file, enough to tell its format
    filename: str | None = None
    size_bytes: int = 0
    chunks: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    reported_at: float = 0.0


def _too_large(pointer: str, detail: str) -> problems.TooLarge:
    return problems.TooLarge(detail, (Fault(pointer, "too_large", detail),))


async def receive(actor: Actor, project_id: UUID, request: web.Request, settings: Settings) -> Answer:
    """
    Store an uploaded file and queue its loading.

    Raises: NotFound, Forbidden, UnsupportedMediaType, TooLarge, Invalid (no file, empty, wrong magic bytes),
    TokenRevoked if the sender was disabled or signed out meanwhile, StorageFull if the disk or the project has no room.
    """
    limit_bytes, disk = settings.upload_max_bytes, request.app[DISK]
    if request.content_length is not None and request.content_length > limit_bytes + MOST_BYTES:
        raise _too_large("/file", f"A file may be at most {limit_bytes:,} bytes long.")
    disk.refuse_when_full(request.content_length or 0)
    refuse_encoding(request)
    rest = Rest()
    reader = _reader_of(request, rest)
    # Do not read a body whose sender may not load it; faults in its parts are reported only after 404 and 403.
    await access.load(actor, Project, project_id, "source.load")
    upload = Upload(project_id, uuid7(), request.content_length, limit_bytes, settings, disk)
    await _open(actor, upload)
    try:
        await _receive_parts(upload, reader, rest)
        return await _finish(actor, upload)
    except BaseException:
        # This also runs when the client went away, and the clean-up must not be cancelled with the request.
        await asyncio.shield(_remove(upload.source_id))
        raise


async def _rows(sql: str, *values: Any) -> Any:
    return await Tortoise.get_connection("default").execute_query_dict(sql, list(values))


async def _open(actor: Actor, upload: Upload) -> None:
    at = now()
    await Source.create(
        id=upload.source_id,
        project_id=upload.project_id,
        name="upload",
        format=FALLBACK.name,
        status=SourceStatus.PENDING,
        created_by=actor.id,
        created_at=at,
        updated_at=at,
    )


def _reader_of(request: web.Request, rest: Rest) -> MultipartReader:
    try:
        return reader_of(request, rest)
    except _MALFORMED as error:
        raise problems.InvalidJson("The boundary in the Content-Type header is missing or invalid.") from error


async def _receive_parts(upload: Upload, reader: MultipartReader, rest: Rest) -> None:
    try:
        await _walk(upload, reader, rest)
    except _MALFORMED as error:
        raise problems.InvalidJson("The multipart body is malformed.") from error


async def _walk(upload: Upload, reader: MultipartReader, rest: Rest) -> None:
    """Read each part once. Stop at the first faulty one, since what follows may be endless."""
    seen: set[str] = set()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise problems.InvalidJson("A nested multipart body is not accepted.")
        name = part.name or ""
        if name in seen or name not in PARTS:
            raise Invalid(errors=(_unwanted_part(name),))
        seen.add(name)
        if name == "file":
            await _store_file(upload, part)
        elif faults := _read_field(upload, name, await _field_text(part, rest)):
            raise Invalid(errors=tuple(faults))
    if "file" not in seen:
        raise Invalid(errors=(Fault("/file", "missing_field", "send the file as the part named file"),))
    if upload.size_bytes == 0:
        raise Invalid(errors=(Fault("/file", "file_rejected", "the file is empty"),))


def _unwanted_part(name: str) -> Fault:
    if name in PARTS:
        return Fault(f"/{name}", "invalid_field", f"an upload may have only one {name}")
    shown = name[:64].encode("utf-8", "replace").decode()
    return Fault(f"/{shown}", "unknown_field", "is not a part of an upload")


async def _field_text(part: BodyPartReader, rest: Rest) -> str:
    raw = bytearray()
    while chunk := await part.read_chunk(8192):
        raw += chunk
        rest.take(len(chunk))
        if len(raw) > MAX_FIELD_BYTES:
            raise _too_large(f"/{part.name}", f"The part {part.name} may be at most {MAX_FIELD_BYTES:,} bytes long.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid(errors=(Fault(f"/{part.name}", "invalid_field", "must be UTF-8"),)) from None


def _read_field(upload: Upload, name: str, text: str) -> list[Fault]:
    if name == "name":
        try:
            upload.name = _NAME.validate_python(text)
        except ValidationError as error:
            return list(faults_of(error, "/name"))
    elif name == "format":
        if text not in FORMATS:
            return [Fault("/format", "invalid_field", f"must be one of: {', '.join(FORMATS)}")]
        upload.format = text
    else:
        try:
            upload.mapping = parse_body(text.encode(), Mapping)
        except Invalid as error:
            return [replace(fault, pointer=f"/mapping{fault.pointer}") for fault in error.errors]
    return []


async def _store_file(upload: Upload, part: BodyPartReader) -> None:
    plain = ("identity", "binary", "8bit", "7bit")
    for header in ("Content-Encoding", "Content-Transfer-Encoding"):
        if part.headers.get(header, "identity").lower() not in plain:
            raise problems.UnsupportedMediaType("Send the file as it is, without a content encoding on the part.")
    filename = part.filename
    if filename:
        # Keep only the name, whatever path or control characters the client sends.
        filename = CONTROL.sub("", filename.replace("\\", "/").rsplit("/", 1)[-1]).strip()
        filename = filename.encode("utf-8", "replace").decode()[:256]
    upload.filename = filename if filename and says_something(filename) else None
    pending = bytearray()
    first = True
    while True:
        piece = await part.read_chunk(256 * 1024)
        pending += piece
        if upload.size_bytes + len(pending) > upload.limit_bytes:
            raise _too_large("/file", f"A file may be at most {upload.limit_bytes:,} bytes long.")
        while len(pending) >= CHUNK_BYTES or (not piece and pending):
            chunk = bytes(pending[:CHUNK_BYTES])
            del pending[:CHUNK_BYTES]
            if first:
                first = False
                _check_start(upload, chunk)
            upload.disk.refuse_when_full(len(chunk))
            await _take_room(upload, len(chunk))
            await _store_chunk(upload, chunk)
        if not piece:
            return


async def _take_room(upload: Upload, size: int) -> None:
    """Others store as well: what is left of the project's room is asked again now and then. Raises: StorageFull."""
    if upload.chunks % ROOM_CHUNKS == 0:
        upload.room_bytes = await room_in_project(upload.settings, upload.project_id, _rows, without=upload.source_id)
    if upload.size_bytes + size > upload.room_bytes:
        raise project_full(upload.settings)


def _check_start(upload: Upload, chunk: bytes) -> None:
    try:
        check_magic(chunk, upload.format)
        upload.first = chunk[:SAMPLE_BYTES]
    except FileRejected as error:
        raise Invalid(errors=(Fault("/file", "file_rejected", str(error)),)) from error


async def _store_chunk(upload: Upload, chunk: bytes) -> None:
    upload.digest.update(chunk)
    upload.size_bytes += len(chunk)
    metrics.UPLOADED_BYTES.inc(len(chunk))
    # One statement, so one short transaction; its timestamp tells the sweeper that the upload is alive.
    await Tortoise.get_connection("default").execute_query(
        f"WITH touched AS (UPDATE sources SET updated_at = now(), size_bytes = $4 WHERE id = $1 AND status = '{SourceStatus.PENDING}' "
        "RETURNING id) INSERT INTO source_chunks (source_id, number, body) SELECT id, $2, $3 FROM touched",
        [upload.source_id, upload.chunks, chunk, upload.size_bytes],
    )
    upload.chunks += 1
    if time.monotonic() - upload.reported_at >= PROGRESS_EVERY_S:
        upload.reported_at = time.monotonic()
        await _report(upload)


async def _report(upload: Upload) -> None:
    key = f"source.progress:{upload.source_id}"
    value = SourceProgress(
        source_id=upload.source_id,
        status=SourceStatus.PENDING,
        bytes=upload.size_bytes,
        total_bytes=upload.total_bytes,
        rows=0,
        rejected=0,
        left_out=0,
    )
    await state.put(key, [streams.project(upload.project_id)], value.model_dump(mode="json"))


async def _finish(actor: Actor, upload: Upload) -> Answer:
    sha256 = upload.digest.hexdigest()
    mapping = upload.mapping.said() if upload.mapping else None
    # For idempotency the body is the file and its fields, however they were divided into parts.
    await note_body(repr([sha256, upload.filename, upload.name, upload.format, mapping]).encode())
    async with unit_of_work(actor) as u:
        await refuse_signed_out(u, actor)
        await access.load(actor, Project, upload.project_id, "source.load", lock=True)
        source = await Source.filter(id=upload.source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if source is None:
            raise problems.Gone("The upload took too long and was removed. Send it again.")
        # other files were uploaded meanwhile
        if await room_in_project(upload.settings, upload.project_id, u.execute) < 0:
            raise project_full(upload.settings)
        twin = (
            await Source.filter(
                project_id=upload.project_id, sha256=sha256, status__in=[*LOADED_SOURCE, SourceStatus.LOADING]
            )
            .using_db(u.connection)
            .order_by("id")
            .first()
        )
        source.name = upload.name or upload.filename or "upload"
        source.format = format_of(upload.first, upload.format)
        source.filename = upload.filename
        source.size_bytes = upload.size_bytes
        source.sha256 = sha256
        source.duplicate_of = twin.id if twin else None
        source.status = SourceStatus.LOADING
        detection: dict[str, Any] = {"format_given": upload.format} if upload.format else {}
        if mapping is not None:
            detection["said"] = sorted(mapping)  # this file brings its own answers, even if there are none
        stored = kept(mapping or {}, detection)
        source.mapping, source.detection = stored["mapping"], stored["detection"]
        source.request_id = log.request_id.get()
        source.updated_at = u.at
        await source.save(using_db=u.connection)
        await enqueue(u, "source.load", source.id)
        u.publish(event_of(events.SourceCreated, source))
        u.audit(
            f"project:{upload.project_id}",
            "source.upload",
            ("source", source.id),
            version=1,
            sha256=sha256,
            size=upload.size_bytes,
        )
        return u.answer(202, SourceView.of(source), version=1)


async def _remove(source_id: UUID) -> None:
    try:
        await Source.filter(id=source_id, status=SourceStatus.PENDING).delete()
        await state.forget(f"source.progress:{source_id}")
    except Exception:  # noqa: BLE001 - the sweeper removes what could not be removed here
        logger.warning("a broken upload could not be removed yet", source_id=str(source_id))
