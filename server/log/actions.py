"""Storing log lines. They are no change of the room: no audit, no event."""

import json
import time
from collections import OrderedDict

from tortoise import Tortoise

from core import log
from core.clock import now
from core.problems import RateLimited
from models.access import Actor
from server.http import network_of
from server.log.schemas import LogLine, LogsAccepted

MAX_NETWORKS = 10_000
GLOBAL_FACTOR = 20  # all networks together may send this many times what one may


class Allowance:
    """Token buckets by network, filled at `per_minute`; the longest unused are forgotten first."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, wanted: int) -> int:
        """How many of the wanted lines are allowed now."""
        allowed = min(
            wanted,
            self._peek(network_of(address), self._per_minute),
            self._peek("all", self._per_minute * GLOBAL_FACTOR),
        )
        for key in (network_of(address), "all"):
            level, at = self._buckets[key]
            self._buckets[key] = (level - allowed, at)
        while len(self._buckets) > MAX_NETWORKS:
            self._buckets.popitem(last=False)
        return allowed

    def _peek(self, key: str, size: int) -> int:
        at = time.monotonic()
        level, since = self._buckets.get(key, (float(size), at))
        level = min(size, level + (at - since) * size / 60)
        self._buckets[key] = (level, at)
        self._buckets.move_to_end(key)
        return int(level)


async def store_lines(actor: Actor, address: str, lines: list[LogLine], allowance: Allowance) -> LogsAccepted:
    """Stores what the rate limit allows, without secrets. Raises: RateLimited when it allows none."""
    accepted = allowance.take(address, len(lines))
    if accepted == 0:
        raise RateLimited("Too many log lines: wait, then send fewer.", retry_after_s=10)
    kept = lines[:accepted]
    rows = [
        {
            "level": line.level,
            "message": log.redact(line.message),
            "metadata": log.redact(line.metadata or {}),
            "timestamp": line.timestamp.isoformat() if line.timestamp else None,
        }
        for line in kept
    ]
    for row in rows:
        row["metadata"] = {"timestamp": row.pop("timestamp"), "given": row["metadata"]}
    await Tortoise.get_connection("default").execute_query(
        "INSERT INTO log_entries (at, level, origin, message, metadata, user_id, request_id) "
        "SELECT $2, x->>'level', 'browser', x->>'message', x->'metadata', $3, $4 FROM jsonb_array_elements($1::jsonb) x",
        [json.dumps(rows), now(), actor.id, log.request_id.get()],
    )
    return LogsAccepted(accepted=accepted, rejected=len(lines) - accepted)
