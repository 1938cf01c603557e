"""Structured logs: one JSON line per event, with the request id. Secrets never reach them."""

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import orjson

from core import api_token

# structlog loads Rich for colorful tracebacks. We print none, and it took a seventh of a command's start.
_is_free = "rich" not in sys.modules
if _is_free:
    sys.modules["rich"] = None  # type: ignore[assignment]  # refuses the import
import structlog  # noqa: E402 - see above

if _is_free:
    del sys.modules["rich"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Keys whose values are never written, whatever they contain.
DENIED = re.compile(
    r"password|secret|token|authorization|cookie|credential|otp|pepper|passphrase|private|api_?key|\bkek\b|\bcode\b|notes",
    re.I,
)
REDACTED = "***"
# Secrets that can be recognised inside messages: bearer tokens, our own tokens, database passwords. Clients write these
# texts. So the mere beginning of a secret also matches and is left as it is, which keeps the search from starting again
# at every later position. Each form has a pass of its own for the same reason.
_INLINE = (
    re.compile(r"(?P<kept>postgres(?:ql)?://[^:/@\s]*+:)[^@\s]++(?P<end>(?=@))?", re.I),
    re.compile(r"(?P<kept>)\b(?:eyJ[\w-]++|rt1)(?P<end>\.[\w-]++\.[\w-]++)?", re.I),
    re.compile(rf"(?P<kept>\b{api_token.START}[0-9a-f]{{32}})(?P<end>_[0-9A-Za-z]++)?"),
    re.compile(r"(?P<kept>Bearer\s++)(?P<end>\S++)", re.I),
)

_SUSPICIOUS = re.compile(rf"postgres|eyJ|rt1|{api_token.START}|Bearer", re.I)  # the beginnings of all of these forms


def redact(value: Any, depth: int = 0) -> Any:
    """A copy without the values of denied keys and without the tokens inside texts."""
    if depth > 6:
        return REDACTED
    if isinstance(value, str):
        if _SUSPICIOUS.search(value) is None:  # as nearly all texts, which this tells in a tenth of the time
            return value
        for form in _INLINE:
            value = form.sub(_redacted, value)
        return value
    if isinstance(value, dict):
        return {str(k): REDACTED if _is_denied(str(k)) else redact(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, depth + 1) for item in value]
    return value


@lru_cache(maxsize=1024)
def _is_denied(key: str) -> bool:
    return DENIED.search(key) is not None


def _redacted(found: re.Match[str]) -> str:
    return found[0] if found["end"] is None else found["kept"] + REDACTED


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in list(event):
        if key not in ("event", "level", "timestamp", "problem_code"):
            event[key] = REDACTED if _is_denied(key) else redact(event[key])
    event["event"] = redact(event.get("event", ""))
    return event


def _add_request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = request_id.get()
    if current is not None:
        event.setdefault("request_id", current)
    return event


def _add_process(name: str) -> Any:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = name
        return event

    return add


def configure(process: str, level: str = "info", form: str = "json") -> None:
    """Set up structlog and the standard library's logging in the same way, both to standard error."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_process(process),
        _add_request_id,
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_as_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        # What is not written must cost nothing, so the level is looked at first.
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Their lines repeat frames and addresses; our own say what matters.
    for quiet in (
        "engineio",
        "socketio",
        "engineio.server",
        "socketio.server",
        "aiohttp.access",
        "tortoise",
        "pgqueuer",
        "asyncio",
    ):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    # While the database is unreachable it would write a traceback every second; whatever needs the database logs a line
    # anyway.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _as_json(event: Any, **options: Any) -> str:
    try:
        # A dataclass is shown as its repr, which leaves out secrets.
        return orjson.dumps(event, default=options.get("default"), option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    except TypeError:  # half of a character, or a number that is too large for it
        return json.dumps(event, **options)


def get(name: str) -> Any:
    """A logger."""
    return structlog.stdlib.get_logger(name)
