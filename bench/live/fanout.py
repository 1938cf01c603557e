"""
What writing an event to everybody costs beside its floor: a loop that only gives the frame to each transport.

Both write to the same sockets, in turn, in one process whose CPU time is read. The sockets are read by another process.
"""

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Callable
from typing import Any

import uvloop
from aiohttp import web

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
ONE_BAR, MANY_BAR = 1.2, 1.25


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
    return [line for count in SOCKETS for line in uvloop.run(_measure(count))]


async def _measure(count: int) -> list[Line]:
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


async def _beside_floor(connections: list[Connection]) -> list[Line]:
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
    costs: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for events, piece in pieces.items():
            for name, work in (("floor", lambda piece=piece: floor(piece)), ("ours", lambda n=events: fan_out(n))):
                spent = await _cost(work)
                costs.setdefault((name, events), []).append(spent / len(transports) / events * 1e6)
    lines = []
    for events, bar in ((1, ONE_BAR), (MANY, MANY_BAR)):
        mine, bare = (statistics.median(costs[name, events]) for name in ("ours", "floor"))
        ratio = statistics.median(a / b for a, b in zip(costs["ours", events], costs["floor", events], strict=True))
        lines.append(
            Line(
                f"CPU of a delivery to {len(transports)} sockets, {len(wire)} bytes, {events} a tick",
                f"{mine:.2f} us",
                f"<= {bar} of the floor",
                f"a loop of bare writes {bare:.2f} us (ratio {ratio:.2f})",
                ratio <= bar,
            )
        )
    return lines


async def _cost(work: Callable[[], None]) -> float:
    """CPU seconds of this process for one tick, on average over several."""
    await asyncio.sleep(0.05)
    before = time.process_time()
    for _ in range(TICKS):
        work()
        await asyncio.sleep(0.01)  # for the readers to keep up
    return (time.process_time() - before) / TICKS
