"""Rows whose state says that no money has moved: pending, declined, reversed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matching.reading.cells.kinds import NUMBER
from matching.reading.roles.amounts import Bookings
from matching.reading.roles.bills import are_bills
from matching.reading.roles.facts import MAX_LEVELS, Column, Levels, Mask
from matching.reading.roles.folding import words_of
from matching.reading.roles.words import answers_of, says, sides_of

MIN_NAME = 0.5
_KINDS = ("not_booked", "booked", "invoice_paid", "invoice_open", "invoice_waiting", "payment_failed")
COMPARED = ("reconciled", "booked")
MAX_PREFIX, MIN_STEM = 3, 5  # letters of a prefix that denies the rest of a word, and of that rest
MOST_BACK = 0.1  # of the other rows, which may have a minus as well


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
    best: tuple[tuple[float, int], Column, Levels, _Meanings] | None = None
    amounts = {n.column.index for n in bookings.numbers if n.has_decimals}
    bills: bool | None = None
    for column in bookings.facts.columns:
        levels = _levels_of(bookings, column) if column.index not in amounts else None
        if levels is None or not levels.values:
            continue
        name = column.role("status")
        found = _meanings(levels.values, is_bill=False)
        if bills is None and (name >= MIN_NAME or found.bad):
            bills = are_bills(bookings)
        if bills and (name >= MIN_NAME or found.bad):
            found = _meanings(levels.values, is_bill=True)
        if (answers := answers_of(levels.values)) is not None and says("not_booked", column.name, whole=True):
            yes, no = sorted(answers, key=answers.__getitem__, reverse=True)
            found = _Meanings((yes,), (no,), ())  # what has been voided, as the name says
        if not _is_state(column, levels, found):
            continue
        rank = (name + (1 if found.bad else 0), -column.index)
        if best is None or rank > best[0]:
            best = rank, column, levels, found
    if best is None:
        return States(left_out=np.zeros(bookings.count, np.bool_))
    _, column, levels, found = best
    unknown = found.unknown
    is_named = column.role("status") >= MIN_NAME or _are_answers(column, levels, found)
    if (not is_named and not (levels.codes < 0).any()) or len(levels.values) == 1:
        # In a column of another name, or with one value, an unknown word is no reason to doubt.
        unknown = ()
    rest = tuple(value for value in unknown if not _moves_back(bookings, levels, value))
    # Beside money that went back, one other state is that of all that came.
    unknown = () if len(rest) == 1 < len(unknown) and not found.bad else rest
    left_out = np.isin(levels.codes, [levels.values.index(value) for value in found.bad])
    return States(column, found.bad, unknown, left_out)


def _levels_of(bookings: Bookings, column: Column) -> Levels | None:
    """The few values of a column, where a number behind the words makes no other value: the code of a refusal, for one."""
    levels = bookings.levels_of(column)
    if levels is not None and not any(map(str.isdigit, "".join(levels.values))):
        return levels
    place = bookings.places[0]
    if column.numbers.ok[place] or column.days.ok[place]:
        return levels
    first_kinds = tuple(column.first_kinds(bookings.rows))
    if len(first_kinds) > MAX_LEVELS:
        return levels
    first = _meanings(first_kinds, is_bill=False)
    if column.role("status") < MIN_NAME and not (first.bad or first.good):
        return levels  # texts of other things take long to compare
    kinds = column.kinds(bookings.rows)
    return levels if kinds is None or (levels and len(kinds.values) == len(levels.values)) else kinds


def _moves_back(bookings: Bookings, levels: Levels, value: str) -> bool:
    """Whether a state stands only beside a minus that hardly any other row has: money went back, as in "refunded"."""
    rows = levels.codes == levels.values.index(value)
    for number in bookings.numbers:
        if number.has_decimals and bool((number.values[rows] < 0).all()) and bool(rows.any()):
            others = number.values[~rows & number.moves]
            if len(others) and int((others < 0).sum()) <= MOST_BACK * len(others):
                return True
    return False


@dataclass(frozen=True)
class _Meanings:
    """The values that say that no money has moved, those that say that it has or is owed, and those that nobody knows."""

    bad: tuple[str, ...]
    good: tuple[str, ...]
    unknown: tuple[str, ...]


def _meanings(values: tuple[str, ...], *, is_bill: bool) -> _Meanings:
    """
    What the values of a column say. What a bill comes to is owed as well while nobody has paid it: `is_bill` says that
    the rows are bills, else a value does that says of some of them that they were paid.

    Of bills, one known word is enough. The words for a bill that is not owed, such as a draft, are known in each language
    in which any is.
    """
    told = _told_apart(values)
    said = {value: {kind for kind in _KINDS if _says(kind, value, told[value])} for value in values}
    compared = {value for value in values if says("reconciled", value, whole=True)}
    for value in values:
        if value in compared or (compared and _lacks_mark(value)):
            said[value] = {"booked"}  # an entry of a ledger that nobody has found on a statement yet
        if not said[value] and any("booked" in said[other] for other in values if _denies(value, other)):
            said[value] = {"not_booked"}
    has_failed = any("payment_failed" in kinds for kinds in said.values())
    is_list = is_bill or (not has_failed and any("invoice_paid" in kinds for kinds in said.values()))
    owed = {"invoice_open", "invoice_waiting"} if is_bill else {"invoice_open"} if is_list else set()
    bad = tuple(value for value in values if "not_booked" in said[value] and not said[value] & owed)
    if len(bad) == len(values):
        # Beside refusals alone, what has been authorised in some languages is what was paid.
        bad = tuple(value for value in bad if "booked" not in said[value])
    known = {"booked", "invoice_paid"} | owed
    good = tuple(value for value in values if value not in bad and said[value] & known)
    unknown = tuple(value for value in values if value not in (*bad, *good))
    return _Meanings(bad, good, () if is_bill and len(unknown) < len(values) else unknown)


def _says(kind: str, value: str, told: str) -> bool:
    return says(kind, told, whole=True) or says(kind, value, whole=True)


def _denies(value: str, other: str) -> bool:
    """Whether a value is another one with a word such as "not" before it."""
    first, *rest = words_of(value) or ("",)
    return says("negation", first, whole=True) and tuple(rest) == words_of(other)


def _lacks_mark(value: str) -> bool:
    """Whether a value denies that an entry has been cleared or reconciled, by a word or in one, as "uncleared" does."""
    first, *rest = words_of(value) or ("",)
    if says("negation", first, whole=True):
        return any(says(kind, " ".join(rest), whole=True) for kind in COMPARED)
    ends = [first[length:] for length in range(1, MAX_PREFIX + 1)] if not rest else []
    return any(len(end) >= MIN_STEM and says(kind, end, whole=True) for end in ends for kind in COMPARED)


def _told_apart(values: tuple[str, ...]) -> dict[str, str]:
    """Each value without the words that all of them share, such as "Transaction" in "Transaction pending"."""
    words = {value: words_of(value) for value in values}
    shared = set.intersection(*(set(found) for found in words.values())) if len(values) > 1 else set()
    apart = {value: " ".join(word for word in found if word not in shared) for value, found in words.items()}
    return {value: apart[value] or value for value in values}


def _are_answers(column: Column, levels: Levels, found: _Meanings) -> bool:
    """Whether codes stand beside all values, one of which is of most rows and says that money has moved: answers of a bank."""
    if column.role("text", "reference", "identity", "account") > 0 or not all(
        NUMBER in value for value in levels.values
    ):
        return False
    counts = np.bincount(levels.codes[levels.codes >= 0], minlength=len(levels.values))
    moved = sum(int(counts[levels.values.index(value)]) for value in found.good)
    return 2 * moved > int(counts.sum()) and not any(sides_of(value) for value in levels.values)


def _is_state(column: Column, levels: Levels, found: _Meanings) -> bool:
    """Whether a column says the state of each row."""
    bad = found.bad
    if column.role("status") >= MIN_NAME or _are_answers(column, levels, found):
        return bool(bad) or len(levels.values) > 1
    if not bad or column.role("text", "sign", "reference") > column.role("status") + 0.4:
        return False
    rest = [value for value in levels.values if value not in bad]
    if bool((levels.codes < 0).any()) and all(len(words_of(value)) <= 2 for value in levels.values):
        return True  # a mark beside some rows
    return bool(rest) and all(value in found.good for value in rest)
