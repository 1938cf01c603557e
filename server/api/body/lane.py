"""Turns: how many may do something at once, how many of those for one owner, and a bounded queue for the rest."""

import asyncio
from collections import Counter, OrderedDict, deque
from contextlib import AbstractAsyncContextManager

from core.problems import Busy

WAIT_S = 20.0


class Lane:
    """
    Lets in a bounded number at once. Each owner has a queue, and the queues take turns.

    Args:
        most: how many may be in at once.
        most_each: how many of one owner may be in at once. An owner is a person, or an address that has not signed in.
        line: how many of one owner may wait.
        wait_s: how long each may wait.
    """

    def __init__(self, most: int, most_each: int, line: int, wait_s: float = WAIT_S) -> None:
        self._most, self._most_each, self._line, self._wait_s = most, most_each, line, wait_s
        self._inside: Counter[str] = Counter()
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def inside(self) -> int:
        """How many are in."""
        return self._inside.total()

    @property
    def waiting(self) -> int:
        """How many are waiting."""
        return sum(len(line) for line in self._lines.values())

    def turn(self, owner: str) -> "Turn":
        """The owner's turn. Raises: Busy when the owner's queue is full or did not move for too long."""
        return Turn(self, owner)

    async def _enter(self, owner: str) -> None:
        if owner not in self._lines and self._has_room(owner):
            self._inside[owner] += 1
            return
        line = self._lines.setdefault(owner, deque())
        if len(line) >= self._line:
            raise Busy(_TOO_MANY, retry_after_s=2)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as error:
            self._give_up(owner, turn)
            if isinstance(error, TimeoutError):
                raise Busy(_TOO_MANY, retry_after_s=5) from None
            raise

    def _has_room(self, owner: str) -> bool:
        return self.inside < self._most and self._inside[owner] < self._most_each

    def _give_up(self, owner: str, turn: "asyncio.Future[None]") -> None:
        if turn.done() and not turn.cancelled():  # it was admitted at the same moment
            self._leave(owner)
        elif (line := self._lines.get(owner)) is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[owner]

    def _leave(self, owner: str) -> None:
        self._inside[owner] -= 1
        if not self._inside[owner]:
            del self._inside[owner]
        self._admit()

    def _admit(self) -> None:
        """Admit the first of each queue in turn, while there is room."""
        for owner, line in list(self._lines.items()):
            while line and self._has_room(owner):
                turn = line.popleft()
                if turn.done():  # it gave up at the same moment
                    continue
                self._lines.move_to_end(owner)
                self._inside[owner] += 1
                turn.set_result(None)
                break
            if not line:
                del self._lines[owner]


class Turn(AbstractAsyncContextManager[None]):
    """A turn in a lane, for as long as a block lasts."""

    __slots__ = ("_lane", "_owner")

    def __init__(self, lane: Lane, owner: str) -> None:
        self._lane, self._owner = lane, owner

    async def __aenter__(self) -> None:
        await self._lane._enter(self._owner)

    async def __aexit__(self, *_: object) -> None:
        self._lane._leave(self._owner)


_TOO_MANY = "Too many of your requests are already waiting. Send fewer at the same time."
