"""People with short-lived tokens, and their clients, which write down everything that they are given."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from core.clock import now
from core.ids import uuid7
from models.access import Actor
from models.user import Session, User
from realtime.unit_of_work import unit_of_work
from server.auth.sessions import Client as Device
from server.auth.sessions import open_session
from server.auth.tokens import Tokens
from tallyroom_client import Client, Event, Pauses, Position, Problem, Snapshot, Timing
from tests.realtime.bus_server import Link

QUICK = Timing(pauses=Pauses(0.05, 0.5), answer_s=5, patience_s=10, held=200)


@dataclass
class Person:
    """Somebody with an account."""

    user: User
    tokens: Tokens
    random: Random
    session: Session | None = None
    gets_tokens: bool = True
    refreshed: int = 0
    sign_ins: int = 0
    removed_at: int | None = None  # the number of the event that removed this person from the project

    async def sign_in(self) -> None:
        """Begins another session."""
        async with unit_of_work(Actor("user", self.user.id)) as u:
            opened = await open_session(u, self.user, Device("127.0.0.1", "chaos"), remember=False, method="pwd")
        self.session = opened.session
        self.sign_ins += 1

    def token(self) -> str:
        """A token that ends soon."""
        assert self.session is not None
        # The server warns a minute before the end: some are refreshed again and again, others after a while.
        ends = now() + timedelta(seconds=self.random.choice((self.random.uniform(4, 20), self.random.uniform(61, 70))))
        short = Session(
            id=self.session.id, method="pwd", expires_at=ends, authenticated_at=self.session.authenticated_at
        )
        return self.tokens.issue(self.user, short).token


class ShortSession:
    """What the Python client takes its tokens from."""

    def __init__(self, person: Person) -> None:
        self._person = person

    @property
    def sign_ins(self) -> int:
        """How often the person has signed in: a socket cannot change to another session."""
        return self._person.sign_ins

    async def token(self) -> str:
        """A token."""
        return self._person.token()

    async def newer(self, than: str) -> str:
        """Another one. Raises: Problem while there is none."""
        if not self._person.gets_tokens:
            raise Problem(503, "unavailable", "There are no tokens now.")
        self._person.refreshed += 1
        return self._person.token()

    async def end(self) -> None:
        """Nothing is left behind."""


@dataclass
class Broken:
    """What must not happen, by kind."""

    found: dict[str, list[str]] = field(default_factory=lambda: {k: [] for k in KINDS})

    def note(self, kind: str, text: str) -> None:
        """Adds one."""
        self.found[kind].append(text)


KINDS = ("lost", "repeated", "reordered", "phantom", "leaked", "failed")


class Watcher:
    """Somebody's client of one stream, behind a link of its own. It never stops trying."""

    def __init__(self, person: Person, stream: str, link: Link, broken: Broken) -> None:
        self.person = person
        self.stream = stream
        self.link = link
        self.position = Position(0)
        self.events: list[Event] = []
        self.snapshots: list[Snapshot] = []
        self.codes: dict[str, int] = {}
        self.is_asleep = False
        self._broken = broken
        self._running: asyncio.Task[None] | None = None
        self._raw: int | None = None  # the last number that came over the wire; None until `subscribe` is answered

    def start(self) -> None:
        """Begins to follow."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops following."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._follow()
        except Exception as error:  # noqa: BLE001 - a task's root
            self._broken.note("failed", f"{self.stream}: {type(error).__name__} {error}")

    async def _follow(self) -> None:
        while True:
            client = self._client()
            try:
                async for item in client.follow(self.stream, self.position):
                    self._take(item)
            except Problem as problem:
                self.codes[problem.code] = self.codes.get(problem.code, 0) + 1
                if problem.code == "token_revoked":
                    with contextlib.suppress(Exception):  # the database may be away, and then it tries again
                        await self.person.sign_in()
                elif problem.code not in ("revoked", "not_found"):
                    self._broken.note("failed", f"{self.stream}: {problem.code} {problem}")
            finally:
                with contextlib.suppress(Exception):
                    await client.close()
            await asyncio.sleep(0.2)

    def _client(self) -> Client:
        client = Client(f"http://127.0.0.1:{self.link.port}", token="session", timing=QUICK)
        live = client._live
        live._session = client._session = ShortSession(self.person)  # type: ignore[assignment]  # tokens of seconds, not minutes
        receive, send = live._receive, live.send

        def received(name: str, body: Any) -> None:
            if isinstance(body, dict) and "seq" in body and self._raw is not None:
                self._expect_next(body["seq"], self._raw, "on the wire")
                self._raw = body["seq"]
            receive(name, body)

        def sent(name: str, body: Any, answered: Any = None) -> None:
            def taken(answer: Any = None, *more: Any) -> None:
                if isinstance(answer, dict) and answer.get("ok") and not answer.get("more"):
                    events = answer["events"]
                    self._raw = events[-1]["seq"] if events else answer["head"]
                answered(answer, *more)

            self._raw = None
            send(name, body, taken if name == "subscribe" else answered)

        live._receive, live.send = received, sent  # type: ignore[method-assign]  # to see the wire
        return client

    def _take(self, item: Any) -> None:
        if isinstance(item, Snapshot):
            self.snapshots.append(item)
            self.position = item.position
            return
        if not isinstance(item, Event):
            return
        seq = item.position.seq
        self._expect_next(seq, self.position.seq, "from the client")
        if self.person.removed_at is not None and seq >= self.person.removed_at and self.stream.startswith("project:"):
            self._broken.note("leaked", f"{self.stream}: {seq}, removed at {self.person.removed_at}")
        self.position = item.position
        self.events.append(item)

    def _expect_next(self, seq: int, last: int, where: str) -> None:
        if seq != last + 1:
            kind = "lost" if seq > last + 1 else "repeated" if seq == last else "reordered"
            self._broken.note(kind, f"{self.stream}: {seq} after {last} {where}")


def new_user(number: int, role: str) -> User:
    """An account that signs in only here."""
    return User(
        id=uuid7(), email=f"person{number}@example.test", display_name=f"Person {number}", role=role, password_hash=None
    )
