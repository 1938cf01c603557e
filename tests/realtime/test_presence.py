"""Who is here, as followers of a stream are told."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from realtime import presence as module
from realtime import state
from server.app import NAMESPACE
from tests.auth.follower import Follower
from tests.auth.programs import program_of
from tests.realtime.wire import until


@pytest.fixture
async def room(alice: Any, bob: Any, project: str) -> AsyncIterator[str]:
    """The stream of a project that two people may follow."""
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    return f"project:{project}"


def told(follower: Follower, stream: str) -> list[dict[str, Any]]:
    """What a follower was told about who is here."""
    return [data for name, data in follower.events if name == "presence" and data["stream"] == stream]


def here(follower: Follower, stream: str) -> list[str]:
    """The people that a follower was told of last."""
    return [user["user_id"] for user in told(follower, stream)[-1]["users"]] if told(follower, stream) else []


def progress(follower: Follower) -> list[int]:
    """The progress that a follower was told of."""
    return [data["value"]["number"] for name, data in follower.events if name == "state"]


async def test_people_come_and_go_and_say_what_they_do(
    server: Any, alice: Any, bob: Any, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAVE_S", 0.3)
    a, b = await Follower.of(server, alice.token, room), await Follower.of(server, bob.token, room)

    assert await a.call("presence.set", {"stream": room, "state": {"match": "m1"}}) == {"ok": True}
    await until(lambda: here(b, room) == [str(alice.id)])
    await b.call("presence.set", {"stream": room, "visible": False})
    await until(lambda: here(a, room) == [str(alice.id), str(bob.id)])
    joined = told(a, room)[-1]
    await a.call("presence.set", {"stream": room, "state": {"match": "m2", "since": 5, "mine": True, "x": None}})
    await until(lambda: told(b, room)[-1]["users"][0]["state"] == {"match": "m2", "since": 5, "mine": True, "x": None})
    await a.leave()
    await until(lambda: here(b, room) == [str(bob.id)])
    left = told(b, room)[-1]
    late = await Follower.of(server, alice.token, room)
    await until(lambda: here(late, room) == [str(bob.id)])  # a follower is shown who is here already
    await late.leave()
    await b.leave()

    assert (joined["joined"], joined["left"], joined["total"]) == ([str(bob.id)], [], 2)
    assert [user["visible"] for user in joined["users"]] == [True, False]
    assert (left["joined"], left["left"], left["total"]) == ([], [str(alice.id)], 1)


async def test_newcomers_are_shown_who_is_here_although_the_database_did_not_answer(
    server: Any, alice: Any, bob: Any, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.1)
    presence, relay = server.app[NAMESPACE].guests.presence, server.app[NAMESPACE].guests.relay
    read, added = presence._fetch, relay.on_added
    has_come, has_failed, may_fail = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def add(sub: Any) -> None:
        added(sub)
        if (sub.user_id, sub.name) == (str(bob.id), room):
            has_come.set()

    async def fail_once(sql: str, *values: Any) -> Any:
        if sql == module._READ and has_come.is_set() and not has_failed.is_set():
            has_failed.set()
            await may_fail.wait()
            raise OSError
        return await read(sql, *values)

    here_first = await Follower.of(server, alice.token, room)
    await here_first.call("presence.set", {"stream": room})
    await until(lambda: here(here_first, room) == [str(alice.id)])
    monkeypatch.setattr(relay, "on_added", add)
    monkeypatch.setattr(presence, "_fetch", fail_once)
    first = await Follower.of(server, bob.token, room)
    await has_failed.wait()
    second = await Follower.of(server, bob.token, room)  # while the answer is waited for
    may_fail.set()

    await until(lambda: here(first, room) == here(second, room) == [str(alice.id)])
    for follower in (here_first, first, second):
        await follower.leave()


async def test_tabs_of_a_person_count_once_and_a_reload_is_not_seen(
    server: Any, alice: Any, bob: Any, room: str
) -> None:
    watching = await Follower.of(server, bob.token, room)
    tabs = [await Follower.of(server, alice.token, room) for _ in range(2)]
    for tab in tabs:
        await tab.call("presence.set", {"stream": room})
    await until(lambda: here(watching, room) == [str(alice.id)])

    for tab in tabs:
        await tab.leave()
    again = await Follower.of(server, alice.token, room)
    await again.call("presence.set", {"stream": room})
    await asyncio.sleep(0.5)
    await again.call("subscribe", {"stream": room})  # as a client does whose stream was reset
    await asyncio.sleep(0.5)

    assert all(said["total"] == 1 and said["left"] == [] for said in told(watching, room))
    assert all(said["users"][0]["visible"] for said in told(watching, room))
    await again.call("unsubscribe", {"stream": room})
    await until(lambda: here(watching, room) == [], module.LEAVE_S + 5)
    await again.leave()
    await watching.leave()
    presence = server.app[NAMESPACE].guests.presence
    assert presence._here == {}
    assert not presence._leaving


async def test_what_a_person_does_in_one_window_is_shown_although_another_is_opened(
    server: Any, alice: Any, bob: Any, room: str
) -> None:
    def does() -> Any:
        said = told(watching, room)
        return said[-1]["users"][0]["state"] if said and said[-1]["users"] else None

    watching = await Follower.of(server, bob.token, room)
    first, second = [await Follower.of(server, alice.token, room) for _ in range(2)]
    await first.call("presence.set", {"stream": room, "state": {"editing": "a", "in": "review"}})
    await until(lambda: does() == {"editing": "a", "in": "review"})

    await second.call("presence.set", {"stream": room, "state": {"in": "sources"}})
    await until(lambda: does() == {"editing": "a", "in": "sources"})
    await second.call("presence.set", {"stream": room, "state": {"in": "sources"}, "visible": False})
    await until(lambda: does() == {"editing": "a", "in": "review"})
    await first.call("presence.set", {"stream": room, "state": {}})
    await until(lambda: does() == {"in": "sources"})
    await first.leave()
    await second.leave()
    await until(lambda: here(watching, room) == [], module.LEAVE_S + 5)
    await watching.leave()

    gone = told(watching, room)[-2]
    assert (gone["users"][0]["state"], gone["users"][0]["visible"]) == ({"in": "sources"}, False)


async def test_what_other_processes_have_is_shown_until_they_die(
    server: Any, alice: Any, bob: Any, room: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.2)
    other, stranger = uuid4(), str(uuid4())
    people = {
        stranger: {"since": "2026-01-01T00:00:00Z", "at": 1, "state": None, "visible": True},
        str(alice.id): {"since": "2026-01-02T00:00:00Z", "at": 2, "state": {"old": True}, "visible": True},
    }
    follower = await Follower.of(server, bob.token, room)
    mine = await Follower.of(server, alice.token, room)
    await mine.call("presence.set", {"stream": room, "visible": False, "state": {"new": True}})
    await db.execute("INSERT INTO live_processes (id, seen_at) VALUES ($1, now())", other)
    await db.execute(
        "INSERT INTO presences (key, process, stream, people) VALUES ($1, $2, $3, $4)",
        f"{other}/{room}",
        other,
        room,
        json.dumps(people),
    )

    await until(lambda: here(follower, room) == [stranger, str(alice.id)])
    both = told(follower, room)[-1]["users"][1]
    await db.execute("UPDATE live_processes SET seen_at = now() - interval '11 seconds' WHERE id = $1", other)
    await until(lambda: here(follower, room) == [str(alice.id)])
    async with asyncio.timeout(20):
        while await db.fetchval("SELECT count(*) FROM presences WHERE process = $1", other):
            await asyncio.sleep(0.05)
    await mine.leave()
    await follower.leave()

    assert both == {
        "user_id": str(alice.id),
        "since": "2026-01-02T00:00:00Z",
        "state": {"new": True, "old": True},
        "visible": True,
    }


async def test_a_process_that_was_stopped_for_a_while_is_back_with_its_people(
    server: Any, alice: Any, room: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.2)
    follower = await Follower.of(server, alice.token, room)
    await follower.call("presence.set", {"stream": room})
    await until(lambda: here(follower, room) == [str(alice.id)])

    await db.execute("DELETE FROM live_processes")
    await db.execute("DELETE FROM presences")

    async with asyncio.timeout(20):
        while not await db.fetchval("SELECT count(*) FROM presences p JOIN live_processes l ON l.id = p.process"):
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert here(follower, room) == [str(alice.id)]
    await follower.leave()


async def test_a_hidden_tab_is_told_once_a_second(server: Any, alice: Any, bob: Any, room: str) -> None:
    hidden, busy = await Follower.of(server, bob.token, room), await Follower.of(server, alice.token, room)
    await hidden.call("presence.set", {"stream": room, "visible": False})
    await until(lambda: bool(told(busy, room)))
    before = len(told(hidden, room)), len(told(busy, room))
    began = asyncio.get_running_loop().time()

    for number in range(15):
        await busy.call("presence.set", {"stream": room, "state": {"number": number}})
        await state.put("job.progress:hidden", [room], {"number": number})
        await asyncio.sleep(0.12)
    await until(lambda: told(hidden, room)[-1]["users"][1]["state"] == {"number": 14})
    await until(lambda: progress(hidden)[-1:] == progress(busy)[-1:] == [14])
    after = len(told(hidden, room)), len(told(busy, room))
    lasted_s = asyncio.get_running_loop().time() - began
    await hidden.leave()
    await busy.leave()

    assert after[0] - before[0] <= lasted_s + 2
    assert after[1] - before[1] > after[0] - before[0]
    assert len(progress(hidden)) <= lasted_s + 2 < len(progress(busy))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"stream": "project:elsewhere"}, "not_found"),
        ({"stream": "user:me"}, "not_found"),
        ({}, "missing_field"),
        ({"stream": "ROOM", "state": {"Upper": 1}}, "invalid_field"),
        ({"stream": "ROOM", "state": {"a": {"b": 1}}}, "invalid_field"),
        ({"stream": "ROOM", "state": {"a": "x" * 129}}, "invalid_field"),
        ({"stream": "ROOM", "state": {"a": 2**40}}, "invalid_field"),
        ({"stream": "ROOM", "state": {"a": 1.5}}, "invalid_field"),
        ({"stream": "ROOM", "state": {f"a{number}": 1 for number in range(9)}}, "invalid_field"),
        ({"stream": "ROOM", "visible": "yes"}, "invalid_field"),
        ({"stream": "ROOM", "name": "x"}, "unknown_field"),
    ],
)
async def test_what_nobody_can_say_is_refused(
    server: Any, alice: Any, room: str, body: dict[str, Any], code: str
) -> None:
    follower = await Follower.of(server, alice.token, room, f"user:{alice.id}")
    sent = json.loads(json.dumps(body).replace("ROOM", room).replace("user:me", f"user:{alice.id}"))

    answer = await follower.call("presence.set", sent)
    await follower.leave()

    assert answer["problem"]["code"] == code


async def test_a_program_is_not_here(server: Any, alice: Any, room: str) -> None:
    program = await program_of(alice, "read", "events")
    follower = await Follower.of(server, program.token, room)

    answer = await follower.call("presence.set", {"stream": room})
    await follower.leave()

    assert answer["problem"]["code"] == "forbidden"
