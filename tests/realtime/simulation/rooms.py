"""The two tables of who is here, and when somebody was, to compare with what clients are told."""

from collections import Counter
from typing import Any

from realtime import presence
from tests.realtime.simulation.database import Database

# Short, so that leases end and people leave within a run.
LEASE_S, RENEW_S, LEAVE_S = 1.0, 0.25, 0.4
SLACK_S = 0.01


class Rooms:
    """Answers the statements of realtime/presence.py."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen: dict[Any, float] = {}  # leases, by process
        self.people: dict[tuple[Any, str], str] = {}  # rows, by process and stream
        self._here: Counter[tuple[str, str]] = Counter()  # tabs, by stream and person, whatever the process
        self._came: dict[tuple[str, str], float] = {}
        self._went: dict[tuple[str, str], float] = {}

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """The rows that a statement returns."""
        return await self._database.query(lambda: self._answers[sql](self, *values))

    def _write(self, process: Any, kept: list[str], rows: list[str], gone: list[str]) -> list[Any]:
        is_new = process not in self.seen
        self.seen[process] = self._database.now
        for name in gone:
            self.people.pop((process, name), None)
        for name, row in zip(kept, rows, strict=True):
            self.people[process, name] = row
        return [{"is_new": is_new}]

    def _read(self, names: list[str], lease_s: float) -> list[Any]:
        oldest = self._database.now - lease_s
        return [
            {"stream": name, "people": row}
            for (process, name), row in self.people.items()
            if name in names and self.seen.get(process, 0.0) > oldest
        ]

    def _renew(self, process: Any) -> list[Any]:
        is_new = process not in self.seen
        self.seen[process] = self._database.now
        return [{"is_new": is_new}]

    def _reap(self, lease_s: float) -> list[Any]:
        oldest = self._database.now - lease_s
        dead = {process for process, at in self.seen.items() if at < oldest}
        for process in dead:
            del self.seen[process]
        gone = [place for place in self.people if place[0] in dead]
        for place in gone:
            del self.people[place]
        return [{"stream": name} for _, name in gone]

    _answers = {
        presence._WRITE: _write,
        presence._READ: _read,
        presence._RENEW: _renew,
        presence._REAP: _reap,
    }

    # -- what is true --------------------------------------------------------------------------------------------------

    def came(self, name: str, user_id: str) -> None:
        """A tab of a person is here from now on."""
        if not self._here[name, user_id]:
            self._came[name, user_id] = self._database.now
        self._here[name, user_id] += 1

    def went(self, name: str, user_id: str) -> None:
        """A tab of a person is no longer here."""
        self._here[name, user_id] -= 1
        if not self._here[name, user_id]:
            self._went[name, user_id] = self._database.now

    def may_have_left(self, name: str, user_id: str) -> bool:
        """Whether followers may be told that a person has left: only after a while without a tab."""
        place = (name, user_id)
        if self._database.now - self._database.calm_since < LEASE_S + RENEW_S + 1:
            return True  # leases may have ended
        if place not in self._went:
            return False
        until = self._came[place] if self._here[place] else self._database.now
        return until - self._went[place] >= LEAVE_S - SLACK_S
