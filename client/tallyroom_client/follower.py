"""One stream that a program iterates over."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from .cursor import Action, Cursor, Deliver, End, Phase, Replace, Subscribe, Unsubscribe, Wait
from .messages import is_answer, is_message
from .pauses import Pauses
from .position import Event, Item, Position, Snapshot, State
from .problem import Problem, not_tallyroom
from .wire import CALL_S

MAX_STATES = 1000  # keys of one stream whose newest versions are remembered


@dataclass(frozen=True)
class Timing:
    """How long to wait, and how much to hold."""

    pauses: Pauses = field(default_factory=lambda: Pauses(1, 30))
    patience_s: float = 60.0  # of a REST call with a server that is away or busy
    call_s: float = CALL_S  # for one attempt of a REST call, except an upload
    answer_s: float = 10.0  # for the answer to a command
    held: int = 1000  # events that may wait for the program; the server keeps the rest


class Link(Protocol):
    """What a follower needs of the socket."""

    timing: Timing

    @property
    def is_connected(self) -> bool:
        """Whether commands reach the server now."""
        ...

    def send(self, name: str, body: dict[str, Any], answered: Callable[[Any], None] | None = None) -> None:
        """Send a command, if there is a socket."""
        ...

    def drop(self, follower: "Follower") -> None:
        """Stop following a stream."""
        ...


class Follower:
    """
    An iterator over a stream, from a position or from now on: events without a gap or a repeat, and a `Snapshot` where
    events are gone. It survives lost connections, restarts of the server and ending tokens.

    A program that is slow holds at most `Timing.held` events and one page of 500. The iterator raises a Problem when
    the stream may not be followed (any longer), and ends when it is closed.
    """

    def __init__(self, link: Link, stream: str, position: Position | None, with_states: bool) -> None:
        self.stream = stream
        self._link = link
        self._cursor = Cursor(position)
        self._with_states = with_states
        self._items: deque[Event | Snapshot] = deque()
        self._states: dict[str, State] = {}
        self._versions: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._problem: Exception | None = None
        self._is_closed = False

    def __aiter__(self) -> "Follower":
        return self

    async def __anext__(self) -> Item:
        while True:
            if self._items:
                item = self._items.popleft()
                if self._cursor.phase is Phase.PAUSED and len(self._items) <= self._link.timing.held // 2:
                    self._perform(self._cursor.resume(is_connected=self._link.is_connected))
                return item
            if self._states:
                return self._states.pop(next(iter(self._states)))
            if self._problem is not None:
                raise self._problem
            if self._is_closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    async def __aenter__(self) -> "Follower":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop following."""
        if not self._is_closed:
            self._link.drop(self)
            self.end(None)

    def connected(self) -> None:
        """There is a socket."""
        self._versions.clear()  # a restored server may count from below
        self._perform(self._cursor.connected())

    def lost(self) -> None:
        """The socket is gone."""
        self._rest()
        self._perform(self._cursor.lost())

    def receive(self, name: str, body: dict[str, Any]) -> None:
        """Take a message about this stream."""
        if not is_message(name, body):
            self._refuse()
        elif name == "state":
            self._take_state(State(self.stream, body["key"], body["version"], body["value"]))
        elif name == "stream.revoked":
            self._perform(self._cursor.revoked())
        elif name == "stream.reset":
            self._perform(self._cursor.reset())
        elif "seq" in body:
            self._perform(self._cursor.event(body))

    def end(self, problem: Exception | None) -> None:
        """Nothing more will come. What is held is still given out, unless the program has closed the iterator."""
        self._rest()
        self._problem = self._problem or problem
        if problem is None:
            self._is_closed = True
            self._items.clear()
            self._states.clear()
        self._wake.set()

    def _take_state(self, state: State) -> None:
        if not self._with_states or state.version < self._versions.get(state.key, 0):
            return
        self._versions.pop(state.key, None)  # so that the oldest keys come first
        self._versions[state.key] = state.version
        self._states[state.key] = state
        if len(self._versions) > MAX_STATES:
            oldest = next(iter(self._versions))
            del self._versions[oldest]
            self._states.pop(oldest, None)
        self._wake.set()

    def _answered(self, turn: int, answer: Any = None, *_: Any) -> None:
        if not self._cursor.is_awaiting(turn):
            return
        self._rest()  # but not the deadline of a newer one, if this answer is late
        if is_answer(answer, self.stream):
            self._perform(self._cursor.answered(turn, answer))
        else:
            self._refuse()

    def _unanswered(self, turn: int) -> None:
        self._perform(self._cursor.answered(turn, None))

    def _refuse(self) -> None:
        """End the stream, because of a message that no Tallyroom server sends. The position stays where it is."""
        self._cursor.end()
        self._link.drop(self)
        self.end(not_tallyroom("The server"))

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            self._do(action)
        if self._is_full():
            self._perform(self._cursor.pause())
        self._wake.set()

    def _do(self, action: Action) -> None:
        match action:
            case Deliver(event=event):
                self._items.append(Event.of(event))
            case Replace(state=state, position=position):
                self._items.append(Snapshot(self.stream, state, position))
            case Subscribe() if not self._is_full():  # else the pause follows, and the next page is asked for later
                self._subscribe(action)
            case Unsubscribe():
                self._link.send("unsubscribe", {"stream": self.stream})
            case Wait(failures=failures):
                self._later(self._link.timing.pauses.after(failures), lambda: self._perform(self._cursor.again()))
            case End(problem=problem):
                self.end(Problem.of(problem))

    def _subscribe(self, asked: Subscribe) -> None:
        body: dict[str, Any] = {"stream": self.stream}
        if asked.position is not None:
            body["after"] = asked.position.seq
            if asked.position.epoch is not None:
                body["epoch"] = asked.position.epoch
        self._later(self._link.timing.answer_s, partial(self._unanswered, asked.turn))
        self._link.send("subscribe", body, partial(self._answered, asked.turn))

    def _is_full(self) -> bool:
        return len(self._items) >= self._link.timing.held and self._cursor.phase is not Phase.PAUSED

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._rest()
        self._timer = asyncio.get_running_loop().call_later(seconds, what)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
