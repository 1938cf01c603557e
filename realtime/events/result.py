"""Events about a job's results: chunks of matches, and the end of a pass."""

from typing import ClassVar

from pydantic import Field

from realtime.events.base import OnJob
from realtime.events.job import Counts


class MatchesAdded(OnJob):
    """A chunk of matches was stored. They use `left` and `right` records; read them with ?chunk=."""

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
    """A pass is complete."""

    event: ClassVar = "job.pass.finished"
    pass_name: str = Field(serialization_alias="pass")
    pass_index: int
    counts: Counts
