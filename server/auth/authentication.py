"""Who sends a request: the person behind an access token, or the program behind an API token."""

from collections.abc import Sequence
from typing import Any

from core.api_token import START
from core.problems import Problem
from models.access import Actor
from server.auth.api_tokens.authentication import ApiTokens
from server.auth.tokens import Tokens


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

    async def claims_of(self, token: str) -> dict[str, Any] | None:
        """The claims of an access token, or None for an API token, which has none. Raises: TokenInvalid, TokenExpired."""
        return None if token.startswith(START) else await self._tokens.claims_of(token)

    async def actors_of(self, asked: Sequence[dict[str, Any]]) -> list[Actor | Problem]:
        """The actors that verified claims name, or why there is none, in one query."""
        return await self._tokens.actors_of(asked)
