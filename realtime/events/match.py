"""Events about decisions on matches."""

from typing import ClassVar
from uuid import UUID

from pydantic import PositiveInt

from realtime.events.base import OnJob
from realtime.events.job import Counts


class _OnMatch(OnJob):
    match_id: UUID
    status: str
    version: PositiveInt
    decided_by: UUID | None
    record_ids: list[UUID]
    replaced_ids: list[UUID] = []
    counts: Counts


class MatchConfirmed(_OnMatch):
    """A person confirmed a match."""

    event: ClassVar = "match.confirmed"


class MatchRejected(_OnMatch):
    """A person rejected a match. The pair is not proposed again."""

    event: ClassVar = "match.rejected"


class MatchesReviewed(OnJob):
    """Many matches changed at once. Read the list again."""

    event: ClassVar = "matches.reviewed"
    action: str
    count: int
    counts: Counts
