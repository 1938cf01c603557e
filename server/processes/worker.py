"""
The worker: takes tasks from the queue and gives each to an engine process of its own, whose crash it survives.

The queue provides leases and heartbeats; the attempt in the job's row is what makes a take-over safe
(server/job/lifecycle.py).
"""

import asyncio
import contextlib
import signal
from datetime import timedelta
from uuid import UUID

import orjson
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job as Task

from core import log
from core.envelope import key_ring
from core.settings import Settings
from models.access import SYSTEM
from models.job import Job
from models.status import WORKED_JOB, JobStatus, SourceStatus
from realtime import state
from realtime import unit_of_work as work
from realtime.unit_of_work import unit_of_work
from server.job import endings
from server.match import leaving
from server.processes import nightly, retention
from server.processes.engine_process import Engines
from server.processes.running import Reason, Running, Watch
from server.processes.scratch import scratch_folder
from server.processes.turns import FairQueries
from server.record import claims
from server.source import release
from server.store import database, disk, limits
from server.store.hints import hinter_of
from server.store.keyring import open_keyring
from server.store.queue import enqueue

HEARTBEAT_S = 5.0
CRASH_PAUSE_S = 1.0
logger = log.get(__name__)


async def work_until_stopped(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. If the database becomes unreachable, wait for it."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    with scratch_folder() as scratch:
        await _work(settings, stopping, Engines(scratch))


async def _work(settings: Settings, stopping: asyncio.Event, engines: Engines) -> None:
    async with database.opened(settings, "tallyroom worker", pool=4):
        keyring = await open_keyring(key_ring(settings))
        hinter = hinter_of(settings, keyring)
        work.install(work.Ledger(audit_key=keyring.audit, hint=hinter.hint, hint_state=hinter.hint_state))
        hinter.start()
        tasks = [
            asyncio.create_task(_beat(), name="heartbeat"),
            asyncio.create_task(retention.sweep_forever(settings), name="retention"),
            asyncio.create_task(nightly.check_forever(settings), name="nightly"),
            asyncio.create_task(claims.sweep_forever(), name="claims"),
            asyncio.create_task(leaving.sweep_forever(), name="ended memberships"),
            asyncio.create_task(_requeue_stranded(), name="stranded"),
            asyncio.create_task(_end_abandoned(settings.job_heartbeat_timeout_s), name="abandoned"),
            asyncio.create_task(engines.warm_up(), name="fork server"),
        ]
        try:
            worker = Worker(settings, stopping, engines)
            tasks.append(asyncio.create_task(worker.watch.run(), name="watch"))
            await worker.run()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await hinter.stop()


class Worker:
    """The queue's consumer."""

    def __init__(self, settings: Settings, stopping: asyncio.Event, engines: Engines) -> None:
        self.settings = settings
        self.stopping = stopping
        self.engines = engines
        self.slots = max(2, settings.worker_concurrency + 1)
        self.watch = Watch(self.slots, disk.scratch_disk(settings))

    async def run(self) -> None:
        """Consume tasks until asked to stop. Recovers by itself after the database was unreachable."""
        delay_s = 0.2
        while not self.stopping.is_set():
            try:
                await self._consume()
                delay_s = 0.2
            except Exception as error:  # noqa: BLE001 - a task's root: the queue passes on whatever the connection raised
                if self.stopping.is_set():
                    return
                logger.warning(
                    "the queue's database is unavailable", error=type(error).__name__, detail=str(error)[:200]
                )
                self.watch.kill_all()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), delay_s)
                delay_s = min(delay_s * 2, 5.0)

    async def _consume(self) -> None:
        connection = await database.connect(self.settings, "tallyroom queue")
        # The queue listens and sends heartbeats on this connection between tasks, so it may be idle for long.
        try:
            driver = AsyncpgDriver(connection)
            queuer = PgQueuer(driver, queries=FairQueries(driver))

            @queuer.entrypoint("job.run", concurrency_limit=0)
            async def run_job(task: Task) -> None:
                await self._run_job(task)

            @queuer.entrypoint("source.load", concurrency_limit=0)
            async def load_source(task: Task) -> None:
                await self._load_source(task)

            stopper = asyncio.create_task(self._stop_when_asked(queuer))
            try:
                await queuer.run(
                    dequeue_timeout=timedelta(seconds=1),
                    batch_size=1,
                    max_concurrent_tasks=self.slots,
                    heartbeat_timeout=timedelta(seconds=self.settings.job_heartbeat_timeout_s),
                    shutdown_on_listener_failure=True,
                )
            finally:
                stopper.cancel()
            if not self.stopping.is_set():
                raise ConnectionError("the queue's listener has ended")
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), 2)

    async def _stop_when_asked(self, queuer: PgQueuer) -> None:
        await self.stopping.wait()
        queuer.shutdown.set()
        # Do not wait for a job: the next start takes it over from the chunk it had reached.
        self.watch.kill_all()

    async def _run_job(self, task: Task) -> None:
        job_id, person = _subject_of(task)
        while True:
            job = await Job.filter(id=job_id).first()
            if job is None or job.status not in WORKED_JOB:  # it has ended, or is paused
                return
            attempt = job.attempt + 1  # of the engine starting now, unless another worker has started one meanwhile
            status, reason = await self._engine(Running("job", job_id, person, task.id, self.settings.job_wall_s))
            if self.stopping.is_set() or reason == "others wait":
                await self._give_back(job_id, person)
                await endings.end_cancelled(job_id)  # in case it was cancelled at that very moment
                return
            if reason in ("late", "disk"):
                problem = limits.job_took_too_long(self.settings) if reason == "late" else disk.full_while_working()
                await endings.fail_job(job_id, attempt, problem)
                if await endings.is_queued(job_id):  # it had not begun
                    await self._give_back(job_id, person)
            elif reason == "cancelled":
                await endings.end_cancelled(job_id)
            if status == 0 or reason is not None:
                return  # it recorded an end, or found that another attempt has taken the job
            job = await Job.filter(id=job_id).first()
            if job is None or job.status not in WORKED_JOB:
                return
            # The process ended without recording an end of the job: it crashed or was killed.
            logger.error("the engine stopped", job_id=str(job_id), exit_status=status, attempt=job.attempt)
            if not await endings.release_job(job_id, self.settings.job_attempts):
                return
            await asyncio.sleep(CRASH_PAUSE_S)

    async def _load_source(self, task: Task) -> None:
        source_id, person = _subject_of(task)
        while (source := await release.loading_source(source_id)) is not None:
            # as above; the first one if the loader did not get that far
            attempts = (source.attempt, source.attempt + 1)
            wall_s = limits.of_file(self.settings.load_wall_s, source.size_bytes)
            status, reason = await self._engine(Running("source", source_id, person, task.id, wall_s))
            if self.stopping.is_set() or reason == "others wait":
                await release.give_back(source_id, person)
                return
            if reason == "late" or status == -signal.SIGXCPU:
                problem = limits.file_took_too_long(self.settings, source.size_bytes)
                await release.fail_source(source_id, attempts, problem)
                return
            if reason == "disk":
                await release.fail_source(source_id, attempts, disk.full_while_working())
            if status == 0 or reason is not None:
                return
            logger.error("the loader stopped", source_id=str(source_id), exit_status=status)
            await asyncio.sleep(CRASH_PAUSE_S)

    async def _give_back(self, job_id: UUID, person: UUID | None) -> None:
        """Queue the job again, at a stop or because others wait. This start does not count against it."""
        async with unit_of_work(SYSTEM) as u:
            job = await Job.filter(id=job_id).using_db(u.connection).select_for_update(no_key=True).first()
            if job is not None and job.status in (JobStatus.QUEUED, JobStatus.RUNNING):
                job.attempts_since_retry = max(0, job.attempts_since_retry - 1)
                await job.save(using_db=u.connection, update_fields=["attempts_since_retry"])
                await enqueue(u, "job.run", job_id, person)

    async def _engine(self, running: Running) -> tuple[int, Reason | None]:
        """Run an engine process to its end. Returns: its exit status, and why it was ended, if it was."""
        with self.watch.over(running):
            running.child = await self.engines.start(running.kind, running.row_id, running.person)
            try:
                return await running.child.wait(), running.ended_for
            except asyncio.CancelledError:
                running.child.kill()
                raise


def _subject_of(task: Task) -> tuple[UUID, UUID | None]:
    """The row that a task is about, and the person who asked for it."""
    payload = orjson.loads(task.payload or b"{}")
    log.request_id.set(payload.get("request_id"))
    person = payload.get("person")
    return UUID(payload["id"]), UUID(person) if person else None


async def _beat() -> None:
    """Tell /health that a worker is alive."""
    while True:
        with contextlib.suppress(Exception):
            await state.put("worker", [], {})
        await asyncio.sleep(HEARTBEAT_S)


async def _end_abandoned(heartbeat_timeout_s: float) -> None:
    """End cancelled jobs whose worker is gone, even while all slots of the other workers are taken."""
    while True:
        await asyncio.sleep(1)
        with contextlib.suppress(Exception):  # the database may be unreachable; it tries again soon
            await endings.end_abandoned(heartbeat_timeout_s)


async def _requeue_stranded() -> None:
    """Queue live jobs and loading sources again if the queue has no task for them because it was lost."""
    while True:
        await asyncio.sleep(30)
        try:
            async with unit_of_work(SYSTEM) as u:
                await u.execute("SELECT pg_advisory_xact_lock(hashtext('tallyroom stranded'))")
                for task, table, statuses in (
                    ("job.run", "reconciliation_jobs", WORKED_JOB),
                    ("source.load", "sources", (SourceStatus.LOADING,)),
                ):
                    rows = await u.execute(
                        f"SELECT id FROM {table} t WHERE status = ANY($1) AND updated_at < now() - interval '30 seconds' "
                        "AND NOT EXISTS (SELECT 1 FROM pgqueuer q WHERE q.entrypoint = $2 AND q.status IN ('queued', 'picked') "
                        "AND convert_from(q.payload, 'UTF8')::jsonb->>'id' = t.id::text)",
                        [str(status) for status in statuses],
                        task,
                    )
                    for row in rows:
                        await enqueue(u, task, row["id"])  # type: ignore[arg-type]  # the literals above
        except Exception as error:  # noqa: BLE001 - it tries again soon
            logger.warning("stranded tasks could not be searched for", error=type(error).__name__)
