"""
The installation's keys in memory: what the key-encryption key unlocks at start-up, and how one of them is rotated.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tortoise import BaseDBAsyncClient

from core import log
from core.clock import now
from core.envelope import KeyProvider, SealBroken, associated, new_key
from core.ids import uuid7
from core.settings import SettingsError
from models.access import SYSTEM
from models.key import ApplicationKey, SigningKey
from models.transactions import in_transaction
from realtime.unit_of_work import unit_of_work
from server.store import database

CANARY = b"tallyroom canary"
ROTATE_AFTER = timedelta(days=90)
RETIRE_AFTER = timedelta(minutes=30)  # twice the life of an access token
# How often processes read the ring again. One that still signs with a retired key must notice before its tokens outlive
# that key.
FOLLOW_EVERY_S = 300.0
PATIENCE_S = 60.0  # with a database that goes away during the start
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('tallyroom keyring'))"
_APPLICATION_KEYS = ("audit", "pepper-1", "cursor")
_IRREPLACEABLE = ("audit", "pepper-1")  # with a different one, no password would match and no audit chain would verify

logger = log.get(__name__)


@dataclass
class SigningPair:
    """A key pair in the ring. `private` is None for a retiring pair, which only verifies."""

    kid: str
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None = field(repr=False)
    state: str
    not_after: datetime | None


@dataclass
class Keyring:
    """Pepper, audit key, cursor key, and the ring of signing keys."""

    provider: KeyProvider
    application: dict[str, bytes] = field(repr=False)
    signing: dict[str, SigningPair] = field(repr=False)

    @property
    def audit(self) -> bytes:
        """The key for the audit chains' codes."""
        return self.application["audit"]

    @property
    def active(self) -> SigningPair:
        """The pair that signs."""
        return next(pair for pair in self.signing.values() if pair.state == "active")

    def verifying(self, kid: str, at: datetime) -> SigningPair | None:
        """The pair with a kid, unless it has expired."""
        pair = self.signing.get(kid)
        if pair is None or (pair.not_after is not None and pair.not_after < at):
            return None
        return pair


async def open_keyring(provider: KeyProvider) -> Keyring:
    """
    Unlock the stored keys, or create them at the very first start. If the database goes away meanwhile, wait for it.

    Raises: SettingsError in one line when they were sealed with another key-encryption key, or the database stays away.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        try:
            return await _open_keyring(provider)
        except Exception as error:
            if isinstance(error, SettingsError) or not database.is_away(error):
                raise
            if asyncio.get_running_loop().time() > deadline:
                raise SettingsError("the database went away during the start, and has not come back") from error
        await asyncio.sleep(database.PAUSE_S)


async def _open_keyring(provider: KeyProvider) -> Keyring:
    async with in_transaction() as connection:
        # Two processes may start at once on an empty database. The second waits here and then finds the keys.
        await connection.execute_query(_LOCK)
        stored = {row.name: row for row in await ApplicationKey.all().using_db(connection)}
        if "canary" in stored:
            _check_canary(provider, stored["canary"])
            for name in _IRREPLACEABLE:
                if name not in stored:
                    raise SettingsError(
                        f"the key {name!r} is missing from the table application_keys; restore it from a backup "
                        "(the server never creates a new one in its place)"
                    )
        for name in ("canary", *_APPLICATION_KEYS):
            if name not in stored:
                plain = CANARY if name == "canary" else new_key()
                kek_id, wrapped = provider.wrap(plain, associated("cv1/app", name))
                stored[name] = await ApplicationKey.create(
                    using_db=connection, name=name, kek_id=kek_id, wrapped=wrapped, created_at=now()
                )
        if not await SigningKey.filter(state="active").using_db(connection).exists():
            await _new_signing_key(provider, connection)
    application = {
        name: _open(provider, row.kek_id, row.wrapped, associated("cv1/app", name))
        for name, row in stored.items()
        if name != "canary"
    }
    keyring = Keyring(provider, application, {})
    await refresh_signing_keys(keyring)
    return keyring


async def keep_signing_keys(keyring: Keyring) -> None:
    """Rotate the signing key when it is due, and pick up rotations by other processes, as long as the process runs."""
    while True:
        try:
            await rotate_signing_key(keyring, made_before=now() - ROTATE_AFTER)
        except Exception as error:  # noqa: BLE001 - a task's root: it tries again in five minutes
            logger.warning("the signing keys were not read", error=type(error).__name__)
        await asyncio.sleep(FOLLOW_EVERY_S)


async def rotate_signing_key(keyring: Keyring, *, made_before: datetime) -> str:
    """
    Replace the signing key if it was created before a time, and read the ring again. Returns: the kid that signs now.
    """
    async with unit_of_work(SYSTEM) as u:
        await u.execute(_LOCK)
        old = await SigningKey.get(state="active", using_db=u.connection)
        if old.created_at < made_before:
            old.state, old.not_after = "retiring", now() + RETIRE_AFTER
            await old.save(using_db=u.connection)
            kid = await _new_signing_key(keyring.provider, u.connection)
            u.audit("system", "key.rotate", ("signing_key", kid))
    await refresh_signing_keys(keyring)
    return keyring.active.kid


async def refresh_signing_keys(keyring: Keyring) -> None:
    """Read the ring again, since another process may have rotated it."""
    ring: dict[str, SigningPair] = {}
    for row in await SigningKey.all():
        private = None
        if row.state == "active":
            raw = _open(keyring.provider, row.kek_id, row.private_wrapped, associated("cv1/sign", row.kid))
            private = Ed25519PrivateKey.from_private_bytes(raw)
        ring[row.kid] = SigningPair(
            row.kid, Ed25519PublicKey.from_public_bytes(row.public), private, row.state, row.not_after
        )
    keyring.signing = ring


async def _new_signing_key(provider: KeyProvider, connection: BaseDBAsyncClient) -> str:
    """Create a key that signs from now on. Returns: its kid."""
    pair = Ed25519PrivateKey.generate()
    kid = f"s-{uuid7().hex[:20]}"
    raw = pair.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    kek_id, wrapped = provider.wrap(raw, associated("cv1/sign", kid))
    await SigningKey.create(
        using_db=connection,
        kid=kid,
        public=pair.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        kek_id=kek_id,
        private_wrapped=wrapped,
        state="active",
        created_at=now(),
    )
    return kid


def _check_canary(provider: KeyProvider, row: ApplicationKey) -> None:
    if _open(provider, row.kek_id, row.wrapped, associated("cv1/app", "canary")) != CANARY:
        raise SettingsError(
            "TALLYROOM_VAULT_KEK: the canary does not match; configure the key this database was created with"
        )


def _open(provider: KeyProvider, kek_id: str, wrapped: bytes, aad: bytes) -> bytes:
    try:
        return provider.unwrap(kek_id, bytes(wrapped), aad)
    except SealBroken as error:
        raise SettingsError(
            f"TALLYROOM_VAULT_KEK: the key {kek_id!r} that sealed this database is missing or has changed; "
            "configure the original key (the server never creates a new one in its place)"
        ) from error
