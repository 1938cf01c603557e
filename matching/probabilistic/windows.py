"""
More candidate pairs: all rows whose numbers and days are as far apart as those of true pairs seem to be.

Texts alone miss partners whose texts say little, such as initials. Where at least two numbers or dates narrow the pairs
down, all pairs inside the window that they form are compared, and the best of each row are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matching.probabilistic import em, texts
from matching.probabilistic.em import Learned
from matching.probabilistic.levels import DAY_EDGES, RATIO_EDGES, Compared, Pairs
from matching.probabilistic.values import NumberField

LEAST_BITS = -2.0  # of a level inside a window
NARROW = 0.5  # share of random pairs inside the window of a field, for it to narrow pairs down
PER_ROW = 500  # pairs inside all windows, on average
MAX_PAIRS = 50_000_000  # that are looked at
MAX_PROBES = 10_000_000  # rows times days, each of which takes 24 bytes
MIN_LIKENESS = 0.03  # of texts, as groups of characters
BEST = 20  # pairs of a row that are kept
_AT_ONCE = 1_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """The differences that are inside, from `low` to `high`, and the share of random pairs that are."""

    field: NumberField
    low: float
    high: float
    share: float


def windows(compared: Compared, learned: Learned, by_chance: list[Floats]) -> list[Window]:
    """The windows of the fields that narrow pairs down, the narrowest first; at least two or none."""
    found = []
    for comparison, bits, random in zip(compared.comparisons, learned.bits, by_chance, strict=True):
        if comparison.number is None:
            continue
        edges = DAY_EDGES if comparison.number.is_days else RATIO_EDGES
        inside = np.flatnonzero(bits[1 : len(edges) + 2] > LEAST_BITS)
        seen = np.flatnonzero(random[1 : len(edges) + 2] > 0)
        inside = inside[np.isin(inside, seen)] if len(seen) else inside
        if not len(inside):
            continue
        first, last = int(inside[0]), int(inside[-1])
        low = -np.inf if first == 0 else float(edges[first - 1])
        high = np.inf if last == len(edges) else float(edges[last])
        share = float(random[1 + first : 2 + last].sum())
        if share < NARROW:
            found.append(Window(comparison.number, low, high, share))
    found.sort(key=lambda window: window.share)
    return found if len(found) >= 2 else []


@dataclass(frozen=True)
class _Span:
    """For each probe a left row, and the range of right rows, in the order `order`, that are inside two windows."""

    left: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    order: NDArray[np.int64]


def _spans(first: Window, second: Window | None) -> _Span:
    """
    Ranges of right rows inside the first window; with a second one of few days, inside both.

    Numbers are ordered by sign and logarithm, so that a ratio is a range.
    """
    left, right = _scale(first.field)
    if second is None:
        order = np.argsort(right, kind="stable")
        order = order[: int((~np.isnan(right)).sum())]
        rows = np.flatnonzero(~np.isnan(left))
        ordered = right[order]
        start = np.searchsorted(ordered, left[rows] + first.low, side="left")
        stop = np.searchsorted(ordered, left[rows] + first.high, side="left")
        return _Span(rows, start, stop, order)
    days, other_days = second.field.left, second.field.right
    known, other_known = ~(np.isnan(left) | np.isnan(days)), ~(np.isnan(right) | np.isnan(other_days))
    rows, others = np.flatnonzero(known), np.flatnonzero(other_known)
    wide = _WIDE
    key = other_days[others] * wide + right[others]
    place = np.argsort(key, kind="stable")
    ordered, order = key[place], others[place]
    lags = np.arange(np.ceil(second.low), np.floor(second.high) + 1)
    base = (days[rows][:, None] + lags[None, :]) * wide + left[rows][:, None]
    start = np.searchsorted(ordered, (base + first.low).ravel(), side="left")
    stop = np.searchsorted(ordered, (base + first.high).ravel(), side="left")
    return _Span(np.repeat(rows, len(lags)), start, stop, order)


_WIDE = 10_000.0  # between days; more than any number's place on its scale
_SIGNS = 2_000.0  # between negative and positive numbers


def _scale(field: NumberField) -> tuple[Floats, Floats]:
    if field.is_days:
        return field.left, field.right
    made = []
    for values in (field.left, field.right):
        with np.errstate(divide="ignore"):
            size = np.log(np.abs(values))
        made.append(np.where(values == 0, 2 * _SIGNS, np.where(values < 0, size + _SIGNS, size)))
    return made[0], made[1]


def find(compared: Compared, learned: Learned, by_chance: list[Floats], sizes: tuple[int, int]) -> Pairs | None:
    """The best pairs of each row inside the windows, or None if there are no windows or too many pairs inside."""
    inside = windows(compared, learned, by_chance)
    if not inside:
        return None
    span = _choose(inside, sizes[0])
    if span is None:
        return None
    counts = span.stop - span.start
    if counts.sum() > min(MAX_PAIRS, 10 * PER_ROW * sizes[0]):
        return None
    scales = [_scale(window.field) for window in inside]
    kept, seen = [_Strong.nothing()], 0
    for part in _parts(span, counts):
        pairs = _within(_enumerate(span, part), inside, scales)
        seen += len(pairs[0])
        if seen > PER_ROW * sizes[0]:
            return None
        kept.append(_strongest(pairs, compared, learned))
    left, right, bits = (np.concatenate([getattr(one, name) for one in kept]) for name in ("left", "right", "bits"))
    best = _best(right, bits)
    return left[best], right[best]


@dataclass(frozen=True)
class _Strong:
    """Pairs and their bits."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    bits: Floats

    @classmethod
    def nothing(cls) -> "_Strong":
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))


def _parts(span: _Span, counts: NDArray[np.int64]) -> Iterator[slice]:
    """Probes whose pairs are looked at together: all of a row, so that its best pairs can be chosen at once."""
    group = np.cumsum(counts) // _AT_ONCE
    group = group[np.searchsorted(span.left, span.left, side="right") - 1]
    starts = np.append(np.flatnonzero(np.diff(group, prepend=-1)), len(counts))
    for start, stop in pairwise(starts.tolist()):
        yield slice(start, stop)


def _strongest(pairs: Pairs, compared: Compared, learned: Learned) -> _Strong:
    """The best pairs of each left row, among those whose texts are not completely different."""
    if compared.fields:
        like = texts.products(compared.grams.left, compared.grams.right, pairs)
        pairs = pairs[0][like >= MIN_LIKENESS], pairs[1][like >= MIN_LIKENESS]
    bits: Floats = np.round(em.total(em.levels_of(compared, pairs), learned.bits), 6)
    best = _best(pairs[0], bits)
    return _Strong(pairs[0][best], pairs[1][best], bits[best])


def _choose(inside: list[Window], rows: int) -> _Span | None:
    days = next((window for window in inside if window.field.is_days and window.high - window.low < 400), None)
    if days is not None and rows * (days.high - days.low) > MAX_PROBES:
        return None
    others = [window for window in inside if window is not days]
    return _spans(others[0], days)


def _enumerate(span: _Span, part: slice) -> Pairs:
    counts = (span.stop - span.start)[part]
    left = np.repeat(span.left[part], counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    right = span.order[np.repeat(span.start[part], counts) + offset]
    return left.astype(np.int32), right.astype(np.int32)


def _within(pairs: Pairs, inside: list[Window], scales: list[tuple[Floats, Floats]]) -> Pairs:
    for window, (left, right) in zip(inside, scales, strict=True):
        gap = right[pairs[1]] - left[pairs[0]]
        keep = (gap >= window.low) & (gap < window.high)
        pairs = pairs[0][keep], pairs[1][keep]
    return pairs


def _best(rows: NDArray[np.int32], bits: Floats) -> NDArray[np.int64]:
    """Indices of the BEST pairs of each row, in order."""
    order = np.lexsort((-bits, rows))
    begins = np.flatnonzero(np.diff(rows[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    found: NDArray[np.int64] = np.sort(order[rank < BEST])
    return found
