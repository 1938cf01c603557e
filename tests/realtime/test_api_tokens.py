"""Sockets of programs: who is let in, what they may follow, and when they are closed."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from realtime.guest import TOKENS_TOGETHER
from server.app import NAMESPACE
from tests.auth.follower import Follower, refusal_of
from tests.auth.programs import id_of, program_of
from tests.conftest import Person
from tests.realtime.wire import until


async def _ask(program: Person, follower: Follower, *streams: str) -> dict[str, str]:
    """What is said to those who want to follow streams, and the same to those who poll."""
    found = {}
    for stream in streams:
        for place in ({}, {"after": 99999}, {"after": 0, "epoch": "foreign"}):
            answer = await follower.call("subscribe", {"stream": stream, **place})
            said = "ok" if answer["ok"] else answer["problem"]["code"]
            async with await program.send("GET", f"/streams/{stream}/events?{urlencode(place)}") as response:
                polled = await response.json()
            assert polled.get("code", "ok") == found.setdefault(stream.split(":")[0], said) == said
            if said == "forbidden":
                assert "does not have the scope" in answer["problem"]["detail"] == polled["detail"]
    return found


async def _job(person: Person, project: str) -> str:
    made = [await person.ok("POST", f"/projects/{project}/sources", {"name": name}) for name in ("left", "right")]
    sides = {"left_source": made[0]["id"], "right_source": made[1]["id"]}
    return str((await person.ok("POST", f"/projects/{project}/jobs", sides))["id"])


async def test_a_program_hears_what_happens_in_its_projects_and_no_others(
    server: Any, alice: Person, project: str
) -> None:
    other = (await alice.ok("POST", "/projects", {"name": "Other"}))["id"]
    program = await program_of(alice, "events", "read", project_ids=[project])
    follower = await Follower.of(server, program.token, f"project:{project}")

    refused = await follower.call("subscribe", {"stream": f"project:{other}", "after": 0})
    unknown = await follower.call("subscribe", {"stream": f"project:{id_of(program)}", "after": 0})
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"})
    await alice.ok("PATCH", f"/projects/{other}", {"name": "Secret merger"})
    heard = await follower.heard("project.updated")
    snapshot = await follower.call("subscribe", {"stream": f"project:{project}", "after": 0, "epoch": "another"})
    await follower.leave()

    assert heard["actor"] == {"type": "user", "id": str(alice.id)}
    assert snapshot["state"]["name"] == "April"
    for answer in (refused, unknown):
        answer["problem"].pop("request_id")
    assert refused == unknown
    assert refused["problem"]["code"] == "not_found"
    assert "Secret merger" not in repr(follower.events)


@pytest.mark.parametrize(
    ("scopes", "followed"),
    [
        (("events", "write", "review", "vault:reveal", "vault:write"), set()),
        (("events", "read"), {"project", "job"}),
        (("events", "vault:list"), {"vault", "vault-access"}),
    ],
)
async def test_a_stream_needs_the_scope_to_read_it_and_the_persons_own_is_not_for_programs(
    server: Any, alice: Person, project: str, scopes: tuple[str, ...], followed: set[str]
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    other = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "w"}))["id"]
    job = await _job(alice, project)
    program = await program_of(alice, *scopes)
    limited = await program_of(alice, *scopes, vault_ids=[other])
    names = (f"project:{project}", f"job:{job}", f"vault:{vault}", f"vault-access:{vault}", f"user:{alice.id}")
    follower, narrow = [await Follower.of(server, one.token) for one in (program, limited)]

    found = await _ask(program, follower, *names)
    less = await _ask(limited, narrow, *names)
    await follower.leave()
    await narrow.leave()

    assert {noun for noun, said in found.items() if said == "ok"} == followed
    assert {noun for noun, said in less.items() if said == "ok"} == followed - {"vault", "vault-access"}
    assert {noun for noun, said in found.items() if said == "not_found"} == {"user"}
    assert {noun for noun, said in less.items() if said == "not_found"} == {"user"} | (
        followed & {"vault", "vault-access"}
    )


async def test_without_the_scope_or_from_another_network_a_program_is_not_let_in(server: Any, alice: Person) -> None:
    deaf = await program_of(alice, "read", "write", "review", "vault:list")
    far = await program_of(alice, "events", networks=["203.0.113.0/24"])

    assert await refusal_of(server, deaf.token) == "forbidden"
    assert await refusal_of(server, far.token) == "forbidden"
    assert await refusal_of(server, deaf.token[:-1] + "_") == "token_invalid"


@pytest.mark.parametrize("how", ["revoked", "disabled", "deleted"])
async def test_all_sockets_of_a_token_close_within_a_second_when_it_ends(
    server: Any, alice: Person, bob: Person, admin: Person, project: str, how: str
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    program, kept = await program_of(bob, "events", "read"), await program_of(alice, "events", "read")
    sockets = [await Follower.of(server, program.token, f"project:{project}") for _ in range(3)]
    other = await Follower.of(server, kept.token, f"project:{project}")

    began = time.monotonic()
    if how == "revoked":
        await bob.send("DELETE", f"/me/api-tokens/{id_of(program)}")
    elif how == "disabled":
        await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
    else:
        await admin.send("DELETE", f"/users/{bob.id}")
    names = [await socket.closed(3.0) for socket in sockets]
    took_s = time.monotonic() - began

    assert all(found[-2:] == ["auth.revoked", "closing"] for found in names)
    assert {socket.events[-1][1]["reconnect"] for socket in sockets} == {False}
    assert took_s < 1.0
    assert await refusal_of(server, program.token) == "token_revoked"
    assert other.io.connected
    await other.leave()


async def test_a_password_that_has_to_be_changed_closes_the_sockets_of_programs_too(
    server: Any, bob: Person, admin: Person
) -> None:
    program = await program_of(bob, "events")
    follower = await Follower.of(server, program.token)

    ended = {"password_expires_at": datetime.now(UTC).isoformat()}
    await admin.ok("PATCH", f"/users/{bob.id}", ended)
    await follower.closed(1.0)

    assert follower.events[-1] == ("closing", {"code": "password_expired", "reconnect": False})
    assert await refusal_of(server, program.token) == "password_expired"


async def test_a_socket_closes_within_a_second_of_the_end_of_its_token(server: Any, alice: Person) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=2)
    program = await program_of(alice, "events", expires_at=ends.isoformat())
    follower = await Follower.of(server, program.token)

    names = await follower.closed(5.0)
    late_s = (datetime.now(UTC) - ends).total_seconds()

    assert names == ["auth.expiring", "auth.expired", "closing"]
    assert follower.events[-1][1] == {"code": "token_expired", "reconnect": False}
    assert 0 <= late_s < 1.0
    assert await refusal_of(server, program.token) == "token_expired"


async def test_a_year_ahead_an_end_is_still_watched_for(server: Any, alice: Person) -> None:
    ends = datetime.now(UTC) + timedelta(days=365)
    program = await program_of(alice, "events", expires_at=ends.isoformat())

    follower = await Follower.of(server, program.token)
    (guest,) = server.app[NAMESPACE].guests.by_user[str(alice.id)]
    left_s = guest.timer.when() - asyncio.get_running_loop().time()  # until it is warned
    await follower.leave()

    assert left_s == pytest.approx(365 * 86400, abs=120)


async def test_other_revoked_tokens_and_ended_sessions_do_not_close_it(
    server: Any, alice: Person, admin: Person
) -> None:
    program, other = await program_of(alice, "events"), await program_of(alice, "events")
    follower = await Follower.of(server, program.token)
    (guest,) = server.app[NAMESPACE].guests.by_user[str(alice.id)]
    changes = guest.changes

    await alice.send("DELETE", f"/me/api-tokens/{id_of(other)}")
    assert (await admin.send("POST", f"/users/{alice.id}/sessions/revoke")).status == 204
    await until(lambda: guest.changes > changes)  # the end of all sessions makes it look at the account again
    answer = await follower.call("unsubscribe", {"stream": f"user:{alice.id}"})
    await follower.leave()

    assert answer == {"ok": True}
    assert follower.events == []


async def test_a_program_that_loses_its_owners_membership_hears_nothing_more(
    server: Any, alice: Person, bob: Person, project: str
) -> None:
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    program = await program_of(bob, "events", "read")
    follower = await Follower.of(server, program.token, f"project:{project}")

    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    ended = await follower.heard("stream.revoked", 1.0)
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"})
    refused = await follower.call("subscribe", {"stream": f"project:{project}", "after": 0})
    await follower.leave()

    assert ended == {"stream": f"project:{project}"}
    assert refused["problem"]["code"] == "not_found"
    assert "April" not in repr(follower.events)


async def test_a_socket_cannot_go_on_with_another_token(server: Any, alice: Person) -> None:
    program, stronger = await program_of(alice, "events"), await program_of(alice, "events", "vault:list")

    for token in (stronger.token, alice.token):
        follower = await Follower.of(server, program.token)
        await follower.io.emit("auth.refresh", {"token": token}, namespace="/live")
        await follower.closed()
        assert follower.events[-1] == ("closing", {"code": "token_invalid", "reconnect": False})
    person = await Follower.of(server, alice.token)
    await person.io.emit("auth.refresh", {"token": stronger.token}, namespace="/live")
    await person.closed()
    same = await Follower.of(server, program.token)
    answer = await same.call("auth.refresh", {"token": program.token})
    await same.leave()

    assert answer["ok"] is True


async def test_a_token_closes_its_own_oldest_socket_and_none_of_its_owners(
    server: Any, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    _allow_sockets(server, 2, monkeypatch)
    program, other = await program_of(alice, "events"), await program_of(alice, "events")

    people = [await Follower.of(server, alice.token) for _ in range(2)]
    kept = await Follower.of(server, other.token)
    sockets = [await Follower.of(server, program.token) for _ in range(3)]
    await sockets[0].closed()
    names = [name for socket in (*people, kept, *sockets[1:]) for name, _ in socket.events]
    third = await Follower.of(server, alice.token)
    await people[0].closed()
    for socket in (people[1], third, kept, *sockets[1:]):
        assert socket.io.connected
        await socket.leave()

    assert sockets[0].events[-1][1]["code"] == "too_many_connections"
    assert people[0].events[-1][1]["code"] == "too_many_connections"
    assert names == []


async def test_all_tokens_of_a_person_together_have_a_limit_and_the_busiest_one_gives_way(
    server: Any, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    _allow_sockets(server, 2, monkeypatch)
    programs = [await program_of(alice, "events") for _ in range(TOKENS_TOGETHER + 1)]
    person = await Follower.of(server, alice.token)
    quiet = await Follower.of(server, programs[0].token)
    tokens = [program.token for program in programs[1:] for _ in range(2)]
    busy = [await Follower.of(server, token) for token in tokens[:-1]]

    last = await Follower.of(server, tokens[-1])
    await busy[0].closed()
    for socket in (person, quiet, *busy[1:], last):
        assert socket.events == []
        await socket.leave()

    assert busy[0].events[-1][1]["code"] == "too_many_connections"


def _allow_sockets(server: Any, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    guests = server.app[NAMESPACE].guests
    monkeypatch.setattr(guests, "limits", replace(guests.limits, sockets_per_user=count))


async def test_a_revocation_while_a_socket_connects_is_not_missed(
    server: Any, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await program_of(alice, "events")
    authority = server.app[NAMESPACE].guests.authority
    read, revoked = authority.grant, []

    async def revoke_then_read(actor: Any, name: str) -> Any:
        if not revoked:
            revoked.append(await alice.send("DELETE", f"/me/api-tokens/{id_of(program)}"))
        return await read(actor, name)

    monkeypatch.setattr(authority, "grant", revoke_then_read)

    assert await refusal_of(server, program.token) == "token_revoked"


async def test_a_poll_that_waits_answers_nothing_once_its_token_is_revoked(
    server: Any, alice: Person, project: str
) -> None:
    program = await program_of(alice, "events", "read")
    path = f"/streams/project:{project}/events"
    head = (await program.ok("GET", path))["head"]
    relay = server.app[NAMESPACE].guests.relay

    polling = asyncio.create_task(program.refused("GET", f"{path}?after={head}&wait=20"))
    await until(lambda: bool(relay.streams.get(f"project:{project}") and relay.streams[f"project:{project}"].listeners))
    await alice.send("DELETE", f"/me/api-tokens/{id_of(program)}")
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"})

    assert await polling == (401, "token_revoked")
