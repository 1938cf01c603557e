"""
What an event costs the server that sends it to many sockets, beside Socket.IO on Node and python-socketio as it comes.

An event is a write to a vault over REST. Its cost is the CPU time of the server's processes with subscribers, less that of
the same writes without any, by delivery. The peers send the same bytes, asked over HTTP as well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

import aiohttp
import orjson
import psutil

from bench.live import fanout
from bench.live.peers import NODE, STOCK, peer, sockets
from bench.live.readers import Target
from bench.report import Line
from bench.stack import Caller, Stack

SOCKETS = 500
WRITES = 300
AT_ONCE = 10
IDLE = (2_000, 8_000)  # sockets between which the memory of one is measured
SINGLE_BAR, TOGETHER_BAR, IDLE_BAR_KB = 0.65, 0.2, 8.0
Write = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Cost:
    """CPU time by delivery in microseconds: of one write after another, and of ten at once."""

    single: float
    together: float


def main() -> list[Line]:
    """Measure this server, then each peer with the bytes that this server sent."""
    return [*fanout.main(), *asyncio.run(_main())]


async def _main() -> list[Line]:
    ours, text, idle_kb = await _ours()
    event, data = orjson.loads(text[text.index("[") :])
    body = orjson.dumps({"event": event, "data": data})
    node, stock = await _peer(NODE, body), await _peer(STOCK, body)
    peers = f"Node {node.single:.1f} us (ratio {{0:.2f}}), python-socketio {stock.single:.1f} us"
    peers_together = f"Node {node.together:.1f} us (ratio {{0:.2f}}), python-socketio {stock.together:.1f} us"
    single, together = ours.single / node.single, ours.together / node.together
    what = f"CPU of a delivery: {WRITES} writes to a vault, {SOCKETS} subscribers, {len(text)} bytes"
    return [
        Line(
            f"{what}, one after another",
            f"{ours.single:.1f} us",
            f"<= {SINGLE_BAR} of Node",
            peers.format(single),
            single <= SINGLE_BAR,
        ),
        Line(
            f"the same, {AT_ONCE} writers at once",
            f"{ours.together:.1f} us",
            f"<= {TOGETHER_BAR} of Node",
            peers_together.format(together),
            together <= TOGETHER_BAR,
        ),
        Line(
            "memory of an idle socket with three subscriptions",
            f"{idle_kb:.1f} KB",
            f"<= {IDLE_BAR_KB:.0f} KB",
            "",
            idle_kb <= IDLE_BAR_KB,
        ),
    ]


async def _ours() -> tuple[Cost, str, float]:
    """The cost, the text of an event, and the memory of an idle socket in KB."""
    many = str(10 * max(SOCKETS, *IDLE))
    limits = {
        "max_sockets_per_user": many,
        "max_connections_per_address": many,
        "max_pending_per_address": many,
        "max_sockets_per_address": many,
    }
    with Stack(**limits) as stack:
        async with Caller(stack) as caller:
            vault = (await caller.post(f"/projects/{caller.project}/vaults", {"name": "Bench"}))["id"]
            token = caller.session.headers["Authorization"].removeprefix("Bearer ")
            target = Target("127.0.0.1", stack.port, token, [f"vault:{vault}"])

            async def write(number: int) -> None:
                await caller.post(f"/vaults/{vault}/entries", {"name": f"entry {number}", "secret": "x"})

            processes = stack.tree("serve")
            for number in range(20):  # warm
                await write(number)
            bare = await _costs(write, processes, None)
            with sockets(target, SOCKETS) as pipe:
                served = await _costs(write, processes, pipe)
                text = await _last(pipe, 1)
            streams = [f"vault:{vault}", f"project:{caller.project}", f"vault-access:{vault}"]
            idle_kb = _idle(Target("127.0.0.1", stack.port, token, streams), processes)
    return _by_delivery(bare, served), text, idle_kb


async def _peer(command: tuple[str, ...], body: bytes) -> Cost:
    async with peer(command) as found, aiohttp.ClientSession(f"http://127.0.0.1:{found.port}") as session:

        async def write(_: int) -> None:
            async with session.post("/emit", data=body, headers={"Content-Type": "application/json"}) as response:
                await response.read()

        processes = [psutil.Process(found.pid)]
        for number in range(20):
            await write(number)
        bare = await _costs(write, processes, None)
        with sockets(Target("127.0.0.1", found.port, "", ["all"]), SOCKETS) as pipe:
            return _by_delivery(bare, await _costs(write, processes, pipe))


async def _costs(write: Write, processes: list[psutil.Process], pipe: Pipe | None) -> tuple[float, float]:
    """CPU seconds of writes one after another, and of as many in ten tasks. With a pipe, until everybody has them."""
    found = []
    for writers, sent in ((1, 0), (AT_ONCE, WRITES)):
        before = _cpu(processes)

        async def some(first: int, step: int = writers) -> None:
            for number in range(first, WRITES, step):
                await write(number)

        await asyncio.gather(*(some(first) for first in range(writers)))
        if pipe is not None:
            await _last(pipe, SOCKETS * (sent + WRITES))
        found.append(_cpu(processes) - before)
    return found[0], found[1]


async def _last(pipe: Pipe, events: int) -> str:
    """Wait until so many events have arrived. Returns: the text of the last one."""
    pipe.send(events)
    text: str = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    return text


def _by_delivery(bare: tuple[float, float], served: tuple[float, float]) -> Cost:
    single, together = (
        (with_them - without) / WRITES / SOCKETS * 1e6 for without, with_them in zip(bare, served, strict=True)
    )
    return Cost(single, together)


def _idle(target: Target, processes: list[psutil.Process]) -> float:
    """What each socket adds to the memory of the server, in KB."""
    few, many = IDLE
    with sockets(target, few):
        before = _memory(processes)
        with sockets(target, many - few):
            return (_memory(processes) - before) / (many - few) / 1e3


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _memory(processes: list[psutil.Process]) -> int:
    return sum(int(process.memory_info().rss) for process in processes)
