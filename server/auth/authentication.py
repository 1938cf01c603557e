"""Who sends a request: the person behind an access token, or the program behind an API token."""

from collections.abc import Sequence
from typing import Any

from core.api_token import START
from core.problems import Problem
from models.access import Actor
from server.auth.api_tokens.authentication import ApiTokens
from server.auth.tokens import Read, Tokens

Claims = dict[str, Any] | Read


class Authentication:
    """Authenticates whatever a client sends as a bearer token."""

    def __init__(self, tokens: Tokens, api_tokens: ApiTokens) -> None:
        self._tokens = tokens
        self._api_tokens = api_tokens

    async def authenticate(self, token: str, address: str) -> Actor:
        """
        The actor behind a token that was sent from an address.

        Raises: TokenInvalid, TokenExpired, TokenRevoked, Forbidden for an API token that may not be used from there.
        """
        if token.startswith(START):  # access tokens begin otherwise
            return await self._api_tokens.authenticate(token, address)
        return await self._tokens.authenticate(token)

    async def read(self, token: str) -> Claims | None:
        """
        What an access token says, as far as that is known without its signature. None for an API token, which says nothing.
        Raises: TokenInvalid, TokenExpired.
        """
        return None if token.startswith(START) else await self._tokens.read(token)

    async def claims_of(self, asked: Sequence[Claims]) -> list[dict[str, Any] | Problem]:
        """The claims of what `read` has read, or why they do not count."""
        return await self._tokens.claims_of_many(asked)

    async def actors_of(self, asked: Sequence[dict[str, Any] | Problem]) -> list[Actor | Problem]:
        """The actors that verified claims name, or why there is none, in one query."""
        actors = iter(await self._tokens.actors_of([claims for claims in asked if isinstance(claims, dict)]))
        return [claims if isinstance(claims, Problem) else next(actors) for claims in asked]
