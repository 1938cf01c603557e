"""What a feature registers for a kind of stream: its name, who may follow it, and the REST view of what it is about."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from models.access import Actor
from models.scope import Scope
from server.store.reading import Reading

Asked = Sequence[tuple[Actor, UUID]]


@dataclass(frozen=True)
class Right:
    """A right to a stream: the parent streams that announce when it ends, and when it ends by itself."""

    parents: frozenset[str] = frozenset()
    ends_at: datetime | None = None


@dataclass(frozen=True)
class StreamKind:
    """
    A kind of stream. `noun` is one of realtime.streams. `rights` answers many questions at once, in their order: whether
    an actor may follow the stream of an id (None: they may not). `scope` is what an API token needs besides `events`,
    since a snapshot shows what that scope is for.
    """

    noun: str
    rights: Callable[[Asked], Awaitable[Sequence[Right | None]]]
    snapshot: Callable[[Actor, UUID, Reading], Awaitable[BaseModel]]
    scope: Scope | None = None
