"""A reader that is slow, goes away or loses the right, and how many exports there may be at once."""

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

import pytest

from core.problems import Busy, RateLimited
from server.export.places import MOST_EACH, PLACES, Places
from tests.export.conftest import rows_of

END = b"\r\n0\r\n\r\n"  # the last chunk of an answer
WIDE = 30_000  # characters of a record, so that a few hundred fill the buffers between server and reader
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tallyroom web' AND xact_start IS NOT NULL"


@pytest.fixture
async def wide(make_job, db):
    """A job with 400 matches whose rows make 25 MB."""
    made = await make_job([{"id": f"l{n}"} for n in range(400)], [{"id": f"r{n}"} for n in range(400)])
    await made.write(0, *(([n], [n], "confirmed") for n in range(400)))
    await db.execute(
        "UPDATE reconciliation_records SET data = data || jsonb_build_object('id', repeat('x', $1) || (data->>'id'))",
        WIDE,
    )
    return made


class Reader:
    """A client that reads only when it is told to."""

    def __init__(self, server, person):
        self._url, self._person = server.make_url("/"), person

    async def ask(self, path):
        """Sends a request and reads the first bytes of the answer."""
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        small.setblocking(False)
        parts = urlsplit(str(self._url))
        await asyncio.get_running_loop().sock_connect(small, (parts.hostname, parts.port))
        self.reader, self.writer = await asyncio.open_connection(sock=small, limit=16 * 1024)
        head = f"GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._person.token}\r\n\r\n"
        self.writer.write(head.encode())
        first = await self.reader.readexactly(900)
        assert first.startswith(b"HTTP/1.1 200 ")
        return first

    async def rest(self):
        """Everything until the connection ends or the last chunk has come."""
        found = bytearray()
        with contextlib.suppress(ConnectionError):
            while not found.endswith(END) and (piece := await self.reader.read(65536)):
                found += piece
        return bytes(found)

    def leave(self):
        """Ends the connection at once."""
        self.writer.transport.abort()


@pytest.fixture
async def reader(server, alice):
    """A reader for alice."""
    found = Reader(server, alice)
    yield found
    found.leave()


@pytest.fixture
def until_over(server, commits):
    """Waits until no export is under way."""

    async def taken():
        return server.app[PLACES].taken

    async def wait():
        await commits.until(taken, lambda found: found == 0, 20)

    return wait


@pytest.mark.long
async def test_a_slow_reader_holds_no_transaction_open(reader, wide, db, commits, until_over):
    first = await reader.ask(f"/jobs/{wide.id}/export")

    await commits.until(lambda: db.fetchval(OPEN), lambda found: found == 0, 20)
    rest = await reader.rest()

    assert len(first) + len(rest) > 800 * WIDE
    assert rest.endswith(END)
    await until_over()


async def test_the_export_is_true_at_one_moment_however_slow_the_reader_is(alice, reader, wide, db, commits):
    await reader.ask(f"/jobs/{wide.id}/export")
    await commits.until(lambda: db.fetchval(OPEN), lambda found: found == 0, 20)
    matches = (await alice.ok("GET", f"/jobs/{wide.id}/matches?limit=1&sort=-score"))["items"]
    await db.execute("UPDATE matches SET status = 'rejected'")

    rest = await reader.rest()

    assert matches
    assert rest.count(b",confirmed,") > 790
    assert b",rejected," not in rest


async def test_the_first_bytes_do_not_wait_for_rows_and_leaving_ends_the_work(reader, wide, db, commits, until_over):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY (%'"
    other = await commits.connection()  # in a transaction, the first look would be the only one
    async with db.transaction():
        await db.execute("LOCK TABLE match_records IN ACCESS EXCLUSIVE MODE")

        assert b"match_id,status," in await reader.ask(f"/jobs/{wide.id}/export")
        assert await commits.until(lambda: other.fetchval(waiting), lambda found: found == 1, 4)
        reader.leave()
        await commits.until(lambda: other.fetchval(waiting), lambda found: found == 0, 4)

    await until_over()


async def test_who_loses_the_right_gets_no_more(alice, bob, project, server, wide, until_over):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    reader = Reader(server, bob)
    await reader.ask(f"/jobs/{wide.id}/export")
    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")

    rest = await reader.rest()

    assert len(rest) < 600 * WIDE
    assert not rest.endswith(END)
    await until_over()


async def test_who_signs_out_gets_no_more(bob, alice, project, server, wide, until_over):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    reader = Reader(server, bob)
    await reader.ask(f"/jobs/{wide.id}/export")
    [session] = (await bob.ok("GET", "/auth/sessions"))["items"]
    await bob.ok("DELETE", f"/auth/sessions/{session['id']}")

    rest = await reader.rest()

    assert not rest.endswith(END)
    await until_over()


@pytest.mark.long
async def test_one_person_has_few_exports_at_once(alice, server, wide, until_over):
    readers = [Reader(server, alice) for _ in range(MOST_EACH)]
    for reader in readers:
        await reader.ask(f"/jobs/{wide.id}/export")

    async with await alice.send("GET", f"/jobs/{wide.id}/export") as response:
        assert (response.status, (await response.json())["code"]) == (429, "rate_limited")
        assert int(response.headers["Retry-After"]) > 0
    assert await alice.ok("GET", f"/jobs/{wide.id}/summary")
    for reader in readers:
        reader.leave()
    await until_over()
    async with await alice.send("GET", f"/jobs/{wide.id}/export") as response:
        assert len(rows_of(await response.read())) == 800


def test_all_people_together_have_a_limited_number(settings):
    places = Places(settings, most=2)

    with places.place("a"), places.place("b"):
        with pytest.raises(Busy), places.place("c"):
            pass
        with pytest.raises(Busy), places.place("a"):
            pass
    with places.place("a"), places.place("a"), pytest.raises(RateLimited), places.place("a"):
        pass
    assert places.taken == 0


@pytest.fixture
def fill_disk(server):
    """Makes the disk count as full, until the test ends."""
    disk = server.app[PLACES].disk
    reserve = disk._reserve_bytes

    def fill(size=2**62):
        disk._reserve_bytes, disk._looked_at = size, float("-inf")

    yield fill
    fill(reserve)


async def test_a_full_disk_refuses_exports(alice, wide, fill_disk):
    fill_disk()

    assert await alice.refused("GET", f"/jobs/{wide.id}/export") == (507, "storage_full")


async def test_a_disk_that_becomes_full_ends_the_export_and_nothing_else(
    alice, reader, wide, db, fill_disk, until_over
):
    async with db.transaction():
        await db.execute("LOCK TABLE match_records IN ACCESS EXCLUSIVE MODE")
        await reader.ask(f"/jobs/{wide.id}/export")
        fill_disk()

    assert not (await reader.rest()).endswith(END)
    await until_over()
    assert await alice.ok("GET", f"/jobs/{wide.id}")
