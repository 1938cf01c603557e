"""Records: the rows of a source, as JSONB with typed columns alongside."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.source import Source


class Record(Row):
    """A row of a source. `amount` is exact, in units of `currency`, with at most 9 decimals (docs/decisions/0002)."""

    # No foreign key in the database; migration 4 says what replaces it.
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField(
        "models.Source", related_name="records", db_constraint=False
    )
    source_id: UUID
    row = fields.BigIntField()  # data row, counted from 0
    revision = fields.IntField(default=1)  # the source's revision that added it
    data: fields.JSONField[dict[str, Any]] = fields.JSONField()  # {column: text|null}, as loaded
    amount = fields.DecimalField(max_digits=38, decimal_places=9, null=True)
    currency = fields.CharField(max_length=3, null=True)
    date = fields.DateField(null=True)
    reference = fields.TextField(null=True)

    class Meta:
        table = "reconciliation_records"


class RecordClaim(Model):
    """Somebody works on a record until this time. It is advice for others; versions guard decisions."""

    # Not a foreign key: removing a million records would look here for each. What is left over ends within a minute.
    record_id = fields.UUIDField(primary_key=True)
    project_id = fields.UUIDField()
    user_id = fields.UUIDField()
    until = fields.DatetimeField(db_index=True)
    # When the holder was last connected by a socket, since it was claimed or renewed. Null: not at all.
    seen_at = fields.DatetimeField(null=True)

    class Meta:
        table = "record_claims"
