"""Passwords: Argon2id behind a peppered pre-hash, off the event loop, with a bounded queue."""

import asyncio
import base64
import hmac
import ipaddress
import os
import time
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from core.demo import PASSWORD as DEMO_PASSWORD
from core.problems import Busy, Fault
from core.settings import Settings
from server.api.body.lane import Lane
from server.store.keyring import Keyring

MIN_CHARACTERS = 15  # NIST SP 800-63B-4, for a password that is the only factor
MAX_CHARACTERS = 256
MAX_RAW_BYTES = 1024
MAX_QUEUED = 256  # their turns come in time, or they are told that it takes too long
MAX_QUEUED_OF_A_NETWORK = 24
FAILED_S = 15 * 60.0  # how long a network counts as one that guesses, unless a password fits meanwhile
MAX_FAILED = 10_000
GUESSING = "those that guess"
PEPPER = "pepper-1"

_THREADS = min(4, os.cpu_count() or 1)
Result = TypeVar("Result")


def normalised(password: str) -> str:
    """
    The password in NFKC form, so that composed and decomposed spellings are the same. Raises: ValueError if it is not
    usable.
    """
    try:
        raw = password.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("must not contain lone surrogates") from error
    if not 1 <= len(raw) <= MAX_RAW_BYTES:
        raise ValueError(f"must be 1 to {MAX_RAW_BYTES} bytes long")
    text = unicodedata.normalize("NFKC", password)
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"must have at most {MAX_CHARACTERS} characters")
    return text


def policy_faults(password: str, pointer: str) -> list[Fault]:
    """Why a password cannot be chosen; empty if it can."""
    try:
        text = normalised(password)
    except ValueError as error:
        return [Fault(pointer, "invalid_field", str(error))]
    if len(text) < MIN_CHARACTERS:
        return [Fault(pointer, "password_too_short", f"must have at least {MIN_CHARACTERS} characters")]
    if text == DEMO_PASSWORD:
        return [Fault(pointer, "invalid_field", "is the demo password, which everybody knows")]
    return []


class Passwords:
    """Hashes and verifies passwords. A hash takes 64 MiB of memory, so only a few run at a time."""

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
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="argon2")
        # Networks take turns, and all from which passwords did not fit have one turn between them: hundreds that guess
        # would keep everybody else waiting.
        self._lane = Lane(_THREADS, _THREADS, line=MAX_QUEUED_OF_A_NETWORK)
        self._queued: Counter[str] = Counter()  # by whose turn it is
        self._failed: OrderedDict[str, float] = OrderedDict()  # networks, and when a password last did not fit
        # What an unknown account is verified against, so that it takes as long as a known one. It is the hash of nothing, since
        # computing one would take a twentieth of a start.
        salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
        costs = f"m={settings.argon2_memory_kib},t={settings.argon2_time},p={settings.argon2_lanes}"
        self._dummy = f"$argon2id$v=19${costs}${salt}${digest}"

    async def hash(self, password: str) -> tuple[str, str]:
        """The hash to store, and the id of its pepper. Raises: ValueError, Busy."""
        prepared = self._peppered(normalised(password), PEPPER)
        return await self._run(self._hasher.hash, prepared), PEPPER

    async def verify(self, password: str, stored: str | None, pepper: str | None, *, network: str = "") -> bool:
        """
        Whether the password is right. This takes as long for an account without a password. Raises: Busy, also when
        only this network has too many attempts.
        """
        try:
            prepared = self._peppered(normalised(password), pepper or PEPPER)
        except ValueError:
            prepared, stored = "x", None
        if self._is_production and password == DEMO_PASSWORD:
            stored = None  # a database that once was a demo's: its accounts open nothing here
        fits = await self._run(self._verify, stored or self._dummy, prepared, owner=self._owner(network))
        found = bool(fits and stored is not None)
        self._note(_wide(network), found)
        return found

    def refuse_when_full(self, network: str) -> None:
        """Before anything is read or counted for a sign-in. Raises: Busy."""
        self._expect_room(self._owner(network))

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash was made with parameters other than the configured ones."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str, prepared: str) -> bool:
        try:
            return self._hasher.verify(stored, prepared)
        except (VerificationError, InvalidHashError):
            return False

    def _peppered(self, text: str, pepper: str) -> str:
        return base64.b64encode(hmac.digest(self._keyring.application[pepper], text.encode(), "sha256")).decode()

    def _owner(self, network: str) -> str:
        """Whose turn a verification takes."""
        wide = _wide(network)
        return GUESSING if time.monotonic() - self._failed.get(wide, float("-inf")) < FAILED_S else wide

    def _note(self, network: str, fits: bool) -> None:
        if fits or not network:
            self._failed.pop(network, None)
            return
        self._failed[network] = time.monotonic()
        self._failed.move_to_end(network)
        while len(self._failed) > MAX_FAILED:
            self._failed.popitem(last=False)

    def _expect_room(self, owner: str) -> None:
        if self._queued[owner] >= MAX_QUEUED_OF_A_NETWORK or self._queued.total() >= MAX_QUEUED:
            raise Busy(retry_after_s=2)

    async def _run(self, function: Callable[..., Result], *values: str, owner: str = "") -> Result:
        self._expect_room(owner)
        self._queued[owner] += 1
        try:
            async with AsyncExitStack() as stack:
                try:
                    await stack.enter_async_context(self._lane.turn(owner))
                except Busy:
                    raise Busy("Too many sign-ins at the same time: try again soon.", retry_after_s=5) from None
                return await asyncio.get_running_loop().run_in_executor(self._threads, function, *values)
        finally:
            self._queued[owner] -= 1
            if not self._queued[owner]:
                del self._queued[owner]


def _wide(network: str) -> str:
    """The network that takes turns: of IPv6 the /48, within which a customer of a provider has 65,536 of /64."""
    if ":" not in network:
        return network
    return str(ipaddress.ip_network(network).supernet(new_prefix=48))
