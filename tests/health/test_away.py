"""The database hangs or is killed: meanwhile the server tells the truth, and afterwards everything recovers."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, FormData

from tests.auth.follower import Follower
from tests.conftest import Person
from tests.health.conftest import House

pytestmark = pytest.mark.acceptance

PATIENCE = ClientTimeout(total=15)


async def ask(web: ClientSession, path: str, **options: Any) -> tuple[int, dict[str, Any], str | None]:
    """Status, body and Retry-After of a GET."""
    async with web.get(path, timeout=PATIENCE, **options) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def until_ready(web: ClientSession) -> None:
    """Waits until the server is ready for requests."""
    async with asyncio.timeout(30):
        while (await ask(web, "/health/ready"))[0] != 200:
            await asyncio.sleep(0.1)


async def truth_is_told(web: ClientSession, person: Person) -> None:
    """What is true while the database is unavailable, for whatever reason."""
    async with asyncio.timeout(14):
        health, ready, projects, logs = await asyncio.gather(
            ask(web, "/health"),
            ask(web, "/health/ready"),
            ask(web, "/api/v1/projects", headers=person.headers | {"Authorization": f"Bearer {person.token}"}),
            _post_line(web),
        )
    assert health[0] == 503
    assert (health[1]["status"], health[1]["checks"]["database"]["status"]) == ("unhealthy", "unhealthy")
    assert (ready[0], ready[1]["status"]) == (503, "not_ready")
    assert "database" in ready[1]["reason"]
    for status, body, _ in (projects, logs):
        assert (status, body["code"]) == (503, "unavailable")
    for _, _, retry_after in (health, ready, projects, logs):
        assert int(retry_after or 0) >= 1


async def _post_line(web: ClientSession) -> tuple[int, dict[str, Any], str | None]:
    line = {"level": "error", "message": "lost"}
    async with web.post("/api/logs", json={"logs": [line]}, timeout=PATIENCE) as response:
        return response.status, await response.json(), response.headers.get("Retry-After")


async def stays_alive(web: ClientSession, stop: asyncio.Event) -> list[float]:
    """Seconds that each request to /health/live took; all are answered."""
    seconds = []
    while not stop.is_set():
        started = time.monotonic()
        status, body, _ = await ask(web, "/health/live")
        assert (status, body) == (200, {"status": "alive"})
        seconds.append(time.monotonic() - started)
        await asyncio.sleep(0.05)
    return seconds


async def test_a_hanging_database_is_reported_and_waited_for(house: House, web: ClientSession, manager: Person) -> None:
    await until_ready(web)
    project = (await manager.ok("POST", "/projects", {"name": "Before"}))["id"]
    follower = await Follower.of(_Server(house), manager.token, f"project:{project}")
    stop = asyncio.Event()
    living = asyncio.create_task(stays_alive(web, stop))

    house.freeze()
    try:
        await truth_is_told(web, manager)
        await truth_is_told(web, manager)
    finally:
        house.thaw()
    stop.set()
    seconds = await living
    await until_ready(web)
    await follower.go_on()  # if the database were frozen right after the answer, its states could not be read
    await manager.ok("PATCH", f"/projects/{project}", {"name": "After"}, if_match=1)
    event = await follower.heard("project.updated")
    await follower.leave()

    assert (
        sorted(seconds)[len(seconds) // 2] < 1
    )  # `live` answers without the database and does not wait as the others do
    assert event["data"]["version"] == 2


async def test_a_killed_database_is_reported_and_everything_recovers(
    house: House, web: ClientSession, manager: Person
) -> None:
    await until_ready(web)
    project = (await manager.ok("POST", "/projects", {"name": "Before"}))["id"]
    follower = await Follower.of(_Server(house), manager.token, f"project:{project}")
    stop = asyncio.Event()
    living = asyncio.create_task(stays_alive(web, stop))

    house.kill()
    await truth_is_told(web, manager)
    refused = await follower.call("subscribe", {"stream": f"project:{project}"})
    await asyncio.sleep(1)
    await house.revive()
    await until_ready(web)
    stop.set()
    await living
    again = await follower.call("subscribe", {"stream": f"project:{project}", "after": 0})
    await manager.ok("PATCH", f"/projects/{project}", {"name": "After"}, if_match=1)
    event = await follower.heard("project.updated")
    source = await _load(manager, project)
    ready = await follower.heard("source.ready")
    await follower.leave()

    assert refused["problem"]["code"] == "unavailable"
    assert (again["ok"], again["mode"]) == (True, "live" if again["head"] == 0 else "replay")
    assert event["data"]["version"] == 2
    assert source["rows"] == {"read": 2, "loaded": 2, "rejected": 0, "left_out": 0}  # the worker recovered too
    assert ready["data"]["source_id"] == source["id"]


async def _load(person: Person, project: str) -> dict[str, Any]:
    form = FormData()
    form.add_field("name", "rows")
    form.add_field("file", b"date,amount,reference\n2026-01-02,5.00,A\n2026-01-13,7.00,B\n", filename="rows.csv")
    headers = {"Authorization": f"Bearer {person.token}"}
    async with person.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
        source: dict[str, Any] = await response.json()
        assert response.status == 202, source
    async with asyncio.timeout(40):
        while source["status"] in ("pending", "loading"):
            await asyncio.sleep(0.1)
            source = await person.ok("GET", f"/sources/{source['id']}")
    return source


class _Server:
    """What the follower needs of a server."""

    def __init__(self, house: House) -> None:
        self._url = house.url

    def make_url(self, path: str) -> str:
        """The address of a path."""
        return self._url + path
