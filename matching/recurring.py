"""
Payments that recur: one party, one amount, again and again.

Where the partner of such a row is missing, that of another month, whose own partner is missing too, looks just like it. The
bits of a pair do not show this, since they take amount and party for independent. How often it must be expected is
counted here: how many other rows within reach look alike, times the shares of rows on both sides that have no partner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.assignment import Assigned
from matching.candidates import Candidates
from matching.plan import FieldName
from matching.scoring import Evidence
from matching.sides import Sides, counts

ALIKE = 3.0  # bits: a pair that is at most so much worse, apart from its days, looks alike
PRIOR_ROWS = 4.0  # of a series, by which its own count is drawn towards that of all
WRONG = 0.0003  # share of what is confirmed that is expected to be wrong at most
MOST = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Series:
    """Of each chosen pair: the number of its left row's series, and whether a row like one of its two recurs."""

    number: NDArray[np.int64]
    recurs: NDArray[np.bool_]


def doubts(
    sides: Sides, evidence: Sequence[Evidence], pairs: Candidates, chosen: Assigned, free: tuple[int, int]
) -> Floats:
    """
    The chance that two rows were paired only because both of their partners are missing.

    Args:
        evidence: of the pass, for each candidate pair.
        free: rows of both sides that were open when the pass began.

    Returns: shape (chosen,), 0 for rows that recur on neither side, and for pairs that agree on a reference.
    """
    found = np.zeros(len(chosen.pair))
    fields = list(dict.fromkeys(item.field for item in evidence if _tells_series(sides, item.field)))
    if not len(found) or not fields:
        return found
    series = _series(sides, fields, pairs, chosen)
    for item in evidence:
        if item.compare == "equal" and not _tells_series(sides, item.field):
            series.recurs[item.bits[chosen.pair] > 0] = False
    recurs = np.flatnonzero(series.recurs)
    if not len(recurs):
        return found
    alike = _alike(evidence, pairs, chosen)[recurs]
    number = series.number[recurs]
    _, place, size = np.unique(number, return_inverse=True, return_counts=True)
    total = np.bincount(place, weights=alike)
    within_reach = (PRIOR_ROWS * float(alike.mean()) + total) / (PRIOR_ROWS + size)
    missing = [min(MOST, (rows - len(found) + 1) / (rows + 2)) for rows in free]
    found[recurs] = within_reach[place] * missing[0] * missing[1] / (1 - max(missing))
    return np.minimum(found, MOST)


def confirmed(doubt: Floats, can_confirm: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those of the pairs that can be confirmed without more than a share of WRONG being wrong: the least doubtful ones."""
    order = np.flatnonzero(can_confirm)
    order = order[np.argsort(doubt[order], kind="stable")]
    # Of pairs that are equally doubtful all or none.
    good = np.flatnonzero((np.cumsum(doubt[order]) <= WRONG * len(order)) & np.append(np.diff(doubt[order]) != 0, True))
    found = np.zeros(len(doubt), np.bool_)
    found[order[: good[-1] + 1 if len(good) else 0]] = True
    return found


def _tells_series(sides: Sides, name: FieldName) -> bool:
    """Whether rows of a series agree on a field: each has a day and a reference of its own."""
    return sides.plan.fields[name].type not in ("date", "reference")


def _series(sides: Sides, fields: list[FieldName], pairs: Candidates, chosen: Assigned) -> _Series:
    names = list(sides.plan.fields)
    numbers = [names.index(name) for name in fields]
    money = [k for k in numbers if sides.plan.fields[names[k]].type == "money"]
    columns = ", ".join([f"f{k}" for k in numbers] + [f"c{k}" for k in money])
    recurs = np.zeros(len(chosen.pair), np.bool_)
    number = np.zeros(len(chosen.pair), np.int64)
    for side, rows in (("r", pairs.right), ("l", pairs.left)):
        sql = f"SELECT hash({columns}) AS v FROM {side} ORDER BY i"
        values = np.asarray(sides.connection.execute(sql).fetchnumpy()["v"], dtype=np.uint64)
        recurs |= counts(values)[rows[chosen.pair]] > 1
        number = values[rows[chosen.pair]].view(np.int64)
    return _Series(number, recurs)


def _alike(evidence: Sequence[Evidence], pairs: Candidates, chosen: Assigned) -> Floats:
    """For each chosen pair, how many other rows its two rows could as well be paired with, apart from their days."""
    bits = sum((item.bits for item in evidence if item.compare != "days"), np.zeros(len(pairs.left)))
    found = np.zeros(len(chosen.pair))
    for rows in (pairs.left, pairs.right):
        needed = np.full(int(rows.max()) + 1, np.inf)
        needed[rows[chosen.pair]] = bits[chosen.pair] - ALIKE
        others = np.bincount(rows[bits >= needed[rows]], minlength=len(needed)) - 1
        found += others[rows[chosen.pair]] / 2
    return found
