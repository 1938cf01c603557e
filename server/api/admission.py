"""Who may use the database connections. However much one person sends at once, they never get all of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from server.api.body.lane import Lane


class Turns:
    """
    The turns of requests.

    Args:
        pool: number of connections. Two are left for health checks, sockets and sign-in.
    """

    def __init__(self, pool: int) -> None:
        self.requests = Lane(max(1, pool - 2), max(1, pool // 3), line=256)
        self.heavy = Lane(max(1, pool // 5), 1, line=16)

    @asynccontextmanager
    async def turn(self, owner: str, *, heavy: bool) -> AsyncIterator[None]:
        """A request's turn. A heavy request first takes its turn among the heavy ones. Raises: Busy."""
        async with AsyncExitStack() as stack:
            if heavy:
                await stack.enter_async_context(self.heavy.turn(owner))
            await stack.enter_async_context(self.requests.turn(owner))
            yield


TURNS: web.AppKey[Turns] = web.AppKey("turns", Turns)
