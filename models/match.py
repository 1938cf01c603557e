"""Matches and the records they use."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.job import Job
from models.record import Record
from models.status import MatchKind


class Match(Row):
    """Records of both sides that belong together, and why."""

    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField("models.Job", related_name="matches")
    job_id: UUID
    project_id = fields.UUIDField()
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
    difference = fields.DecimalField(max_digits=38, decimal_places=9, null=True)
    currency = fields.CharField(max_length=3, null=True)
    plan_hash = fields.CharField(max_length=64, null=True)
    assignee_id = fields.UUIDField(null=True)
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.TextField(null=True)
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
    job_id = fields.UUIDField()
    side = fields.CharField(max_length=5)  # left | right
    active = fields.BooleanField(default=True)  # the match is suggested or confirmed
    confirmed = fields.BooleanField(default=False)

    class Meta:
        table = "match_records"
        indexes = (("match_id",),)
