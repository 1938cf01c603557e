"""
Where a client stands in one stream, and what it must do next. There is no input or output in this module.

docs/stream-cases.json says what a client must do in each case. The dashboard's client (web/src/live/cursor.ts) is tested
with the same table.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .position import Position

# Refusals that the same request will always get. Everything else is temporary.
FINAL = frozenset({400, 403, 404, 410, 413, 415, 422})
# Codes that close a connection for good. With these, coming back by itself would not help or would push somebody else out.
ENDING = frozenset(
    {"forbidden", "password_expired", "token_in_query", "token_invalid", "token_revoked", "too_many_connections"}
)
NEEDING_A_TOKEN = frozenset({"token_expired", "token_missing"})


class Phase(StrEnum):
    """What a cursor is waiting for."""

    LOST = "lost"  # for a connection
    ASKED = "asked"  # for the answer to `subscribe`
    WAITING = "waiting"  # for the pause after a refusal to end
    LIVE = "live"  # for the next event
    PAUSED = "paused"  # for the program to take what it was given
    ENDED = "ended"  # for nothing


class Next(StrEnum):
    """What to do after a connection was refused or closed."""

    AGAIN = "again"  # connect again after a pause
    REFRESH = "refresh"  # get a newer token, then connect again
    END = "end"


def after_closing(code: str | None) -> Next:
    """What to do after a refusal of CONNECT or a `closing` with this code, or after a loss without one."""
    if code in NEEDING_A_TOKEN:
        return Next.REFRESH
    return Next.END if code in ENDING else Next.AGAIN


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send `subscribe` with this position, and give the answer back with this turn."""

    turn: int
    position: Position | None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Send `unsubscribe`."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Give this event to the program."""

    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replace:
    """Give this snapshot to the program, in place of events that are gone."""

    state: dict[str, Any]
    position: Position


@dataclass(frozen=True, slots=True)
class Wait:
    """Call `again` after a pause that grows with the number of failures."""

    failures: int


@dataclass(frozen=True, slots=True)
class End:
    """Tell the program that the stream has ended, and why."""

    problem: dict[str, Any]


Action = Subscribe | Unsubscribe | Deliver | Replace | Wait | End
REVOKED = {"status": 403, "code": "revoked", "detail": "You no longer have the right to follow this stream."}


class Cursor:
    """A place in one stream. Each method takes what has happened and returns what to do, in order."""

    def __init__(self, position: Position | None = None) -> None:
        self.position = position
        self.phase = Phase.LOST
        self._turn = 0  # of the newest `subscribe`, so that answers to older ones are dropped
        self._failures = 0

    def connected(self) -> list[Action]:
        """There is a connection."""
        return [] if self.phase in (Phase.ENDED, Phase.PAUSED) else self._ask()

    def lost(self) -> list[Action]:
        """The connection is gone."""
        self._turn += 1
        if self.phase not in (Phase.ENDED, Phase.PAUSED):
            self.phase = Phase.LOST
        return []

    def again(self) -> list[Action]:
        """The pause after a refusal is over."""
        return self._ask() if self.phase is Phase.WAITING else []

    def pause(self) -> list[Action]:
        """The program is slow, and enough is waiting for it. The server keeps the rest."""
        if self.phase in (Phase.ENDED, Phase.PAUSED):
            return []
        self._turn += 1
        self.phase = Phase.PAUSED
        return [Unsubscribe()]

    def resume(self, *, is_connected: bool) -> list[Action]:
        """The program has taken what was waiting."""
        if self.phase is not Phase.PAUSED:
            return []
        self.phase = Phase.LOST
        return self._ask() if is_connected else []

    def reset(self) -> list[Action]:
        """The server has ended the subscription and asks for another."""
        return self._ask() if self.phase is Phase.LIVE else []

    def revoked(self) -> list[Action]:
        """The right to the stream was taken away."""
        return [] if self.phase is Phase.ENDED else self._end(REVOKED)

    def end(self) -> None:
        """The client stops following."""
        self._turn += 1
        self.phase = Phase.ENDED

    def event(self, event: dict[str, Any]) -> list[Action]:
        """An event has arrived, outside an answer."""
        if self.position is None or self.phase in (Phase.LOST, Phase.PAUSED, Phase.ENDED):
            return []  # until the answer says where the stream begins, an event is of an older subscription
        if self._follows(event):
            return [self._deliver(event)]
        if self._is_known(event) or self.phase is not Phase.LIVE:
            return []
        return self._ask()  # once: the answer brings this event too

    def is_awaiting(self, turn: int) -> bool:
        """Whether the answer to this `subscribe` still matters."""
        return turn == self._turn and self.phase is Phase.ASKED

    def answered(self, turn: int, answer: dict[str, Any] | None) -> list[Action]:
        """The answer to a `subscribe`; None if there was none in time."""
        if not self.is_awaiting(turn):
            return []
        if answer is None:
            return self._wait()
        if not answer.get("ok"):
            problem = answer.get("problem") or {}
            return self._end(problem) if problem.get("status") in FINAL else self._wait()
        if answer["mode"] == "snapshot":
            return self._replaced(answer)
        return self._continued(answer)

    def _replaced(self, answer: dict[str, Any]) -> list[Action]:
        self.position = Position(answer["head"], answer["epoch"])
        self._failures, self.phase = 0, Phase.LIVE
        return [Replace(answer.get("state") or {}, self.position)]

    def _continued(self, answer: dict[str, Any]) -> list[Action]:
        """The answer continues from our position, or from the head if we had none."""
        if self.position is None:
            self.position = Position(answer["head"], answer["epoch"])
        elif self.position.epoch is None:
            self.position = Position(self.position.seq, answer["epoch"])
        actions: list[Action] = []
        if answer["epoch"] != self.position.epoch:
            return self._wait()
        for event in answer["events"]:
            if self._is_known(event):
                continue
            if not self._follows(event):
                return [*actions, *self._wait()]  # something is missing in the answer itself
            actions.append(self._deliver(event))
        if answer.get("more"):
            if not actions:
                return self._wait()  # a page without anything new would be asked for again and again
            self._failures = 0
            return [*actions, *self._ask()]
        self._failures, self.phase = 0, Phase.LIVE
        return actions

    def _follows(self, event: dict[str, Any]) -> bool:
        found = self.position
        return found is not None and (event["epoch"], event["seq"]) == (found.epoch, found.seq + 1)

    def _is_known(self, event: dict[str, Any]) -> bool:
        found = self.position
        return found is not None and event["epoch"] == found.epoch and event["seq"] <= found.seq

    def _deliver(self, event: dict[str, Any]) -> Action:
        self.position = Position(event["seq"], event["epoch"])
        return Deliver(event)

    def _ask(self) -> list[Action]:
        self._turn += 1
        self.phase = Phase.ASKED
        return [Subscribe(self._turn, self.position)]

    def _wait(self) -> list[Action]:
        self._failures += 1
        self.phase = Phase.WAITING
        return [Wait(self._failures)]

    def _end(self, problem: dict[str, Any]) -> list[Action]:
        self.end()
        return [End(problem)]
