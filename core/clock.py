"""The one clock of the application: aware datetimes in UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, UTC."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """RFC 3339 with microseconds and a Z, e.g. 2026-04-03T12:00:00.000000Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
