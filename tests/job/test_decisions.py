"""Decisions on matches: stored once, published, and never made about a record that is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.auth.follower import Follower

Suggested = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def suggested(cautious, run) -> Suggested:
    """Runs a job whose plan confirms nothing by itself."""

    async def make(rows: int = 100) -> dict[str, Any]:
        job = await run(await cautious(rows))
        assert job["counts"]["confirmed"] == 0 < job["counts"]["suggested"]
        return dict(job)

    return make


async def test_a_confirmation_is_counted_published_and_audited(server, alice, suggested, db):
    job = await suggested()
    first, second = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=2"))["items"]
    follower = await Follower.of(server, alice.token, f"job:{job['id']}")

    assert await alice.refused("POST", f"/matches/{first['id']}/confirm", {}, if_match=9) == (409, "version_conflict")
    confirmed = await alice.ok("POST", f"/matches/{first['id']}/confirm", {"reason": "seen the paper"}, if_match=1)
    event = (await follower.heard("match.confirmed"))["data"]
    rejected = await alice.ok("POST", f"/matches/{second['id']}/reject", {})
    again = [await alice.refused("POST", f"/matches/{m['id']}/confirm", {}) for m in (first, second)]

    assert (confirmed["status"], confirmed["version"], rejected["status"]) == ("confirmed", 2, "rejected")
    assert again == [(409, "already_decided")] * 2
    assert (event["match_id"], event["status"], event["version"]) == (first["id"], "confirmed", 2)
    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    before = job["counts"]
    assert (counts["confirmed"], counts["rejected"]) == (1, 1)
    assert counts["suggested"] == before["suggested"] - 2
    assert counts["open_left"] == before["open_left"] + 1
    rows = await db.fetch(
        "SELECT action, details->>'reason' AS reason FROM audit_log WHERE action LIKE 'match.%' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [("match.confirm", "seen the paper"), ("match.reject", None)]
    await follower.leave()


async def test_everybody_who_may_read_a_match_sees_who_decided(alice, bob, project, suggested):
    job = await suggested()
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    before = await bob.ok("GET", f"/matches/{match['id']}")
    await alice.ok("POST", f"/matches/{match['id']}/confirm", {"reason": "seen the paper"})
    name = (await alice.ok("GET", "/me"))["display_name"]

    after = await bob.ok("GET", f"/matches/{match['id']}")

    assert (before["decided_by_name"], before["history"]) == (None, [])
    assert (after["decided_by"], after["decided_by_name"]) == (str(alice.id), name)
    assert [(entry["actor"], entry["reason"]) for entry in after["history"]] == [
        ({"type": "user", "id": str(alice.id), "name": name}, "seen the paper")
    ]


async def test_a_suggestion_is_removed_with_its_record_and_the_other_side_is_open_again(server, alice, suggested):
    job = await suggested()
    kept, match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=2"))["items"]
    gone, other = (record["id"] for record in sorted(match["records"], key=lambda record: record["side"]))
    await alice.ok("POST", f"/matches/{kept['id']}/confirm", {})
    follower = await Follower.of(server, alice.token, f"job:{job['id']}")

    in_use = await alice.refused("DELETE", f"/records/{kept['records'][0]['id']}", if_match=1)
    await alice.ok("DELETE", f"/records/{gone}", if_match=1)

    assert in_use == (409, "record_in_use")
    event = (await follower.heard("matches.reviewed"))["data"]
    assert (event["action"], event["count"]) == ("superseded", 1)
    assert (await alice.ok("GET", f"/matches/{match['id']}"))["status"] == "superseded"
    assert await alice.refused("POST", f"/matches/{match['id']}/confirm", {}) == (409, "already_decided")
    assert (await alice.ok("GET", f"/records/{other}"))["state"] == "open"
    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    assert counts["suggested"] == job["counts"]["suggested"] - 2
    assert counts["open_right"] == job["counts"]["open_right"] + 1
    await follower.leave()


async def test_suggestions_are_removed_when_a_source_is_typed_again(alice, suggested):
    job = await suggested()
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    source = await alice.ok("GET", f"/sources/{job['left_source']}")
    mapping = {**source["mapping"], "amount": {**source["mapping"]["amount"], "negate": True}}

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": mapping})

    counts = (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    assert (await alice.ok("GET", f"/matches/{match['id']}"))["status"] == "superseded"
    assert (counts["suggested"], counts["matches"]) == (0, 0)
    assert counts["open_left"] == counts["left"]


async def test_of_a_confirmation_and_a_deletion_at_once_only_one_succeeds(alice, suggested, db):
    job = await suggested()
    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=20"))["items"]

    async def status(method: str, path: str, body: Any = None, **more: Any) -> int:
        async with await alice.send(method, path, body, **more) as response:
            return int(response.status)

    outcomes = await asyncio.gather(
        *(
            asyncio.gather(
                status("POST", f"/matches/{match['id']}/confirm", {}),
                status("DELETE", f"/records/{match['records'][0]['id']}", if_match=1),
            )
            for match in matches
        )
    )

    assert set(map(tuple, outcomes)) <= {(200, 409), (409, 204)}
    whole = await db.fetch(
        "SELECT count(r.id) AS n FROM matches m JOIN match_records u ON u.match_id = m.id "
        "LEFT JOIN reconciliation_records r ON r.id = u.record_id WHERE m.status = 'confirmed' GROUP BY m.id"
    )
    assert {row["n"] for row in whole} <= {2}
    assert len(whole) == sum(confirmed == 200 for confirmed, _ in outcomes)


async def test_the_summary_of_a_job_counts_as_open_what_its_list_shows_whoever_matched_the_rest(
    alice, project, suggested
):
    job = await suggested()
    path = f"/jobs/{job['id']}"
    lists = {
        side: (await alice.ok("GET", f"{path}/unmatched?side={side}&limit=2"))["items"] for side in ("left", "right")
    }
    sides = {"left_source": job["left_source"], "right_source": job["right_source"]}
    by_hand = {side: [rows[0]["id"]] for side, rows in lists.items()} | {
        "difference": "booked",
        "difference_reason": "fee",
    }

    await alice.ok("POST", f"/projects/{project}/matches", {**sides, **by_hand})
    await alice.ok("POST", f"/records/{lists['left'][1]['id']}/write-off", {"reason": "other"})

    counts = (await alice.ok("GET", f"{path}/summary"))["counts"]
    for side, fewer in (("left", 2), ("right", 1)):
        listed = (await alice.ok("GET", f"{path}/unmatched?side={side}"))["total"]
        assert counts[f"open_{side}"] == listed == job["counts"][f"open_{side}"] - fewer
    assert counts["written_off"] == 1
    assert (await alice.ok("GET", path))["counts"]["open_left"] == job["counts"]["open_left"]  # its own matches alone
