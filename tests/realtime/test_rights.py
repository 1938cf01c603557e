"""Rights that end while a stream is followed: the person gets no later event of it."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.ids import uuid7
from models.access import Actor
from realtime import unit_of_work as work
from realtime.events.job import JobStarted
from realtime.unit_of_work import unit_of_work
from server.app import NAMESPACE
from tests.auth.follower import Follower
from tests.conftest import PASSWORD
from tests.realtime.wire import until


def seqs(follower: Follower, stream: str) -> list[int]:
    """Numbers of the events of a stream, in the order of arrival."""
    return [data["seq"] for _, data in follower.events if data.get("stream") == stream and "seq" in data]


async def settle(follower: Follower, seconds: float = 0.4) -> None:
    """Waits until nothing has arrived for a while."""
    count = -1
    while count != len(follower.events):
        count = len(follower.events)
        await asyncio.sleep(seconds)


async def test_removed_in_a_flood_nothing_later_arrives_and_added_again_the_later_ones_do(
    server: Any, alice: Any, bob: Any, project: str, flood: Any, db: Any
) -> None:
    stream = f"project:{project}"
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token, stream)

    flooding = [asyncio.create_task(flood(60, 3, roll_back_every=7)) for _ in range(2)]
    await _heard_some(member, stream)
    async with await alice.send("DELETE", f"/projects/{project}/members/{bob.id}") as response:
        assert response.status == 204
    await member.heard("stream.revoked")
    refused = await member.call("subscribe", {"stream": stream})
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    again = await member.call("subscribe", {"stream": stream})
    await asyncio.gather(*flooding)
    await settle(member)
    removed_at = await db.fetchval(
        "SELECT seq FROM events WHERE stream = $1 AND type = 'project.member.removed'", stream
    )
    head = await db.fetchval("SELECT head FROM streams WHERE name = $1", stream)
    await member.leave()

    assert refused["problem"]["code"] == "not_found"
    assert again["ok"] is True
    numbers = seqs(member, stream)
    before = [seq for seq in numbers if seq <= again["head"]]
    assert len(before) >= 3
    assert before == list(range(before[0], before[-1] + 1))
    assert before[-1] < removed_at
    assert [seq for seq in numbers if seq > again["head"]] == list(range(again["head"] + 1, head + 1))


async def test_a_removal_also_ends_the_streams_below_the_project(
    server: Any, alice: Any, bob: Any, project: str, db: Any
) -> None:
    job = await _job_in(project, db, alice)
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token, f"job:{job}")

    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    ended = await member.heard("stream.revoked")
    await _publish_on(job, project, alice)
    await settle(member)
    refused = await member.call("subscribe", {"stream": f"job:{job}"})
    await member.leave()

    assert ended == {"stream": f"job:{job}"}
    assert seqs(member, f"job:{job}") == []
    assert refused["problem"]["code"] == "not_found"


async def test_the_end_of_a_right_above_rechecks_the_rights_below(
    server: Any, alice: Any, bob: Any, project: str, db: Any
) -> None:
    job = await _job_in(project, db, alice)
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token, f"job:{job}")
    guests = server.app[NAMESPACE].guests
    (guest,) = guests.by_user[str(bob.id)]
    sub = guest.subs[f"job:{job}"]

    guests.relay.end_user(str(bob.id), f"project:{project}", 2**40)
    doubts = sub.doubts
    await until(lambda: sub.doubts == 0)  # the person is still a member
    await member.leave()

    assert doubts == 1
    assert guest.changes == 1


async def test_an_old_revocation_read_late_ends_nothing(
    server: Any, alice: Any, bob: Any, project: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _job_in(project, db, alice)
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token)
    # Without hints, the relay reads when it next checks the heads. By then the person is back and subscribed again.
    monkeypatch.setattr(work.ledger(), "hint", lambda _: None)

    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    for stream in (f"job:{job}", f"project:{project}"):
        assert (await member.call("subscribe", {"stream": stream}))["ok"]
    await asyncio.sleep(1.3)
    await _publish_on(job, project, alice)
    await asyncio.sleep(1.3)
    names = [name for name, _ in member.events]
    await member.leave()

    assert names.count("job.started") == 2
    assert "stream.revoked" not in names


async def test_a_session_found_to_be_revoked_is_told_so_before_the_socket_closes(
    server: Any, bob: Any, db: Any
) -> None:
    follower = await Follower.of(server, bob.token)

    await db.execute("UPDATE sessions SET revoked_at = now() WHERE user_id = $1", bob.id)
    # The stream has a new epoch, as after restoring a backup. What it published meanwhile is unknown, so the relay
    # reads the account.
    await db.execute("UPDATE streams SET epoch = 'another' WHERE name = $1", f"user:{bob.id}")

    assert (await follower.closed())[-2:] == ["auth.revoked", "closing"]


async def test_a_grant_ends_at_its_time_and_lasts_when_it_is_prolonged(
    server: Any, alice: Any, bob: Any, charlie: Any, project: str, flood: Any
) -> None:
    end = (datetime.now(UTC) + timedelta(seconds=1.2)).isoformat()
    for person in (bob, charlie):
        await alice.ok("PUT", f"/projects/{project}/members/{person.id}", {"role": "viewer", "expires_at": end})
    ending = await Follower.of(server, bob.token, f"project:{project}")
    lasting = await Follower.of(server, charlie.token, f"project:{project}")

    await alice.ok("PUT", f"/projects/{project}/members/{charlie.id}", {"role": "viewer", "expires_at": None})
    await ending.heard("stream.revoked")
    await flood(3)
    await settle(lasting)
    late = [data["seq"] for name, data in ending.events if name == "project.updated"]
    await ending.leave()
    await lasting.leave()

    assert late == []
    assert [name for name, _ in lasting.events].count("project.updated") == 3
    assert "stream.revoked" not in [name for name, _ in lasting.events]


async def test_a_changed_role_in_a_project_loses_no_event(
    server: Any, alice: Any, bob: Any, project: str, flood: Any, db: Any
) -> None:
    stream = f"project:{project}"
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token, stream)

    flooding = asyncio.create_task(flood(60))
    for role in ("analyst", "viewer", "controller"):
        await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": role})
    await flooding
    await settle(member)
    await member.leave()

    numbers = seqs(member, stream)
    head = await db.fetchval("SELECT head FROM streams WHERE name = $1", stream)
    assert numbers == list(range(head - len(numbers) + 1, head + 1))
    assert len(numbers) == 63


async def test_a_former_vault_manager_no_longer_follows_accesses(
    server: Any, alice: Any, bob: Any, project: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Bank"}))["id"]
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    follower = await Follower.of(server, bob.token, f"vault:{vault}", f"vault-access:{vault}")

    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "reader"})
    ended = await follower.heard("stream.revoked")
    entry = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "Login", "secret": "s3cret-sentinel"})
    await alice.ok("POST", f"/entries/{entry['id']}/reveal", {"fields": ["secret"]})
    await follower.heard("vault.entry.created")
    await settle(follower)
    await alice.send("DELETE", f"/vaults/{vault}/members/{bob.id}")
    for _ in range(1500):
        if sum(name == "stream.revoked" for name, _ in follower.events) == 2:
            break
        await asyncio.sleep(0.02)
    await follower.leave()

    assert ended == {"stream": f"vault-access:{vault}"}
    # Two streams report the last end; either may be read first.
    assert [name for name, _ in follower.events].count("stream.revoked") == 2
    assert "vault.entry.created" in [name for name, _ in follower.events]
    assert not {"vault.entry.revealed", "vault.member.removed"} & {name for name, _ in follower.events}
    assert "s3cret-sentinel" not in repr(follower.events)


@pytest.mark.parametrize("how", ["logout", "session", "disabled"])
async def test_signing_out_closes_the_socket_within_a_second(
    server: Any, admin: Any, bob: Any, http: Any, how: str
) -> None:
    follower = await Follower.of(server, bob.token)

    if how == "logout":
        await bob.session.post(
            "/api/v1/auth/logout",
            json={"refresh_token": bob.refresh_token},
            headers={"Authorization": f"Bearer {bob.token}", "X-Client": "api"},
        )
    elif how == "session":
        sessions = await bob.ok("GET", "/auth/sessions")
        await bob.send("DELETE", f"/auth/sessions/{sessions['items'][0]['id']}")
    else:
        await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})

    assert (await follower.closed())[-2:] == ["auth.revoked", "closing"]


@pytest.mark.parametrize("how", ["all", "account"])
async def test_an_old_end_of_all_sessions_read_late_keeps_a_newer_session(
    server: Any, admin: Any, bob: Any, http: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await Follower.of(server, bob.token)
    # Without hints, the relay reads when it next checks the heads. By then the person has signed in again.
    monkeypatch.setattr(work.ledger(), "hint", lambda _: None)

    if how == "all":
        assert (await admin.send("POST", f"/users/{bob.id}/sessions/revoke")).status == 204
    else:
        await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
        await admin.ok("PATCH", f"/users/{bob.id}", {"status": "active"})
    token = await _signed_in(http, bob)
    new = await Follower.of(server, token)
    closed = await old.closed()
    await settle(new)
    late = await new.call("subscribe", {"stream": f"user:{bob.id}"})
    assert (await admin.send("POST", f"/users/{bob.id}/sessions/revoke")).status == 204

    assert closed[-2:] == ["auth.revoked", "closing"]
    assert late["ok"] is True
    assert (await new.closed())[-2:] == ["auth.revoked", "closing"]


async def test_a_recreated_personal_stream_still_delivers_revocations(server: Any, bob: Any, db: Any) -> None:
    follower = await Follower.of(server, bob.token)
    await db.execute("UPDATE streams SET epoch = 'another' WHERE name = $1", f"user:{bob.id}")
    await asyncio.sleep(1.5)

    sessions = await bob.ok("GET", "/auth/sessions")
    await bob.send("DELETE", f"/auth/sessions/{sessions['items'][0]['id']}")

    assert (await follower.closed())[-2:] == ["auth.revoked", "closing"]


async def test_an_expired_token_is_announced_and_closed_five_seconds_later(
    server: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.auth.tokens.LIFE", timedelta(seconds=3))
    async with bob.session.post(
        "/api/v1/auth/refresh", json={"refresh_token": bob.refresh_token}, headers={"X-Client": "api"}
    ) as response:
        token = (await response.json())["access_token"]

    follower = await Follower.of(server, token)
    expiring = await follower.heard("auth.expiring")
    expired = await follower.heard("auth.expired", 4.0)
    ends = datetime.fromisoformat(expiring["expires_at"])
    names = await follower.closed(7.0)
    late_s = (datetime.now(UTC) - ends).total_seconds()

    assert expired == expiring
    assert names == ["auth.expiring", "auth.expired", "closing"]
    assert follower.events[-1][1] == {"code": "token_expired", "reconnect": False}
    assert late_s >= 5


async def test_a_subscription_in_progress_ends_with_a_removal_that_its_right_does_not_include(
    server: Any, alice: Any, bob: Any, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = f"project:{project}"
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    watcher = await Follower.of(server, alice.token, stream)
    member = await Follower.of(server, bob.token)
    authority = server.app[NAMESPACE].guests.authority
    read, delays = authority.grant, [0.6]

    async def read_then_dawdle(actor: Any, name: str) -> Any:
        grant = await read(actor, name)
        if name == stream and delays:
            await asyncio.sleep(delays.pop())
        return grant

    monkeypatch.setattr(authority, "grant", read_then_dawdle)
    asking = asyncio.create_task(member.call("subscribe", {"stream": stream}))
    await asyncio.sleep(0.2)
    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    answer = await asking
    await watcher.heard("project.member.removed")
    await watcher.leave()
    await member.leave()

    assert answer["problem"]["code"] == "not_found"


async def test_a_removal_inside_a_page_that_a_slow_client_catches_up_with_ends_its_subscription(
    server: Any, alice: Any, bob: Any, project: str, flood: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"project:{project}"
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Follower.of(server, bob.token, name)
    (connection,) = server.app[NAMESPACE].server.connections.values()
    start = server.app[NAMESPACE].guests.of(connection).subs[name].cursor
    stream = _with_small_ring(server, name, monkeypatch)
    connection.websocket.pause_writing()  # as if the client had not taken its queue
    await flood(1, 100)
    await until(lambda: stream.tail == start + 100 and not stream.is_reading)
    _read_no_more(server, bob, name, monkeypatch)  # the removal is in the page, and the relay has not reached it yet
    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    await flood(1, 5)

    connection.websocket.resume_writing()
    ended = await member.heard("stream.revoked")
    await settle(member)
    await member.leave()

    assert ended == {"stream": name}
    assert seqs(member, name) == list(range(start + 1, start + 101))


async def test_a_removal_inside_the_page_that_answers_a_subscription_refuses_it(
    server: Any, alice: Any, bob: Any, project: str, flood: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"project:{project}"
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    watcher = await Follower.of(server, alice.token, name)
    member = await Follower.of(server, bob.token)
    _read_no_more(server, bob, name, monkeypatch)
    authority = server.app[NAMESPACE].guests.authority
    read = authority.grant

    async def read_then_lose_it(actor: Any, stream: str) -> Any:
        grant = await read(actor, stream)
        if stream == name and actor.id == bob.id and grant is not None:
            await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
        return grant

    monkeypatch.setattr(authority, "grant", read_then_lose_it)
    answer = await member.call("subscribe", {"stream": name, "after": 0})
    await watcher.leave()
    await member.leave()

    assert answer["ok"] is False, answer
    assert answer["problem"]["code"] == "not_found"


def _with_small_ring(server: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the stream a ring that is shorter than a page."""
    stream = server.app[NAMESPACE].guests.relay.streams[name]
    monkeypatch.setattr(stream, "ring", deque(stream.ring, maxlen=10))
    return stream


def _read_no_more(server: Any, person: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops the relay's reader of a stream, and that of the person's own stream, which also reports lost rights."""
    for stream in (name, f"user:{person.id}"):
        monkeypatch.setattr(server.app[NAMESPACE].guests.relay.streams[stream], "is_reading", True)


async def _heard_some(follower: Follower, stream: str) -> None:
    await until(lambda: len(seqs(follower, stream)) >= 3)


async def _signed_in(http: Any, person: Any) -> str:
    """The token of a new session."""
    async with http.post(
        "/api/v1/auth/login", json={"email": person.email, "password": PASSWORD}, headers={"X-Client": "api"}
    ) as response:
        return str((await response.json())["access_token"])


async def _job_in(project: str, db: Any, alice: Any) -> str:
    """A job's row and its stream, without an engine."""
    job, plan, sides = uuid7(), uuid7(), (uuid7(), uuid7())
    for side in sides:
        await _insert(db, "sources", id=side, project_id=project, name=str(side), created_by_id=alice.id)
    await _insert(db, "plans", id=plan, project_id=project, name="P", created_by_id=alice.id)
    await _insert(
        db,
        "reconciliation_jobs",
        id=job,
        project_id=project,
        plan_id=plan,
        left_source_id=sides[0],
        right_source_id=sides[1],
        created_by_id=alice.id,
    )
    async with unit_of_work(Actor("user", alice.id)) as u:
        u.open_stream(f"job:{job}")
    return str(job)


async def _insert(db: Any, table: str, **given: Any) -> None:
    """Inserts a row with the given columns; other columns that must not be null get any value of their type."""
    columns = await db.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public' "
        "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
        table,
    )
    names = {
        row["column_name"]
        for row in await db.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'",
            table,
        )
    }
    fillers = {
        "uuid": str(uuid7()),
        "jsonb": "{}",
        "timestamp with time zone": datetime.now(UTC).isoformat(),
        "boolean": "false",
        "bytea": "",
    }
    values = {row["column_name"]: fillers.get(row["data_type"], "1") for row in columns}
    values |= {name: str(value) for name, value in given.items() if name in names}
    types = {
        row["column_name"]: row["udt_name"]
        for row in await db.fetch(
            "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'",
            table,
        )
    }
    marks = ", ".join(f"${at}::text::{types[name]}" for at, name in enumerate(values, 1))
    await db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *values.values())


async def _publish_on(job: str, project: str, alice: Any) -> None:
    async with unit_of_work(Actor("user", alice.id)) as u:
        u.publish(JobStarted(job_id=job, project_id=project, status="running", attempt=1, counts={}, version=2))
