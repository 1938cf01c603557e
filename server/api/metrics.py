"""Prometheus metrics. Label values are bounded: methods, route templates, status codes, and names we define."""

import asyncio
import time
from functools import lru_cache

from aiohttp import web
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

PAUSE_S = 0.1
REQUESTS = Histogram(
    "tallyroom_http_request_seconds",
    "Time to answer an HTTP request.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SIGN_INS = Counter("tallyroom_sign_ins_total", "Sign-ins by outcome.", ("outcome",))
SOCKETS = Gauge("tallyroom_sockets", "Sockets connected to this process.")
SUBSCRIPTIONS = Gauge("tallyroom_subscriptions", "Subscriptions held by this process.")
EVENTS_SENT = Counter("tallyroom_events_sent_total", "Events written to sockets.")
LOOP_LAG = Gauge("tallyroom_loop_lag_seconds", "Longest time the event loop was blocked in the last interval.")
CONNECTIONS = Gauge("tallyroom_connections", "Client connections held by this process.")
DROPPED_CONNECTIONS = Counter(
    "tallyroom_dropped_connections_total",
    "Connections ended or refused: the client was idle or too slow (head, body, answer), or there was no room (address, descriptors).",
    ("reason",),
)
UPLOADED_BYTES = Counter("tallyroom_uploaded_bytes_total", "Bytes of files uploaded.")


@lru_cache(maxsize=4096)
def requests(method: str, route: str, status: int) -> Histogram:
    """The histogram of requests with these labels."""
    return REQUESTS.labels(method, route, str(status))


class Exposition:
    """
    The metrics in Prometheus text format.

    They are written at most ten times a second, for everybody who waits: anybody may ask, and each time takes 12 ms of the
    event loop. Nobody gets what was written before they asked.
    """

    def __init__(self) -> None:
        self._coming: asyncio.Task[bytes] | None = None
        self._written_at = -PAUSE_S

    async def text(self) -> bytes:
        """The metrics as they are now, or up to a tenth of a second later."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._write(), name="metrics")
        return await asyncio.shield(self._coming)  # others may wait for the same

    async def _write(self) -> bytes:
        await asyncio.sleep(max(0.0, self._written_at + PAUSE_S - time.monotonic()))
        self._coming = None
        found = generate_latest(REGISTRY)
        self._written_at = time.monotonic()
        return found


EXPOSITION: web.AppKey[Exposition] = web.AppKey("metrics", Exposition)
