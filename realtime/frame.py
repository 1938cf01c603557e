"""Events as they are written: read from their table, framed once, and sent to many."""

from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import rfc3339
from realtime.transport import NAMESPACE, event_frame, packet_frame


@dataclass(frozen=True, slots=True)
class Frame:
    """
    An event as it is written, and the users whose right to the stream ends with it.

    Only the packet is kept, and the event is taken out of it when somebody needs it, since a process keeps up to a
    thousand frames for each stream.
    """

    seq: int
    epoch: str
    type: str
    wire: bytes  # one WebSocket frame
    ends: tuple[str, ...]
    made_at: float = 0.0  # when the change began, as a timestamp

    @property
    def json(self) -> str:
        """The event as JSON."""
        packet = f'42{NAMESPACE},["{self.type}",'.encode()
        return self.wire[self.wire.index(packet) + len(packet) : -1].decode()

    @property
    def event(self) -> dict[str, Any]:
        """The event."""
        found: dict[str, Any] = orjson.loads(self.json)
        return found


def frame_of(name: str, row: Any) -> Frame:
    """The frame of a row of the table of events, joined with its stream's epoch."""
    event = {
        "stream": name,
        "seq": row["seq"],
        "epoch": row["epoch"],
        "id": str(row["event_id"]),
        "type": row["type"],
        "at": rfc3339(row["at"]),
        "actor": orjson.loads(row["actor"]),
        "request_id": row["request_id"],
        "data": orjson.loads(row["data"]),
    }
    ends = tuple(orjson.loads(row["ends"]))
    wire = packet_frame(event_frame(row["type"], event))
    return Frame(row["seq"], row["epoch"], row["type"], wire, ends, row["at"].timestamp())


def is_contiguous(frames: list[Frame], after: int, epoch: str) -> bool:
    """Whether frames follow directly on a number, without a gap, and are all of one epoch."""
    if not frames or frames[0].seq != after + 1 or frames[-1].seq != after + len(frames):
        return False
    return all(frame.epoch == epoch for frame in frames)
