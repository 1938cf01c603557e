"""What the relay and the guests count, for whoever shows it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Plain counters of a process since its start. The keys are names that we define, so there are few."""

    resumes: Counter[str] = field(default_factory=Counter)  # answers to `subscribe`, by mode
    resumed_events: int = 0  # events in these answers
    pages: Counter[str] = field(default_factory=Counter)  # where they came from: ring, shared or database
    catch_ups: Counter[str] = field(default_factory=Counter)  # reads for clients behind the ring: shared or database
    resets: Counter[str] = field(default_factory=Counter)  # subscriptions that had to begin again, by reason
    revoked: int = 0  # subscriptions whose right ended
    closed: Counter[str] = field(default_factory=Counter)  # connections that were closed or refused, by code
