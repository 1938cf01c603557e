"""Log lines that clients sent."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class LogEntry(Model):
    """A log line."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    level = fields.CharField(max_length=8)
    origin = fields.CharField(max_length=8)  # browser | server
    message = fields.TextField()
    metadata: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    user_id = fields.UUIDField(null=True)
    request_id = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "log_entries"
        indexes = (("at",), ("request_id",))
