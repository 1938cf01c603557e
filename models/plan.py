"""Matching plans and their versions."""

from typing import Any
from uuid import UUID

from tortoise import fields

from models.base import Row
from models.project import Project


class Plan(Row):
    """How two sources are matched, in its newest version."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="plans")
    project_id: UUID
    name = fields.CharField(max_length=256)
    document: fields.JSONField[dict[str, Any]] = fields.JSONField()
    hash = fields.CharField(max_length=64)
    origin = fields.CharField(max_length=16)  # suggested | written

    class Meta:
        table = "plans"
        indexes = (("project_id", "id"),)


class PlanVersion(Row):
    """A version of a plan. It never changes."""

    plan: fields.ForeignKeyRelation[Plan] = fields.ForeignKeyField("models.Plan", related_name="versions")
    plan_id: UUID
    document: fields.JSONField[dict[str, Any]] = fields.JSONField()
    name = fields.CharField(max_length=256)
    hash = fields.CharField(max_length=64)
    created_by = fields.UUIDField(null=True)

    class Meta:
        table = "plan_versions"
        unique_together = (("plan_id", "version"),)
