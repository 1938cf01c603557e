"""
Versions of an entry. Every change makes a new one, sealed under its own data key, and old ones stay.

METADATA is what is stored unencrypted next to the sealed bytes, whose fields are SEALED (cipher.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.envelope import SealBroken
from core.ids import uuid7
from models import sql
from models.access import Beside
from models.vault import Entry, EntryVersion, Vault
from realtime.unit_of_work import UnitOfWork
from server.vault.cipher import SEALED, OpenVersion, Place, SealedVersion, VaultCipher, open_version, seal_version

# A vault is read with the key of its epoch.
WITH_KEY = Beside(
    "k.kek_id AS _kek_id, k.wrapped AS _wrapped", "LEFT JOIN vault_keys k ON k.vault_id = t.id AND k.epoch = t.epoch"
)
METADATA = ("name", "username", "url", "tags", "expires_at", "rotation_interval_days")


@dataclass(frozen=True)
class Versions:
    """The versions of one entry, in a unit of work that changes it."""

    u: UnitOfWork
    cipher: VaultCipher
    vault: Vault
    entry: Entry
    found: Mapping[str, Any] = field(default_factory=dict)  # what was read beside the vault, if that was WITH_KEY

    async def change(self, content: OpenVersion, before: OpenVersion, values: dict[str, Any], action: str) -> list[str]:
        """
        Write the differences as the next version. Returns: the names of what changed; if nothing did, nothing is
        written.
        """
        entry = self.entry
        hidden = [name for name in SEALED if getattr(content, name) != getattr(before, name)]
        changed = hidden + [name for name, value in values.items() if getattr(entry, name) != value]
        if not changed:
            return []
        for name, value in values.items():
            setattr(entry, name, value)
        entry.has_notes = content.notes is not None
        if "secret" in hidden:
            entry.secret_changed_at = self.u.at
        entry.version += 1
        entry.updated_at = self.u.at
        await entry.save(using_db=self.u.connection)
        await self.write(content, changed, action)
        return changed

    async def write(self, content: OpenVersion, changed: list[str], action: str) -> None:
        """Write the entry as it is now as its current version, with its audit row."""
        entry, epoch = self.entry, self.vault.epoch
        key = await self._vault_key()
        sealed = seal_version(key, Place(entry.vault_id, entry.id, entry.version, epoch), content)
        metadata = {name: getattr(entry, name) for name in METADATA}
        if entry.expires_at is not None:
            metadata["expires_at"] = entry.expires_at.isoformat()
        version = sql.row_of(
            EntryVersion,
            id=uuid7(),
            entry_id=entry.id,
            vault_id=entry.vault_id,
            version=entry.version,
            key_epoch=epoch,
            data_key=sealed.data_key,
            **{name: getattr(sealed, name) for name in SEALED},
            metadata=metadata,
            changed=changed,
            actor_id=self.u.actor.id,
            created_at=self.u.at,
        )
        self.u.add(version)
        # The audit row holds a digest of the sealed bytes, so an old row put back into the table no longer matches the
        # chain.
        self.u.audit(
            f"vault:{entry.vault_id}",
            action,
            ("entry", entry.id),
            version=entry.version,
            changed=changed,
            sealed_sha256=sealed.digest(),
        )

    async def _vault_key(self) -> bytes:
        """The key of the vault. It is missing in `found` if somebody changed it while the vault was being locked."""
        vault, wrapped = self.vault, self.found.get("_wrapped")
        if wrapped is None:
            return await _vault_key(self.u, self.cipher, vault.id, vault.epoch)
        return self.cipher.open_key(vault.id, vault.epoch, self.found["_kek_id"], bytes(wrapped))


async def open_entry(u: UnitOfWork, cipher: VaultCipher, entry: Entry, version: int) -> OpenVersion:
    """The secret and notes of a version. Raises: SealBroken."""
    row = await version_of(u, entry, version)
    if row is None:
        raise SealBroken("the version of the entry is missing")
    key = await _vault_key(u, cipher, entry.vault_id, row.key_epoch)
    found = {name: getattr(row, name) for name in SEALED}
    stored: dict[str, Any] = {name: None if value is None else bytes(value) for name, value in found.items()}
    place = Place(entry.vault_id, entry.id, version, row.key_epoch)
    return open_version(key, place, SealedVersion(bytes(row.data_key), **stored))


async def version_of(u: UnitOfWork, entry: Entry, version: int) -> EntryVersion | None:
    """A version's row, still sealed, or None if there is no such version."""
    return await EntryVersion.filter(entry_id=entry.id, version=version).using_db(u.connection).first()


def metadata_of(row: EntryVersion) -> dict[str, Any]:
    """The unencrypted part of a version, by the names of the entry's fields."""
    found = {name: row.metadata.get(name) for name in METADATA}
    if found["expires_at"] is not None:
        found["expires_at"] = datetime.fromisoformat(found["expires_at"])
    return found


async def _vault_key(u: UnitOfWork, cipher: VaultCipher, vault_id: UUID, epoch: int) -> bytes:
    rows = await u.execute("SELECT kek_id, wrapped FROM vault_keys WHERE vault_id = $1 AND epoch = $2", vault_id, epoch)
    if not rows:
        raise SealBroken("the key of the vault is missing")
    return cipher.open_key(vault_id, epoch, rows[0]["kek_id"], bytes(rows[0]["wrapped"]))
