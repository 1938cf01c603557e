"""Counts on the project's stream: cards and lists follow decisions, with at most about one state per second."""

import asyncio
import time

import pytest

from server.project.counting import INTERVAL_S
from tests.auth.follower import Follower
from tests.job.test_decisions import suggested  # noqa: F401 - a fixture


def _states(follower, key):
    return [state["value"] for name, state in follower.events if name == "state" and state["key"] == key]


async def _until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def follower(server, alice, project):
    found = await Follower.of(server, alice.token, f"project:{project}")
    yield found
    await found.leave()


async def test_decisions_update_the_counts_on_the_projects_stream(alice, project, suggested, follower):  # noqa: F811 - the fixture
    job = await suggested()
    matches = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=20"))["items"]
    key = f"job.counts:{job['id']}"
    await _until(lambda: _states(follower, key))  # the state at the job's own end
    follower.events.clear()

    began = time.monotonic()
    for match in matches:
        await alice.ok("POST", f"/matches/{match['id']}/confirm", {})
    await _until(lambda: any(value["counts"]["confirmed"] == 20 for value in _states(follower, key)))
    totals = f"project.counts:{project}"
    await _until(lambda: _states(follower, totals))

    told = _states(follower, key)
    # Twenty decisions take a second or two, on a busy machine longer. The first and the last of them may add a state each.
    assert len(told) <= (time.monotonic() - began) / INTERVAL_S + 2
    assert told[-1]["counts"] == (await alice.ok("GET", f"/jobs/{job['id']}"))["counts"]
    seen = (await alice.ok("GET", f"/projects/{project}"))["counts"]
    await _until(lambda: _states(follower, totals)[-1] == {"project_id": project, **seen})


async def test_a_later_subscriber_gets_the_newest_counts(server, alice, project, suggested):  # noqa: F811 - the fixture
    job = await suggested()
    match = (await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=1"))["items"][0]
    await alice.ok("POST", f"/matches/{match['id']}/reject", {})
    key = f"job.counts:{job['id']}"
    first = await Follower.of(server, alice.token, f"project:{project}")
    await _until(lambda: any(value["counts"]["rejected"] == 1 for value in _states(first, key)))
    await first.leave()

    late = await Follower.of(server, alice.token, f"project:{project}")
    await _until(lambda: _states(late, key))

    assert _states(late, key)[0]["counts"]["rejected"] == 1
    await late.leave()


async def test_superseding_suggestions_of_another_job_publishes_the_counts_of_both(alice, suggested, run, follower):  # noqa: F811 - the fixture
    older = await suggested()
    sides = {side: older[side] for side in ("left_source", "right_source")}
    key = f"job.counts:{older['id']}"

    await run(sides)

    await _until(lambda: any(value["counts"]["suggested"] == 0 for value in _states(follower, key)))
