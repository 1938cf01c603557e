"""Bodies in chunks are read completely however they are cut, unless the chunks are smaller than their framing."""

import asyncio
import hashlib
import random

import pytest
from aiohttp.test_utils import TestServer

from server.api.protocol import FREE_CHUNKED_BYTES
from tests.conftest import Person

ROWS = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7) for n in range(150_000))  # 2 MB


def upload_head(person: Person, project: str) -> bytes:
    """The head of an upload in chunks."""
    return (
        f"POST /api/v1/projects/{project}/sources HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.token}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()


@pytest.mark.sampled("1-3000", "60000-300000")
@pytest.mark.parametrize(("least", "most"), [(20, 20), (1, 3000), (60_000, 300_000)])
async def test_a_body_is_read_completely_however_it_is_cut(
    server: TestServer, alice: Person, project: str, least: int, most: int
) -> None:
    rng, rest = (
        random.Random(least),
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + ROWS + b"\r\n--x--\r\n",
    )
    sent = bytearray(upload_head(alice, project))
    while rest:
        size = rng.randint(least, most)
        sent += b"%x\r\n%b\r\n" % (len(rest[:size]), rest[:size])
        rest = rest[size:]
    reader, writer = await asyncio.open_connection(server.host, server.port)

    writer.write(sent + b"0\r\n\r\n" + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(60):
        answer = await reader.readuntil(b'"alive"}')
    writer.close()

    assert answer.startswith(b"HTTP/1.1 202 ")
    assert hashlib.sha256(ROWS).hexdigest().encode() in answer


async def test_a_body_in_chunks_of_one_byte_is_refused(server: TestServer, alice: Person, project: str) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)

    writer.write(upload_head(alice, project) + b"1\r\n-\r\n" * (FREE_CHUNKED_BYTES // 6 + 9000))
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 400 ")
