"""Jobs: runs of a plan over two sources, and the chunks of results they have written."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.plan import Plan
from models.project import Project
from models.source import Source


class Job(Row):
    """A run. `attempt` is a fence: a worker whose attempt is not the current one writes nothing."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="jobs")
    project_id: UUID
    left_source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="left_jobs")
    left_source_id: UUID
    right_source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("models.Source", related_name="right_jobs")
    right_source_id: UUID
    pair_id = fields.UUIDField(null=True)  # set when it is queued; null only until then
    plan: fields.ForeignKeyNullableRelation[Plan] = fields.ForeignKeyField(
        "models.Plan", related_name="jobs", null=True, on_delete=fields.SET_NULL
    )
    plan_id: UUID | None
    plan_version = fields.IntField(null=True)
    plan_hash = fields.CharField(max_length=64, null=True)
    plan_document: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    status = fields.CharField(max_length=16)  # JobStatus
    attempt = fields.IntField(default=0)
    attempts_since_retry = fields.IntField(default=0)
    created_by = fields.UUIDField(null=True)
    asked_with = fields.UUIDField(null=True)  # the API token with which it was queued last
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    inputs: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    counts: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    statistics: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    progress: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    progress_curve: fields.JSONField[list[Any]] = fields.JSONField(default=list)
    problem: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    request_id = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "reconciliation_jobs"
        indexes = (("project_id", "id"), ("left_source_id",), ("right_source_id",), ("status",))


class JobExclusion(Model):
    """
    Something that a job left out when it first started, and that was undone since: a record of a match that was
    confirmed then, or a match that was rejected then. A take-over and a retry leave it out too.
    """

    id = fields.BigIntField(primary_key=True)
    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField("models.Job", related_name="exclusions")
    job_id: UUID
    record_id = fields.UUIDField(null=True)
    match_id = fields.UUIDField(null=True)
    # With both: what the match left open when the job first started, and the record it belongs to. The job reads it as
    # one more row, whatever became of the match since.
    remainder = fields.DecimalField(max_digits=38, decimal_places=9, null=True)

    class Meta:
        table = "job_exclusions"
        indexes = (("job_id", "record_id"),)


class JobChunk(Model):
    """A written chunk of results. It is inserted in the chunk's own transaction, so that no chunk is written twice."""

    id = fields.BigIntField(primary_key=True)
    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField("models.Job", related_name="chunks")
    job_id: UUID
    pass_index = fields.IntField()
    chunk = fields.IntField()
    attempt = fields.IntField()
    matches = fields.IntField()
    dropped = fields.IntField(default=0)  # matches dropped because a reviewer took one of their records meanwhile

    class Meta:
        table = "job_chunks"
        unique_together = (("job_id", "pass_index", "chunk"),)
