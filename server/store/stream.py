"""What a feature registers for a kind of stream: its name, who may follow it, and the REST view of what it is about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from models.access import Actor
from models.scope import Scope
from server.store.reading import Reading


@dataclass(frozen=True)
class Right:
    """A right to a stream: the parent streams that announce when it ends, and the membership it comes from."""

    parents: frozenset[str] = frozenset()
    membership: tuple[str, UUID] | None = None


@dataclass(frozen=True)
class StreamKind:
    """
    A kind of stream. `noun` is one of realtime.streams. `authorize` raises a Problem for anybody who may not follow it.
    `scope` is what an API token needs besides `events`, since a snapshot shows what that scope is for.
    """

    noun: str
    authorize: Callable[[Actor, UUID], Awaitable[Right]]
    snapshot: Callable[[Actor, UUID, Reading], Awaitable[BaseModel]]
    scope: Scope | None = None
