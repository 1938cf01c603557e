"""
Loads a source in the engine process: chunks into a temporary file, a first pass that profiles, a second that stores.

Rows are parsed in Arrow batches and stored by COPY, each batch in a transaction of its own that is fenced by the
source's attempt. A loader that starts again removes what an earlier attempt has stored. When a loaded source is typed
again because its mapping changed, its records stay in place and keep their ids.
"""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pyarrow as pa
import pyarrow.csv as pacsv

from core import log, problems
from core.clock import now
from core.ids import uuid7_texts
from core.money import NO_CURRENCY
from core.settings import Settings
from matching.reading import detect, tables
from matching.reading.answers import with_answers
from matching.reading.apply import Exceptions, apply_mapping
from matching.reading.format import Detection
from matching.reading.look import Look, look_at
from matching.reading.mapping import Mapping, TableSpec, blocking
from matching.reading.rows import Reject
from matching.reading.values import FileRejected
from models.access import SYSTEM
from models.source import Source
from models.status import SourceStatus
from realtime import state, streams
from realtime.events import source as events
from realtime.events.state import SourceProgress
from realtime.unit_of_work import unit_of_work
from server.books.entries import count_source
from server.holds.rights import lost, may_still
from server.source import layouts, left_out, release
from server.source.actions import faults_of_columns, given_mapping
from server.source.event import event_of
from server.store import database, disk, limits
from server.store.errors import described

MAX_ATTEMPTS = 3
COLUMNS = (
    "id",
    "source_id",
    "row",
    "revision",
    "data",
    "amount",
    "currency",
    "date",
    "reference",
    "version",
    "created_at",
    "updated_at",
)
# A record keeps its id and the revision that added it, and keeps its version too if nothing changed.
RETYPE = """
    INSERT INTO reconciliation_records AS r SELECT * FROM incoming ON CONFLICT (source_id, "row") DO UPDATE SET
        data = EXCLUDED.data, amount = EXCLUDED.amount, currency = EXCLUDED.currency, date = EXCLUDED.date,
        reference = EXCLUDED.reference, version = r.version + 1, updated_at = EXCLUDED.updated_at
    WHERE (r.data, r.amount, r.currency, r.date, r.reference)
        IS DISTINCT FROM (EXCLUDED.data, EXCLUDED.amount, EXCLUDED.currency, EXCLUDED.date, EXCLUDED.reference)
"""
REMOVE_UNTYPED = """
    DELETE FROM reconciliation_records r WHERE source_id = $1 AND "row" > $2 AND "row" <= $3
        AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i."row" = r."row")
"""
REPORT_EVERY_S = 0.3
LAYOUT_ROWS = 100  # enough to see where the first row is
TURN_S = 60
PIECE_BYTES = 256 * 1024
T = TypeVar("T")
logger = log.get(__name__)


class Fenced(Exception):
    """Another attempt is loading the source, or the source is gone."""


async def load_source(settings: Settings, source_id: UUID, person: UUID | None = None) -> None:
    """Load a source for a person, by default its creator, or record why it cannot be loaded."""
    source = await _claim(source_id, person)
    if source is None:
        return
    log.request_id.set(source.request_id)
    connection = await database.connect(settings, "tallyroom loader")
    try:
        # Near the end of a project's room, those who store there take turns.
        await connection.execute(f"SET lock_timeout = '{TURN_S}s'")
        loader = Loader(source, connection, settings)
        await loader.run()
    except FileRejected as error:
        logger.info("a file was refused", source_id=str(source_id), **described(error))
        await release.fail_source(source.id, [source.attempt], problems.FileRejected(str(error)))
    except Fenced:
        logger.warning("another attempt loads this source", source_id=str(source_id))
    except Exception as error:
        if disk.is_full(error):
            problem: problems.Problem = disk.full_while_working(error)
        elif limits.is_memory(error):
            limits.lift_memory()
            problem = problems.FileRejected("The file needs more memory than is allowed. Split it.")
        else:
            raise
        logger.error("a file was given up for want of room", source_id=str(source_id), **described(error))
        await release.fail_source(source.id, [source.attempt], problem)
    finally:
        await connection.close()
        # Keep the progress while the source is still being loaded, because it then belongs to another attempt.
        loading = f"SELECT 1 FROM sources WHERE id = $2 AND status = '{SourceStatus.LOADING}'"
        await state.forget(f"source.progress:{source_id}", loading, source_id)


async def _claim(source_id: UUID, person: UUID | None = None) -> Source | None:
    async with unit_of_work(SYSTEM) as u:
        source = await Source.filter(id=source_id).using_db(u.connection).select_for_update(no_key=True).first()
        if source is None or source.status != SourceStatus.LOADING:
            return None
        source.attempt += 1
        await source.save(using_db=u.connection, update_fields=["attempt"])
        gave_up = source.attempt > MAX_ATTEMPTS
        asker = person or source.created_by
        may = await may_still(u, asker, source.project_id, "source.load", token=source.asked_with)
    if not may:
        await release.fail_source(source.id, [source.attempt], lost("file"))
        return None
    if gave_up:
        problem = problems.FileRejected("The file could not be loaded in three attempts; see the worker's log.")
        await release.fail_source(source.id, [source.attempt], problem)
        return None
    return source


@dataclass(frozen=True)
class Found:
    """What a file turned out to be, and what is wrong with the mapping that came with it."""

    look: Look
    questions: list[dict[str, Any]]
    problem: problems.Problem | None

    @property
    def is_blocked(self) -> bool:
        """Whether a person has to answer a question before the rows can be typed."""
        return blocking(self.look.questions) or self.problem is not None


@dataclass(frozen=True)
class Prepared:
    """A batch that can be stored: its records as CSV with their row numbers, its rejects, and what is left out."""

    csv: bytes
    rows: pa.Array
    rejects: list[Reject]
    left_out: list[Reject]
    left_out_csv: bytes


class Loader:
    """One attempt to load a source."""

    def __init__(self, source: Source, connection: asyncpg.Connection, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        self.disk = disk.database_disk(settings)
        self.stored_bytes = 0
        self.connection = connection
        self.loaded = 0
        self.rejected = 0
        self.left_out: Counter[str] = Counter()  # by reason
        self.reported_at = 0.0
        self.seconds: dict[str, float] = {}  # per stage, for the log
        self.lap_at = time.monotonic()
        self.is_retyping = source.revision > 1
        self.last_row = -1
        self.layout: str | None = None
        self.remembered: layouts.Remembered | None = None
        # One thread does all parsing, because the parsers' DuckDB connection belongs to its thread.
        self.parser = ThreadPoolExecutor(1, thread_name_prefix="parser")

    async def run(self) -> None:
        """Load the source. Raises: FileRejected, Fenced, StorageFull."""
        source = self.source
        disk.scratch_disk(self.settings).refuse_when_full(source.size_bytes)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            await self._fetch(path)
            self._lap("fetch")
            look = await self._look(path)
            self._lap("look")
            problem = _problem_of(look.mapping, [profile.name for profile in look.profiles] or look.detection.columns)
            await self._clear()
            questions = await self._parse(self._questions, path, look, await self._currencies())
            found = Found(look, questions, problem)
            # Rows with an open question are stored raw: guessing a date order could silently corrupt them.
            if found.is_blocked:
                await self._store(path, look.detection, Mapping(), Exceptions())
            else:
                await self._store(path, look.detection, look.mapping, look.exceptions)
        self._lap("store")
        await self._finish(found)
        logger.info("loaded", source_id=str(source.id), rows=self.loaded, rejected=self.rejected, seconds=self.seconds)
        # Fresh statistics at once, because a plan made while the table was small would be kept for a minute.
        await self.connection.execute("ANALYZE reconciliation_records")

    async def _look(self, path: Path) -> Look:
        """Look at the file with what people said about it or, if nothing was said, about an earlier one."""
        given = given_mapping(self.source)
        detection = await self._detect(path, given.table)
        self._lap("detect")
        await self._recall(path, detection, given.table)
        if self.remembered is None:
            return await self._parse(look_at, path, detection, given)
        look: Look | None = None
        with contextlib.suppress(FileRejected):
            look = await self._look_again(path, Mapping.model_validate(self.remembered.mapping))
        if look is not None and not await self._parse(self._faults_in, path, look):
            return look
        # Answers that this file itself contradicts are not used: those of a year ago may be about another export.
        alone: Look = await self._parse(look_at, path, detection, given)
        if look is not None and (blocking(alone.questions) or await self._parse(self._faults_in, path, alone)):
            return look
        self.remembered = None
        return alone

    async def _detect(self, path: Path, table: TableSpec | None) -> Detection:
        return await self._parse(detect.detect, path, self.source.detection.get("format_given"), table)

    async def _look_again(self, path: Path, given: Mapping) -> Look:
        return await self._parse(look_at, path, await self._detect(path, given.table), given)

    async def _recall(self, path: Path, detection: Detection, table: TableSpec | None) -> None:
        """
        Find the answers that people gave about an earlier file of the same layout. It is the layout that the file has
        without anybody's word, as that of the next one.
        """
        if not await layouts.may_matter(self.connection, self.source):
            return
        with contextlib.suppress(FileRejected):
            alone = detection if table is None else await self._detect(path, None)
            self.layout = await self._parse(self._layout, path, alone)
            self.remembered = await layouts.answers_for(self.connection, self.source, self.layout)

    def _layout(self, path: Path, detection: Detection) -> str:
        return layouts.layout_of(detection, tables.read_batches(path, detection, batch_rows=LAYOUT_ROWS))

    def _faults_in(self, path: Path, look: Look) -> bool:
        """Whether the mapping cannot be what the file means. Runs in the parser thread."""
        if _problem_of(look.mapping, [profile.name for profile in look.profiles]):
            return True
        for batch in tables.read_batches(path, look.detection):
            typed = apply_mapping(replace(batch, faults={}), look.mapping, look.exceptions, with_data=False)
            return bool(typed.rejects)
        return False

    def _lap(self, stage: str) -> None:
        at = time.monotonic()
        self.seconds[stage] = round(at - self.lap_at, 3)
        self.lap_at = at

    async def _fetch(self, path: Path) -> None:
        count = await self.connection.fetchval(
            "SELECT count(*) FROM source_chunks WHERE source_id = $1", self.source.id
        )
        if not count:
            raise FileRejected("The uploaded file is no longer kept. Upload it again.")
        with path.open("wb") as file:
            for number in range(count):
                body = await self.connection.fetchval(
                    "SELECT body FROM source_chunks WHERE source_id = $1 AND number = $2", self.source.id, number
                )
                await asyncio.to_thread(file.write, body)

    def _questions(self, path: Path, look: Look, currencies: list[str]) -> list[dict[str, Any]]:
        """The open questions with what each answer would make of three rows. Runs in the parser thread."""
        if not look.questions:
            return []
        return with_answers(look, tables.read_batches(path, look.detection), currencies, path)

    async def _currencies(self) -> list[str]:
        """The currencies that people gave for whole sources of the project, most frequent first."""
        rows = await self.connection.fetch(
            "SELECT mapping -> 'currency' ->> 'value' AS code FROM sources WHERE project_id = $1 "
            "AND mapping -> 'currency' ->> 'value' <> $2 GROUP BY code ORDER BY count(*) DESC, code LIMIT 5",
            self.source.project_id,
            NO_CURRENCY,
        )
        return [row["code"] for row in rows]

    async def _clear(self) -> None:
        async with self.connection.transaction():
            await self._fence()
            if not self.is_retyping:
                await self.connection.execute("DELETE FROM reconciliation_records WHERE source_id = $1", self.source.id)
            for table in ("source_rejects", "source_left_out"):
                await self.connection.execute(f"DELETE FROM {table} WHERE source_id = $1", self.source.id)

    async def _store(self, path: Path, detection: Any, mapping: Mapping, exceptions: Exceptions) -> None:
        batches = tables.read_batches(path, detection)
        # Parse the next batch while this one is being stored.
        coming = asyncio.ensure_future(self._parse(self._prepare_next, batches, mapping, exceptions))
        try:
            while (prepared := await coming) is not None:
                coming = asyncio.ensure_future(self._parse(self._prepare_next, batches, mapping, exceptions))
                async with self.connection.transaction():
                    await self._fence()
                    await self._take_room(len(prepared.csv) + len(prepared.left_out_csv))
                    if self.is_retyping:
                        await self._retype(prepared.csv, prepared.rows)
                    else:
                        await self._copy("reconciliation_records", COLUMNS, prepared.csv)
                    await self._store_rejects(prepared.rejects)
                    if prepared.left_out_csv:
                        await self._copy("source_left_out", left_out.COLUMNS, prepared.left_out_csv)
                self.loaded += len(prepared.rows)
                self.left_out.update(reject.code for reject in prepared.left_out)
                await self._report()
        finally:
            await asyncio.gather(coming, return_exceptions=True)
        if self.is_retyping:
            await self._remove_rest()

    async def _take_room(self, size: int) -> None:
        """
        Counts a batch in the size of the project, where other loaders see it. A file may unpack to many times its size.

        Raises: StorageFull.
        """
        source = self.source
        self.disk.refuse_when_full(size)
        self.stored_bytes += size
        wanted = source.size_bytes + self.stored_bytes
        await disk.refuse_without_room(
            self.settings, source.project_id, self.connection.fetch, wanted, without=source.id
        )
        await self.connection.execute(
            "UPDATE sources SET detection = jsonb_set(detection, '{stored_bytes}', to_jsonb($2::bigint)) WHERE id = $1",
            source.id,
            self.stored_bytes,
        )

    async def _copy(self, table: str, columns: tuple[str, ...], csv: bytes) -> None:
        await self.connection.copy_to_table(table, source=_pieces(csv), columns=columns, format="csv")

    async def _retype(self, csv: bytes, rows: pa.Array) -> None:
        """Store a batch over the existing records. Remove those whose rows are now rejected."""
        if len(rows) == 0:
            return
        await self.connection.execute(
            "CREATE TEMPORARY TABLE incoming (LIKE reconciliation_records INCLUDING DEFAULTS) ON COMMIT DROP"
        )
        await self._copy("incoming", COLUMNS, csv)
        last = rows[-1].as_py()
        await self.connection.execute(REMOVE_UNTYPED, self.source.id, self.last_row, last)
        await self.connection.execute(RETYPE)
        self.last_row = last

    async def _remove_rest(self) -> None:
        async with self.connection.transaction():
            await self._fence()
            await self.connection.execute(
                'DELETE FROM reconciliation_records WHERE source_id = $1 AND "row" > $2', self.source.id, self.last_row
            )

    async def _parse(self, step: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.parser, step, *arguments)

    def _prepare_next(self, batches: Any, mapping: Mapping, exceptions: Exceptions) -> Prepared | None:
        """The next batch as CSV for COPY. Runs in the parser thread."""
        batch = next(batches, None)
        if batch is None:
            return None
        typed = apply_mapping(batch, mapping, exceptions)
        count = len(typed.rows)
        at = now().isoformat()
        table = pa.table(
            {
                "id": pa.array(uuid7_texts(count), pa.string()),
                "source_id": _constant(str(self.source.id), count),
                "row": typed.rows,
                "revision": _constant(self.source.revision, count),
                "data": typed.data,
                "amount": typed.amount,
                "currency": typed.currency,
                "date": typed.date,
                "reference": typed.reference,
                "version": _constant(1, count),
                "created_at": _constant(at, count),
                "updated_at": _constant(at, count),
            }
        )
        sink = pa.BufferOutputStream()
        pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False))
        prepared = Prepared(
            csv=sink.getvalue().to_pybytes(),
            rows=typed.rows,
            rejects=[*batch.rejects, *typed.rejects],
            left_out=typed.left_out,
            left_out_csv=left_out.left_out_csv(self.source.id, batch, typed.left_out),
        )
        pa.default_memory_pool().release_unused()
        return prepared

    async def _store_rejects(self, rejects: list[Reject]) -> None:
        self.rejected += len(rejects)
        if rejects:
            await self.connection.copy_records_to_table(
                "source_rejects",
                records=[(self.source.id, r.line, r.row, r.column, r.code, r.message, r.value_type) for r in rejects],
                columns=("source_id", "line", "row", "column", "code", "message", "value_type"),
            )

    async def _fence(self) -> None:
        row = await self.connection.fetchrow(
            f"SELECT 1 FROM sources WHERE id = $1 AND attempt = $2 AND status = '{SourceStatus.LOADING}' FOR NO KEY UPDATE",
            self.source.id,
            self.source.attempt,
        )
        if row is None:
            raise Fenced

    async def _report(self) -> None:
        if time.monotonic() - self.reported_at < REPORT_EVERY_S:
            return
        self.reported_at = time.monotonic()
        value = SourceProgress(
            source_id=self.source.id,
            status=SourceStatus.LOADING,
            bytes=self.source.size_bytes,
            total_bytes=self.source.size_bytes,
            rows=self.loaded,
            rejected=self.rejected,
            left_out=self.left_out.total(),
        )
        names = [streams.project(self.source.project_id)]
        fence = state.Fence(
            f"SELECT 1 FROM sources WHERE id = $1 AND attempt = $2 AND status = '{SourceStatus.LOADING}' FOR SHARE",
            (self.source.id, self.source.attempt),
        )
        await state.put(f"source.progress:{self.source.id}", names, value.model_dump(mode="json"), fence)

    async def _finish(self, found: Found) -> None:
        async with unit_of_work(SYSTEM) as u:
            # What is remembered belongs to the project, which is locked before its sources.
            await u.execute("SELECT 1 FROM projects WHERE id = $1 FOR KEY SHARE", self.source.project_id)
            source = (
                await Source.filter(id=self.source.id).using_db(u.connection).select_for_update(no_key=True).first()
            )
            if source is None or source.attempt != self.source.attempt or source.status != SourceStatus.LOADING:
                raise Fenced
            await u.save(
                source,
                status=SourceStatus.NEEDS_MAPPING if found.is_blocked else SourceStatus.READY,
                format=found.look.detection.format,
                rows_read=self.loaded + self.rejected + self.left_out.total(),
                rows_loaded=self.loaded,
                rows_rejected=self.rejected,
                rows_left_out=self.left_out.total(),
                mapping=found.look.mapping.model_dump(mode="json", exclude_none=True),
                questions=found.questions,
                profile=[_profile_view(profile, found.look.understanding.roles) for profile in found.look.profiles],
                detection={
                    **source.detection,
                    **_detection_view(found.look.detection),
                    **self._memory(found.look),
                    "suggested_mapping": found.look.suggested.model_dump(mode="json", exclude_none=True),
                    "left_out": dict(self.left_out.most_common()),
                    "loaded_revision": source.revision + 1,
                    "stored_bytes": self.stored_bytes,
                },
                revision=source.revision + 1,
                problem=found.problem.document(source.request_id) if found.problem else None,
                attempt=0,
            )
            if self.layout and not found.is_blocked and source.detection.get("answered"):
                await layouts.remember(u, source, self.layout, found.look)
            await count_source(u, source.id)
            u.publish(event_of(events.SourceUpdated if found.is_blocked else events.SourceReady, source))
            u.audit(
                f"project:{source.project_id}",
                "source.load",
                ("source", source.id),
                version=source.version,
                loaded=self.loaded,
                rejected=self.rejected,
                left_out=self.left_out.total(),
            )

    def _memory(self, look: Look) -> dict[str, Any]:
        """What the source keeps about answers that were used, and about its layout."""
        kept: dict[str, Any] = {} if self.layout is None else {"layout": self.layout}
        if self.remembered is not None:
            kept |= {
                "remembered": self.remembered.view(),
                "said": sorted(self.remembered.mapping),
                "cleared": sorted(field for field, spec in self.remembered.mapping.items() if spec is None),
                "notes": [self.remembered.note(), *look.detection.notes],
            }
        elif used := self.source.detection.get("remembered"):
            kept["notes"] = [used["note"], *look.detection.notes]
        return kept


async def _pieces(csv: bytes) -> AsyncIterator[bytes]:
    """
    Bytes in pieces for COPY. Given a file object, asyncpg would define a class for it that holds all of it until a late
    garbage collection.
    """
    for start in range(0, len(csv), PIECE_BYTES):
        yield csv[start : start + PIECE_BYTES]


def _constant(value: object, count: int) -> pa.Array:
    return pa.repeat(value, count)


def _problem_of(mapping: Mapping, columns: Collection[str]) -> problems.Problem | None:
    """What is wrong with the mapping that came with the file. Its columns are only known now."""
    faults = faults_of_columns(mapping, columns)
    if not faults:
        return None
    return problems.Invalid(
        "The mapping names columns that the file does not have. Send another mapping.", tuple(faults)
    )


def _profile_view(profile: Any, roles: dict[str, tuple[str, str | None]]) -> dict[str, Any]:
    role, proof = roles.get(profile.name, (None, None))
    return {
        "name": profile.name,
        "type": profile.type,
        "fill": profile.fill,
        "distinct": profile.distinct,
        "is_distinct_estimated": profile.is_distinct_estimated,
        "min": profile.min,
        "max": profile.max,
        "examples": list(profile.examples),
        "decimal": profile.decimal,
        "date_order": profile.date_order,
        "role": role,
        "role_proof": proof,
    }


def _detection_view(detection: Any) -> dict[str, Any]:
    return {
        "format": detection.format,
        "encoding": detection.encoding,
        "delimiter": detection.delimiter,
        "header": detection.header,
        "notes": list(detection.notes),
    }
