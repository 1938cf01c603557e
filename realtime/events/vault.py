"""Events of vaults: ids, versions and names of changed fields, never content. Clients refetch."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, PositiveInt

from realtime import streams
from realtime.events.base import Event


class _OnVault(Event):
    nouns: ClassVar = ("vault",)

    vault_id: UUID

    def streams(self) -> tuple[str, ...]:
        return (streams.vault(self.vault_id),)


class VaultCreated(_OnVault):
    """A vault was made."""

    event: ClassVar = "vault.created"
    version: PositiveInt
    changed: list[str] = []


class VaultUpdated(_OnVault):
    """A vault was renamed."""

    event: ClassVar = "vault.updated"
    version: PositiveInt
    changed: list[str]


class VaultDeleted(_OnVault):
    """A vault and its entries are gone."""

    event: ClassVar = "vault.deleted"
    version: PositiveInt
    changed: list[str] = []
    members: list[UUID] = Field(default=[], exclude=True)

    def ends(self) -> tuple[str, ...]:
        return tuple(str(member) for member in self.members)


class _OnEntry(_OnVault):
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
    """An entry went to the trash."""

    event: ClassVar = "vault.entry.deleted"


class EntryRestored(_OnEntry):
    """An entry came back from the trash, or an old version became the newest."""

    event: ClassVar = "vault.entry.restored"


class EntryPurged(_OnEntry):
    """An entry's keys and rows are destroyed."""

    event: ClassVar = "vault.entry.purged"


class EntryRotated(_OnEntry):
    """An entry has a new secret."""

    event: ClassVar = "vault.entry.rotated"


class _OnVaultMember(_OnVault):
    user_id: UUID
    role: str


class VaultMemberAdded(_OnVaultMember):
    """A person may use the vault."""

    event: ClassVar = "vault.member.added"


class VaultMemberChanged(_OnVaultMember):
    """A person's role changed."""

    event: ClassVar = "vault.member.changed"


class VaultMemberRemoved(_OnVaultMember):
    """A person lost the vault: their subscriptions end here."""

    event: ClassVar = "vault.member.removed"

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)


class _OnVaultAccess(Event):
    nouns: ClassVar = ("vault-access",)

    vault_id: UUID
    entry_id: UUID
    version: PositiveInt

    def streams(self) -> tuple[str, ...]:
        return (streams.vault_access(self.vault_id),)


class EntryRevealed(_OnVaultAccess):
    """A person read a secret."""

    event: ClassVar = "vault.entry.revealed"


class VaultAccessDenied(_OnVaultAccess):
    """A person tried to read a secret without the right."""

    event: ClassVar = "vault.access.denied"


class VaultManagerRemoved(Event):
    """A person is no manager of the vault any more: their subscription to its accesses ends here."""

    event: ClassVar = "vault.manager.removed"
    nouns: ClassVar = ("vault-access",)

    vault_id: UUID
    user_id: UUID

    def streams(self) -> tuple[str, ...]:
        return (streams.vault_access(self.vault_id),)

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)
