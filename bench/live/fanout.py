"""
What writing an event to everybody costs beside its floor, a loop that only gives the frame to each transport, and beside
Socket.IO on Node.

The first two write to the same sockets, in turn, in one process whose CPU time is read. The sockets are read by another
process. Node then sends events of the same size to as many sockets in the same ticks, and reads its own CPU time.
"""

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

from bench.live.peers import NODE, peer, sockets
from bench.live.readers import Target, run
from bench.report import Line
from bench.stack import free_port
from core import log
from realtime.frame import Frame
from realtime.relay import Relay, Stream, Subscription
from realtime.transport import Connection, LiveServer, SocketLimits, packet_frame
from server.api.connections import CONNECTIONS, Connections
from server.api.protocol import Runner

SOCKETS = (500, 1_000)
TICKS, ROUNDS = 60, 9
MANY = 10  # events in one tick
BYTES = 171  # of a frame, as in the published comparisons
BARS = {1: (1.2, 0.6), MANY: (1.25, 0.15)}  # of the floor, and of Node
Costs = dict[
    tuple[str, int], list[float]
]  # CPU microseconds of a delivery in each round, by who writes and events a tick


class _Door:
    """Lets everybody in."""

    async def on_connect(self, connection: Connection, _: Any) -> None:
        """Accept."""
        connection.accept()

    async def on_command(self, *_: Any) -> None:
        """There are no commands."""

    def on_closed(self, _: Connection) -> None:
        """Nothing is kept."""

    def on_drained(self, _: Connection) -> None:
        """Nothing waits."""


class _Follower:
    def forget(self, _: Subscription) -> None:
        """Nothing is kept."""

    def doubt(self, _: set[str] | None) -> None:
        """Nobody loses a right."""


def main() -> list[Line]:
    """Measure one event a tick and ten, for each number of sockets."""
    log.configure("bench", "warning", "json")
    return [line for count in SOCKETS for line in _lines(count, uvloop.run(_measure(count)), asyncio.run(_node(count)))]


def _lines(count: int, costs: Costs, node: dict[int, float]) -> list[Line]:
    lines = []
    for events, (floor_bar, node_bar) in BARS.items():
        mine, bare = (statistics.median(costs[name, events]) for name in ("ours", "floor"))
        of_floor = statistics.median(a / b for a, b in zip(costs["ours", events], costs["floor", events], strict=True))
        of_node = mine / node[events]
        lines.append(
            Line(
                f"CPU of a delivery to {count} sockets, {BYTES} bytes, {events} a tick",
                f"{mine:.2f} us",
                f"<= {floor_bar} of the floor; <= {node_bar} of Node",
                f"a loop of bare writes {bare:.2f} us (ratio {of_floor:.2f}); Socket.IO on Node {node[events]:.2f} us "
                f"(ratio {of_node:.2f})",
                of_floor <= floor_bar and of_node <= node_bar,
            )
        )
    return lines


async def _node(count: int) -> dict[int, float]:
    """What a delivery costs Node, in microseconds, by the events of a tick."""
    costs: dict[int, list[float]] = {}
    async with peer(NODE) as node, aiohttp.ClientSession(f"http://127.0.0.1:{node.port}") as session:
        with sockets(Target("127.0.0.1", node.port, "", ["all"]), count):
            for _ in range(ROUNDS):
                for events in BARS:
                    body = {"event": "x", "data": "9" * (BYTES - 19), "events": events, "ticks": TICKS}
                    async with session.post("/ticks", json=body) as response:
                        spent_us = (await response.json(content_type=None))["us"]
                    costs.setdefault(events, []).append(spent_us / TICKS / events / count)
    return {events: statistics.median(found) for events, found in costs.items()}


async def _measure(count: int) -> Costs:
    app = web.Application()
    app[CONNECTIONS] = Connections(10 * count, ())
    server = LiveServer(
        origins=["http://127.0.0.1"],
        address_of=lambda _: "127.0.0.1",
        limits=SocketLimits(10 * count, 10 * count, 5.0, 65_536),
        receiver=_Door(),
    )
    server.attach(app, socketio_path="socket.io")
    runner = Runner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    context: Any = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    readers = context.Process(target=run, args=(theirs, Target("127.0.0.1", port, "", []), count))
    readers.start()
    try:
        assert await asyncio.get_running_loop().run_in_executor(None, ours.recv) == count
        return await _beside_floor(list(server.connections.values()))
    finally:
        readers.kill()
        await server.shutdown()
        await runner.cleanup()


async def _beside_floor(connections: list[Connection]) -> Costs:
    text = '2/live,["x",' + "9" * (BYTES - 17) + "]"
    wire = packet_frame(text)
    relay = Relay(None)  # type: ignore[arg-type]  # nothing is read here
    stream = Stream("project:x", "e", tail=0, want=0)
    for connection in connections:
        sub = Subscription(connection, _Follower(), "", stream.name, stream=stream, is_live=True)
        stream.subs.add(sub)
    transports: list[asyncio.Transport] = [
        connection.websocket._transport
        for connection in connections
        if connection.websocket and connection.websocket._transport
    ]

    def floor(piece: bytes) -> None:
        for transport in transports:
            transport.write(piece)

    def fan_out(events: int) -> None:
        before = stream.tail
        frames = [Frame(before + 1 + place, "e", "x", wire, ()) for place in range(events)]
        stream.ring.extend(frames)
        stream.tail += events
        relay._fan_out(stream, before, frames)

    pieces = {1: wire, MANY: wire * MANY}
    costs: Costs = {}
    for _ in range(ROUNDS):
        for events, piece in pieces.items():
            for name, work in (("floor", lambda piece=piece: floor(piece)), ("ours", lambda n=events: fan_out(n))):
                spent = await _cost(work)
                costs.setdefault((name, events), []).append(spent / len(transports) / events * 1e6)
    return costs


async def _cost(work: Callable[[], None]) -> float:
    """CPU seconds of this process for one tick, on average over several."""
    await asyncio.sleep(0.05)
    before = time.process_time()
    for _ in range(TICKS):
        work()
        await asyncio.sleep(0.01)  # for the readers to keep up
    return (time.process_time() - before) / TICKS
