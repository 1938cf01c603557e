"""
Nonces: a sign-in with Google begins and ends in the same browser, and its token works once.

The page gives the nonce to Google, and it comes back in the signed token. A token that was stolen, or made for another
browser, therefore does not work here.
"""

import hashlib
import secrets

from tortoise import Tortoise

from core.problems import GoogleTokenInvalid, RateLimited
from realtime.unit_of_work import UnitOfWork

LIFE_S = 600
PER_MINUTE = 120  # per network


def new_browser() -> str:
    """A random name that identifies a browser, for its cookie."""
    return secrets.token_urlsafe(32)


async def new_nonce(browser: str, network: str) -> str:
    """A nonce for a browser, valid for ten minutes. Raises: RateLimited."""
    nonce = secrets.token_urlsafe(32)
    made = await Tortoise.get_connection("default").execute_query_dict(
        "INSERT INTO login_nonces (hash, browser, network, expires_at) "
        "SELECT $1, $2, $3::text, now() + make_interval(secs => $4::int) WHERE (SELECT count(*) FROM login_nonces "
        "WHERE network = $3::text AND expires_at > now() + make_interval(secs => $4::int - 60)) < $5 RETURNING hash",
        [_digest(nonce), _digest(browser), network, LIFE_S, PER_MINUTE],
    )
    if not made:
        raise RateLimited("Too many attempts to sign in. Wait, then try again.", retry_after_s=60)
    return nonce


async def spend_nonce(u: UnitOfWork, nonce: str, browser: str) -> None:
    """Use up a nonce; a rollback undoes this. Raises: GoogleTokenInvalid if this browser has no such nonce."""
    spent = await u.execute(
        "DELETE FROM login_nonces WHERE hash = $1 AND browser = $2 AND expires_at > now() RETURNING hash",
        _digest(nonce),
        _digest(browser),
    )
    if not spent:
        raise GoogleTokenInvalid


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
