"""Events about the members of projects and vaults."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnProject, OnVault, OnVaultAccess


class MemberAdded(OnProject):
    """A person joined."""

    event: ClassVar = "project.member.added"
    user_id: UUID
    role: str


class MemberChanged(OnProject):
    """A person's role, or the end of their membership, changed."""

    event: ClassVar = "project.member.changed"
    user_id: UUID
    role: str


class MemberRemoved(OnProject):
    """A person left or was removed. Their subscriptions end here."""

    event: ClassVar = "project.member.removed"
    user_id: UUID
    role: str

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)


class _OnVaultMember(OnVault):
    user_id: UUID
    role: str


class VaultMemberAdded(_OnVaultMember):
    """A person may now use the vault."""

    event: ClassVar = "vault.member.added"


class VaultMemberChanged(_OnVaultMember):
    """A person's role changed."""

    event: ClassVar = "vault.member.changed"


class VaultMemberRemoved(_OnVaultMember):
    """A person may no longer use the vault. Their subscriptions end here."""

    event: ClassVar = "vault.member.removed"

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)


class VaultManagerRemoved(OnVaultAccess):
    """A person no longer manages the vault. Their subscription to its accesses ends here."""

    event: ClassVar = "vault.manager.removed"

    user_id: UUID

    def ends(self) -> tuple[str, ...]:
        return (str(self.user_id),)
