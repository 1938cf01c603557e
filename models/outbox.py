"""Streams and their events: written in the transaction of the change, read by the relay after its commit."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class StreamHead(Model):
    """A stream: the last number assigned, and the one before the first event still kept."""

    name = fields.CharField(max_length=64, primary_key=True)
    epoch = fields.CharField(max_length=16)
    head = fields.BigIntField(default=0)
    floor = fields.BigIntField(default=0)

    class Meta:
        table = "streams"


class StoredEvent(Model):
    """An event at its position in a stream."""

    id = fields.BigIntField(primary_key=True)
    stream = fields.CharField(max_length=64)
    seq = fields.BigIntField()
    event_id = fields.UUIDField()
    type = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    actor: fields.JSONField[dict[str, Any]] = fields.JSONField()
    request_id = fields.CharField(max_length=64, null=True)
    data: fields.JSONField[dict[str, Any]] = fields.JSONField()
    # users who lose their right to the stream with this event
    ends: fields.JSONField[list[str]] = fields.JSONField(default=list)

    class Meta:
        table = "events"
        unique_together = (("stream", "seq"),)
        indexes = (("at",),)


class State(Model):
    """The newest value for a key, such as a job's progress. Older values are not kept."""

    key = fields.CharField(max_length=96, primary_key=True)
    streams: fields.JSONField[list[str]] = fields.JSONField()
    version = fields.BigIntField()
    value: fields.JSONField[dict[str, Any]] = fields.JSONField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "states"


class LiveProcess(Model):
    """A web process that is alive, as long as it renews this."""

    id = fields.UUIDField(primary_key=True)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "live_processes"


class Presence(Model):
    """The people that one web process has on a stream: by their id, since when, and what they say about themselves."""

    key = fields.CharField(max_length=128, primary_key=True)  # process/stream
    process = fields.UUIDField(db_index=True)
    stream = fields.CharField(max_length=64, db_index=True)
    people: fields.JSONField[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "presences"


class IdempotencyKey(Model):
    """The stored answer to a POST that carried an Idempotency-Key."""

    id = fields.BigIntField(primary_key=True)
    actor_id = fields.UUIDField()
    route = fields.CharField(max_length=200)
    key = fields.CharField(max_length=128)
    body_hash = fields.BinaryField()
    status = fields.IntField()
    headers: fields.JSONField[dict[str, str]] = fields.JSONField()
    body = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_keys"
        unique_together = (("actor_id", "route", "key"),)
        indexes = (("created_at",),)
