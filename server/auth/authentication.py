"""Who sends a request: the person behind an access token, or the program behind an API token."""

from core.api_token import START
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
