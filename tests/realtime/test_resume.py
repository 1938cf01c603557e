"""Events in order and without gaps, whatever happens between the writers and the client."""

import asyncio
from typing import Any

import pytest

from realtime import state
from realtime import unit_of_work as work
from server.app import NAMESPACE
from tests.auth.follower import Follower


def numbers(follower: Follower) -> list[int]:
    """Numbers of the durable events, in the order of arrival."""
    return [data["seq"] for _, data in follower.events if "seq" in data]


async def heard_until(follower: Follower, last: int, seconds: float = 20.0) -> list[int]:
    """Waits for the event with a number."""
    for _ in range(int(seconds / 0.02)):
        found = numbers(follower)
        if found and found[-1] >= last:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"no event {last}, the last is {numbers(follower)[-1:]}")


async def test_replay_and_live_are_complete_under_four_writers_that_roll_back_without_deadlocks(
    server: Any, alice: Any, project: str, flood: Any, db: Any
) -> None:
    stream = f"project:{project}"
    followers = [await Follower.of(server, alice.token) for _ in range(3)]
    starts: list[list[int]] = []
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await db.fetchval(deadlocks)

    writing = asyncio.gather(*(flood(40, 2, roll_back_every=5) for _ in range(4)))
    for follower in followers:
        await asyncio.sleep(0.05)
        seen: list[int] = []
        while True:
            answer = await follower.call("subscribe", {"stream": stream, "after": seen[-1] if seen else 0})
            seen += [event["seq"] for event in answer["events"]]
            if not answer.get("more"):
                break
        starts.append(seen)
    # However fast the writers were, more events follow after all clients are live.
    await asyncio.gather(writing, *(flood(20, 2, roll_back_every=5) for _ in range(4)))
    head = await db.fetchval("SELECT head FROM streams WHERE name = $1", stream)
    for follower in followers:
        await heard_until(follower, head)

    assert head == 4 * 48 * 2
    for follower, seen in zip(followers, starts, strict=True):
        assert seen + numbers(follower) == list(range(1, head + 1))
        await follower.leave()
    stored = await db.fetch("SELECT seq FROM events WHERE stream = $1 ORDER BY seq", stream)
    assert [row["seq"] for row in stored] == list(range(1, head + 1))
    assert await db.fetchval(deadlocks) == before


async def test_a_lost_hint_heals(
    server: Any, alice: Any, project: str, flood: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await Follower.of(server, alice.token, f"project:{project}")
    monkeypatch.setattr(work.ledger(), "hint", lambda _: None)

    await flood(3)

    assert await heard_until(follower, 3, 2.5) == [1, 2, 3]
    await follower.leave()


async def test_a_place_below_what_is_kept_gets_a_snapshot_and_one_above_it_a_replay(
    server: Any, alice: Any, project: str, flood: Any, db: Any
) -> None:
    stream = f"project:{project}"
    await flood(10)
    await db.execute("DELETE FROM events WHERE stream = $1 AND seq <= 6", stream)
    await db.execute("UPDATE streams SET floor = 6 WHERE name = $1", stream)
    follower = await Follower.of(server, alice.token)

    below = await follower.call("subscribe", {"stream": stream, "after": 5})
    above = await follower.call("subscribe", {"stream": stream, "after": 6})
    await flood(1)
    await heard_until(follower, 11)

    assert (below["mode"], below["head"], below["events"]) == ("snapshot", 10, [])
    assert below["state"] == await alice.ok("GET", f"/projects/{project}")
    assert (above["mode"], [event["seq"] for event in above["events"]]) == ("replay", [7, 8, 9, 10])
    assert numbers(follower) == [11]
    await follower.leave()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE streams SET epoch = 'another' WHERE name = $1",
        "UPDATE streams SET head = head - 1 WHERE name = $1",
        "DELETE FROM streams WHERE name = $1",
    ],
)
async def test_a_stream_made_anew_is_said_to_be(
    server: Any, alice: Any, project: str, flood: Any, db: Any, sql: str
) -> None:
    stream = f"project:{project}"
    follower = await Follower.of(server, alice.token)
    before = await follower.call("subscribe", {"stream": stream})
    await flood(2)
    await heard_until(follower, 2)

    await db.execute(sql, stream)

    assert await follower.heard("stream.reset") == {"stream": stream, "reason": "epoch"}
    if "epoch" in sql:
        again = await follower.call("subscribe", {"stream": stream, "after": 2, "epoch": before["epoch"]})
        await flood(1)
        await heard_until(follower, 3)
        assert (again["mode"], again["epoch"]) == ("snapshot", "another")
        assert (await follower.call("subscribe", {"stream": stream, "epoch": before["epoch"]}))["mode"] == "snapshot"
    await follower.leave()


async def test_a_client_behind_the_ring_is_caught_up_from_the_table(
    server: Any, alice: Any, project: str, flood: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await Follower.of(server, alice.token, f"project:{project}")
    connection = next(iter(server.app[NAMESPACE].server.connections.values()))
    # As if the client had not taken its queue until the ring had wrapped.
    connection.websocket.pause_writing()

    await flood(12, 100)
    stream = server.app[NAMESPACE].guests.relay.streams[f"project:{project}"]
    for _ in range(1500):
        if stream.tail == 1200:
            break
        await asyncio.sleep(0.02)
    assert (stream.first, numbers(follower)) == (201, [])
    connection.websocket.resume_writing()

    assert await heard_until(follower, 1200) == list(range(1, 1201))
    await follower.leave()


async def test_the_events_of_a_jobs_life_applied_are_what_fetching_again_gives(
    server: Any, alice: Any, project: str, make_sides: Any, end_of: Any
) -> None:
    follower = await Follower.of(server, alice.token, f"project:{project}")
    sides = await make_sides(300)
    job = await alice.ok("POST", f"/projects/{project}/jobs", sides)
    view = dict(job)
    begin = await follower.call("subscribe", {"stream": f"job:{job['id']}", "after": 0})

    await end_of(job["id"])
    await follower.heard("job.completed", 20)
    await asyncio.sleep(0.5)
    mine = begin["events"] + [
        data for _, data in follower.events if data["stream"] == f"job:{job['id']}" and "seq" in data
    ]
    for event in mine:
        for name in ("status", "attempt", "counts", "version"):
            if name in event["data"]:
                view[name] = event["data"][name]
    fetched = await alice.ok("GET", f"/jobs/{job['id']}")
    sources: dict[str, dict[str, Any]] = {}
    for name, data in follower.events:
        if name.startswith("source."):
            sources[data["data"]["source_id"]] = data["data"]
    added = [event["data"]["count"] for event in mine if event["type"] == "matches.added"]

    assert [event["seq"] for event in mine] == list(range(1, len(mine) + 1))
    assert {name: view[name] for name in ("status", "attempt", "counts", "version")} == {
        name: fetched[name] for name in ("status", "attempt", "counts", "version")
    }
    assert sum(added) == fetched["counts"]["matches"] > 0
    for source_id in sides.values():
        source = await alice.ok("GET", f"/sources/{source_id}")
        assert {name: sources[source_id][name] for name in ("status", "rows", "revision", "version")} == {
            name: source[name] for name in ("status", "rows", "revision", "version")
        }
    assert len({event["request_id"] for event in mine if event["type"] in ("job.queued", "job.started")}) == 1
    await follower.leave()


async def test_the_version_of_a_state_does_not_fall_after_it_was_forgotten(
    server: Any, alice: Any, project: str
) -> None:
    stream = f"project:{project}"
    follower = await Follower.of(server, alice.token, stream)

    for number in range(3):
        await state.put("job.progress:again", [stream], {"n": number})
        await asyncio.sleep(0.2)
        await state.forget("job.progress:again")
    await asyncio.sleep(0.3)
    states = [data for name, data in follower.events if name == "state"]
    await follower.leave()

    assert [found["value"]["n"] for found in states] == [0, 1, 2]
    assert [found["version"] for found in states] == sorted(found["version"] for found in states)
