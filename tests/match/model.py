"""What decisions do to matches and sums, in a few lines of Python: what the server is compared with."""

from dataclasses import dataclass, field
from decimal import Decimal

ACTIVE = ("suggested", "confirmed")


@dataclass
class Match:
    """A match: its status, its records on both sides, and what becomes of its difference."""

    status: str
    left: frozenset[str]
    right: frozenset[str]
    difference: str = "open"
    is_write_off: bool = False

    @property
    def records(self) -> frozenset[str]:
        return self.left | self.right


@dataclass
class Decision:
    """The status of each match before the decision; None for matches that it made."""

    before: dict[str, str | None]
    is_undone: bool = False
    is_bulk: bool = False


@dataclass
class Model:
    """A pair whose signs are not turned, in one currency."""

    amounts: dict[str, Decimal]
    left: set[str]
    right: set[str]
    matches: dict[str, Match] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def holders(self, records: frozenset[str], *statuses: str, but: frozenset[str] = frozenset()) -> list[str]:
        """The matches in one of these statuses that use one of the records."""
        return [
            one
            for one, match in self.matches.items()
            if match.status in statuses and match.records & records and one not in but
        ]

    def decide(self, moves: dict[str, str], made: dict[str, Match] | None = None, *, is_bulk: bool = False) -> None:
        """A decision: matches that move, matches that it makes, and suggestions over confirmed records that go."""
        made = made or {}
        before: dict[str, str | None] = {one: self.matches[one].status for one in moves}
        for one, status in moves.items():
            self.matches[one].status = status
        self.matches |= made
        taken = frozenset().union(
            *(self.matches[one].records for one in (*moves, *made) if self.matches[one].status == "confirmed")
        )
        for rival in self.holders(taken, "suggested", but=frozenset((*moves, *made))):
            before[rival] = "suggested"
            self.matches[rival].status = "superseded"
        self.decisions.append(Decision(before | dict.fromkeys(made), is_bulk=is_bulk))

    def latest(self, match: str) -> Decision | None:
        """The latest decision about a match that is not undone."""
        return next((d for d in reversed(self.decisions) if match in d.before and not d.is_undone), None)

    def undo(self, match: str) -> str | None:
        """Undo the latest decision about a match. Returns: why it cannot be undone, or None."""
        decision = self.latest(match)
        if decision is None:
            return "already_decided"
        back = {one: status or "withdrawn" for one, status in decision.before.items() if self.latest(one) is decision}

        if decision.is_bulk:  # of a bulk, this match alone, and what had to make way for it
            mine = self.matches[match].records
            back = {
                one: status
                for one, status in back.items()
                if one == match or (self.matches[one].status == "superseded" and self.matches[one].records & mine)
            }

        def is_taken(one: str) -> bool:
            return back[one] in ACTIVE and bool(self.holders(self.matches[one].records, *ACTIVE, but=frozenset(back)))

        if is_taken(match):
            return "record_in_use"
        for one in [one for one in back if not is_taken(one)]:
            self.matches[one].status = back[one]
            decision.before.pop(one)
        decision.is_undone = not decision.before
        return None

    def terms(self, side: str) -> dict[str, Decimal]:
        """The terms of one side, added up from the records."""
        mine = self.left if side == "left" else self.right
        found = dict.fromkeys(("matched", "booked", "written_off", "open", "total"), Decimal(0))
        found["total"] = sum((self.amounts[one] for one in mine), Decimal(0))
        used: set[str] = set()
        for match in self.matches.values():
            if match.status != "confirmed":
                continue
            used |= match.records
            if match.is_write_off:
                found["written_off"] += sum((self.amounts[one] for one in match.records & mine), Decimal(0))
                continue
            left, right = (sum((self.amounts[one] for one in ids), Decimal(0)) for ids in (match.left, match.right))
            ours = left if side == "left" else right
            is_apart = left * right < 0
            matched = Decimal(0) if is_apart else min(left, right, key=abs)
            found["matched"] += matched
            found["booked" if is_apart or match.difference == "booked" else "open"] += ours - matched
        found["open"] += sum((self.amounts[one] for one in mine - used), Decimal(0))
        return found
