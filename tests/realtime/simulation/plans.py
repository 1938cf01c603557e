"""How long a run is, what happens in it, and how often."""

from dataclasses import dataclass, replace
from random import Random

from tests.realtime.simulation.database import Weather


@dataclass(frozen=True)
class Plan:
    """How long a run is, and how often what happens in it."""

    seconds: float = 2.0
    processes: int = 2
    people: int = 2
    clients: int = 3
    pollers: int = 0
    commits: int = 14
    shakes: int = 6
    removals: int = 1
    states: int = 4
    # between 0 and 1: how likely, and from 1 on: how often
    expiries: float = 0.2
    revocations: float = 0.3
    restores: float = 0.1
    outages: float = 0.2
    kills: float = 0.2
    retentions: float = 0.5
    is_calm: bool = False  # no query is slow or fails, so that times are exact
    has_tokens: bool = False  # that end, and are refreshed or not
    has_presence: bool = False
    stalled_s: float | None = None  # after which a client that takes nothing is closed

    def without_faults(self) -> "Plan":
        """The same without what happens only sometimes."""
        return replace(self, expiries=0, revocations=0, restores=0, outages=0, kills=0, retentions=0)


CALM = Plan(seconds=1.2, processes=1, commits=20, shakes=3, removals=0, states=1).without_faults()
# Each looks at a part of the rules. What goes wrong only when two things happen within milliseconds happens often there.
PLANS = {
    "everything": Plan(),
    "rights": replace(CALM, removals=4, revocations=0.2),
    "ends": replace(CALM, seconds=2.6, expiries=2, is_calm=True),
    "sessions": replace(CALM, people=1, commits=8, shakes=8, states=0, revocations=3, outages=0.1),
    "restores": replace(
        CALM, seconds=1.5, clients=4, shakes=12, removals=1, states=3, revocations=1, restores=3, outages=0.1
    ),
    "states": replace(CALM, seconds=1.0, commits=6, shakes=10, states=25, kills=0.3),
    "polls": replace(CALM, processes=2, clients=2, pollers=3, removals=2, restores=0.3, outages=0.3, retentions=1),
    "tokens": replace(CALM, seconds=3.0, people=1, clients=3, commits=12, shakes=4, revocations=0.3, has_tokens=True),
    "presence": replace(CALM, seconds=3.0, people=3, clients=5, commits=8, shakes=10, kills=0.5, has_presence=True),
    "here": replace(
        CALM, seconds=2.0, clients=4, commits=8, shakes=8, removals=2, outages=0.5, kills=0.3, has_presence=True
    ),
    "stalls": replace(CALM, seconds=2.5, clients=3, commits=40, shakes=14, states=6, stalled_s=0.5),
    "readers": replace(CALM, seconds=1.5, commits=30, shakes=10, removals=4, states=2, outages=0.1, retentions=4),
}


def weather_of(random: Random, plan: Plan) -> Weather:
    """How the database and the hints are in a run."""

    def some(*values: float) -> float:
        return random.choice(values)

    return Weather(
        roll_back=some(0, 0.1, 0.3),
        slow_query=0 if plan.is_calm else some(0, 0, 0.01, 0.05),
        slow_commit=some(0, 0.1, 0.4),
        lost_hint=some(0, 0, 0.3, 1),
        late_hint=some(0, 0.1, 0.5),
        failing_query=0 if plan.is_calm else some(0, 0, 0, 0.03),
        cut_by_restore=some(0, 0.7),
        latency_s=some(0.002, 0.01, 0.04),
    )
