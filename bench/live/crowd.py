"""
Thousands of sockets in processes of their own that keep their place in a stream, come back when the server is gone, and can
be told to stop reading.
"""

import asyncio
import multiprocessing
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from typing import Any

import numpy as np
import orjson
import uvloop

from bench.live.readers import Reader, Target

PROCESSES = 2
AGAIN_S = (0.05, 0.15)  # between a lost connection and the next try
KNOCK_S = 0.02  # between two tries of one for all, while nobody listens
SMALL_BUFFER_BYTES = 4096  # of those that stop reading, so that it is soon full
_SEQ, _AT = b'"seq":', b'"at":"'
_AT_LENGTH = len("2026-04-03T12:00:00.000000Z")


@dataclass
class Group:
    """What one process opens: so many sockets, spread over streams and tokens, and how many of them may stop reading."""

    host: str
    port: int
    tokens: list[str]
    streams: list[str]
    count: int
    stoppable: int = 0
    at_once: int = 50


class _Scout:
    """
    Tries the port for all sockets of a process while nobody listens. If each of thousands tried, ten times a second, they
    would take both cores from the server that is starting. Real clients try once a second or less.
    """

    def __init__(self) -> None:
        self._knocking: asyncio.Task[None] | None = None

    async def until_open(self, host: str, port: int) -> None:
        """Wait until the port accepts connections."""
        if self._knocking is None or self._knocking.done():
            self._knocking = asyncio.get_running_loop().create_task(self._knock(host, port))
        await self._knocking

    async def _knock(self, host: str, port: int) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(KNOCK_S)
            else:
                writer.close()
                return


@dataclass
class _Book:
    """What a process notes."""

    is_noting: bool = False
    noted: list[tuple[bytes, float]] = field(default_factory=list)  # when an event was made, and when it arrived
    arrivals: int = 0
    back_at: list[float] = field(default_factory=list)
    modes: dict[str, int] = field(default_factory=dict)  # how those that came back went on
    count: int = 0
    all_back: asyncio.Event = field(default_factory=asyncio.Event)
    scout: _Scout = field(default_factory=_Scout)

    def note_back(self) -> None:
        """Note that one more follows its stream."""
        self.back_at.append(time.time())
        if len(self.back_at) == self.count:
            self.all_back.set()


class _Member(Reader):
    """A socket that resumes where it was."""

    def __init__(self, place: "_Place", book: _Book) -> None:
        super().__init__(place.target, self._note)
        self.place, self.book = place, book

    def connection_lost(self, error: Exception | None) -> None:
        """Try again."""
        super().connection_lost(error)
        self.ready.exception()  # whoever waits for it is told; nobody does when it was lost later
        self.place.lost(self)

    def say(self, name: str, data: dict[str, Any]) -> None:
        """Send a command that needs no answer."""
        self._send(b"42/live," + orjson.dumps([name, data]))

    def _note(self, text: bytes) -> None:
        place, book = self.place, self.book
        book.arrivals += 1
        at = text.find(_SEQ)
        if at < 0:  # who is here, or a state
            return
        place.seq = int(text[at + 6 : text.index(b",", at)])
        if book.is_noting and not place.is_stoppable:
            at = text.index(_AT) + len(_AT)
            book.noted.append((text[at : at + _AT_LENGTH], time.time()))

    def _take(self, opcode: int, text: bytes) -> None:
        place = self.place
        if place.seq is not None and text.startswith(b"40/live"):
            (stream,) = place.target.streams
            asked = {"stream": stream, "after": place.seq, "epoch": place.epoch}
            self._send(b"42/live,0" + orjson.dumps(["subscribe", asked]))
            return
        if text.startswith(b"43/live") and b'"ok":true' in text:
            (answer,) = orjson.loads(text[text.index(b"[") :])
            place.epoch = answer["epoch"]
            if place.seq is not None:
                self.book.modes[answer["mode"]] = self.book.modes.get(answer["mode"], 0) + 1
            if place.seq is None or answer["mode"] == "snapshot":
                place.seq = answer["head"]
            for event in answer["events"]:
                assert event["seq"] == place.seq + 1, "an event is missing"
                place.seq = event["seq"]
            self.book.note_back()
        super()._take(opcode, text)


@dataclass
class _Place:
    """Where one socket is, whichever connection it has."""

    target: Target
    book: _Book
    is_stoppable: bool
    seq: int | None = None
    epoch: str = ""
    member: _Member | None = None
    is_coming: bool = False  # back

    async def open(self) -> None:
        """Connect, and follow the stream."""
        loop = asyncio.get_running_loop()
        plug = socket.socket()
        plug.setblocking(False)
        try:
            if self.is_stoppable:
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
            await loop.sock_connect(plug, (self.target.host, self.target.port))
        except OSError:
            plug.close()
            raise
        member = _Member(self, self.book)
        await loop.create_connection(lambda: member, sock=plug)
        self.member = member
        await member.ready

    def lost(self, member: _Member) -> None:
        """Come back, if this is the connection that counted."""
        if member is self.member:
            self.member = None
            if not self.is_coming:
                self.is_coming = True
                task = asyncio.get_running_loop().create_task(self._come_back())
                _TASKS.add(task)
                task.add_done_callback(_TASKS.discard)

    async def _come_back(self) -> None:
        # Only one task does so, since two connections would both move the place.
        while self.member is None:
            await self.book.scout.until_open(self.target.host, self.target.port)
            await asyncio.sleep(random.uniform(*AGAIN_S))  # more than the kernel queues would wait a second
            try:
                await self.open()
            except OSError:
                self.member = None
        self.is_coming = False


_TASKS: set[asyncio.Task[None]] = set()


class Crowd:
    """The processes. Each call is answered by all of them."""

    def __init__(self, processes: list[Any], pipes: list[Pipe]) -> None:
        self._processes, self._pipes = processes, pipes

    async def ask(self, what: str, value: Any = None) -> list[Any]:
        """Tell every process something. Returns: the answers."""
        for pipe in self._pipes:
            pipe.send((what, value))
        loop = asyncio.get_running_loop()
        return list(await asyncio.gather(*(loop.run_in_executor(None, pipe.recv) for pipe in self._pipes)))

    async def latencies_ms(self) -> "np.ndarray[Any, Any]":
        """How long each noted event took, from when it was made until it arrived."""
        return np.concatenate(await self.ask("noted"))

    def kill(self) -> None:
        """End all processes at once, as if their machine were gone."""
        for process in self._processes:
            process.kill()


@contextmanager
def crowd(group: Group, processes: int = PROCESSES) -> Iterator[Crowd]:
    """Open all sockets of a group, divided among processes."""
    context: Any = multiprocessing.get_context("spawn")
    pipes, started = [], []
    try:
        for place in range(processes):
            ours, theirs = context.Pipe()
            tokens = group.tokens[place::processes] or group.tokens
            part = Group(
                group.host,
                group.port,
                tokens,
                group.streams,
                group.count // processes,
                group.stoppable // processes,
                group.at_once,
            )
            process = context.Process(target=_run, args=(theirs, part))
            process.start()
            theirs.close()  # so that waiting for an answer ends when the process does
            started.append(process)
            pipes.append(ours)
        for pipe in pipes:
            if not pipe.poll(180):
                raise RuntimeError("the sockets did not connect")
            pipe.recv()
        yield Crowd(started, pipes)
    finally:
        for process in started:
            process.kill()
            process.join()


def _run(pipe: Pipe, group: Group) -> None:
    uvloop.run(_serve(pipe, group))
    os._exit(0)


async def _serve(pipe: Pipe, group: Group) -> None:
    book, turns = _Book(count=group.count), asyncio.Semaphore(group.at_once)
    loop = asyncio.get_running_loop()
    places = [
        _Place(
            Target(
                group.host,
                group.port,
                group.tokens[number % len(group.tokens)],
                [group.streams[number % len(group.streams)]] if group.streams else [],
            ),
            book,
            is_stoppable=number < group.stoppable,
        )
        for number in range(group.count)
    ]

    async def open_one(place: _Place) -> None:
        async with turns:
            await place.open()

    await asyncio.gather(*(open_one(place) for place in places))
    pipe.send(len(places))
    while True:
        what, value = await loop.run_in_executor(None, pipe.recv)
        pipe.send(await _answer(book, places, what, value))


async def _answer(book: _Book, places: list[_Place], what: str, value: Any) -> Any:
    transport: Any
    match what:
        case "note":
            book.noted.clear()
            book.is_noting = True
        case "noted":
            book.is_noting = False
            return np.array([(arrived - _time(at)) * 1000 for at, arrived in book.noted])
        case "stop" | "go on":
            for place in places:
                if place.is_stoppable and place.member is not None:
                    transport = place.member.transport
                    if what == "stop":
                        transport.pause_reading()
                    else:
                        transport.resume_reading()
        case "drop":  # so many connections, without a word; they come back
            for place in random.sample(places, min(value, len(places))):
                if place.member is not None:
                    transport = place.member.transport
                    transport.abort()
        case "say":  # so many people say what they do
            for place in random.sample(places, min(value, len(places))):
                if place.member is not None and place.seq is not None:
                    said = {"stream": place.target.streams[0], "state": {"number": random.randrange(1000)}}
                    place.member.say("presence.set", said)
        case "refresh":  # go on with another token
            for place in places:
                place.target.token = value
                if place.member is not None and place.seq is not None:
                    place.member.say("auth.refresh", {"token": value})
        case "forget":
            book.back_at.clear()
            book.all_back.clear()
            book.modes.clear()
        case "back":  # wait until everybody who was lost is back, at most so many seconds
            async with asyncio.timeout(value):
                await book.all_back.wait()
            return sorted(book.back_at), dict(book.modes)
    return None


def _time(at: bytes) -> float:
    return datetime.fromisoformat(at.decode()).timestamp()
