"""Events about vaults. Clients refetch."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, PositiveInt

from realtime.events.base import OnVault


class VaultCreated(OnVault):
    """A vault was created."""

    event: ClassVar = "vault.created"
    version: PositiveInt
    changed: list[str] = []


class VaultUpdated(OnVault):
    """A vault was renamed."""

    event: ClassVar = "vault.updated"
    version: PositiveInt
    changed: list[str]


class VaultDeleted(OnVault):
    """A vault and its entries were deleted."""

    event: ClassVar = "vault.deleted"
    version: PositiveInt
    changed: list[str] = []
    members: list[UUID] = Field(default=[], exclude=True)

    def ends(self) -> tuple[str, ...]:
        return tuple(str(member) for member in self.members)
