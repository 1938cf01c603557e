"""A simulated socket: what the server writes to it is checked at once, then waits until the client takes it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from core.clock import rfc3339
from realtime import guest as guest_module
from realtime.transport import Connection
from tests.realtime.simulation.database import JOB, PROJECT, STATE_KEY
from tests.realtime.simulation.rooms import LEAVE_S

if TYPE_CHECKING:
    from tests.realtime.simulation.client import Client
    from tests.realtime.simulation.world import Process, World

HIGH, LOW = 6, 2  # packets queued at which the relay must stop writing, and at which it may go on
CLOSE_S = 1.0
EXACT_S = 1e-4  # how exact the times of timers are
HIDDEN_S = 0.5  # a hidden tab is told once a second, more or less


class Socket:
    """What the server holds of a connection, and the wire to the client."""

    address = "192.0.2.1"
    sid = "simulated"
    is_token_in_url = is_hidden = False
    is_stalled = Connection.is_stalled  # the real one, which counts packets here in place of bytes

    def __init__(self, world: "World", process: "Process", client: "Client") -> None:
        self.world, self.process, self.client = world, process, client
        self.session = client.session
        self.token = client.token()
        self.told_ends: set[float] = set()  # ends of tokens that `auth.expiring` has told
        self.expired_ends: set[float] = set()  # and `auth.expired`
        self._refreshing = ""  # the token in a command that is being run
        self.here: set[str] = set()  # streams on which it says that somebody is here
        self._was_here: dict[str, float] = {}  # and those it does not follow at the moment, since when
        self._greeted: dict[str, float] = {}
        self._told_here_at: dict[str, float] = {}
        self._hidden_since: float | None = None
        self.websocket = self  # for `is_stalled`
        self.sent_bytes = self._taken_bytes = 0
        self._moved_at = self.taken_at = world.now  # by the server's clock, and when the client really took something
        self.queue: deque[tuple[str, Any, Any]] = deque()
        self.arrived = asyncio.Event()  # something is queued, or the end
        self.is_closed = False  # for the server
        self.is_gone = False  # the transport
        self.is_accepted = False
        self._room = asyncio.Event()
        self._room.set()
        self._commands: deque[tuple[str, dict[str, Any], int]] = deque()
        self._asked = asyncio.Event()
        self.live: dict[str, tuple[str, int]] = {}  # by stream, the epoch and the number that were written last
        self._heads: dict[str, int] = {}  # by stream, the head in the answer
        self._by_number: dict[int, tuple[str, dict[str, Any]]] = {}
        self._versions: dict[tuple[str, int], int] = {}  # of the state on a stream, by restores of the database
        self._serving = asyncio.get_running_loop().create_task(self._serve())
        if process.door is not None:
            process.door.connections[id(self)] = self

    @property
    def token_end(self) -> float | None:
        """When its token ends."""
        return float(self.token.split("/")[2]) if self.token.count("/") == 2 else None

    @property
    def unsent_bytes(self) -> int:
        """Packets that the client has not taken."""
        return len(self.queue)

    # -- what the server does ------------------------------------------------------------------------------------------

    @property
    def is_writable(self) -> bool:
        """Whether the client keeps up."""
        return not self.is_closed and self._room.is_set()

    def write(self, wire: bytes) -> None:
        """Durable events or a state, in one piece."""
        if self.is_closed:
            return
        is_writable = self.is_writable
        for packet in _packets(wire):
            name, body = orjson.loads(packet[packet.index(b",") + 1 :])
            self.world.expect(is_writable, self, f"{name} is queued for a client that does not read")
            if name == "state":
                self._check_state(body)
            elif name == "presence":
                self._check_presence(body)
            else:
                self._check_event(body)
            self._put("event", name, body)

    write_at_once = write

    def emit(self, name: str, body: dict[str, Any]) -> None:
        """Another event."""
        if self.is_closed:
            return
        if name in ("stream.revoked", "stream.reset"):
            stream = body["stream"]
            self.world.expect(stream in self.live, self, f"{name} of {stream}, which is not followed")
            if name == "stream.revoked":
                self._check_revoked(stream)
            else:
                self._check_reset(stream, body["reason"])
            self.live.pop(stream, None)
            self._drop_here(stream)
        elif name in ("auth.expiring", "auth.expired"):
            self._check_told(name, body)
        self._put("event", name, body)

    def acknowledge(self, number: int, answer: dict[str, Any]) -> None:
        """The answer to a command."""
        if self.is_closed:
            return
        answer = orjson.loads(orjson.dumps(answer))
        name, body = self._by_number.pop(number)
        if name == "subscribe":
            self._check_answer(body, answer)
        elif name == "auth.refresh":
            self._check_refreshed(body, answer)
        elif name == "presence.set" and answer["ok"]:
            self._add_here(body)
        self._put("answer", number, answer)

    def accept(self) -> None:
        """The client is let in."""
        self.is_accepted = True
        self._put("connected", None, None)

    def refuse(self, code: str) -> None:
        """The client is not let in."""
        self._put("refused", code, None)
        self.close()

    def close(self, code: str | None = None, *, reconnect: bool = True) -> None:
        """Closes after what is queued."""
        if self.is_closed:
            return
        if code == "token_revoked":
            is_over = self.world.database.tables.sessions.get(self.session, 0.0) is not None
            self.world.expect(is_over or self.world.database.restores > 0, self, "a session is said to be revoked")
        if code == "token_expired":
            self._check_expired()
        if code is not None:
            self._put("event", "closing", {"code": code, "reconnect": reconnect})
        self.is_closed = True
        self._put("end", None, None)
        asyncio.get_running_loop().call_later(CLOSE_S, self.cut)

    def abort(self) -> None:
        """The server gives up a client that takes nothing."""
        stalled_s = self.world.plan.stalled_s
        late_s = self.world.now - self.taken_at
        is_stalled = stalled_s is not None and bool(self.queue) and late_s > stalled_s
        self.world.expect(
            is_stalled, self, f"is given up {late_s:.2f} s after it took something, {len(self.queue)} wait"
        )
        self.cut()

    def cut(self) -> None:
        """The transport is gone, at whichever end."""
        if self.is_gone:
            return
        self.is_gone = self.is_closed = True
        for name in list(self.here):
            self._drop_here(name)
        if self.process.door is not None:
            self.process.door.connections.pop(id(self), None)
        self.queue.clear()
        self.arrived.set()
        self._room.set()
        if self.world.random.random() < 0.5:
            self._serving.cancel()
        else:
            self._asked.set()
        if self.process.is_alive:
            asyncio.get_running_loop().call_soon(self.process.namespace.on_closed, self)

    def _put(self, kind: str, name: Any, body: Any) -> None:
        if self.is_gone:
            return
        if not self.queue:
            self.taken_at = self.world.now
        self.sent_bytes += 1
        self.queue.append((kind, name, body))
        if len(self.queue) >= HIGH:
            self._room.clear()
        self.arrived.set()

    async def _serve(self) -> None:
        """One command at a time, as the transport does."""
        await self.process.namespace.on_connect(self, {"token": self.token})
        while not self.is_closed:
            while not self._commands:
                self._asked.clear()
                await self._asked.wait()
                if self.is_closed:
                    return
            await self._room.wait()
            if self.is_closed:
                return
            name, body, number = self._commands.popleft()
            self._by_number[number] = (name, body)
            if name in ("subscribe", "unsubscribe"):
                self.live.pop(body["stream"], None)  # from here on, nothing comes before the answer
                self._drop_here(body["stream"])
            self._refreshing = body.get("token", "")
            await self.process.namespace.on_command(self, name, [body], number)

    # -- what the client does ------------------------------------------------------------------------------------------

    def send(self, name: str, body: dict[str, Any], number: int) -> None:
        """Sends a command."""
        self._commands.append((name, body, number))
        self._asked.set()

    def take(self) -> tuple[str, Any, Any]:
        """The next packet. When enough have been taken, the server may go on."""
        packet = self.queue.popleft()
        self.taken_at = self.world.now
        if not self._room.is_set() and len(self.queue) <= LOW:
            self._room.set()
            if not self.is_closed and self.is_accepted:
                asyncio.get_running_loop().call_soon(self._drained)
        return packet

    def _drained(self) -> None:
        if not self.is_closed and self.process.is_alive:
            self.process.namespace.on_drained(self)

    # -- what must hold ------------------------------------------------------------------------------------------------

    def _check_event(self, event: dict[str, Any]) -> None:
        name, epoch, seq = event["stream"], event["epoch"], event["seq"]
        expect = self.world.expect
        at = self.live.get(name)
        expect(at is not None, self, f"{name} {seq} comes without a subscription, or before its answer")
        if at is None:
            return
        expect(at == (epoch, seq - 1), self, f"{name} {epoch}/{seq} follows {at[0]}/{at[1]}")
        self.live[name] = (epoch, seq)
        self._check_right(event)

    def _check_right(self, event: dict[str, Any]) -> None:
        name, epoch, seq = event["stream"], event["epoch"], event["seq"]
        database, expect = self.world.database, self.world.expect
        stored = database.ledger.get((name, epoch, seq))
        expect(stored is not None and str(stored.id) == event["id"], self, f"{name} {epoch}/{seq} was never committed")
        if stored is None:
            return
        if name not in (PROJECT, JOB):
            revoked_at = database.tables.sessions.get(self.session)
            if revoked_at is not None:
                late_s = stored.at - max(revoked_at, database.calm_since)
                expect(late_s < 1.5, self, f"{name} {seq} is {late_s:.2f} s after the end of the session")
            return
        why = database.may_see(self.client.number, name, epoch, seq)
        expect(why is None, self, f"{name} {epoch}/{seq} is not for {self.client.number}, who {why}")
        if name == JOB:
            self._check_above(f"{JOB} {seq}")

    def _check_above(self, what: str) -> None:
        """What the process has read of the streams above and of the person's own binds it in those below at once."""
        database, streams = self.world.database, self.process.namespace.guests.relay.streams
        member = database.tables.members.get(self.client.number)
        if member is None or member.removed_seq is None:
            return
        for name, removed in ((PROJECT, member.removed_seq), (self.client.user_stream, member.told_seq)):
            held = streams.get(name)
            if held is not None and held.epoch == database.tables.streams[name].epoch:
                is_read = held.tail >= removed and self.process.held_since(name) < removed
                self.world.expect(not is_read, self, f"{what}, although {name} {removed} was read")

    def _check_answer(self, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        expect, name = self.world.expect, asked["stream"]
        if not answer["ok"]:
            code = answer["problem"]["code"]
            expect(code in ("not_found", "unavailable", "busy"), self, f"{name} is refused with {code}")
            return
        if name in (PROJECT, JOB):
            self._check_above(f"the answer for {name}")
        epoch, head, after = answer["epoch"], answer["head"], asked.get("after")
        mode = answer["mode"]
        must_be_new = asked.get("epoch") not in (None, epoch) or (after is not None and after > head)
        if must_be_new:
            expect(mode == "snapshot", self, f"{name} after {asked} is answered with {mode} at {epoch}/{head}")
        if mode == "snapshot" and not must_be_new and not self.world.database.restores:
            floor = self.world.database.tables.streams[name].floor
            expect(after is not None and after < floor, self, f"{name} after {asked} is a snapshot, with floor {floor}")
        if mode == "snapshot":
            expect(not answer["events"] and answer["state"] == {"at": head}, self, f"{name}: {answer}")
        last = head if after is None or mode == "snapshot" else after
        expect(bool(answer["events"]) == (mode == "replay"), self, f"{name} {mode}: {answer['events']}")
        for event in answer["events"]:
            place = (event["stream"], event["epoch"], event["seq"])
            expect(place == (name, epoch, last + 1), self, f"{place} in the answer follows {name} {epoch}/{last}")
            last = event["seq"]
            self._check_right(event)
        expect(mode != "live" or last == head, self, f"{name} is live at {last}, with the head {head}")
        if not answer.get("more"):
            self.live[name] = (epoch, last)
            self._heads[name] = head
            self._greeted[name] = self.world.now
            went_at = self._was_here.pop(name, None)
            if went_at is not None and self.world.now - went_at < LEAVE_S:
                self.here.add(name)
                self.world.rooms.came(name, str(self.client.id))

    def _check_reset(self, name: str, reason: str) -> None:
        """A subscription begins anew only if its events are gone, or if it is unknown what should be sent."""
        database = self.world.database
        if database.restores or name not in self.live:
            return
        is_behind = database.tables.streams[name].floor > self.live[name][1]
        had_fault = self.world.now - database.calm_since < 3
        self.world.expect(reason == "behind" and (is_behind or had_fault), self, f"{name} is reset: {reason}")

    def _check_revoked(self, name: str) -> None:
        """A right is only said to be gone if it was, since it was last read."""
        database = self.world.database
        member = database.tables.members.get(self.client.number)
        if name not in (PROJECT, JOB) or database.restores or member is None:
            return
        is_gone = member.removed_seq is not None or not database.is_member(self.client.number)
        # Whoever was removed and added again may learn of it, but only if it was since the answer.
        was = self.client.removals and self.client.removals[-1][0] > self._heads.get(name, 0)
        was_below = name == JOB and self.client.removals and self.client.removals[-1][1] >= self.world.now - 4
        self.world.expect(bool(is_gone or was or was_below), self, f"{name} is said to be revoked")

    def _check_state(self, state: dict[str, Any]) -> None:
        expect, key = self.world.expect, (state["stream"], self.world.database.restores)
        expect(state["stream"] in self.live, self, f"a state of {state['stream']}, which is not followed")
        expect((state["key"], state["version"]) in self.world.database.states_ever, self, f"{state} was never stored")
        expect(state["value"] == {"n": state["version"]}, self, f"{state} has the value of another version")
        known = self._versions.get(key, 0)
        expect(state["version"] >= known or key[1] > 0, self, f"the version of {STATE_KEY} falls from {known}: {state}")
        self._versions[key] = state["version"]

    # -- tokens --------------------------------------------------------------------------------------------------------

    def check_end(self) -> None:
        """It is not open any more once its token has ended, and the time for another one."""
        if self.token_end is not None and self.is_accepted and not self.is_closed:
            late_s = self.world.now - self.token_end - guest_module.EXPIRED_GRACE_S
            self.world.expect(late_s <= EXACT_S, self, f"is open {late_s:.3f} s after its token has ended")

    def _check_told(self, name: str, body: dict[str, Any]) -> None:
        expect, end = self.world.expect, self.token_end
        assert end is not None
        left_s = end - self.world.now
        expect(
            body["expires_at"] == rfc3339(self.world.database.at(end)), self, f"{name} tells of another token: {body}"
        )
        if name == "auth.expiring":
            before_s = guest_module.EXPIRING_BEFORE.total_seconds()
            expect(left_s <= before_s + EXACT_S, self, f"{name} comes {left_s:.3f} s before the end")
            expect(end not in self.told_ends, self, f"{name} comes again for the same end")
            self.told_ends.add(end)
        else:
            expect(left_s <= EXACT_S, self, f"{name} comes {left_s:.3f} s before the end")
            self.expired_ends.add(end)

    def _check_expired(self) -> None:
        if _has_ended(self._refreshing, self.world.now):
            return  # the client has sent a token that has ended
        end = self.token_end
        is_over = end is not None and self.world.now >= end + guest_module.EXPIRED_GRACE_S - EXACT_S
        self.world.expect(is_over, self, f"a token is said to have ended that lasts until {end}")
        is_told = end in self.told_ends and end in self.expired_ends
        self.world.expect(is_told, self, "nothing has told that the token ends")

    def _check_refreshed(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            code = answer["problem"]["code"]
            self.world.expect(code in ("unavailable", "busy"), self, f"a newer token is refused with {code}")
            return
        self.world.expect(body["token"].split("/")[1] == self.session, self, "a token of another session is taken")
        self.token = body["token"]
        assert self.token_end is not None
        ends_at = rfc3339(self.world.database.at(self.token_end))
        self.world.expect(answer["expires_at"] == ends_at, self, f"the answer tells another end: {answer}")

    # -- who is here ---------------------------------------------------------------------------------------------------

    def _add_here(self, body: dict[str, Any]) -> None:
        name = body["stream"]
        if body["visible"]:
            self._hidden_since = None
        elif self._hidden_since is None:
            self._hidden_since = self.world.now
        self._was_here.pop(name, None)
        if name not in self.here:
            self.here.add(name)
            self.world.rooms.came(name, str(self.client.id))

    def _drop_here(self, name: str) -> None:
        if name in self.here:
            self.here.discard(name)
            self._was_here[name] = self.world.now
            self.world.rooms.went(name, str(self.client.id))

    def _check_presence(self, body: dict[str, Any]) -> None:
        expect, name, now = self.world.expect, body["stream"], self.world.now
        expect(name in self.live, self, f"who is here on {name}, which is not followed")
        self._check_above(f"who is here on {name}")
        users = [user["user_id"] for user in body["users"]]
        expect(len(set(users)) == len(users) == body["total"], self, f"{name}: {body}")
        expect(set(body["joined"]) <= set(users) and not set(body["left"]) & set(users), self, f"{name}: {body}")
        for user_id in body["left"]:
            is_true = self.world.rooms.may_have_left(name, user_id)
            expect(is_true, self, f"{user_id} is said to have left {name}")
        since, told_at = self._hidden_since, self._told_here_at.get(name)
        was_hidden = since is not None and told_at is not None and told_at > since + EXACT_S
        is_calm = now - max(self._greeted[name], self.world.database.calm_since) > 3
        if was_hidden and told_at is not None and is_calm:
            expect(now - told_at > HIDDEN_S, self, f"a hidden tab is told again after {now - told_at:.2f} s")
        self._told_here_at[name] = now


def _has_ended(token: str, at: float) -> bool:
    return token.count("/") == 2 and float(token.split("/")[2]) <= at - guest_module.EXPIRED_GRACE_S


def _packets(wire: bytes) -> Iterator[bytes]:
    """The packets in WebSocket frames."""
    at = 0
    while at < len(wire):
        size, at = wire[at + 1], at + 2
        if size > 125:
            length = 2 if size == 126 else 8
            size, at = int.from_bytes(wire[at : at + length], "big"), at + length
        yield wire[at : at + size]
        at += size
