"""Events about a person's right to follow streams."""

from typing import ClassVar

from pydantic import Field

from realtime.events.base import OnUser


class _Access(OnUser):
    stream_names: list[str] = Field(serialization_alias="streams")
    role: str | None


class AccessGranted(_Access):
    """The person may now follow these streams."""

    event: ClassVar = "access.granted"


class AccessChanged(_Access):
    """The person's role on these streams has changed."""

    event: ClassVar = "access.changed"


class AccessRevoked(_Access):
    """The person may no longer follow these streams. Subscriptions to them and to streams below them end."""

    event: ClassVar = "access.revoked"
