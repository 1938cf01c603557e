"""
Call a Tallyroom server over REST and follow its streams, without a gap or a repeat.

Read client.py first, then live.py. cursor.py says what a client of the streams must do, without input or output.
"""

from .client import Client
from .follower import Follower, Timing
from .pauses import Pauses
from .position import Event, Item, Position, Snapshot, State
from .problem import Problem

__all__ = [
    "Client",
    "Event",
    "Follower",
    "Item",
    "Pauses",
    "Position",
    "Problem",
    "Snapshot",
    "State",
    "Timing",
]
