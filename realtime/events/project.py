"""Events about projects."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field, PositiveInt

from realtime.events.base import OnProject


class ProjectUpdated(OnProject):
    """The name, the description or the settings changed."""

    event: ClassVar = "project.updated"
    version: PositiveInt
    changed: list[str]


class ProjectDeleted(OnProject):
    """The project was deleted."""

    event: ClassVar = "project.deleted"
    version: PositiveInt
    changed: list[str] = []
    members: list[UUID] = Field(default=[], exclude=True)

    def ends(self) -> tuple[str, ...]:
        return tuple(str(member) for member in self.members)
