"""
Candidate pairs by likeness of texts: for each row the most similar rows of the other side, both ways.

The work is bounded by counts. What all rows share says nothing and would take the most time, so common features are left
out, and if the rest is still too much, the more common ones of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from matching.probabilistic import texts
from matching.probabilistic.levels import Compared, Pairs
from matching.probabilistic.values import Values

BEST = 10  # candidates of a row by all its texts
BEST_OF_FIELD = 5  # more of them by each distinctive text
MIN_WORDS = 2.0  # of a distinctive text
MIN_DISTINCT = 0.3
COMMON_ROWS = 1000
COMMON_SHARE = 0.03
MAX_WORK = 4_000_000_000  # products of two features for all rows; about a minute
_AT_ONCE = 8_000_000  # products whose results are held at once


@dataclass(frozen=True)
class Found:
    """Candidate pairs, sorted, and what was left out: features or lists that were cut, and the pairs they would make."""

    pairs: Pairs
    skipped: tuple[int, int]


def find(values: Values, compared: Compared, max_pairs: int, check: Callable[[], None] = lambda: None) -> Found:
    """
    Find the candidates of each row.

    Args:
        max_pairs: if there could be more, fewer candidates are kept for each row, but at least one.
        check: called again and again; raises when the run is to stop.
    """
    rows = sum(values.sizes)
    spaces = [(compared.words, compared.grams, BEST)]
    if len(values.texts) > 1:
        spaces += [
            (words, grams, BEST_OF_FIELD)
            for field, (words, grams) in zip(values.texts, compared.fields, strict=True)
            if field.mean_words >= MIN_WORDS and _distinct(field.left) >= MIN_DISTINCT <= _distinct(field.right)
        ]
    wanted = rows * sum(best for *_, best in spaces)
    share = min(1.0, max_pairs / max(wanted, 1))
    found, skipped = [], (0, 0) if share == 1 else (rows, wanted - max_pairs)
    for words, grams, best in spaces:
        left, right, out = _matrices(words, grams, MAX_WORK // len(spaces))
        skipped = skipped[0] + out[0], skipped[1] + out[1]
        kept = max(1, int(best * share))
        found.append(_best(left, right, kept, check))
        backward = _best(right, left, kept, check)
        found.append((backward[1], backward[0]))
    return Found(unique(found, values.sizes), skipped)


def unique(found: list[Pairs], sizes: tuple[int, int]) -> Pairs:
    """The distinct pairs of several lists, sorted by left row, then by right row."""
    numbers = np.unique(np.concatenate([left.astype(np.int64) * sizes[1] + right for left, right in found]))
    return (numbers // max(sizes[1], 1)).astype(np.int32), (numbers % max(sizes[1], 1)).astype(np.int32)


def _distinct(side: texts.Side) -> float:
    known = [text for text in side.texts if text]
    return len(set(known)) / max(len(known), 1)


def _matrices(
    words: texts.Vectors, grams: texts.Vectors, max_work: int
) -> tuple[csr_matrix, csr_matrix, tuple[int, int]]:
    """Both sides' words and groups of characters next to each other, without common features."""
    frequency = np.concatenate((words.frequency, grams.frequency))
    sides = [hstack((getattr(words, side), getattr(grams, side)), format="csr") for side in ("left", "right")]
    rows = sum(side.shape[0] for side in sides)
    keep = frequency <= max(COMMON_ROWS, COMMON_SHARE * rows)
    work = np.prod([np.bincount(side.indices, minlength=len(frequency)).astype(np.float64) for side in sides], axis=0)
    # Rare features first; of equally rare ones all or none.
    order = np.argsort(frequency, kind="stable")
    total = np.cumsum(np.where(keep, work, 0)[order])
    if total.size and total[-1] > max_work:
        first = frequency[order[np.searchsorted(total, max_work)]]
        cut = keep & (frequency >= first)
        keep &= frequency < first
    else:
        cut = np.zeros_like(keep)
    kept = np.flatnonzero(keep)
    return sides[0][:, kept], sides[1][:, kept], (int(cut.sum()), int(work[cut].sum()))


def _best(rows: csr_matrix, others: csr_matrix, best: int, check: Callable[[], None]) -> Pairs:
    """For each row the `best` others with the largest products."""
    turned = others.T.tocsr()
    of_feature = np.diff(turned.indptr)
    of_row = np.add.reduceat(np.append(of_feature[rows.indices], 0), rows.indptr[:-1]) * (np.diff(rows.indptr) > 0)
    group = np.cumsum(of_row) // _AT_ONCE
    starts = np.append(np.flatnonzero(np.diff(group, prepend=-1)), rows.shape[0])
    left: list[NDArray[np.int32]] = []
    right: list[NDArray[np.int32]] = []
    for start, stop in pairwise(starts.tolist()):
        check()
        product = rows[start:stop] @ turned
        pointer, index, value = product.indptr, product.indices, np.round(product.data, 5)
        for row in range(stop - start):
            a, b = pointer[row], pointer[row + 1]
            columns, values = index[a:b], value[a:b]
            if b - a > best:
                # Rows are in the order of their content: of equally good ones, the first.
                floor = np.partition(values, b - a - best)[b - a - best]
                sure = np.flatnonzero(values > floor)
                ties = np.sort(columns[values == floor])[: best - len(sure)]
                columns = np.concatenate((columns[sure], ties))
            left.append(np.full(len(columns), start + row, np.int32))
            right.append(columns.astype(np.int32))
    if not left:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    return np.concatenate(left), np.concatenate(right)
