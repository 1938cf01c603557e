"""One simulated run: processes with the real relay on one database, clients, what goes wrong, and what must hold."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import orjson

from core import problems
from realtime import commands as commands_module
from realtime import guest as guest_module
from realtime import namespace as namespace_module
from realtime import presence as presence_module
from realtime import relay as relay_module
from realtime import subscribing
from realtime.guest import Guest
from realtime.relay import Stream
from tests.realtime.simulation.client import Client
from tests.realtime.simulation.database import JOB, PROJECT, Database, Down, Member, Weather
from tests.realtime.simulation.loop import SimulatedLoop
from tests.realtime.simulation.plans import PLANS, weather_of
from tests.realtime.simulation.poller import Poller
from tests.realtime.simulation.process import Log, Process
from tests.realtime.simulation.rooms import LEASE_S, LEAVE_S, RENEW_S, Rooms

# Small, so that what happens only beyond them happens often.
SIZES = {"RING": (1, 3, 1000), "PAGE": (2, 4, 500), "CATCH_UP": (1, 3, 64)}
# Short, so that it happens within a run.
TIMES: tuple[tuple[Any, str, Any], ...] = (
    (guest_module, "EXPIRING_BEFORE", timedelta(seconds=0.5)),
    (guest_module, "EXPIRED_GRACE_S", 0.2),
    (presence_module, "LEASE_S", LEASE_S),
    (presence_module, "RENEW_S", RENEW_S),
    (presence_module, "LEAVE_S", LEAVE_S),
)


class Broken(AssertionError):
    """Something that must hold does not."""


class World:
    """A run by a seed. Raises Broken at the first thing that does not hold."""

    def __init__(self, seed: int, plan: str | None = None) -> None:
        self.random = Random(seed)
        self.plan = PLANS[self.random.choice(list(PLANS)) if plan is None else plan]
        self.loop = SimulatedLoop(self.random)
        self.processes: list[Process] = []
        self.clients: list[Client] = []
        self.pollers: list[Poller] = []
        self.broken: str | None = None
        self.is_quiet = False
        self.spoken = 0  # numbers that clients have said

    @property
    def now(self) -> float:
        return self.loop.time()

    def run(self) -> int:
        """Runs it. Returns: the number of callbacks that ran."""
        with _sizes(self.random), _logs(self):
            self.loop.run(self._run())
        return self.loop.steps

    def expect(self, condition: bool, about: Any, message: str) -> None:
        """Ends the run if something does not hold."""
        if not condition and self.broken is None:
            self.broken = f"at {self.now:.3f} s: {message}"
            raise Broken(self.broken)

    def problem_of(self, error: Exception) -> problems.Problem:
        """What the application would make of a failure."""
        if isinstance(error, Down):
            return problems.Unavailable()
        self.expect(False, self, f"{type(error).__name__}: {error}")
        return problems.Internal()

    async def _run(self) -> None:
        random, plan = self.random, self.plan
        self.database = Database(random, weather_of(random, plan), self.hint)
        self.rooms = Rooms(self.database)
        for number in range(plan.people):
            self.database.add_person(number)
        self.database.open()
        self.processes = [Process(self) for _ in range(random.randint(1, plan.processes))]
        for number in range(plan.clients):
            client = Client(self, number % plan.people)
            self.clients.append(client)
            for name in (PROJECT, JOB, client.user_stream):
                if random.random() < 0.8:
                    client.follow(name)
        self.pollers = [Poller(self, number % plan.people) for number in range(plan.pollers)]
        running = [self.loop.create_task(one.run()) for one in (*self.clients, *self.pollers)]
        watching = self.loop.create_task(self._watch())
        doing = [self.loop.create_task(self._at(random.random() * plan.seconds, what)) for what in self._script()]
        await asyncio.gather(*doing)
        self._check_failures()
        await self._quiet()
        watching.cancel()
        self._check_all()
        for client in self.clients:
            client.leave()
        for poller in self.pollers:
            poller.is_over = True
        await asyncio.gather(*running)
        await asyncio.sleep(2.5)
        self._check_nothing_is_held()
        for process in self.processes:
            if process.is_alive:
                await process.kill()
        self._check_failures()

    # -- what happens --------------------------------------------------------------------------------------------------

    def _script(self) -> list[Any]:
        random, plan = self.random, self.plan
        found: list[Any] = [self._publish] * plan.commits + [self._shake] * plan.shakes
        found += [self._remove_and_add] * random.randint(plan.removals // 2, plan.removals)
        found += [self._put_state] * random.randint(0, plan.states)
        found += [self._say] * (10 if plan.has_presence else 0)
        for chance, what in (
            (plan.expiries, self._expire),
            (plan.revocations, self._revoke),
            (plan.restores, self._restore),
            (plan.outages, self._outage),
            (plan.kills, self._kill),
            (plan.retentions, self._forget),
        ):
            found += [what] * (round(chance) if chance >= 1 else random.random() < chance)
        return found

    async def _at(self, seconds: float, what: Any) -> None:
        await asyncio.sleep(seconds)
        await what()

    async def _publish(self) -> None:
        random = self.random
        chance, count = random.random(), random.choice((1, 1, 1, 2, 5))
        names = [PROJECT] if chance < 0.4 else [JOB] if chance < 0.7 else [PROJECT, JOB]
        if chance > 0.93:
            names = [random.choice(self.clients).user_stream]
        await self.database.commit([(name, "job.progressed", "{}", "[]") for _ in range(count) for name in names])

    async def _shake(self) -> None:
        self.random.choice(self.clients).shake()

    async def _say(self) -> None:
        """Somebody says something else, or hides the tab."""
        client = self.random.choice(self.clients)
        followed = self.random.choice(list(client.followed.values()) or [None])
        if followed is not None and followed.said is not None and client.is_connected:
            client.say(followed)

    async def _put_state(self) -> None:
        self.database.put_state()

    async def _remove_and_add(self) -> None:
        """Somebody is removed from the project and, most of the time, added again."""
        number = self.random.randrange(self.plan.people)
        if not self.database.is_member(number):
            return
        mine = [client for client in self.clients if client.number == number]
        user, name = str(mine[0].id), mine[0].user_stream

        def change(heads: dict[str, int], at: float) -> None:
            self.database.removed(number, heads[PROJECT], heads[name], at)
            for client in mine:
                client.removals.append((heads[PROJECT], at))

        self._tease(mine)
        await asyncio.sleep(self.random.random() * 0.07)
        if not self.database.is_member(number):
            return
        told = orjson.dumps({"streams": [PROJECT], "role": "viewer"}).decode()
        if self.random.random() < 0.4:  # another role first
            await self.database.commit([(name, "access.changed", told, "[]")])
            await asyncio.sleep(self.random.random() * 0.02)
            await self._publish()
            if not self.database.is_member(number):
                return
        published = [
            (PROJECT, "project.member.removed", "{}", orjson.dumps([user]).decode()),
            (name, "access.revoked", told, "[]"),
        ]
        if not await self.database.commit(published, change=change):
            return
        for _ in range(self.random.randint(0, 3)):
            await asyncio.sleep(self.random.random() * 0.02)
            await self._publish()
        if self.random.random() < 0.3:
            return
        await asyncio.sleep(self.random.random() ** 2 * 1.5)
        await self._add(number, None)

    def _tease(self, clients: list[Client]) -> None:
        """Clients subscribe, read slowly and break off just when something happens."""
        for client in clients:
            for _ in range(self.random.randint(0, 3)):
                what = self.random.choice(
                    (client.subscribe_again, client.subscribe_again, client.break_off, client.stall)
                )
                self.loop.call_later(self.random.random() * 0.08, what)

    async def _add(self, number: int, until: float | None) -> None:
        mine = [client for client in self.clients if client.number == number]

        def change(_: dict[str, int], at: float) -> None:
            self.database.tables.members[number] = Member(until, at)

        told = orjson.dumps({"streams": [PROJECT], "role": "viewer"}).decode()
        kind = "access.changed" if self.database.is_member(number) else "access.granted"
        published = [(PROJECT, "project.member.added", "{}", "[]"), (mine[0].user_stream, kind, told, "[]")]
        if await self.database.commit(published, change=change, may_fail=False):
            for client in mine:
                for name in (PROJECT, JOB):
                    if (followed := client.followed.get(name)) is not None and followed.problem is not None:
                        client.follow(name)

    async def _expire(self) -> None:
        """A membership gets an end, and comes to it."""
        number = self.random.randrange(self.plan.people)
        if not self.database.is_member(number):
            return
        # A change of the end is known a while later, as any event. From then on it is exact.
        until = self.now + self.random.choice((0.5, 2.0)) + self.random.random() * 0.3
        mine = [client for client in self.clients if client.number == number]
        for client in mine:
            client.removals.append((2**53, until))
        await self._add(number, until)
        for client in mine * 4:
            self.loop.call_at(until - self.random.random() * 0.05, client.subscribe_again)
        await asyncio.sleep(until - self.now - 0.002)
        for _ in range(8):
            await self._publish()
            await asyncio.sleep(self.random.random() * 0.006)

    async def _revoke(self) -> None:
        """A session is ended, or all of a person."""
        client = self.random.choice(self.clients)
        session, everybody = client.session, self.random.random() < 0.4
        sessions = self.database.tables.sessions

        def change(_: dict[str, int], at: float) -> None:
            tables = self.database.tables.sessions
            for name in list(tables):
                if name == session or (everybody and name.startswith(f"{client.number}.")):
                    tables[name] = at if tables[name] is None else tables[name]

        if sessions.get(session, 0.0) is not None:
            return
        self._tease([other for other in self.clients if other.number == client.number])
        await asyncio.sleep(self.random.random() * 0.07)
        told = {"session_id": None if everybody else str(self.database.session_ids[session])}
        published = [(client.user_stream, "session.revoked", orjson.dumps(told).decode(), "[]")]
        # Sometimes more follows than a small ring holds.
        published += [(client.user_stream, "job.progressed", "{}", "[]")] * self.random.choice((0, 5))
        await self.database.commit(published, change=change)

    async def _restore(self) -> None:
        backup = self.database.back_up()
        await asyncio.sleep(self.random.random() * 1.2)
        self._tease(self.clients)
        await asyncio.sleep(self.random.random() * 0.05)
        self.database.restore(backup)
        self._tease(self.clients)
        for _ in range(3):  # what is published now is read by those who do not know yet
            await asyncio.sleep(self.random.random() * 0.04)
            await self._publish()
        for one in (*self.clients, *self.pollers):
            self.database.tables.sessions.setdefault(one.session, None)

    async def _outage(self) -> None:
        self.database.is_down = True
        await asyncio.sleep(self.random.random() * 1.5)
        self.database.calm_since = max(self.database.calm_since, self.now)
        self.database.is_down = False

    async def _kill(self) -> None:
        process = self.random.choice(self.processes)
        if not process.is_alive:
            return
        killing = self.loop.create_task(process.kill())
        for client in self.clients:
            if client.socket is not None and client.socket.process is process:
                client.break_off()
        await killing
        self.processes[self.processes.index(process)] = Process(self)

    async def _forget(self) -> None:
        self._tease(self.clients)
        await asyncio.sleep(self.random.random() * 0.05)
        if self.random.random() < 0.5:  # also what nobody has read yet
            await self._publish()
        self.database.forget_events()

    def hint(self, heads: dict[str, int], states: list[str]) -> None:
        """Tells every process what was committed, late, twice or not at all."""
        weather, random = self.database.weather, self.random
        for process in self.processes:
            if random.random() < weather.lost_hint:
                continue
            for _ in range(2 if random.random() < 0.1 else 1):
                delay_s = random.random() * (1.5 if random.random() < weather.late_hint else 0.01)
                self.loop.call_later(delay_s, self._deliver_hint, process, heads, states)

    def _deliver_hint(self, process: Process, heads: dict[str, int], states: list[str]) -> None:
        if process.is_alive:
            process.on_hint(heads, states)

    # -- what must hold ------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Whoever reads is never long behind, unless the database was."""
        while True:
            await asyncio.sleep(0.25)
            for client in self.clients:
                self._check_open(client)
            if self.database.is_down or self.now - self.database.calm_since < 2.5:
                continue
            for process in self.processes:
                for name, stream in list(process.relay.streams.items()) if process.is_alive else ():
                    self._check_lag(name, stream)

    def _check_open(self, client: Client) -> None:
        """No socket is open that should have been closed."""
        socket, stalled_s = client.socket, self.plan.stalled_s
        if socket is None or socket.is_closed or not socket.process.is_alive:
            return
        socket.check_end()
        if stalled_s is not None and socket.queue:
            late_s = self.now - socket.taken_at
            self.expect(late_s < stalled_s * 1.5, self, f"a client that has taken nothing for {late_s:.2f} s is kept")

    def _check_lag(self, name: str, stream: Stream) -> None:
        row = self.database.tables.streams[name]
        old = [event.seq for event in row.events if event.at < self.now - 1.5]
        if not old or stream.epoch != row.epoch:
            return
        for sub in stream.subs:
            is_reading = sub.connection.is_writable and not sub.doubts and not sub.is_catching_up
            self.expect(not is_reading or sub.cursor >= old[-1], self, f"{name} {old[-1]} has not come after 1.5 s")

    async def _quiet(self) -> None:
        """Nothing happens any more, and everything answers."""
        self.is_quiet = True
        self.database.weather = Weather()
        self.database.is_down = False
        self.database.calm_since = self.now
        for client in self.clients:
            client.stalls_until = client.crawls_until = 0.0
        await asyncio.sleep(3.5)

    def _check_failures(self) -> None:
        if self.broken is not None:
            raise Broken(self.broken)
        for context in self.loop.failures:
            error = context.get("exception")
            self.expect(isinstance(error, Down), self, f"{context['message']}: {error!r}")

    def _check_all(self) -> None:
        self._check_failures()
        for client in self.clients:
            is_valid = self.database.tables.sessions[client.session] is None
            self.expect(is_valid and client.is_connected, self, f"client {client.number} is not connected")
            for followed in client.followed.values():
                self._check_followed(client, followed)
        for poller in self.pollers:
            poller.check()
        if self.plan.has_presence:
            self._check_rows()

    def _check_followed(self, client: Client, followed: Any) -> None:
        name = followed.name
        row = self.database.tables.streams[name]
        is_allowed = name == client.user_stream or self.database.is_member(client.number)
        who = f"client {client.number} on {name}"
        if followed.problem is not None:
            may_have_ended = not is_allowed or bool(client.removals) or self.database.restores
            self.expect(bool(may_have_ended), self, f"{who} was refused with {followed.problem.get('code')}")
            return
        if not is_allowed:
            self.expect(followed.problem is not None, self, f"{who} still follows what it may not see")
            return
        at = followed.cursor.position
        self.expect(
            at is not None and (at.epoch, at.seq) == (row.epoch, row.head),
            self,
            f"{who} is at {at}, the head is {row.epoch}/{row.head}",
        )
        mine = [event for event in followed.events if event["epoch"] == row.epoch]
        stored = {event.seq: str(event.id) for event in row.events}
        for event in mine:
            same = stored.get(event["seq"], event["id"]) == event["id"]
            self.expect(same, self, f"{who} has another event {event['seq']}")
        self.expect(not mine or mine[-1]["seq"] == row.head, self, f"{who} ends before the head")
        if self.plan.has_presence:
            self._check_shown(who, followed)
        state = next(iter(self.database.tables.states.values()), None)
        if state is not None and name in state.streams and followed.versions:
            self.expect(
                followed.versions >= state.version or self.database.restores > 0,
                self,
                f"{who} has version {followed.versions} of the state, the newest is {state.version}",
            )

    def _check_shown(self, who: str, followed: Any) -> None:
        """Everybody is shown exactly those who are here, as they have said last."""
        said: dict[str, list[tuple[int, bool]]] = {}
        for client in self.clients:
            mine = client.followed.get(followed.name)
            if mine is not None and mine.problem is None and mine.said is not None:
                said.setdefault(str(client.id), []).append(mine.said)
        self.expect(set(followed.shown) == set(said), self, f"{who} is shown {set(followed.shown)}, here are {said}")
        for user_id, tabs in said.items():
            shown = followed.shown[user_id]
            self.expect(shown["visible"] == any(tab[1] for tab in tabs), self, f"{who} is shown {shown}, not {tabs}")
            states = [{"n": tab[0]} for tab in tabs]
            self.expect(shown["state"] in states, self, f"{who} is shown {shown}, not {tabs}")

    def _check_rows(self) -> None:
        """Of processes that have ended, nothing is left in the table."""
        alive = {process.presence._process for process in self.processes if process.presence is not None}
        left = {process for process, _ in self.rooms.people} - alive
        self.expect(not left, self, f"rows of processes are left that have ended: {left}")

    def _check_nothing_is_held(self) -> None:
        timers = [
            handle
            for _, _, handle in self.loop._timers
            if not handle._cancelled and getattr(handle._callback, "__func__", None) is Guest._take
        ]
        self.expect(not timers, self, f"timers are left of clients that have left: {timers}")
        for process in self.processes:
            if not process.is_alive:
                continue
            relay, guests = process.relay, process.guests
            left = {
                "streams": relay.streams,
                "people in the relay": relay.by_user,
                "pages": relay._pages,
                "guests": guests.by_user,
                "connections": guests._by_connection,
                "checks": guests._tasks,
            }
            if process.presence is not None:
                here = process.presence
                left |= {"people": here._here, "leaving": here._leaving, "those behind": here._behind}
            for what, held in left.items():
                self.expect(not held, self, f"{what} are held after everybody has left: {held}")
            self.expect((relay.live, guests._sockets) == (0, 0), self, f"{relay.live} live, {guests._sockets} sockets")
            self.expect(len(relay._tasks) == 2, self, f"tasks are left: {relay._tasks}")


@contextmanager
def _sizes(random: Random) -> Any:
    """Makes rings and pages small in most runs."""
    before = {name: getattr(relay_module, name) for name in SIZES}
    for name, values in SIZES.items():
        setattr(relay_module, name, random.choice(values))
    page, subscribing.PAGE = subscribing.PAGE, relay_module.PAGE
    times = [(module, name, getattr(module, name)) for module, name, _ in TIMES]
    for module, name, value in TIMES:
        setattr(module, name, value)
    try:
        yield
    finally:
        subscribing.PAGE = page
        for module, name, value in times:
            setattr(module, name, value)
        for name, value in before.items():
            setattr(relay_module, name, value)


@contextmanager
def _logs(world: World) -> Any:
    modules = (relay_module, guest_module, commands_module, namespace_module, presence_module)
    before = [module.logger for module in modules]
    for module in modules:
        module.logger = Log(world)
    try:
        yield
    finally:
        for module, logger in zip(modules, before, strict=True):
            module.logger = logger
