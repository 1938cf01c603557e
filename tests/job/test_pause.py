"""Jobs that are paused and resumed: no worker holds them meanwhile, and no chunk is written twice."""

import asyncio
import os
import signal

import pytest

from models.job import Job
from server.job import lifecycle
from tests.job.locks import held_before, until_waiting

QUEUED = "SELECT count(*) FROM pgqueuer WHERE convert_from(payload, 'UTF8')::jsonb->>'id' = $1"


async def test_a_paused_job_whose_worker_is_killed_goes_on_where_it_was_and_only_once(
    alice, project, start_worker, worker, uninterrupted, until, end_of, pairs_of, db
):
    sides, expected = uninterrupted
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that the other worker, which will be killed, gets the job
    try:
        victim = start_worker()
        async with held_before(db, chunk=1):
            job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
            await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)
            pauses = await _both(alice, f"/jobs/{job['id']}/pause")
            victim.process.kill()  # whether or not it has ended the engine by now
            victim.process.wait()
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)
    paused = await alice.ok("GET", f"/jobs/{job['id']}")
    kept = await pairs_of(job["id"])
    waiting = await db.fetchval(QUEUED, job["id"])

    resumes = await _both(alice, f"/jobs/{job['id']}/resume")
    ended = await end_of(job["id"])

    assert pauses == resumes == [202, 409]
    assert (paused["status"], paused["attempt"], waiting) == ("paused", 1, 0)
    assert len(kept) == 1000
    assert (ended["status"], ended["attempt"], ended["problem"]) == ("completed", 2, None)
    assert await pairs_of(job["id"]) == expected
    assert (
        await db.fetchval("SELECT count(*) FROM job_chunks WHERE attempt = 1 AND job_id = $1::text::uuid", job["id"])
        == 1
    )
    page = await alice.ok("GET", f"/streams/job:{job['id']}/events?after=0&limit=500")
    told = [event["type"] for event in page["events"] if event["type"] not in ("matches.added", "job.pass.finished")]
    assert told == ["job.queued", "job.started", "job.paused", "job.resumed", "job.started", "job.completed"]
    actions = await db.fetch("SELECT action FROM audit_log WHERE action IN ('job.pause', 'job.resume') ORDER BY id")
    assert [row["action"] for row in actions] == ["job.pause", "job.resume"]


async def test_a_paused_job_holds_no_engine_and_can_be_cancelled(alice, project, worker, cautious, until, db):
    sides = await cautious(60)
    async with held_before(db, chunk=0):
        job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
        path = f"/jobs/{job['id']}"
        refused = [await alice.refused("POST", f"{path}/resume")]
        await until(job["id"], lambda found: found["status"] == "running")
        paused = await alice.ok("POST", f"{path}/pause")
        for _ in range(3000):  # nothing is committed when a process has ended
            if not worker.engines():
                break
            await asyncio.sleep(0.02)
        left = worker.engines()
    refused.append(await alice.refused("POST", f"/jobs/{job['id']}/pause"))
    refused.append(await alice.refused("POST", f"/jobs/{job['id']}/retry"))
    version = (await alice.ok("GET", f"/sources/{job['left_source']}"))["version"]
    kept = await alice.refused("DELETE", f"/sources/{job['left_source']}", if_match=version)

    cancelling = await alice.ok("POST", f"{path}/cancel")
    cancelled = await until(job["id"], lambda found: found["status"] == "cancelled")
    refused.append(await alice.refused("POST", f"{path}/resume"))

    assert (paused["status"], left) == ("paused", [])
    assert refused == [(409, "job_state")] * 4
    assert kept == (409, "source_in_use")
    assert cancelling["status"] == "cancelling"
    assert (cancelled["attempt"], cancelled["counts"]["matches"]) == (1, 0)


@pytest.mark.parametrize("is_paused_first", [True, False])
async def test_a_job_is_either_paused_or_completed_when_both_happen_at_once(
    alice, make_sides, run, db, is_paused_first
):
    job = await run(await make_sides(60))
    await db.execute("UPDATE reconciliation_jobs SET status = 'running' WHERE id = $1::text::uuid", job["id"])
    row = await Job.get(id=job["id"])

    async def pause():
        async with await alice.send("POST", f"/jobs/{job['id']}/pause") as response:
            return response.status

    async def end():
        await lifecycle.complete_job(row, {}, {}, [])

    first, second = (pause, end) if is_paused_first else (end, pause)
    async with db.transaction():  # both wait for the job, in this order
        await db.execute("SELECT 1 FROM reconciliation_jobs WHERE id = $1::text::uuid FOR NO KEY UPDATE", job["id"])
        tasks = [asyncio.create_task(first())]
        await until_waiting(db, tasks)
        tasks.append(asyncio.create_task(second()))
        await until_waiting(db, tasks)
    one, other = await asyncio.gather(*tasks, return_exceptions=True)

    found = (await alice.ok("GET", f"/jobs/{job['id']}"))["status"]
    if is_paused_first:
        assert (one, found) == (202, "paused")
        assert isinstance(other, lifecycle.Fenced)
    else:
        assert (one, other, found) == (None, 409, "completed")


async def _both(person, path):
    """The statuses of two equal requests at once, in order."""

    async def send():
        async with await person.send("POST", path) as response:
            return response.status

    return sorted(await asyncio.gather(send(), send()))
