"""Pairs of sources, and the sums of their books."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from core.clock import now
from core.ids import uuid7
from models.project import Project
from models.source import Source


class Pair(Model):
    """Two sources that are reconciled with each other. Jobs in either direction belong to the same pair."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="pairs")
    project_id: UUID
    left_source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="left_pairs")
    left_source_id: UUID
    right_source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField(
        "models.Source", related_name="right_pairs"
    )
    right_source_id: UUID
    sign = fields.SmallIntField(null=True)  # 1 | -1; fixed by the first confirmed match
    created_at = fields.DatetimeField(default=now)

    class Meta:
        table = "pairs"
        indexes = (("left_source_id",), ("right_source_id",))


class BookEntry(Model):
    """
    A change of one term of the books: an amount and a number of records, both signed.

    Entries are only added, so that nobody waits for somebody else's sums. The sum of a term's entries is its value;
    now and then many entries are replaced by their sum (server/books/entries.py).
    """

    id = fields.BigIntField(primary_key=True)
    source: fields.ForeignKeyNullableRelation[Source] = fields.ForeignKeyField(
        "models.Source", related_name="book_entries", null=True
    )
    source_id: UUID | None
    pair: fields.ForeignKeyNullableRelation[Pair] = fields.ForeignKeyField(
        "models.Pair", related_name="book_entries", null=True
    )
    pair_id: UUID | None
    term = fields.CharField(max_length=16)
    currency = fields.CharField(max_length=3, null=True)
    # The pass whose matches moved the amount, and the date from which open items count their age.
    pass_name = fields.CharField(max_length=256, null=True)
    since = fields.DateField(null=True)
    # A column of numeric without limits (migration 11): the sum of a million amounts may have more than 38 digits.
    amount = fields.DecimalField(max_digits=1000, decimal_places=9)
    records = fields.BigIntField()
    without_amount = fields.BigIntField()

    class Meta:
        table = "book_entries"
        indexes = (("source_id",), ("pair_id",))
