"""The events of a stream by plain HTTP: the same as over sockets, for programs without one."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise import Tortoise

from core.ids import uuid7
from realtime.guest import TOKENS_TOGETHER
from realtime.relay import PAGE
from server.api.keys import SETTINGS
from server.app import NAMESPACE
from server.stream.routes import POLLS
from tests.auth.follower import Follower
from tests.auth.programs import program_of
from tests.conftest import Person
from tests.realtime.wire import until
from tests.vault.test_streams import join

LONG = 25  # seconds that a test must not take


def events(name: str, **query: Any) -> str:
    return f"/streams/{name}/events?" + "&".join(f"{key}={value}" for key, value in query.items())


async def poll(person: Person, name: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = await person.ok("GET", events(name, **query))
    return found


async def waiting(server: Any, count: int = 1) -> None:
    """Waits until so many polls wait, and no other has a place."""
    polls = server.app[POLLS]
    await until(lambda: len(polls._woken) == polls._waiting.total() == count)


async def test_it_gives_the_same_events_as_a_socket(server, alice, project, flood):
    await flood(3, 2, roll_back_every=2)
    follower = await Follower.of(server, alice.token)
    there = await follower.call("subscribe", {"stream": f"project:{project}", "after": 0})
    await follower.leave()

    here = await poll(alice, f"project:{project}", after=0, epoch=there["epoch"])

    assert here["events"] == there["events"]
    assert len(here["events"]) == here["head"] == here["after"] > 0
    assert (here["mode"], here["more"], here["state"]) == ("replay", False, None)


async def test_a_poll_answers_with_the_next_event_as_soon_as_it_happens(server, alice, bob, project):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    here = await poll(bob, f"project:{project}")
    assert (here["mode"], here["events"], here["after"]) == ("live", [], here["head"])
    next_one = asyncio.create_task(poll(bob, f"project:{project}", after=here["after"], epoch=here["epoch"], wait=LONG))
    await waiting(server)
    began = time.monotonic()

    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"}, if_match=1)
    found = await next_one

    assert [event["type"] for event in found["events"]] == ["project.updated"]
    assert found["after"] == here["after"] + 1
    assert time.monotonic() - began < LONG / 2


async def test_a_poll_without_a_position_waits_for_what_happens_from_now_on(server, alice, project, flood):
    await flood(2)
    next_one = asyncio.create_task(poll(alice, f"project:{project}", wait=LONG))
    await waiting(server)

    await flood(1)

    assert [event["seq"] for event in (await next_one)["events"]] == [3]


async def test_no_event_is_missed_or_repeated_from_poll_to_poll(server, alice, project, flood):
    place = await poll(alice, f"project:{project}")
    writing = [asyncio.create_task(flood(40, 3, roll_back_every=5)) for _ in range(3)]
    seen: list[int] = []
    while len(seen) < 3 * 32 * 3:
        place = await poll(alice, f"project:{project}", after=place["after"], epoch=place["epoch"], limit=7, wait=LONG)
        assert len(place["events"]) <= 7
        assert place["more"] == (place["after"] < place["head"])
        seen += [event["seq"] for event in place["events"]]
    await asyncio.gather(*writing)

    assert seen == list(range(1, 3 * 32 * 3 + 1))


async def test_many_events_come_in_pages(alice, project, flood):
    await flood(4, 200)

    pages = [await poll(alice, f"project:{project}", after=0)]
    while pages[-1]["more"]:
        pages.append(await poll(alice, f"project:{project}", after=pages[-1]["after"], wait=LONG))

    assert [event["seq"] for page in pages for event in page["events"]] == list(range(1, 801))
    assert all(len(page["events"]) <= PAGE for page in pages)


async def test_a_position_that_never_was_gets_a_snapshot_at_once(alice, project, flood):
    await flood(2)

    ahead = await poll(alice, f"project:{project}", after=99, wait=LONG)
    elsewhere = await poll(alice, f"project:{project}", after=1, epoch="other", wait=LONG)

    for found in (ahead, elsewhere):
        assert (found["mode"], found["events"], found["after"], found["more"]) == ("snapshot", [], 2, False)
        assert found["state"]["name"] == "March"


@pytest.mark.parametrize("seconds", [0, 1])
async def test_when_nothing_happens_it_says_so_in_time(alice, project, seconds):
    place = await poll(alice, f"project:{project}")
    began = time.monotonic()

    found = await poll(alice, f"project:{project}", after=place["after"], epoch=place["epoch"], wait=seconds)

    assert (found["mode"], found["events"], found["after"]) == ("live", [], place["after"])
    assert time.monotonic() - began >= seconds


async def test_a_poll_that_waits_uses_no_connection_and_no_turn(server, alice, project, make_person):
    pool = Tortoise.get_connection("default")._pool  # type: ignore[attr-defined]  # Tortoise keeps asyncpg's pool there
    people = [alice, *[await make_person(f"watcher{n}") for n in range(4)]]
    for person in people[1:]:
        await alice.ok("PUT", f"/projects/{project}/members/{person.id}", {"role": "viewer"})
    polls = [asyncio.create_task(poll(person, f"project:{project}", wait=LONG)) for person in people for _ in range(8)]
    await waiting(server, len(polls))
    await until(lambda: pool.get_idle_size() == pool.get_size())

    answers = await asyncio.gather(*(alice.ok("GET", "/projects") for _ in range(20)))
    assert all(answer["items"] for answer in answers)

    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"}, if_match=1)
    found = await asyncio.gather(*polls)

    assert {event["type"] for page in found for event in page["events"]} == {"project.updated"}
    assert server.app[POLLS]._waiting.total() == 0


async def test_a_person_may_wait_only_so_often_at_once(server, alice, project, monkeypatch):
    most = server.app[SETTINGS].max_sockets_per_user
    polls = [asyncio.create_task(poll(alice, f"project:{project}", wait=LONG)) for _ in range(most)]
    await waiting(server, most)

    async with await alice.send("GET", events(f"project:{project}", wait=LONG)) as response:
        refused = await response.json()
        assert (response.status, refused["code"]) == (429, "too_many_connections")
        assert response.headers["Retry-After"]
    monkeypatch.setattr(server.app[POLLS], "_authority", None)  # a poll that is refused does not look
    refused_again = await alice.refused("GET", events(f"project:{project}", wait=LONG, after=0))
    monkeypatch.undo()
    at_once = await poll(alice, f"project:{project}")

    assert refused_again == (429, "too_many_connections")
    assert at_once["mode"] == "live"
    for task in polls:
        task.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    await waiting(server, 0)  # whoever hangs up gives the place back


async def test_polls_of_a_token_take_no_place_of_its_owner_or_of_another_token(server, alice, project, monkeypatch):
    monkeypatch.setattr(server.app[POLLS], "_most_each", 2)
    path = events(f"project:{project}", wait=LONG)
    busy = [await program_of(alice, "read", "events") for _ in range(TOKENS_TOGETHER)]
    other = await program_of(alice, "read", "events")
    senders = [busy[0], busy[0], other, alice]
    polls = [asyncio.create_task(sender.send("GET", path)) for sender in senders]
    await waiting(server, 4)
    too_many = await busy[0].refused("GET", path)
    senders = [program for program in busy[1:] for _ in range(2)][:-1]
    polls += [asyncio.create_task(sender.send("GET", path)) for sender in senders]
    await waiting(server, 2 * TOKENS_TOGETHER + 1)

    together = await other.refused("GET", path)
    polls.append(asyncio.create_task(alice.send("GET", path)))
    await waiting(server, 2 * TOKENS_TOGETHER + 2)
    for task in polls:
        task.cancel()
    await asyncio.gather(*polls, return_exceptions=True)
    await waiting(server, 0)

    assert too_many == together == (429, "too_many_connections")
    assert server.app[POLLS]._waiting_tokens.total() == 0


async def test_what_ends_while_it_waits_ends_the_poll(server, alice, bob, project, flood):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    polls = [asyncio.create_task(bob.send("GET", events(f"project:{project}", wait=LONG))) for _ in range(2)]
    await waiting(server, 2)

    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")
    await flood(1)

    for response in await asyncio.gather(*polls):
        assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_an_ended_session_gets_nothing_more(server, alice, project, flood):
    one = asyncio.create_task(alice.send("GET", events(f"project:{project}", wait=LONG)))
    await waiting(server)

    await alice.ok("DELETE", f"/auth/sessions/{(await alice.ok('GET', '/auth/sessions'))['items'][0]['id']}")
    await flood(1)

    response = await one
    assert (response.status, (await response.json())["code"]) == (401, "token_revoked")


async def test_a_vault_is_followed_only_while_it_may_be_read(server, alice, bob, project):
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    end = (datetime.now(UTC) + timedelta(seconds=1.2)).isoformat()
    await join(alice, bob, project, vault, "reader")
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer", "expires_at": end})
    one = asyncio.create_task(bob.send("GET", events(f"vault:{vault}", wait=LONG)))
    await waiting(server)
    await asyncio.sleep(1.3)

    await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "After", "secret": "s"})

    response = await one
    assert response.status == 404


@pytest.mark.parametrize(
    "name", ["project:{none}", "projects:{project}", "{project}", "project:", "project:%00", "x" * 300, "user:{none}"]
)
async def test_a_stream_that_does_not_exist_is_not_found(alice, project, name):
    name = name.replace("{none}", str(uuid7())).replace("{project}", project)

    assert await alice.refused("GET", events(name, wait=LONG)) == (404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=99999999999999999999",
        "limit=0",
        "limit=501",
        "wait=31",
        "wait=-1",
        "wait=1.5",
        "x=1",
    ],
)
async def test_a_query_of_the_wrong_form_is_refused(alice, project, query):
    status, code = await alice.refused("GET", f"/streams/project:{project}/events?{query}")

    assert (status, code) == (422, "unknown_field" if query == "x=1" else "invalid_field")


async def test_a_stream_made_anew_is_a_snapshot_and_a_lost_hint_heals(server, alice, project, db, flood):
    await flood(2)
    place = await poll(alice, f"project:{project}")
    one = asyncio.create_task(poll(alice, f"project:{project}", after=place["after"], epoch=place["epoch"], wait=LONG))
    await waiting(server)

    await db.execute("UPDATE streams SET epoch = 'another' WHERE name = $1", f"project:{project}")  # no hint at all

    found = await one
    assert (found["mode"], found["epoch"]) == ("snapshot", "another")


async def test_when_the_server_stops_whoever_waits_is_answered(server, alice, project):
    one = asyncio.create_task(poll(alice, f"project:{project}", wait=LONG))
    await waiting(server)
    try:
        server.app[POLLS].drain()
        found = await one
    finally:
        server.app[POLLS].is_draining = False

    assert (found["mode"], found["events"]) == ("live", [])
    assert server.app[NAMESPACE].guests.relay.streams[f"project:{project}"].listeners == {}
