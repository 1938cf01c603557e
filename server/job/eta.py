"""How long a job will still take, from the fraction that is done."""

import math

LEAST_FRACTION = 0.02
LEAST_S = 1.0


class Remaining:
    """
    The seconds that are left, by the pace so far.

    Some steps say nothing until they end. While the fraction stands still, the time that was left when it began to stand
    runs down, ever more slowly, since nobody knows how long it will be. By the pace alone it would grow instead: it was
    three times too long at the end of such a step of a job of 45,000 records a side.
    """

    def __init__(self) -> None:
        self._fraction = 0.0
        self._left_s: float | None = None
        self._at_s = 0.0

    def after(self, elapsed_s: float, fraction: float) -> float | None:
        """What is left after so many seconds with so much done, 0 to 1; None while it is too early to say."""
        if fraction <= LEAST_FRACTION or elapsed_s <= LEAST_S:
            return None
        if fraction > self._fraction or self._left_s is None:
            self._fraction, self._at_s = fraction, elapsed_s
            self._left_s = elapsed_s * (1 - fraction) / fraction
        return self._left_s * math.exp((self._at_s - elapsed_s) / self._left_s) if self._left_s > 0 else 0.0
