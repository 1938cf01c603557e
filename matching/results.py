"""What a run yields: chunks of matches as they become final, the end of each pass, the end."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SUGGESTED, CONFIRMED = "suggested", "confirmed"  # the status of a match, until people say something else
ROWS = pa.list_(pa.int64())  # row indices of one input
SETS = pa.schema({"left": ROWS, "right": ROWS})  # sets of rows, such as those that people rejected
MATCHES = pa.schema(
    {
        "left": ROWS,
        "right": ROWS,
        "status": pa.string(),  # suggested | confirmed
        "score": pa.float64(),  # bits
        "margin": pa.float64(),  # bits
        "margin_kind": pa.string(),  # exact | local
        "ambiguity": pa.string(),  # none | ambiguous | interchangeable
        "group": pa.string(),  # the same for all matches whose rows are interchangeable, else null
        "difference": pa.decimal128(38, 9),  # left minus right
        "fields": pa.string(),  # JSON: how each field compared
        "runner_up": pa.string(),  # JSON: `left` and `right` (lists of rows) and `score` of the best other reading, or null
    }
)


class Stopped(Exception):
    """The caller asked to stop; chunks that were yielded stay valid."""


@dataclass(frozen=True)
class Progress:
    """How far a run is. `processed` of `total`: records of the stage; `fraction`: of the run, never falls."""

    stage: str
    pass_name: str | None
    pass_index: int
    passes: int
    processed: int
    total: int
    fraction: float
    matched: int


@dataclass(frozen=True)
class Chunk:
    """
    Up to 1,000 final matches of a pass; `matches` has the schema MATCHES.

    A match uses any number of rows per side, and no row is used by two matches unless the pass only reports.
    """

    pass_index: int
    pass_name: str
    chunk: int
    matches: pa.Table
    is_reported: bool = False  # the pass only reports: its matches use no record

    @property
    def used(self) -> tuple[pa.Array, pa.Array]:
        """The rows of the left and of the right input that the matches use, int64, in the order of the matches."""
        return pc.list_flatten(self.matches["left"]), pc.list_flatten(self.matches["right"])


@dataclass(frozen=True)
class PassFinished:
    """Statistics of a pass, which is final."""

    pass_index: int
    pass_name: str
    candidates: int
    matches: int
    confirmed: int
    suggested: int
    ambiguous: int
    reported: int
    skipped_blocks: int
    skipped_pairs: int
    local_components: int  # too large for exact margins, or for the exact optimum


def left_out(pass_name: str, blocks: int, pairs: int) -> str | None:
    """What a pass did not compare, for people; None where it compared everything."""
    if not blocks:
        return None
    groups = "1 group of records was" if blocks == 1 else f"{blocks:,} groups of records were"
    return (
        f"Pass {pass_name!r}: {groups} not compared, because they would have made {pairs:,} pairs, which is more than there "
        "is memory for. Records of such a group share a value that is too common: add a gate that tells them apart, or "
        "give the engine more memory."
    )


@dataclass(frozen=True)
class Finished:
    """The end: what is left open, as row indices of the inputs."""

    matches: int
    confirmed: int
    suggested: int
    unmatched_left: NDArray[np.int64] = field(repr=False)
    unmatched_right: NDArray[np.int64] = field(repr=False)
