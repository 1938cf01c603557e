"""Access tokens: JWTs signed with Ed25519, checked against user and session on every request."""

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from core.clock import now
from core.ids import uuid7
from core.problems import Problem, TokenExpired, TokenInvalid, TokenRevoked
from models import sql
from models.access import Actor
from models.user import Session, User
from server.store.keyring import Keyring, SigningPair, refresh_signing_keys

LIFE = timedelta(minutes=15)
LEEWAY_S = 5
LOOK_EVERY_S = 1.0
MAX_LENGTH = 4096
MOST_VERIFIED = 10_000  # tokens that are remembered; each takes about a kilobyte
MANY = 8  # tokens whose signatures are worth a thread: verifying one lets others run meanwhile
_READ = (
    "SELECT u.id AS user_id, s.id AS session_id, u.role, u.status, u.email, u.display_name, u.token_version, "
    "u.password_expires_at, s.revoked_at, s.expires_at, s.authenticated_at "
    "FROM sessions s JOIN users u ON u.id = s.user_id"
)
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER_KEYS = {"alg", "kid", "typ"}
_CLAIMS = ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]


@dataclass(frozen=True)
class IssuedToken:
    """A token and when it expires."""

    token: str
    expires_at: datetime
    expires_in_s: int


@dataclass(frozen=True)
class _Verified:
    """The claims of a token that was verified, and the key that it was verified with."""

    claims: dict[str, Any]
    pair: SigningPair


@dataclass(frozen=True)
class Read:
    """A token, and the key that its header names. Nothing that it says is known to be true yet."""

    digest: bytes
    token: str
    pair: SigningPair
    audience: str
    issuer: str

    def verified(self) -> dict[str, Any] | Problem:
        """Its claims, or why they do not count. May run in a thread."""
        try:
            return self._claims()
        except Problem as problem:
            return problem

    def _claims(self) -> dict[str, Any]:
        """Its claims, if its signature, form and times are right. Raises: TokenExpired, TokenInvalid."""
        try:
            claims: dict[str, Any] = jwt.decode(
                self.token,
                self.pair.public,
                algorithms=["EdDSA"],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": _CLAIMS, "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            # PyJWT would read a string as a number; ours are numbers, and only such a token is reported as expired.
            raise TokenExpired from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise TokenInvalid from None
        times = [claims[name] for name in ("exp", "iat", "nbf")]
        if any(isinstance(value, bool) or not isinstance(value, int) for value in times):
            raise TokenInvalid
        if claims["exp"] - claims["iat"] > LIFE.total_seconds() + 60:
            raise TokenInvalid
        return claims


class Tokens:
    """Issues and authenticates access tokens."""

    def __init__(self, keyring: Keyring, issuer: str) -> None:
        self._keyring = keyring
        self._issuer = issuer
        self._verified: dict[bytes, _Verified] = {}  # by the SHA-256 of the token, which is not kept
        self._looked_at = -LOOK_EVERY_S  # by the monotonic clock
        # a task that has not begun to read, so it will see what is committed now
        self._looking: asyncio.Task[None] | None = None

    def issue(self, user: User, session: Session) -> IssuedToken:
        """
        A token valid for 15 minutes, or for the rest of its session. It carries no roles; those are read on every
        request.
        """
        issued = now()
        expires = min(issued + LIFE, session.expires_at)
        claims: dict[str, Any] = {
            "aud": "api",
            "sub": str(user.id),
            "sid": str(session.id),
            "iat": int(issued.timestamp()),
            "nbf": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": str(uuid7()),
            "tv": user.token_version,
            "amr": [session.method],
            "auth_time": int(session.authenticated_at.timestamp()),
        }
        token = self.sign(claims, "at+jwt")
        return IssuedToken(token, datetime.fromtimestamp(claims["exp"], UTC), claims["exp"] - claims["iat"])

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """A signed token with these claims. `kind` is its type, which keeps it from being used for anything else."""
        pair = self._keyring.active
        assert pair.private is not None
        headers = {"kid": pair.kid, "typ": kind}
        return jwt.encode({"iss": self._issuer, **claims}, pair.private, algorithm="EdDSA", headers=headers)

    async def authenticate(self, token: str) -> Actor:
        """
        The actor behind a token, with user and session read from the database.

        Raises: TokenExpired, TokenRevoked, TokenInvalid.
        """
        return await self.actor_of(await self.claims_of(token))

    async def actor_of(self, claims: dict[str, Any]) -> Actor:
        """
        The actor that verified claims name, with user and session read from the database.

        Raises: TokenRevoked, TokenInvalid.
        """
        ids = _ids_of(claims)
        if ids is None:
            raise TokenInvalid
        # A query of its own, because it is made for every request: the one for many takes longer to plan.
        rows = await sql.rows(f"{_READ} WHERE u.id = $1 AND s.id = $2", *ids)
        actor = _actor_of(claims, ids, rows[0] if rows else None)
        if isinstance(actor, Problem):
            raise actor
        return actor

    async def actors_of(self, asked: Sequence[dict[str, Any]]) -> list[Actor | Problem]:
        """The same for many at once, in one query. What `actor_of` would raise is in the actor's place."""
        parsed = [_ids_of(claims) for claims in asked]
        rows = await sql.rows(
            f"{_READ} WHERE s.id = ANY($1::text[]::uuid[])", [str(ids[1]) for ids in parsed if ids is not None]
        )
        found = {(row["user_id"], row["session_id"]): row for row in rows}
        return [
            TokenInvalid() if ids is None else _actor_of(claims, ids, found.get(ids))
            for claims, ids in zip(asked, parsed, strict=True)
        ]

    async def claims_of(self, token: str, audience: str = "api", kind: str = "at+jwt") -> dict[str, Any]:
        """The claims of a token for a purpose. Raises: TokenExpired, TokenInvalid."""
        (found,) = await self.claims_of_many([await self.read(token, audience, kind)])
        if isinstance(found, Problem):
            raise found
        return found

    async def claims_of_many(self, asked: Sequence["dict[str, Any] | Read"]) -> list[dict[str, Any] | Problem]:
        """The claims of what `read` has returned, or why they do not count. Many are verified in a thread."""
        new = [read for read in asked if isinstance(read, Read)]
        if len(new) < MANY:
            verified = [read.verified() for read in new]
        else:
            verified = await asyncio.to_thread(lambda: [read.verified() for read in new])
        for read, claims in zip(new, verified, strict=True):
            if isinstance(claims, dict):
                if len(self._verified) >= MOST_VERIFIED:
                    self._verified.clear()
                self._verified[read.digest] = _Verified(claims, read.pair)
        found = iter(verified)
        claims_of = [next(found) if isinstance(read, Read) else read for read in asked]
        return [dict(claims) if isinstance(claims, dict) else claims for claims in claims_of]

    async def read(self, token: str, audience: str = "api", kind: str = "at+jwt") -> "dict[str, Any] | Read":
        """
        What a token says whose signature is not verified yet; the claims of one that was. Raises: TokenExpired,
        TokenInvalid.
        """
        if len(token) > MAX_LENGTH or not token.isascii():
            raise TokenInvalid
        # A client sends the same token for a quarter of an hour, and its signature stays what it is: verifying it takes as
        # long as all the rest of a small request. Only its time and its key are looked at again, and the caller asks the
        # database whether account and session still are.
        digest = hashlib.sha256(f"{kind} {audience} {token}".encode()).digest()
        verified = self._verified.get(digest)
        at = now()
        if verified is not None and self._keyring.verifying(verified.pair.kid, at) is verified.pair:
            if verified.claims["exp"] <= at.timestamp() - LEEWAY_S:
                raise TokenExpired
            return dict(verified.claims)
        try:
            header = _header(token.partition(".")[0])
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise TokenInvalid from None
        kid = header.get("kid")
        well_formed = set(header) == _HEADER_KEYS and header["alg"] == "EdDSA" and header["typ"] == kind
        if not well_formed or not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise TokenInvalid
        pair = self._keyring.verifying(kid, at)
        if pair is None and kid not in self._keyring.signing:
            await self._look_for_keys()
            pair = self._keyring.verifying(kid, now())
        if pair is None:
            raise TokenInvalid
        return Read(digest, token, pair, audience, self._issuer)

    async def _look_for_keys(self) -> None:
        """
        Read the keyring again, since another process may have rotated it.

        At most once a second, whatever kids are sent; requests in between wait for the next read. So made-up kids cost
        one statement a second, and no token with a real kid is turned away.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="look for signing keys")
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            await asyncio.sleep(max(0.0, self._looked_at + LOOK_EVERY_S - time.monotonic()))
        finally:
            self._looking = None
        self._looked_at = time.monotonic()
        await refresh_signing_keys(self._keyring)

    def jwks(self) -> dict[str, Any]:
        """The public keys, as served at /.well-known/jwks.json."""
        keys = []
        for pair in self._keyring.signing.values():
            if self._keyring.verifying(pair.kid, now()) is not None:
                key: dict[str, Any] = jwt.algorithms.OKPAlgorithm.to_jwk(pair.public, as_dict=True)
                keys.append({**key, "kid": pair.kid, "use": "sig", "alg": "EdDSA"})
        return {"keys": keys}


@lru_cache(maxsize=64)
def _header(segment: str) -> dict[str, Any]:
    """
    The header that the first segment of a token says. All tokens of a key have the same one, and PyJWT would look at every
    character of the others here, which it does once more when it verifies them. Raises: what PyJWT raises.
    """
    return jwt.get_unverified_header(f"{segment}..")


def new_refresh_token() -> tuple[str, str, bytes]:
    """A refresh token `rt1.<lookup>.<secret>`, its lookup part, and the SHA-256 of its secret."""
    lookup, secret = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    return f"rt1.{lookup}.{secret}", lookup, hashlib.sha256(secret.encode()).digest()


def parse_refresh_token(token: str) -> tuple[str, bytes] | None:
    """The lookup part and the SHA-256 of the secret, or None if the token has another form."""
    found = re.fullmatch(r"rt1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})", token)
    return (found.group(1), hashlib.sha256(found.group(2).encode()).digest()) if found else None


def _ids_of(claims: dict[str, Any]) -> tuple[UUID, UUID] | None:
    """The person and the session that claims name."""
    try:
        _ = claims["tv"]
        return _id(claims["sub"]), _id(claims["sid"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=MOST_VERIFIED)
def _id(text: str) -> UUID:
    """An id. The same few are named by each request of the people who are here."""
    return UUID(text)


def _actor_of(claims: dict[str, Any], ids: tuple[UUID, UUID], row: dict[str, Any] | None) -> Actor | Problem:
    """The actor that claims name, as the account and the session are now."""
    at = now()
    if (
        row is None
        or row["status"] != "active"
        or row["revoked_at"] is not None
        or row["expires_at"] <= at
        or row["token_version"] != claims["tv"]
    ):
        return TokenRevoked()
    return Actor(
        type="user",
        id=ids[0],
        role=row["role"],
        session_id=ids[1],
        email=row["email"],
        display_name=row["display_name"],
        password_expires_at=row["password_expires_at"],
        password_expired=row["password_expires_at"] is not None and row["password_expires_at"] <= at,
        token_expires_at=min(datetime.fromtimestamp(claims["exp"], UTC), row["expires_at"]),
        authenticated_at=row["authenticated_at"],
    )
