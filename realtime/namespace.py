"""The door of /live: who may come in, what a client may say, and how it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import log, problems
from core.clock import rfc3339
from core.ids import uuid7
from core.problems import Fault, Problem
from models.access import Actor
from realtime import streams
from realtime.relay import PAGE, Frame, Relay, Stream, Subscription, seconds_until
from realtime.transport import Connection, LiveServer

MAX_PAGE_BYTES = 256 * 1024
EXPIRING_BEFORE = timedelta(seconds=60)
logger = log.get(__name__)


@dataclass(frozen=True)
class Grant:
    """A person's right to a stream, and the stream's place, all read in one snapshot."""

    epoch: str
    head: int
    floor: int
    valid_until: datetime | None = None
    parent: str | None = None


class Authority(Protocol):
    """What the application hands over: tokens, rights, snapshots."""

    async def authenticate(self, token: str) -> Actor:
        """Raises: Problem."""
        ...

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        """None when the actor may not follow the stream, or it does not exist."""
        ...

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        """The stream's noun as REST shows it, true at the grant's head."""
        ...


@dataclass(frozen=True)
class Limits:
    """Caps of a client."""

    sockets_per_user: int
    commands_per_s: float
    command_burst: int
    subscriptions: int


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Subscribe(_Command):
    """Follow a stream, from a place or from now on."""

    stream: str = Field(max_length=64)
    after: int | None = Field(None, ge=0, le=2**53)
    epoch: str | None = Field(None, max_length=64)


class Unsubscribe(_Command):
    """Follow a stream no longer."""

    stream: str = Field(max_length=64)


class RefreshToken(_Command):
    """A newer access token of the same session."""

    token: str = Field(max_length=4096)


# What a client may ask. Everything else that changes something is HTTP.
COMMANDS: dict[str, type[_Command]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "auth.refresh": RefreshToken,
}


@dataclass
class Guest:
    """What the door remembers of an authenticated connection."""

    connection: Connection
    actor: Actor
    token: str = field(repr=False)
    namespace: "Namespace"
    subs: dict[str, Subscription] = field(default_factory=dict)
    tokens: float = 0.0
    refilled_at: float = field(default_factory=time.monotonic)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    changes: int = 0  # of rights, so that one under way notices those it may have missed
    user_stream: Stream | None = None

    def forget(self, sub: Subscription) -> None:
        """A subscription was taken out by the relay."""
        if self.subs.get(sub.name) is sub:
            del self.subs[sub.name]

    def on_user_event(self, frame: Frame) -> None:
        """Sessions and access of this person changed."""
        kind, data = frame.event["type"], frame.event["data"]
        if kind == "session.revoked" and data["session_id"] in (None, str(self.actor.session_id)):
            self.connection.emit("auth.revoked", {"code": "token_revoked"})
            self.connection.close("token_revoked", reconnect=False)
        elif kind == "access.revoked":
            for name in data["streams"]:
                self.namespace.relay.end_user(str(self.actor.id), name)
        elif kind == "access.changed":
            self.changes += 1
            self.namespace.look_again(self, set(data["streams"]))
        elif kind == "user.updated" and "password_expires_at" in data["changed"]:
            self.namespace.look_again(self, None)


class Namespace:
    """Authenticates connections, runs their commands, one at a time for each."""

    def __init__(
        self,
        limits: Limits,
        on_count: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self.authority: Authority
        self.relay: Relay
        self.limits = limits
        self.guests: dict[str, list[Guest]] = {}  # by user, oldest first
        self._on_count = on_count
        self.commands: dict[str, tuple[type[_Command], Callable[[Guest, Any], Awaitable[dict[str, Any] | None]]]] = {
            "unsubscribe": (Unsubscribe, self._unsubscribe),
            "auth.refresh": (RefreshToken, self._refresh),
        }
        self.server: LiveServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self, authority: Authority, relay: Relay) -> None:
        """Hands over what opens later than the route is made."""
        self.authority = authority
        self.relay = relay

    # -- coming and going ----------------------------------------------------------------------------------------------

    async def on_connect(self, connection: Connection, auth: Any) -> None:
        """CONNECT over WebSocket: lets in, or refuses and closes."""
        if "token" in connection.request.query:
            connection.refuse("token_in_query")
            return
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            connection.refuse("token_missing")
            return
        try:
            actor = await self.authority.authenticate(token)
            name = streams.user(actor.user_id)
            grant = await self.authority.grant(actor, name)
            if grant is None or actor.password_expired:
                connection.refuse("token_invalid" if grant is None else "password_expired")
                return
            guest = Guest(connection, actor, token, self, tokens=self.limits.command_burst)
            connection.door = guest
            guest.user_stream = self.relay.hold(name, grant.epoch, grant.head)
            guest.user_stream.listeners.add(guest.on_user_event)
            # Once more, now that revocations reach us: one that came in between is seen here.
            if (await self.authority.authenticate(token)).password_expired:
                raise problems.PasswordExpired
        except Problem as problem:
            self._leave(connection)
            connection.refuse(problem.code)
            return
        if connection.is_closed:
            self._leave(connection)
            return
        mine = self.guests.setdefault(str(actor.id), [])
        mine.append(guest)
        connection.accept()
        self._watch_expiry(guest)
        while len(mine) > self.limits.sockets_per_user:
            oldest = mine.pop(0)
            oldest.connection.close("too_many_connections", reconnect=False)
        self._count()

    def on_closed(self, connection: Connection) -> None:
        """The transport is gone."""
        self._leave(connection)
        self._count()

    def _leave(self, connection: Connection) -> None:
        guest: Guest | None = connection.door
        if guest is None:
            return
        connection.door = None
        for timer in guest.timers:
            timer.cancel()
        for sub in list(guest.subs.values()):
            self.relay.drop(sub)
        guest.subs.clear()
        if guest.user_stream is not None:
            guest.user_stream.listeners.discard(guest.on_user_event)
        mine = self.guests.get(str(guest.actor.id), [])
        if guest in mine:
            mine.remove(guest)
        if not mine:
            self.guests.pop(str(guest.actor.id), None)

    def on_drained(self, connection: Connection) -> None:
        """The client took what was queued: go on from its cursors."""
        guest: Guest | None = connection.door
        if guest is not None:
            for sub in list(guest.subs.values()):
                self.relay.pump(sub)

    async def watch_stalled(self) -> None:
        """Closes clients that take nothing for 30 s."""
        while True:
            await asyncio.sleep(5)
            if self.server is not None:
                for connection in self.server.stalled():
                    logger.warning("a socket takes nothing and is closed", sid=connection.sid)
                    connection.abort()

    def _watch_expiry(self, guest: Guest) -> None:
        for timer in guest.timers:
            timer.cancel()
        expires = guest.actor.token_expires_at
        if expires is None:
            return
        loop = asyncio.get_running_loop()
        shown = {"expires_at": rfc3339(expires)}
        connection = guest.connection

        def expire() -> None:
            connection.emit("auth.expired", shown)
            connection.close("token_expired", reconnect=False)

        left_s = seconds_until(expires)
        guest.timers = [
            loop.call_later(
                max(0.0, left_s - EXPIRING_BEFORE.total_seconds()), connection.emit, "auth.expiring", shown
            ),
            loop.call_later(left_s, expire),
        ]
        password_expires = guest.actor.password_expires_at
        if password_expires is not None and password_expires < expires:
            closing = loop.call_later(
                seconds_until(password_expires), lambda: connection.close("password_expired", reconnect=False)
            )
            guest.timers.append(closing)

    def look_again(self, guest: Guest, names: set[str] | None) -> None:
        """Reads a person's rights to streams once more, or without names the account: their ends have changed."""
        task = asyncio.create_task(self._look_again(guest, names))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_again(self, guest: Guest, names: set[str] | None) -> None:
        try:
            if names is None:
                await self._look_at_account(guest)
            for sub in [sub for sub in guest.subs.values() if names and names & {sub.name, sub.parent}]:
                grant = await self.authority.grant(guest.actor, sub.name)
                if sub.is_live and grant is None:
                    self.relay.end(sub)
                elif sub.is_live and grant is not None:
                    self._end_at(sub, grant.valid_until)
        except Problem as problem:
            guest.connection.close(problem.code, reconnect=False)
        except Exception:
            # What the person may follow is not known, so nothing is followed: the client comes back and asks.
            logger.exception("rights could not be read again")
            guest.connection.close("unavailable", reconnect=True)

    async def _look_at_account(self, guest: Guest) -> None:
        actor = await self.authority.authenticate(guest.token)
        if actor.password_expired:
            raise problems.PasswordExpired
        if not guest.connection.is_closed:
            guest.actor = actor
            self._watch_expiry(guest)

    def _end_at(self, sub: Subscription, at: datetime | None) -> None:
        if sub.expiry is not None:
            sub.expiry.cancel()
            sub.expiry = None
        if at is not None:
            sub.expiry = asyncio.get_running_loop().call_later(seconds_until(at), self.relay.end, sub)

    def _count(self) -> None:
        guests = [guest for mine in self.guests.values() for guest in mine]
        self._on_count(len(guests), sum(len(guest.subs) for guest in guests))

    # -- commands ------------------------------------------------------------------------------------------------------

    async def on_command(self, connection: Connection, name: str, arguments: list[Any], number: int | None) -> None:
        """Runs a command and answers it."""
        guest: Guest | None = connection.door
        if guest is None:
            connection.close()
            return
        token = log.request_id.set(str(uuid7()))
        try:
            self._spend(guest)
            if name == "subscribe":
                command = _parse(Subscribe, arguments)
                await self._subscribe(guest, command, number)  # answers by itself, before anything live
                return
            if name not in self.commands:
                raise problems.UnknownCommand(f"Commands are: subscribe, {', '.join(self.commands)}.")
            model, run = self.commands[name]
            answer = await run(guest, _parse(model, arguments))
            if answer is not None and number is not None:
                connection.acknowledge(number, answer)
        except Problem as problem:
            self._refuse(connection, number, problem)
        except Exception:
            logger.exception("a command failed", command=name[:64])
            self._refuse(connection, number, problems.Internal())
        finally:
            log.request_id.reset(token)

    def _refuse(self, connection: Connection, number: int | None, problem: Problem) -> None:
        if number is not None:
            connection.acknowledge(number, {"ok": False, "problem": problem.document(log.request_id.get())})

    def _spend(self, guest: Guest) -> None:
        at = time.monotonic()
        guest.tokens = min(
            float(self.limits.command_burst), guest.tokens + (at - guest.refilled_at) * self.limits.commands_per_s
        )
        guest.refilled_at = at
        if guest.tokens < 1:
            raise problems.RateLimited("Too many commands: wait, then try again.", retry_after_s=1)
        guest.tokens -= 1

    async def _subscribe(self, guest: Guest, command: Subscribe, number: int | None) -> None:
        name, connection = command.stream, guest.connection
        if streams.parse(name) is None:
            raise problems.NotFound
        previous = guest.subs.pop(name, None)
        if previous is not None:
            self.relay.drop(previous)
        if len(guest.subs) >= self.limits.subscriptions:
            raise problems.TooManySubscriptions(f"A socket follows at most {self.limits.subscriptions} streams.")
        sub = Subscription(connection, str(guest.actor.id), name)
        self.relay.note_pending(sub)  # from here a removal is noticed
        changes = guest.changes
        try:
            grant = await self.authority.grant(guest.actor, name)
            if grant is None:
                raise problems.NotFound
            sub.parent = grant.parent
            if sub.parent is not None and sub.ended_at < 0:
                self.relay.note_pending(sub)
            await self._join(guest, sub, command, grant, number)
        except BaseException:
            self.relay.drop(sub)
            raise
        if sub.is_live and guest.changes != changes:
            self.look_again(guest, {name})
        if sub.is_live:
            await self.relay.send_states(sub)

    async def _join(
        self, guest: Guest, sub: Subscription, command: Subscribe, grant: Grant, number: int | None
    ) -> None:
        name, connection, relay = sub.name, guest.connection, self.relay
        stream = relay.hold(name, grant.epoch, grant.head)
        stream.pending += 1
        try:
            start = grant.head if command.after is None else command.after
            page: list[Frame] = []
            mode, state = "live", None
            is_elsewhere = command.epoch not in (None, grant.epoch) and command.after is not None
            if is_elsewhere or start > grant.head or start < grant.floor:
                taken = await self.authority.snapshot(guest.actor, name)
                if taken is None:
                    raise problems.NotFound
                grant, state = taken
                start, mode = grant.head, "snapshot"
                stream = self._hold_again(stream, name, grant)
            elif start < grant.head:
                page = stream.slice(start, PAGE) or await relay.frames(name, start, PAGE)
                page = _bounded([frame for frame in page if frame.seq <= max(grant.head, start + PAGE)])
                mode = "replay"
                if not page or page[0].seq != start + 1:
                    taken = await self.authority.snapshot(guest.actor, name)
                    if taken is None:
                        raise problems.NotFound
                    grant, state = taken
                    page, start, mode = [], grant.head, "snapshot"
                    stream = self._hold_again(stream, name, grant)
            # No await from here to the end: the answer precedes everything live.
            removed = any(sub.user_id in frame.ends and frame.seq > grant.head for frame in page)
            if sub.ended_at > grant.head or removed or connection.is_closed:
                raise problems.NotFound
            cursor = page[-1].seq if page else start
            more = cursor < grant.head and cursor + 1 < stream.first
            answer = {
                "ok": True,
                "stream": name,
                "epoch": grant.epoch,
                "head": grant.head,
                "mode": mode,
                "events": [frame.event for frame in page],
            }
            if state is not None:
                answer["state"] = state
            if more:
                answer["more"] = True
            if number is not None:
                connection.acknowledge(number, answer)
            if more:
                relay.drop(sub)
                return
            sub.stream, sub.cursor, sub.granted = stream, cursor, grant.head
            guest.subs[name] = sub
            self._end_at(sub, grant.valid_until)
            relay.add(sub)
            self._count()
        finally:
            stream.pending -= 1

    def _hold_again(self, stream: Stream, name: str, grant: Grant) -> Stream:
        stream.pending -= 1
        found = self.relay.hold(name, grant.epoch, grant.head)
        found.pending += 1
        return found

    async def _unsubscribe(self, guest: Guest, command: Unsubscribe) -> dict[str, Any]:
        sub = guest.subs.pop(command.stream, None)
        if sub is not None:
            self.relay.drop(sub)
            self._count()
        return {"ok": True}

    async def _refresh(self, guest: Guest, command: RefreshToken) -> dict[str, Any] | None:
        try:
            actor = await self.authority.authenticate(command.token)
        except Problem as problem:
            guest.connection.close(problem.code, reconnect=False)
            return None
        if (actor.id, actor.session_id) != (guest.actor.id, guest.actor.session_id) or actor.token_expires_at is None:
            guest.connection.close("token_invalid", reconnect=False)
            return None
        if actor.password_expired:
            guest.connection.close("password_expired", reconnect=False)
            return None
        guest.actor, guest.token = actor, command.token
        self._watch_expiry(guest)
        return {"ok": True, "expires_at": rfc3339(actor.token_expires_at)}

    # -- the end -------------------------------------------------------------------------------------------------------

    async def drain(self, seconds: float = 1.5) -> None:
        """Tells all clients to come back later, spread over a time, and closes their transports in batches."""
        if self.server is None:
            return
        everybody = list(self.server.connections.values())
        for position, connection in enumerate(everybody):
            if connection.is_connected:
                connection.emit("server.draining", {"reconnect_in_ms": 200 + position * 2000 // max(len(everybody), 1)})
        batch = max(50, len(everybody) // 10)
        for start in range(0, len(everybody), batch):
            for connection in everybody[start : start + batch]:
                connection.close("draining", reconnect=True)
            await asyncio.sleep(min(0.1, seconds / 10))
        if everybody:
            await asyncio.sleep(0.2)


def _parse(model: type[Any], arguments: list[Any]) -> Any:
    """The one argument of a command. Raises: Invalid."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise problems.Invalid(errors=(Fault("", "invalid_field", "send one object"),))
    try:
        return model.model_validate(arguments[0])
    except ValidationError as error:
        codes = {"extra_forbidden": "unknown_field", "missing": "missing_field"}
        faults = tuple(
            Fault(
                "".join(f"/{part}" for part in fault["loc"])[:200],
                codes.get(fault["type"], "invalid_field"),
                fault["msg"].split(",")[0],
            )
            for fault in error.errors(include_input=False, include_url=False)[:20]
        )
        raise problems.Invalid(errors=faults) from None


def _bounded(frames: list[Frame]) -> list[Frame]:
    """As many frames as an answer may hold, at least one."""
    size = 0
    for position, frame in enumerate(frames):
        size += len(frame.text)
        if size > MAX_PAGE_BYTES and position:
            return frames[:position]
    return frames
