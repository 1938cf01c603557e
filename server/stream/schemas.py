"""Schemas of streams over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from realtime.relay import PAGE
from server.api.schemas import Query, View

MAX_WAIT_S = 30


class EventsQuery(Query):
    """
    Where to continue, and how long to wait. `after` and `epoch` come from an earlier answer or from the headers
    `Stream-Position` and `Stream-Epoch`; without `after`, only what happens from now on counts.
    """

    after: Annotated[int, Field(ge=0, le=2**53)] | None = None
    epoch: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = PAGE
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_S, description="Seconds to wait if nothing has happened yet.")] = 0


class EventActor(View):
    """Who did it."""

    type: str
    id: UUID | None


class EventView(View):
    """An event, exactly as sockets get it. What `data` holds for each type is in the AsyncAPI document."""

    stream: str
    seq: int
    epoch: str
    id: UUID
    type: str
    at: datetime
    actor: EventActor
    request_id: str | None
    data: dict[str, Any]


class EventPage(View):
    """
    What happened in a stream. Continue with `after` and `epoch`.

    `mode`: `replay` (`events` holds what was missed), `live` (nothing was missed), or `snapshot` (the position is gone or of another
    epoch: `state` is what the stream is about, as REST shows it, true at `after`). `more`: there are more events already.
    """

    stream: str
    epoch: str
    head: int
    mode: Literal["live", "replay", "snapshot"]
    events: list[EventView]
    after: int
    more: bool
    state: dict[str, Any] | None
