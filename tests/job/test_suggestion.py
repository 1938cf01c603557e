"""Plans suggested over REST, from the open records of the sources."""

import asyncio
from uuid import UUID

import pytest

from models.source import Source
from server.api.admission import TURNS
from server.job import inputs

pytestmark = pytest.mark.long


async def test_a_source_without_open_records_is_refused(alice, project, make_sides, db):
    sides = await make_sides(60)
    empty = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "empty"}))["id"]

    for side in ("right_source", "left_source"):
        async with await alice.send("POST", f"/projects/{project}/plans/suggest", {**sides, side: empty}) as response:
            problem = await response.json()

        assert (response.status, problem["code"], problem["errors"][0]["pointer"]) == (422, "invalid_plan", f"/{side}")


async def test_sources_whose_records_are_all_confirmed_are_refused(alice, project, make_sides, run, db):
    sides = await make_sides(60)
    job = await run(sides)
    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=100"))["items"]
    used = [r["id"] for m in matches if m["status"] == "confirmed" for r in m["records"] if r["side"] == "left"]
    await db.execute(
        "DELETE FROM reconciliation_records WHERE source_id = $1::text::uuid AND NOT id::text = ANY($2::text[])",
        sides["left_source"],
        used,
    )

    assert await alice.refused("POST", f"/projects/{project}/plans/suggest", sides) == (422, "invalid_plan")


async def test_one_person_who_suggests_much_keeps_nobody_else_waiting(server, alice, bob, project, make_sides):
    sides = await make_sides(60)
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    path = f"/projects/{project}/plans/suggest"

    async with server.app[TURNS].suggestions.turn(str(alice.id)):
        his = asyncio.create_task(bob.ok("POST", path, sides))
        while not server.app[TURNS].suggestions.waiting:
            await asyncio.sleep(0)
        hers = asyncio.create_task(alice.ok("POST", path, sides))
    plans = await asyncio.gather(his, hers)

    assert plans[0] == plans[1]


def test_fewer_long_rows_are_read_for_a_suggestion():
    short = Source(rows_loaded=1_000_000, detection={"stored_bytes": 150_000_000})
    long = Source(rows_loaded=20_000, detection={"stored_bytes": 2_000_000_000})
    unknown = Source(rows_loaded=20_000)

    assert inputs.rows_within(short, 200_000, 128 * 1024**2) == 200_000
    assert inputs.rows_within(long, 200_000, 128 * 1024**2) == 1342
    assert inputs.rows_within(unknown, 200_000, 128 * 1024**2) == 200_000


async def test_the_sample_does_not_depend_on_the_order_of_the_rows(alice, project, make_sides, settings):
    sides = await make_sides(300)
    source = Source(id=UUID(sides["left_source"]), profile=[{"name": "invoice_no"}], mapping={})

    few = inputs.read_sample(settings, source, 100).values["invoice_no"].to_pylist()
    all_ = inputs.read_sample(settings, source, 1000).values["invoice_no"].to_pylist()

    assert (len(few), len(all_)) == (100, 300)
    assert few == all_[:100]
    assert few != sorted(few)
