"""A random run: changes, faults, and what every client must have when it is quiet again."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP
from typing import Any

import asyncpg
import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from core.envelope import key_ring
from core.ids import uuid7
from models.access import Actor
from models.project import Project
from realtime import streams
from realtime import unit_of_work as work
from realtime.events.project import ProjectUpdated
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.auth.sessions import revoke_session
from server.auth.tokens import Tokens
from server.demo import data
from server.project.actions import add_member, create_project, remove_member, update_project
from server.project.schemas import MemberAdd, ProjectCreate, ProjectUpdate
from server.store import database
from server.store.hints import hinter_of
from server.store.keyring import open_keyring
from server.vault.cipher import VaultCipher
from tests.chaos.installation import Installation, Process
from tests.chaos.people import KINDS, Broken, Person, Watcher, new_user
from tests.job.conftest import MAPPINGS
from tests.realtime.bus_server import Link

QUIET_S = 60.0  # in which everybody must have everything, once nothing goes wrong any more
# The same for a change of which nobody was told. It takes a second; some time later each client would find it when it comes back
# with another token.
UNTOLD_S = 10.0
STEP_S = 20.0  # for a change while the database may be away
BOOKS = tuple(data.books(200, 7))
Row = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How much there is of everything."""

    people: int = 4
    clients_each: int = 3
    writers: int = 3
    with_worker: bool = True
    with_roll: bool = True  # each start of a host takes 2 s of computing


@dataclass
class Report:
    """What a run has seen."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    broken: Broken = field(default_factory=Broken)

    @property
    def is_good(self) -> bool:
        """Whether everything held, and the run was one."""
        return not any(self.broken.found.values()) and self.seen["events"] > 0

    def lines(self) -> list[str]:
        """The report as text."""
        found = [f"{name:>10}  {len(self.broken.found[name])}" for name in KINDS]
        for name in KINDS:
            found += [f"    {name}: {text}" for text in self.broken.found[name][:10]]
        found += [f"{number:>10}  {name}" for name, number in sorted(self.seen.items())]
        found.append(f"survived {sum(self.faults.values())} faults:")
        return found + [f"{number:>10}  {name}" for name, number in sorted(self.faults.items())]


class Run:
    """One run. Its seed chooses the faults and when they come; what the machine does meanwhile is its own."""

    def __init__(self, folder: Path, seed: int, sizes: Sizes, *, without: str | None = None) -> None:
        self.random = Random(seed)
        self.report = Report(seed)
        self.sizes = sizes
        self.installation = Installation(folder, with_worker=sizes.with_worker, without=without)
        self.people: list[Person] = []
        self.watchers: list[Watcher] = []
        self.ledger: dict[tuple[str, int], Row] = {}  # events that retention has deleted
        self.acknowledged = 0  # the highest number of the project's stream whose commit was confirmed
        self.busy: set[str] = set()
        self.is_calm = False
        self.project = ""
        self.owner: Actor

    async def run(self, seconds: float) -> Report:
        """Lets things go wrong for so long, then compares."""
        installation = self.installation
        self.began_at = time.monotonic()
        try:
            await installation.start()
            async with self._inside():
                await self._prepare()
                self.say("everything runs")
                await self._go_wrong(seconds)
                await self._become_quiet(QUIET_S)
                await self._have_the_last_word()
                await self._become_quiet(UNTOLD_S)
                await self._compare()
        finally:
            await installation.stop()
        for process in installation.processes:
            self.report.seen["starts that were repeated without the database"] += process.repeated_starts
            for line in process.log.read_bytes().splitlines():
                if b'"level": "error"' in line:
                    said = orjson.loads(line)
                    why = (said.get("exception") or "").strip().rpartition("\n")[2]
                    self.report.seen[f"errors in the logs: {said['event'][:80]} {why[:200]}"] += 1
        return self.report

    def say(self, text: str) -> None:
        """Tells whoever looks how far it is."""
        print(f"{time.monotonic() - self.began_at:6.1f} s  {text}", flush=True)

    @contextlib.asynccontextmanager
    async def _inside(self) -> AsyncIterator[None]:
        """This process writes as one of the installation's would."""
        settings = await self.installation.settings_of("127.0.0.5")
        async with database.opened(settings, "tallyroom chaos", pool=6):
            self.keyring = await open_keyring(key_ring(settings))
            hinter = hinter_of(settings, self.keyring)
            work.install(work.Ledger(audit_key=self.keyring.audit, hint=hinter.hint, hint_state=hinter.hint_state))
            hinter.start()
            try:
                await self.installation.serve()
                yield
            finally:
                for watcher in self.watchers:
                    await watcher.stop()
                    await watcher.link.stop()
                await hinter.stop()

    async def _prepare(self) -> None:
        tokens = Tokens(self.keyring, self.installation.settings.base_url)
        for number in range(self.sizes.people):
            user = new_user(number, "manager" if number == 0 else "user")
            await user.save()
            person = Person(user, tokens, self.random)
            await person.sign_in()
            self.people.append(person)
        self.owner = Actor("user", self.people[0].user.id, role="manager")
        answer = await create_project(self.owner, ProjectCreate(name="Chaos"))
        self.project = orjson.loads(answer.body)["id"]
        for person in self.people[1:]:
            await self._add(person)
        for person in self.people:
            names = [streams.project(self.project)] * self.sizes.clients_each + [streams.user(person.user.id)]
            for name in names:
                link = Link(*self.random.choice(self.installation.webs).address)
                await link.start()
                self.watchers.append(Watcher(person, name, link, self.report.broken))
                self.watchers[-1].start()

    # -- changes -------------------------------------------------------------------------------------------------------

    async def _write(self, random: Random) -> None:
        """Changes the project again and again: plainly, slowly, in bulk, over REST, and in vain."""
        while not self.is_calm:
            kind = random.choice(("plain", "plain", "slow", "rolled back", "bulk", "rest"))
            try:
                async with asyncio.timeout(STEP_S):
                    await (self._change_by_rest(random) if kind == "rest" else self._change(random, kind))
                self.report.seen[f"changes, {kind}"] += 1
            except LookupError:
                self.report.seen[f"changes, {kind}"] += 1
            except Exception as error:  # noqa: BLE001 - the database or the host is away, as it is meant to be
                self.report.seen[f"changes that failed ({type(error).__name__})"] += 1
                await asyncio.sleep(0.2)
            await asyncio.sleep(random.uniform(0.0, 0.3))

    async def _change(self, random: Random, kind: str) -> None:
        name = f"{kind} {random.random()}"
        if kind == "plain":
            await update_project(self.owner, self.project, ProjectUpdate(name=name), None)  # type: ignore[arg-type]  # as text
            return
        async with unit_of_work(self.owner) as u:
            project = await Project.filter(id=self.project).using_db(u.connection).select_for_update(no_key=True).get()
            for number in range(random.randint(2, 60) if kind == "bulk" else 2):
                await u.save(project, name=f"{name} {number}")
                u.publish(ProjectUpdated(project_id=project.id, version=project.version, changed=["name"]))
            if kind != "bulk":
                _linger(u, random.uniform(0.05, 0.5), fails=kind == "rolled back")
        self._acknowledge(u.heads.get(streams.project(self.project), 0))

    def _acknowledge(self, head: int) -> None:
        self.acknowledged = max(self.acknowledged, head)

    async def _change_by_rest(self, random: Random) -> None:
        host, port = random.choice(self.installation.webs).address
        url = f"http://{host}:{port}/api/v1/projects/{self.project}"
        signed = {"Authorization": f"Bearer {self.people[0].token()}"}
        async with ClientSession(timeout=ClientTimeout(total=5)) as http:
            async with http.get(url, headers=signed) as response:
                version = response.headers.get("ETag", '"1"')
            headers = {**signed, "If-Match": version}
            async with http.patch(url, json={"name": f"rest {random.random()}"}, headers=headers) as response:
                self.report.seen[f"answers, {response.status}"] += 1
                if response.status == 200:
                    self._acknowledge(int(response.headers.get("Stream-Position", 0)))

    async def _work(self, random: Random) -> None:
        """Has files loaded and sources reconciled, so that workers publish too."""
        while not self.is_calm:
            with contextlib.suppress(Exception):  # the host or the database is away; it begins again
                async with asyncio.timeout(60):
                    sides = [await self._load(random, name, body) for name, body in zip(MAPPINGS, BOOKS, strict=True)]
                    body = {"left_source": sides[0], "right_source": sides[1]}
                    job = await self._ask(random, "POST", f"/projects/{self.project}/jobs", json=body)
                    ended = await self._until_status(random, f"/jobs/{job['id']}", {"queued", "running"})
                    self.report.seen[f"jobs that ended, {ended}"] += 1
            await asyncio.sleep(1)

    async def _load(self, random: Random, name: str, body: bytes) -> str:
        form = FormData()
        form.add_field("name", name)
        form.add_field("mapping", orjson.dumps(MAPPINGS[name]).decode())
        form.add_field("file", body, filename=f"{name}.csv")
        source = await self._ask(random, "POST", f"/projects/{self.project}/sources", data=form)
        status = await self._until_status(random, f"/sources/{source['id']}", {"pending", "loading"})
        self.report.seen[f"files that were loaded, {status}"] += 1
        return str(source["id"])

    async def _until_status(self, random: Random, path: str, others: set[str]) -> str:
        while True:
            with contextlib.suppress(ClientError, OSError, TimeoutError):
                found = await self._ask(random, "GET", path)
                if found.get("status", "loading") not in others | {503}:
                    return str(found["status"])
            await asyncio.sleep(0.5)

    async def _ask(self, random: Random, method: str, path: str, **options: Any) -> Any:
        host, port = random.choice(self.installation.webs).address
        headers = {"Authorization": f"Bearer {self.people[0].token()}"}
        async with (
            ClientSession(timeout=ClientTimeout(total=5)) as http,
            http.request(method, f"http://{host}:{port}/api/v1{path}", headers=headers, **options) as response,
        ):
            return await response.json()

    # -- faults --------------------------------------------------------------------------------------------------------

    async def _go_wrong(self, seconds: float) -> None:
        faults = self._faults()
        ends_at = time.monotonic() + seconds
        tasks = {asyncio.create_task(self._write(Random(self.random.random()))) for _ in range(self.sizes.writers)}
        if self.sizes.with_worker:
            tasks.add(asyncio.create_task(self._work(Random(self.random.random()))))
        tasks.add(asyncio.create_task(self._restart_what_ended()))
        going_on: set[asyncio.Task[None]] = set()
        order: list[str] = []
        while time.monotonic() < ends_at:
            # Every kind has its turn before any comes again, so that a short run has them all.
            order = order or self.random.sample(list(faults), len(faults))
            name = order.pop()
            task = asyncio.create_task(self._fault(name, faults[name]))
            going_on.add(task)
            task.add_done_callback(going_on.discard)
            await asyncio.sleep(self.random.uniform(0.1, min(1.5, seconds / 12)))
        self.say("waiting for the last faults to end")
        await asyncio.gather(*going_on)
        self.is_calm = True
        self.say("waiting for the last changes to end")
        await asyncio.gather(*tasks)

    async def _fault(self, name: str, cause: Callable[[], Awaitable[bool]]) -> None:
        try:
            if await cause():
                self.report.faults[name] += 1
        except Exception as error:  # noqa: BLE001 - a fault that could not be caused is one of this test
            self.report.broken.note("failed", f"{name}: {type(error).__name__} {error}"[:300])

    def _faults(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        found: dict[str, Callable[[], Awaitable[bool]]] = {
            "a host was killed (kill -9)": lambda: self._with_web(self._kill),
            "a host stood still (SIGSTOP)": lambda: self._with_web(self._freeze),
            "the database was killed": lambda: self._alone("database", self._kill_database),
            "the database stood still": lambda: self._alone("database", self._freeze_database),
            "a client's connection was cut": lambda: self._with_link(self._cut),
            "a client's connection was slow": lambda: self._with_link(self._slow),
            "a client stopped reading": lambda: self._with_link(self._stall),
            "a client went to the other host": lambda: self._with_link(self._move),
            "clients got no new tokens, and theirs expired": lambda: self._with_person(self._starve),
            "a person was removed, and added again": lambda: self._with_person(self._remove),
            "a session was revoked": lambda: self._with_person(self._revoke),
            "retention passed a sleeping client": self._forget,
        }
        if self.sizes.with_roll:
            found["the hosts were restarted one by one (SIGTERM)"] = self._roll
        if self.installation.bus is not None:
            found |= {
                "the bus was killed": lambda: self._alone("bus", self._kill_bus),
                "the bus stood still": lambda: self._alone("bus", self._freeze_bus),
                "the bus was slow": lambda: self._alone("bus", self._slow_bus),
            }
        if self.installation.worker is not None:
            found["the worker was killed"] = lambda: self._alone("worker", self._kill_worker)
        return found

    async def _alone(self, name: str, cause: Callable[[], Awaitable[None]]) -> bool:
        """Causes a fault of something, unless something is wrong with it already."""
        if name in self.busy:
            return False
        self.busy.add(name)
        try:
            await cause()
        finally:
            self.busy.discard(name)
        return True

    async def _with_web(self, cause: Callable[[Process], Awaitable[None]]) -> bool:
        free = [web for web in self.installation.webs if web.settings.host not in self.busy]
        web = self.random.choice(free or self.installation.webs)
        return await self._alone(web.settings.host, lambda: cause(web))

    async def _with_link(self, cause: Callable[[Link], Awaitable[None]]) -> bool:
        link = self.random.choice(self.watchers).link
        return await self._alone(f"link {link.port}", lambda: cause(link))

    async def _with_person(self, cause: Callable[[Person], Awaitable[None]]) -> bool:
        person = self.random.choice(self.people[1:])
        return await self._alone(str(person.user.id), lambda: cause(person))

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.random.uniform(least, most))

    async def _kill(self, web: Process) -> None:
        await web.kill()
        await self._pause(0.0, 0.5)
        await web.start()

    async def _freeze(self, web: Process) -> None:
        web.send(SIGSTOP)
        await self._pause(0.2, 3.0)
        web.send(SIGCONT)

    async def _roll(self) -> bool:
        done = False
        for web in self.installation.webs:
            done |= await self._alone(web.settings.host, lambda web=web: self._restart(web))  # type: ignore[misc]  # the default binds it
        return done

    async def _restart(self, web: Process) -> None:
        await web.stop()
        await web.start()

    async def _kill_worker(self) -> None:
        assert self.installation.worker is not None
        await self._kill(self.installation.worker)

    async def _kill_database(self) -> None:
        await self.installation.kill_database()
        await self._pause(0.0, 1.0)
        await self.installation.postgres.restart()

    async def _freeze_database(self) -> None:
        await self.installation.freeze_database(self.random.uniform(0.2, 2.0))

    async def _kill_bus(self) -> None:
        assert self.installation.bus is not None
        self.installation.bus.kill()
        await self._pause(0.1, 3.0)
        self.installation.bus.start()

    async def _freeze_bus(self) -> None:
        assert self.installation.bus is not None
        self.installation.bus.freeze()
        await self._pause(0.1, 5.0)
        self.installation.bus.thaw()

    async def _slow_bus(self) -> None:
        for link in self.installation.bus_links:
            link.delay_s = self.random.uniform(0.05, 1.5)
        await self._pause(0.5, 3.0)
        for link in self.installation.bus_links:
            link.delay_s = 0.0
            link.cut()

    async def _cut(self, link: Link) -> None:
        for _ in range(self.random.randint(1, 5)):
            link.cut()
            await self._pause(0.0, 0.3)

    async def _slow(self, link: Link) -> None:
        link.delay_s = self.random.uniform(0.02, 0.5)
        await self._pause(0.5, 3.0)
        link.delay_s = 0.0

    async def _stall(self, link: Link) -> None:
        link.stall()
        await self._pause(0.5, 4.0)
        link.go_on()

    async def _move(self, link: Link) -> None:
        link.to = self.random.choice([web.address for web in self.installation.webs if web.address != link.to])
        link.cut()

    async def _starve(self, person: Person) -> None:
        person.gets_tokens = False
        await self._pause(2.0, 12.0)
        person.gets_tokens = True

    async def _revoke(self, person: Person) -> None:
        session = person.session
        assert session is not None

        async def revoke() -> None:
            async with unit_of_work(Actor("user", person.user.id)) as u:
                await revoke_session(u, session, "chaos")

        await self._until_done(revoke)

    async def _remove(self, person: Person) -> None:
        """Takes away a person's membership. From its event on, nothing more may reach them until they are added again."""
        mine = [watcher for watcher in self.watchers if watcher.person is person and watcher.stream != _own(person)]

        async def remove() -> None:
            if await self._is_member(person):
                await remove_member(self.owner, VaultCipher(self.keyring.provider), self.project, person.user.id)  # type: ignore[arg-type]  # as text

        await self._until_done(remove)
        at = await self._until_done(lambda: self._removal_of(person))
        for watcher in mine:
            # What was received before its number was known here.
            if watcher.events and watcher.events[-1].position.seq >= at:
                self.report.broken.note("leaked", f"{watcher.events[-1].position.seq}, removed at {at}")
        person.removed_at = at
        await self._pause(0.2, 3.0)
        person.removed_at = None
        await self._add(person)

    async def _add(self, person: Person) -> None:
        async def add() -> None:
            if not await self._is_member(person):
                await add_member(self.owner, self.project, MemberAdd(email=person.user.email, role="viewer"))  # type: ignore[arg-type]  # as text

        await self._until_done(add)

    async def _is_member(self, person: Person) -> bool:
        return bool(
            await self._fetch(
                "SELECT 1 FROM project_members WHERE project_id = $1 AND user_id = $2", self.project, person.user.id
            )
        )

    async def _removal_of(self, person: Person) -> int:
        (row,) = await self._fetch(
            "SELECT max(seq) AS seq FROM events WHERE stream = $1 AND type = 'project.member.removed' "
            "AND data->>'user_id' = $2",
            streams.project(self.project),
            str(person.user.id),
        )
        return int(row["seq"])

    async def _forget(self) -> bool:
        """Deletes old events, beyond what a client has that is away."""
        watcher = self.random.choice(self.watchers)
        if watcher.is_asleep or "retention" in self.busy or watcher.person.removed_at is not None:
            return False
        watcher.is_asleep = True
        self.busy.add("retention")
        await watcher.stop()
        await self._pause(0.5, 3.0)
        # A removal is looked up by its event, so those of people stay.
        await self._until_done(lambda: self._delete_events(watcher))
        watcher.is_asleep = False
        self.busy.discard("retention")
        watcher.start()
        return True

    async def _delete_events(self, watcher: Watcher) -> None:
        (row,) = await self._fetch("SELECT head, floor FROM streams WHERE name = $1", watcher.stream)
        upto = max(row["floor"], (watcher.position.seq + row["head"]) // 2)
        for gone in await self._rows(watcher.stream, upto):
            self.ledger[gone["stream"], gone["seq"]] = gone
        await self._fetch(
            "WITH gone AS (DELETE FROM events WHERE stream = $1 AND seq <= $2 AND type <> 'project.member.removed' "
            "RETURNING stream, seq) "
            "UPDATE streams s SET floor = g.seq FROM (SELECT stream, max(seq) AS seq FROM gone GROUP BY stream) g "
            "WHERE s.name = g.stream AND s.floor < g.seq",
            watcher.stream,
            upto,
        )

    async def _restart_what_ended(self) -> None:
        """Nothing may end by itself. If something does, that is said, and it is started again."""
        while not self.is_calm:
            await asyncio.sleep(0.5)
            for process in self.installation.processes:
                if process.is_started and process.has_ended:
                    self.report.broken.note("failed", f"{process.log.name} ended by itself: {process.last_words()}")
                    await process.kill()
                    await process.start()

    async def _have_the_last_word(self) -> None:
        """
        Makes the last change while the bus is away. A hint that is lost earlier is made up for by that of the next change, or by
        the next client that comes back, so only now would anybody notice if lost hints were not.
        """
        bus = self.installation.bus
        if bus is None:
            return
        bus.kill()
        await self._until_done(lambda: self._change(self.random, "plain"))
        bus.start()
        self.report.faults["the hint of the last change was lost"] += 1

    # -- afterwards ----------------------------------------------------------------------------------------------------

    async def _become_quiet(self, most_s: float) -> None:
        """Waits until everybody has come to the heads of their streams."""
        self.say("waiting until it is quiet")
        heads: dict[str, int] = {}
        deadline = time.monotonic() + most_s
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                heads = {row["name"]: row["head"] for row in await self._fetch("SELECT name, head FROM streams")}
            if heads and all(watcher.position.seq == heads.get(watcher.stream) for watcher in self.watchers):
                return
            await asyncio.sleep(0.1)
        for watcher in self.watchers:
            if watcher.position.seq != heads.get(watcher.stream):
                self.report.broken.note(
                    "lost", f"{watcher.stream}: is at {watcher.position.seq}, the head is {heads.get(watcher.stream)}"
                )

    async def _compare(self) -> None:
        """Every client's list against the database's."""
        seen = self.report.seen
        rows = dict(self.ledger)
        (project,) = await self._fetch("SELECT version FROM projects WHERE id = $1", self.project)
        self.version = project["version"]
        for name in {watcher.stream for watcher in self.watchers}:
            rows |= {(name, row["seq"]): row for row in await self._rows(name, None)}
        head = max((seq for name, seq in rows if name == streams.project(self.project)), default=0)
        if self.acknowledged > head:
            self.report.broken.note("lost", "the database has lost a commit that it had confirmed")
        for watcher in self.watchers:
            for event in watcher.events:
                row = rows.get((watcher.stream, event.position.seq))
                if row is None or (str(row["event_id"]), row["type"]) != (event.envelope["id"], event.type):
                    self.report.broken.note("phantom", f"{watcher.stream}: {event.position.seq} {event.type}")
            self._apply(watcher, rows)
            seen["events received"] += len(watcher.events)
            seen["snapshots received"] += len(watcher.snapshots)
            seen["connections of clients"] += watcher.link.connections
            for code, number in watcher.codes.items():
                seen[f"ends of a stream, {code}"] += number
        seen["events"] = len(rows)
        seen["tokens refreshed"] = sum(person.refreshed for person in self.people)

    def _apply(self, watcher: Watcher, rows: dict[tuple[str, int], Row]) -> None:
        """A snapshot at n and the events after it must give what the database has at the end of them."""
        if watcher.stream != streams.project(self.project):
            return
        versions = {seq: row["version"] for (name, seq), row in rows.items() if name == watcher.stream}
        for snapshot in watcher.snapshots:
            before = [version for seq, version in versions.items() if version and seq <= snapshot.position.seq]
            if snapshot.state["version"] != max(before, default=1):
                text = f"version {snapshot.state['version']} at {snapshot.position}, not {max(before, default=1)}"
                self.report.broken.note("phantom", f"a snapshot has {text}")
        applied = [event.data["version"] for event in watcher.events if event.type == "project.updated"]
        applied += [snapshot.state["version"] for snapshot in watcher.snapshots]
        if max(applied, default=1) != self.version:
            self.report.broken.note("lost", f"applied, the version is {max(applied, default=1)}, not {self.version}")

    async def _rows(self, stream: str, upto: int | None) -> list[Row]:
        return await self._fetch(
            "SELECT stream, seq, event_id, type, CASE type WHEN 'project.updated' THEN (data->>'version')::int END AS version "
            "FROM events WHERE stream = $1 AND ($2::bigint IS NULL OR seq <= $2)",
            stream,
            upto,
        )

    async def _fetch(self, sql: str, *values: Any) -> list[Row]:
        connection: asyncpg.Connection = await database.connect(self.installation.settings, "tallyroom chaos")
        try:
            return [dict(row) for row in await connection.fetch(sql, *values, timeout=5)]
        finally:
            connection.terminate()

    async def _until_done(self, step: Callable[[], Awaitable[Any]]) -> Any:
        """Tries until the database answers. Each step can be repeated."""
        deadline = time.monotonic() + 60
        while True:
            try:
                async with asyncio.timeout(STEP_S):
                    return await step()
            except Exception:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)


def _linger(u: UnitOfWork, seconds: float, *, fails: bool) -> None:
    """Keeps the transaction open after it has taken its numbers, and perhaps rolls it back. Raises: LookupError then."""
    write = u._write_events

    async def later() -> None:
        await write()
        await asyncio.sleep(seconds)
        if fails:
            raise LookupError

    u._write_events = later  # type: ignore[method-assign]  # no action is that slow


def _own(person: Person) -> str:
    return streams.user(person.user.id)


def new_seed() -> int:
    """A seed that can be typed."""
    return uuid7().int % 1_000_000
