"""Vaults: shared, encrypted credentials. Entries and their versions."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.project import Project
from models.user import User


class Vault(Row):
    """A set of entries that the same people may use."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="vaults")
    project_id: UUID
    name = fields.CharField(max_length=256)
    epoch = fields.IntField(default=1)  # the epoch of the vault key that new versions are sealed under

    class Meta:
        table = "vaults"
        indexes = (("project_id", "id"),)


class VaultKey(Model):
    """The vault key for an epoch, wrapped by a key-encryption key."""

    id = fields.UUIDField(primary_key=True)
    vault: fields.ForeignKeyRelation[Vault] = fields.ForeignKeyField("models.Vault", related_name="keys")
    vault_id: UUID
    epoch = fields.IntField()
    kek_id = fields.CharField(max_length=32)
    wrapped = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "vault_keys"
        unique_together = (("vault_id", "epoch"),)


class VaultMember(Row):
    """What a person may do in a vault. Membership in the project gives no right to it."""

    vault: fields.ForeignKeyRelation[Vault] = fields.ForeignKeyField("models.Vault", related_name="members")
    vault_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="vault_memberships")
    user_id: UUID
    role = fields.CharField(max_length=16)  # viewer | reader | editor | vault_manager
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "vault_members"
        unique_together = (("vault_id", "user_id"),)
        indexes = (("user_id",),)


class Entry(Row):
    """A credential. Its searchable fields are unencrypted; its secret and notes are only in its encrypted versions."""

    vault: fields.ForeignKeyRelation[Vault] = fields.ForeignKeyField("models.Vault", related_name="entries")
    vault_id: UUID
    name = fields.CharField(max_length=256)
    username = fields.CharField(max_length=512, null=True)
    url = fields.CharField(max_length=2048, null=True)
    tags: fields.JSONField[list[str]] = fields.JSONField(default=list)
    has_notes = fields.BooleanField(default=False)
    expires_at = fields.DatetimeField(null=True)  # when the credential expires
    rotation_interval_days = fields.IntField(null=True)
    secret_changed_at = fields.DatetimeField()
    trashed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "password_entries"
        indexes = (("vault_id", "id"),)


class EntryVersion(Model):
    """A version of an entry. It never changes, and has its own data key, wrapped by the vault key."""

    id = fields.UUIDField(primary_key=True)
    entry: fields.ForeignKeyRelation[Entry] = fields.ForeignKeyField("models.Entry", related_name="versions")
    entry_id: UUID
    vault_id = fields.UUIDField()
    version = fields.IntField()
    key_epoch = fields.IntField()
    data_key = fields.BinaryField()
    secret = fields.BinaryField()
    notes = fields.BinaryField(null=True)
    metadata: fields.JSONField[dict[str, Any]] = fields.JSONField()  # name, url, dates as of this version
    changed: fields.JSONField[list[str]] = fields.JSONField()
    actor_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "password_entry_versions"
        unique_together = (("entry_id", "version"),)
