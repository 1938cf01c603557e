"""Events about accounts."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnUser


class UserUpdated(OnUser):
    """The account changed."""

    event: ClassVar = "user.updated"
    changed: list[str]


class WorkAssigned(OnUser):
    """Somebody gave a match to the person, or many at once, which are not named."""

    event: ClassVar = "work.assigned"
    project_id: UUID
    job_id: UUID | None
    left_source: UUID | None  # none for a record that is to be written off
    right_source: UUID | None
    match_id: UUID | None
    count: int = 1
