"""What a stream gives: positions, events, snapshots and states."""

from dataclasses import dataclass, field
from typing import Any

from .shape import MAX_NUMBER

MAX_DIGITS = 16  # of a number that is not above MAX_NUMBER


@dataclass(frozen=True, slots=True)
class Position:
    """
    A place in a stream: after event `seq` of an epoch.

    Store `str(position)` together with what you made of the event, and give `Position.parse(text)` back to `follow`.
    """

    seq: int
    epoch: str | None = None

    def __str__(self) -> str:
        return f"{self.seq}@{self.epoch or ''}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that was stored as text. Raises: ValueError."""
        seq, mark, epoch = text.strip().partition("@")
        if not mark or not (seq.isascii() and seq.isdigit() and len(seq) <= MAX_DIGITS and int(seq) <= MAX_NUMBER):
            raise ValueError("a position looks like 41@0198c2e0-..., as str(event.position) wrote it")
        return cls(int(seq), epoch or None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was committed on the server. `type` says what `data` holds; docs/asyncapi.json lists both."""

    stream: str
    type: str
    data: dict[str, Any]
    position: Position
    envelope: dict[str, Any] = field(repr=False)  # as it was sent, with id, at, actor and request_id

    @classmethod
    def of(cls, envelope: dict[str, Any]) -> "Event":
        """The event in an envelope."""
        position = Position(envelope["seq"], envelope["epoch"])
        return cls(envelope["stream"], envelope["type"], envelope["data"], position, envelope)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The thing as REST shows it, in place of events that the server no longer has. Lists under it must be read again.
    """

    stream: str
    state: dict[str, Any]
    position: Position


@dataclass(frozen=True, slots=True)
class State:
    """The newest value of a key, such as `job.progress:ID`. Values in between may be left out."""

    stream: str
    key: str
    version: int
    value: dict[str, Any]


Item = Event | Snapshot | State
