"""How long to wait before trying again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Pauses:
    """Pauses that double up to a most, spread at random so that many clients do not come back in the same moment."""

    first_s: float = 1.0
    most_s: float = 30.0

    def after(self, failures: int) -> float:
        """The pause after so many failures, from 1; ±25 %."""
        pause = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, protects nothing
