"""Events about records."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnProject


class RecordClaimed(OnProject):
    """Somebody works on a record, until a time that they may put off."""

    event: ClassVar = "record.claimed"
    record_id: UUID
    source_id: UUID
    user_id: UUID
    until: datetime


class RecordReleased(OnProject):
    """The person who worked on a record has let go of it, or their time was over."""

    event: ClassVar = "record.released"
    record_id: UUID
    source_id: UUID
    user_id: UUID


class RecordsChanged(OnProject):
    """Records were added, changed or removed. `ids` is null if there are many."""

    event: ClassVar = "records.changed"
    source_id: UUID
    ids: list[UUID] | None
    count: int
    revision: int
