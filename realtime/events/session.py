"""Events of sessions."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnUser


class SessionRevoked(OnUser):
    """A session ended: its sockets are closed. Null: all sessions."""

    event: ClassVar = "session.revoked"
    session_id: UUID | None
