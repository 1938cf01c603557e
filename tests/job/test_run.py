"""A job from POST to its end, with a real worker."""

import os
import signal
from decimal import Decimal

import pytest
import socketio

from server.books.recount import differences


async def test_a_job_without_a_plan_suggests_one_and_completes(alice, project, make_sides, run, db):
    sides = await make_sides(300)

    job = await run(sides)

    counts = job["counts"]
    assert (job["status"], job["attempt"], job["problem"]) == ("completed", 1, None)
    assert counts["left"] == counts["matches"] + counts["open_left"] == 300
    assert counts["right"] == counts["matches"] + counts["open_right"]
    assert counts["matches"] == counts["confirmed"] + counts["suggested"] > 260
    assert job["inputs"]["left"] == {"revision": 2, "rows": 300}
    plan = await alice.ok("GET", f"/plans/{job['plan']['id']}")
    assert (plan["origin"], plan["hash"], plan["version"]) == ("suggested", job["plan"]["hash"], job["plan"]["version"])
    assert await db.fetchval("SELECT count(DISTINCT plan_hash) FROM matches WHERE plan_hash = $1", plan["hash"]) == 1


@pytest.mark.parametrize("has_plan", [True, False])
async def test_a_pair_whose_difference_cannot_be_kept_stops_no_job(alice, project, worker, run, db, has_plan):
    most = "99999999999999999999999999999.99"
    mapping = {"amount": {"column": "amount", "decimal": "."}, "reference": {"column": "id"}}
    sources = []
    for sign in ("", "-"):
        made = await alice.ok("POST", f"/projects/{project}/sources", {"name": f"of {sign}", "mapping": mapping})
        rows = [("INV-1", f"{sign}{most}"), ("INV-2", "5.00"), ("INV-3", "7.00")]
        records = {"records": [{"data": {"id": name, "amount": amount}} for name, amount in rows]}
        await alice.ok("POST", f"/sources/{made['id']}/records", records)
        sources.append(made["id"])
    document = {
        "fields": {
            "id": {"type": "reference", "left": "id", "right": "id"},
            "amount": {"type": "money", "left": "amount", "right": "amount"},
        },
        "passes": [{"name": "id", "kind": "rules", "where": [{"field": "id", "compare": "equal"}]}],
    }
    more = {}
    if has_plan:
        made = await alice.ok("POST", f"/projects/{project}/plans", {"name": "by id", "document": document})
        more = {"plan": made["id"]}

    job = await run({"left_source": sources[0], "right_source": sources[1]}, **more)

    assert (job["status"], job["problem"], job["attempt"]) == ("completed", None, 1)
    assert (job["counts"]["matches"], job["counts"]["open_left"]) == (2, 1)
    assert await differences(db) == []


async def test_every_record_is_matched_once_or_listed_as_unmatched(alice, make_sides, run):
    job = await run(await make_sides(300))

    used: dict[str, set[str]] = {"left": set(), "right": set()}
    for match in await _all(alice, f"/jobs/{job['id']}/matches"):
        for record in match["records"]:
            assert record["id"] not in used[record["side"]]
            used[record["side"]].add(record["id"])
    for side in ("left", "right"):
        unmatched = {row["id"] for row in await _all(alice, f"/jobs/{job['id']}/unmatched?side={side}")}
        assert not unmatched & used[side]
        assert len(unmatched) + len(used[side]) == job["counts"][side]


@pytest.mark.long
@pytest.mark.parametrize("sort", ["amount", "-amount", "date", "-date"])
async def test_matches_are_sorted_over_all_pages(alice, make_sides, run, sort):
    job = await run(await make_sides(300))

    found = await _all(alice, f"/jobs/{job['id']}/matches?sort={sort}")

    def key(match):
        if sort.endswith("amount"):
            return max(abs(Decimal(record["amount"]["amount"])) for record in match["records"])
        return min(record["date"] for record in match["records"])

    assert len({match["id"] for match in found}) == job["counts"]["matches"] > 100
    assert [key(match) for match in found] == sorted(map(key, found), reverse=sort.startswith("-"))


async def test_sums_of_both_sides_add_up_to_the_files(alice, make_sides, run, db):
    sides = await make_sides(300)
    job = await run(sides)

    summary = await alice.ok("GET", f"/jobs/{job['id']}/summary")

    for row in summary["sums"]:
        total = await db.fetchval(
            "SELECT sum(amount) FROM reconciliation_records WHERE source_id = $1::text::uuid",
            sides[f"{row['side']}_source"],
        )
        parts = ("matched", "booked", "explained", "written_off", "elsewhere", "open")
        assert sum(Decimal(row[name]["amount"]) for name in parts) == Decimal(row["total"]["amount"]) == total
        assert row["ties"] is True
    assert sum(found["matches"] for found in summary["by_pass"]) == job["counts"]["matches"]


async def test_the_books_of_a_pair_say_the_same_as_the_summary_of_its_only_job(alice, project, make_sides, run, db):
    sides = await make_sides(300)
    job = await run(sides)
    query = "left_source={left_source}&right_source={right_source}".format(**sides)

    of_job = await alice.ok("GET", f"/jobs/{job['id']}/summary")
    of_pair = await alice.ok("GET", f"/projects/{project}/summary?{query}")

    for part in ("counts", "by_pass", "sign", "sums", "balance", "flow", "ageing"):
        assert of_pair[part] == of_job[part], part
    assert sum(found["matches"] for found in of_pair["by_pass"]) == job["counts"]["matches"]
    assert {found["from_days"] for found in of_pair["ageing"] if found["count"]}
    assert await differences(db) == []


async def test_a_match_shows_its_evidence(alice, make_sides, run):
    job = await run(await make_sides(300))
    page = await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1&status=confirmed")

    match = await alice.ok("GET", f"/matches/{page['items'][0]['id']}")

    assert match["plan_hash"] == job["plan"]["hash"]
    assert match["score"] > 0
    assert match["margin"] > 0
    assert match["margin_kind"] == "exact"
    assert match["ambiguity"] == "none"
    assert {field["field"] for field in match["fields"]} >= {"amount"}
    assert round(sum(field["weight"] for field in match["fields"]) + (match["prior"] or 0), 1) == round(
        match["score"], 1
    )


async def test_a_match_shows_amounts_as_they_were_loaded(alice, project, run, load):
    amounts = ["120.00", "12.345", "7", "0.50", "-31.10", "1250.5"]
    left = "ref,amount\n" + "".join(f"INV-{n}70,{amount}\n" for n, amount in enumerate(amounts))
    german = ["120,00", "12,345", "7", "0,50", "-31,10", "1.250,5"]
    right = "memo;credit\n" + "".join(f"INV-{n}70;{amount}\n" for n, amount in enumerate(german))
    sides = {
        "left_source": await load("left", left, {"amount": {"column": "amount", "decimal": "."}}),
        "right_source": await load("right", right, {"amount": {"column": "credit", "decimal": ","}}),
    }
    document = {
        "fields": {
            "ref": {"type": "reference", "left": "ref", "right": "memo"},
            "amount": {"type": "money", "left": "amount", "right": "credit"},
        },
        "passes": [
            {
                "name": "p",
                "kind": "rules",
                "where": [{"field": "ref", "compare": "equal"}],
                "score": [{"field": "amount", "compare": "within", "absolute": "1"}],
                "accept": "suggest",
            }
        ],
    }
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "p", "document": document})

    job = await run(sides, plan=plan["id"])

    shown = set()
    for match in await _all(alice, f"/jobs/{job['id']}/matches"):
        fields = (await alice.ok("GET", f"/matches/{match['id']}"))["fields"]
        shown |= {(field["left"], field["right"]) for field in fields if field["field"] == "amount"}
    assert shown == set(zip(amounts, german, strict=True))


async def test_empty_sources_complete_with_an_empty_result(alice, project, run, worker):
    ids = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("a", "b")]

    job = await run({"left_source": ids[0], "right_source": ids[1]})

    assert (job["status"], job["problem"]) == ("completed", None)
    assert set(job["counts"].values()) == {0}
    assert (await alice.ok("GET", f"/jobs/{job['id']}/summary"))["balance"] == []
    assert (await alice.ok("GET", f"/jobs/{job['id']}/matches"))["total"] == 0


async def test_one_empty_side_leaves_the_other_open(alice, project, make_sides, run):
    sides = await make_sides(60)
    empty = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "empty"}))["id"]

    job = await run({"left_source": sides["left_source"], "right_source": empty})

    assert job["status"] == "completed"
    assert (job["counts"]["open_left"], job["counts"]["right"], job["counts"]["matches"]) == (60, 0, 0)


async def test_a_source_of_a_live_job_cannot_be_deleted(alice, project, make_sides, worker, end_of):
    sides = await make_sides(60)
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
        version = (await alice.ok("GET", f"/sources/{sides['left_source']}"))["version"]
        refused = await alice.refused("DELETE", f"/sources/{sides['left_source']}", if_match=version)
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)

    assert refused == (409, "source_in_use")
    assert (await end_of(job["id"]))["status"] == "completed"


async def test_a_job_that_waits_is_cancelled_at_once_and_can_be_retried(alice, project, make_sides, worker, end_of):
    sides = await make_sides(60)
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
        cancelled = await alice.ok("POST", f"/jobs/{job['id']}/cancel")
        again = await alice.refused("POST", f"/jobs/{job['id']}/cancel")
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)

    assert (cancelled["status"], again) == ("cancelled", (409, "job_state"))
    assert (await alice.ok("POST", f"/jobs/{job['id']}/retry"))["status"] == "queued"
    assert (await end_of(job["id"]))["status"] == "completed"
    assert await alice.refused("POST", f"/jobs/{job['id']}/retry") == (409, "job_state")


async def test_the_events_of_a_job_are_complete_and_share_one_request_id(server, alice, project, make_sides, end_of):
    sides = await make_sides(300)
    live: list[tuple[str, dict]] = []
    client = socketio.AsyncClient(reconnection=False)
    client.on("*", lambda name, data: live.append((name, data)), namespace="/live")
    await client.connect(str(server.make_url("/")), auth={"token": alice.token}, namespaces=["/live"])
    response = await alice.send("POST", f"/projects/{project}/jobs", sides, X_Request_ID="month-end-0001")
    job_id = (await response.json())["id"]
    answer = await client.call("subscribe", {"stream": f"job:{job_id}", "after": 0}, namespace="/live")

    job = await end_of(job_id)
    await client.sleep(0.5)
    await client.disconnect()

    events = answer["events"] + [data for name, data in live if "seq" in data]
    names = [event["type"] for event in events]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (names[0], names[1], names[-1]) == ("job.queued", "job.started", "job.completed")
    assert (
        sum(event["data"]["count"] for event in events if event["type"] == "matches.added") == job["counts"]["matches"]
    )
    assert events[-1]["data"]["counts"] == job["counts"]
    assert events[-1]["data"]["version"] == job["version"]
    assert {event["request_id"] for event in events} == {"month-end-0001"}
    states = [data for name, data in live if name == "state" and data["key"] == f"job.progress:{job_id}"]
    versions = [state["version"] for state in states]
    fractions = [state["value"]["fraction"] for state in states]
    assert versions == sorted(set(versions))
    assert fractions == sorted(fractions)


async def test_a_viewer_cannot_run_a_job_and_a_stranger_sees_nothing(alice, bob, charlie, project, make_sides, run):
    sides = await make_sides(60)
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    job = await run(sides)

    assert await bob.refused("POST", f"/projects/{project}/jobs", sides) == (403, "forbidden")
    assert await bob.refused("POST", f"/jobs/{job['id']}/cancel") == (403, "forbidden")
    assert (await bob.ok("GET", f"/jobs/{job['id']}"))["status"] == "completed"
    for path in ("", "/matches", "/summary", "/unmatched?side=left", "/progress"):
        assert await charlie.refused("GET", f"/jobs/{job['id']}{path}") == (404, "not_found")


async def test_a_plan_that_does_not_fit_fails_the_job_and_says_why(alice, project, make_sides, run):
    sides = await make_sides(60)
    document = {
        "fields": {"a": {"type": "money", "left": "nowhere", "right": "credit"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "a", "compare": "equal"}]}],
    }
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "Wrong", "document": document})

    job = await run(sides, plan=plan["id"])

    assert (job["status"], job["problem"]["code"]) == ("failed", "invalid_plan")
    assert "nowhere" in job["problem"]["detail"]
    assert [fault["pointer"] for fault in job["problem"]["errors"]] == ["/fields/a/left"]


async def test_a_plan_that_compares_only_days_is_refused_when_it_is_saved(alice, project, make_sides, run):
    days = {"field": "d", "compare": "days", "from": 0, "to": 5}
    document = {
        "fields": {"d": {"type": "date", "left": "booked_on", "right": "value_date"}},
        "passes": [{"name": "p", "kind": "rules", "where": [days]}],
    }

    response = await alice.send("POST", f"/projects/{project}/plans", {"name": "Days", "document": document})

    problem = await response.json()
    assert (response.status, problem["code"]) == (422, "invalid_plan")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/document/passes/0/where"]


async def test_a_job_says_what_it_did_not_compare(alice, project, make_sides, run, db):
    job = await run(await make_sides(60))
    assert (await alice.ok("GET", f"/jobs/{job['id']}/summary"))["notes"] == []

    await db.execute(
        "UPDATE reconciliation_jobs SET statistics = jsonb_set(jsonb_set(statistics, '{passes,0,skipped_blocks}', '2'), "
        "'{passes,0,skipped_pairs}', '5000000') WHERE id = $1::text::uuid",
        job["id"],
    )

    notes = (await alice.ok("GET", f"/jobs/{job['id']}/summary"))["notes"]
    assert len(notes) == 1
    assert "2 groups of records were not compared" in notes[0]
    assert "5,000,000 pairs" in notes[0]

    await db.execute(
        "UPDATE reconciliation_jobs SET statistics = jsonb_set(jsonb_set(statistics, '{passes,0,matches}', '0'), "
        "'{passes,0,too_little}', '25000') WHERE id = $1::text::uuid",
        job["id"],
    )
    notes = (await alice.ok("GET", f"/jobs/{job['id']}/summary"))["notes"]
    assert len(notes) == 2
    assert "25,000 pairs meet its conditions, but none is a match" in notes[1]


async def _all(person, path):
    items, cursor = [], ""
    while True:
        mark = "&" if "?" in path else "?"
        page = await person.ok("GET", f"{path}{mark}limit=100{cursor}")
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"
