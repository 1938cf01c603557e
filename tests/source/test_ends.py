"""Loaders that must end: their source is deleted, their time is up, or others wait for the slot."""

import asyncio
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from aiohttp import FormData

from tests.health.processes import freeze, thaw

SMALL = b"ref,amount\nA,1.50\n"


def big(rows: int) -> bytes:
    """A plain file that takes a few seconds of computing."""
    line = b"INV-%07d,2026-03-%02d,%d.%02d,EUR,Payment of invoice %d by customer %d\n"
    body = b"".join(line % (n, n % 28 + 1, n % 9999, n % 100, n, n % 977) for n in range(rows))
    return b"ref,date,amount,currency,text\n" + body


@pytest.fixture
def frozen(worker: Any) -> Callable[..., Any]:
    """Waits for this many loaders and freezes them. From then on they notice nothing by themselves."""

    async def freeze_engines(count: int = 1, of: Any = worker) -> list[psutil.Process]:
        for _ in range(6000):
            found: list[psutil.Process] = of.engines()
            if len(found) == count:
                stopped = freeze(found)
                if len(stopped) == count:
                    return stopped
                thaw(stopped)  # one of them ended meanwhile
            await asyncio.sleep(0.005)
        raise AssertionError(of.log.read_text())

    return freeze_engines


async def gone(engines: list[psutil.Process], seconds: float) -> None:
    """Waits until processes have ended."""
    for _ in range(int(seconds / 0.02)):
        if not any(engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE for engine in engines):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"alive after {seconds} s: {engines}")


async def send(person: Any, project: str, body: bytes, name: str = "a") -> Any:
    """Uploads a file."""
    form = FormData()
    form.add_field("name", name)
    form.add_field("file", body, filename="a.csv")
    headers = {"Authorization": f"Bearer {person.token}"}
    async with person.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
        assert response.status == 202
        return await response.json()


@pytest.mark.parametrize("what", ["source", "project"])
async def test_the_loader_of_a_deleted_source_is_ended_at_once(
    alice: Any, project: str, settled: Any, frozen: Any, what: str
) -> None:
    source = await send(alice, project, big(100_000))
    engines = await frozen()

    path, version = (f"/sources/{source['id']}", 1) if what == "source" else (f"/projects/{project}", None)
    async with await alice.send("DELETE", path, if_match=version) as response:
        assert response.status == 204

    await gone(engines, 2.0)
    to = project if what == "source" else (await alice.ok("POST", "/projects", {"name": "Next"}))["id"]
    assert (await settled((await send(alice, to, SMALL))["id"]))["status"] == "ready"


async def test_a_file_that_takes_too_much_computing_is_rejected_and_not_tried_again(
    alice: Any, project: str, settled: Any, alone: Any
) -> None:
    body = big(750_000)
    await alone(TALLYROOM_LOAD_CPU_S="0.3")

    ended = await settled((await send(alice, project, body))["id"])

    assert (ended["status"], ended["problem"]["code"]) == ("failed", "file_rejected")
    assert "TALLYROOM_LOAD_CPU_S" in ended["problem"]["detail"]
    assert ended["rows"] == {"read": 0, "loaded": 0, "rejected": 0, "left_out": 0}


async def test_a_file_that_takes_too_long_is_rejected_and_not_tried_again(
    alice: Any, project: str, settled: Any, frozen: Any, alone: Any
) -> None:
    slow = await alone(TALLYROOM_LOAD_WALL_S="1")
    source = await send(alice, project, big(100_000))
    engines = await frozen(of=slow)

    ended = await settled(source["id"])

    assert (ended["status"], ended["problem"]["code"]) == ("failed", "file_rejected")
    assert "Split it" in ended["problem"]["detail"]
    await gone(engines, 1.0)
    assert slow.engines() == []


async def test_a_project_that_holds_all_slots_gives_one_back_when_others_wait(
    alice: Any, make_person: Any, project: str, settled: Any, frozen: Any
) -> None:
    ben = await make_person("ben", "manager")
    other = (await ben.ok("POST", "/projects", {"name": "Other"}))["id"]
    mine = [await send(alice, project, big(60_000), name) for name in ("first", "second")]
    engines = await frozen(2)  # they keep both slots for as long as they like
    try:
        theirs = await settled((await send(ben, other, SMALL))["id"], 20, ben)
        alive = [engine for engine in engines if engine.is_running() and engine.status() == psutil.STATUS_STOPPED]
    finally:
        thaw(engines)
    ended = [await settled(source["id"]) for source in mine]

    assert theirs["status"] == "ready"
    assert len(alive) == 1, "one slot stays with the project"
    assert [source["status"] for source in ended] == ["ready", "ready"]


@pytest.fixture
def alone(worker: Any, start_worker: Any) -> Any:
    """Starts a worker with its own settings, while the module's other worker is frozen."""
    process, own = psutil.Process(worker.process.pid), []

    async def start(**changed: str) -> Any:
        freeze([process])
        own.append(start_worker(**changed))
        return own[-1]

    yield start
    try:
        for started in own:
            started.process.terminate()
            started.process.wait(15)
    finally:
        thaw([process])
