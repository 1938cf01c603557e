"""Events about accounts."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnUser


class UserUpdated(OnUser):
    """The account changed."""

    event: ClassVar = "user.updated"
    changed: list[str]


class WorkAssigned(OnUser):
    """Somebody gave a match to the person."""

    event: ClassVar = "work.assigned"
    job_id: UUID | None
    match_id: UUID
