"""The people who are connected: authentication, expiry and revocation."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from core import log, problems
from core.clock import rfc3339
from core.ordered import OrderedSet
from core.problems import Problem, Unavailable
from models.access import Actor
from realtime import streams
from realtime.counts import Counts
from realtime.frame import Frame
from realtime.presence import Presence
from realtime.relay import Relay, Stream, Subscription
from realtime.socket import Socket
from realtime.store import Head

EXPIRING_BEFORE = timedelta(seconds=60)
EXPIRED_GRACE_S = 5.0  # the leeway of access tokens; a newer one may still arrive. An API token has no successor.
# All API tokens of a person together may have this many times what one may have. Less would let one that leaked close the
# sockets of the others.
TOKENS_TOGETHER = 4
logger = log.get(__name__)


@dataclass(frozen=True)
class Grant(Head):
    """A person's right to a stream, and the stream's position, read in one snapshot."""

    floor: int = 0
    valid_until: datetime | None = None
    parents: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entrance:
    """
    Somebody who comes in: the actor behind a token, and the head of their own stream, where revocations arrive. The
    account was read at that head or later.
    """

    actor: Actor
    at: Head


class Authority(Protocol):
    """What the application provides: authentication, rights, snapshots."""

    async def enter(self, token: str, address: str) -> Entrance:
        """Like `authenticate`, for somebody who stays. Raises: Problem."""
        ...

    async def authenticate(self, token: str, address: str) -> Actor:
        """The actor behind a token that was sent from an address. Raises: Problem."""
        ...

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        """
        The actor's right to a stream. None if the actor may not follow it, or it does not exist. Raises: Forbidden for
        a token without the scope.
        """
        ...

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        """The REST view of what the stream is about, true at the grant's head."""
        ...


@dataclass(frozen=True)
class Limits:
    """The limits for a client."""

    sockets_per_user: int  # of a person, and of each API token
    commands_per_s: float
    command_burst: int
    subscriptions: int


@dataclass(frozen=True)
class Hooks:
    """How the application learns the counts, and how it names failures that are not problems."""

    on_count: Callable[[int, int], None] = lambda _, __: None  # numbers of sockets and live subscriptions
    problem_of: Callable[[Exception], Problem] = lambda _: problems.Internal()
    described: Callable[[Exception], dict[str, str]] = lambda error: {"error": type(error).__name__}


@dataclass(eq=False, slots=True)
class Guest:
    """What is known about an authenticated connection."""

    connection: Socket
    actor: Actor
    token: str = field(repr=False)
    guests: "Guests" = field(repr=False)
    subs: dict[str, Subscription] = field(default_factory=dict)
    tokens: float = 0.0
    over: float = 0.0  # refused commands, less those that might have been sent since
    refilled_at: float = 0.0  # by the clock of the event loop; the bucket is full at first
    timer: asyncio.TimerHandle | None = None  # for the next thing that happens by itself
    told_end: datetime | None = None  # when the token ends that `auth.expiring` was sent for
    changes: int = 0  # of rights, so that a subscription in progress notices the ones it may have missed
    user_stream: Stream | None = None
    known_head: int = 0  # head of that stream when the account was read; revocations up to it are already known
    is_counted: bool = False

    def forget(self, sub: Subscription) -> None:
        """Forget a subscription that the relay has removed."""
        if self.subs.get(sub.name) is sub:
            del self.subs[sub.name]

    def doubt(self, names: set[str] | None) -> None:
        """
        Write nothing more of these streams and those below them (None: of any) until the right to them has been read
        again.
        """
        self.changes += 1
        doubtful = [sub for sub in self.subs.values() if names is None or names & {sub.name, *sub.parents}]
        for sub in doubtful:
            sub.doubts += 1
        self.guests.look_again(self, doubtful, account=names is None)

    def on_user_event(self, frame: Frame | None) -> None:
        """React to a change of this person's sessions or access. Without a frame, something may have changed."""
        if frame is None:
            self.doubt(None)
            return
        kind, data = frame.type, frame.event["data"]
        if kind == "session.revoked":
            # An old revocation that is read late ended only the sessions of its time, not one opened since.
            if frame.seq <= self.known_head:
                return
            if data["session_id"] is None and self.actor.limits is not None:
                self.doubt(None)  # a token has no session, but why they all ended may concern it as well
            elif data["session_id"] in (None, str(self.actor.session_id)):
                self._revoke()
        elif kind == "api_token.revoked" and data["token_id"] == str(self.actor.acting_id):
            self._revoke()
        elif kind in ("access.revoked", "access.changed"):
            self.doubt(set(data["streams"]))
        elif kind == "user.updated" and "password_expires_at" in data["changed"]:
            self.guests.look_again(self, [], account=True)

    def _revoke(self) -> None:
        if not self.is_counted:  # still at the door
            self.guests.refuse(self.connection, "token_revoked")
            return
        self.connection.emit("auth.revoked", {"code": "token_revoked"})
        self.guests.close(self.connection, "token_revoked")

    def renew(self, actor: Actor, token: str) -> None:
        """Continue with a newer token."""
        self.actor, self.token = actor, token
        self.watch_expiry()

    def watch_expiry(self, step: int = 0) -> None:
        """
        Warn before the token ends, and close after it has. A password that must be changed also closes the connection.
        There is one timer, for the next of these steps.
        """
        self.forget_timer()
        steps = self._steps()
        if step < len(steps):
            left_s = self.guests.relay.seconds_until(steps[step][0])
            self.timer = asyncio.get_running_loop().call_later(left_s, self._take, step)

    def _steps(self) -> list[tuple[datetime, Callable[[], None]]]:
        """What happens by itself, and when, in the order of time."""
        expires, connection, guests = self.actor.token_expires_at, self.connection, self.guests
        if expires is None:
            return []
        grace = timedelta(seconds=EXPIRED_GRACE_S if self.actor.limits is None else 0)
        steps = [
            (expires - EXPIRING_BEFORE, partial(self._tell_end, expires)),
            (expires, partial(connection.emit, "auth.expired", {"expires_at": rfc3339(expires)})),
            (expires + grace, partial(guests.close, connection, "token_expired")),
        ]
        password_expires = self.actor.password_expires_at
        if password_expires is not None and password_expires < expires:
            steps.append((password_expires, partial(guests.close, connection, "password_expired")))
        return sorted(steps, key=lambda found: found[0])

    def _take(self, step: int) -> None:
        self._steps()[step][1]()
        if not self.connection.is_closed:
            self.watch_expiry(step + 1)

    def forget_timer(self) -> None:
        """Let nothing happen by itself any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _tell_end(self, expires: datetime) -> None:
        # Only once: the next token may end at the same time, when the session does, and would be asked for again and
        # again.
        if self.told_end != expires:
            self.told_end = expires
            self.connection.emit("auth.expiring", {"expires_at": rfc3339(expires)})


class Guests:
    """Everybody who is connected. Lets people in, and reads their rights again when these may have changed."""

    def __init__(self, limits: Limits, hooks: Hooks) -> None:
        self.authority: Authority
        self.relay: Relay
        self.presence: Presence
        self.limits = limits
        self.hooks = hooks
        self.counts = Counts()
        self.by_user: dict[str, dict[Guest, None]] = {}  # oldest first
        self._by_acting: dict[UUID | None, dict[Guest, None]] = {}  # of a person's sessions, or of one token
        self._of_tokens: Counter[str] = Counter()  # sockets of all tokens of a person
        self._by_connection: dict[Socket, Guest] = {}
        self._tasks: OrderedSet[asyncio.Task[None]] = OrderedSet()
        self._sockets = 0

    def people(self) -> set[str]:
        """The ids of the people who are connected themselves, not only by a program."""
        return {
            user_id for user_id, guests in self.by_user.items() if any(guest.actor.limits is None for guest in guests)
        }

    def of(self, connection: Socket) -> Guest | None:
        """The guest behind a connection. None before they are let in and after they have left."""
        return self._by_connection.get(connection)

    async def admit(self, connection: Socket, auth: Any) -> None:
        """Answer CONNECT over WebSocket: let the client in, or refuse and close."""
        if connection.is_token_in_url:
            self.refuse(connection, "token_in_query")
            return
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            self.refuse(connection, "token_missing")
            return
        guest = None
        try:
            entrance = await self.authority.enter(token, connection.address)
            guest = Guest(connection, entrance.actor, token, self)
            guest.tokens = self.limits.command_burst
            self._by_connection[connection] = guest
            await self._follow_user(guest, entrance)
        except Problem as problem:
            self._forget(guest)
            if problem.status == Unavailable.status:
                # Too busy to look for the token: the client tries again by itself, as below.
                self.close(connection, reconnect=True)
            else:
                self.refuse(connection, problem.code)
            return
        except Exception as error:
            self._forget(guest)
            if self.hooks.problem_of(error).status != Unavailable.status:
                raise
            # No refusal, because that would keep the client from coming back. This way it tries again by itself.
            logger.warning("a socket could not sign in", **self.hooks.described(error))
            self.close(connection, reconnect=True)
            return
        if connection.is_closed:
            self._forget(guest)
            return
        connection.accept()
        guest.watch_expiry()
        self._welcome(guest)
        self.count()

    def refuse(self, connection: Socket, code: str) -> None:
        """Refuse CONNECT, and count why."""
        if not connection.is_closed:
            self.counts.closed[code] += 1
            self.counts.refused[code] += 1
            connection.refuse(code)

    def close(self, connection: Socket, code: str | None = None, *, reconnect: bool = False) -> None:
        """Close a connection, and count why."""
        if not connection.is_closed:
            self.counts.closed[code or "unavailable"] += 1
            connection.close(code, reconnect=reconnect)

    def _welcome(self, guest: Guest) -> None:
        user_id = str(guest.actor.id)
        self.by_user.setdefault(user_id, {})[guest] = None
        self._by_acting.setdefault(guest.actor.acting_id, {})[guest] = None
        self._of_tokens[user_id] += guest.actor.limits is not None
        guest.is_counted = True
        self._sockets += 1
        surplus = self._surplus(guest)
        if surplus is not None:
            self._uncount(surplus)
            self.close(surplus.connection, "too_many_connections")

    def _surplus(self, newest: Guest) -> Guest | None:
        """
        The socket that has to go for the newest one: the oldest of the same person's sessions or of the same token or, if
        all tokens of the person have too many, of the token that has most.
        """
        most, user_id = self.limits.sockets_per_user, str(newest.actor.id)
        same = self._by_acting[newest.actor.acting_id]
        if len(same) > most:
            return next(iter(same))
        if newest.actor.limits is None or self._of_tokens[user_id] <= TOKENS_TOGETHER * most:
            return None
        tokens = [guest for guest in self.by_user[user_id] if guest.actor.limits is not None]
        # The first of several is the oldest.
        return max(tokens, key=lambda guest: len(self._by_acting[guest.actor.acting_id]))

    def _uncount(self, guest: Guest) -> None:
        """Count a socket no longer. It may be open for a moment."""
        if not guest.is_counted:
            return
        guest.is_counted = False
        self._sockets -= 1
        user_id = str(guest.actor.id)
        groups: list[tuple[dict[Any, dict[Guest, None]], Any]] = [
            (self.by_user, user_id),
            (self._by_acting, guest.actor.acting_id),
        ]
        for groups_of, key in groups:
            group = groups_of[key]
            del group[guest]
            if not group:
                del groups_of[key]
        if guest.actor.limits is not None:
            self._of_tokens[user_id] -= 1
            if not self._of_tokens[user_id]:
                del self._of_tokens[user_id]

    async def _follow_user(self, guest: Guest, entrance: Entrance) -> None:
        """Hold the person's own stream, where revocations arrive. Raises: Problem."""
        while True:
            actor, at = entrance.actor, entrance.at
            stream = self.relay.hold(streams.user(actor.user_id), at.epoch, at.head)
            if at.head + 1 >= stream.first:
                break
            # The relay has read so much of the stream since then that some of it is gone from the ring.
            entrance = await self.authority.enter(guest.token, guest.connection.address)
        guest.actor, guest.user_stream, guest.known_head = actor, stream, at.head
        stream.listeners.add(guest.on_user_event)
        # From here on revocations reach us. What the relay read between the account and this moment is in the ring.
        for frame in stream.slice(at.head):
            guest.on_user_event(frame)
        if actor.password_expired:
            raise problems.PasswordExpired

    def leave(self, connection: Socket) -> None:
        """Forget a connection that has ended."""
        self._forget(self.of(connection))

    def _forget(self, guest: Guest | None) -> None:
        """
        Remove everything held for a guest. Called again for a guest who left while something was being read for them.
        """
        if guest is None:
            return
        self._by_connection.pop(guest.connection, None)
        guest.forget_timer()
        for sub in list(guest.subs.values()):
            self.relay.drop(sub)
        guest.subs.clear()
        if guest.user_stream is not None:
            guest.user_stream.listeners.discard(guest.on_user_event)
        self._uncount(guest)

    def look_again(self, guest: Guest, doubtful: list[Subscription], *, account: bool = False) -> None:
        """
        Read a person's rights to streams again, and the account, because they or their end times may have changed.
        """
        task = asyncio.create_task(self._look_again(guest, doubtful, account))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_again(self, guest: Guest, doubtful: list[Subscription], account: bool) -> None:
        try:
            if account:
                await self._look_at_account(guest)
            # All at once, so that they are answered by one question to the database.
            looks = await asyncio.gather(*(self._look_at(guest, sub) for sub in doubtful), return_exceptions=True)
            for failure in looks:
                if failure is not None:
                    raise failure
        except Problem as problem:
            if isinstance(problem, problems.TokenRevoked) and not guest.connection.is_closed:
                guest.connection.emit("auth.revoked", {"code": problem.code})
            self.close(guest.connection, problem.code, reconnect=problem.status == Unavailable.status)
        except Exception as error:  # noqa: BLE001 - a task's root: the database may be unreachable
            # It is unknown what the person may follow, so nothing is sent. The client reconnects and asks again.
            logger.warning("rights could not be read again", **self.hooks.described(error))
            self.close(guest.connection, "unavailable", reconnect=True)
        if guest.connection.is_closed:
            self._forget(guest)  # it may have left while its own stream was being held again
        self.count()

    async def _look_at(self, guest: Guest, sub: Subscription) -> None:
        doubts = sub.doubts
        grant = await self.authority.grant(guest.actor, sub.name) if sub.is_live else None
        if not sub.is_live or sub.doubts != doubts:
            return  # it ended meanwhile, or a later check has seen more
        if grant is None or self.relay.has_ended(grant.valid_until):
            self.relay.end(sub)
            return
        sub.doubts = 0
        sub.granted = max(sub.granted, grant.head)
        self.relay.end_at(sub, grant.valid_until)
        self.relay.pump(sub)

    async def _look_at_account(self, guest: Guest) -> None:
        if guest.user_stream is not None and guest.user_stream.is_gone:
            await self._follow_user(guest, await self.authority.enter(guest.token, guest.connection.address))
        else:
            guest.actor = await self.authority.authenticate(guest.token, guest.connection.address)
            if guest.actor.password_expired:
                raise problems.PasswordExpired
        if not guest.connection.is_closed:
            guest.watch_expiry()

    def count(self) -> None:
        """Report the numbers of sockets and subscriptions."""
        self.hooks.on_count(self._sockets, self.relay.live)

    def stop(self) -> None:
        """Cancel the checks of rights that are in progress."""
        for task in list(self._tasks):
            task.cancel()
