"""Counts distinct values in bounded memory."""

import numpy as np
from numpy.typing import NDArray

_HASHES = 2.0**64


class Distinct:
    """
    Counts distinct values by their hashes: exactly up to a limit, and beyond it as an estimate.

    It keeps the smallest hashes. If the hashes of n values are spread evenly, the k-th smallest is at k / n of the
    whole range. The standard error is about 1 / sqrt(k), which is 0.7 % with 20,000.
    Source: Bar-Yossef et al., Counting Distinct Elements in a Data Stream (RANDOM, 2002).
    """

    def __init__(self) -> None:
        self._smallest: NDArray[np.uint64] = np.zeros(0, np.uint64)
        self.is_estimated = False

    def add(self, hashes: NDArray[np.uint64], limit: int) -> None:
        """Add values by their 64-bit hashes. `limit` is how many are kept, and must never grow."""
        if self.is_estimated:
            hashes = hashes[hashes < self._smallest[-1]]
        if len(hashes) == 0:
            return
        found = np.sort(np.concatenate((self._smallest, hashes)))
        found = found[np.append(True, found[1:] != found[:-1])]  # np.unique makes a table of hashes, which is slower
        self.is_estimated = self.is_estimated or len(found) > limit
        self._smallest = found[:limit]

    @property
    def count(self) -> int:
        """The number of distinct values."""
        if not self.is_estimated:
            return len(self._smallest)
        return round((len(self._smallest) - 1) * _HASHES / float(self._smallest[-1]))
