"""How many sums of a pool come near an amount by chance, without looking for any."""

import numpy as np
from numpy.typing import NDArray

BINS = 400
ABOVE = 1.2  # of the target, up to where sums are counted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def near(values: Ints, target: int, most: int) -> Floats:
    """
    Count subsets by size and sum on a coarse grid, and say how many hit an amount exactly, if amounts are smooth.

    Args:
        values: shape (n,), minor units.
        target: minor units.
        most: the largest size.

    Returns: shape (most + 1,): the expected number of subsets of each size, 0 to most, whose sum is the target to the unit.
    """
    low = float(values[values < 0].sum()) + min(target, 0) * ABOVE
    high = float(max(target * ABOVE, 1.0)) - low
    width = max((high - low) / BINS, 1.0)
    counts = np.zeros((most + 1, BINS + 2))
    start = -low / width
    at = int(start)
    counts[0, at], counts[0, at + 1] = 1 - (start - at), start - at
    for value in values.tolist():
        # A value between two bins goes to both.
        step = int(np.floor(value / width))
        if abs(step) > BINS:
            continue
        part = value / width - step
        before = counts[:-1].copy()
        _add(counts[1:], before, step, 1 - part)
        _add(counts[1:], before, step + 1, part)
    place = min(max((target - low) / width, 0.0), BINS)
    at = int(place)
    found: Floats = (counts[:, at] * (1 - (place - at)) + counts[:, at + 1] * (place - at)) / width
    return found


def _add(to: Floats, what: Floats, step: int, weight: float) -> None:
    size = to.shape[1]
    if step >= 0:
        to[:, step:] += weight * what[:, : size - step]
    else:
        to[:, :step] += weight * what[:, -step:]


def symmetric(weights: Floats, most: int) -> Floats:
    """The sum over all subsets of each size, 0 to `most`, of the product of their weights. Returns: shape (most + 1,)."""
    found = np.zeros(most + 1)
    found[0] = 1.0
    for weight in weights.tolist():
        found[1:] += weight * found[:-1]
    return found
