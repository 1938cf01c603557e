"""Events about accounts."""

from typing import ClassVar

from realtime.events.base import OnUser


class UserUpdated(OnUser):
    """The account changed."""

    event: ClassVar = "user.updated"
    changed: list[str]
