"""Read queries for log lines."""

import json
from typing import Any

from core.problems import Forbidden
from models.access import Actor
from server.api.paging import Listing, Page, Sort
from server.log.schemas import LogList, LogView
from server.store.reading import reading


async def list_lines(actor: Actor, query: LogList) -> Page[LogView]:
    """Log lines, newest first, for administrators. Raises: Forbidden."""
    if actor.role != "admin":
        raise Forbidden("Only administrators may read the log.")
    listing = Listing(
        "t.id, t.at, t.level, t.origin, t.message, t.metadata::text AS metadata, t.user_id, t.request_id",
        "log_entries t",
        Sort("t.id", "bigint", descending=True, tie_cast="bigint"),
        "logs",
    )
    for name in ("level", "user_id", "request_id"):
        value = getattr(query, name)
        if value is not None:
            listing.where(f"t.{name} = ?", value)
    if query.since:
        listing.where("t.at >= ?", query.since)
    if query.until:
        listing.where("t.at < ?", query.until)
    async with reading() as snapshot:
        return await listing.page(snapshot, query, _view)


def _view(row: dict[str, Any]) -> LogView:
    stored = json.loads(row["metadata"])
    names = ("id", "at", "level", "origin", "message", "user_id", "request_id")
    return LogView(**{name: row[name] for name in names}, timestamp=stored["timestamp"], metadata=stored["given"])
