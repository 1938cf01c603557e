"""
Pairs that a value makes which is unique on both sides, and whether other columns agree on them.

That a value is on both sides proves nothing: two files number their lines alike. What proves it is that the rows it
joins agree in the rest, and that rows it does not quite join do not: each anchor is compared with its left row beside
the right row of the next value. Neighbours are a stricter control than random rows: in files that are sorted alike, the
rows of close numbers are alike too.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz.fuzz import token_set_ratio
from rapidfuzz.process import cpdist

from matching.sample import Floats, Hashes, Rows, Sample, SampleColumn

MAX_ANCHORS = 1000  # that are compared
MAX_WITNESSES = 5  # columns of a kind and a side
PROOF = 0.25  # share of anchors, above that of the control, that must agree; more of few
PROOF_OF_FEW = 0.5  # over the square root of their number
LEVELS = 11  # of a similarity, as the engine scores it
SHIFTS = (1.0, 2.0, 7.0, 10.0, 100.0)
SHIFTED = 4000  # distinct values that are looked up
WINDOWS = (0, 1, 3, 7)


@dataclass(frozen=True)
class Anchors:
    """Rows of both samples, pair by pair, and the control: the same left rows beside the right rows of the next value."""

    left: Rows  # shape (n,), as the other two
    right: Rows
    other: Rows

    def __len__(self) -> int:
        return len(self.left)

    def against_random(self) -> "Anchors":
        """The same pairs beside random right rows: what proved pairs tell of a field, which neighbours share."""
        return Anchors(self.left, self.right, self.right[np.random.default_rng(7).permutation(len(self.right))])

    @property
    def is_controlled(self) -> bool:
        """Whether there is a next value at all."""
        return len(self.left) > 1


def anchors_of(left: Floats | Hashes, right: Floats | Hashes, order: Floats | None = None) -> Anchors:
    """
    Pair rows by values that are unique on both sides.

    Args:
        left, right: shapes (n_left,) and (n_right,), both numbers or both hashes; NaN of numbers and 0 of hashes is no
            value.
        order: shape (n_left,), numbers of the left rows that say which value is the next; without, the values' own.

    Returns: pairs in the order of their values; the last one's control is the partner of the first.
    """
    a, b = _unique(left), _unique(right)
    _, at, bt = np.intersect1d(left[a], right[b], assume_unique=True, return_indices=True)
    i, j = a[at], b[bt]
    rank = left[i] if order is None else np.nan_to_num(order[i], nan=np.inf)
    ordered = np.lexsort((left[i], rank))
    return Anchors(i[ordered], j[ordered], np.roll(j[ordered], -1))


def _unique(values: Floats | Hashes) -> Rows:
    rows = np.flatnonzero(~np.isnan(values) if values.dtype.kind == "f" else values != 0)
    _, first, counts = np.unique(values[rows], return_index=True, return_counts=True)
    return np.sort(rows[first[counts == 1]])


def few(anchors: Anchors) -> Anchors:
    """Take at most MAX_ANCHORS anchors, evenly over the order of their values."""
    if len(anchors) <= MAX_ANCHORS:
        return anchors
    some = np.linspace(0, len(anchors) - 1, MAX_ANCHORS).astype(np.int64)
    return Anchors(anchors.left[some], anchors.right[some], anchors.other[some])


def is_proof(agreement: float, anchors: Anchors) -> bool:
    """
    Say whether anchors are true pairs.

    Args:
        agreement: share of anchors that agree, less that of the control: -1 to 1.

    Returns: whether it is at least PROOF + PROOF_OF_FEW / sqrt(n); never for no anchors. Of n pairs that agree by chance
    a share strays by at most 0.5 / sqrt(n), one standard deviation, so that few must agree more.
    """
    return len(anchors) > 0 and agreement >= PROOF + PROOF_OF_FEW / np.sqrt(min(len(anchors), MAX_ANCHORS))


def witness(left: Sample, right: Sample, anchors: Anchors, without: tuple[str, str]) -> float:
    """
    Find how much more some pair of other columns agrees on anchors than on the control.

    Args:
        without: the columns of both sides that the anchors were made by.

    Returns: the most that any pair of columns of one kind does (`agreement`), 0 to 1; 0 without anchors.
    """
    some = few(anchors)
    if not len(some):
        return 0.0
    best = 0.0
    for a in _witnesses(left, without[0]):
        for b in _witnesses(right, without[1]):
            # Running numbers would vouch for each other.
            if a.is_running and b.is_running:
                continue
            best = max(best, agreement(left, right, a, b, some))
    return best


def _witnesses(sample: Sample, without: str) -> list[SampleColumn]:
    """The first columns of each kind: every pair of them is compared on every column that is tried."""
    kinds = (("amount", "number"), ("date",), ("code", "text"))
    columns = sorted((c for c in sample.columns if c.name != without), key=lambda c: c.is_running)
    return [c for kind in kinds for c in [c for c in columns if c.kind in kind][:MAX_WITNESSES]]


def agreement(left: Sample, right: Sample, a: SampleColumn, b: SampleColumn, some: Anchors) -> float:
    """
    Find how much more two columns agree on anchors than on the control.

    Returns: -1 to 1: of amounts the share that is equal, in either sign; of dates how close their lags lie together; of
    texts and codes their mean similarity. 0 for columns of different kinds.
    """
    numeric = ("amount", "number")
    if a.kind in numeric and b.kind in numeric:
        x, y = left.amounts(a), right.amounts(b)
        return max(equal_amounts(x, y, some), equal_amounts(x, -y, some))
    if a.kind == b.kind == "date":
        return lag_agreement(left.days(a), right.days(b), some)
    if a.kind in ("code", "text") and b.kind in ("code", "text"):
        true, control = (similarities(left.texts(a.name), right.texts(b.name), p) for p in _pairs(some))
        return _mean(true) - _mean(control)
    return 0.0


def _pairs(some: Anchors) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows]]:
    none = slice(0, None if some.is_controlled else 0)
    return (some.left, some.right), (some.left[none], some.other[none])


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def equal_amounts(a: Floats, b: Floats, some: Anchors) -> float:
    """
    Find how much more often two amounts are equal on anchors than on the control.

    Args:
        a, b: shapes (n_left,) and (n_right,); NaN, which equals nothing, where there is no amount.

    Returns: share of the anchors less share of the control, -1 to 1.
    """
    true, control = (a[i] == b[j] for i, j in _pairs(some))
    return _mean(true.astype(np.float64)) - _mean(control.astype(np.float64))


def lag_agreement(a: Floats, b: Floats, some: Anchors) -> float:
    """
    Find how much closer the days between two dates lie together on anchors than on the control.

    Args:
        a, b: shapes (n_left,) and (n_right,), days since any one day; NaN where there is no date.

    Returns: the share of lags (right less left) within 0, 1, 3 and 7 days of the commonest one, on the average of these
    four, less that of the control: -1 to 1; 0 where no anchor has both dates.
    """
    true, control = (b[j] - a[i] for i, j in _pairs(some))
    known = true[~np.isnan(true)]
    if not len(known):
        return 0.0
    values, counts = np.unique(known, return_counts=True)
    peak = values[np.argmax(counts)]
    shares = [
        float(np.mean(np.abs(lags - peak) <= window)) if len(lags) else 0.0
        for lags in (true, control)
        for window in WINDOWS
    ]
    half = len(WINDOWS)
    return float(np.mean(shares[:half]) - np.mean(shares[half:]))


def similarities(left: pa.Array, right: pa.Array, pairs: tuple[Rows, Rows]) -> Floats:
    """
    Compare texts pair by pair.

    Args:
        left, right: texts of both sides, in one case; null where there is none.
        pairs: shape (n,) rows of either side.

    Returns: shape (m,), m <= n: the token set ratio, 0 to 1, of the pairs whose texts are both there, in their order.
    """
    texts = [
        (a, b)
        for a, b in zip(
            left.take(pa.array(pairs[0])).to_pylist(), right.take(pa.array(pairs[1])).to_pylist(), strict=True
        )
        if a and b
    ]
    if not texts:
        return np.zeros(0)
    found = cpdist([a for a, _ in texts], [b for _, b in texts], scorer=token_set_ratio, dtype=np.float64)
    return np.asarray(found, dtype=np.float64) / 100


def text_bits(left: Sample, right: Sample, a: SampleColumn, b: SampleColumn, anchors: Anchors) -> float:
    """
    Find how many bits the similarity of two text columns tells about a true pair, on the average.

    Its levels on anchors are compared with those on MAX_ANCHORS random pairs, from a fixed seed. Columns of few values tell
    little, however well they agree.

    Returns: bits, at least 0: the divergence of the levels, times the share of anchors that have both texts.
    Source: Kullback & Leibler, On Information and Sufficiency (Annals of Mathematical Statistics, 1951).
    """
    some = few(anchors)
    chance = np.random.default_rng(7)
    random = (chance.integers(0, left.rows, MAX_ANCHORS), chance.integers(0, right.rows, MAX_ANCHORS))
    texts = left.texts(a.name), right.texts(b.name)
    true, control = similarities(*texts, (some.left, some.right)), similarities(*texts, random)
    if not len(true) or not len(control):
        return 0.0
    u = _levels(control) + 0.5
    u /= u.sum()
    m = _levels(true) + 2 * u
    m /= m.sum()
    # What is missing tells nothing.
    return float((m * np.log2(m / u)).sum()) * len(true) / max(len(some), 1)


def _levels(similarity: Floats) -> Floats:
    found: Floats = np.bincount(np.rint(similarity * (LEVELS - 1)).astype(np.int64), minlength=LEVELS).astype(
        np.float64
    )
    return found


def distinct(values: Floats) -> Floats:
    """Sort the values that are there, each once: NaN is left out."""
    found: Floats = np.unique(values[~np.isnan(values)])
    return found


def overlap(a: Floats, b: Floats) -> tuple[float, float]:
    """
    Find which share of the smaller side's distinct values the other side has too, and how much of that is chance.

    Shifted values are as dense as the true ones, so that what they share they share by chance: running numbers overlap
    as well after a shift, amounts do not.

    Args:
        a, b: shapes (n_a,) and (n_b,), distinct values, sorted (`distinct`). Of more than SHIFTED, as many are looked up.

    Returns: the share, and the greatest such share after a shift of one unit and of each of SHIFTS, either way; 0 to 1
    each. Values within 1e-9 are equal: amounts have nine decimals.
    """
    x, y = a, b
    if len(x) > len(y):
        x, y = y, x
    if not len(x):
        return 0.0, 0.0
    if len(x) > SHIFTED:
        x = x[np.linspace(0, len(x) - 1, SHIFTED).astype(np.int64)]
    step = 1.0 if _is_whole(x) and _is_whole(y) else 0.01
    shifts = (step, *SHIFTS)
    by_chance = [float(_isin(np.round(x + sign * shift, 9), y).mean()) for shift in shifts for sign in (1, -1)]
    return float(_isin(x, y).mean()), max(by_chance)


def _is_whole(values: Floats) -> bool:
    return bool((values == np.rint(values)).all())


def _isin(x: Floats, y: Floats) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(y, x - 5e-10), len(y) - 1)
    found: NDArray[np.bool_] = np.abs(y[at] - x) <= 1e-9
    return found
