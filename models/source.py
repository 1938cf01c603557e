"""
Sources: one side of a reconciliation, the file it came from, the rows that could not be read or are no bookings, and the
answers that people gave about files of one layout.
"""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.project import Project


class Source(Row):
    """A set of records."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="sources")
    project_id: UUID
    name = fields.CharField(max_length=256)
    format = fields.CharField(max_length=16)  # a name of matching.reading.formats, or manual
    filename = fields.CharField(max_length=256, null=True)
    size_bytes = fields.BigIntField(default=0)
    sha256 = fields.CharField(max_length=64, null=True)
    duplicate_of = fields.UUIDField(null=True)
    status = fields.CharField(max_length=16)  # SourceStatus
    rows_read = fields.BigIntField(default=0)
    rows_loaded = fields.BigIntField(default=0)
    rows_rejected = fields.BigIntField(default=0)
    rows_left_out = fields.BigIntField(default=0, db_default=0)
    mapping: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    questions: fields.JSONField[list[Any]] = fields.JSONField(default=list)
    profile: fields.JSONField[list[Any]] = fields.JSONField(default=list)
    detection: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    problem: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    revision = fields.IntField(default=1)  # increases with every change to the records
    attempt = fields.IntField(default=0)  # fence against a loader that has lost its lease
    request_id = fields.CharField(max_length=64, null=True)
    created_by = fields.UUIDField(null=True)
    asked_with = fields.UUIDField(null=True)  # the API token with which it was queued last

    class Meta:
        table = "sources"
        indexes = (("project_id", "id"), ("project_id", "sha256"))


class SourceChunk(Model):
    """1 MiB of an uploaded file."""

    id = fields.BigIntField(primary_key=True)
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="chunks")
    source_id: UUID
    number = fields.IntField()
    body = fields.BinaryField()

    class Meta:
        table = "source_chunks"
        unique_together = (("source_id", "number"),)


class SourceReject(Model):
    """A row of a file that was not loaded, and why."""

    id = fields.BigIntField(primary_key=True)
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="rejects")
    source_id: UUID
    line = fields.BigIntField()  # line of the file, from 1
    row = fields.BigIntField(null=True)  # data row from 0, as for records
    column = fields.TextField(null=True)
    code = fields.CharField(max_length=64)
    message = fields.TextField()
    value_type = fields.CharField(max_length=32)

    class Meta:
        table = "source_rejects"
        indexes = (("source_id", "id"),)


class SourceLeftOut(Model):
    """A row of a file that is no booking, such as a total, and why."""

    id = fields.BigIntField(primary_key=True)
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="left_out")
    source_id: UUID
    line = fields.BigIntField()  # line of the file, from 1
    row = fields.BigIntField(null=True)  # data row from 0, as for records
    reason = fields.CharField(max_length=32)
    detail = fields.TextField()
    data: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)  # what the row says, as for records

    class Meta:
        table = "source_left_out"
        indexes = (("source_id", "line", "id"),)


class SourceLayout(Model):
    """The answers that people gave about a file. They are used for the next file with the same layout."""

    id = fields.UUIDField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="layouts")
    project_id: UUID
    layout = fields.CharField(max_length=64)  # server.source.layouts.layout_of
    mapping: fields.JSONField[dict[str, Any]] = fields.JSONField()  # only what people said; null: has no column
    answered_by = fields.UUIDField(null=True)
    answered_at = fields.DatetimeField()

    class Meta:
        table = "source_layouts"
        unique_together = (("project_id", "layout"),)
