"""The promises of streams between two hosts that share the database and, if there is one, the bus."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.settings import load
from realtime.bus import BusHinter
from server.api.keys import KEYRING
from server.store.hints import connection_of
from tallyroom_client import Event, Position
from tests.auth.follower import Follower
from tests.client.conftest import make_client
from tests.conftest import SharedWorker, Worker
from tests.job.conftest import MAPPINGS, kept, make_sides
from tests.realtime.bus_server import MISSING, PASSWORD, SERVER, BusServer, Link
from tests.realtime.hosts import Host, serving, settings_of
from tests.realtime.wire import until

__all__ = ["MAPPINGS", "kept", "make_client", "make_sides"]
pytestmark = pytest.mark.acceptance
needs_bus = pytest.mark.skipif(SERVER is None, reason=MISSING)


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusServer | None]:
    """The bus. The promises hold without one, too."""
    if SERVER is None:
        yield None
        return
    found = BusServer(tmp_path_factory.mktemp("bus"))
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="module")
async def hosts(
    settings: Any, postgres: Any, server: Any, bus: BusServer | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Host]]:
    """Two hosts."""
    folder = tmp_path_factory.mktemp("hosts")
    with contextlib.ExitStack() as running:
        found = []
        for address in ("127.0.0.2", "127.0.0.3"):
            own = settings_of(settings, postgres, folder, address, None if bus is None else bus.url)
            found.append(running.enter_context(serving(own, folder / f"{address}.log")))
        if bus is not None:
            for host in found:
                async with asyncio.timeout(20):
                    while not await host.metric("tallyroom_bus_up"):
                        await asyncio.sleep(0.02)
        yield found
        for host in found:
            await host.http.close()


@pytest.fixture(scope="module")
def worker(
    bus: BusServer, shared_worker: SharedWorker, start_lasting_worker: Callable[..., Worker], request: Any
) -> Worker:
    """A worker that uses the bus, and no other."""
    shared_worker.leave(request.path)
    return start_lasting_worker(TALLYROOM_BUS_URL=bus.url)


@pytest.fixture
async def room(alice: Any, bob: Any, project: str) -> str:
    """The stream of a project with two people."""
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "analyst"})
    return f"project:{project}"


def here(follower: Follower) -> list[str]:
    """The people that a follower was told of last."""
    told = [data for name, data in follower.events if name == "presence"]
    return [user["user_id"] for user in told[-1]["users"]] if told else []


async def test_a_client_that_hurries_from_host_to_host_gets_everything_once(
    hosts: list[Host], alice: Any, project: str, flood: Any, make_client: Any
) -> None:
    link, seen = Link(hosts[0].address, hosts[0].port), list[int]()
    await link.start()
    follower = make_client(alice, f"http://127.0.0.1:{link.port}").follow(f"project:{project}", Position(0))

    async def follow() -> None:
        async for item in follower:
            assert isinstance(item, Event), item
            seen.append(item.position.seq)

    following = asyncio.create_task(follow())
    # It signs in once. Sign-ins that are cut off again and again would be taken for guesses at a password.
    await flood(3, 2, roll_back_every=2)
    await until(lambda: bool(seen))
    for number in range(16):
        host = hosts[number % 2]
        link.to = (host.address, host.port)
        link.cut()
        at = link.connections
        await flood(3, 2, roll_back_every=2)
        await until(lambda at=at: link.connections > at)
    head = 17 * 2
    await until(lambda: bool(seen) and seen[-1] >= head, 60)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await link.stop()

    assert seen == list(range(1, head + 1))


async def test_what_happens_on_one_host_reaches_the_clients_of_the_other(
    hosts: list[Host], alice: Any, bob: Any, project: str, room: str
) -> None:
    one, two = hosts
    mine, his = one.person(alice), two.person(bob)
    a, b = await Follower.of(one, alice.token, room), await Follower.of(two, bob.token, room)

    await a.call("presence.set", {"stream": room, "state": {"at": "matches"}})
    await until(lambda: here(b) == [str(alice.id)])
    source = (await mine.ok("POST", f"/projects/{project}/sources", {"name": "Books"}))["id"]
    record = (await mine.ok("POST", f"/sources/{source}/records", {"data": {"no": "1"}, "reference": "R1"}))["id"]
    await mine.ok("PUT", f"/records/{record}/claim")
    await b.heard("record.claimed")
    refused = await his.problem("PUT", f"/records/{record}/claim")
    began = time.monotonic()
    await mine.ok("DELETE", f"/projects/{project}/members/{bob.id}")
    await b.heard("stream.revoked")
    revoked_s = time.monotonic() - began
    await mine.ok("PATCH", f"/projects/{project}", {"name": "May"}, if_match=1)
    await a.heard("project.updated")
    began = time.monotonic()
    (session,) = (await one.person(bob).ok("GET", "/auth/sessions"))["items"]
    await one.person(bob).ok("DELETE", f"/auth/sessions/{session['id']}")
    names = await b.closed()
    closed_s = time.monotonic() - began
    await a.leave()

    assert (refused["code"], refused["user_id"]) == ("claimed", str(alice.id))
    assert names.index("stream.revoked") > names.index("record.claimed")
    assert "project.updated" not in names
    assert "auth.revoked" in names
    assert max(revoked_s, closed_s) < 3  # 1 s by itself; this machine does much else


@pytest.mark.long
def test_a_host_with_another_key_does_not_serve_and_says_why_in_one_line(
    settings: Any, postgres: Any, server: Any, tmp_path: Path
) -> None:
    own = settings_of(settings, postgres, tmp_path, "127.0.0.4", None)
    (own.data_dir / "kek").unlink()  # it makes another one

    with pytest.raises(AssertionError, match="the server ended"), serving(own, tmp_path / "log"):
        pass

    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("tallyroom: TALLYROOM_VAULT_KEK: ")


@pytest.mark.long
@needs_bus
async def test_hints_of_events_presence_and_progress_take_the_bus(
    hosts: list[Host], bus: BusServer, server: Any, alice: Any, project: str, make_sides: Any, commits: Any
) -> None:
    heads: dict[str, int] = {}
    states: set[str] = set()

    def receive(new: dict[str, int], keys: list[str]) -> None:
        heads.update(new)
        states.update(keys)

    connect = partial(connection_of, load({"TALLYROOM_BUS_URL": bus.url}))
    listener = BusHinter(connect, server.app[KEYRING].audit, receive)
    listener.start()
    await until(lambda: listener.state.is_up)
    follower = await Follower.of(hosts[1], alice.token, f"project:{project}")

    await follower.call("presence.set", {"stream": f"project:{project}"})
    job = await alice.ok("POST", f"/projects/{project}/jobs", await make_sides(300))
    ended = await commits.until(
        lambda: alice.ok("GET", f"/jobs/{job['id']}"), lambda found: found["status"] in ("completed", "failed")
    )
    await follower.heard("job.completed")
    await follower.leave()
    await until(lambda: f"job:{job['id']}" in heads)
    await listener.stop()

    assert ended["status"] == "completed"
    assert heads[f"project:{project}"] > 0
    assert {f"presence:project:{project}", f"job.progress:{job['id']}"} <= states
    assert {name for name, _ in follower.events} >= {"presence", "state", "source.ready", "job.completed"}


@pytest.mark.long
@needs_bus
async def test_without_the_bus_requests_are_as_fast_and_nothing_is_lost(
    hosts: list[Host], bus: BusServer, alice: Any, project: str
) -> None:
    one, two = hosts
    stream, version = f"project:{project}", 0
    follower = await Follower.of(two, alice.token, stream)

    async def change(times: int) -> list[float]:
        nonlocal version
        took_s = []
        for _ in range(times):
            began = time.monotonic()
            version += 1
            await one.person(alice).ok("PATCH", f"/projects/{project}", {"name": f"{version}"}, if_match=version)
            took_s.append(time.monotonic() - began)
        return sorted(took_s)

    async def up(is_up: int) -> None:
        async with asyncio.timeout(30):
            while any([await host.metric("tallyroom_bus_up") != is_up for host in hosts]):
                await asyncio.sleep(0.05)

    before_s = await change(20)
    slowest = []
    for lose, give_back in ((bus.freeze, bus.thaw), (bus.kill, bus.start)):
        lose()
        slowest.append((await change(20))[10])
        await up(0)
        status, checks = await one.health()
        assert (status, checks["bus"]["status"]) == (200, "degraded")
        slowest.append((await change(20))[10])
        await until(lambda: len(numbers(follower)) == version)
        give_back()
        await up(1)
    await change(5)
    await until(lambda: len(numbers(follower)) == version)
    reconnects = await one.metric("tallyroom_bus_reconnects_total")
    dropped = await one.metric("tallyroom_bus_dropped_hints_total")
    await follower.leave()
    said = one.log.read_text()

    assert numbers(follower) == list(range(1, version + 1))
    assert max(slowest) < before_s[10] * 2 + 0.05
    assert (await one.health())[1]["bus"]["status"] == "healthy"
    assert (reconnects, dropped > 0) == (2, True)
    assert (said.count("the bus is away"), said.count("the bus answers again")) == (2, 2)
    assert PASSWORD not in said


def numbers(follower: Follower) -> list[int]:
    """Numbers of the durable events, in the order of arrival."""
    return [data["seq"] for _, data in follower.events if "seq" in data]
