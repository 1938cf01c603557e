"""
Pairs formed by a value that is unique on both sides, and whether other columns confirm them.

That a value occurs on both sides proves nothing, since two files may number their lines the same way. The proof is that
the rows it joins agree in other columns, and that rows it almost joins do not: each anchor is compared with a control,
its left row paired with the right row of the next value. Neighbours are a stricter control than random rows, because in
files sorted the same way the rows of close numbers are similar too.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz.fuzz import token_set_ratio
from rapidfuzz.process import cpdist

from matching.sample import Floats, Hashes, Rows, Sample, SampleColumn

MAX_ANCHORS = 1000  # anchors that are compared
MAX_WITNESSES = 5  # columns per kind and side
PROOF = 0.25  # by how much the share of agreeing anchors must exceed the control's; more if there are few
PROOF_OF_FEW = 0.5  # added to PROOF, divided by the square root of their number
LEVELS = 11  # steps of a similarity, as in scoring
SHIFTS = (1.0, 2.0, 7.0, 10.0, 100.0)
SHIFTED = 4000  # distinct values that are checked after a shift
WINDOWS = (0, 1, 3, 7)


@dataclass(frozen=True)
class Anchors:
    """Rows of both samples, pair by pair, and the control: the same left rows with the right rows of the next value."""

    left: Rows  # shape (n,), like the other two
    right: Rows
    other: Rows

    def __len__(self) -> int:
        return len(self.left)

    def against_random(self) -> "Anchors":
        """The same pairs with random right rows as the control, for fields in which neighbours resemble each other."""
        return Anchors(self.left, self.right, self.right[np.random.default_rng(7).permutation(len(self.right))])

    @property
    def is_controlled(self) -> bool:
        """Whether there is a next value at all."""
        return len(self.left) > 1


def anchors_of(left: Floats | Hashes, right: Floats | Hashes, order: Floats | None = None) -> Anchors:
    """
    Pair rows by values that are unique on both sides.

    Args:
        left, right: shapes (n_left,) and (n_right,), either both numbers or both hashes. A missing value is NaN for
        numbers and 0 for hashes.
        order: shape (n_left,), numbers of the left rows that decide which value is the next one; by default the values
            themselves.

    Returns: pairs in the order of their values. The control of the last one is the partner of the first.
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
    """Take at most MAX_ANCHORS anchors, spread evenly over the order of their values."""
    if len(anchors) <= MAX_ANCHORS:
        return anchors
    some = np.linspace(0, len(anchors) - 1, MAX_ANCHORS).astype(np.int64)
    return Anchors(anchors.left[some], anchors.right[some], anchors.other[some])


def is_proof(agreement: float, anchors: Anchors) -> bool:
    """
    Decide whether anchors are true pairs.

    Args:
        agreement: share of anchors that agree, minus the control's share: -1 to 1.

    Returns: whether it is at least PROOF + PROOF_OF_FEW / sqrt(n); never for no anchors. The share of n pairs that
    agree by chance has a standard deviation of at most 0.5 / sqrt(n), so fewer anchors must agree more.
    """
    return len(anchors) > 0 and agreement >= PROOF + PROOF_OF_FEW / np.sqrt(min(len(anchors), MAX_ANCHORS))


def witness(left: Sample, right: Sample, anchors: Anchors, without: tuple[str, str]) -> float:
    """
    Find how much more the best pair of other columns agrees on anchors than on the control.

    Args:
        without: the columns of both sides that the anchors were formed by.

    Returns: the highest `agreement` of any two columns of one kind, 0 to 1; 0 without anchors.
    """
    some = few(anchors)
    if not len(some):
        return 0.0
    best = 0.0
    for a in _witnesses(left, without[0]):
        for b in _witnesses(right, without[1]):
            # Two running numbers would always confirm each other.
            if a.is_running and b.is_running:
                continue
            best = max(best, agreement(left, right, a, b, some))
    return best


def _witnesses(sample: Sample, without: str) -> list[SampleColumn]:
    """The first columns of each kind. Every pair of them is compared for every column that is tried."""
    kinds = (("amount", "number"), ("date",), ("code", "text"))
    columns = sorted((c for c in sample.columns if c.name != without), key=lambda c: c.is_running)
    return [c for kind in kinds for c in [c for c in columns if c.kind in kind][:MAX_WITNESSES]]


def agreement(left: Sample, right: Sample, a: SampleColumn, b: SampleColumn, some: Anchors) -> float:
    """
    Find how much more two columns agree on anchors than on the control.

    Returns: -1 to 1. For amounts the share that is equal, with either sign; for dates how closely their lags cluster;
    for texts and codes their mean similarity. 0 for columns of different kinds.
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
        a, b: shapes (n_left,) and (n_right,); NaN, which equals nothing, if there is no amount.

    Returns: the share of the anchors minus the share of the control, -1 to 1.
    """
    true, control = (a[i] == b[j] for i, j in _pairs(some))
    return _mean(true.astype(np.float64)) - _mean(control.astype(np.float64))


def lag_agreement(a: Floats, b: Floats, some: Anchors) -> float:
    """
    Find how much more closely the days between two dates cluster on anchors than on the control.

    Args:
        a, b: shapes (n_left,) and (n_right,), days since any fixed day; NaN if there is no date.

    Returns: the share of lags (right minus left) within 0, 1, 3 and 7 days of the most frequent one, averaged over
    these four, minus the control's: -1 to 1; 0 if no anchor has both dates.
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
        left, right: texts of both sides, in the same case; null if there is none.
        pairs: shape (n,), rows of each side.

    Returns: shape (m,), m <= n: the token set ratio, 0 to 1, for the pairs that have both texts, in order.
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
    Find how many bits the similarity of two text columns says about a true pair, on average.

    Its levels on anchors are compared with those on MAX_ANCHORS random pairs, from a fixed seed. Columns with few
    distinct values say little, however well they agree.

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
    # Missing texts carry no information.
    return float((m * np.log2(m / u)).sum()) * len(true) / max(len(some), 1)


def _levels(similarity: Floats) -> Floats:
    found: Floats = np.bincount(np.rint(similarity * (LEVELS - 1)).astype(np.int64), minlength=LEVELS).astype(
        np.float64
    )
    return found


def distinct(values: Floats) -> Floats:
    """The distinct values in order, without NaN."""
    found: Floats = np.unique(values[~np.isnan(values)])
    return found


def counted(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The distinct values in order, without NaN and zero, and how many rows have each."""
    found: tuple[Floats, NDArray[np.int64]] = np.unique(values[~np.isnan(values) & (values != 0)], return_counts=True)
    return found


def rows_in_common(a: tuple[Floats, NDArray[np.int64]], b: tuple[Floats, NDArray[np.int64]]) -> int:
    """How many rows of two columns could be paired by equal values (`counted`), each row once."""
    _, at_a, at_b = np.intersect1d(a[0], b[0], assume_unique=True, return_indices=True)
    return int(np.minimum(a[1][at_a], b[1][at_b]).sum())


def overlap(a: Floats, b: Floats) -> tuple[float, float]:
    """
    Find what share of the smaller side's distinct values also occurs on the other side, and how much of that is chance.

    Shifted values are as dense as the true ones, so what they share is shared by chance: running numbers overlap just
    as well after a shift, amounts do not.

    Args:
        a, b: shapes (n_a,) and (n_b,), distinct values in order (`distinct`). If there are more than SHIFTED, only that
        many are looked up.

    Returns: the share, and the largest such share after a shift by one unit or by any of SHIFTS, in either direction;
    each 0 to 1. Values within 1e-9 count as equal, because amounts have nine decimals.
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
