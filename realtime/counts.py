"""What the relay and the guests count, for whoever shows it."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

DELAYS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass
class Delays:
    """How many events were written how soon after they were made: a histogram."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(DELAYS_S) + 1))
    total_s: float = 0.0

    def note(self, delay_s: float) -> None:
        """Count an event."""
        self.counts[bisect_left(DELAYS_S, delay_s)] += 1
        self.total_s += delay_s


@dataclass
class Counts:
    """Plain counters of a process since its start. The keys are names that we define, so there are few."""

    resumes: Counter[str] = field(default_factory=Counter)  # answers to `subscribe`, by mode
    resumed_events: int = 0  # events in these answers
    pages: Counter[str] = field(default_factory=Counter)  # where they came from: ring, shared or database
    catch_ups: Counter[str] = field(default_factory=Counter)  # reads for clients behind the ring: shared or database
    resets: Counter[str] = field(default_factory=Counter)  # subscriptions that had to begin again, by reason
    revoked: int = 0  # subscriptions whose right ended
    delays: Delays = field(default_factory=Delays)  # from the change until its event is written to sockets
    # handshakes, CONNECTs and commands that were refused, and sockets whose packets were malformed, by code
    refused: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)  # connections that were closed or refused, by code
