"""
Whatever writers, members, links and clients do, and in whatever order: every client has exactly the events of the database.

Real sockets, a real server and a real database, driven by hypothesis. The interleavings inside one process are tried by the
simulation beside this, and what breaks whole processes by tests/chaos.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models.access import Actor
from realtime import unit_of_work as work
from realtime.events.project import ProjectUpdated
from realtime.unit_of_work import unit_of_work
from server.app import NAMESPACE
from tests.auth.follower import Follower

VERBS = (
    *("write", "write", "write many", "roll back", "write untold", "begin", "commit", "abort"),
    *("subscribe", "subscribe", "unsubscribe", "cut", "return", "stall", "go on"),
    *("remove", "add", "forget"),
)
STREAMS = 2
QUIET_S = 20.0  # within which everybody must have everything
STEP = st.tuples(st.sampled_from(VERBS), st.integers(0, 5), st.integers(0, STREAMS - 1), st.integers(1, 6))
RULES: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "phases": (Phase.explicit, Phase.generate),  # making a failure smaller would take longer than the suite
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@dataclass
class Copy:
    """What a client has of a stream."""

    wanted: bool = False
    live: bool = False
    base: int | None = None  # the last event that its snapshot holds
    epoch: str = ""
    events: list[tuple[int, str]] = field(default_factory=list)  # numbers and ids
    pushed: set[int] = field(default_factory=set)  # numbers of those that it did not ask for

    @property
    def place(self) -> int | None:
        return self.events[-1][0] if self.events else self.base


class Reader:
    """A client that asks again for whatever it was not given, as the contract tells clients to."""

    def __init__(self, server: Any, person: Any, streams: list[str]) -> None:
        self.server, self.person = server, person
        self.copies = {stream: Copy() for stream in streams}
        self.follower: Follower | None = None
        self.stalled: Any = None  # the server's side of a link that takes nothing
        self.read = 0

    async def connect(self) -> None:
        if self.follower is None:
            self.follower, self.read = await Follower.of(self.server, self.person.token), 0
            for stream, copy in self.copies.items():
                if copy.wanted:
                    await self.subscribe(stream)

    async def cut(self) -> None:
        """Ends the link without a word."""
        if self.follower is not None:
            self.go_on()
            self.take()
            self.follower.io.eio.ws._response.connection.transport.abort()
            await self.follower.closed()
            self.take()
            self.follower = None
            for copy in self.copies.values():
                copy.live = False

    async def subscribe(self, stream: str) -> str | None:
        """Asks for what follows what it has. Returns: the code of a refusal."""
        copy = self.copies[stream]
        assert self.follower is not None
        self.go_on()  # it could not read the answer
        copy.wanted = True
        while not copy.live:
            self.take()
            place = {} if copy.place is None else {"after": copy.place, "epoch": copy.epoch}
            answer = await self.follower.call("subscribe", {"stream": stream, **place})
            if not answer["ok"]:
                copy.base, copy.events = None, []
                return str(answer["problem"]["code"])
            if answer["mode"] != "replay" or copy.place is None:
                copy.base, copy.events = answer["head"], []
            copy.epoch = answer["epoch"]
            copy.events += [(event["seq"], event["id"]) for event in answer["events"]]
            copy.live = not answer.get("more")
        return None

    async def unsubscribe(self, stream: str) -> None:
        assert self.follower is not None
        self.go_on()
        await self.follower.call("unsubscribe", {"stream": stream})
        self.take()
        self.copies[stream] = Copy()

    def take(self) -> list[str]:
        """Takes in what has arrived. Returns: the streams that the server has told it to ask for again."""
        asked: list[str] = []
        if self.follower is None:
            return asked
        arrived, self.read = self.follower.events[self.read :], len(self.follower.events)
        for name, data in arrived:
            copy = self.copies.get(data.get("stream", ""))
            if copy is None or not copy.wanted:
                continue
            if name == "stream.reset":
                copy.live = False
                asked.append(data["stream"])
            elif name == "stream.revoked":
                copy.live, copy.base, copy.events = False, None, []
            elif "seq" in data:
                assert copy.place is not None, "an event of a stream that it does not have"
                assert data["seq"] == copy.place + 1, "an event is missing, or came twice"
                copy.events.append((data["seq"], data["id"]))
                copy.pushed.add(data["seq"])
        return asked

    def stall(self) -> None:
        """Takes nothing any more, as far as the server can see."""
        sid = self.follower.io.get_sid("/live") if self.follower is not None else None
        for connection in self.server.app[NAMESPACE].server.connections.values():
            if sid is not None and connection.sid == sid:
                connection.websocket.pause_writing()
                self.stalled = connection

    def go_on(self) -> None:
        """Takes what has waited."""
        if self.stalled is not None:
            self.stalled.websocket.resume_writing()
            self.stalled = None


class World:
    """Projects, their writers, and the clients of two people: a manager, and a member who comes and goes."""

    def __init__(self, server: Any, alice: Any, bob: Any, projects: list[str], db: Any) -> None:
        self.alice, self.bob, self.projects, self.db = alice, bob, projects, db
        self.streams = [f"project:{project}" for project in projects]
        self.readers = [Reader(server, person, self.streams) for person in (alice, alice, bob, bob)]
        self.member = [False] * STREAMS
        self.open: dict[int, asyncio.Future[bool]] = {}
        self.writing: set[asyncio.Task[None]] = set()

    async def step(self, verb: str, one: int, which: int, size: int) -> None:
        reader, stream = self.readers[one % len(self.readers)], self.streams[which]
        if verb in ("write", "write many", "roll back", "write untold"):
            count = size * 20 if verb == "write many" else size
            self._start(self._write(which, count, fails=verb == "roll back", untold=verb == "write untold"))
        elif verb == "begin" and which not in self.open:
            self.open[which] = asyncio.get_running_loop().create_future()
            self._start(self._write(which, size, until=self.open[which]))
        elif verb in ("commit", "abort"):
            await self._end(which, commits=verb == "commit")
        elif verb in ("remove", "add"):
            await self._change(which, becomes_member=verb == "add")
        elif verb == "forget":
            await self._forget(stream, size)
        elif verb == "cut":
            await reader.cut()
        elif verb == "return":
            await reader.connect()
        elif reader.follower is not None:
            await self._ask(reader, verb, stream, which)
        await asyncio.sleep(0.002 * size)
        await self.take()

    async def _ask(self, reader: Reader, verb: str, stream: str, which: int) -> None:
        if verb == "subscribe":
            may = reader.person is self.alice or self.member[which]
            assert await reader.subscribe(stream) == (None if may else "not_found")
        elif verb == "unsubscribe":
            await reader.unsubscribe(stream)
        elif verb == "stall":
            reader.stall()
        elif verb == "go on":
            reader.go_on()

    def _start(self, writing: Any) -> None:
        task = asyncio.create_task(writing)
        self.writing.add(task)

    async def _write(
        self,
        which: int,
        count: int,
        *,
        fails: bool = False,
        untold: bool = False,
        until: "asyncio.Future[bool] | None" = None,
    ) -> None:
        try:
            async with unit_of_work(Actor("user", self.alice.id)) as u:
                for number in range(count):
                    changed = [f"field {number}"]
                    u.publish(ProjectUpdated(project_id=self.projects[which], version=1, changed=changed))
                if fails or (until is not None and not await until):
                    raise LookupError
                if untold:
                    tell, work.ledger().hint = work.ledger().hint, lambda _: None
        except LookupError:
            return
        finally:
            if untold:
                work.ledger().hint = tell

    async def _end(self, which: int, *, commits: bool) -> None:
        waiting = self.open.pop(which, None)
        if waiting is not None:
            waiting.set_result(commits)

    async def _change(self, which: int, *, becomes_member: bool) -> None:
        """Makes the member a stranger, or the stranger a member. It waits for whoever writes on the stream."""
        if self.member[which] == becomes_member:
            return
        await self._end(which, commits=True)
        path = f"/projects/{self.projects[which]}/members"
        if becomes_member:
            await self.alice.ok("POST", path, {"email": self.bob.email, "role": "viewer"})
        else:
            async with await self.alice.send("DELETE", f"{path}/{self.bob.id}") as response:
                assert response.status == 204
        self.member[which] = becomes_member

    async def _forget(self, stream: str, size: int) -> None:
        """What retention does: the oldest events go."""
        floor = await self.db.fetchval("SELECT head FROM streams WHERE name = $1", stream)
        if floor is not None and (floor := floor - size) > 0:
            await self.db.execute("DELETE FROM events WHERE stream = $1 AND seq <= $2", stream, floor)
            await self.db.execute(
                "UPDATE streams SET floor = greatest(floor, $2) WHERE name = $1 AND head >= $2", stream, floor
            )

    async def take(self) -> None:
        for reader in self.readers:
            for stream in reader.take():
                await reader.subscribe(stream)

    async def quiet(self) -> None:
        """Ends what is under way, and brings everybody back."""
        for which in list(self.open):
            await self._end(which, commits=True)
        await asyncio.gather(*self.writing)
        for reader in self.readers:
            reader.go_on()
            await reader.connect()

    async def compare(self) -> int:
        """Waits until everybody has everything. Returns: how many events were compared."""
        await self.quiet()
        heads = {
            name: await self.db.fetchval("SELECT head FROM streams WHERE name = $1", name) for name in self.streams
        }
        late = asyncio.get_running_loop().time() + QUIET_S
        while True:
            await self.take()
            behind = [
                (copy.place, heads[stream])
                for reader in self.readers
                for stream, copy in reader.copies.items()
                if copy.live and copy.place != heads[stream]
            ]
            if not behind:
                break
            assert asyncio.get_running_loop().time() < late, f"still behind: {behind}"
            await asyncio.sleep(0.02)
        compared = 0
        for which, stream in enumerate(self.streams):
            rows = await self.db.fetch("SELECT seq, event_id, type FROM events WHERE stream = $1 ORDER BY seq", stream)
            stored = {row["seq"]: str(row["event_id"]) for row in rows}
            strange = absences([(row["seq"], row["type"]) for row in rows])
            for reader in self.readers:
                copy = reader.copies[stream]
                if reader.person is self.bob:
                    assert not copy.live or self.member[which]
                    # Who is a member again may ask for what happened meanwhile.
                    assert not strange & copy.pushed, "an event from after the removal"
                for seq, event_id in copy.events:
                    assert stored.get(seq, event_id) == event_id  # retention may have removed it since
                compared += len(copy.events)
        return compared

    async def leave(self) -> None:
        for reader in self.readers:
            if reader.follower is not None:
                await reader.follower.leave()


def absences(events: list[tuple[int, str]]) -> set[int]:
    """Numbers of the events from a removal of the member to the next addition, without that."""
    found, is_away = set(), False
    for seq, kind in events:
        is_away = kind == "project.member.removed" or (is_away and kind != "project.member.added")
        if is_away:
            found.add(seq)
    return found


async def run(server: Any, alice: Any, bob: Any, db: Any, steps: list[tuple[str, int, int, int]]) -> int:
    """Takes all steps, among projects of their own. Returns: how many events were compared."""
    projects = [(await alice.ok("POST", "/projects", {"name": "March"}))["id"] for _ in range(STREAMS)]
    world = World(server, alice, bob, projects, db)
    for which in range(STREAMS):
        await world.step("add", 0, which, 1)
    for reader in world.readers:
        await reader.connect()
        for stream in world.streams:
            assert await reader.subscribe(stream) is None
    try:
        for step in steps:
            await world.step(*step)
        return await world.compare()
    finally:
        await world.leave()


@settings(max_examples=6, **RULES)
@given(steps=st.lists(STEP, min_size=15, max_size=40))
async def test_every_client_has_the_events_of_the_database(server, alice, bob, db, steps):
    await run(server, alice, bob, db, steps)


@pytest.mark.long
@pytest.mark.timeout(300)
@settings(max_examples=60, **RULES)
@given(steps=st.lists(STEP, min_size=30, max_size=80))
async def test_every_client_has_the_events_of_the_database_after_many_steps(server, alice, bob, db, steps):
    await run(server, alice, bob, db, steps)
