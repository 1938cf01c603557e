"""Connections have deadlines, and one address cannot use up the connections of others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.problems import Busy
from server.api import metrics
from server.api.connections import CONNECTIONS, Connections, Deadlines
from tests.conftest import Person

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
async def door(server: TestServer) -> AsyncIterator[tuple[Connections, Clock]]:
    """The server's connections, for which time does not pass by itself."""
    found, clock = server.app[CONNECTIONS], Clock()
    kept = found._clock, found.most_each, found.most
    found._clock, found._logged_at = clock, -1e9
    for track in found._tracks.values():
        track.since = track.silent_since = clock.now
    yield found, clock
    found._clock, found.most_each, found.most = kept


async def opened(server: TestServer, door: Connections, sent: bytes = b"") -> Streams:
    """A connection that the server has accepted and from which it has read everything sent."""
    before = set(door._tracks)
    streams = await asyncio.open_connection(server.host, server.port)
    async with asyncio.timeout(30):
        while not (new := set(door._tracks) - before):
            await asyncio.sleep(0.005)
        streams[1].write(sent)
        while max(connection.received_bytes for connection in new) < len(sent):
            await asyncio.sleep(0.005)
    return streams


async def ended(streams: Streams) -> bytes:
    """Everything that arrives until the server closes."""
    async with asyncio.timeout(30):
        found = await streams[0].read()
    streams[1].close()
    return found


async def is_open(streams: Streams) -> bool:
    """Whether the server has left it open."""
    try:
        async with asyncio.timeout(0.05):
            return await streams[0].read(1) != b""
    except TimeoutError:
        return True


def passed(door: tuple[Connections, Clock], seconds: float) -> None:
    """Lets time pass, with the checks that the server makes."""
    door[0].sweep()
    door[1].now += seconds
    door[0].sweep()


@pytest.mark.parametrize("sent", [b"", b"G", LIVE[:-2], b"POST / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 5000])
async def test_a_head_has_thirty_seconds(server: TestServer, door: tuple[Connections, Clock], sent: bytes) -> None:
    streams = await opened(server, door[0], sent)

    passed(door, 29)
    was_open = await is_open(streams)
    if sent:
        streams[1].write(b"E" if sent == b"G" else b"x")  # a byte now and then does not help
        await asyncio.sleep(0.05)
    passed(door, 2)

    assert was_open
    assert await ended(streams) == b""


async def test_a_connection_between_two_requests_has_sixty_seconds(
    server: TestServer, door: tuple[Connections, Clock]
) -> None:
    streams = await opened(server, door[0], LIVE)
    await streams[0].readuntil(b"}")

    passed(door, 59)
    was_open = await is_open(streams)
    passed(door, 2)

    assert was_open
    assert await ended(streams) == b""


async def test_a_connection_stays_as_long_as_it_is_used_however_short_its_requests_are(
    server: TestServer, door: tuple[Connections, Clock]
) -> None:
    streams = await opened(server, door[0], LIVE)
    await streams[0].readuntil(b"}")
    for _ in range(4):
        passed(door, 50)
        streams[1].write(LIVE)
        await streams[0].readuntil(b"}")  # which begins and ends between two sweeps
    passed(door, 59)

    assert await is_open(streams)
    streams[1].close()


@pytest.mark.parametrize("trickle", [0, 100])
async def test_a_body_must_make_progress(server: TestServer, door: tuple[Connections, Clock], trickle: int) -> None:
    streams = await opened(server, door[0], POST + b'{"logs": [')

    passed(door, 29)
    was_open = await is_open(streams)
    streams[1].write(b" " * trickle)
    await asyncio.sleep(0.05)
    passed(door, 2)
    answer = await ended(streams)

    assert was_open
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"invalid_json"' in answer


async def test_a_body_that_makes_progress_may_take_longer(server: TestServer, door: tuple[Connections, Clock]) -> None:
    streams = await opened(server, door[0], POST)
    door[0].sweep()

    for _ in range(10):
        streams[1].write(b" " * 5000)
        await asyncio.sleep(0.05)
        passed(door, 31)
    streams[1].write(b" " * 10_000)

    assert (await streams[0].readline()).startswith(b"HTTP/1.1 400 ")  # spaces are not JSON
    streams[1].close()


async def test_an_upload_that_stops_leaves_nothing(
    server: TestServer, door: tuple[Connections, Clock], alice: Person, project: str, db: Any
) -> None:
    head = (
        f"POST /api/v1/projects/{project}/sources HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 50000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,'
    )
    streams = await opened(server, door[0], head.encode())
    async with asyncio.timeout(30):
        while not await db.fetchval("SELECT count(*) FROM sources"):
            await asyncio.sleep(0.01)

    passed(door, 31)

    assert (await ended(streams)).startswith(b"HTTP/1.1 400 ")
    assert await db.fetchval("SELECT count(*) FROM sources") == 0


async def test_a_client_that_does_not_read_the_answer_is_closed(
    server: TestServer, door: tuple[Connections, Clock]
) -> None:
    page = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    streams = await opened(server, door[0], page * 30)
    streams[1].transport.pause_reading()  # type: ignore[attr-defined]  # this is a socket's transport
    async with asyncio.timeout(30):
        while not any(connection.phase == "answer" for connection in door[0]._tracks):
            await asyncio.sleep(0.01)

    passed(door, 29)
    held = [connection for connection in door[0]._tracks if connection.phase == "answer"]
    passed(door, 2)
    async with asyncio.timeout(30):
        while any(connection in door[0]._tracks for connection in held):
            await asyncio.sleep(0.01)

    assert len(held) == 1
    streams[1].close()


async def test_sockets_and_running_requests_have_no_such_deadlines(
    server: TestServer, door: tuple[Connections, Clock], http: ClientSession
) -> None:
    async with http.ws_connect("/socket.io/?EIO=4&transport=websocket") as socket:
        await socket.receive()
        polled = await http.get("/socket.io/?EIO=4&transport=polling")
        sid = (await polled.text()).split('"sid":"')[1].split('"')[0]
        waiting = asyncio.create_task(http.get(f"/socket.io/?EIO=4&transport=polling&sid={sid}"))
        await asyncio.sleep(0.1)

        passed(door, 300)
        passed(door, 300)
        await socket.send_str("40/live,{}")  # without a token it is refused but stays open
        refused = await socket.receive()

        assert "unauthorized" in refused.data
        assert not waiting.done()
        waiting.cancel()


async def test_silent_connections_of_an_address_make_room_for_new_ones(
    server: TestServer, door: tuple[Connections, Clock], http: ClientSession
) -> None:
    found, clock = door
    found.most_each = len(found) + 10
    held = [await opened(server, found, sent) for sent in (b"", b"GET", POST) * 3]
    clock.now += 5

    for _ in range(20):
        streams = await opened(server, found, LIVE)
        clock.now += 5
        assert (await streams[0].readline()).startswith(b"HTTP/1.1 200 ")
        held.append(streams)

    assert len(found) <= found.most_each
    for streams in held:
        streams[1].close()


async def test_a_new_connection_is_refused_if_none_is_silent(
    server: TestServer, door: tuple[Connections, Clock]
) -> None:
    found, _ = door
    for limit in ("most_each", "most"):
        setattr(found, limit, len(found))
        streams = await asyncio.open_connection(server.host, server.port)
        streams[1].write(LIVE)
        head, _, body = (await ended(streams)).partition(b"\r\n\r\n")
        setattr(found, limit, 512)

        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 5" in head
        assert b'"code":"busy"' in body


async def test_a_shortage_of_file_descriptors_is_logged_once_and_counted(
    server: TestServer, door: tuple[Connections, Clock], capsys: pytest.CaptureFixture[str]
) -> None:
    found, clock = door
    streams = await opened(server, found)
    clock.now += 5
    before = metrics.DROPPED_CONNECTIONS.labels("descriptors")._value.get()
    found.most = len(found)
    others = [await opened(server, found, LIVE) for _ in range(1)]

    assert await ended(streams) == b""
    assert metrics.DROPPED_CONNECTIONS.labels("descriptors")._value.get() > before
    assert found._logged_at == clock.now
    for other in others:
        other[1].close()


def test_a_trusted_proxy_may_have_more_connections() -> None:
    class Silent:
        """A connection that has sent nothing."""

        phase, unsent_bytes, received_bytes, answered, drains = "head", 0, 0, 0, 0

        def give_up(self, phase: str) -> None:
            """Ends the connection."""

    found = Connections(2, ("10.0.0.0/8",))

    assert all(found.admit(Silent(), "10.1.2.3") for _ in range(50))
    assert [found.admit(Silent(), "192.0.2.1") for _ in range(3)] == [True, True, False]
    assert found.admit(Silent(), "192.0.2.2")


class Waiting:
    """A connection whose client is waited for; a socket has no phase."""

    def __init__(self, phase: Any = "head") -> None:
        self.phase: Any = phase
        self.unsent_bytes: Any = 0
        self.received_bytes: Any = 0
        self.answered: Any = 0
        self.drains: Any = 0

    def give_up(self, phase: Any) -> None:
        """Ends."""


def test_silent_ones_of_many_addresses_make_room_also_beside_somebodys_sockets() -> None:
    clock = Clock()
    found = Connections(512, (), clock)
    found.most = 60
    sockets: list[Any] = [Waiting(None) for _ in range(10)]
    assert all(found.admit(socket, "192.0.2.1") for socket in sockets)
    assert all(found.admit(Waiting(), f"198.51.100.{n}") for n in range(50))
    clock.now += 5

    assert all(found.admit(Waiting(), f"203.0.113.{n}") for n in range(20))
    assert set(sockets) <= set(found._tracks)


def test_an_address_that_opens_many_at_once_loses_them_to_others() -> None:
    found = Connections(512, (), Clock())
    found.most = 50
    assert all(found.admit(Waiting(), f"192.0.2.{n}") for n in range(10))
    assert all(found.admit(Waiting(), "198.51.100.1") for _ in range(40))

    assert all(found.admit(Waiting(), f"203.0.113.{n}") for n in range(30))
    assert [found.admit(Waiting(), address) for address in ("203.0.113.1", "198.51.100.1")] == [True, False]
    assert sum(track.address == "192.0.2.1" for track in found._tracks.values()) == 1


@pytest.mark.parametrize("phase", ["head", "body"])
def test_who_sends_a_byte_now_and_then_makes_room_as_the_silent_do(phase: str) -> None:
    clock = Clock()
    found = Connections(512, (), clock)
    found.most = 20
    slow: list[Any] = [Waiting(phase) for _ in range(19)]
    quick: Any = Waiting("body")
    for number, connection in enumerate([*slow, quick]):
        assert found.admit(connection, f"198.51.100.{number}")
    for _ in range(10):
        clock.now += 0.5
        for connection in slow:
            connection.received_bytes += 1
        quick.received_bytes += 5000
        found.sweep()

    assert all(found.admit(Waiting(), f"203.0.113.{number}") for number in range(19))
    assert quick in found._tracks


def test_one_that_cannot_be_ended_does_not_keep_the_others() -> None:
    clock = Clock()
    found = Connections(512, (), clock)
    ended: list[Any] = []

    class Broken(Waiting):
        def give_up(self, phase: Any) -> None:
            raise OSError

    class Ending(Waiting):
        def give_up(self, phase: Any) -> None:
            ended.append(self)

    assert all(found.admit(made(), f"192.0.2.{n}") for n, made in enumerate((Broken, Ending)))
    clock.now += 1000
    found.sweep()

    assert len(ended) == 1


def test_requests_of_an_address_behind_a_proxy_are_counted() -> None:
    found = Connections(2, ())

    with found.request_of("192.0.2.1"), found.request_of("192.0.2.1"):
        with pytest.raises(Busy), found.request_of("192.0.2.1"):
            pass
        with found.request_of("192.0.2.2"):
            pass

    assert dict(found._in_flight) == {}


def test_the_deadlines_are_those_in_the_documents() -> None:
    assert Deadlines() == Deadlines(head_s=30, idle_s=60, window_s=30, window_bytes=4096)
