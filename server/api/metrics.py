"""Prometheus metrics. Label values are bounded: methods, route templates, status codes, and names we define."""

from functools import lru_cache

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

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


def exposed() -> bytes:
    """The metrics in Prometheus text format."""
    return generate_latest(REGISTRY)
