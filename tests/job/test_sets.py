"""Matches with any number of records per side, from the engine's chunk to what people read and decide."""

import asyncio
from uuid import UUID

import pyarrow as pa
import pytest

from matching.plan import Plan, PlanInvalid
from matching.results import MATCHES, Chunk
from models.job import Job
from server.books.recount import differences
from server.job import inputs, lifecycle
from server.job.chunks import write_chunk
from server.job.sides import Sides
from tests.auth.follower import Follower

PLAN = {"fields": {"id": {"type": "text", "left": "id", "right": "id"}}}
PLAN["passes"] = [{"name": "sums", "kind": "rules", "where": [{"field": "id", "compare": "equal"}]}]
SIDES = ("left", "right")
RUNNER_UP = '{"left":[3],"right":[0,1],"score":2.5}'


@pytest.fixture
async def job(alice, project):
    """A running job with 5 left and 4 right records of 10.00 each."""
    return await _start(alice, project, ["10.00"] * 5, ["10.00"] * 4)


async def _start(alice, project, *amounts):
    """A running job over records of these amounts on either side."""
    sides = []
    for name, of_side in zip(SIDES, amounts, strict=True):
        source = await alice.ok("POST", f"/projects/{project}/sources", {"name": name})
        records = [
            {"data": {"id": f"{name}-{row}"}, "amount": {"amount": amount, "currency": "EUR"}}
            for row, amount in enumerate(of_side)
        ]
        await alice.ok("POST", f"/sources/{source['id']}/records", {"records": records})
        sides.append(source["id"])
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "sums", "document": PLAN})
    body = {"left_source": sides[0], "right_source": sides[1], "plan": plan["id"]}
    queued = await alice.ok("POST", f"/projects/{project}/jobs", body)
    claim = await lifecycle.claim_job(UUID(queued["id"]), 3)
    await lifecycle.set_inputs(claim.job, None, tuple(map(len, amounts)))
    return claim.job


@pytest.fixture
async def sides(job, settings):
    """The records that the job reads."""
    return [inputs.read_side(settings, job, await getattr(job, f"{side}_source"), side) for side in SIDES]


@pytest.fixture
def write(job, sides):
    """Writes a chunk of matches, each with its rows per side and a status. Returns: the job's counts."""

    async def put(number, *sets, limit=None):
        rows = [
            {"left": left, "right": right, "status": status, "ambiguity": "none", "fields": "[]"}
            | {"runner_up": RUNNER_UP, "difference": None, "score": 7.0, "margin": 6.0, "margin_kind": "local"}
            for left, right, status in sets
        ]
        chunk = Chunk(0, "sums", number, pa.Table.from_pylist(rows, schema=MATCHES))
        document = Plan.model_validate(PLAN)
        pair = await lifecycle.pair_of(job)
        return await write_chunk(job, chunk, Sides(pair, document, sides[0].ids, sides[1].ids, limit))

    return put


async def test_a_match_uses_records_of_both_sides_and_counts_each_of_them(server, alice, job, sides, write):
    follower = await Follower.of(server, alice.token, f"job:{job.id}")

    counts = await write(0, ([0, 1, 2], [0], "confirmed"), ([3], [1, 2], "suggested"), ([4], [], "suggested"))

    assert (counts.matches, counts.confirmed, counts.suggested) == (3, 1, 2)
    assert (counts.open_left, counts.open_right, counts.used) == (0, 1, 8)
    event = (await follower.heard("matches.added"))["data"]
    assert [event[name] for name in ("count", "confirmed", "suggested", "left", "right")] == [3, 1, 2, 5, 3]
    matches = (await alice.ok("GET", f"/jobs/{job.id}/matches"))["items"]
    assert [match["kind"] for match in matches] == ["many_to_one", "one_to_many", "one_sided"]
    assert [[(r["side"], r["row"]) for r in match["records"]] for match in matches] == [
        [("left", 0), ("left", 1), ("left", 2), ("right", 0)],
        [("left", 3), ("right", 1), ("right", 2)],
        [("left", 4)],
    ]
    detail = await alice.ok("GET", f"/matches/{matches[0]['id']}")
    left, right = (side.ids.ids for side in sides)
    assert detail["runner_up"]["records"] == [left[3], right[0], right[1]]
    unmatched = [await alice.ok("GET", f"/jobs/{job.id}/unmatched?side={side}") for side in SIDES]
    assert [[record["row"] for record in page["items"]] for page in unmatched] == [[], [3]]
    flow = (await alice.ok("GET", f"/jobs/{job.id}/summary"))["flow"]["passes"][0]
    assert (flow["left"]["count"], flow["right"]["count"]) == (5, 3)
    await follower.leave()


async def test_a_match_is_left_out_when_one_of_its_records_is_taken(alice, job, write, db):
    await write(0, ([0, 1], [0], "suggested"))

    counts = await write(1, ([2, 1], [1], "suggested"), ([3], [2, 3], "confirmed"))

    assert (counts.matches, counts.open_left, counts.open_right) == (2, 2, 1)
    assert await db.fetchval("SELECT dropped FROM job_chunks WHERE chunk = 1") == 1


async def test_a_decision_releases_or_holds_all_records_of_a_match(alice, job, write):
    await write(0, ([0, 1, 2], [0], "suggested"), ([3], [1, 2], "suggested"))
    first, second = (await alice.ok("GET", f"/jobs/{job.id}/matches"))["items"]

    await alice.ok("POST", f"/matches/{first['id']}/reject", {})
    await alice.ok("POST", f"/matches/{second['id']}/confirm", {})

    counts = (await alice.ok("GET", f"/jobs/{job.id}"))["counts"]
    assert [counts[name] for name in ("matches", "confirmed", "rejected")] == [1, 1, 1]
    assert (counts["open_left"], counts["open_right"]) == (4, 2)
    proof = (await alice.ok("GET", f"/jobs/{job.id}/summary"))["proof"][0]
    assert [proof[side]["confirmed"]["amount"] for side in SIDES] == ["10.00", "10.00"]
    assert (proof["right"]["remainders"], proof["agrees"]) == (1, False)


async def test_a_later_job_reads_the_sets_that_were_rejected(alice, job, sides, write, settings):
    await write(0, ([0, 1], [0], "suggested"), ([2], [], "suggested"), ([3], [1], "suggested"))
    for match in (await alice.ok("GET", f"/jobs/{job.id}/matches"))["items"]:
        await alice.ok("POST", f"/matches/{match['id']}/reject", {})
    later = await Job.get(id=job.id)
    later.started_at = later.updated_at.replace(year=2999)

    found = inputs.rejected_sets(settings, later, *sides).to_pylist()

    assert sorted((sorted(rows["left"]), rows["right"]) for rows in found) == [([0, 1], [0]), ([2], []), ([3], [1])]


async def test_above_its_limit_a_job_only_suggests(alice, project, job, write):
    body = {"auto_confirm_up_to": {"amount": "15.00", "currency": "EUR"}}
    await alice.ok("PATCH", f"/projects/{project}", body)

    limit = await lifecycle.confirms_up_to(job.project_id)
    counts = await write(0, ([0], [0], "confirmed"), ([1, 2], [1], "confirmed"), limit=limit)

    assert (counts.confirmed, counts.suggested) == (1, 1)


@pytest.mark.parametrize("has_money", [True, False])
async def test_a_chunk_does_not_change_the_sign_that_a_decision_fixes_meanwhile(
    alice, project, settings, db, has_money
):
    job = await _start(alice, project, ["10.00", "5.00"], ["-10.00", "5.00"])
    left, right = [inputs.read_side(settings, job, await getattr(job, f"{side}_source"), side) for side in SIDES]
    money = {"money": {"type": "money", "left": "amount", "right": "amount"}} if has_money else {}
    plan = Plan.model_validate({**PLAN, "fields": PLAN["fields"] | money})
    row = {"left": [1], "right": [1], "status": "confirmed", "ambiguity": "none", "fields": "[]"}
    chunk = Chunk(0, "sums", 0, pa.Table.from_pylist([row | {"margin_kind": "local"}], schema=MATCHES))
    pair = await lifecycle.pair_of(job)
    body = {"left": left.ids.ids[:1], "right": right.ids.ids[:1]}

    async with db.transaction():  # so that both have seen that there is no confirmed match yet
        await db.execute("SELECT 1 FROM pairs FOR NO KEY UPDATE")
        by_hand = asyncio.ensure_future(alice.ok("POST", f"/jobs/{job.id}/matches", body))
        await _until_waiting(db, 1)
        writing = asyncio.ensure_future(write_chunk(job, chunk, Sides(pair, plan, left.ids, right.ids)))
        await _until_waiting(db, 2)
    await by_hand
    (written,) = await asyncio.gather(writing, return_exceptions=True)

    if has_money:
        assert isinstance(written, PlanInvalid)
    else:  # such a plan says nothing about signs: its match of 5.00 with 5.00 is booked whole
        assert written.confirmed == 2
    assert await db.fetchval("SELECT sign FROM pairs") == -1
    assert await differences(db) == []


async def _until_waiting(db, number):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await db.fetchval(waiting) < number:
        await asyncio.sleep(0.01)
