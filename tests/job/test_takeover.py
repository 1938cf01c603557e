"""Jobs whose engine or worker dies, and jobs cancelled midway: no match twice, none lost."""

import asyncio
import os
import signal
from uuid import UUID

import orjson
import psutil
import pyarrow as pa
import pytest

from matching.engine import Chunk
from matching.plan import Plan as Document
from matching.results import MATCHES
from models.job import Job
from realtime.events.job import Counts
from realtime.events.state import JobProgress
from server.job import lifecycle
from server.job.chunks import write_chunk
from server.job.inputs import SideIds
from server.job.sides import Sides
from server.processes.engine_process import LONGEST_FOLDER
from tests.health.processes import freeze, thaw
from tests.job.locks import until_waiting


def _scratch(worker):
    return list(worker.temporary.glob("tallyroom-scratch-*"))


async def _new_scratch(worker, before):
    for _ in range(3000):
        if found := set(_scratch(worker)) - before:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(worker.log.read_text())


async def test_a_killed_engine_is_replaced_and_no_match_is_lost_or_twice(
    alice, project, worker, uninterrupted, until, end_of, pairs_of
):
    sides, expected = uninterrupted
    before = set(worker.temporary.glob("*/job-*"))  # what a worker that another module killed has left
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
    await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)

    (scratch,) = set(worker.temporary.glob("*/job-*")) - before
    assert _kill_engines(worker) == 1
    ended = await end_of(job["id"])

    assert (ended["status"], ended["attempt"]) == ("completed", 2)
    assert await pairs_of(job["id"]) == expected
    assert ended["counts"]["matches"] == len(expected)
    assert not scratch.exists(), "what a killed engine had written stays behind"


async def test_a_killed_worker_is_replaced_by_another(
    alice, project, start_worker, worker, uninterrupted, until, end_of, pairs_of
):
    sides, expected = uninterrupted
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that the other worker, which will be killed, gets the job
    try:
        victim = start_worker()
        job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
        await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)
        engines = [child.pid for child in psutil.Process(victim.process.pid).children(recursive=True)]
        victim.process.kill()
        victim.process.wait()
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)

    ended = await end_of(job["id"])

    assert (ended["status"], ended["attempt"]) == ("completed", 2)
    assert await pairs_of(job["id"]) == expected
    assert not [pid for pid in engines if psutil.pid_exists(pid)], "an engine outlived its worker"


@pytest.mark.long
async def test_a_worker_removes_the_leftovers_of_killed_workers_only(start_worker, worker):
    before = await _new_scratch(worker, set())  # run alone, the test comes before the worker has begun
    victim = start_worker()
    (left,) = await _new_scratch(victim, before)
    living = set(_scratch(worker)) - {left}
    victim.process.kill()
    victim.process.wait()
    assert left.exists()

    successor = start_worker()
    (made,) = await _new_scratch(successor, {*before, left})
    assert not left.exists()
    assert living
    assert all(folder.exists() for folder in living)

    successor.process.terminate()
    successor.process.wait()
    assert not made.exists()
    if len(str(made)) <= LONGEST_FOLDER:
        assert not list(worker.temporary.glob("pymp-*")), (
            "the fork server's socket stands outside of the scratch folder"
        )


@pytest.mark.long
async def test_a_job_that_always_dies_ends_as_failed_and_can_be_retried(alice, project, worker, uninterrupted, end_of):
    sides, _ = uninterrupted
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)

    killed = 0
    while (found := await alice.ok("GET", f"/jobs/{job['id']}"))["status"] in ("queued", "running"):
        if found["attempt"] > killed:
            killed += _kill_engines(worker)
        await asyncio.sleep(0.02)
    lines = [orjson.loads(line) for line in worker.log.read_bytes().splitlines() if job["id"].encode() in line]
    deaths = [(line["attempt"], line["exit_status"]) for line in lines if line.get("exit_status") is not None]
    retried = await alice.ok("POST", f"/jobs/{job['id']}/retry")
    ended = await end_of(job["id"])

    assert killed == 3
    assert deaths == [(attempt, -signal.SIGKILL) for attempt in (1, 2, 3)]
    assert (found["status"], found["attempt"], found["problem"]["code"]) == ("failed", 3, "internal")
    assert "3 times" in found["problem"]["detail"]
    assert (retried["status"], retried["problem"]) == ("queued", None)
    assert (ended["status"], ended["attempt"]) == ("completed", 4)


async def test_a_cancelled_job_keeps_what_it_finished_and_a_retry_adds_the_rest(
    alice, project, worker, uninterrupted, until, end_of, pairs_of
):
    sides, expected = uninterrupted
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
    await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)

    await alice.ok("POST", f"/jobs/{job['id']}/cancel")
    cancelled = await end_of(job["id"])
    kept = await pairs_of(job["id"])
    await alice.ok("POST", f"/jobs/{job['id']}/retry")
    ended = await end_of(job["id"])

    assert cancelled["status"] == "cancelled"
    assert len(kept) == cancelled["counts"]["matches"] >= 1000
    assert kept < expected
    assert ended["status"] == "completed"
    assert await pairs_of(job["id"]) == expected


async def test_a_job_is_cancelled_at_once_although_its_engine_is_frozen(
    alice, project, worker, uninterrupted, until, db
):
    sides, _ = uninterrupted
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
    await until(job["id"], lambda found: found["status"] == "running")
    await _freeze(worker, db)

    await alice.ok("POST", f"/jobs/{job['id']}/cancel")
    await until(job["id"], lambda found: found["status"] == "cancelled")

    assert worker.engines() == []


@pytest.mark.long
async def test_a_job_that_takes_too_long_fails_and_says_what_to_change(
    alice, project, start_worker, worker, uninterrupted, until, end_of, db
):
    sides, _ = uninterrupted
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that the other worker, which is given little time, gets the job
    impatient = start_worker(TALLYROOM_JOB_WALL_S="2")
    try:
        job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
        await until(job["id"], lambda found: found["status"] != "queued")
        # On a busy machine, its time may already be over.
        while not await _have_frozen(impatient, db) and await _status(alice, job) == "running":
            await asyncio.sleep(0.01)
        failed = await end_of(job["id"])
        left = impatient.engines()
    finally:
        impatient.process.terminate()
        impatient.process.wait()
        os.kill(worker.process.pid, signal.SIGCONT)

    assert (failed["status"], failed["problem"]["code"]) == ("failed", "too_large")
    assert "TALLYROOM_JOB_WALL_S" in failed["problem"]["detail"]
    assert left == []


async def test_a_worker_that_lost_its_job_writes_nothing(alice, project, make_sides, run, db):
    job = await run(await make_sides(60))
    document = Document.model_validate((await alice.ok("GET", f"/plans/{job['plan']['id']}"))["document"])
    late = await _late(db, job)
    none = SideIds([], *(pa.array([], kind) for kind in (pa.string(), pa.string(), pa.date32())))
    sides = Sides(await lifecycle.pair_of(late), document, none, none)
    before = await _written(alice, project, job)

    for write in (
        lifecycle.finish_pass(late, 0, "p"),
        lifecycle.set_inputs(late, None, (50, 50)),
        lifecycle.set_inputs(late, ("of a late attempt", document), (50, 50)),
        write_chunk(late, _empty_chunk(), sides),
        lifecycle.complete_job(late, {}, {}, []),
    ):
        with pytest.raises(lifecycle.Fenced):
            await write

    assert await _written(alice, project, job) == before
    assert await db.fetchval("SELECT count(*) FROM job_chunks WHERE chunk = $1", _empty_chunk().chunk) == 0
    assert await db.fetchval("SELECT count(*) FROM plan_versions") == 1


async def test_only_the_attempt_that_runs_a_job_publishes_its_progress(make_sides, run, db):
    job = await run(await make_sides(60))
    late = await _late(db, job)
    key = f"job.progress:{job['id']}"
    told = "SELECT value->>'attempt' FROM states WHERE key = $1"

    await db.execute("DELETE FROM states WHERE key = $1", key)  # the worker may not have come to it yet
    await lifecycle.put_progress(late, _progress(late))
    by_the_late = await db.fetchval(told, key)
    late.attempt = 2
    await lifecycle.put_progress(late, _progress(late))
    by_the_current = await db.fetchval(told, key)
    await db.execute("UPDATE reconciliation_jobs SET status = 'completed' WHERE id = $1::text::uuid", job["id"])
    await db.execute("DELETE FROM states WHERE key = $1", key)
    await lifecycle.put_progress(late, _progress(late))
    after_the_end = await db.fetchval(told, key)

    assert (by_the_late, by_the_current, after_the_end) == (None, "2", None)


async def test_a_job_begins_only_after_changes_to_its_records_have_ended(alice, project, db):
    ids = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("a", "b")]
    body = {"left_source": ids[0], "right_source": ids[1]}
    job = await alice.ok("POST", f"/projects/{project}/jobs", body)

    async with db.transaction():  # somebody who changes a record has locked its source, and raises its revision
        await db.execute("SELECT 1 FROM sources WHERE id = $1::text::uuid FOR NO KEY UPDATE", ids[0])
        starting = asyncio.create_task(lifecycle.claim_job(UUID(job["id"]), 3))
        await until_waiting(db, [starting])
        await db.execute("UPDATE sources SET revision = revision + 1 WHERE id = $1::text::uuid", ids[0])
    claim = await starting

    assert claim.job.inputs["left"]["revision"] == 2


@pytest.mark.long
async def test_a_second_job_uses_unconfirmed_records_and_supersedes_older_suggestions(alice, make_sides, run, pairs_of):
    sides = await make_sides(600)
    first = await run(sides)
    before = await pairs_of(first["id"])

    second = await run(sides, plan=first["plan"]["id"])

    confirmed = sum(status == "confirmed" for _, _, status in before)
    after = await pairs_of(first["id"])
    assert second["counts"]["left"] == 600 - confirmed
    assert {pair for pair in after if pair[2] == "confirmed"} == {pair for pair in before if pair[2] == "confirmed"}
    again = {(left, right) for left, right, _ in await pairs_of(second["id"])}
    for left, right, status in after:
        assert status != "suggested" or (left, right) not in again


@pytest.mark.long
async def test_a_rejected_pair_is_not_proposed_again(alice, make_sides, run, pairs_of):
    sides = await make_sides(300)
    first = await run(sides)
    match = (await alice.ok("GET", f"/jobs/{first['id']}/matches?limit=1&status=confirmed"))["items"][0]
    rows = tuple(record["row"] for record in sorted(match["records"], key=lambda record: record["side"]))

    await alice.ok("POST", f"/matches/{match['id']}/undo", {})
    await alice.ok("POST", f"/matches/{match['id']}/reject", {"reason": "another customer"})
    second = await run(sides, plan=first["plan"]["id"])

    assert second["counts"]["left"] >= 1
    assert rows not in {(left, right) for left, right, _ in await pairs_of(second["id"])}


async def _late(db, job):
    """The job as known to an attempt that a second one has replaced."""
    await db.execute(
        "UPDATE reconciliation_jobs SET status = 'running', attempt = 2 WHERE id = $1::text::uuid", job["id"]
    )
    late = await Job.get(id=job["id"])
    late.attempt = 1
    return late


async def _written(alice, project, job):
    """What people can see of a job: counts, matches, events, and the plans of its project."""
    events = await alice.ok("GET", f"/jobs/{job['id']}/matches")
    plans = await alice.ok("GET", f"/projects/{project}/plans")
    return (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"], events["total"], plans["total"]


def _empty_chunk():
    """A chunk that no attempt has written, with no matches in it."""
    return Chunk(pass_index=0, pass_name="p", chunk=99, matches=MATCHES.empty_table())


def _progress(job):
    return JobProgress(
        job_id=job.id,
        status="running",
        attempt=job.attempt,
        stage="comparing",
        **{"pass": "p"},
        pass_index=0,
        passes=1,
        processed=1,
        total=2,
        fraction=0.5,
        matched=0,
        rate=1.0,
        eta_seconds=None,
        counts=Counts(),
    )


async def _freeze(worker, db):
    """Freezes engines outside of a transaction, as if they were in a step that never checks whether to stop."""
    for _ in range(3000):
        if await _have_frozen(worker, db):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(worker.log.read_text())


async def _status(person, job):
    return (await person.ok("GET", f"/jobs/{job['id']}"))["status"]


async def _have_frozen(worker, db):
    """Freezes the engines if they are outside of a transaction at this moment."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tallyroom engine%' AND state LIKE '%transaction%'"
    engines = freeze(worker.engines())
    if engines and not await db.fetchval(busy):
        return True
    thaw(engines)
    return False


def _kill_engines(worker) -> int:
    killed = 0
    for engine in worker.engines():
        try:
            engine.kill()
            killed += 1
        except psutil.NoSuchProcess:
            continue
    return killed
