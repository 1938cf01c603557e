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
from core.problems import Fault, Problem, Unavailable
from models.access import Actor
from realtime import streams
from realtime.relay import PAGE, Frame, Relay, Stream, Subscription, is_contiguous, seconds_until
from realtime.transport import Connection, LiveServer

MAX_PAGE_BYTES = 256 * 1024
EXPIRING_BEFORE = timedelta(seconds=60)
EXPIRED_GRACE_S = 5.0  # the leeway of tokens: a newer one may still come
MAX_TRIES = 5  # of a subscription whose person's rights change while it is answered
logger = log.get(__name__)


@dataclass(frozen=True)
class Grant:
    """A person's right to a stream, and the stream's place, all read in one snapshot."""

    epoch: str
    head: int
    floor: int
    valid_until: datetime | None = None
    parents: frozenset[str] = frozenset()


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
    told_end: datetime | None = None  # the end of a token that `auth.expiring` was sent for
    changes: int = 0  # of rights, so that one under way notices those it may have missed
    user_stream: Stream | None = None
    known_head: int = 0  # of that stream: the account was read after it, so revocations up to it are no news
    is_counted: bool = False

    def forget(self, sub: Subscription) -> None:
        """A subscription was taken out by the relay."""
        if self.subs.get(sub.name) is sub:
            del self.subs[sub.name]

    def on_user_event(self, frame: Frame | None) -> None:
        """Sessions and access of this person changed; without a frame: something may have."""
        if frame is None:
            self.doubt(None)
            return
        kind, data = frame.event["type"], frame.event["data"]
        if kind == "session.revoked":
            # An older one that is read late ended the sessions of its time, and not one that was opened since.
            if frame.seq <= self.known_head or data["session_id"] not in (None, str(self.actor.session_id)):
                return
            self.connection.emit("auth.revoked", {"code": "token_revoked"})
            self.connection.close("token_revoked", reconnect=False)
        elif kind in ("access.revoked", "access.changed"):
            self.doubt(set(data["streams"]))
        elif kind == "user.updated" and "password_expires_at" in data["changed"]:
            self.namespace.look_again(self, set(), account=True)

    def doubt(self, names: set[str] | None) -> None:
        """Nothing of these streams and those below (None: of any) is written until the right to them is read again."""
        self.changes += 1
        doubtful = {sub for sub in self.subs.values() if names is None or names & {sub.name, *sub.parents}}
        for sub in doubtful:
            sub.doubts += 1
        self.namespace.look_again(self, doubtful, account=names is None)


@dataclass(frozen=True)
class _Answer:
    """What a subscription is answered with: the events missed (None: a snapshot instead), the snapshot's state."""

    command: Subscribe
    number: int | None
    page: list[Frame] | None
    state: dict[str, Any] | None


class Namespace:
    """Authenticates connections, runs their commands, one at a time for each."""

    def __init__(
        self,
        limits: Limits,
        on_count: Callable[[int, int], None] = lambda _, __: None,
        problem_of: Callable[[Exception], Problem] = lambda _: problems.Internal(),
        described: Callable[[Exception], dict[str, str]] = lambda error: {"error": type(error).__name__},
    ) -> None:
        self.authority: Authority
        self.relay: Relay
        self.limits = limits
        self.guests: dict[str, list[Guest]] = {}  # by user, oldest first
        self._on_count = on_count
        self._problem_of = problem_of
        self._described = described
        self.commands: dict[str, tuple[type[_Command], Callable[[Guest, Any], Awaitable[dict[str, Any] | None]]]] = {
            "unsubscribe": (Unsubscribe, self._unsubscribe),
            "auth.refresh": (RefreshToken, self._refresh),
        }
        self.server: LiveServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets = 0

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
            guest = Guest(connection, await self.authority.authenticate(token), token, self)
            guest.tokens = self.limits.command_burst
            connection.door = guest
            await self._follow_user(guest)
        except Problem as problem:
            self._leave(connection)
            connection.refuse(problem.code)
            return
        except Exception as error:
            self._leave(connection)
            if self._problem_of(error).status != Unavailable.status:
                raise
            # No refusal, which would keep the client from coming back: it tries again by itself.
            logger.warning("a socket could not sign in", **self._described(error))
            connection.close()
            return
        if connection.is_closed:
            self._leave(connection)
            return
        mine = self.guests.setdefault(str(guest.actor.id), [])
        mine.append(guest)
        guest.is_counted = True
        self._sockets += 1
        connection.accept()
        self._watch_expiry(guest)
        while len(mine) > self.limits.sockets_per_user:
            oldest = mine.pop(0)
            oldest.connection.close("too_many_connections", reconnect=False)
        self._count()

    async def _follow_user(self, guest: Guest) -> None:
        """Holds the person's own stream, where revocations arrive; then reads the account. Raises: Problem."""
        name = streams.user(guest.actor.user_id)
        grant = await self.authority.grant(guest.actor, name)
        if grant is None:
            raise problems.TokenInvalid
        stream = self.relay.hold(name, grant.epoch, grant.head)
        guest.user_stream, guest.known_head = stream, grant.head
        stream.listeners.add(guest.on_user_event)
        # Now that revocations reach us: one that came before is seen here.
        guest.actor = await self.authority.authenticate(guest.token)
        if guest.actor.password_expired:
            raise problems.PasswordExpired

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
        if guest.is_counted:
            self._sockets -= 1
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
            stalled_s = self.server.stalled_s if self.server is not None else 30.0
            await asyncio.sleep(stalled_s / 6)
            try:
                for connection in self.server.stalled() if self.server is not None else ():
                    logger.warning("a socket takes nothing and is closed", sid=connection.sid)
                    connection.abort()
            except Exception:
                logger.exception("stalled sockets could not be looked for")

    def _watch_expiry(self, guest: Guest) -> None:
        for timer in guest.timers:
            timer.cancel()
        expires = guest.actor.token_expires_at
        if expires is None:
            return
        loop = asyncio.get_running_loop()
        shown = {"expires_at": rfc3339(expires)}
        connection = guest.connection

        left_s = seconds_until(expires)
        guest.timers = [
            loop.call_later(max(0.0, left_s - EXPIRING_BEFORE.total_seconds()), self._tell_end, guest, expires),
            loop.call_later(left_s, connection.emit, "auth.expired", shown),
            loop.call_later(left_s + EXPIRED_GRACE_S, lambda: connection.close("token_expired", reconnect=False)),
        ]
        password_expires = guest.actor.password_expires_at
        if password_expires is not None and password_expires < expires:
            closing = loop.call_later(
                seconds_until(password_expires), lambda: connection.close("password_expired", reconnect=False)
            )
            guest.timers.append(closing)

    def _tell_end(self, guest: Guest, expires: datetime) -> None:
        # Once: what follows a token may end with it, when their session does, and would be asked for again and again.
        if guest.told_end != expires:
            guest.told_end = expires
            guest.connection.emit("auth.expiring", {"expires_at": rfc3339(expires)})

    def look_again(self, guest: Guest, doubtful: set[Subscription], *, account: bool = False) -> None:
        """Reads a person's rights to streams once more, and the account: they or their ends have changed."""
        task = asyncio.create_task(self._look_again(guest, doubtful, account))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_again(self, guest: Guest, doubtful: set[Subscription], account: bool) -> None:
        try:
            if account:
                await self._look_at_account(guest)
            for sub in doubtful:
                doubts = sub.doubts
                grant = await self.authority.grant(guest.actor, sub.name) if sub.is_live else None
                if not sub.is_live or sub.doubts != doubts:
                    continue  # ended meanwhile, or somebody looks who has seen more
                if grant is None:
                    self.relay.end(sub)
                    continue
                sub.doubts = 0
                sub.granted = max(sub.granted, grant.head)
                self._end_at(sub, grant.valid_until)
                self.relay.pump(sub)
        except Problem as problem:
            if isinstance(problem, problems.TokenRevoked) and not guest.connection.is_closed:
                guest.connection.emit("auth.revoked", {"code": problem.code})
            guest.connection.close(problem.code, reconnect=False)
        except Exception as error:  # noqa: BLE001 - a task's root: the database may be away
            # What the person may follow is not known, so nothing is followed: the client comes back and asks.
            logger.warning("rights could not be read again", error=type(error).__name__)
            guest.connection.close("unavailable", reconnect=True)
        self._count()

    async def _look_at_account(self, guest: Guest) -> None:
        if guest.user_stream is not None and guest.user_stream.is_gone:
            await self._follow_user(guest)
        else:
            guest.actor = await self.authority.authenticate(guest.token)
            if guest.actor.password_expired:
                raise problems.PasswordExpired
        if guest.connection.is_closed:
            self._leave(guest.connection)
        else:
            self._watch_expiry(guest)

    def _end_at(self, sub: Subscription, at: datetime | None) -> None:
        if sub.expiry is not None:
            sub.expiry.cancel()
            sub.expiry = None
        if at is not None:
            sub.expiry = asyncio.get_running_loop().call_later(seconds_until(at), self.relay.end, sub)

    def _count(self) -> None:
        self._on_count(self._sockets, self.relay.live)

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
        except Exception as error:
            failure = self._problem_of(error)
            if isinstance(failure, problems.Internal):
                logger.exception("a command failed", command=name[:64])
            else:
                logger.warning("a command could not be answered", status=failure.status, **self._described(error))
            self._refuse(connection, number, failure)
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
        try:
            for _ in range(MAX_TRIES):
                if await self._try_subscribe(guest, sub, command, number):
                    break
            else:
                raise problems.Busy
        except BaseException:
            self.relay.drop(sub)
            raise
        if sub.is_live:
            self._count()
            await self.relay.send_states(sub)

    async def _try_subscribe(self, guest: Guest, sub: Subscription, command: Subscribe, number: int | None) -> bool:
        """Answers by the rights as they are. False when they changed meanwhile, or the stream was made anew."""
        changes = guest.changes
        grant = await self.authority.grant(guest.actor, sub.name)
        if grant is None:
            raise problems.NotFound
        stream = self.relay.hold(sub.name, grant.epoch, grant.head)
        stream.pending += 1
        try:
            state = None
            page = await self._missed(sub.name, stream, grant, command)
            if page is None:
                taken = await self.authority.snapshot(guest.actor, sub.name)
                if taken is None:
                    raise problems.NotFound
                grant, state = taken
            # No await from here to the end: the answer precedes everything live.
            if guest.changes != changes or stream.is_gone or grant.epoch != stream.epoch:
                return False
            removed = any(sub.user_id in frame.ends and frame.seq > grant.head for frame in page or ())
            if sub.ended_at > grant.head or removed or guest.connection.is_closed:
                raise problems.NotFound
            self._join(guest, sub, stream, grant, _Answer(command, number, page, state))
            return True
        finally:
            stream.pending -= 1

    async def _missed(self, name: str, stream: Stream, grant: Grant, command: Subscribe) -> list[Frame] | None:
        """What the client has missed; None where it needs a snapshot."""
        start = grant.head if command.after is None else command.after
        if command.epoch not in (None, grant.epoch) or not grant.floor <= start <= grant.head:
            return None
        if start == grant.head:
            return []
        page = stream.slice(start, PAGE) or await self.relay.frames(name, start, PAGE)
        return _bounded(page) if is_contiguous(page, start) else None

    def _join(self, guest: Guest, sub: Subscription, stream: Stream, grant: Grant, answer: "_Answer") -> None:
        """Writes the answer, and makes the subscription live behind it. No await."""
        page = answer.page or []
        start = grant.head if answer.page is None or answer.command.after is None else answer.command.after
        cursor = page[-1].seq if page else start
        more = cursor < grant.head and cursor + 1 < stream.first
        body: dict[str, Any] = {
            "ok": True,
            "stream": sub.name,
            "epoch": grant.epoch,
            "head": grant.head,
            "mode": "snapshot" if answer.page is None else "replay" if page else "live",
            "events": [frame.event for frame in page],
        }
        if answer.state is not None:
            body["state"] = answer.state
        if more:
            body["more"] = True
        if answer.number is not None:
            guest.connection.acknowledge(answer.number, body)
        if more:
            self.relay.drop(sub)
            return
        sub.stream, sub.parents, sub.cursor, sub.granted = stream, grant.parents, cursor, grant.head
        guest.subs[sub.name] = sub
        self._end_at(sub, grant.valid_until)
        self.relay.add(sub)

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
        self.server.is_draining = True
        everybody = list(self.server.connections.values())
        for position, connection in enumerate(everybody):
            if connection.is_connected:
                connection.emit("server.draining", {"reconnect_in_ms": 200 + position * 2000 // max(len(everybody), 1)})
        batch = max(50, len(everybody) // 10)
        for start in range(0, len(everybody), batch):
            for connection in everybody[start : start + batch]:
                connection.close("draining", reconnect=True)
            await asyncio.sleep(min(0.1, seconds / 10))
        for task in list(self._tasks):
            task.cancel()
        if everybody:
            await asyncio.sleep(0.2)
        await self.server.shutdown()


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
                "".join(f"/{part}" for part in fault["loc"])[:200].encode(errors="replace").decode(),
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
