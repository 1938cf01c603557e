"""What a job reads stays as it was when the job began, and later changes are never mistaken for it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import Commits, Person

ROWS = 4000
DANGLING = """
    SELECT count(*) FROM match_records u
    WHERE NOT EXISTS (SELECT 1 FROM reconciliation_records r WHERE r.id = u.record_id)
"""


async def status(person: Person, method: str, path: str, body: Any = None, **more: Any) -> int:
    async with await person.send(method, path, body, **more) as response:
        return int(response.status)


@pytest.fixture
def loaded(alice: Person, commits: Commits) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """Waits until a source has been loaded."""

    async def wait(source_id: str) -> dict[str, Any]:
        source: dict[str, Any] = await commits.until(
            lambda: alice.ok("GET", f"/sources/{source_id}"), lambda found: found["status"] != "loading"
        )
        return source

    return wait


@pytest.fixture
def cancelled(alice: Any, project: str, cautious: Any, until: Any, end_of: Any) -> Any:
    """A job that was cancelled after it had written some of its matches."""

    async def make() -> dict[str, Any]:
        job = await alice.ok("POST", f"/projects/{project}/jobs", await cautious(ROWS))
        await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)
        await alice.ok("POST", f"/jobs/{job['id']}/cancel")
        ended: dict[str, Any] = await end_of(job["id"])
        assert ended["status"] == "cancelled"
        return ended

    return make


@pytest.mark.long
async def test_of_a_job_and_a_new_mapping_at_once_one_is_refused(alice, project, cautious, loaded, end_of, db):
    sides = await cautious(300)
    source = await alice.ok("GET", f"/sources/{sides['left_source']}")
    # With this mapping no row can be typed, so all loaded records go.
    mapping = {**source["mapping"], "amount": {"column": "invoice_no", "decimal": "."}}

    for _ in range(3):
        made, typed = await asyncio.gather(
            alice.send("POST", f"/projects/{project}/jobs", sides),
            alice.send("PATCH", f"/sources/{source['id']}", {"mapping": mapping}),
        )
        assert (made.status, typed.status) in {(202, 409), (422, 200)}
        if made.status == 202:
            ended = await end_of((await made.json())["id"])
            assert ended["status"] == "completed"
            assert ended["counts"]["left"] == source["rows"]["loaded"]
            await db.execute("DELETE FROM reconciliation_jobs WHERE id = $1::text::uuid", ended["id"])
        await loaded(source["id"])
        await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": source["mapping"]})
        assert (await loaded(source["id"]))["rows"] == source["rows"]

    assert await db.fetchval(DANGLING) == 0


async def test_of_a_job_and_the_deletion_of_its_source_at_once_one_is_refused(alice, project, make_sides, end_of):
    for _ in range(3):
        sides = await make_sides(60)
        made, gone = await asyncio.gather(
            alice.send("POST", f"/projects/{project}/jobs", sides),
            alice.send("DELETE", f"/sources/{sides['left_source']}"),
        )
        assert (made.status, gone.status) in {(202, 409), (422, 204)}
        if made.status == 202:
            assert (await end_of((await made.json())["id"]))["status"] == "completed"


@pytest.mark.long
async def test_a_job_is_not_retried_over_records_that_have_changed(alice, cancelled, loaded):
    job = await cancelled()
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    record = match["records"][0]["id"]

    await alice.ok("PATCH", f"/records/{record}", {"reference": "another"}, if_match=1)
    edited = await alice.refused("POST", f"/jobs/{job['id']}/retry")
    await alice.ok("DELETE", f"/records/{record}", if_match=2)
    deleted = await alice.refused("POST", f"/jobs/{job['id']}/retry")
    source = await alice.ok("GET", f"/sources/{job['right_source']}")
    mapping = {**source["mapping"], "amount": {**source["mapping"]["amount"], "negate": True}}
    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": mapping})
    loading = await alice.refused("POST", f"/jobs/{job['id']}/retry")
    await loaded(source["id"])
    typed = await alice.refused("POST", f"/jobs/{job['id']}/retry")

    assert [edited, deleted, loading, typed] == [(409, "job_state")] * 4


@pytest.mark.sampled("confirm")
@pytest.mark.parametrize("verb", ["confirm", "reject"])
async def test_a_retry_reads_the_same_whatever_was_undone_meanwhile(
    alice, project, cautious, run, until, end_of, pairs_of, verb
):
    sides = await cautious(ROWS)
    match = (await alice.ok("GET", f"/jobs/{(await run(sides))['id']}/matches?limit=1"))["items"][0]
    await alice.ok("POST", f"/matches/{match['id']}/{verb}", {})
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)  # reads all records but the two of this match
    await until(job["id"], lambda found: found["counts"]["matches"] >= 1000)
    await alice.ok("POST", f"/jobs/{job['id']}/cancel")
    await end_of(job["id"])
    before = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    await alice.ok("POST", f"/matches/{match['id']}/undo", {})

    await alice.ok("POST", f"/jobs/{job['id']}/retry")
    ended = await end_of(job["id"])
    found = await pairs_of(job["id"])

    assert ended["status"] == "completed", ended["problem"]
    assert (ended["counts"]["left"], ended["counts"]["right"]) == (before["left"], before["right"])
    rows = {record["side"]: record["row"] for record in match["records"]}
    if verb == "confirm":
        assert all(rows["left"] != left and rows["right"] != right for left, right, _ in found)
    else:
        assert all((rows["left"], rows["right"]) != (left, right) for left, right, _ in found)


@pytest.mark.long
async def test_a_retry_reads_nothing_that_was_added_since_and_keeps_decisions(alice, cancelled, end_of, db):
    job = await cancelled()
    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=300"))["items"]
    await alice.ok("POST", f"/sources/{job['left_source']}/records", {"data": {"amount": "12.50"}})

    await alice.ok("POST", f"/jobs/{job['id']}/retry")
    for match in matches:  # while it runs
        await status(alice, "POST", f"/matches/{match['id']}/reject", {})
    ended = await end_of(job["id"])

    assert ended["status"] == "completed"
    assert ended["counts"]["left"] == job["counts"]["left"]
    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    rows = await db.fetch("SELECT status, count(*) AS n FROM matches GROUP BY 1")
    stored = Counter({row["status"]: row["n"] for row in rows})
    assert stored["rejected"] >= len(matches)
    assert (counts["rejected"], counts["suggested"]) == (stored["rejected"], stored["suggested"])
    assert counts["open_left"] == counts["left"] - stored["suggested"]


async def test_a_job_is_written_completely_while_matches_of_another_are_confirmed(
    alice, project, worker, cautious, run, end_of, db
):
    sides = await cautious(ROWS)
    first = await run(sides)
    matches: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None and len(matches) < 2000:
        page = await alice.ok("GET", f"/jobs/{first['id']}/matches?limit=500{cursor}")
        matches += page["items"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    document = (await alice.ok("GET", f"/plans/{sides['plan']}"))["document"]
    for step in document["passes"]:
        step["accept"] = "confirm_if_unambiguous"
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "a", "document": document})
    second = await alice.ok("POST", f"/projects/{project}/jobs", {**sides, "plan": plan["id"]})
    waiting = list(reversed(matches))
    ending = asyncio.ensure_future(end_of(second["id"]))

    async def confirm() -> int:
        done = 0
        while waiting and not ending.done():
            done += await status(alice, "POST", f"/matches/{waiting.pop()['id']}/confirm", {}) == 200
        return done

    confirmed = sum(await asyncio.gather(*(confirm() for _ in range(6))))
    ended = await ending

    assert (ended["status"], ended["attempt"]) == ("completed", 1), worker.log.read_text()[-6000:]
    assert confirmed > 0 < ended["counts"]["confirmed"]
    twice = "SELECT count(*) FROM (SELECT FROM match_records WHERE confirmed GROUP BY record_id HAVING count(*) > 1) x"
    assert await db.fetchval(twice) == 0


async def test_a_suggestion_is_removed_when_one_of_its_records_changes(alice, cautious, run):
    job = await run(await cautious(100))
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    record = match["records"][0]["id"]

    await alice.ok("PATCH", f"/records/{record}", {"amount": {"amount": "999999.00", "currency": "USD"}}, if_match=1)

    assert (await alice.ok("GET", f"/matches/{match['id']}"))["status"] == "superseded"
    assert await alice.refused("POST", f"/matches/{match['id']}/confirm", {}) == (409, "already_decided")
    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    assert counts["suggested"] == job["counts"]["suggested"] - 1
    assert counts["open_left"] == job["counts"]["open_left"] + 1


async def test_a_deleted_record_no_longer_counts_as_read_or_open(alice, cautious, run):
    job = await run(await cautious(300))
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    used = next(record["id"] for record in match["records"] if record["side"] == "left")
    unused = (await alice.ok("GET", f"/jobs/{job['id']}/unmatched?side=left&limit=1"))["items"][0]["id"]

    for record in (used, unused):
        await alice.ok("DELETE", f"/records/{record}", if_match=1)

    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    summary = await alice.ok("GET", f"/jobs/{job['id']}/summary")
    for side, gone in (("left", 2), ("right", 0)):
        listed = await alice.ok("GET", f"/jobs/{job['id']}/unmatched?side={side}&limit=1")
        assert counts[f"open_{side}"] == listed["total"] == summary["flow"]["open"][side]["count"]
        assert counts[side] == job["counts"][side] - gone == summary["flow"][side]["count"]


async def test_no_confirmed_match_loses_a_record_to_a_new_mapping(alice, cautious, loaded, run, db):
    job = await run(await cautious(100))
    source = await alice.ok("GET", f"/sources/{job['left_source']}")
    mapping = {**source["mapping"], "amount": {"column": "invoice_no", "decimal": "."}}
    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=12"))["items"]

    async def later() -> int:
        await asyncio.sleep(0.004)
        return await status(alice, "PATCH", f"/sources/{source['id']}", {"mapping": mapping})

    typed, *confirmed = await asyncio.gather(
        later(), *(status(alice, "POST", f"/matches/{match['id']}/confirm", {}) for match in matches)
    )
    await loaded(source["id"])

    assert (typed == 200) == (200 not in confirmed)
    assert set(confirmed) <= {200, 409}
    assert await db.fetchval(DANGLING) == 0
