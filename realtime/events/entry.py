"""Events about a vault's entries, and about who has read them. Clients refetch."""

from typing import ClassVar
from uuid import UUID

from pydantic import PositiveInt

from realtime.events.base import OnVault, OnVaultAccess


class _OnEntry(OnVault):
    entry_id: UUID
    version: PositiveInt
    changed: list[str] = []


class EntryCreated(_OnEntry):
    """An entry was added."""

    event: ClassVar = "vault.entry.created"


class EntryUpdated(_OnEntry):
    """An entry has a new version."""

    event: ClassVar = "vault.entry.updated"


class EntryDeleted(_OnEntry):
    """An entry was moved to the trash."""

    event: ClassVar = "vault.entry.deleted"


class EntryRestored(_OnEntry):
    """An entry was taken out of the trash, or an old version became the newest."""

    event: ClassVar = "vault.entry.restored"


class EntryPurged(_OnEntry):
    """An entry's keys and rows were destroyed."""

    event: ClassVar = "vault.entry.purged"


class EntryRotated(_OnEntry):
    """An entry has a new secret."""

    event: ClassVar = "vault.entry.rotated"


class _OnAccess(OnVaultAccess):
    entry_id: UUID
    version: PositiveInt


class EntryRevealed(_OnAccess):
    """A person read a secret."""

    event: ClassVar = "vault.entry.revealed"


class VaultAccessDenied(_OnAccess):
    """A person tried to read a secret without the right."""

    event: ClassVar = "vault.access.denied"
