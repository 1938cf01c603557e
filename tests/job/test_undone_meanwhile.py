"""What is undone between the death of an engine and the take-over: the take-over reads what the first start stored."""

import asyncio
import os
import signal

import psutil
import pytest

from server.books.recount import differences

ROWS = 4000


@pytest.fixture
async def decided(alice, project, cautious, run):
    """Suggestions of a first job, of which people have decided on some in each way. Returns: the body of a job, and those."""
    sides = await cautious(ROWS)
    first = await run(sides)
    matches = (await alice.ok("GET", f"/jobs/{first['id']}/matches?limit=12"))["items"]
    records = [{record["side"]: record["id"] for record in match["records"]} for match in matches]
    by_hand = f"/projects/{project}/matches"
    pair = {side: sides[side] for side in ("left_source", "right_source")}

    await alice.ok("POST", f"/matches/{matches[0]['id']}/confirm", {})
    await alice.ok("POST", f"/matches/{matches[1]['id']}/reject", {})
    made = await alice.ok("POST", by_hand, {**pair, **lists(records[2]), "difference": "open"})
    await alice.ok("POST", f"/records/{records[3]['left']}/write-off", {"reason": "other"})
    both = {side: [records[4][side], records[5][side]] for side in ("left", "right")}
    merged = await alice.ok("POST", by_hand, {**pair, **both, "difference": "booked", "difference_reason": "other"})
    parts = {"parts": [lists(records[4]), lists(records[5])], "difference": "booked", "difference_reason": "other"}
    await alice.ok("POST", f"/matches/{merged['id']}/split", parts)
    left_open = {"left": [records[6]["left"], records[7]["left"]], "right": [records[6]["right"]]}
    partly = await alice.ok("POST", by_hand, {**pair, **left_open, "difference": "open"})
    assert partly["remainder"] is not None

    async def take_back():
        for match in (matches[0]["id"], matches[1]["id"], made["id"], merged["id"], merged["id"], partly["id"]):
            await alice.ok("POST", f"/matches/{match}/undo", {})
        await alice.ok("DELETE", f"/records/{records[3]['left']}/write-off")

    return sides, records, take_back


def lists(records):
    return {side: [one] for side, one in records.items()}


async def test_a_take_over_reads_what_the_first_start_stored(alice, project, worker, decided, run, until, end_of, db):
    sides, records, take_back = decided
    undisturbed = await run(sides)
    expected = await _found(db, undisturbed)

    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
    await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)
    os.kill(worker.process.pid, signal.SIGSTOP)  # so that nobody takes over before all is undone
    try:
        killed = await _kill_engines(worker)
        before = await alice.ok("GET", f"/jobs/{job['id']}")
        await take_back()
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)
    ended = await end_of(job["id"])

    assert killed >= 1  # the engine of the job before may still be ending
    assert (before["status"], before["attempt"]) == ("running", 1)
    assert (ended["status"], ended["attempt"]) == ("completed", 2), ended["problem"]
    for name in ("left", "right"):
        assert ended["counts"][name] == before["counts"][name] == undisturbed["counts"][name]
    found = await _found(db, ended)
    used = {record for match in found for record in match}
    kept_out = {
        "confirmed": [*records[0].values()],
        "by hand": [*records[2].values()],
        "written off": [records[3]["left"]],
        "split": [*records[4].values(), *records[5].values()],
        "left open": [*records[6].values(), records[7]["left"]],
    }
    assert {kind: [one for one in ids if one in used] for kind, ids in kept_out.items()} == {
        kind: [] for kind in kept_out
    }
    assert frozenset(records[1].values()) not in found, "a rejected set was proposed again"
    assert found == expected
    assert await differences(db) == []


async def _found(db, job):
    """The records of each match of a job that pairs two records, whatever became of it since."""
    rows = await db.fetch(
        "SELECT array_agg(u.record_id::text) AS records FROM matches m JOIN match_records u ON u.match_id = m.id "
        "WHERE m.job_id = $1::text::uuid AND m.extends_id IS NULL GROUP BY m.id",
        job["id"],
    )
    return {frozenset(row["records"]) for row in rows}


async def _kill_engines(worker):
    """Kills the engines. They stay zombies until their worker goes on."""
    engines = worker.engines()
    for engine in engines:
        engine.kill()
    while any(engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE for engine in engines):
        await asyncio.sleep(0.01)
    return len(engines)
