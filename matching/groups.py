"""What passes find that make groups of rows rather than pairs, and how it becomes matches."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from math import log2

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.results import CONFIRMED, MATCHES, SUGGESTED

MILLI = 1000
MAX_BITS = 20.0  # a million to one; nothing that is found in rows can tell more
CLEAR_BITS = 5.0  # below these a match is never confirmed automatically, as in the other passes

Rows = tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """What one field says about a group. The weights of its lines add up to a group's score."""

    field: str
    compare: str
    left: str | None
    right: str | None
    weight: int  # milli-bits


@dataclass(frozen=True)
class Group:
    """Rows that belong together, by their positions on each side."""

    left: Rows
    right: Rows
    is_sure: bool
    score: int  # milli-bits
    difference: Decimal | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Grouped:
    """What a pass has found. No row is in two groups."""

    groups: list[Group]
    candidates: int  # totals that were looked at
    out_of_budget: int  # totals that were not looked through completely


@dataclass(frozen=True)
class Budget:
    """Whom a pass asks: which groups must not be proposed, which rows are no records, and whether to stop."""

    is_rejected: Callable[[Rows, Rows], bool] = lambda left, right: False
    remainders: tuple[Collection[int], Collection[int]] = ((), ())  # positions
    check: Callable[[], None] = lambda: None
    tell: Callable[[str, float], None] = lambda stage, done: None


def bits_of(error: float) -> int:
    """The odds of an error in milli-bits, at most MAX_BITS."""
    return round(min(log2((1 - error) / error), MAX_BITS) * MILLI) if error < 0.5 else 0


def matches_of(
    groups: list[Group], rows: tuple[NDArray[np.int64], NDArray[np.int64]], *, can_confirm: bool
) -> pa.Table:
    """The groups as matches; `rows` has the input row of each position."""
    clear = [group.score >= CLEAR_BITS * MILLI for group in groups]
    return pa.table(
        {
            "left": [rows[0][list(group.left)].tolist() for group in groups],
            "right": [rows[1][list(group.right)].tolist() for group in groups],
            "status": [
                CONFIRMED if can_confirm and group.is_sure and is_clear else SUGGESTED
                for group, is_clear in zip(groups, clear, strict=True)
            ],
            "score": [group.score / MILLI for group in groups],
            "margin": [group.score / MILLI for group in groups],
            "margin_kind": ["local"] * len(groups),
            "ambiguity": ["none" if is_clear else "ambiguous" for is_clear in clear],
            "group": [None] * len(groups),
            "difference": pa.array([group.difference for group in groups], pa.decimal128(38, 9)),
            "fields": [_text_of(group.lines) for group in groups],
            "runner_up": [None] * len(groups),
        },
        schema=MATCHES,
    )


def _text_of(lines: tuple[Line, ...]) -> str:
    return json.dumps(
        [
            {
                "field": line.field,
                "compare": line.compare,
                "left": line.left,
                "right": line.right,
                "similarity": None,
                "weight": line.weight / MILLI,
                "rarity": None,
            }
            for line in lines
        ],
        ensure_ascii=False,
    )
