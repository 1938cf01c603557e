"""Uploads of a client that may send anything: each part at most once, and one limit for everything but the file."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.source.parts import MOST_BYTES, MOST_LINES
from tests.conftest import Person
from tests.source.test_upload import nothing_left

FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
NAME = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nab\r\n'
ROWS = b"a,b\n1,2\n"
# What comes first, what is repeated endlessly, and the answer.
ENDLESS = {
    "names": (b"", NAME, 422),
    "parts without a name": (b"", b"--x\r\n\r\n\r\n", 422),
    "parts without a body": (b"", b"--x\r\n\r\n", 422),
    "files": (b"", FILE + ROWS + b"\r\n", 422),
    "names behind a file": (FILE + ROWS + b"\r\n", NAME, 422),
    "lines before the first part": (b"", b"a\r\n", 413),
    "empty lines before the first part": (b"", b"\r\n", 413),
    "bytes before the first part": (b"", b"aaaaaaaa", 400),
    "headers of a part": (b"--x\r\n", b"A: b\r\n", 400),
    "a header of a part": (b"--x\r\nA: ", b"aaaaaaaa", 400),
    "a name": (NAME[:-4], b"aaaaaaaa", 413),
    "a name that looks like a boundary": (NAME[:-4], b"\r\n--", 413),
    "multipart in multipart": (
        b"",
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n",
        400,
    ),
    "charsets": (b"", b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-8\r\n', 422),
    "something like a boundary in a file": (FILE + ROWS, b"\r\n--x ", 400),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_endless_input_is_refused_soon(alice: Person, project: str, db: Any, kind: str) -> None:
    first, again, status = ENDLESS[kind]
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield first
        while True:
            piece = again * (4096 // len(again) + 1)
            sent += len(piece)
            yield piece
            await asyncio.sleep(0)

    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "multipart/form-data; boundary=x"}
    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=body(), headers=headers) as response:
        found = response.status, response.content_type
        before_answer = sent

    assert found in ((status, "application/problem+json"), (400, "application/problem+json"))
    assert before_answer < 64 * MOST_BYTES  # what the buffers of a socket hold, and more
    assert await nothing_left(db)


async def test_anything_after_the_last_boundary_is_not_read(alice: Person, project: str, db: Any) -> None:
    body = FILE + ROWS + b"\r\n--x--\r\n" + b"a\r\n" * (2 * MOST_LINES)
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "multipart/form-data; boundary=x"}

    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=body, headers=headers) as response:
        assert response.status == 202


async def test_parts_one_byte_at_a_time_are_read(alice: Person, project: str) -> None:
    body = NAME + FILE + ROWS + b"\r\n--x--\r\n"

    async def bytes_of() -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes([byte])

    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "multipart/form-data; boundary=x"}
    async with alice.session.post(f"/api/v1/projects/{project}/sources", data=bytes_of(), headers=headers) as response:
        source = await response.json()

    assert (response.status, source["name"], source["size_bytes"]) == (202, "ab", len(ROWS))
