"""Matches and the records they use."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.job import Job
from models.pair import Pair
from models.record import Record
from models.status import MatchKind


class Match(Row):
    """Records of both sides that belong together, and why."""

    # Null for a match that people made: by hand, by splitting one, or by writing a record off. No foreign key in the
    # database, as for the pair: a job that goes takes its matches along (migration 15).
    job: fields.ForeignKeyNullableRelation[Job] = fields.ForeignKeyField(
        "models.Job", related_name="matches", null=True, db_constraint=False
    )
    job_id: UUID | None
    project_id = fields.UUIDField()
    # Null for a record that was written off, which has no partner. No foreign key in the database, because a job writes
    # matches by the million; a pair that goes takes its matches along (migration 11).
    pair: fields.ForeignKeyNullableRelation[Pair] = fields.ForeignKeyField(
        "models.Pair", related_name="matches", null=True, db_constraint=False
    )
    pair_id: UUID | None
    turned = fields.BooleanField(default=False)  # its left side is the pair's right one
    pass_index = fields.IntField(null=True)
    pass_name = fields.CharField(max_length=256, null=True)
    chunk = fields.IntField(null=True)
    kind = fields.CharField(max_length=16, default=MatchKind.ONE_TO_ONE.value)
    status = fields.CharField(max_length=16)  # MatchStatus
    origin = fields.CharField(max_length=16, default="engine")  # engine | manual
    score = fields.DecimalField(max_digits=12, decimal_places=3, null=True)  # bits
    margin = fields.DecimalField(max_digits=12, decimal_places=3, null=True)  # bits
    margin_kind = fields.CharField(max_length=8, null=True)  # exact | local
    ambiguity = fields.CharField(max_length=16, default="none")
    group = fields.CharField(max_length=64, null=True)
    difference = fields.DecimalField(max_digits=38, decimal_places=9, null=True)  # left minus right
    difference_as = fields.CharField(max_length=8, default="open")  # open | booked
    difference_reason = fields.CharField(max_length=64, null=True)  # the reason code it is booked with
    remainder = fields.DecimalField(max_digits=38, decimal_places=9, null=True)  # what a confirmed match leaves open
    remainder_side = fields.CharField(max_length=5, null=True)  # left | right
    remainder_since = fields.DatetimeField(null=True)
    remainder_record_id = fields.UUIDField(null=True)  # the invoice that it belongs to, if somebody said so
    extends_id = fields.UUIDField(null=True)  # the match whose remainder this one pays
    # What lists are sorted by: the larger side's amount without its sign, and the earliest date of its records.
    amount = fields.DecimalField(max_digits=38, decimal_places=9, null=True)
    date = fields.DateField(null=True)
    currency = fields.CharField(max_length=3, null=True)
    plan_hash = fields.CharField(max_length=64, null=True)
    assignee_id = fields.UUIDField(null=True)
    # The assignments of many matches at once that this one was among, whose audit rows say by whom and when.
    assigned_in: fields.JSONField[list[str] | None] = fields.JSONField(null=True)
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.TextField(null=True)
    signatures: fields.JSONField[list[Any]] = fields.JSONField(default=list)  # [{by, at, action}]
    fields_compared: fields.JSONField[list[Any]] = fields.JSONField(default=list)
    runner_up: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)

    class Meta:
        table = "matches"


class MatchRecord(Model):
    """
    The use of a record by a match. Unique partial indexes ensure that a record is used only once.

    It has no foreign keys in the database (migration 4). Whoever writes a use holds a lock that keeps the match and the
    record in place.
    """

    id = fields.BigIntField(primary_key=True)
    match: fields.ForeignKeyRelation[Match] = fields.ForeignKeyField(
        "models.Match", related_name="uses", db_constraint=False
    )
    match_id: UUID
    record: fields.ForeignKeyRelation[Record] = fields.ForeignKeyField(
        "models.Record", related_name="uses", db_constraint=False
    )
    record_id: UUID
    job_id = fields.UUIDField(null=True)
    pair_id = fields.UUIDField(null=True)
    side = fields.CharField(max_length=5)  # left | right
    # The record's, which does not change while the match is active. Sums are added up from here.
    amount = fields.DecimalField(max_digits=38, decimal_places=9, null=True)
    currency = fields.CharField(max_length=3, null=True)
    date = fields.DateField(null=True)  # the record's, too: how old it is when it is open again
    active = fields.BooleanField(default=True)  # the match is suggested or confirmed
    confirmed = fields.BooleanField(default=False)

    class Meta:
        table = "match_records"
        indexes = (("match_id",),)
