"""Several web processes on one port: nothing is missed or repeated while they are killed, replaced and stopped."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tallyroom_client import Event, Follower, Position
from tests.client.conftest import MakeClient
from tests.health.processes import free_port, listening, running, sockets_of, webs
from tests.realtime.wire import until

pytestmark = pytest.mark.long

CLIENTS = 12


async def collect(follower: Follower, seen: list[int]) -> None:
    """Notes the numbers of all events, in the order in which the program gets them."""
    async for item in follower:
        assert isinstance(item, Event), item
        seen.append(item.position.seq)


async def test_clients_miss_nothing_while_processes_are_killed_replaced_and_stopped(
    settings: Any, alice: Any, project: str, flood: Any, make_client: MakeClient, tmp_path: Path
) -> None:
    stream, port, seen = f"project:{project}", free_port(), [list[int]() for _ in range(CLIENTS)]

    def everybody_has(last: int) -> bool:
        return all(numbers and numbers[-1] >= last for numbers in seen)

    with running("serve --processes 2", settings, tmp_path / "log", port) as process:
        await until(lambda: listening(process, port) == 2, 60)
        followers = [make_client(alice, f"http://127.0.0.1:{port}").follow(stream, Position(0)) for _ in range(CLIENTS)]
        tasks = [asyncio.create_task(collect(*pair)) for pair in zip(followers, seen, strict=True)]
        await flood(5)
        await until(lambda: everybody_has(5), 60)
        shares = [sockets_of(web, port) for web in webs(process)]

        killed = webs(process)[0]
        killed.kill()
        await flood(20, 3, roll_back_every=4)
        await until(lambda: everybody_has(50), 60)
        await until(lambda: listening(process, port) == 2, 60)
        before = {web.pid for web in webs(process)}

        process.send_signal(signal.SIGHUP)
        while before & {web.pid for web in webs(process)}:
            await flood(1)
            await asyncio.sleep(0.05)
        await flood(5)
        last = await _head(alice, project)
        await until(lambda: everybody_has(last), 60)
        after = {web.pid for web in webs(process)}

        began = time.monotonic()
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0
        took_s = time.monotonic() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert seen == [list(range(1, last + 1))] * CLIENTS
    assert min(shares) >= 1, shares
    assert len(after) == 2
    assert killed.pid not in before
    assert took_s < 10
    assert not [pid for pid in after if psutil.pid_exists(pid)]


async def test_a_process_that_is_replaced_while_its_restart_waits_is_not_started_once_more(
    settings: Any, tmp_path: Path, server: Any
) -> None:
    port, log = free_port(), tmp_path / "log"
    with running("serve --processes 2", settings, log, port) as process:
        await until(lambda: listening(process, port) == 2, 60)
        stays = webs(process)[0].pid
        for _ in range(3):  # after which the place waits for ten seconds
            await until(lambda: {web.pid for web in webs(process)} - {stays}, 60)
            (newest,) = [web for web in webs(process) if web.pid != stays]
            newest.kill()
            await until(lambda gone=newest.pid: gone not in {web.pid for web in webs(process)})

        process.send_signal(signal.SIGHUP)
        await until(lambda: "all web processes were replaced" in log.read_text(), 60)
        await until(lambda: listening(process, port) == 2, 60)
        replaced = {web.pid for web in webs(process)}
        await asyncio.sleep(12)  # until after the place would have been filled

        assert stays not in replaced
        assert {web.pid for web in webs(process)} == replaced


async def _head(person: Any, project: str) -> int:
    async with await person.send("GET", f"/projects/{project}") as response:
        return int(response.headers["Stream-Position"])


async def test_a_port_that_is_taken_is_said_in_one_line(settings: Any, tmp_path: Path, server: Any) -> None:
    log = tmp_path / "log"
    try:
        with running("serve --processes 2", settings, log, server.port) as process:
            await asyncio.to_thread(process.wait, 30)
    except AssertionError:
        pass  # it ended before it listened

    assert "TALLYROOM_PORT" in log.read_text()
    assert "Traceback" not in log.read_text()
