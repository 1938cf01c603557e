"""Events about plans."""

from typing import ClassVar
from uuid import UUID

from pydantic import PositiveInt

from realtime.events.base import OnProject


class PlanCreated(OnProject):
    """A plan was saved."""

    event: ClassVar = "plan.created"
    plan_id: UUID
    version: PositiveInt
    hash: str


class PlanUpdated(OnProject):
    """A plan has a new version."""

    event: ClassVar = "plan.updated"
    plan_id: UUID
    version: PositiveInt
    hash: str
