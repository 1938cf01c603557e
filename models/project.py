"""Projects and their members."""

from typing import Any
from uuid import UUID

from tortoise import fields

from models.base import Row
from models.user import User


class Project(Row):
    """A project: the sources, jobs and vaults of a team."""

    name = fields.CharField(max_length=256)
    description = fields.TextField(default="")
    timezone = fields.CharField(max_length=64, default="UTC")
    reason_codes: fields.JSONField[list[Any]] = fields.JSONField(default=list)  # [{code, label, account}]
    write_off_limit: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)  # {amount, currency}
    four_eyes_over: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    auto_confirm_up_to: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)

    class Meta:
        table = "projects"


class ProjectMember(Row):
    """What a person may do in a project."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="members")
    project_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="memberships")
    user_id: UUID
    role = fields.CharField(max_length=16)  # viewer | analyst | controller | owner
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "project_members"
        unique_together = (("project_id", "user_id"),)
        indexes = (("user_id",),)
