"""Events about sessions."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnUser


class SessionRevoked(OnUser):
    """A session has ended and its sockets are closed. Null means all sessions."""

    event: ClassVar = "session.revoked"
    session_id: UUID | None
