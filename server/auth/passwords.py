"""Passwords: Argon2id behind a peppered pre-hash, off the event loop, with a bounded queue."""

import asyncio
import base64
import hmac
import os
import unicodedata
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from core.demo import PASSWORD as DEMO_PASSWORD
from core.problems import Busy, Fault
from core.settings import Settings
from server.store.keyring import Keyring

MIN_CHARACTERS = 15  # NIST SP 800-63B-4, where the password is the only factor
MAX_CHARACTERS = 256
MAX_RAW_BYTES = 1024
MAX_QUEUED = 32
MAX_QUEUED_OF_A_NETWORK = 24  # the rest is for everybody else
PEPPER = "pepper-1"

Result = TypeVar("Result")


def normalised(password: str) -> str:
    """NFKC, so that composed and decomposed spellings are one password. Raises: ValueError for what cannot be one."""
    try:
        raw = password.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("must not contain lone surrogates") from error
    if not 1 <= len(raw) <= MAX_RAW_BYTES:
        raise ValueError(f"must have 1 to {MAX_RAW_BYTES} bytes")
    text = unicodedata.normalize("NFKC", password)
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"must have at most {MAX_CHARACTERS} characters")
    return text


def policy_faults(password: str, pointer: str) -> list[Fault]:
    """Why a password cannot be chosen; empty when it can."""
    try:
        text = normalised(password)
    except ValueError as error:
        return [Fault(pointer, "invalid_field", str(error))]
    if len(text) < MIN_CHARACTERS:
        return [Fault(pointer, "password_too_short", f"must have at least {MIN_CHARACTERS} characters")]
    if text == DEMO_PASSWORD:
        return [Fault(pointer, "invalid_field", "is the demo's password, which everybody knows")]
    return []


class Passwords:
    """Hashes and verifies. 64 MiB of memory a hash, so few at a time."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_lanes,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )
        self._keyring = keyring
        self._is_production = settings.is_production
        self._threads = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="argon2")
        self._queued: Counter[str] = Counter()  # by network
        # What an unknown account is verified against, so that it takes as long as a known one.
        self._dummy = self._hasher.hash(os.urandom(16).hex())

    async def hash(self, password: str) -> tuple[str, str]:
        """The hash to store, and the id of its pepper. Raises: ValueError, Busy."""
        prepared = self._peppered(normalised(password), PEPPER)
        return await self._run(self._hasher.hash, prepared), PEPPER

    async def verify(self, password: str, stored: str | None, pepper: str | None, *, network: str = "") -> bool:
        """Whether the password fits. Takes as long for an account without one. Raises: Busy, also for a network alone."""
        try:
            prepared = self._peppered(normalised(password), pepper or PEPPER)
        except ValueError:
            prepared, stored = "x", None
        if self._is_production and password == DEMO_PASSWORD:
            stored = None  # a database that once was a demo's: its accounts open nothing here
        fits = await self._run(self._verify, stored or self._dummy, prepared, network=network)
        return bool(fits and stored is not None)

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than those configured."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, prepared: str) -> bool:
        try:
            return self._hasher.verify(stored, prepared)
        except (VerificationError, InvalidHashError):
            return False

    def _peppered(self, text: str, pepper: str) -> str:
        return base64.b64encode(hmac.digest(self._keyring.application[pepper], text.encode(), "sha256")).decode()

    async def _run(self, function: Callable[..., Result], *values: str, network: str = "") -> Result:
        if self._queued[network] >= MAX_QUEUED_OF_A_NETWORK or self._queued.total() >= MAX_QUEUED:
            raise Busy(retry_after_s=2)
        self._queued[network] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *values)
        finally:
            self._queued[network] -= 1
            if not self._queued[network]:
                del self._queued[network]
