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
    base: str | None = None  # the match that it extends; what is suggested has only its new records
    pair: str = "bank"  # the name of its right source; a write-off belongs to no pair

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
    """Pairs of one left source with several right ones, whose signs are not turned, in one currency."""

    amounts: dict[str, Decimal]
    left: set[str]
    rights: dict[str, set[str]]
    matches: dict[str, Match] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def holders(self, records: frozenset[str], *statuses: str, but: frozenset[str] = frozenset()) -> list[str]:
        """The matches in one of these statuses that use one of the records."""
        return [
            one
            for one, match in self.matches.items()
            if match.status in statuses and match.records & records and one not in but
        ]

    def beside(self, records: frozenset[str], pair: str, but: frozenset[str] = frozenset()) -> list[str]:
        """What keeps a suggestion away from records: a confirmed match, or another suggestion of its pair."""
        suggested = [one for one in self.holders(records, "suggested", but=but) if self.matches[one].pair == pair]
        return [*self.holders(records, "confirmed", but=but), *suggested]

    def decide(self, moves: dict[str, str], made: dict[str, Match] | None = None, *, is_bulk: bool = False) -> None:
        """A decision: matches that move, matches that it makes, and suggestions over confirmed records that go."""
        made = made or {}
        bases = [self.matches[one].base for one, status in moves.items() if status == "confirmed"]
        moves = dict.fromkeys([base for base in bases if base is not None], "superseded") | moves
        gone = [one for one, status in moves.items() if self.matches[one].status == "confirmed" != status]
        moves = dict.fromkeys(self.extensions(gone, but=frozenset(moves)), "superseded") | moves
        before: dict[str, str | None] = {one: self.matches[one].status for one in moves}
        for one, status in moves.items():
            self.move(one, status)
        self.matches |= made
        taken = frozenset().union(
            *(self.matches[one].records for one in (*moves, *made) if self.matches[one].status == "confirmed")
        )
        for rival in self.holders(taken, "suggested", but=frozenset((*moves, *made))):
            before[rival] = "suggested"
            self.matches[rival].status = "superseded"
        self.decisions.append(Decision(before | dict.fromkeys(made), is_bulk=is_bulk))

    def extensions(self, bases: list[str], *statuses: str, but: frozenset[str] = frozenset()) -> list[str]:
        """The matches that extend some others, in one of these statuses; without any, those that are suggested."""
        return [
            one
            for one, match in self.matches.items()
            if match.base in bases and match.status in (statuses or ("suggested",)) and one not in but
        ]

    def move(self, one: str, status: str) -> None:
        """Move a match. What extends another one has the other's records as long as it is confirmed."""
        match = self.matches[one]
        if match.base is not None and {match.status, status} == {"suggested", "confirmed"}:
            base = self.matches[match.base]
            if status == "confirmed":
                match.left, match.right = match.left | base.left, match.right | base.right
            else:
                match.left, match.right = match.left - base.left, match.right - base.right
        match.status = status

    def remainder_side(self, one: str) -> str | None:
        """The side on which a confirmed match leaves a remainder."""
        match = self.matches[one]
        left, right = (sum((self.amounts[two] for two in ids), Decimal(0)) for ids in (match.left, match.right))
        if match.status != "confirmed" or match.is_write_off or match.difference != "open" or left * right < 0:
            return None
        return None if left == right else "left" if abs(left) > abs(right) else "right"

    def latest(self, match: str) -> Decision | None:
        """The latest decision about a match that is not undone."""
        return next((d for d in reversed(self.decisions) if match in d.before and not d.is_undone), None)

    def undo(self, match: str) -> str | None:
        """Undo the latest decision about a match. Returns: why it cannot be undone, or None."""
        decision = self.latest(match)
        if decision is None:
            return "already_decided"
        if self.matches[match].status == "superseded" and self.extensions([match], *ACTIVE):
            return "record_in_use"
        back = {one: status or "withdrawn" for one, status in decision.before.items() if self.latest(one) is decision}

        if decision.is_bulk:  # of a bulk, this match alone, and what had to make way for it
            mine = self.matches[match].records
            back = {
                one: status
                for one, status in back.items()
                if one == match
                or (self.matches[one].status == "superseded" and self.matches[one].records & mine)
                or (self.matches[one].status == "superseded" and self._extend_the_same(one, match))
            }

        lost = {one for one in back if self._is_taken(one, back)}
        lost |= {one for one in back if one not in lost and self._is_baseless(one, back, lost)}
        if match in lost:
            return "record_in_use"
        self.take_back(decision, {one: status for one, status in back.items() if one not in lost})
        return None

    def take_back(self, decision: Decision, back: dict[str, str]) -> None:
        """Move matches back, and supersede the suggestions to extend those that are confirmed no longer."""
        gone = [one for one, status in back.items() if self.matches[one].status == "confirmed" != status]
        for one, status in back.items():
            self.move(one, status)
            decision.before.pop(one)
        for one in self.extensions(gone, but=frozenset(back)):
            self.move(one, "superseded")
        decision.is_undone = not decision.before

    def _is_taken(self, one: str, back: dict[str, str]) -> bool:
        match, others = self.matches[one], frozenset(back)
        if back[one] == "suggested":
            return bool(self.beside(match.records, match.pair, others))
        return back[one] in ACTIVE and bool(self.holders(match.records, *ACTIVE, but=others))

    def _is_baseless(self, one: str, back: dict[str, str], lost: set[str]) -> bool:
        base = self.matches[one].base
        if base is None or back[one] != "suggested":
            return False
        return (back[base] if base in back and base not in lost else self.matches[base].status) != "confirmed"

    def _extend_the_same(self, one: str, other: str) -> bool:
        return self.matches[one].base is not None and self.matches[one].base == self.matches[other].base

    def side(self, pair: str, side: str) -> set[str]:
        """The records of one side of a pair."""
        return self.left if side == "left" else self.rights[pair]

    def open_records(self, pair: str, side: str) -> set[str]:
        """The records of one side that no confirmed match and no suggestion of the pair uses."""
        return {one for one in self.side(pair, side) if not self.beside(frozenset([one]), pair)}

    def terms(self, pair: str, side: str) -> dict[str, Decimal]:
        """The terms of one side of a pair, added up from the records."""
        mine = self.side(pair, side)
        names = ("matched", "booked", "written_off", "elsewhere", "open", "total", "suggested")
        found = dict.fromkeys(names, Decimal(0))
        found["total"] = self._sum(mine)
        used: set[str] = set()
        for match in self.matches.values():
            if match.status != "confirmed":
                continue
            used |= match.records
            if match.is_write_off or match.pair != pair:
                found["written_off" if match.is_write_off else "elsewhere"] += self._sum(match.records & mine)
                continue
            left, right = self._sum(match.left), self._sum(match.right)
            ours = left if side == "left" else right
            is_apart = left * right < 0
            matched = Decimal(0) if is_apart else min(left, right, key=abs)
            found["matched"] += matched
            found["booked" if is_apart or match.difference == "booked" else "open"] += ours - matched
        found["open"] += self._sum(mine - used)
        found["suggested"] = self._sum(mine - used - self.open_records(pair, side))
        return found

    def _sum(self, records: frozenset[str] | set[str]) -> Decimal:
        return sum((self.amounts[one] for one in records), Decimal(0))
