"""Events about records."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnProject


class RecordsChanged(OnProject):
    """Records were added, changed or removed. `ids` is null if there are many."""

    event: ClassVar = "records.changed"
    source_id: UUID
    ids: list[UUID] | None
    count: int
    revision: int
