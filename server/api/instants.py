"""Instants as clients send them: RFC 3339 with a time zone, in years that every part of the server can represent."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from core.clock import now

_FIRST = datetime.min.replace(microsecond=1, tzinfo=UTC)
_LAST = datetime.max.replace(microsecond=999_998, tzinfo=UTC)
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def _written(value: Any) -> Any:
    """Refuse a bare number, which would be read as seconds since 1970, or as milliseconds if it is large."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _WRITTEN.match(value)):
        raise ValueError("must be a date and time with a time zone, such as 2026-03-31T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone, such as Z")
    try:
        # The first and the last microsecond mean minus infinity and infinity to the driver of the database, which reads both
        # back without a time zone. Who sends one means "always" or "never", which the next microsecond says as well.
        return min(max(value.astimezone(UTC), _FIRST), _LAST)
    except OverflowError:  # 9999-12-31T23:59:59-01:00 is in the year 10000
        raise ValueError("lies outside the years 1 to 9999") from None


def _future(value: datetime) -> datetime:
    if value <= now():
        raise ValueError("must lie in the future")
    return value


# Bodies and queries use no other type for a time (tests/rules/test_bounds.py).
Instant = Annotated[datetime, Field(strict=False), BeforeValidator(_written), AfterValidator(_in_utc)]
Future = Annotated[Instant, AfterValidator(_future)]
