"""Opens the database and the keys for a command, without a server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.clock import now
from core.envelope import key_ring
from core.settings import Settings
from realtime import unit_of_work as work
from server.store import database, keyring
from server.store.keyring import Keyring


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Keyring]:
    """Open both, so that units of work can run. Raises: SettingsError in one line."""
    await database.check_schema(settings)
    async with database.opened(settings, "tallyroom command", pool=2):
        keys = await keyring.open_keyring(key_ring(settings))
        work.install(work.Ledger(audit_key=keys.audit))
        yield keys


async def rotate_signing_key(settings: Settings) -> str:
    """Replace the key that signs access tokens. Tokens already issued stay valid. Returns: the new key's kid."""
    async with opened(settings) as keys:
        return await keyring.rotate_signing_key(keys, made_before=now())
