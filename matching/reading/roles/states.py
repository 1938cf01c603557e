"""Rows whose state says that no money has moved: pending, declined, reversed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matching.reading.roles.amounts import Bookings
from matching.reading.roles.facts import Column, Levels, Mask
from matching.reading.roles.words import says, words_of

MIN_NAME = 0.5


@dataclass
class States:
    """
    The column of states, the values whose rows are left out, and the values that nobody knows. `left_out` has shape
    (bookings,).
    """

    column: Column | None = None
    skipped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    left_out: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))

    def question(self) -> dict[str, Any]:
        """The question which rows to leave out."""
        assert self.column is not None
        return {
            "column": self.column.name,
            "kind": "skip",
            "choices": [*self.skipped, *self.unknown],
            "examples": [*self.skipped, *self.unknown][:4],
        }


def states_of(bookings: Bookings) -> States:
    """
    Find the column of states. A word like "pending" in a free text is no state: the column repeats its values.
    """
    best: tuple[tuple[float, int], Column, Levels, list[str]] | None = None
    amounts = {n.column.index for n in bookings.numbers if n.has_decimals}
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column) if column.index not in amounts else None
        if levels is None or not levels.values:
            continue
        told = _told_apart(levels.values)
        bad = _not_booked(levels.values, told)
        name = column.role("status")
        if not _is_state(column, levels, bad):
            continue
        rank = (name + (1 if bad else 0), -column.index)
        if best is None or rank > best[0]:
            best = rank, column, levels, bad
    if best is None:
        return States(left_out=np.zeros(bookings.count, np.bool_))
    _, column, levels, bad = best
    told = _told_apart(levels.values)
    known = _owed(levels.values, told)
    unknown = [
        value
        for value in levels.values
        if value not in bad
        and value not in known
        and not any(says(kind, told[value], whole=True) for kind in ("booked", "invoice_paid"))
    ]
    if (column.role("status") < MIN_NAME and not (levels.codes < 0).any()) or len(levels.values) == 1:
        # In a column of another name, or with one value, an unknown word is no reason to doubt.
        unknown = []
    left_out = np.isin(levels.codes, [levels.values.index(value) for value in bad])
    return States(column, tuple(bad), tuple(unknown), left_out)


def _not_booked(values: tuple[str, ...], told: dict[str, str]) -> list[str]:
    """The values that say that no money has moved. What an invoice comes to is owed as well while it is unpaid."""
    owed = _owed(values, told)
    return [value for value in values if value not in owed and says("not_booked", told[value], whole=True)]


def _owed(values: tuple[str, ...], told: dict[str, str]) -> list[str]:
    """The values that say of an invoice that nobody has paid it. They do so beside one that says that it was paid."""
    if not any(says("invoice_paid", told[value], whole=True) for value in values):
        return []
    return [value for value in values if says("invoice_open", told[value], whole=True)]


def _told_apart(values: tuple[str, ...]) -> dict[str, str]:
    """Each value without the words that all of them share, such as "Transaction" in "Transaction pending"."""
    words = {value: words_of(value) for value in values}
    shared = set.intersection(*(set(found) for found in words.values())) if len(values) > 1 else set()
    apart = {value: " ".join(word for word in found if word not in shared) for value, found in words.items()}
    return {value: apart[value] or value for value in values}


def _is_state(column: Column, levels: Levels, bad: list[str]) -> bool:
    """Whether a column says the state of each row."""
    if column.role("status") >= MIN_NAME:
        return bool(bad) or len(levels.values) > 1
    if not bad or column.role("text", "sign", "reference") > column.role("status") + 0.4:
        return False
    rest = [value for value in levels.values if value not in bad]
    if bool((levels.codes < 0).any()) and all(len(words_of(value)) <= 2 for value in levels.values):
        return True  # a mark beside some rows
    told = _told_apart(levels.values)
    return bool(rest) and all(says("booked", told[value], whole=True) for value in rest)
