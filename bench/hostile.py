"""One client that wants everything: how quickly others are answered meanwhile, and how much memory it takes."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import aiohttp
import numpy as np

from bench.report import Line
from bench.stack import Caller, Memory, Stack

SECONDS = 5.0
LIVE_BAR_MS = 100.0
HALF = b"POST /api/v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
Attack = Callable[[str, str, str], Coroutine[Any, Any, None]]  # address, token, id of a project


async def unknown_keys(url: str, *_: str) -> None:
    """24 anonymous connections post 90,000 unknown keys to the sign-in."""
    body = ("{" + ",".join(f'"k{n}":1' for n in range(90_000)) + "}").encode()[: 1024 * 1024]
    await _again(24, url, "/auth/login", lambda: body, {"Content-Type": "application/json"})


async def many_records(url: str, token: str, project: str) -> None:
    """10,000 records of 50 columns, again and again."""
    headers = {"Authorization": f"Bearer {token}"}
    made = aiohttp.request("POST", f"{url}/api/v1/projects/{project}/sources", json={"name": "many"}, headers=headers)
    async with made as response:
        source = (await response.json())["id"]
    body = json.dumps({"records": [{"data": {f"c{n}": f"value {n}" for n in range(50)}}] * 10_000}).encode()
    await _again(2, url, f"/sources/{source}/records", lambda: body, {**headers, "Content-Type": "application/json"})


async def endless_parts(url: str, token: str, project: str) -> None:
    """Uploads of tiny parts without an end."""

    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nab\r\n' * 1000

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}
    await _again(4, url, f"/projects/{project}/sources", parts, headers)


async def half_requests(url: str, *_: str) -> None:
    """2,000 requests whose body never arrives."""
    host, port = url.removeprefix("http://").split(":")
    held = [await asyncio.open_connection(host, int(port)) for _ in range(2000)]
    for _, writer in held:
        writer.write(HALF)
    await asyncio.sleep(SECONDS)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack for attack in (unknown_keys, many_records, endless_parts, half_requests)
}


async def _again(count: int, url: str, path: str, body: Callable[[], object], headers: dict[str, str]) -> None:
    end = time.monotonic() + SECONDS

    async def post(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < end:
            try:
                async with session.post(f"/api/v1{path}", data=body(), headers=headers) as response:
                    await response.read()
            except aiohttp.ClientError:
                continue  # the server closed while the body was still being sent

    async with aiohttp.ClientSession(url) as session:
        await asyncio.gather(*(post(session) for _ in range(count)))


def _run(name: str, url: str, token: str, project: str) -> None:
    asyncio.run(ATTACKS[name](url, token, project))


async def measure() -> list[Line]:
    """Run each attack in a separate process while another client requests `/health/live` twenty times a second."""
    lines = []
    with Stack() as stack:
        async with Caller(stack) as caller:
            await asyncio.sleep(3)  # for the demo's own job
            token = caller.session.headers["Authorization"].removeprefix("Bearer ")
            for name, attack in ATTACKS.items():
                web = Memory(stack, "serve")
                arguments = (name, stack.url, token, caller.project)
                process = multiprocessing.get_context("spawn").Process(target=_run, args=arguments)
                process.start()
                taken = await _live_until_done(caller, process)
                p50, p99 = np.percentile(taken, (50, 99))
                lines.append(
                    Line(
                        f"/health/live during the attack: {(attack.__doc__ or '').rstrip('.')} ({len(taken):,} requests)",
                        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {max(taken):.0f} ms; memory +{web.growth_mb():.0f} MB",
                        f"p99 <= {LIVE_BAR_MS:.0f} ms",
                        "",
                        bool(p99 <= LIVE_BAR_MS),
                    )
                )
    return lines


async def _live_until_done(caller: Caller, process: "multiprocessing.process.BaseProcess") -> list[float]:
    taken = []
    while process.is_alive():
        began = time.perf_counter()
        async with caller.session.get("/health/live") as response:
            await response.read()
            assert response.status == 200
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.05)
    return taken


def main() -> list[Line]:
    """Run all attacks."""
    return asyncio.run(measure())
