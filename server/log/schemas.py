"""Request bodies and views for log lines."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BeforeValidator, Field

from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, View

MAX_METADATA_BYTES = 8 * 1024
MAX_LINES = 100  # in a request
Level = Literal["debug", "info", "warning", "error", "critical"]
# Other names for the same levels, used by browser consoles and logging libraries.
_SYNONYMS = {"trace": "debug", "log": "info", "warn": "warning", "fatal": "critical"}


def _level(value: Any) -> Any:
    return _SYNONYMS.get(value.lower(), value.lower()) if isinstance(value, str) else value


def _metadata_size(value: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(value, default=str)) > MAX_METADATA_BYTES:
        raise ValueError(f"must be at most {MAX_METADATA_BYTES} bytes long")
    return value


class LogLine(Body):
    """A log line. The levels trace, log, warn and fatal are accepted too."""

    level: Annotated[
        Level, BeforeValidator(_level, json_schema_input_type=Literal[Level, "trace", "log", "warn", "fatal"])
    ]
    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    timestamp: Instant | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_metadata_size)] | None = None


class LogsCreate(Body):
    """A client's log lines."""

    logs: Annotated[list[LogLine], Field(min_length=1, max_length=MAX_LINES)]


class LogsAccepted(View):
    """How many lines were stored, and how many the rate limit dropped."""

    accepted: int
    rejected: int


class LogList(Paged):
    """Filters for the list of log lines, newest first."""

    level: Level | None = None
    user_id: UUID | None = None
    request_id: Annotated[str, Field(max_length=64)] | None = None
    since: Instant | None = None
    until: Instant | None = None


class LogView(View):
    """A stored log line. `at` is when the server received it; `timestamp` is the client's own."""

    id: int
    at: datetime
    timestamp: str | None
    level: Level
    origin: Literal["browser", "server"]
    message: str
    metadata: dict[str, Any]
    user_id: UUID | None
    request_id: str | None
