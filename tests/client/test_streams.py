"""The Python client follows streams of a real server: without a gap or a repeat, whatever is cut or killed."""

import asyncio
import dataclasses
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from realtime import state
from server.auth import tokens
from tallyroom_client import Event, Follower, Position, Problem, Snapshot, State
from tests.client.conftest import QUICK, MakeClient, Road, refusal
from tests.health.processes import free_port, running


async def take(follower: Follower, last: int, seconds: float = 30.0) -> list[int]:
    """Numbers of all events up to one, in the order in which the program gets them."""
    seen: list[int] = []
    async with asyncio.timeout(seconds):
        while not seen or seen[-1] < last:
            item = await anext(follower)
            assert isinstance(item, Event), item
            seen.append(item.position.seq)
    return seen


async def end_of(follower: Follower) -> Problem:
    """The problem with which a stream ends."""
    async with asyncio.timeout(30):
        try:
            while True:
                await anext(follower)
        except Problem as problem:
            return problem


async def head_of(db: Any, stream: str) -> int:
    found: int = await db.fetchval("SELECT head FROM streams WHERE name = $1", stream)
    return found


async def test_nothing_is_missed_or_repeated_while_connections_are_cut(
    alice: Any, project: str, flood: Any, db: Any, road: Road, make_client: MakeClient
) -> None:
    stream, seen = f"project:{project}", []
    client = make_client(alice, road.url)
    await client.get("/me")
    follower = client.follow(stream, Position(0))
    for _ in range(8):
        before = await head_of(db, stream)
        writing = asyncio.gather(flood(6, 5, roll_back_every=3), flood(4, 5))
        seen += await take(follower, before + 7)
        road.cut()  # the program has read this far; whatever else is on its way is lost
        await writing
    seen += await take(follower, await head_of(db, stream))

    assert seen == list(range(1, await head_of(db, stream) + 1))
    assert road.connections >= 8


async def test_a_killed_server_is_survived_and_a_stored_position_goes_on_in_another_process(
    settings: Any, alice: Any, project: str, flood: Any, make_client: MakeClient, tmp_path: Path
) -> None:
    stream, port = f"project:{project}", free_port()
    client = make_client(alice, f"http://127.0.0.1:{port}")
    follower = client.follow(stream, Position(0))  # before there is a server
    with running("serve", settings, tmp_path / "log", port) as process:
        await flood(3)
        assert await take(follower, 3) == [1, 2, 3]
        process.kill()
        process.wait()
    await flood(4)
    with running("serve", settings, tmp_path / "log", port):
        first = [await asyncio.wait_for(anext(follower), 20) for _ in range(2)]
        stored = str(first[-1].position)
        await follower.aclose()
        assert await take(client.follow(stream, Position.parse(stored)), 7) == [6, 7]
    assert [item.position.seq for item in first] == [4, 5]


async def test_a_slow_program_holds_little_and_misses_nothing(
    alice: Any, project: str, flood: Any, db: Any, make_client: MakeClient
) -> None:
    stream, held = f"project:{project}", 50
    client = make_client(alice, timing=dataclasses.replace(QUICK, held=held))
    follower = client.follow(stream, Position(0))
    await flood(10, 80)
    assert await take(follower, 1) == [1]  # it follows, and then the program is busy with this event
    await flood(1, 80)
    held_before = -1
    while held_before != len(follower._items):  # until nothing more comes
        held_before = len(follower._items)
        await asyncio.sleep(0.3)
    most, head = held_before, await head_of(db, stream)

    seen = [1]
    while seen[-1] < head:
        most = max(most, len(follower._items))
        seen += await take(follower, seen[-1] + 1)

    assert seen == list(range(1, head + 1))
    assert held <= most < held + 500  # at most a page of 500 comes on top


@pytest.mark.parametrize("how", ["history is gone", "another epoch"])
async def test_a_snapshot_takes_the_place_of_what_is_gone(
    alice: Any, project: str, flood: Any, db: Any, make_client: MakeClient, how: str
) -> None:
    stream = f"project:{project}"
    await flood(6)
    if how == "history is gone":
        await db.execute("DELETE FROM events WHERE stream = $1 AND seq <= 4", stream)
        await db.execute("UPDATE streams SET floor = 4 WHERE name = $1", stream)
    epoch = await db.fetchval("SELECT epoch FROM streams WHERE name = $1", stream)
    after = Position(2, epoch if how == "history is gone" else "of a database that was restored")
    follower = make_client(alice).follow(stream, after)

    snapshot = await asyncio.wait_for(anext(follower), 30)
    await flood(1)

    assert isinstance(snapshot, Snapshot)
    assert (snapshot.state["name"], snapshot.position) == ("March", Position(6, epoch))
    assert await take(follower, 7) == [7]


async def test_a_stream_that_one_may_not_follow_ends_in_one_sentence(
    alice: Any, bob: Any, project: str, make_client: MakeClient
) -> None:
    stream, client = f"project:{project}", make_client(bob)
    stranger = await end_of(client.follow(stream))
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    member = make_client(bob).follow(stream, Position(0))
    assert (await take(member, 1))[-1] == 1

    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")
    removed = await end_of(member)

    assert (stranger.status, stranger.code) == (404, "not_found")
    assert removed.code == "revoked"
    assert "\n" not in f"{stranger}{removed}"


async def test_a_session_that_is_ended_ends_every_stream(
    alice: Any, project: str, flood: Any, make_client: MakeClient
) -> None:
    await flood(1)
    client = make_client(alice)
    follower = client.follow(f"project:{project}", Position(0))
    await take(follower, 1)

    session = next(s for s in (await client.get("/auth/sessions"))["items"] if s["current"])
    await alice.ok("DELETE", f"/auth/sessions/{session['id']}")

    ended = await end_of(follower)
    assert ended.code == "token_revoked"
    assert "Sign in again" in str(ended)


async def test_a_socket_goes_on_with_the_next_token_when_its_own_ends(
    alice: Any, project: str, flood: Any, db: Any, road: Road, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(alice, road.url)
    monkeypatch.setattr(tokens, "LIFE", timedelta(seconds=61))  # the first token; `auth.expiring` comes after a second
    await client.get("/me")
    monkeypatch.undo()
    await flood(1)
    follower = client.follow(f"project:{project}", Position(0))
    await take(follower, 1)
    used = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL"
    async with asyncio.timeout(30):
        while await db.fetchval(used) == 0:
            await asyncio.sleep(0.05)
    await flood(1)

    assert await take(follower, 2) == [2]
    assert await db.fetchval(used) == 1
    assert road.connections <= 3  # REST and one socket, which was not opened again


async def test_a_socket_whose_session_ends_goes_on_with_the_next_session(
    alice: Any, project: str, flood: Any, db: Any, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(alice)
    monkeypatch.setattr(tokens, "LIFE", timedelta(seconds=61))
    await client.get("/me")
    monkeypatch.undo()
    await flood(1)
    follower = client.follow(f"project:{project}", Position(0))
    await take(follower, 1)
    await db.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 s'")

    async with asyncio.timeout(30):
        while await db.fetchval("SELECT count(*) FROM sessions") < 3:  # alice's own, and two of the client
            await asyncio.sleep(0.05)
    await flood(1)

    assert await take(follower, 2) == [2]


async def test_a_stream_waits_as_long_as_a_busy_server_asks_for(
    alice: Any, project: str, flood: Any, road: Road, make_client: MakeClient
) -> None:
    await flood(1)
    client = make_client(alice, road.url, token=alice.token, email=None)
    road.refusals = [refusal("1")]
    began = time.monotonic()

    assert await take(client.follow(f"project:{project}", Position(0)), 1) == [1]
    assert time.monotonic() - began >= 1.0


async def test_states_come_when_they_are_asked_for_and_only_the_newest_are_held(
    alice: Any, project: str, flood: Any, make_client: MakeClient
) -> None:
    await flood(1)
    stream, key = f"project:{project}", f"project.counts:{project}"
    follower = make_client(alice).follow(stream, Position(0), states=True)
    await take(follower, 1)
    for number in range(5):
        await state.put(key, [stream], {"project_id": project, "sources": number})

    last: Any = None
    async with asyncio.timeout(30):
        while last is None or last.value["sources"] < 4:
            last = await anext(follower)
            assert isinstance(last, State)


async def test_a_stream_is_followed_once_per_client(
    alice: Any, project: str, flood: Any, make_client: MakeClient
) -> None:
    await flood(1)
    client = make_client(alice)
    first = client.follow(f"project:{project}")

    with pytest.raises(ValueError, match="already followed"):
        client.follow(f"project:{project}")
    await first.aclose()

    assert [item async for item in first] == []
    assert await take(client.follow(f"project:{project}", Position(0)), 1) == [1]


@pytest.mark.parametrize("text", ["", "41", "-1@e", "x@e", "١@e", "4 1@e"])
def test_a_position_that_was_not_stored_by_us_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a position looks like"):
        Position.parse(text)


def test_a_stored_position_is_the_same_again() -> None:
    for position in (Position(41, "0198-e"), Position(0), Position(2**53, "a@b")):
        assert Position.parse(str(position)) == position
