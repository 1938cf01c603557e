"""
`python -m bench.soak MINUTES`: an hour, or as long as asked, of what an installation goes through. It fails if something
grows.

Sockets come and go, people say what they do, entries are written, jobs run, and some clients stop reading for a while. Every
few seconds the memory, the tasks and the descriptors of the web process are noted, and how soon events arrive.
"""

import asyncio
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import uvloop

from bench.live.crowd import Crowd, Group, crowd
from bench.stack import Caller, Stack
from core import log

SOCKETS, STOPPABLE, VAULTS = 400, 20, 10
WRITES_A_SECOND, DROPPED_A_SECOND, SAYING_A_SECOND = 5, 10, 4
JOB_EVERY_S, STOP_EVERY_S, STOPPED_S = 20.0, 60.0, 40.0  # longer than a client may take nothing
SAMPLE_S = 10.0
WARM_SHARE = 0.25  # of the run, whose samples do not count: caches fill, and the allocator finds its size
ROWS = 200
# What may grow between the beginning and the end, as a share of the beginning and besides it.
ALLOWED = {"memory MB": (0.04, 3.0), "tasks": (0.0, 10.0), "descriptors": (0.0, 12.0), "event p99 ms": (1.0, 50.0)}


@dataclass
class _Samples:
    """What was noted, by name, and when."""

    at_s: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)

    def note(self, at_s: float, **found: float) -> None:
        """Note one sample."""
        self.at_s.append(at_s)
        for name, value in found.items():
            self.values.setdefault(name.replace("_", " "), []).append(value)


def main() -> int:
    """Run. Returns: 1 if something has grown."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    log.configure("bench", "warning", "json")
    return uvloop.run(_main(minutes))


async def _main(minutes: float) -> int:
    many = str(10 * SOCKETS)
    limits = {
        "max_sockets_per_user": many,
        "max_connections_per_address": many,
        "max_pending_per_address": many,
        "max_sockets_per_address": many,
    }
    with Stack(**limits) as stack:
        async with Caller(stack) as caller:
            room = _Room(stack, caller)
            await room.prepare()
            names = [f"vault:{vault}" for vault in room.vaults] + [f"project:{caller.project}"]
            token = caller.session.headers["Authorization"].removeprefix("Bearer ")
            group = Group("127.0.0.1", stack.port, [token], names, SOCKETS, stoppable=STOPPABLE)
            with crowd(group, processes=1) as sockets:
                return _verdict(await _run(room, sockets, minutes * 60), minutes)


@dataclass
class _Room:
    stack: Stack
    caller: Caller
    vaults: list[str] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Make vaults to write to, and a pair to reconcile."""
        path = f"/projects/{self.caller.project}/vaults"
        self.vaults = [(await self.caller.post(path, {"name": f"Vault {n}"}))["id"] for n in range(VAULTS)]
        for side in ("left", "right"):
            file = Path(self.stack.folder.name) / f"{side}.csv"
            rows = "".join(f"{n},{n}.10,INV-{n:06},2026-01-{n % 28 + 1:02}\n" for n in range(ROWS))
            file.write_text("id,amount,reference,date\n" + rows)
            source = await self.caller.until_ready((await self.caller.upload(file, side))["id"])
            self.body[f"{side}_source"] = source["id"]

    def count(self, name: str) -> None:
        self.done[name] = self.done.get(name, 0) + 1

    async def write(self) -> None:
        """Add an entry and take it away again."""
        vault = random.choice(self.vaults)
        entry = await self.caller.post(f"/vaults/{vault}/entries", {"name": "entry", "secret": "x"})
        headers = {"If-Match": f'"{entry["version"]}"'}
        async with self.caller.session.delete(f"/api/v1/entries/{entry['id']}", headers=headers) as response:
            assert response.status == 204, await response.text()
        self.count("writes")

    async def job(self) -> None:
        """Run a job, which changes nothing any more after the first."""
        await self.caller.post(f"/projects/{self.caller.project}/jobs", self.body)
        self.count("jobs")


async def _run(room: _Room, sockets: Crowd, seconds: float) -> _Samples:
    samples, began = _Samples(), time.monotonic()
    asking = asyncio.Lock()

    async def ask(what: str, value: Any = None) -> list[Any]:
        async with asking:  # the sockets answer one question at a time
            return await sockets.ask(what, value)

    async def every(pause_s: float, work: Any) -> None:
        while True:
            await asyncio.sleep(pause_s)
            await work()

    async def stop_and_go() -> None:
        await ask("stop")
        await asyncio.sleep(STOPPED_S)
        await ask("go on")
        room.count("stops")

    async def sample() -> None:
        async with asking:
            late = await sockets.latencies_ms()
            await sockets.ask("note")
        (process,) = (psutil.Process(one.pid) for one in room.stack.tree("serve")[:1])
        async with room.caller.session.get("/metrics") as response:
            metrics = dict(
                line.rsplit(" ", 1) for line in (await response.text()).splitlines() if not line.startswith("#")
            )
        samples.note(
            time.monotonic() - began,
            memory_MB=process.memory_info().rss / 1e6,
            tasks=float(metrics["tallyroom_tasks"]),
            descriptors=process.num_fds(),
            event_p99_ms=float(np.percentile(late, 99)) if len(late) else 0.0,
            sockets=float(metrics["tallyroom_sockets"]),
        )
        if len(samples.at_s) % 6 == 0:
            latest = {name: round(values[-1], 1) for name, values in samples.values.items()}
            print(f"{samples.at_s[-1] / 60:.0f} min {latest} {room.done}", file=sys.stderr, flush=True)

    async def drop() -> None:
        await ask("drop", DROPPED_A_SECOND)
        room.count("drops")

    async def say() -> None:
        await ask("say", SAYING_A_SECOND)

    async def refresh() -> None:
        await ask("refresh", await room.caller.refresh())

    await ask("note")
    work = [
        every(1 / WRITES_A_SECOND, room.write),
        every(1.0, drop),
        every(1.0, say),
        every(JOB_EVERY_S, room.job),
        every(STOP_EVERY_S - STOPPED_S, stop_and_go),
        every(SAMPLE_S, sample),
        every(300.0, refresh),
    ]
    tasks = [asyncio.create_task(one) for one in work]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    for task in done:
        task.result()  # raises what went wrong
    print(f"done: {room.done}")
    return samples


def _verdict(samples: _Samples, minutes: float) -> int:
    at = np.array(samples.at_s)
    counted = at >= at[-1] * WARM_SHARE
    failed = 0
    print(f"| {minutes:.0f} minutes | beginning | end | slope an hour | most | |\n|---|---|---|---|---|---|")
    for name, found in samples.values.items():
        values = np.array(found)[counted]
        fifth = max(1, len(values) // 5)
        first, last = float(np.median(values[:fifth])), float(np.median(values[-fifth:]))
        slope = float(np.polyfit(at[counted], values, 1)[0]) * 3600 if len(values) > 1 else 0.0
        share, besides = ALLOWED.get(name, (9.0, 9e9))
        is_flat = last <= first * (1 + share) + besides
        failed += not is_flat
        mark = "flat" if is_flat else "GROWS"
        print(f"| {name} | {first:.1f} | {last:.1f} | {slope:+.1f} | {max(values):.1f} | {mark} |")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
