"""What a run yields: chunks of matches as they become final, the end of each pass, and the end of the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SUGGESTED, CONFIRMED = "suggested", "confirmed"  # the status of a match, until a person decides otherwise
ROWS = pa.list_(pa.int64())  # row indices of one input
SETS = pa.schema({"left": ROWS, "right": ROWS})  # sets of rows, such as those that people have rejected
MATCHES = pa.schema(
    {
        "left": ROWS,
        "right": ROWS,
        "status": pa.string(),  # suggested | confirmed
        "score": pa.float64(),  # bits
        "margin": pa.float64(),  # bits
        "margin_kind": pa.string(),  # exact | local
        "ambiguity": pa.string(),  # none | ambiguous | interchangeable
        "group": pa.string(),  # the same for all matches with interchangeable rows, otherwise null
        "difference": pa.decimal128(38, 9),  # left minus right
        "fields": pa.string(),  # JSON: how each field compared
        # JSON: `left` and `right` (lists of rows), `score` and `fields` of the best alternative, or null
        "runner_up": pa.string(),
    }
)


@dataclass(frozen=True)
class Barred:
    """
    What is never proposed: sets of rows that people have rejected, with the schema SETS, and two remainders together.

    The last `remainders` rows of each side are what earlier matches left open.
    """

    rejected: pa.Table | None = None
    remainders: tuple[int, int] = (0, 0)


NOTHING_BARRED = Barred()


class Stopped(Exception):
    """The caller asked to stop. Chunks already yielded stay valid."""


@dataclass(frozen=True)
class Progress:
    """
    The progress of a run. `processed` and `total` count records of the stage; `fraction` is of the run and never falls.
    """

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
    is_reported: bool = False  # the pass only reports, so its matches use no records

    @property
    def used(self) -> tuple[pa.Array, pa.Array]:
        """The rows of the left and the right input that the matches use, int64, in the order of the matches."""
        return pc.list_flatten(self.matches["left"]), pc.list_flatten(self.matches["right"])


@dataclass(frozen=True)
class PassFinished:
    """The statistics of a finished pass."""

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
    local_components: int  # components too large for exact margins, or for the exact optimum
    too_little: int = 0  # pairs that meet the gates of rules, though not even with them a match is likelier than none


def left_out(pass_name: str, blocks: int, pairs: int) -> str | None:
    """A note for people about what a pass did not compare, or None if it compared everything."""
    if not blocks:
        return None
    if not pairs:  # a pass that finds sums
        totals = "1 total was" if blocks == 1 else f"{blocks:,} totals were"
        return (
            f"Pass {pass_name!r}: {totals} not looked through completely, because that would have made more sums than the plan "
            "allows. Add a field that tells rows apart, or raise max_sums, or max_runs where the plan has that."
        )
    groups = "1 group of records was" if blocks == 1 else f"{blocks:,} groups of records were"
    return (
        f"Pass {pass_name!r}: {groups} not compared, because that would have made {pairs:,} pairs, which is more than there "
        "is memory for. Records in such a group share a value that is too common. Add a gate that tells them apart, or "
        "give the engine more memory."
    )


def too_little(pass_name: str, matches: int, pairs: int) -> str | None:
    """
    A note for people about a pass without a match whose gates pairs met, or None if there is a match or no such pair.

    A value that several of a thousand rows share is found by chance more often than by a partner.
    """
    if matches or not pairs:
        return None
    met = "1 pair meets" if pairs == 1 else f"{pairs:,} pairs meet"
    return (
        f"Pass {pass_name!r}: {met} its conditions, but none is a match. Among so many records, what it compares is no better "
        "than chance. Let it compare another field too, such as the amount or the date."
    )


def nothing_compared(passes: Sequence[PassFinished]) -> str | None:
    """A note for people about a run in which no pass compared anything, or None if one did."""
    if any(step.candidates or step.matches or step.reported for step in passes):
        return None
    return (
        "No pass compared any two rows, so nothing could match: no two rows have what a pass asks for, or what they share is in "
        "too many rows to tell them apart. `python -m matching explain` says of two rows what keeps them apart."
    )


@dataclass(frozen=True)
class Finished:
    """The end of a run: what is left open, as row indices of the inputs."""

    matches: int
    confirmed: int
    suggested: int
    unmatched_left: NDArray[np.int64] = field(repr=False)
    unmatched_right: NDArray[np.int64] = field(repr=False)
