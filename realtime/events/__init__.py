"""The event catalogue, one module per noun. Importing this package registers all events."""

# This order is the order in which the documents list a stream's events.
from realtime.events import (  # noqa: I001 - kept in the order explained above
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
    api_token,
    user,
)
from realtime.events.base import CATALOGUE, Event

__all__ = [
    "CATALOGUE",
    "Event",
    "access",
    "api_token",
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
