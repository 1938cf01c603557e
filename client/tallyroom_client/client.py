"""The client: a server, who signs in, REST and streams."""

import os
from types import TracebackType
from typing import Self

from .follower import Follower, Timing
from .live import Live
from .position import Position
from .problem import Problem
from .rest import Rest
from .session import PasswordSession, Session, TokenSession
from .wire import Wire, is_private

DEFAULT_URL = "http://127.0.0.1:2000"


class Client(Rest):
    """
    A server, as one person or one API token. Use it as an asynchronous context manager:

        async with Client("https://tallyroom.example.com", token="tr_...") as client:
            job = await client.get("/jobs/0198...")
            async for item in client.follow(f"job:{job['id']}"):
                ...

    Every method raises a Problem if the server refuses or cannot be reached. Without `allow_http`, no token and no password
    is sent over http:// to another machine.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        email: str | None = None,
        password: str | None = None,
        timing: Timing | None = None,
        allow_http: bool = False,
    ) -> None:
        timing = timing or Timing()
        wire = Wire(url, timing.call_s)
        session = _session(wire, token, email, password)
        if not (allow_http or is_private(wire.url)):
            raise Problem(0, "not_encrypted", f"{wire.url} would get the token or password in plain text.")
        super().__init__(wire, session, timing.patience_s)
        self.url = wire.url
        self._live = Live(wire, session, timing)

    @classmethod
    def from_environment(cls) -> "Client":
        """
        The client of TALLYROOM_URL with TALLYROOM_TOKEN, or with TALLYROOM_EMAIL and TALLYROOM_PASSWORD.

        TALLYROOM_ALLOW_HTTP=1 allows http:// to another machine.
        """
        token, email, password = (os.environ.get(f"TALLYROOM_{name}") for name in ("TOKEN", "EMAIL", "PASSWORD"))
        url = os.environ.get("TALLYROOM_URL") or DEFAULT_URL
        return cls(url, token=token, email=email, password=password, allow_http=allows_http())

    def follow(self, stream: str, after: Position | None = None, *, states: bool = False) -> Follower:
        """
        Follow a stream, such as `job:ID`, from the event after a position on, or from now on.

        Iterate over the result. Store `item.position` with what you make of an item, and give it back as `after` to go
        on from there in another process. With `states`, newest values such as progress come too.
        """
        if after is not None and not 0 <= after.seq <= 2**53:
            raise ValueError("a position is not below 0")
        return self._live.follow(stream, after, states)

    async def close(self) -> None:
        """End the streams, sign out if we have signed in, and close all connections."""
        await self._live.close()
        await self._session.end()
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def allows_http() -> bool:
    """Whether the environment allows http:// to another machine."""
    return os.environ.get("TALLYROOM_ALLOW_HTTP") == "1"


def _session(wire: Wire, token: str | None, email: str | None, password: str | None) -> Session:
    if token:
        return TokenSession(token)
    if email and password:
        return PasswordSession(wire, email, password)
    raise Problem(401, "unauthenticated", "No account is set.")
