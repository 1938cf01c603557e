"""A simulated socket: what the server writes to it is checked at once, then waits until the client takes it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from tests.realtime.simulation.database import JOB, PROJECT, STATE_KEY

if TYPE_CHECKING:
    from tests.realtime.simulation.client import Client
    from tests.realtime.simulation.world import Process, World

HIGH, LOW = 6, 2  # packets queued at which the relay must stop writing, and at which it may go on
CLOSE_S = 1.0


class Socket:
    """What the server holds of a connection, and the wire to the client."""

    address = "192.0.2.1"
    is_token_in_url = is_hidden = False

    def __init__(self, world: "World", process: "Process", client: "Client") -> None:
        self.world, self.process, self.client = world, process, client
        self.session = client.session
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
            else:
                self._check_event(body)
            self._put("event", name, body)

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
        self._put("event", name, body)

    def acknowledge(self, number: int, answer: dict[str, Any]) -> None:
        """The answer to a command."""
        if self.is_closed:
            return
        answer = orjson.loads(orjson.dumps(answer))
        name, body = self._by_number.pop(number)
        if name == "subscribe":
            self._check_answer(body, answer)
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
        if code is not None:
            self._put("event", "closing", {"code": code, "reconnect": reconnect})
        self.is_closed = True
        self._put("end", None, None)
        asyncio.get_running_loop().call_later(CLOSE_S, self.abort)

    def abort(self) -> None:
        """The transport is gone, at whichever end."""
        if self.is_gone:
            return
        self.is_gone = self.is_closed = True
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
        self.queue.append((kind, name, body))
        if len(self.queue) >= HIGH:
            self._room.clear()
        self.arrived.set()

    async def _serve(self) -> None:
        """One command at a time, as the transport does."""
        await self.process.namespace.on_connect(self, {"token": f"{self.client.number}/{self.session}"})
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
            self.live.pop(body["stream"], None)  # from here on, nothing comes before the answer
            await self.process.namespace.on_command(self, name, [body], number)

    # -- what the client does ------------------------------------------------------------------------------------------

    def send(self, name: str, body: dict[str, Any], number: int) -> None:
        """Sends a command."""
        self._commands.append((name, body, number))
        self._asked.set()

    def take(self) -> tuple[str, Any, Any]:
        """The next packet. When enough have been taken, the server may go on."""
        packet = self.queue.popleft()
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
