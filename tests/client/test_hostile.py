"""A server that is broken or hostile: one line that says so, in bounded time, and no position that nobody has got."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tallyroom_client import Client, Problem, Timing
from tallyroom_client.command import remote
from tests.client.hostile import DEEP, said, serving

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
            async with asyncio.timeout(10):
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
        asyncio.timeout(10),
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
