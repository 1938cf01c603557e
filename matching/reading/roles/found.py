"""What is found out about a table."""

from dataclasses import dataclass, field
from typing import Any

from matching.reading.roles.facts import Column
from matching.reading.roles.totals import LeftOut


@dataclass
class Understanding:
    """
    What was found. `mapping` is the document that says it, `roles` has the role and its proof for each column that has
    one. `left_out` are the rows that are no bookings; `unknown_states` is the column of states and its
    values that nobody knows.
    """

    mapping: dict[str, Any] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    roles: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    unknown_states: tuple[str, tuple[str, ...]] | None = None

    def give(self, column: Column | str, role: str, why: str | None = None) -> None:
        """Note the role of a column, and what proves it."""
        self.roles[column if isinstance(column, str) else column.name] = (role, why)
