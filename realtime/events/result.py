"""Events of what a run yields: chunks of matches, and the end of a pass."""

from typing import ClassVar

from pydantic import Field

from realtime.events.base import OnJob
from realtime.events.job import Counts


class MatchesAdded(OnJob):
    """A chunk of matches is stored, which use `left` and `right` records; read it with ?chunk=."""

    event: ClassVar = "matches.added"
    pass_name: str = Field(serialization_alias="pass")
    pass_index: int
    chunk: int
    count: int
    confirmed: int
    suggested: int
    left: int
    right: int
    counts: Counts


class PassFinished(OnJob):
    """A pass is final."""

    event: ClassVar = "job.pass.finished"
    pass_name: str = Field(serialization_alias="pass")
    pass_index: int
    counts: Counts
