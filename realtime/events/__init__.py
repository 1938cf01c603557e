"""The catalogue of events, one module a noun. Importing this package registers all of them."""

# The documents name the events of a stream in this order.
from realtime.events import (  # noqa: I001 - as above
    job,
    result,
    match,
    project,
    vault,
    entry,
    member,
    source,
    record,
    plan,
    access,
    session,
    user,
)
from realtime.events.base import CATALOGUE, Event

__all__ = [
    "CATALOGUE",
    "Event",
    "access",
    "entry",
    "job",
    "match",
    "member",
    "plan",
    "project",
    "record",
    "result",
    "session",
    "source",
    "user",
    "vault",
]
