"""
How an entry is sealed: key-encryption key -> vault key (one per vault and epoch) -> data key (one per version) ->
fields.

Every seal names its place in its associated data, so bytes moved to another vault, entry, version or field do not open.
Source: NIST SP 800-38D (AES-GCM); for envelope encryption see the docstring of `core.envelope`.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from uuid import UUID

from core.envelope import KeyProvider, associated, new_key, seal, unseal

SealedField = Literal["secret", "notes"]
# The audit log has digests of the fields in this order: a new one is added at the end.
SEALED: tuple[SealedField, ...] = get_args(SealedField)


@dataclass(frozen=True)
class Place:
    """The place that a version's seals belong to."""

    vault_id: UUID
    entry_id: UUID
    version: int
    epoch: int

    def of_data_key(self) -> bytes:
        """Associated data of the version's wrapped data key."""
        return associated("cv1/dek", self.vault_id.bytes, self.entry_id.bytes, self.version, self.epoch)

    def of_field(self, name: SealedField) -> bytes:
        """Associated data of a sealed field."""
        return associated("cv1/field", self.vault_id.bytes, self.entry_id.bytes, self.version, name)


@dataclass(frozen=True)
class SealedVersion:
    """The stored form of a version's secrets."""

    data_key: bytes
    secret: bytes
    notes: bytes | None

    def digest(self) -> str:
        """
        The SHA-256 of the sealed bytes, in hex. It is in the audit log, so that putting back an old row is noticed.
        """
        parts = [getattr(self, name) or b"" for name in SEALED]
        return hashlib.sha256(b"".join([self.data_key, *parts])).hexdigest()


@dataclass(frozen=True)
class OpenVersion:
    """The plaintext of a version. It is left out of repr()."""

    secret: str = field(repr=False)
    notes: str | None = field(repr=False)


@dataclass(frozen=True)
class VaultCipher:
    """Seals and opens with the key-encryption keys of a provider."""

    provider: KeyProvider

    def make_key(self, vault_id: UUID, epoch: int) -> tuple[str, bytes]:
        """Create a vault key. Returns: the id of the key-encryption key, and the wrapped key."""
        return self.provider.wrap(new_key(), _of_vault_key(vault_id, epoch, self.provider.active))

    def open_key(self, vault_id: UUID, epoch: int, kek_id: str, wrapped: bytes) -> bytes:
        """The vault key. Raises: SealBroken."""
        return self.provider.unwrap(kek_id, wrapped, _of_vault_key(vault_id, epoch, kek_id))


def seal_version(vault_key: bytes, place: Place, content: OpenVersion) -> SealedVersion:
    """Seal a version's fields under their own data key."""
    data_key = new_key()
    sealed: dict[str, Any] = dict.fromkeys(SEALED)
    for name in SEALED:
        text = getattr(content, name)
        if text is not None:
            sealed[name] = seal(data_key, "data", text.encode(), place.of_field(name))
    return SealedVersion(data_key=seal(vault_key, _key_name(place), data_key, place.of_data_key()), **sealed)


def open_version(vault_key: bytes, place: Place, sealed: SealedVersion) -> OpenVersion:
    """Open a version. Raises: SealBroken if a byte was changed or moved."""
    data_key = unseal(vault_key, _key_name(place), sealed.data_key, place.of_data_key())
    content: dict[str, Any] = dict.fromkeys(SEALED)
    for name in SEALED:
        value = getattr(sealed, name)
        if value is not None:
            content[name] = unseal(data_key, "data", value, place.of_field(name)).decode()
    return OpenVersion(**content)


def _of_vault_key(vault_id: UUID, epoch: int, kek_id: str) -> bytes:
    return associated("cv1/vk", vault_id.bytes, epoch, kek_id)


def _key_name(place: Place) -> str:
    return f"vault-key:{place.vault_id}:{place.epoch}"
