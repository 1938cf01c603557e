"""A server that is broken or hostile: one line that says so, in bounded time, and no position that nobody has got."""

import asyncio
import gc
import json
from collections.abc import Callable
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tallyroom_client import Client, Event, Position, Problem, State, Timing
from tallyroom_client.command import remote
from tests.client.conftest import QUICK
from tests.client.hostile import DEEP, said, serving, socket

ENTRY = "01a22426-47fe-796f-bb9a-5c3351682208"
NOT_OURS = "does not answer as Tallyroom does. Check the address"

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "answer",
    [
        *(DEEP, "1" * 5000, '{"a": NaN}', "[]", "null", "", '{"fields": []}', '{"fields": {"secret": null}}'),
        *('{"fields": {"secret": 5}}', '{"fields": {"secret": "\\ud800s3cret"}}'),
    ],
    ids=lambda text: text[:40],
)
async def test_an_answer_of_another_shape_is_said_in_one_line(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TALLYROOM_TOKEN", "tr_x")
    async with serving(lambda _: said(answer)) as url:
        code = await asyncio.to_thread(remote, ["--url", url, "vault", "get", ENTRY])
    output, line = capsys.readouterr()

    assert (code, output) == (1, "")
    assert NOT_OURS in line
    assert (line.count("\n"), "s3cret" in line) == (1, False)


@pytest.mark.parametrize(
    "problem",
    [
        *(DEEP, '{"code": "x", "errors": 5}', '{"code": "x", "errors": [5]}', '{"code": [], "detail": "x"}'),
        *('{"code": "x", "detail": ["x"]}', '{"code": "x", "errors": [{"message": {}}]}', "null", "[]", '"code"'),
    ],
    ids=lambda text: text[:40],
)
async def test_a_problem_of_another_shape_is_said_in_one_line(problem: str) -> None:
    async with serving(lambda _: said(problem, 422)) as url, Client(url, token="tr_x") as client:
        with pytest.raises(Problem, match=r"The answer \(422\) is not one of Tallyroom's\.") as refused:
            await client.get("/me")

    assert (refused.value.status, refused.value.code) == (422, "not_tallyroom")


async def test_the_status_of_a_problem_is_that_of_the_answer() -> None:
    async with serving(lambda _: said('{"code": "x", "status": 503}', 403)) as url, Client(url, token="tr_x") as client:
        with pytest.raises(Problem) as refused:
            await client.get("/me")

    assert (refused.value.status, refused.value.is_temporary) == (403, False)


@pytest.mark.parametrize("position", ["x", "9" * 5000, "-1", "²", str(2**53 + 1)], ids=lambda text: text[:20])
async def test_a_position_that_is_none_is_refused(position: str) -> None:
    headers = {"Stream-Position": position, "Stream-Epoch": "e"}
    async with serving(lambda _: said("{}", **headers)) as url, Client(url, token="tr_x") as client:
        with pytest.raises(Problem, match=NOT_OURS):
            await client.read("/me")


@pytest.mark.parametrize(
    "answer",
    [
        *("[]", '{"access_token": "a b", "refresh_token": "r", "expires_in": 900}'),
        *('{"access_token": "a", "refresh_token": 5, "expires_in": 900}',),
        *('{"access_token": "a", "refresh_token": "r", "expires_in": 1e999}',),
    ],
)
async def test_a_sign_in_of_another_shape_is_refused(answer: str) -> None:
    async with serving(lambda _: said(answer)) as url, Client(url, email="a@b.test", password="p") as client:
        with pytest.raises(Problem, match=NOT_OURS):
            await client.get("/me")


@pytest.mark.parametrize(
    "pages",
    [
        lambda: ('{"items": [1], "next_cursor": "same"}' for _ in count()),
        lambda: (f'{{"items": [1], "next_cursor": "{n % 3}"}}' for n in count()),
        lambda: (f'{{"items": [], "next_cursor": "{n}"}}' for n in count()),
        lambda: (f'{{"items": [1], "next_cursor": "{"c" * 5000}{n}"}}' for n in count()),
        lambda: ('{"items": 5}' for _ in count()),
        lambda: ('{"items": [], "next_cursor": 5}' for _ in count()),
        lambda: ("[]" for _ in count()),
    ],
    ids=["repeated", "in a circle", "empty", "long", "no list", "no text", "no page"],
)
async def test_a_list_that_goes_on_without_end_is_left(pages: Callable[[], Any]) -> None:
    page = pages()
    async with serving(lambda _: said(next(page))) as url, Client(url, token="tr_x") as client:
        with pytest.raises(Problem, match=NOT_OURS):
            async with asyncio.timeout(30):
                _ = [item async for item in client.all("/projects")]


async def test_a_server_that_answers_a_byte_at_a_time_is_left() -> None:
    gone = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.05)
        finally:
            gone.set()

    async with (
        serving(drip) as url,
        Client(url, token="tr_x", timing=Timing(patience_s=0.1, call_s=0.5)) as client,
        asyncio.timeout(30),
    ):
        for call in (
            client.get("/me"),
            client.post("/me", {}, key=""),
            client.upload("/me", lambda: aiohttp.FormData({"name": "x"})),
        ):
            with pytest.raises(Problem, match="does not answer in time") as late:
                await call
            await gone.wait()
            gone.clear()

    assert late.value.code == "offline"


STREAM = "project:1"


def live(**changed: Any) -> str:
    """The answer to a `subscribe`, from its beginning on."""
    return json.dumps({"ok": True, "stream": STREAM, "epoch": "e", "head": 0, "mode": "live", "events": []} | changed)


def event(seq: int = 1, **changed: Any) -> dict[str, Any]:
    """An event. A key that is changed to ... is left out."""
    sent = {
        "stream": STREAM,
        "seq": seq,
        "epoch": "e",
        "id": "i",
        "type": "project.updated",
        "at": "2026-01-01T00:00:00Z",
    }
    sent |= {"actor": {"type": "system", "id": None}, "request_id": None, "data": {}} | changed
    return {name: value for name, value in sent.items() if value is not ...}


def message(name: str, body: Any) -> str:
    """A packet of Socket.IO."""
    return f"42/live,{json.dumps([name, body])}"


STATE = {"stream": STREAM, "key": "k", "version": 1, "value": {}}
SOCKETS = {
    "a state without a key": socket(message("state", {"stream": STREAM, "version": 1, "value": {}}), answer=live()),
    "a state with a list": socket(message("state", STATE | {"value": []}), answer=live()),
    "a version of text": socket(message("state", STATE | {"version": "1"}), answer=live()),
    "an event without a type": socket(message("project.updated", event(type=...)), answer=live()),
    "a number of text": socket(message("project.updated", event(seq="1")), answer=live()),
    "an event without an epoch": socket(message("project.updated", event(epoch=...)), answer=live()),
    "a problem of a list": socket(answer='{"ok": false, "problem": [1]}'),
    "a problem without a code": socket(answer='{"ok": false, "problem": {}}'),
    "faults of a number": socket(answer='{"ok": false, "problem": {"code": "x", "status": 422, "errors": 5}}'),
    "no answer": socket(answer="null"),
    "an answer of a list": socket(answer="[]"),
    "an answer without a head": socket(answer='{"ok": true, "mode": "live", "epoch": "e", "events": []}'),
    "an answer with a broken event": socket(answer=live(head=1, events=[event(type=...)])),
    "an answer with another's event": socket(answer=live(head=1, events=[event(stream="project:2")])),
    "a snapshot of a list": socket(answer=live(mode="snapshot", state=[])),
    "a deep message": socket("42/live," + DEEP, answer=live()),
    "no JSON": socket("42/live,{", answer=live()),
    "no name": socket("42/live,5", answer=live()),
    "a name of a list": socket("42/live,[[],{}]", answer=live()),
    "no packet": socket("49", answer=live()),
    "an opening without an id": socket(opening={"upgrades": []}),
    "a deep opening": socket(opening="0" + DEEP),
}


@pytest.mark.long
@pytest.mark.parametrize("what", list(SOCKETS))
async def test_a_message_of_another_shape_ends_the_stream_in_one_line_and_is_not_counted(what: str) -> None:
    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    async with serving(SOCKETS[what]) as url, Client(url, token="tr_x") as client:
        follower = client.follow(STREAM, Position(0, "e"), states=True)

        with pytest.raises(Problem, match=NOT_OURS) as ended:
            await asyncio.wait_for(anext(follower), 30)

        assert ended.value.code == "not_tallyroom"
        assert follower._cursor.position == Position(0, "e")
    gc.collect()
    assert faults == []


async def test_what_comes_before_a_message_of_another_shape_is_still_given_out() -> None:
    odd = message("something.of.a.later.version", {"stream": STREAM, "news": 1})
    sent = (
        odd,
        message("project.updated", event(1)),
        message("state", STATE),
        message("project.updated", event(2, data=5)),
    )
    async with serving(socket(*sent, answer=live())) as url, Client(url, token="tr_x") as client:
        follower = client.follow(STREAM, Position(0, "e"), states=True)

        async with asyncio.timeout(30):
            first, second = await anext(follower), await anext(follower)
            with pytest.raises(Problem, match=NOT_OURS):
                await anext(follower)

    assert isinstance(first, Event)
    assert isinstance(second, State)
    assert first.position == follower._cursor.position == Position(1, "e")


@pytest.mark.parametrize(
    "closing",
    [message("closing", {"code": []}), message("server.draining", {"reconnect_in_ms": 10**99}), message("closing", 5)],
    ids=["a code of a list", "a pause without end", "no body"],
)
async def test_a_closing_of_another_shape_is_a_loss(closing: str) -> None:
    sockets = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sockets
        sockets += 1
        messages = (closing, "41/live,") if sockets == 1 else (message("project.updated", event()),)
        found: web.StreamResponse = await socket(*messages, answer=live())(request)
        return found

    async with serving(answer) as url, Client(url, token="tr_x", timing=QUICK) as client, asyncio.timeout(30):
        item = await anext(client.follow(STREAM, Position(0, "e")))

    assert (item.position, sockets) == (Position(1, "e"), 2)  # type: ignore[union-attr] # it is an event
