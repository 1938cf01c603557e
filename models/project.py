"""Projects and their members."""

from uuid import UUID

from tortoise import fields

from models.base import Row
from models.user import User


class Project(Row):
    """A project: the sources, jobs and vaults of a team."""

    name = fields.CharField(max_length=256)
    description = fields.TextField(default="")
    timezone = fields.CharField(max_length=64, default="UTC")

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
