"""
Who may use the database connections. However much one person sends at once, they never get all of them, and a program
with a person's API token never gets the person's turn.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from models.access import Actor
from server.api.body.lane import Lane

Kind = Literal["plain", "heavy", "ending", "export"]

EXPORT_WAIT_S = 60.0


@dataclass(frozen=True)
class Owner:
    """
    Whose turn it is.

    Args:
        share: who shares the turns: a person, all API tokens of a person together, or an address.
        token: the API token. Each waits in a queue of its own, so that one that sends too much stops only itself.
    """

    share: str
    token: str | None = None

    @classmethod
    def of(cls, actor: Actor, address: str) -> "Owner":
        """The owner of an actor's turns."""
        if actor.id is None:
            return cls(address)
        if actor.limits is None:
            return cls(str(actor.id))
        return cls(f"tokens of {actor.id}", str(actor.limits.token_id))


class Turns:
    """
    The turns of requests.

    Args:
        pool: number of connections. Two are left for health checks, sockets and sign-in.
    """

    def __init__(self, pool: int) -> None:
        each = max(1, pool // 3)
        self.requests = Lane(max(1, pool - 2), each, line=256)
        self.heavy = Lane(max(1, pool // 5), 1, line=16)
        # Beside the heavy ones: reading a whole job takes so long that its owner's other requests would be kept waiting.
        self.exports = Lane(max(1, pool // 5), 1, line=4, wait_s=EXPORT_WAIT_S)
        # Each holds more than a chunk of 1 MiB, for as long as its sender likes. What waits has not been read.
        self.uploads = Lane(64, 8, line=32)
        # Programs that answer one question: each takes a core for about a second, or for seconds. They hold no connection
        # of this pool, nor does a request that waits for its turn to start one.
        self.explanations = Lane(2, 1, line=4)
        self.suggestions = Lane(1, 1, line=2)
        # The lanes below only keep some requests from crowding the queues of the two above.
        self.tokens = Lane(sys.maxsize, each, line=256)
        self.heavy_tokens = Lane(sys.maxsize, 1, line=16)
        self.endings = Lane(sys.maxsize, 1, line=32)

    def turn(self, owner: Owner, kind: Kind = "plain") -> AbstractAsyncContextManager[None]:
        """
        A request's turn. A heavy request first takes its turn among the heavy ones. One that ends somebody's access
        does not wait for the owner's other requests, so that whoever has stolen it cannot stay by keeping them busy.

        Raises: Busy.
        """
        if kind == "plain" and owner.token is None:
            return self.requests.turn(owner.share)
        return self._several(owner, kind)

    @asynccontextmanager
    async def _several(self, owner: Owner, kind: Kind) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            share = owner.share
            if kind == "heavy":
                if owner.token is not None:
                    await stack.enter_async_context(self.heavy_tokens.turn(owner.token))
                await stack.enter_async_context(self.heavy.turn(share))
            elif kind == "export":
                await stack.enter_async_context(self.exports.turn(share))
            elif kind == "ending":
                share = f"endings of {share}"
                await stack.enter_async_context(self.endings.turn(share))
            if owner.token is not None:
                await stack.enter_async_context(self.tokens.turn(owner.token))
            await stack.enter_async_context(self.requests.turn(share))
            yield


@dataclass(frozen=True)
class Seat:
    """The turns of a request that takes them itself."""

    turns: Turns
    owner: Owner

    @classmethod
    def of(cls, request: web.Request) -> "Seat":
        """The turns of this request."""
        return cls(request.app[TURNS], request[TURN_OWNER])

    def connection(self) -> AbstractAsyncContextManager[None]:
        """A turn at the database. Raises: Busy."""
        return self.turns.turn(self.owner)

    def upload(self) -> AbstractAsyncContextManager[None]:
        """A turn to send a file. Raises: Busy."""
        return self.turns.uploads.turn(self.owner.share)

    def explanation(self) -> AbstractAsyncContextManager[None]:
        """A turn to have two records compared. Raises: Busy."""
        return self.turns.explanations.turn(self.owner.share)

    def suggestion(self) -> AbstractAsyncContextManager[None]:
        """A turn to have a plan suggested. Raises: Busy."""
        return self.turns.suggestions.turn(self.owner.share)


TURNS: web.AppKey[Turns] = web.AppKey("turns", Turns)
TURN_OWNER: web.RequestKey[Owner] = web.RequestKey("turn owner", Owner)
