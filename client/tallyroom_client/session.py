"""Who the client is: an API token, or a person who signs in and whose short-lived token is refreshed in time."""

import asyncio
import contextlib
import time
import uuid
from typing import Protocol

from .problem import Problem, not_tallyroom
from .shape import NUMBER, fits
from .wire import Call, Lost, Wire

FRESH_S = 30.0  # a token that ends sooner is replaced before it is used
LEAVE_S = 5.0  # for signing out
SIGNED_IN = {"access_token": str, "refresh_token": str, "expires_in": NUMBER}


class Session(Protocol):
    """Gives out tokens. `sign_ins` counts the sessions so far: a socket cannot change from one to another."""

    sign_ins: int

    async def token(self) -> str:
        """A token that is valid for a while. Raises: Problem."""
        ...

    async def newer(self, than: str) -> str:
        """A token in place of one that the server no longer accepts. Raises: Problem if there is none."""
        ...

    async def end(self) -> None:
        """Leave nothing behind on the server."""
        ...


class TokenSession:
    """An API token. It is never refreshed and never ended from here."""

    def __init__(self, token: str) -> None:
        if not _is_token(token):
            raise Problem(401, "token_invalid", "The API token is not valid.")
        self._token = token
        self.sign_ins = 0

    async def token(self) -> str:
        """The token."""
        return self._token

    async def newer(self, than: str) -> str:
        """There is none. Raises: Problem."""
        raise Problem(401, "token_expired", "The API token is no longer accepted.")

    async def end(self) -> None:
        """Do nothing: the token belongs to its maker."""


class PasswordSession:
    """
    A person who signs in at the first use. Tasks share the session: one of them refreshes, and the others wait for it.

    A refresh token works once, so two that refresh with the same one would look like a theft and end the session.
    """

    def __init__(self, wire: Wire, email: str, password: str) -> None:
        self._wire = wire
        self._credentials = {"email": email, "password": password}
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._refresh_token: str | None = None
        self._ends_at = 0.0
        self._key: str | None = None  # of the sign-in or refresh that is not answered yet
        self.sign_ins = 0

    async def token(self) -> str:
        """The access token. It is refreshed first if it ends soon."""
        if self._token is None or time.monotonic() > self._ends_at - FRESH_S:
            return await self._replace(self._token)
        return self._token

    async def newer(self, than: str) -> str:
        """Another access token than this one."""
        return await self._replace(than)

    async def end(self) -> None:
        """Sign out, if the server can be reached. Otherwise the session ends by itself."""
        body, self._refresh_token, self._token = {"refresh_token": self._refresh_token}, None, None
        if body["refresh_token"] is not None:
            with contextlib.suppress(Problem, Lost, TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await self._wire.send(Call("POST", "/auth/logout", {}, body))

    async def _replace(self, old: str | None) -> str:
        async with self._lock:
            if self._token is not None and self._token != old:
                return self._token  # another task was faster
            if self._refresh_token is None:
                return await self._sign_in()
            try:
                return await self._begin("/auth/refresh", {"refresh_token": self._refresh_token})
            except Problem as problem:
                if problem.code != "refresh_invalid":
                    raise
            return await self._sign_in()  # the session has come to its end, after a day at most

    async def _sign_in(self) -> str:
        self._token = self._refresh_token = None
        self.sign_ins += 1
        return await self._begin("/auth/login", self._credentials)

    async def _begin(self, path: str, body: dict[str, str]) -> str:
        """
        Begin or continue the session. Whoever calls tries again if the problem is temporary.

        All attempts share a key until one is answered, so that a repetition is not taken for a theft.
        """
        self._key = self._key or uuid.uuid4().hex
        asked_at = time.monotonic()
        try:
            answer = (await self._wire.send(Call("POST", path, {}, body, {"Idempotency-Key": self._key}))).body
        except Lost as lost:
            raise lost.problem from None
        if not (fits(answer, SIGNED_IN) and _is_token(answer["access_token"])):
            raise not_tallyroom(self._wire.url)
        self._token, self._refresh_token = str(answer["access_token"]), str(answer["refresh_token"])
        self._ends_at = asked_at + answer["expires_in"]
        self._key = None
        return self._token


def _is_token(text: str) -> bool:
    """A header cannot hold anything else, and the error of the library would show the token."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
