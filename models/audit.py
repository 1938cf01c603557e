"""The audit log: chains of rows whose codes reveal any later edit, removal or reordering."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import orjson
from tortoise import fields
from tortoise.models import Model

from core.clock import rfc3339

GENESIS = bytes(32)


class AuditChain(Model):
    """The head of a chain."""

    name = fields.CharField(max_length=64, primary_key=True)
    head = fields.BigIntField(default=0)
    mac = fields.BinaryField()

    class Meta:
        table = "audit_chains"


class AuditRow(Model):
    """Who did what to which resource, and the outcome. Holds ids and field names, never values."""

    id = fields.BigIntField(primary_key=True)
    chain = fields.CharField(max_length=64)
    seq = fields.BigIntField()
    at = fields.DatetimeField()
    actor_type = fields.CharField(max_length=16)
    actor_id = fields.UUIDField(null=True)
    session_id = fields.UUIDField(null=True)
    action = fields.CharField(max_length=64)
    resource_type = fields.CharField(max_length=32)
    resource_id = fields.CharField(max_length=64, null=True)
    outcome = fields.CharField(max_length=8)  # success | denied | failure
    ip = fields.CharField(max_length=64, null=True)
    request_id = fields.CharField(max_length=64, null=True)
    details: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    mac = fields.BinaryField()

    class Meta:
        table = "audit_log"
        unique_together = (("chain", "seq"),)
        indexes = (("resource_id", "seq"), ("actor_id", "at"))


class Refusal(Model):
    """
    Refused requests until the audit log has them: first as they come in, then counted by minute
    (server/audit/refusals.py).

    A refused request adds a row to this table and writes nowhere else, whatever it asked for.
    """

    # unique at first, later a digest of what is counted together
    key = fields.CharField(max_length=64, primary_key=True)
    minute = fields.DatetimeField()
    network = fields.CharField(max_length=64)
    actor_type = fields.CharField(max_length=16)
    actor_id = fields.UUIDField(null=True)
    action = fields.CharField(max_length=64)
    resource_type = fields.CharField(max_length=32)
    resource_id = fields.CharField(max_length=64, null=True)
    outcome = fields.CharField(max_length=8)
    home = fields.CharField(max_length=64, null=True)  # the chain, if the request knew it
    chain = fields.CharField(max_length=64, null=True)  # the chain, once it has been looked up and the row is a count
    version = fields.IntField(null=True)  # version of an entry whose managers are told by an event
    count = fields.IntField()
    told = fields.IntField(default=0)  # how many of them the audit log has
    # These fields are from the first of them.
    at = fields.DatetimeField()
    session_id = fields.UUIDField(null=True)
    ip = fields.CharField(max_length=64, null=True)
    request_id = fields.CharField(max_length=64, null=True)
    details: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "refusals"


@dataclass(frozen=True)
class Entry:
    """A row to append to a chain."""

    chain: str
    action: str
    resource_type: str
    resource_id: str | None
    outcome: str = "success"
    details: dict[str, Any] = field(default_factory=dict)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_PLAIN = frozenset({str, int, bool, type(None)})


def body_of(row: dict[str, Any]) -> bytes:
    """The canonical bytes of a row: JSON with sorted keys, without its position in the chain and its code."""
    body = {
        "action": row["action"],
        "actor_id": str(row["actor_id"]) if row["actor_id"] else None,
        "actor_type": row["actor_type"],
        "at": rfc3339(row["at"]),
        "details": row["details"],
        "ip": row["ip"],
        "outcome": row["outcome"],
        "request_id": row["request_id"],
        "resource_id": row["resource_id"],
        "resource_type": row["resource_type"],
        "session_id": str(row["session_id"]) if row["session_id"] else None,
    }
    # Each change waits for this under its chain's lock. orjson writes the same bytes in a tenth of the time, unless there
    # are fractions, whose digits it writes otherwise, or what it refuses to write.
    if is_plain(row["details"]):
        try:
            return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # half of a character, or a number that is too large for it
            pass
    return _CANONICAL.encode(body).encode()


def is_plain(value: Any) -> bool:
    """Whether there are only texts and whole numbers in it."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict:
        return all(map(is_plain, value.values()))
    return kind is list and all(map(is_plain, value))


def code_of(key: bytes, chain: str, previous: bytes, seq: int, body: bytes) -> bytes:
    """HMAC-SHA-256(key, chain | previous | seq (8 bytes, big-endian) | sha256(body))."""
    message = chain.encode() + b"\x00" + previous + seq.to_bytes(8, "big") + hashlib.sha256(body).digest()
    return hmac.digest(key, message, "sha256")
