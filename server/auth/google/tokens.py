"""Verifies Google ID tokens: whom they name, and that Google has just signed them for this installation."""

import time
from dataclasses import dataclass
from typing import Any

import jwt

from core.email import canonical
from core.problems import GoogleTokenInvalid
from core.settings import Settings
from server.auth.google.keys import GoogleKeys

ISSUERS = ("accounts.google.com", "https://accounts.google.com")
LEEWAY_S = 60
MAX_AGE_S = 600  # a token is made at the moment of the sign-in
MAX_LENGTH = 8192
MAX_SUB = 255
_HEADER_KEYS = {"alg", "kid", "typ"}
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "nonce", "email"]


@dataclass(frozen=True)
class Identity:
    """A person as Google describes them. Only `sub` identifies them: an address can change hands."""

    sub: str
    email: str  # canonical, and verified by Google
    name: str
    domain: str | None  # the Google Workspace that the account belongs to
    nonce: str

    @property
    def is_authoritative(self) -> bool:
        """Whether Google itself manages the address, so that it cannot belong to anybody else."""
        return self.domain is not None or self.email.endswith("@gmail.com")


@dataclass
class Google:
    """Sign-in with Google, as configured for this installation."""

    client_id: str
    domains: frozenset[str]  # Google Workspaces whose people may sign in; empty: everybody
    new_people: str  # off | invited | domain
    keys: GoogleKeys

    @classmethod
    def of(cls, settings: Settings) -> "Google | None":
        """Read the settings. Returns: None if no client id is set."""
        if not settings.google_client_id:
            return None
        return cls(
            settings.google_client_id,
            frozenset(settings.google_hd),
            settings.google_new_people,
            GoogleKeys(settings.google_jwks_url),
        )

    async def identify(self, credential: str) -> Identity:
        """
        The identity that a credential proves. Raises: GoogleTokenInvalid, Unavailable if Google's keys cannot be
        fetched.
        """
        kid = _kid_of(credential)
        key = await self.keys.find(kid)
        if key is None:
            raise GoogleTokenInvalid
        try:
            claims: dict[str, Any] = jwt.decode(
                credential,
                key,
                algorithms=["RS256"],
                audience=self.client_id,
                issuer=ISSUERS,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise GoogleTokenInvalid from None
        return self._identity(claims)

    def _identity(self, claims: dict[str, Any]) -> Identity:
        """Check the claims that PyJWT does not check. Raises: GoogleTokenInvalid."""
        times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
        domain = claims.get("hd")
        fits = (
            all(isinstance(value, int) and not isinstance(value, bool) for value in times)
            and claims["iat"] >= time.time() - MAX_AGE_S - LEEWAY_S
            and claims.get("azp", self.client_id) == self.client_id
            and claims.get("email_verified") is True
            and all(isinstance(claims[name], str) for name in ("sub", "nonce", "email"))
            and 0 < len(claims["sub"]) <= MAX_SUB
            and claims["sub"].isascii()
            and claims["sub"].isprintable()
            and (domain is None or isinstance(domain, str))
            # Not by the address: anybody can have a Google account with an address in any domain.
            and (not self.domains or (domain is not None and domain.lower() in self.domains))
        )
        if not fits:
            raise GoogleTokenInvalid
        try:
            email = canonical(claims["email"])
        except ValueError:
            raise GoogleTokenInvalid from None
        name = claims.get("name")
        shown = name.strip() if isinstance(name, str) and name.strip().isprintable() else ""
        return Identity(claims["sub"], email, shown[:256] or email, domain.lower() if domain else None, claims["nonce"])


def _kid_of(credential: str) -> str:
    """The id of the key that the token claims to be signed with. Raises: GoogleTokenInvalid."""
    if len(credential) > MAX_LENGTH or not credential.isascii():
        raise GoogleTokenInvalid
    try:
        header = jwt.get_unverified_header(credential)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise GoogleTokenInvalid from None
    kid = header.get("kid")
    if not set(header) <= _HEADER_KEYS or header.get("alg") != "RS256" or not isinstance(kid, str) or not kid:
        raise GoogleTokenInvalid
    return kid
