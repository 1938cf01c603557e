"""
What happens with many sockets: how soon they have an event, what some who do not read do to the others, how they come back
after a crash, what it costs when all leave at once, and what each costs to let in.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import jwt
import numpy as np
import psutil
import uvloop

from bench.live.crowd import Crowd, Group, crowd
from bench.live.peers import MANIFEST
from bench.report import Line
from bench.stack import ROOT, Caller, Stack, free_port
from core import log
from core.envelope import key_ring
from core.ids import uuid7
from core.settings import Settings
from models.access import SYSTEM
from models.user import Session, User
from realtime import unit_of_work as work
from realtime.events.entry import EntryUpdated
from server.auth.tokens import Tokens
from server.store import database
from server.store.keyring import open_keyring

LATENCY_SOCKETS, EVENTS_A_SECOND, SECONDS = 1_000, 20, 10
LATENCY_BAR_MS, STOPPED_SHARE, STOPPED_BAR, ROUNDS = 50.0, 0.05, 1.1, 3
FILLING = 900  # events that fill the buffers of a client that does not read
CROWD, STREAMS, MISSED = 5_000, 20, 5
BACK_BAR_S, QUERIES_BAR, STALL_BAR_MS = 5.0, 50, 100.0
ENTRANTS, ENTRANCE_BAR = 2_000, 2.0


def main() -> list[Line]:
    """Measure everything."""
    log.configure("bench", "warning", "json")
    return uvloop.run(_main())


async def _main() -> list[Line]:
    many = str(10 * CROWD)
    limits = {
        "max_sockets_per_user": many,
        "max_connections_per_address": many,
        "max_pending_per_address": many,
        "max_sockets_per_address": many,
    }
    with Stack(**limits) as stack:
        async with Caller(stack) as caller:
            room = await _Room.of(stack, caller)
            lines: list[Line] = []
            for measure in (_entrance, _latency, _crowd):
                found = await measure(room)
                for line in found:  # at once, because the next ones take minutes
                    print(line, file=sys.stderr, flush=True)
                lines += found
    return lines


class _Room:
    """An installation with vaults to write to, and tokens to come in with."""

    def __init__(self, stack: Stack, caller: Caller) -> None:
        self.stack, self.caller = stack, caller
        self.settings = Settings(data_dir=stack.data_dir, port=stack.port, log_level="warning")
        self.vaults: list[str] = []
        self.tokens: list[str] = []

    @classmethod
    async def of(cls, stack: Stack, caller: Caller) -> "_Room":
        """Make the vaults and the tokens."""
        path = f"/projects/{caller.project}/vaults"
        room = cls(stack, caller)
        room.vaults = [(await caller.post(path, {"name": f"Vault {number}"}))["id"] for number in range(STREAMS)]
        room.tokens = await _tokens(room.settings, caller)
        return room

    def group(self, count: int, streams: int, **options: Any) -> Group:
        """So many sockets that follow so many of the vaults."""
        names = [f"vault:{vault}" for vault in self.vaults[:streams]]
        return Group("127.0.0.1", self.stack.port, self.tokens, names, count, **options)

    async def write(self, number: int = 0) -> None:
        """Write to one of the vaults, which is one event."""
        vault = self.vaults[number % len(self.vaults)]
        await self.caller.post(f"/vaults/{vault}/entries", {"name": "entry", "secret": "x"})

    async def write_at_rate(self, seconds: float) -> None:
        """Write to the first vault, each time when it is due, however long the one before takes."""
        began, tasks = time.perf_counter(), []
        for number in range(int(seconds * EVENTS_A_SECOND)):
            await asyncio.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
            tasks.append(asyncio.create_task(self.write()))
        await asyncio.gather(*tasks)

    @property
    def processes(self) -> list[psutil.Process]:
        """The web process, with its children."""
        return self.stack.tree("serve")


async def _tokens(settings: Settings, caller: Caller) -> list[str]:
    """A token for each socket: what is remembered of one must not make the others cheaper."""
    claims = jwt.decode(
        caller.session.headers["Authorization"].removeprefix("Bearer "), options={"verify_signature": False}
    )
    async with database.opened(settings, "bench", 2):
        tokens = Tokens(await open_keyring(key_ring(settings)), settings.base_url)
        user, session = await User.get(id=UUID(claims["sub"])), await Session.get(id=UUID(claims["sid"]))
        return [tokens.issue(user, session).token for _ in range(CROWD)]


# -- one after the other -----------------------------------------------------------------------------------------------


async def _entrance(room: _Room) -> list[Line]:
    """The CPU time of letting sockets in, beside Node, which asks for nothing."""
    costs = []
    for _ in range(ROUNDS):
        before = _cpu(room.processes)
        with crowd(room.group(ENTRANTS, 0)):
            mine = (_cpu(room.processes) - before) / ENTRANTS
        with _node() as (port, process):
            before = _cpu([process])
            with crowd(Group("127.0.0.1", port, ["x"], [], ENTRANTS)):
                costs.append((mine, (_cpu([process]) - before) / ENTRANTS))
        await asyncio.sleep(1)
    mine, node = (statistics.median(column) for column in zip(*costs, strict=True))
    ratio = statistics.median(a / b for a, b in costs)
    return [
        Line(
            f"CPU of an accepted connection, each with a token of its own, {ENTRANTS:,} sockets",
            f"{mine * 1e6:.0f} us",
            f"<= {ENTRANCE_BAR:.0f} of Node",
            f"Socket.IO on Node without authentication: {node * 1e6:.0f} us (ratio {ratio:.2f})",
            ratio <= ENTRANCE_BAR,
        )
    ]


@contextmanager
def _node() -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    script = str(Path(__file__).with_name("live") / "peer.mjs")
    process = subprocess.Popen(["node", script, str(MANIFEST), str(port)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if b"is ready" not in process.stdout.readline():
            raise RuntimeError("node did not start; `make web-dev` installs what the peer needs")
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


async def _latency(room: _Room) -> list[Line]:
    """How soon everybody has an event, and what it changes that some do not read."""
    stopped = int(LATENCY_SOCKETS * STOPPED_SHARE)
    with crowd(room.group(LATENCY_SOCKETS, 1, stoppable=stopped)) as sockets:
        await _p99(room, sockets, 3)  # warm
        quiet, disturbed = [], []
        for _ in range(ROUNDS):
            quiet.append(await _p99(room, sockets, SECONDS))
            await sockets.ask("stop")
            await _fill(room)
            disturbed.append(await _p99(room, sockets, SECONDS))
            await sockets.ask("go on")
            await asyncio.sleep(2)  # until those that were closed are back and the others have caught up
    load = os.getloadavg()[0]
    ratio = statistics.median(a / b for a, b in zip(disturbed, quiet, strict=True))
    what = f"{LATENCY_SOCKETS:,} sockets, {LATENCY_SOCKETS * EVENTS_A_SECOND:,} deliveries/s"
    return [
        Line(
            f"from before the commit to the client, {what}: p99",
            f"{statistics.median(quiet):.0f} ms ({', '.join(f'{one:.0f}' for one in quiet)})",
            f"<= {LATENCY_BAR_MS:.0f} ms",
            f"load {load:.1f}",
            statistics.median(quiet) <= LATENCY_BAR_MS,
        ),
        Line(
            f"the same for the others while {stopped} do not read",
            f"{statistics.median(disturbed):.0f} ms ({', '.join(f'{one:.0f}' for one in disturbed)})",
            f"<= {STOPPED_BAR} times",
            f"ratio {ratio:.2f}",
            ratio <= STOPPED_BAR,
        ),
    ]


async def _p99(room: _Room, sockets: Crowd, seconds: float) -> float:
    await sockets.ask("note")
    await room.write_at_rate(seconds)
    await asyncio.sleep(0.3)
    return float(np.percentile(await sockets.latencies_ms(), 99))


async def _fill(room: _Room) -> None:
    """Write so much that the buffers of whoever does not read are full, then let the others take what they are owed."""

    async def some() -> None:
        for _ in range(FILLING // 10):
            await room.write()

    await asyncio.gather(*(some() for _ in range(10)))
    await asyncio.sleep(1)


# -- all at once -------------------------------------------------------------------------------------------------------


async def _crowd(room: _Room) -> list[Line]:
    with crowd(room.group(CROWD, STREAMS)) as sockets:
        lines = await _come_back(room, sockets)
        lines.append(await _leave(room, sockets))
    return lines


async def _come_back(room: _Room, sockets: Crowd) -> list[Line]:
    """Kill the web process. Everybody comes back to the next one and gets what was missed."""
    await asyncio.sleep(31)  # a process that lived so long is started again at once
    await sockets.ask("forget")
    connection = await asyncpg.connect(host=str(room.stack.socket_folder()), user="postgres", database="tallyroom")
    (process, *_) = room.processes
    waiting = asyncio.create_task(sockets.ask("back", 200))
    began, killed_at = await _asked(connection), time.time()
    process.kill()
    await _publish(room)
    up_s = await _until_up(room) - killed_at
    answers = await waiting
    cpu_s = _cpu(room.processes)
    back = sorted(at - killed_at for times, _ in answers for at in times)
    ended = await _asked(connection)
    await connection.close()
    scans, transactions = (after - before for before, after in zip(began, ended, strict=True))
    modes: dict[str, int] = {}
    for _, found in answers:
        for mode, count in found.items():
            modes[mode] = modes.get(mode, 0) + count
    return [
        Line(
            f"{CROWD:,} sockets on {STREAMS} streams are back after a killed process",
            f"{back[-1]:.1f} s (half of them {back[len(back) // 2]:.1f} s)",
            f"<= {BACK_BAR_S:.0f} s",
            f"the next process answers after {up_s:.1f} s, and takes {cpu_s:.1f} s of CPU for its start and for all of them; "
            f"load {os.getloadavg()[0]:.1f}; {modes}",
            back[-1] <= BACK_BAR_S,
        ),
        Line(
            "reads of events for it; transactions of all kinds",
            f"{scans}; {transactions}",
            f"<= {QUERIES_BAR}",
            f"{CROWD:,} sign-ins and as many subscriptions",
            scans <= QUERIES_BAR,
        ),
    ]


async def _publish(room: _Room) -> None:
    """Publish what everybody misses, as another process would."""
    work.install(work.Ledger(audit_key=b""))
    async with database.opened(room.settings, "bench", 2):
        for vault in room.vaults * MISSED:
            async with work.unit_of_work(SYSTEM) as u:
                u.publish(EntryUpdated(vault_id=UUID(vault), entry_id=uuid7(), version=1, changed=["name"]))


async def _until_up(room: _Room) -> float:
    async with aiohttp.ClientSession(room.stack.url) as session:
        while True:
            try:
                async with session.get("/health/live") as response:
                    if response.status == 200:
                        return time.time()
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)


async def _asked(connection: asyncpg.Connection) -> tuple[int, int]:
    """How often the table of events was searched, and how many transactions there were, by the database's own counts."""
    await asyncio.sleep(1.5)  # until every connection has told its counts
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    scans = await connection.fetchval("SELECT idx_scan FROM pg_stat_user_tables WHERE relname = 'events'")
    transactions = await connection.fetchval(
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(scans or 0), int(transactions)


async def _leave(room: _Room, sockets: Crowd) -> Line:
    """Kill all clients. Meanwhile somebody asks for nothing much, again and again."""
    async with aiohttp.ClientSession(room.stack.url) as session:
        taken: list[float] = []
        until = time.perf_counter() + 4
        killed = False
        while time.perf_counter() < until:
            began = time.perf_counter()
            async with session.get("/health/live") as response:
                await response.read()
            taken.append((time.perf_counter() - began) * 1000)
            if not killed and len(taken) > 100:
                before = max(taken[10:])
                taken.clear()
                sockets.kill()
                killed = True
            await asyncio.sleep(0.002)
    return Line(
        f"{CROWD:,} sockets leave at once: longest wait of a request to /health/live",
        f"{max(taken):.0f} ms",
        f"<= {STALL_BAR_MS:.0f} ms",
        f"before: {before:.0f} ms; load {os.getloadavg()[0]:.1f}",
        max(taken) <= STALL_BAR_MS,
    )


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
