"""Stored keys. Each is wrapped by a key-encryption key that is not in the database."""

from tortoise import fields
from tortoise.models import Model


class ApplicationKey(Model):
    """A key created once for this installation: the pepper, the audit key, the canary of the key-encryption key."""

    name = fields.CharField(max_length=32, primary_key=True)
    kek_id = fields.CharField(max_length=32)
    wrapped = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "application_keys"


class SigningKey(Model):
    """An Ed25519 key that signs access tokens."""

    kid = fields.CharField(max_length=64, primary_key=True)
    public = fields.BinaryField()
    kek_id = fields.CharField(max_length=32)
    private_wrapped = fields.BinaryField()
    state = fields.CharField(max_length=16)  # next | active | retiring
    created_at = fields.DatetimeField()
    not_after = fields.DatetimeField(null=True)  # for a retiring key

    class Meta:
        table = "signing_keys"
