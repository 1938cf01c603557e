"""Decisions: what people did to matches, so that it can be undone, and what they said about them."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row
from models.match import Match
from models.project import Project


class Decision(Row):
    """A verb that somebody applied to one match or to many."""

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="decisions")
    project_id: UUID
    pair_id = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=16)  # DecisionKind
    is_bulk = fields.BooleanField(default=False)
    decided_by = fields.UUIDField(null=True)
    actor_type = fields.CharField(max_length=16)
    actor_id = fields.UUIDField(null=True)  # the API token, if one was used
    reason = fields.TextField(null=True)

    class Meta:
        table = "decisions"
        indexes = (("project_id", "id"),)


class DecisionMatch(Model):
    """
    A match that a decision touched, and the state that it had before.

    It has no foreign key to the match in the database: a bulk touches a hundred thousand, and matches take their rows
    along when they go (migration 11).
    """

    id = fields.BigIntField(primary_key=True)
    decision: fields.ForeignKeyRelation[Decision] = fields.ForeignKeyField("models.Decision", related_name="matches")
    decision_id: UUID
    match: fields.ForeignKeyRelation[Match] = fields.ForeignKeyField(
        "models.Match", related_name="decisions", db_constraint=False
    )
    match_id: UUID
    before = fields.CharField(max_length=16, null=True)  # MatchStatus; null if the decision made the match
    after = fields.CharField(max_length=16)
    previous: fields.JSONField[dict[str, object] | None] = fields.JSONField(null=True)  # who had decided before
    undone_at = fields.DatetimeField(null=True)
    undone_by = fields.UUIDField(null=True)

    class Meta:
        table = "decision_matches"
        indexes = (("match_id", "id"), ("decision_id",))


class Comment(Row):
    """What somebody wrote about a match."""

    match: fields.ForeignKeyRelation[Match] = fields.ForeignKeyField("models.Match", related_name="comments")
    match_id: UUID
    author_id = fields.UUIDField(null=True)
    text = fields.TextField()
    edited_at = fields.DatetimeField(null=True)

    class Meta:
        table = "match_comments"
        indexes = (("match_id", "id"),)
