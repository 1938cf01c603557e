"""Events of a person's right to follow streams."""

from typing import ClassVar

from pydantic import Field

from realtime.events.base import OnUser


class _Access(OnUser):
    stream_names: list[str] = Field(serialization_alias="streams")
    role: str | None


class AccessGranted(_Access):
    """The person may follow these streams now."""

    event: ClassVar = "access.granted"


class AccessChanged(_Access):
    """The person's role on these streams changed."""

    event: ClassVar = "access.changed"


class AccessRevoked(_Access):
    """The person may follow these streams no longer; subscriptions to them and below end."""

    event: ClassVar = "access.revoked"
