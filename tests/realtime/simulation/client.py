"""A simulated client: the project's own cursor over a wire that is slow, breaks and comes back."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tallyroom_client import cursor as c
from tallyroom_client.position import Position
from tests.realtime.simulation.database import user_id, user_stream
from tests.realtime.simulation.rooms import LEAVE_S
from tests.realtime.simulation.sockets import Socket

if TYPE_CHECKING:
    from tests.realtime.simulation.world import World


@dataclass
class Followed:
    """A stream, and what the program was given of it since it last began anew."""

    name: str
    cursor: c.Cursor = field(default_factory=c.Cursor)
    events: list[dict[str, Any]] = field(default_factory=list)
    problem: dict[str, Any] | None = None
    versions: int = 0  # newest version of the state
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)  # who is here, as it was told
    said: tuple[int, bool] | None = None  # what it says itself over its connection: a number, and whether it is visible
    must_say: bool = True
    left_at: float | None = None  # when it asked to begin or to end following


class Client:
    """A person's program. It keeps its place in each stream while connections come and go."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.id = user_id(number)
        self.user_stream = user_stream(number)
        self.session = ""
        self.sign_in()
        self.followed: dict[str, Followed] = {}
        self.socket: Socket | None = None
        self.is_connected = False
        self.is_over = False
        self.stalls_until = 0.0
        self.crawls_until = 0.0
        self.removals: list[tuple[int, float]] = []
        self.says = world.plan.has_presence and len(world.clients) % 3 != 2
        self._refreshes: set[int] = set()
        self._number = 0
        self._asked: dict[int, tuple[Followed, int | None]] = {}

    def sign_in(self) -> None:
        """Begins another session."""
        self.session = f"{self.number}.{len(self.world.database.session_ids)}"
        self.world.database.add_session(self.session)

    def token(self, life_s: float | None = None) -> str:
        """A token of its session."""
        plain = f"{self.number}/{self.session}"
        if not self.world.plan.has_tokens:
            return plain
        random = self.world.random
        if life_s is None:
            # Some end when the one before does, as at the end of a session.
            life_s = 3600.0 if self.world.is_quiet else random.choice((0.3, 0.6, 1.0, 1.6)) + random.random() * 0.2
        return f"{plain}/{round(self.world.now + life_s, 3)}"

    def follow(self, name: str) -> None:
        """Follows a stream, from its head."""
        if name in self.followed:
            self.followed[name].cursor.end()
        followed = self.followed[name] = Followed(name)
        if self.is_connected:
            self._act(followed, followed.cursor.connected())

    async def run(self) -> None:
        """Connects again and again."""
        random = self.world.random
        while not self.is_over:
            processes = [process for process in self.world.processes if process.is_alive]
            if not processes:
                await asyncio.sleep(0.05)
                continue
            self.socket = Socket(self.world, random.choice(processes), self)
            await self._read(self.socket)
            self.socket.cut()
            self._lost()
            await asyncio.sleep(random.random() * random.choice((0.005, 0.3)))

    def break_off(self) -> None:
        """The connection is lost."""
        if self.socket is not None:
            self.socket.cut()

    def leave(self) -> None:
        """Goes for good."""
        self.is_over = True
        self.break_off()

    def _lost(self) -> None:
        self.is_connected = False
        self._asked.clear()
        self._refreshes.clear()
        for followed in self.followed.values():
            followed.cursor.lost()
            followed.said, followed.must_say, followed.left_at = None, True, None
            followed.shown = {}

    async def _read(self, socket: Socket) -> None:
        random = self.world.random
        while True:
            while not socket.queue:
                if socket.is_gone:
                    return
                socket.arrived.clear()
                await socket.arrived.wait()
            if self.stalls_until > self.world.now:
                await asyncio.sleep(self.stalls_until - self.world.now)
            elif self.crawls_until > self.world.now:
                await asyncio.sleep(0.1 + random.random() * 0.2)
            elif random.random() < 0.3:
                await asyncio.sleep(random.random() * 0.004)
            if socket.is_gone or not socket.queue:
                continue
            kind, name, body = socket.take()
            if kind == "connected":
                self.is_connected = True
                for followed in list(self.followed.values()):
                    self._act(followed, followed.cursor.connected())
            elif kind == "answer":
                self._answered(name, body)
            elif kind == "event":
                self._heard(name, body)
            elif kind == "refused":
                if c.after_closing(name) is not c.Next.AGAIN:
                    self.sign_in()
            elif kind == "end":
                return

    def _answered(self, number: int, answer: dict[str, Any]) -> None:
        if number in self._refreshes:
            self._refreshes.discard(number)
            if not answer["ok"]:
                asyncio.get_running_loop().call_later(0.05, self._refresh, self.socket)
            return
        found = self._asked.pop(number, None)
        if found is not None and found[1] is not None:
            self._act(found[0], found[0].cursor.answered(found[1], answer))
            if answer["ok"] and not answer.get("more"):
                self._followed(found[0])

    def _followed(self, followed: Followed) -> None:
        """Says who is here, at least if the server may have forgotten it since."""
        followed.shown = {}
        if followed.problem is not None:  # it has asked again before it read that its right is gone
            if self.world.plan.has_presence and self.followed.get(followed.name) is followed:
                self._send("unsubscribe", {"stream": followed.name}, followed, None)
            return
        left_at, followed.left_at = followed.left_at, None
        if not self.says or followed.name == self.user_stream:
            return
        is_kept = not followed.must_say and left_at is not None and self.world.now - left_at < LEAVE_S / 2
        if not is_kept or self.world.random.random() < 0.5:
            self.say(followed)

    def say(self, followed: Followed) -> None:
        """Says something about itself on a stream."""
        self.world.spoken += 1
        followed.said, followed.must_say = (self.world.spoken, self.world.random.random() < 0.7), False
        number, is_visible = followed.said
        self._send(
            "presence.set", {"stream": followed.name, "state": {"n": number}, "visible": is_visible}, followed, None
        )

    def _refresh(self, socket: Socket | None) -> None:
        """Sends a newer token, or one that is none."""
        if socket is None or socket is not self.socket or not self.is_connected:
            return
        random = self.world.random
        chance = random.random()
        token = self.token()
        if chance < 0.25 and socket.token_end is not None:
            token = self.token(socket.token_end - self.world.now)
        elif chance < 0.3:
            token = self.token(-10.0)
        elif chance < 0.4:
            other = f"{self.number}.{len(self.world.database.session_ids)}"
            self.world.database.add_session(other)
            token = token.replace(f"/{self.session}/", f"/{other}/")
        self._number += 1
        self._refreshes.add(self._number)
        socket.send("auth.refresh", {"token": token}, self._number)

    def _heard(self, name: str, body: dict[str, Any]) -> None:
        if name == "closing":
            if c.after_closing(body["code"]) is not c.Next.AGAIN:
                self.sign_in()
            return
        if name == "auth.expiring":
            if self.world.is_quiet or self.world.random.random() < 0.8:
                delay_s = self.world.random.random() ** 2 * 0.5
                asyncio.get_running_loop().call_later(delay_s, self._refresh, self.socket)
            return
        followed = self.followed.get(body.get("stream", ""))
        if followed is None:
            return
        if name in ("stream.reset", "stream.revoked"):
            followed.must_say, followed.shown = True, {}
        if name == "stream.reset":
            self._act(followed, followed.cursor.reset())
        elif name == "stream.revoked":
            self._act(followed, followed.cursor.revoked())
        elif name == "state":
            followed.versions = body["version"]
        elif name == "presence":
            followed.shown = {user["user_id"]: user for user in body["users"]}
        elif "seq" in body:
            self._act(followed, followed.cursor.event(body))

    def _act(self, followed: Followed, actions: list[c.Action]) -> None:
        for action in actions:
            if isinstance(action, c.Subscribe):
                self._subscribe(followed, action)
            elif isinstance(action, c.Unsubscribe):
                followed.left_at = self.world.now
                self._send("unsubscribe", {"stream": followed.name}, followed, None)
            elif isinstance(action, c.Deliver):
                self._deliver(followed, action.event)
            elif isinstance(action, c.Replace):
                followed.events.clear()
            elif isinstance(action, c.Wait):
                delay_s = 0.05 + self.world.random.random() * 0.2
                asyncio.get_running_loop().call_later(delay_s, self._again, followed)
            else:
                followed.problem = action.problem

    def _again(self, followed: Followed) -> None:
        if self.is_connected and self.followed.get(followed.name) is followed:
            self._act(followed, followed.cursor.again())

    def _subscribe(self, followed: Followed, action: c.Subscribe) -> None:
        body: dict[str, Any] = {"stream": followed.name}
        if followed.left_at is None:
            followed.left_at = self.world.now
        at: Position | None = action.position
        if at is not None:
            body["after"] = at.seq
            if self.world.random.random() < 0.9:
                body["epoch"] = at.epoch
            elif self.world.random.random() < 0.3:
                body["after"] = at.seq + 1000  # a place that never was
        self._send("subscribe", body, followed, action.turn)

    def _send(self, name: str, body: dict[str, Any], followed: Followed, turn: int | None) -> None:
        if self.socket is None or not self.is_connected:
            return
        self._number += 1
        self._asked[self._number] = (followed, turn)
        self.socket.send(name, body, self._number)

    def _deliver(self, followed: Followed, event: dict[str, Any]) -> None:
        if followed.events:
            last = followed.events[-1]
            follows = (event["epoch"], event["seq"]) == (last["epoch"], last["seq"] + 1)
            self.world.expect(follows, self.socket, f"the program is given {event['seq']} after {last['seq']}")
        followed.events.append(event)

    def stall(self) -> None:
        """Reads nothing for a while, or little at a time."""
        random, stalled_s = self.world.random, self.world.plan.stalled_s
        if stalled_s is not None and random.random() < 0.5:
            self.crawls_until = self.world.now + 2.0
        self.stalls_until = self.world.now + random.random() * (1.2 if stalled_s is None else stalled_s * 2)

    def subscribe_again(self) -> None:
        """Subscribes to something again, from its place or from the head."""
        followed = self.world.random.choice(list(self.followed.values()) or [None])
        if followed is None or not self.is_connected:
            return
        if self.world.random.random() < 0.7:
            self._act(followed, followed.cursor.reset())
        else:
            self.follow(followed.name)

    def shake(self) -> None:
        """Something that a person or a network does."""
        random = self.world.random
        chance = random.random()
        if chance < 0.35:
            self.stall()
        elif chance < 0.6:
            self.break_off()
        elif self.followed:
            if chance < 0.85:
                self.subscribe_again()
            elif chance < 0.93:
                followed = random.choice(list(self.followed.values()))
                self._act(followed, followed.cursor.pause())
                asyncio.get_running_loop().call_later(random.random() * 0.5, self._resume, followed)
            else:
                self.sign_in()
                self.break_off()

    def _resume(self, followed: Followed) -> None:
        if self.followed.get(followed.name) is followed:
            self._act(followed, followed.cursor.resume(is_connected=self.is_connected))
