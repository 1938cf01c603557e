"""Events that concern one person."""

from typing import Any, ClassVar
from uuid import UUID

from realtime import streams
from realtime.events.base import Event


class _OnUser(Event):
    nouns: ClassVar = ("user",)

    user_id: UUID

    def streams(self) -> tuple[str, ...]:
        return (streams.user(self.user_id),)

    def payload(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"user_id"})


class _Access(_OnUser):
    stream_names: list[str]
    role: str | None

    def payload(self) -> dict[str, Any]:
        return {"streams": self.stream_names, "role": self.role}


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
