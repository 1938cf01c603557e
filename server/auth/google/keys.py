"""
Google's public keys, fetched without blocking the event loop and kept for as long as Google says.

Google's own library fetches them synchronously for every token, and PyJWT's client is synchronous too. Here, whatever
tokens arrive, at most one fetch runs at a time, and unknown key ids cause at most one fetch a minute.
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from core import log
from core.problems import Unavailable

FETCH_S = 5.0
MAX_BYTES = 256 * 1024
MAX_KEYS = 32
LEAST_KEPT_S, MOST_KEPT_S = 60.0, 24 * 3600.0
KEPT_UNSAID_S = 3600.0  # if the answer does not say how long
STALE_S = 24 * 3600.0  # how long keys are still used while Google cannot be reached
FORCED_EVERY_S = 60.0  # at least, between two fetches for unknown key ids
RETRY_S = 5.0  # after a failed fetch
MIN_BITS = 2048
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
logger = log.get(__name__)


class GoogleKeys:
    """The keys that Google signs with, by id."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock  # seconds, never going back
        self._keys: dict[str, RSAPublicKey] = {}
        # Times of that clock. Nothing has been fetched yet.
        self._fresh_until = self._fetched_at = self._asked_at = self._failed_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> RSAPublicKey | None:
        """The key with this id, or None if Google has no such key. Raises: Unavailable if no keys can be fetched."""
        at = self._clock()
        is_fresh = at < self._fresh_until
        if is_fresh and (kid in self._keys or at < self._asked_at + FORCED_EVERY_S):
            return self._keys.get(kid)
        if self._fetching is not None or at >= self._failed_at + RETRY_S:
            await self._refresh()
        if self._clock() >= max(self._fresh_until, self._fetched_at + STALE_S):
            raise Unavailable("Google's keys cannot be fetched. Try again soon.", retry_after_s=int(RETRY_S))
        return self._keys.get(kid)

    async def close(self) -> None:
        """Stop a fetch that is still running."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _refresh(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name="fetch Google's keys")
        # If one caller goes away, the fetch continues for the others.
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        self._asked_at = self._clock()
        try:
            keys, kept_s = await _download(self._url)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._failed_at = self._clock()
            logger.warning("Google's keys could not be fetched", error=type(error).__name__)
        else:
            self._keys, self._fetched_at = keys, self._clock()
            self._fresh_until = self._fetched_at + kept_s
        finally:
            self._fetching = None


async def _download(url: str) -> tuple[dict[str, RSAPublicKey], float]:
    """The keys, and how many seconds to keep them. Raises: ClientError, TimeoutError, OSError, ValueError."""
    timeout = aiohttp.ClientTimeout(total=FETCH_S)
    # Not decompressed, so the limit applies to the bytes that arrive.
    async with (
        aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
        session.get(url, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as response,
    ):
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        body = bytearray()
        async for part in response.content.iter_chunked(16 * 1024):
            body += part
            if len(body) > MAX_BYTES:
                raise ValueError("the answer is too long")
        return _keys_of(bytes(body)), _kept_s(response.headers)


def _keys_of(body: bytes) -> dict[str, RSAPublicKey]:
    document = orjson.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("there is no list of keys")
    found = {}
    for item in listed[:MAX_KEYS]:
        if (key := _usable(item)) is not None:
            found[item["kid"]] = key
    if not found:
        raise ValueError("there is no usable key")
    return found


def _usable(item: Any) -> RSAPublicKey | None:
    """An RSA key of at least 2,048 bits for signatures, or None if the item is anything else."""
    if not isinstance(item, dict) or item.get("kty") != "RSA" or not isinstance(item.get("kid"), str):
        return None
    if item.get("alg", "RS256") != "RS256" or item.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(item, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= MIN_BITS else None


def _kept_s(headers: Any) -> float:
    control = headers.get("Cache-Control", "")
    if "no-store" in control.lower() or "no-cache" in control.lower():
        return LEAST_KEPT_S
    said = _MAX_AGE.search(control)
    age = headers.get("Age", "")
    left_s = (
        float(said.group(1)) - (float(age) if age.isdecimal() and len(age) < 10 else 0.0) if said else KEPT_UNSAID_S
    )
    return min(max(left_s, LEAST_KEPT_S), MOST_KEPT_S)
