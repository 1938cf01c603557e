"""Sockets with the standard Python client against the real server."""

import asyncio
from typing import Any

import pytest
import socketio

from models.access import Actor
from realtime import state
from realtime.events.project import ProjectUpdated
from realtime.unit_of_work import unit_of_work


class Client:
    """A standard client that records what it gets."""

    def __init__(self) -> None:
        self.io = socketio.AsyncClient(reconnection=False)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.io.on("*", self._note, namespace="/live")

    async def _note(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))

    async def connect(self, server: Any, token: Any, **options: Any) -> "Client":
        await self.io.connect(
            str(server.make_url("/")), auth={"token": token}, namespaces=["/live"], wait_timeout=20, **options
        )
        return self

    async def call(self, name: str, data: Any) -> dict[str, Any]:
        return await self.io.call(name, data, namespace="/live", timeout=20)

    async def until(self, count: int, seconds: float = 20.0, name: str | None = None) -> list[dict[str, Any]]:
        for _ in range(int(seconds / 0.02)):
            found = [data for event, data in self.events if name is None or event == name]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"{count} events expected, got {self.events}")


@pytest.fixture
async def client(server, alice):
    found = await Client().connect(server, alice.token)
    yield found
    await found.io.disconnect()


async def publish(alice, project: str, count: int = 1, *, roll_back: bool = False) -> None:
    try:
        async with unit_of_work(Actor("user", alice.id)) as u:
            for _ in range(count):
                u.publish(ProjectUpdated(project_id=project, version=1, changed=["name"]))
            if roll_back:
                raise LookupError
    except LookupError:
        pass


async def test_a_stock_client_polls_upgrades_and_follows(server, alice, project, client):
    answer = await client.call("subscribe", {"stream": f"project:{project}"})
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"}, if_match=1)

    event = (await client.until(1, name="project.updated"))[0]

    assert (answer["ok"], answer["mode"], answer["events"]) == (True, "live", [])
    assert event["seq"] == answer["head"] + 1
    assert event["data"] == {"version": 2, "changed": ["name"]}
    assert event["actor"] == {"type": "user", "id": str(alice.id)}
    assert event["stream"] == f"project:{project}"


@pytest.mark.parametrize("auth", [None, "text", [1], 123, {"token": None}, {"token": "x.y.z"}])
async def test_who_is_not_signed_in_is_refused(server, auth):
    io = socketio.AsyncClient(reconnection=False)
    refusals = []

    @io.on("connect_error", namespace="/live")
    async def _(data):
        refusals.append(data)

    with pytest.raises(socketio.exceptions.ConnectionError):
        await io.connect(str(server.make_url("/")), auth=auth, namespaces=["/live"], wait_timeout=20)
    await asyncio.sleep(0.1)

    assert refusals[0]["message"] == "unauthorized"
    assert refusals[0]["data"]["code"] in ("token_missing", "token_invalid")
    await io.disconnect()


async def test_replay_gives_exactly_what_was_missed(server, alice, project, client):
    await publish(alice, project, 5)

    answer = await client.call("subscribe", {"stream": f"project:{project}", "after": 2})
    await publish(alice, project, 2)
    live = await client.until(2)

    assert answer["mode"] == "replay"
    assert [event["seq"] for event in answer["events"]] == [3, 4, 5]
    assert [event["seq"] for event in live] == [6, 7]


async def test_a_long_gap_is_replayed_in_pages(server, alice, project, client):
    for _ in range(6):
        await publish(alice, project, 200)

    seen, after, more = [], 0, True
    while more:
        answer = await client.call("subscribe", {"stream": f"project:{project}", "after": after})
        seen += [event["seq"] for event in answer["events"]]
        after, more = seen[-1], answer.get("more", False)

    assert seen == list(range(1, 1201))


async def test_a_place_that_never_was_gets_a_snapshot(server, alice, project, client):
    await publish(alice, project, 2)

    ahead = await client.call("subscribe", {"stream": f"project:{project}", "after": 99})
    elsewhere = await client.call("subscribe", {"stream": f"project:{project}", "after": 1, "epoch": "other"})

    assert ahead["mode"] == elsewhere["mode"] == "snapshot"
    assert ahead["events"] == []
    assert ahead["head"] == 2
    assert ahead["state"]["name"] == "March"


async def test_nothing_is_lost_between_replay_and_live(server, alice, project, client):
    async def write() -> None:
        for number in range(120):
            await publish(alice, project, 1, roll_back=number % 7 == 3)

    writers = [asyncio.create_task(write()) for _ in range(3)]
    await asyncio.sleep(0.2)
    answer = await client.call("subscribe", {"stream": f"project:{project}", "after": 0})
    await asyncio.gather(*writers)
    expected = 3 * sum(number % 7 != 3 for number in range(120))
    seen = [event["seq"] for event in answer["events"]]
    live = await client.until(expected - len(seen))

    assert seen + [event["seq"] for event in live] == list(range(1, expected + 1))


async def test_a_stream_one_may_not_see_is_one_that_does_not_exist(server, charlie, project):
    stranger = await Client().connect(server, charlie.token)

    real = await stranger.call("subscribe", {"stream": f"project:{project}"})
    none = await stranger.call("subscribe", {"stream": "project:01a20dd1-88c1-7677-a5ae-3a65174f1967"})

    for answer in (real, none):
        answer["problem"].pop("request_id")
    assert real == none
    assert real["problem"]["code"] == "not_found"
    await stranger.io.disconnect()


async def test_after_a_removal_nothing_reaches_the_person(server, alice, bob, project):
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "viewer"})
    member = await Client().connect(server, bob.token)
    assert (await member.call("subscribe", {"stream": f"project:{project}"}))["ok"]

    await alice.send("DELETE", f"/projects/{project}/members/{bob.id}")
    await publish(alice, project, 3)
    await member.until(1, name="stream.revoked")
    await asyncio.sleep(0.3)

    assert [name for name, _ in member.events] == ["stream.revoked"]
    await member.io.disconnect()


async def test_a_revoked_session_closes_its_sockets(server, alice, client):
    sessions = await alice.ok("GET", "/auth/sessions")
    await alice.send("DELETE", f"/auth/sessions/{sessions['items'][0]['id']}")

    await client.until(1, name="auth.revoked")
    for _ in range(600):
        if not client.io.connected:
            break
        await asyncio.sleep(0.05)

    assert not client.io.connected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"stream": "project:x"}, "not_found"),
        ({"stream": 5}, "invalid_field"),
        ({}, "missing_field"),
        ({"stream": "user:x", "more": 1}, "unknown_field"),
        ({"stream": "project:x", "after": -1}, "invalid_field"),
        ("text", "invalid_field"),
    ],
)
async def test_bad_commands_are_answered_with_problems(client, data, code):
    answer = await client.call("subscribe", data)

    assert answer["ok"] is False
    assert answer["problem"]["code"] == code


async def test_unknown_commands_are_reported(client):
    assert (await client.call("shout", {}))["problem"]["code"] == "unknown_command"


async def test_a_state_has_the_newest_value_and_its_version_never_falls(server, alice, project, client):
    name = f"project:{project}"
    await client.call("subscribe", {"stream": name})
    for number in range(30):
        await state.put("job.progress:x", [name], {"n": number})

    await client.until(1, name="state")
    await asyncio.sleep(0.5)
    states = [data for event, data in client.events if event == "state"]

    assert states[-1]["value"] == {"n": 29}
    assert [s["version"] for s in states] == sorted(s["version"] for s in states)
    assert len(states) < 30


async def test_a_token_in_the_address_is_never_accepted(server, alice):
    io = socketio.AsyncClient(reconnection=False)

    with pytest.raises(socketio.exceptions.ConnectionError):
        await io.connect(
            f"{server.make_url('/')}?token={alice.token}",
            auth={"token": alice.token},
            namespaces=["/live"],
            wait_timeout=20,
        )


async def test_a_foreign_origin_is_refused(server, alice, http):
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        async with http.get("/socket.io/?EIO=4&transport=polling", headers={"Origin": origin}) as response:
            assert response.status in (400, 403)


async def test_auth_refresh_takes_a_newer_token_of_the_same_session(client, alice, bob):
    fresh = await alice.session.post(
        "/api/v1/auth/refresh", json={"refresh_token": alice.refresh_token}, headers={"X-Client": "api"}
    )
    token = (await fresh.json())["access_token"]

    assert (await client.call("auth.refresh", {"token": token}))["ok"] is True
    await client.io.emit("auth.refresh", {"token": bob.token}, namespace="/live")  # there is no answer to wait for
    closing = await client.until(1, name="closing")

    assert closing == [{"code": "token_invalid", "reconnect": False}]
