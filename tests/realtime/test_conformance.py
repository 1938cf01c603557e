"""The Engine.IO and Socket.IO protocols, case by case: polling, the upgrade, pings, namespaces, acknowledgements."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from realtime import relay as relay_module
from realtime import state
from realtime.pings import Pings
from server.app import NAMESPACE
from tests.realtime.wire import Wire, until

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


async def begun(http: ClientSession) -> str:
    """The id of a session that polls."""
    async with http.get(POLLING) as response:
        assert response.status == 200
        return str(json.loads((await response.text())[1:])["sid"])


async def polled(http: ClientSession, sid: str) -> tuple[int, str]:
    """One poll."""
    async with http.get(f"{POLLING}&sid={sid}") as response:
        return response.status, await response.text()


async def posted(http: ClientSession, sid: str, body: str) -> int:
    """One POST of packets."""
    async with http.post(f"{POLLING}&sid={sid}", data=body) as response:
        await response.read()
        return response.status


async def text_of(ws: ClientWebSocketResponse) -> str:
    """The next message, "" for the close."""
    message = await ws.receive(timeout=10)
    return str(message.data) if message.type is WSMsgType.TEXT else ""


async def upgraded(http: ClientSession, sid: str) -> ClientWebSocketResponse:
    """The WebSocket on which a session continues."""
    ws = await http.ws_connect(f"{WEBSOCKET}&sid={sid}")
    await ws.send_str("2probe")
    assert await text_of(ws) == "3probe"
    await ws.send_str("5")
    return ws


# -- Engine.IO: opening ------------------------------------------------------------------------------------------------


async def test_polling_opens_with_a_greeting_that_offers_the_upgrade(http: ClientSession) -> None:
    async with http.get(POLLING) as response:
        text, kind = await response.text(), response.headers["Content-Type"]

    assert (response.status, kind.lower()) == (200, "text/plain; charset=utf-8")
    assert text[0] == "0"
    greeting = json.loads(text[1:])
    assert greeting | {"sid": ""} == {
        "sid": "",
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 65536,
    }
    assert len(greeting["sid"]) >= 20


async def test_a_websocket_opens_with_a_greeting_that_offers_nothing(http: ClientSession) -> None:
    ws = await http.ws_connect(WEBSOCKET)
    greeting = await text_of(ws)
    await ws.close()

    assert greeting[0] == "0"
    assert json.loads(greeting[1:])["upgrades"] == []


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", "", 400),
        ("GET", "EIO=4", 400),
        ("GET", "EIO=4&transport=", 400),
        ("GET", "EIO=4&transport=abc", 400),
        ("GET", "EIO=abc&transport=polling", 400),
        ("GET", "EIO=3&transport=polling", 400),
        ("GET", "transport=polling", 400),
        ("GET", "EIO=4&transport=websocket", 400),  # without an upgrade
        ("GET", "EIO=4&transport=polling&sid=unknown", 400),
        ("GET", "EIO=4&transport=websocket&sid=unknown", 400),
        ("POST", "EIO=4&transport=polling", 400),
        ("POST", "EIO=4&transport=polling&sid=unknown", 400),
        ("PUT", "EIO=4&transport=polling", 405),
        ("DELETE", "EIO=4&transport=polling", 405),
    ],
)
async def test_what_opens_nothing_is_refused(http: ClientSession, method: str, query: str, status: int) -> None:
    async with http.request(method, f"/socket.io/?{query}") as response:
        assert response.status == status


@pytest.mark.parametrize(
    "query", ["EIO=3&transport=websocket", "transport=websocket", "EIO=4&transport=websocket&sid=x"]
)
async def test_a_websocket_of_another_protocol_or_session_is_refused(http: ClientSession, query: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await http.ws_connect(f"/socket.io/?{query}")

    assert refused.value.status == 400


# -- Engine.IO: the upgrade --------------------------------------------------------------------------------------------


async def test_a_session_upgrades_and_what_it_sent_by_polling_is_answered_on_the_websocket(
    http: ClientSession, alice: Any, server: Any
) -> None:
    sid = await begun(http)
    assert await posted(http, sid, "40/live," + json.dumps({"token": alice.token})) == 200
    waiting = asyncio.create_task(polled(http, sid))

    ws = await upgraded(http, sid)
    accepted = await text_of(ws)

    assert await waiting == (200, "6")
    assert accepted.startswith('40/live,{"sid":"')
    assert (await polled(http, sid))[0] == 400
    assert await posted(http, sid, "40/live,") == 400
    with pytest.raises(WSServerHandshakeError):
        await http.ws_connect(f"{WEBSOCKET}&sid={sid}")
    await ws.send_str('42/live,1["unsubscribe",{"stream":"project:x"}]')
    assert await text_of(ws) == '43/live,1[{"ok":true}]'
    await ws.close()
    await until(lambda: sid not in server.app[NAMESPACE].server.connections)


async def test_what_was_not_fetched_follows_on_the_websocket(http: ClientSession) -> None:
    sid = await begun(http)
    assert await posted(http, sid, "40/other,") == 200

    ws = await upgraded(http, sid)

    assert await text_of(ws) == '44/other,{"message":"Invalid namespace"}'
    await ws.close()


@pytest.mark.parametrize("sent", [["2"], ["5"], ["2probe", "2probe"], ["2probe", "40/live,{}"], ["x"], ["3probe"]])
async def test_a_probe_that_is_none_ends_and_polling_goes_on(http: ClientSession, sent: list[str]) -> None:
    sid = await begun(http)
    ws = await http.ws_connect(f"{WEBSOCKET}&sid={sid}")
    for packet in sent:
        await ws.send_str(packet)

    texts = [await text_of(ws)]
    while texts[-1]:
        texts.append(await text_of(ws))
    await ws.close()

    assert texts == (["3probe", ""] if sent[0] == "2probe" else [""])
    assert await posted(http, sid, "40/other,") == 200
    status, text = await polled(http, sid)
    if text == "6":  # what ended a poll that nobody was waiting with
        status, text = await polled(http, sid)
    assert (status, text.split("\x1e")[-1]) == (200, '44/other,{"message":"Invalid namespace"}')
    again = await upgraded(http, sid)
    await again.close()


async def test_a_second_websocket_for_a_session_is_refused_while_the_first_probes(http: ClientSession) -> None:
    sid = await begun(http)
    ws = await http.ws_connect(f"{WEBSOCKET}&sid={sid}")

    with pytest.raises(WSServerHandshakeError) as refused:
        await http.ws_connect(f"{WEBSOCKET}&sid={sid}")
    await ws.send_str("2probe")

    assert refused.value.status == 400
    assert await text_of(ws) == "3probe"
    await ws.close()


async def test_a_probe_ends_with_the_session(http: ClientSession, server: Any) -> None:
    sid = await begun(http)
    ws = await http.ws_connect(f"{WEBSOCKET}&sid={sid}")
    await ws.send_str("2probe")
    assert await text_of(ws) == "3probe"

    assert await posted(http, sid, "1") == 200

    assert await text_of(ws) == ""
    await ws.close()
    await until(lambda: not server.app[NAMESPACE].server.connections)


# -- Engine.IO: pings and closing --------------------------------------------------------------------------------------


async def test_pings_come_in_the_interval_and_who_does_not_answer_is_closed(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = server.app[NAMESPACE].server
    monkeypatch.setattr(live, "pings", Pings(0.5, 0.3, live._ping))
    silent, answering = await Wire.open(http), await Wire.open(http, alice.token)
    began = asyncio.get_running_loop().time()

    assert await text_of(silent.ws) == "2"
    after = asyncio.get_running_loop().time() - began
    for _ in range(3):
        assert await text_of(answering.ws) == "2"
        await answering.ws.send_str("3")
    ended = await text_of(silent.ws)

    assert 0.3 <= after < 3
    assert ended == ""
    assert (await answering.call("unsubscribe", {"stream": "project:x"}))["ok"] is True
    await answering.ws.close()
    await silent.ws.close()
    await until(lambda: not live.connections)
    assert live.pings._slot_of == {}
    assert live.pings.unanswered == 1


async def test_a_socket_that_fails_does_not_end_the_pings_of_the_others(
    http: ClientSession, alice: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = server.app[NAMESPACE].server
    failed: list[Any] = []

    def ping(connection: Any) -> None:
        if not failed:
            failed.append(connection)
        if connection is failed[0]:
            raise OSError
        live._ping(connection)

    monkeypatch.setattr(live, "pings", Pings(0.5, 0.3, ping))
    wires = [await Wire.open(http), await Wire.open(http)]

    heard = [await asyncio.wait_for(text_of(wire.ws), 10) for wire in wires]

    assert sorted(heard) == ["", "2"]
    for wire in wires:
        await wire.ws.close()
    await until(lambda: not live.connections)


async def test_a_close_packet_closes_the_websocket(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    await wire.ws.send_str("1")

    assert await wire.rest() == []
    assert wire.ws.close_code == 1000


async def test_a_websocket_ping_is_answered_with_its_payload(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token, autoping=False)

    await wire.ws.ping(b"still there")

    message = await wire.ws.receive(timeout=10)
    assert (message.type, message.data) == (WSMsgType.PONG, b"still there")
    await wire.ws.close()


# -- Socket.IO ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("40", '44{"message":"Invalid namespace"}'),
        ("40/,", '44{"message":"Invalid namespace"}'),
        ("40/random,", '44/random,{"message":"Invalid namespace"}'),
        ("40/random?token=x,", '44/random,{"message":"Invalid namespace"}'),
        ("40/Live,", '44/Live,{"message":"Invalid namespace"}'),
    ],
)
async def test_another_namespace_is_refused_and_the_right_one_is_still_open(
    http: ClientSession, alice: Any, sent: str, answer: str
) -> None:
    wire = await Wire.open(http)
    await wire.ws.send_str(sent)
    assert await wire.receive() == answer

    await wire.ws.send_str("40/live," + json.dumps({"token": alice.token}))

    assert (await wire.receive()).startswith('40/live,{"sid":"')
    await wire.ws.close()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("40/live,", "token_missing"),
        ("40/live,{}", "token_missing"),
        ('40/live,{"token":""}', "token_missing"),
        ('40/live,{"token":5}', "token_missing"),
        ("40/live,[]", "token_missing"),
        ('40/live,"x"', "token_missing"),
        ('40/live,{"token":"x"}', "token_invalid"),
    ],
)
async def test_a_connect_without_a_valid_token_is_refused_with_a_code(
    http: ClientSession, sent: str, code: str
) -> None:
    wire = await Wire.open(http)

    await wire.ws.send_str(sent)

    assert await wire.rest() == [f'44/live,{{"message":"unauthorized","data":{{"code":"{code}"}}}}']


@pytest.mark.parametrize("number", ["0", "1", "007", "9" * 15])
async def test_an_acknowledgement_carries_the_clients_number(http: ClientSession, alice: Any, number: str) -> None:
    wire = await Wire.open(http, alice.token)

    await wire.ws.send_str(f'42/live,{number}["unsubscribe",{{"stream":"project:x"}}]')

    assert await wire.receive() == f'43/live,{int(number)}[{{"ok":true}}]'
    await wire.ws.close()


async def test_a_command_without_a_number_is_run_and_not_answered(
    http: ClientSession, alice: Any, project: str
) -> None:
    wire = await Wire.open(http, alice.token)

    await wire.ws.send_str(f'42/live,["subscribe",{{"stream":"project:{project}"}}]')
    await wire.call("unsubscribe", {"stream": "project:x"})
    await alice.ok("PATCH", f"/projects/{project}", {"name": "May"}, if_match=1)

    assert "project.updated" in await wire.receive()
    await wire.ws.close()


async def test_a_disconnect_packet_closes(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    await wire.ws.send_str("41/live,")

    assert await wire.rest() == []


async def test_an_acknowledgement_of_nothing_is_ignored(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    await wire.ws.send_str("43/live,12[]")

    assert (await wire.call("unsubscribe", {"stream": "project:x"}))["ok"] is True
    await wire.ws.close()


async def test_commands_are_answered_in_their_order(http: ClientSession, alice: Any, project: str) -> None:
    wire = await Wire.open(http, alice.token)
    for number in range(60):
        name = "subscribe" if number % 2 else "unsubscribe"
        await wire.ws.send_str(f'42/live,{number}["{name}",{{"stream":"project:{project}"}}]')

    answers = []
    while len(answers) < 60:
        text = await wire.receive()
        if text.startswith("43"):
            answers.append(int(text.removeprefix("43/live,").partition("[")[0]))

    assert answers == list(range(60))
    await wire.ws.close()


# -- where Socket.IO's own recovery fails: socket.io 5282 and 5539, redis-streams-adapter 26 and 48 --------------------
# A client that comes back to another process is in test_hosts.py.


async def _come_back(http: ClientSession, person: Any, stream: str, after: int) -> tuple[Wire, list[int]]:
    """A new connection, and the numbers in the answer to its `subscribe`."""
    wire = await Wire.open(http, person.token)
    answer = await wire.call("subscribe", {"stream": stream, "after": after})
    assert answer["mode"] in ("live", "replay")
    assert "more" not in answer or not answer["more"]
    return wire, [event["seq"] for event in answer["events"]]


async def test_a_client_that_comes_back_again_and_again_with_volatile_messages_between_misses_nothing(
    http: ClientSession, alice: Any, project: str, flood: Any
) -> None:
    stream, seen = f"project:{project}", list[int]()
    for number in range(25):
        wire, replayed = await _come_back(http, alice, stream, seen[-1] if seen else 0)
        seen += replayed
        await state.put("counts:volatile", [stream], {"n": number})
        await wire.call("presence.set", {"stream": stream, "state": {"n": number}})
        stays = number % 4 == 0  # otherwise it leaves with whatever is on its way
        while stays and not wire.events:
            wire.keep(await wire.receive())
        # A busy relay may still be behind what the last round published, and then it comes now.
        seen += [data["seq"] for _, data in wire.events if "seq" in data]
        await flood(2, roll_back_every=2 if number % 3 == 0 else 0)
        if stays:
            await wire.ws.send_str('42/live,["unsubscribe",{"stream":"project:x"}]')
            text = await wire.receive()
            while '"seq"' not in text:
                text = await wire.receive()
            seen.append(json.loads(text.removeprefix("42/live,"))[1]["seq"])
        wire.ws._response.connection.transport.abort()  # without a goodbye
    wire, replayed = await _come_back(http, alice, stream, seen[-1])
    await wire.ws.close()

    assert seen + replayed == list(range(1, len(seen) + len(replayed) + 1))
    assert len(seen) + len(replayed) == 25 * 2 - 9


async def test_a_client_older_than_what_the_server_holds_gets_the_rest_from_the_table(
    http: ClientSession, alice: Any, project: str, flood: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "RING", 5)
    stream = f"project:{project}"
    wire, _ = await _come_back(http, alice, stream, 0)
    other, _ = await _come_back(http, alice, stream, 0)
    await wire.ws.close()

    await flood(40)
    seen = 0
    while seen < 40:
        text = await other.receive()
        seen = json.loads(text.removeprefix("42/live,"))[1].get("seq", seen)
    again, replayed = await _come_back(http, alice, stream, 0)
    await again.ws.close()
    await other.ws.close()

    assert replayed == list(range(1, 41))
