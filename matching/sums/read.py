"""Which side names the other, and what its texts say."""

from dataclasses import dataclass

from matching.sums.naming import Names, Naming
from matching.sums.rows import Ledgers, Rows

TRIED = 2_000  # texts that decide which side names the other


@dataclass(frozen=True)
class Named:
    """The side that is named, `a`, the side that names, `b`, and what the texts of b say."""

    a: Rows
    b: Rows
    naming: Naming
    is_turned: bool  # whether a is the right side

    def sides(self, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows of a and b as positions on the left and on the right."""
        found = (tuple(self.a.place[list(a)].tolist()), tuple(self.b.place[list(b)].tolist()))
        return found[::-1] if self.is_turned else found


def of(ledgers: Ledgers) -> Named:
    """Read the texts of the side that names more rows of the other."""
    left, right = ledgers.sides
    names = [Names.of(side.reference, side.party) for side in ledgers.sides]
    is_turned = _told(names[1], left) > _told(names[0], right)
    a, b = (right, left) if is_turned else (left, right)
    return Named(a, b, names[is_turned].read((b.reference, b.party)), is_turned)


def _told(names: Names, b: Rows) -> float:
    """The share of b's texts that name a row or a party. Rows are in the order of their content, so as at random."""
    reference, party = b.reference[:TRIED], b.party[:TRIED]
    if b.reference is b.party:
        reference = party
    found = names.read((reference, party))
    told: int = sum(bool(rows) + int(one >= 0) for rows, one in zip(found.rows, found.party.tolist(), strict=True))
    return told / max(len(party), 1)
