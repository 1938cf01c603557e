"""Bodies and views of log lines."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BeforeValidator, Field

from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, View

MAX_METADATA_BYTES = 8 * 1024
Level = Literal["debug", "info", "warning", "error", "critical"]
# Names that browsers' consoles and logging libraries use for the same levels.
_SYNONYMS = {"trace": "debug", "log": "info", "warn": "warning", "fatal": "critical"}


def _level(value: Any) -> Any:
    return _SYNONYMS.get(value.lower(), value.lower()) if isinstance(value, str) else value


def _metadata_size(value: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(value, default=str)) > MAX_METADATA_BYTES:
        raise ValueError(f"must have at most {MAX_METADATA_BYTES} bytes")
    return value


class LogLine(Body):
    """A log line. Levels trace, log, warn and fatal are taken too."""

    level: Annotated[Level, BeforeValidator(_level, json_schema_input_type=str)]
    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    timestamp: Instant | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_metadata_size)] | None = None


class LogsCreate(Body):
    """Log lines of a client."""

    logs: Annotated[list[LogLine], Field(min_length=1, max_length=100)]


class LogsAccepted(View):
    """How many lines were stored, and how many were dropped by the rate limit."""

    accepted: int
    rejected: int


class LogList(Paged):
    """Filters of the list of log lines; newest first."""

    level: Level | None = None
    user_id: UUID | None = None
    request_id: Annotated[str, Field(max_length=64)] | None = None
    since: Instant | None = None
    until: Instant | None = None


class LogView(View):
    """A stored log line. `at` is when the server received it, `timestamp` what the client says."""

    id: int
    at: datetime
    timestamp: str | None
    level: Level
    origin: Literal["browser", "server"]
    message: str
    metadata: dict[str, Any]
    user_id: UUID | None
    request_id: str | None
