"""Events that concern one person."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from realtime import streams
from realtime.events.base import Event, Routing


class _OnUser(Event):
    nouns: ClassVar = ("user",)

    user_id: Routing

    def streams(self) -> tuple[str, ...]:
        return (streams.user(self.user_id),)


class _Access(_OnUser):
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


class SessionRevoked(_OnUser):
    """A session ended: its sockets are closed. Null: all sessions."""

    event: ClassVar = "session.revoked"
    session_id: UUID | None


class UserUpdated(_OnUser):
    """The account changed."""

    event: ClassVar = "user.updated"
    changed: list[str]
