"""Reads the terms of a pair's books, and counts what is in it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeVar

from core.money import NO_CURRENCY
from models.status import MatchStatus, Term
from realtime.events.job import Counts
from server.books.pairs import PairOf
from server.store.reading import Reading

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
_OF_PAIR = (Term.MATCHED, Term.BOOKED, Term.REMAINDER)
T = TypeVar("T")

_TERMS = """
    SELECT source_id, pair_id, term, coalesce(currency, $4) AS currency, sum(amount) AS amount,
        sum(records)::bigint AS records, sum(without_amount)::bigint AS without_amount
    FROM book_entries WHERE source_id IN ($1, $2) OR pair_id = $3 GROUP BY 1, 2, 3, 4
"""


@dataclass
class Terms:
    """The terms of one side in one currency, and how many records stand behind the open ones."""

    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    records: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    elsewhere: Decimal = Decimal(0)
    without_amount: int = 0

    @property
    def open(self) -> Decimal:
        """What no confirmed match uses, and what confirmed matches of this pair leave open."""
        return self.amounts[Term.OPEN] + self.amounts[Term.REMAINDER]

    @property
    def ties(self) -> bool:
        """Whether the terms, each kept by itself, add up to the total."""
        parts = (Term.MATCHED, Term.BOOKED, Term.EXPLAINED, Term.WRITTEN_OFF)
        return sum((self.amounts[part] for part in parts), self.elsewhere + self.open) == self.amounts[Term.TOTAL]


@dataclass
class Books:
    """What the books of a pair say: terms by side and currency, and the numbers of its matches by status."""

    sides: dict[Side, dict[str, Terms]]
    matches: dict[str, int]

    def count(self, side: Side, of: Callable[[Terms], int]) -> int:
        """A number of records of one side, over all currencies."""
        return sum(of(terms) for terms in self.sides[side].values())

    @property
    def counts(self) -> Counts:
        """The counts of the pair. Records that are suggested or written off are not open."""

        def open_on(side: Side) -> int:
            return self.count(side, lambda terms: terms.records[Term.OPEN] - terms.records[Term.SUGGESTED])

        confirmed, suggested = (self.matches.get(s, 0) for s in (MatchStatus.CONFIRMED, MatchStatus.SUGGESTED))
        return Counts(
            left=self.count("left", lambda terms: terms.records[Term.TOTAL]),
            right=self.count("right", lambda terms: terms.records[Term.TOTAL]),
            matches=confirmed + suggested,
            confirmed=confirmed,
            suggested=suggested,
            rejected=self.matches.get(MatchStatus.REJECTED, 0),
            open_left=open_on("left"),
            open_right=open_on("right"),
            written_off=sum(self.count(side, lambda terms: terms.records[Term.WRITTEN_OFF]) for side in SIDES),
        )


async def books_of(snapshot: Reading, pair: PairOf) -> Books:
    """The books of a pair, in its own direction or turned."""
    left, right = pair.sources
    books = Books({side: defaultdict(Terms) for side in SIDES}, {})
    for row in await snapshot.rows(_TERMS, left, right, pair.id, NO_CURRENCY):
        if row["source_id"] is None:
            books.matches[row["term"]] = row["records"]
        else:
            _add(books.sides["left" if row["source_id"] == left else "right"][row["currency"]], row, pair)
    return books


def _add(terms: Terms, row: dict[str, Any], pair: PairOf) -> None:
    if row["pair_id"] not in (None, pair.id):
        if row["term"] in _OF_PAIR:
            terms.elsewhere += row["amount"]
        return
    terms.amounts[row["term"]] += row["amount"]
    terms.records[row["term"]] += row["records"]
    if row["term"] == Term.TOTAL:
        terms.without_amount += row["without_amount"]
