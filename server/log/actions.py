"""Stores log lines. They do not change anything in a project, so there is no audit row and no event."""

import json
import math
import time
from collections import OrderedDict
from typing import Any

from tortoise import Tortoise

from core import log
from core.clock import now
from core.problems import RateLimited
from models.access import Actor
from server.api.address import network_of
from server.log.schemas import LogLine, LogsAccepted

MAX_NETWORKS = 10_000
TOO_MANY = "Too many log lines, or too long. Wait, then send fewer."
GLOBAL_FACTOR = 20  # all networks together may send this many times what one network may


class Allowance:
    """
    Token buckets of lines and of bytes per network, refilled within a minute. The longest unused are forgotten first.
    """

    def __init__(self, lines_per_minute: int, bytes_per_minute: int) -> None:
        self.bytes_per_minute = bytes_per_minute
        self._sizes = {"lines": lines_per_minute, "bytes": bytes_per_minute}
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, address: str, sizes: list[int]) -> int:
        """How many of the lines, counted from the first, are allowed now. `sizes` are their sizes in bytes."""
        keys = [(network_of(address), 1), ("all", GLOBAL_FACTOR)]
        lines = min(self._peek(key, "lines", factor) for key, factor in keys)
        room = min(self._peek(key, "bytes", factor) for key, factor in keys)
        allowed = used = 0
        for size in sizes[: int(lines)]:
            if used + size > room:
                break
            allowed, used = allowed + 1, used + size
        for key, _ in keys:
            for unit, taken in (("lines", allowed), ("bytes", used)):
                level, at = self._buckets[key, unit]
                self._buckets[key, unit] = (level - taken, at)
        while len(self._buckets) > 2 * MAX_NETWORKS:
            self._buckets.popitem(last=False)
        return allowed

    def wait_s(self, address: str, size: int) -> int:
        """Seconds until a line of this size is allowed."""
        waits = [1.0]
        for key, factor in ((network_of(address), 1), ("all", GLOBAL_FACTOR)):
            for unit, wanted in (("lines", 1), ("bytes", size)):
                missing = wanted - self._peek(key, unit, factor)
                waits.append(missing * 60 / (self._sizes[unit] * factor))
        return math.ceil(max(waits))

    def _peek(self, key: str, unit: str, factor: int) -> float:
        at, size = time.monotonic(), float(self._sizes[unit] * factor)
        level, since = self._buckets.get((key, unit), (size, at))
        level = min(size, level + (at - since) * size / 60)
        self._buckets[key, unit] = (level, at)
        self._buckets.move_to_end((key, unit))
        return level


async def store_lines(actor: Actor, address: str, lines: list[LogLine], allowance: Allowance) -> LogsAccepted:
    """Store as many lines as the rate limits allow, with secrets redacted. Raises: RateLimited when they allow none."""
    if allowance.wait_s(address, 1) > 1:  # refused before anything is looked through for secrets
        raise RateLimited(TOO_MANY, retry_after_s=allowance.wait_s(address, 1))
    rows: list[str] = []
    sizes: list[int] = []
    for line in lines:
        if sum(sizes) > allowance.bytes_per_minute:  # the rest would be dropped anyway
            break
        rows.append(json.dumps(_row(line), ensure_ascii=False))
        sizes.append(len(rows[-1].encode(errors="replace")))
    accepted = allowance.take(address, sizes)
    if accepted == 0:
        wait_s = allowance.wait_s(address, sizes[0])
        raise RateLimited(TOO_MANY, retry_after_s=wait_s)
    await Tortoise.get_connection("default").execute_query(
        "INSERT INTO log_entries (at, level, origin, message, metadata, user_id, request_id) "
        "SELECT $2, x->>'level', 'browser', x->>'message', x->'metadata', $3, $4 FROM jsonb_array_elements($1::jsonb) x",
        [f"[{','.join(rows[:accepted])}]", now(), actor.id, log.request_id.get()],
    )
    return LogsAccepted(accepted=accepted, rejected=len(lines) - accepted)


def _row(line: LogLine) -> dict[str, Any]:
    timestamp = line.timestamp.isoformat() if line.timestamp else None
    return {
        "level": line.level,
        "message": log.redact(line.message),
        "metadata": {"timestamp": timestamp, "given": log.redact(line.metadata or {})},
    }
