"""One attempt at a job, in an engine process: reads both sides, matches them, and writes the matches as they come."""

import asyncio
import contextlib
import queue
import tempfile
import threading
import time
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from core import log, problems
from core.settings import Settings
from matching import engine
from matching.fields import with_currencies
from matching.plan import Plan as Document
from matching.plan import PlanInvalid
from matching.results import Barred
from matching.suggest import suggest
from models.job import Job
from models.source import Source
from models.status import JobStatus
from realtime.events.job import Counts
from realtime.events.state import JobProgress
from server.job import endings, inputs, lifecycle
from server.job.chunks import write_chunk
from server.job.eta import Remaining
from server.job.sides import Sides
from server.store import disk, limits
from server.store.errors import described

POLL_S = 0.5
PROGRESS_EVERY_S = 0.3
QUEUED_CHUNKS = 8  # between the engine's thread and the writer; limits memory
logger = log.get(__name__)


async def run_job(settings: Settings, job_id: UUID, person: UUID | None) -> None:
    """
    Runs a job until it completes, fails or is cancelled. The outcome is always recorded, unless another attempt has
    taken over.
    """
    claim = await lifecycle.claim_job(job_id, settings.job_attempts, person)
    if claim is None:
        return
    if claim.is_cancelling:
        await endings.end_cancelled(job_id)
        return
    job = claim.job
    try:
        await JobRun(settings, job).run()
    except lifecycle.Fenced:
        # Either cancelled or taken over. If it was cancelled, this ends it; otherwise this does nothing.
        await endings.end_cancelled(job_id)
    except PlanInvalid as error:
        logger.info("the plan does not fit the sources", job_id=str(job_id), **described(error))
        faults = tuple(problems.Fault(pointer, "invalid_plan", message) for pointer, _, message in error.faults)
        said = f"The plan does not fit the sources: {error}"
        await endings.fail_job(job_id, job.attempt, problems.InvalidPlan(said, faults))
    except lifecycle.InputsChanged:
        detail = "Other matches released or took records of this job while it ran. Start a new job."
        await endings.fail_job(job_id, job.attempt, problems.JobState(detail))
    except engine.Stopped:
        await endings.end_cancelled(job_id)
    except Exception as error:
        if disk.is_full(error):
            problem: problems.Problem = disk.full_while_working(error)
        elif limits.is_memory(error):
            limits.lift_memory()
            problem = limits.job_needs_too_much_memory(settings)
        else:
            raise
        logger.error("the job ran out of room", job_id=str(job_id), **described(error))
        await endings.fail_job(job_id, job.attempt, problem)


class JobRun:
    """One attempt at a job: runs the engine in a thread and writes its chunks as they come."""

    def __init__(self, settings: Settings, job: Job) -> None:
        self.settings = settings
        self.job = job
        self.disk = disk.database_disk(settings)
        self.stop = threading.Event()
        self.started = time.monotonic()
        self.curve: list[tuple[float, float, float]] = list(job.progress_curve)
        self.remaining = Remaining()
        self.progress: dict[str, Any] = {}
        self.counts = Counts(**job.counts)
        self._recent: list[tuple[float, int]] = []

    async def run(self) -> None:
        """Raises: Fenced, PlanInvalid, engine.Stopped."""
        watcher = asyncio.create_task(self._watch())
        reporter = asyncio.create_task(self._report())
        try:
            await self._run()
        finally:
            self.stop.set()
            for task in (watcher, reporter):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _run(self) -> None:
        job = self.job
        self._note("loading", 0, 0, 0)
        left_source, right_source = await Source.get(id=job.left_source_id), await Source.get(id=job.right_source_id)
        left, right = await asyncio.gather(
            asyncio.to_thread(inputs.read_side, self.settings, job, left_source, "left"),
            asyncio.to_thread(inputs.read_side, self.settings, job, right_source, "right"),
        )
        rejected = await asyncio.to_thread(inputs.rejected_sets, self.settings, job, left, right)
        # If either side is empty, there is nothing to match, and nothing to suggest a plan from.
        is_empty = left.values.num_rows == 0 or right.values.num_rows == 0
        document, suggested = (None, None)
        if job.plan_document is not None:
            document = Document.model_validate(job.plan_document)
        elif not is_empty:
            document = await self._suggest(left, right)
            suggested = f"Suggested: {left_source.name} / {right_source.name}", document
        self.counts = await lifecycle.set_inputs(job, suggested, (left.ids.records, right.ids.records))
        barred = Barred(rejected, (len(left.ids.bases), len(right.ids.bases)))
        statistics = {} if document is None else await self._match(document, left, right, barred)
        self.progress |= {"stage": "writing", "fraction": 1.0}
        progress = self._state(JobStatus.COMPLETED).model_dump(mode="json", by_alias=True)
        await lifecycle.give_way(job)
        await lifecycle.complete_job(job, statistics, progress, self._thin_curve())
        await lifecycle.analyze()

    async def _suggest(self, left: inputs.Side, right: inputs.Side) -> Document:
        return await asyncio.to_thread(
            lambda: suggest(left.values, right.values, left_roles=left.roles, right_roles=right.roles)
        )

    async def _match(self, document: Document, left: inputs.Side, right: inputs.Side, barred: Barred) -> dict[str, Any]:
        """Runs the engine in a thread. Its chunks come through a bounded queue, so the engine waits for the writer."""
        results: queue.Queue[Any] = queue.Queue(QUEUED_CHUNKS)
        sides = Sides(
            await lifecycle.pair_of(self.job),
            document,
            left.ids,
            right.ids,
            await lifecycle.confirms_up_to(self.job.project_id),
        )
        sides.refuse_other_sign()
        statistics: dict[str, Any] = {}

        def produce() -> None:
            try:
                # DuckDB would otherwise spill into the working directory, which may be read-only in a container.
                with tempfile.TemporaryDirectory() as spill:
                    for item in engine.run(
                        left.values,
                        right.values,
                        with_currencies(document, (left.roles, right.roles)),
                        shown=(left.shown, right.shown),
                        barred=barred,
                        options=engine.Options(
                            threads=self.settings.engine_threads,
                            memory_limit_mb=self.settings.engine_memory_mb,
                            temp_directory=spill,
                            on_progress=self._on_progress,
                            should_stop=self.stop.is_set,
                        ),
                    ):
                        _put(results, item, self.stop)
                _put(results, None, self.stop)
            except BaseException as error:  # noqa: BLE001 - passed on to the writer, which raises it
                _put(results, error, self.stop)

        thread = threading.Thread(target=produce, name="engine", daemon=True)
        thread.start()
        while True:
            item = await asyncio.to_thread(results.get)
            if item is None:
                return statistics
            if isinstance(item, BaseException):
                raise item
            self.disk.refuse_when_full()
            if isinstance(item, engine.Chunk) and not item.is_reported:
                counts = await write_chunk(self.job, item, sides)
                self.counts = counts or self.counts
            elif isinstance(item, engine.PassFinished):
                await lifecycle.finish_pass(self.job, item.pass_index, item.pass_name)
                statistics.setdefault("passes", []).append(_plain(item))
            elif isinstance(item, engine.Finished):
                statistics["finished"] = _plain(item)

    def _on_progress(self, progress: engine.Progress) -> None:
        """Called in the engine's thread. It only takes notes; _report sends them."""
        self.progress = {
            "stage": progress.stage,
            "pass": progress.pass_name,
            "pass_index": progress.pass_index,
            "passes": progress.passes,
            "processed": progress.processed,
            "total": progress.total,
            "fraction": max(self.progress.get("fraction", 0.0), min(progress.fraction, 0.999)),
        }

    def _note(self, stage: str, processed: int, total: int, fraction: float) -> None:
        self.progress = {
            "stage": stage,
            "pass": None,
            "pass_index": 0,
            "passes": 0,
            "processed": processed,
            "total": total,
            "fraction": fraction,
        }

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            try:
                await lifecycle.put_progress(self.job, self._state(JobStatus.RUNNING))
            except Exception as error:  # noqa: BLE001 - the database is unavailable; the next write fails if it still is
                logger.warning("progress could not be stored", error=type(error).__name__)

    def _state(self, status: JobStatus) -> JobProgress:
        """The progress that sockets and readers get. Also adds a point to the curve."""
        fraction = float(self.progress["fraction"])
        rate = self._point(fraction)
        eta = self.remaining.after(time.monotonic() - self.started, fraction)
        return JobProgress(
            job_id=self.job.id,
            status=status,
            attempt=self.job.attempt,
            **self.progress,
            matched=self.counts.used,
            rate=round(rate, 1),
            eta_seconds=None if eta is None else round(eta, 1),
            counts=self.counts,
        )

    def _point(self, fraction: float) -> float:
        """Adds a point to the curve. Returns: records per second over the last 10 s."""
        at = time.monotonic()
        done = int(fraction * (self.counts.left + self.counts.right))
        self._recent = [(t, n) for t, n in self._recent if t > at - 10] + [(at, done)]
        first_at, first_done = self._recent[0]
        rate = (done - first_done) / (at - first_at) if at > first_at else 0.0
        self.curve.append((round(at - self.started, 2), round(fraction, 4), round(rate, 1)))
        if len(self.curve) > 1200:
            self.curve = self.curve[::2]
        return rate

    def _thin_curve(self) -> list[Any]:
        return [list(point) for point in self.curve[:: max(1, len(self.curve) // 600)]]

    async def _watch(self) -> None:
        """Stops the engine when the job is cancelled or another attempt takes over."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                if await lifecycle.current_status(self.job.id, self.job.attempt) != JobStatus.RUNNING:
                    self.stop.set()
            except lifecycle.Fenced:
                self.stop.set()
            except Exception:  # noqa: BLE001 - the database is unavailable; the next write fails if it still is
                logger.warning("the job's status could not be read")


def _put(results: "queue.Queue[Any]", item: Any, stop: threading.Event) -> None:
    while True:
        try:
            results.put(item, timeout=0.5)
            return
        except queue.Full:
            if stop.is_set():
                raise engine.Stopped from None


def _plain(item: Any) -> dict[str, Any]:
    """A result's plain values, without arrays of rows."""
    found = {
        name: value
        for name, value in asdict(item).items()
        if not hasattr(value, "__len__") or isinstance(value, str | dict | list | tuple)
    }
    plain: dict[str, Any] = orjson.loads(orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS))
    return plain
