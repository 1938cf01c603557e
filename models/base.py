"""The columns that every stored noun has."""

from tortoise import fields
from tortoise.models import Model

from core.clock import now
from core.ids import uuid7


class Row(Model):
    """A stored noun: id, times, and a version that rises by one with every write."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    created_at = fields.DatetimeField(default=now)
    updated_at = fields.DatetimeField(default=now)
    version = fields.IntField(default=1)

    class Meta:
        abstract = True
