"""What a client may send, and what happens to one that sends something else."""

import asyncio
import json
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout

from realtime.transport import MOST_WAITING
from realtime.websocket import HIGH_WATER_BYTES
from server.api.connections import CONNECTIONS
from server.app import NAMESPACE, build
from tests.realtime.test_websocket import TEXT, masked
from tests.realtime.wire import Wire, until

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(
    "packet",
    [
        "9",
        "x",
        "b" + "AAAA",
        "0{}",
        "2",
        "5",
        "4",
        "4x",
        "4[1]",
        "42/live,",
        "42/live,[",
        "42/live,{}",
        "42/live,[]",
        "42/live,[[1]]",
        "42/live,[1]",
        "42/live,[null]",
        '42/live,["connect"]',
        '42/live,7["disconnect",{}]',
        '42/live,["newListener"]',
        "٤2/live,[]",
        "4٢/live,[]",
        "42/live," + "9" * 101 + "[]",
        '42/other,["subscribe",{}]',
        '42["subscribe",{}]',
        "44/live,{}",
        '451-/live,["subscribe",{"_placeholder":true,"num":0}]',
        "4" + "[" * 60_000,
        '42/live,1["subscribe",' + "[" * 30_000 + "]" * 30_000 + "]",
        '42/live,1["subscribe",{"stream":"' + "x" * 66_000 + '"}]',
        "40/live,{}",
        b"\x04binary",
    ],
)
async def test_a_malformed_packet_closes_only_its_socket(http: ClientSession, alice: Any, packet: str | bytes) -> None:
    neighbour = await Wire.open(http, alice.token)
    wire = await Wire.open(http, alice.token)

    await (wire.ws.send_bytes(packet) if isinstance(packet, bytes) else wire.ws.send_str(packet))

    assert await wire.rest() == []
    assert (await neighbour.call("unsubscribe", {"stream": "project:x"}))["ok"] is True
    await neighbour.ws.close()


async def test_closed_sockets_leave_nothing_behind(http: ClientSession, alice: Any, server: Any) -> None:
    live = server.app[NAMESPACE].server
    for _ in range(20):
        wire = await Wire.open(http, alice.token)
        await wire.call("subscribe", {"stream": f"user:{alice.id}"})
        await wire.ws.send_str("x")
        await wire.rest()

    for _ in range(600):
        if not live.connections:
            break
        await asyncio.sleep(0.05)

    assert live.connections == {}
    assert server.app[NAMESPACE].guests.by_user == {}
    assert server.app[NAMESPACE].guests.relay.by_user == {}
    assert server.app[NAMESPACE].guests.relay.live == 0
    assert not [task for task in asyncio.all_tasks() if "_websocket_handler" in repr(task)]


async def test_an_idle_socket_has_no_task_and_one_with_commands_under_way_has_one(
    http: ClientSession, alice: Any, project: str, db: Any
) -> None:
    await (await Wire.open(http, alice.token)).ws.close()
    await asyncio.sleep(0.2)
    before = len(asyncio.all_tasks())
    wires = [await Wire.open(http, alice.token) for _ in range(20)]
    for wire in wires:
        for stream in (f"user:{alice.id}", f"project:{project}"):
            assert (await wire.call("subscribe", {"stream": stream}))["ok"] is True

    await until(lambda: len(asyncio.all_tasks()) <= before, 5)
    most = 0
    async with db.transaction():
        await db.execute("LOCK TABLE projects, project_members IN ACCESS EXCLUSIVE MODE")
        for wire in wires:
            for number in range(5):  # the others wait for the first one
                await wire.ws.send_str(f'42/live,9{number}["subscribe",{{"stream":"project:{project}"}}]')
        for _ in range(20):
            await asyncio.sleep(0.01)
            most = max(most, len(asyncio.all_tasks()))
    for wire in wires:
        await wire.ws.close()

    together = 4  # what answers the questions of all of them
    assert len(wires) <= most - before <= len(wires) + together


async def test_a_socket_that_closes_while_it_signs_in_leaves_nothing_behind(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, guests = server.app[NAMESPACE].server, server.app[NAMESPACE].guests
    asked, gone = asyncio.Event(), asyncio.Event()
    enter, hold, held = guests.authority.enter, guests.relay.hold, list[Any]()

    def hold_and_note(*place: Any) -> Any:
        held.append(hold(*place))
        return held[-1]

    async def enter_later(token: str, address: str) -> Any:
        asked.set()
        await gone.wait()
        return await enter(token, address)

    monkeypatch.setattr(guests.authority, "enter", enter_later)
    monkeypatch.setattr(guests.relay, "hold", hold_and_note)
    wire = await Wire.open(http)
    await wire.ws.send_str("40/live," + json.dumps({"token": alice.token}))
    await asyncio.wait_for(asked.wait(), 30)
    await wire.ws.close()
    await until(lambda: not live.connections)
    gone.set()

    await until(lambda: bool(held) and not held[0].listeners)
    assert guests.by_user == {}


async def test_a_command_before_connect_closes(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http)

    await wire.ws.send_str('42/live,1["subscribe",{"stream":"user:' + str(alice.id) + '"}]')

    assert await wire.rest() == []


async def test_another_namespace_is_invalid_and_gives_nothing(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http)

    await wire.ws.send_str("40" + json.dumps({"token": alice.token}))

    assert await wire.receive() == '44{"message":"Invalid namespace"}'
    await wire.ws.close()


async def test_a_token_in_the_query_is_refused_with_its_code(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, query=f"&token={alice.token}")

    await wire.ws.send_str("40/live," + json.dumps({"token": alice.token}))

    assert await wire.rest() == ['44/live,{"message":"unauthorized","data":{"code":"token_in_query"}}']


async def test_a_socket_that_does_not_connect_in_five_seconds_is_closed_and_a_polling_one_is_told(
    http: ClientSession, alice: Any
) -> None:
    async def silent() -> list[str]:
        return await (await Wire.open(http)).rest(8)

    async def polling() -> str:
        async with http.get("/socket.io/?EIO=4&transport=polling") as response:
            sid = json.loads((await response.text())[1:])["sid"]
        path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
        started = time.monotonic()
        async with http.post(path, data="40/live," + json.dumps({"token": alice.token})) as response:
            assert (response.status, await response.text()) == (200, "ok")
        assert time.monotonic() - started < 4  # the answer does not wait for the upgrade
        async with http.get(path) as response:
            text = await response.text()
        assert text.endswith("\x1e1")
        for _ in range(2):
            async with http.get(path, timeout=ClientTimeout(total=1)) as response:
                assert response.status == 400
        return text

    quiet, told = await asyncio.gather(silent(), polling())

    assert quiet == []
    assert '44/live,{"message":"unauthorized","data":{"code":"websocket_required"}}' in told


async def test_a_socket_is_not_closed_because_the_server_is_late_with_its_connect(
    http: ClientSession, alice: Any, server: Any, db: Any
) -> None:
    live = server.app[NAMESPACE].server
    await until(lambda: not live.connections)
    wire = await Wire.open(http)
    (connection,) = live.connections.values()
    async with db.transaction():
        await db.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")  # so that nobody can sign in
        await wire.ws.send_str("40/live," + json.dumps({"token": alice.token}))
        await until(lambda: connection.is_connecting)

        live._too_late(connection)  # the five seconds are over

        assert not connection.is_closed
        assert not connection.is_connected
    assert (await wire.receive()).startswith('40/live,{"sid"')
    assert live.pending == 0
    live._too_late(connection)  # nor later
    assert (await wire.call("subscribe", {"stream": f"user:{alice.id}"}))["ok"]
    await wire.ws.close()


async def test_a_waiting_poll_ends_with_its_session(http: ClientSession, alice: Any) -> None:
    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        sid = json.loads((await response.text())[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"

    async def poll() -> tuple[int, str]:
        async with http.get(path, timeout=ClientTimeout(total=2)) as response:
            return response.status, await response.text()

    waiting = asyncio.create_task(poll())
    await asyncio.sleep(0.1)
    async with http.post(path, data="1") as response:
        assert response.status == 200

    assert await waiting == (200, "6")
    assert (await poll())[0] == 400


@pytest.mark.parametrize("body", ["x", "9", "4" + "[" * 50_000, "b!!!", '42/live,["subscribe",{}]', "5", "2probe"])
async def test_a_malformed_packet_is_refused_when_polling_too(http: ClientSession, body: str) -> None:
    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        sid = json.loads((await response.text())[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"

    async with http.post(path, data=body) as response:
        status = response.status
    await asyncio.sleep(0 if status == 400 else 1.2)

    async with http.get(path) as response:
        assert response.status == 400
    assert status in (200, 400)


async def test_a_flood_of_commands_is_answered_with_rate_limited_and_ends(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    codes = [
        (await wire.call("unsubscribe", {"stream": "project:x"})).get("problem", {}).get("code") for _ in range(230)
    ]
    await asyncio.sleep(0.3)
    later = await wire.call("unsubscribe", {"stream": "project:x"})

    assert codes[:200] == [None] * 200
    assert codes.count("rate_limited") >= 20
    assert later["ok"] is True
    await wire.ws.close()


async def test_whoever_goes_on_as_if_nothing_had_been_refused_is_closed(
    http: ClientSession, alice: Any, server: Any
) -> None:
    counts = server.app[NAMESPACE].guests.counts
    closed, refused = counts.closed["rate_limited"], counts.refused["rate_limited"]
    wire = await Wire.open(http, alice.token)

    for number in range(2000):
        await wire.ws.send_str(f'42/live,{number}["unsubscribe",{{"stream":"project:x"}}]')
    packets = await wire.rest()

    answers = [json.loads(packet.partition("[")[2][:-1]) for packet in packets if packet.startswith("43/live,")]
    assert sum(answer["ok"] for answer in answers) <= 210
    assert json.loads(packets[-1].partition("[")[2].partition(",")[2][:-1]) == {
        "code": "rate_limited",
        "reconnect": True,
    }
    assert counts.closed["rate_limited"] == closed + 1
    assert 200 <= counts.refused["rate_limited"] - refused <= 210


async def test_who_is_refused_some_commands_now_and_then_is_not_closed(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = server.app[NAMESPACE].guests
    monkeypatch.setattr(guests, "limits", replace(guests.limits, command_burst=5, commands_per_s=20.0))
    wire = await Wire.open(http, alice.token)

    codes = []
    for _ in range(8):
        codes += [
            (await wire.call("unsubscribe", {"stream": "user:x"})).get("problem", {}).get("code") for _ in range(8)
        ]
        await asyncio.sleep(0.2)

    assert codes.count("rate_limited") >= 10
    await wire.ws.close()


async def test_commands_that_wait_for_nothing_leave_turns_for_others(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = server.app[NAMESPACE].guests
    monkeypatch.setattr(guests, "limits", replace(guests.limits, command_burst=10_000))
    wire = await Wire.open(http, alice.token)
    seen = [guests.counts.refused["unknown_command"]]
    loop, is_over = asyncio.get_running_loop(), False

    def look() -> None:
        seen.append(guests.counts.refused["unknown_command"])
        if not is_over:
            loop.call_soon(look)

    look()
    transport = wire.ws._writer.transport
    assert transport is not None
    transport.write(b"".join(masked(TEXT, b'42/live,["nothing"]') for _ in range(3000)))
    await until(lambda: seen[-1] == seen[0] + 3000)
    is_over = True

    assert max(after - before for before, after in pairwise(seen)) <= 3 * MOST_WAITING
    await wire.ws.close()


async def test_command_names_that_are_not_text_are_answered(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    assert (await wire.call("subscribe", {"\ud800": 1, "stream": "user:x"}))["problem"]["code"] == "invalid_field"
    assert (await wire.call("subscribe", {"stream": "\ud800"}))["problem"]["code"] == "invalid_field"
    assert (await wire.call("subscribe"))["problem"]["code"] == "invalid_field"
    await wire.ws.close()


async def test_subscriptions_and_sockets_of_a_person_are_capped(
    http: ClientSession, alice: Any, server: Any, make_person: Any
) -> None:
    bob = await make_person("bobby")
    projects = [(await alice.ok("POST", "/projects", {"name": f"P{number}"}))["id"] for number in range(129)]
    wire = await Wire.open(http, alice.token)
    for project in projects[:128]:
        assert (await wire.call("subscribe", {"stream": f"project:{project}"}))["ok"]

    over = await wire.call("subscribe", {"stream": f"project:{projects[128]}"})
    await wire.call("unsubscribe", {"stream": f"project:{projects[0]}"})
    freed = await wire.call("subscribe", {"stream": f"project:{projects[128]}"})
    cap = server.app[NAMESPACE].guests.limits.sockets_per_user
    sockets = [await Wire.open(http, bob.token) for _ in range(cap + 1)]

    assert over["problem"]["code"] == "too_many_subscriptions"
    assert freed["ok"] is True
    assert await sockets[0].rest() == [
        '42/live,["closing",{"code":"too_many_connections","reconnect":false}]',
        "41/live,",
    ]
    assert (await sockets[1].call("unsubscribe", {"stream": "project:x"}))["ok"] is True
    for socket in (wire, *sockets):
        await socket.ws.close()


async def test_sockets_are_capped_by_address_and_the_next_one_gets_in_when_one_has_left(
    http: ClientSession, server: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = server.app[NAMESPACE].server
    await until(lambda: not live.connections)
    monkeypatch.setattr(live, "limits", replace(live.limits, per_address=3))
    wires = [await Wire.open(http, alice.token) for _ in range(2)]
    wires.append(await Wire.open(http))

    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        refused = response.status, (await response.json())["code"]
    async with http.get("/socket.io/?EIO=4&transport=websocket", headers=UPGRADE) as response:
        refused += (response.status,)
    await wires.pop(0).ws.close()
    await until(lambda: len(live.connections) == 2)
    wires.append(await Wire.open(http, alice.token))

    assert refused == (429, "too_many_connections", 429)
    for wire in wires:
        await wire.ws.close()
    await until(lambda: not live._of_address)


async def test_what_clients_may_send_and_how_long_they_may_wait_are_settings(
    http: ClientSession, server: Any, settings: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"max_socket_message_bytes": 8192, "socket_connect_s": 0.5, "socket_stalled_s": 7.0}
    strict = build(settings.model_copy(update=other))[NAMESPACE].server
    assert strict is not None
    live = server.app[NAMESPACE].server
    monkeypatch.setattr(live, "limits", strict.limits)
    monkeypatch.setattr(live, "_outbox", strict._outbox)
    loud, late = await Wire.open(http, alice.token), await Wire.open(http)

    await loud.ws.send_str('42/live,1["x","' + "a" * 9000 + '"]')

    assert await loud.receive() == ""
    assert loud.ws.close_code == 1009
    assert await late.receive(5) == ""
    assert strict.eio.max_http_buffer_size == 8192
    assert strict.stalled_s == 7.0


async def test_a_command_by_polling_is_refused_with_what_to_do(http: ClientSession, server: Any) -> None:
    counts = server.app[NAMESPACE].server.refused
    before = counts["websocket_required"]
    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        path = "/socket.io/?EIO=4&transport=polling&sid=" + json.loads((await response.text())[1:])["sid"]

    async with http.post(path, data='42/live,1["subscribe",{"stream":"project:x"}]') as response:
        assert response.status == 200
    async with http.get(path) as response:
        answer = await response.text()

    refusal, end = answer.split("\x1e")
    assert json.loads(refusal.removeprefix("44/live,"))["data"] == {"code": "websocket_required"}
    assert end == "1"
    assert counts["websocket_required"] == before + 1


async def test_connections_that_have_not_signed_in_are_capped_by_address(
    http: ClientSession, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = server.app[NAMESPACE].server
    monkeypatch.setattr(live, "limits", replace(live.limits, pending_per_address=5))
    waiting = [await Wire.open(http) for _ in range(5)]

    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        refused = response.status, (await response.json())["code"], response.headers["Retry-After"]
    await waiting.pop().ws.close()
    await asyncio.sleep(0.1)
    waiting.append(await Wire.open(http))

    assert refused == (429, "too_many_connections", "5")
    for wire in waiting:
        await wire.ws.close()


async def test_nothing_more_of_a_socket_runs_once_it_was_cut_in_a_command(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = server.app[NAMESPACE]
    before = set(namespace.server.connections)
    wire = await Wire.open(http, alice.token)
    connection = next(found for sid, found in namespace.server.connections.items() if sid not in before)
    begun: list[str] = []

    async def never_ends(_: Any, name: str, *__: Any) -> None:
        begun.append(name)
        await asyncio.Event().wait()

    monkeypatch.setattr(namespace, "on_command", never_ends)
    for number in range(3):
        await wire.ws.send_str(f'42/live,{number}["unsubscribe",{{"stream":"project:x"}}]')
    await until(lambda: begun)
    await asyncio.sleep(0.1)  # for the others to arrive behind it

    wire.ws._response.connection.transport.abort()  # type: ignore[union-attr]  # as a client that loses its network

    await until(lambda: connection not in namespace.server.connections.values())
    assert begun == ["unsubscribe"]


async def test_a_server_that_drains_says_when_to_come_back(
    http: ClientSession, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.app[NAMESPACE].server, "is_draining", True)

    for query in ("EIO=4&transport=polling", "EIO=4&transport=websocket"):
        async with http.get(f"/socket.io/?{query}", headers=UPGRADE if "websocket" in query else {}) as response:
            assert (response.status, (await response.json())["code"]) == (503, "busy")
            assert response.headers["Retry-After"] == "2"


async def test_polling_follows_the_protocol_where_the_library_does_not(http: ClientSession) -> None:
    async with http.get("/socket.io/?EIO=4") as response:
        without = response.status
    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        sid = json.loads((await response.text())[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    async with http.post(path, data='40/live,{"token":"x"}') as response:
        taken = response.status, await response.text()
    first = asyncio.create_task(_status(http, path))
    await asyncio.sleep(0.1)

    second = await _status(http, path)

    assert without == 400
    assert taken == (200, "ok")
    assert second == 400
    assert await first in (200, 400)
    assert await _status(http, path) == 400  # the session has ended


async def _status(http: ClientSession, path: str) -> int:
    async with http.get(path) as response:
        await response.read()
        return response.status


async def test_after_unsubscribe_nothing_of_the_stream_arrives(http: ClientSession, alice: Any, project: str) -> None:
    wire = await Wire.open(http, alice.token)
    await wire.call("subscribe", {"stream": f"project:{project}"})

    await wire.call("unsubscribe", {"stream": f"project:{project}"})
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"}, if_match=1)
    await asyncio.sleep(0.3)
    await wire.call("unsubscribe", {"stream": f"project:{project}"})

    assert wire.events == []
    await wire.ws.close()


async def test_a_client_that_stops_reading_delays_nobody_costs_little_and_is_closed(
    http: ClientSession, alice: Any, project: str, server: Any, monkeypatch: pytest.MonkeyPatch, flood: Any
) -> None:
    live = server.app[NAMESPACE].server
    monkeypatch.setattr(live, "stalled_s", 2.0)
    before = set(live.connections)
    # It does not read and has a small receive buffer, so the kernel buffers little for it.
    slow = await Wire.open(http, alice.token, max_msg_size=0)
    await slow.call("subscribe", {"stream": f"project:{project}"})
    connection = next(found for sid, found in live.connections.items() if sid not in before)
    slow.ws._reader._protocol.transport.pause_reading()  # type: ignore[attr-defined]  # as a stopped client does
    quick = await Wire.open(http, alice.token)
    await quick.call("subscribe", {"stream": f"project:{project}"})
    most = 0

    sending = asyncio.create_task(flood(30, 300))
    seen = 0
    async with asyncio.timeout(40):
        while seen < 9000:
            seen += "project.updated" in await quick.receive()
            most = max(most, connection.websocket.unsent_bytes)
        await sending
        while not connection.is_closed:
            await asyncio.sleep(0.05)

    assert most <= 2 * HIGH_WATER_BYTES
    await until(lambda: connection not in live.connections.values())
    assert server.app[CONNECTIONS]._sockets == len(live.connections)
    await quick.ws.close()
