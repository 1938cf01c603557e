"""A web process: the real namespace, guests and relay, over a simulated database."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core import problems
from models.access import Actor
from realtime import guest as guest_module
from realtime import streams
from realtime.batching import Batch
from realtime.frame import Frame
from realtime.guest import Entrance, Grant, Guests, Hooks, Limits
from realtime.namespace import Namespace
from realtime.polling import Polls
from realtime.presence import KEY, Presence
from realtime.relay import Relay, Stream
from realtime.store import Head, StateRow
from realtime.transport import LiveServer
from tests.realtime.simulation.database import JOB, PROJECT, Database

if TYPE_CHECKING:
    from tests.realtime.simulation.world import World

LIMITS = Limits(sockets_per_user=3, commands_per_s=1000, command_burst=1000, subscriptions=10)


class Store:
    """What a process reads of the database."""

    def __init__(self, database: Database, world: "World") -> None:
        self._database, self._world = database, world
        self._reading: set[int] = set()

    async def frames(self, name: str, after: int, limit: int) -> list[Frame]:
        stream = _read_by(asyncio.current_task())
        if stream is not None:
            self._world.expect(id(stream) not in self._reading, self, f"{name} is read twice at the same time")
            self._reading.add(id(stream))
        try:
            return await self._database.query(lambda: self._database.frames(name, after, limit))
        finally:
            if stream is not None:
                self._reading.discard(id(stream))

    async def heads(self, names: Sequence[str]) -> dict[str, Head]:
        return await self._database.query(lambda: self._database.heads(list(names)))

    async def states_of(self, names: Sequence[str]) -> list[StateRow]:
        return await self._states(lambda state: not {*names}.isdisjoint(state.streams))

    async def states_named(self, keys: Sequence[str]) -> list[StateRow]:
        return await self._states(lambda state: state.key in keys)

    async def states_since(self, at: Any) -> list[StateRow]:
        return await self._states(lambda state: state.updated_at > at)

    async def time(self) -> Any:
        return await self._database.query(self._database.clock)

    async def _states(self, condition: Any) -> list[StateRow]:
        return await self._database.query(
            lambda: [state for state in self._database.tables.states.values() if condition(state)]
        )


def _read_by(task: Any) -> Stream | None:
    """The stream whose reader a task is."""
    frame = task.get_coro().cr_frame if task.get_coro().__name__ == "_read" else None
    return None if frame is None else frame.f_locals["stream"]


class Authority:
    """Who may do what, by the rows of the database, asked in batches as the real one is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._grants: Batch[tuple[Actor, str], Grant | None] = Batch(self._read_grants)
        self._entrances: Batch[str, Entrance] = Batch(self._read_entrances)

    async def authenticate(self, token: str, _: str) -> Actor:
        return await self._database.query(lambda: self._actor(token))

    async def enter(self, token: str, _: str) -> Entrance:
        return await self._entrances.ask(token)

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        return await self._grants.ask((actor, stream))

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        def read() -> tuple[Grant, dict[str, Any]] | None:
            grant = self._grant(actor, stream)
            return None if grant is None else (grant, {"at": grant.head})

        return await self._database.query(read)

    async def _read_grants(self, asked: list[tuple[Actor, str]]) -> list[Grant | None]:
        return await self._database.query(lambda: [self._grant(*question) for question in asked])

    async def _read_entrances(self, asked: list[str]) -> list[Entrance | Exception]:
        return await self._database.query(lambda: [self._entrance(token) for token in asked])

    def _entrance(self, token: str) -> Entrance | Exception:
        try:
            actor = self._actor(token)
        except problems.Problem as problem:
            return problem
        at = self._database.tables.streams[streams.user(actor.user_id)]
        return Entrance(actor, Head(at.epoch, at.head))

    def _actor(self, token: str) -> Actor:
        number, session, *end = token.split("/")
        if end and float(end[0]) <= self._database.now - guest_module.EXPIRED_GRACE_S:
            raise problems.TokenExpired
        if self._database.tables.sessions.get(session, 0.0) is not None:
            raise problems.TokenRevoked
        found = self._database.people[int(number)]
        ends_at = self._database.at(float(end[0])) if end else None
        return Actor("user", found, session_id=self._database.session_ids[session], token_expires_at=ends_at)

    def _grant(self, actor: Actor, stream: str) -> Grant | None:
        at = self._database.tables.streams[stream]
        if stream not in (PROJECT, JOB):
            return Grant(at.epoch, at.head, at.floor) if stream == streams.user(actor.user_id) else None
        number = self._database.number_of[actor.user_id]
        if not self._database.is_member(number):
            return None
        until = self._database.tables.members[number].until
        valid_until = None if until is None else self._database.at(until)
        parents = frozenset({PROJECT}) if stream == JOB else frozenset()
        return Grant(at.epoch, at.head, at.floor, valid_until, parents)


class WatchedRelay(Relay):
    """The real relay. It also notes since when it has held a stream."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.began: dict[str, int] = {}

    def hold(self, name: str, epoch: str, head: int) -> Stream:
        before = self.streams.get(name)
        found = super().hold(name, epoch, head)
        if found is not before:
            self.began[name] = head
        return found


class Door:
    """What the search for stalled clients needs of the transport. It is the real one's."""

    stalled = LiveServer.stalled

    def __init__(self, stalled_s: float) -> None:
        self.stalled_s = stalled_s
        self.connections: dict[int, Any] = {}


class Process:
    """A web process: the real namespace, guests and relay, and in some plans who is here and who is stalled."""

    def __init__(self, world: "World") -> None:
        self.is_alive = True
        self._tasks: list[asyncio.Task[Any]] = []
        self.relay = WatchedRelay(Store(world.database, world), clock=world.database.clock)
        self.namespace = Namespace(LIMITS, Hooks(problem_of=world.problem_of))
        self.authority = Authority(world.database)
        self.presence: Presence | None = None
        if world.plan.has_presence:
            self.presence = Presence(
                self.relay, world.rooms.fetch, lambda key: world.hint({}, [key]), world.database.clock
            )
            self._tasks.append(world.loop.create_task(self.presence.run()))
        self.namespace.attach(self.authority, self.relay, self.presence)
        self.door: Door | None = None
        if world.plan.stalled_s is not None:
            self.door = self.namespace.server = Door(world.plan.stalled_s)
            self._tasks.append(world.loop.create_task(self.namespace.watch_stalled()))
        self.polls = Polls(self.authority, self.relay, most_each=100)
        self.relay.start()

    def on_hint(self, heads: dict[str, int], keys: list[str]) -> None:
        """As the application divides hints."""
        self.relay.on_hint(heads, [key for key in keys if not key.startswith(KEY)])
        if self.presence is not None:
            self.presence.on_hint([key.removeprefix(KEY) for key in keys if key.startswith(KEY)])

    @property
    def guests(self) -> Guests:
        return self.namespace.guests

    def held_since(self, name: str) -> int:
        """The head of a stream when the process began to hold it."""
        return self.relay.began.get(name, 0)

    async def kill(self) -> None:
        """The end of the process."""
        self.is_alive = False
        self.guests.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.relay.stop()


class Log:
    """In place of the log: a failure that is not the database's is one of the code."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def warning(self, message: str, **values: Any) -> None:
        self._world.expect(values.get("error") in ("Down", None), self, f"{message}: {values}")

    def exception(self, message: str, **_: Any) -> None:
        self._world.expect(False, self, message)
