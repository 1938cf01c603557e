"""Bytes that are not a valid request get the answer for a malformed one, and none of them are logged."""

import asyncio
import json
import logging
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from core.settings import Settings
from server.api.keys import AUTHENTICATE

SECRET = "SENTINEL-s3cret"
POST = f"POST /api/v1/logs?x={SECRET} HTTP/1.1\r\nHost: x\r\nCookie: rt={SECRET}\r\nContent-Type: application/json\r\n"
GET = f"GET /api/v1/me?x={SECRET} HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n"
MALFORMED = {
    "a length that is not a number": POST + "Content-Length: abc\r\n\r\n{}",
    "a negative length": POST + "Content-Length: -5\r\n\r\n{}",
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "a length and chunks": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk without a size": POST + f"Transfer-Encoding: chunked\r\n\r\nzz{SECRET}\r\n",
    "a body after the body": POST + f'Content-Length: 2\r\n\r\n{{}}"password":"{SECRET}"}}\r\n\r\n',
    "no host": GET + "\r\n",
    "two hosts": GET + "Host: a\r\nHost: b\r\n\r\n",
    "a control character": GET + f"Host: x\r\nA: {SECRET}\x01\r\n\r\n",
    "an invalid method": f"F\x01O /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n",
    "an unknown method": f"FOO /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header that is too long": GET + f"Host: x\r\nA: {SECRET * 4000}\r\n\r\n",
    "too many headers": GET + "Host: x\r\n" + "".join(f"A{n}: {SECRET}\r\n" for n in range(1000)) + "\r\n",
    "an invalid address": f"GET http://[/{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n",
    "another protocol": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an expectation": POST + f"Expect: {SECRET}\r\nContent-Length: 2\r\n\r\n{{}}",
    "an expectation that is no text": POST + f"Expect: {SECRET}\xff\r\nContent-Length: 2\r\n\r\n{{}}",
}


async def answers_to(server: TestServer, *pieces: str) -> list[tuple[bytes, dict[str, str], bytes]]:
    """Status line, headers and body of each answer, until the server closes."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    for piece in pieces:
        writer.write(piece.encode("latin-1"))
        await writer.drain()
        await asyncio.sleep(0.1 if len(pieces) > 1 else 0)
    found = []
    try:
        async with asyncio.timeout(5):
            while head := await reader.readuntil(b"\r\n\r\n"):
                status, *lines = head.decode().strip().split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines)
                found.append((status.encode(), headers, await reader.readexactly(int(headers["Content-Length"]))))
                if "Expect: " in pieces[0]:
                    break
    except asyncio.IncompleteReadError:
        pass  # the server has closed
    writer.close()
    return found


@pytest.mark.parametrize("name", MALFORMED)
async def test_invalid_bytes_are_answered_with_a_problem_and_not_logged(
    server: TestServer, settings: Settings, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        *_, (status, headers, body) = await answers_to(server, MALFORMED[name])
        problem = json.loads(body)

    assert b" 400 " in status
    assert headers["Content-Type"].startswith("application/problem+json")
    assert (problem["status"], problem["code"]) == (400, "invalid_json")
    assert headers["X-Request-ID"] == problem["request_id"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers
    assert SECRET not in status.decode() + str(headers) + body.decode() + caplog.text
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_body_that_turns_into_garbage_is_answered_at_once(
    server: TestServer, alice: Any, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
    head += 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"name": \r\n'

    (status, headers, body), *_ = await answers_to(server, head, f"zz{SECRET}\r\n")

    assert b" 400 " in status
    assert json.loads(body)["code"] == "invalid_json"
    assert headers["X-Request-ID"] == json.loads(body)["request_id"]
    assert SECRET not in body.decode() + caplog.text


async def test_garbage_after_a_complete_request_does_not_affect_its_answer(
    server: TestServer, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate = server.app[AUTHENTICATE]

    async def dawdle(*asked: str) -> Any:
        await asyncio.sleep(0.3)  # the body has not been read yet when the garbage arrives
        return await authenticate(*asked)

    monkeypatch.setitem(server.app._state, AUTHENTICATE, dawdle)
    head = f"POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
    head += 'Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{"name": "March"}'

    answers = await answers_to(server, head, f"\x01{SECRET}\r\n\r\n")

    assert [status.split()[1] for status, _, _ in answers] == [b"201", b"400"]
