"""Reads the terms of a pair's books, and counts what is in it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from core.money import NO_CURRENCY
from models.status import MatchStatus, Term
from realtime.events.job import Counts
from server.books.pairs import PairOf
from server.store.reading import Reading

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
AGES = ((0, 7), (8, 30), (31, 60), (61, 90), (91, None))  # days
_OF_PAIR = (Term.MATCHED, Term.BOOKED, Term.REMAINDER)
_OF_PASS = (*_OF_PAIR, Term.EXPLAINED, Term.SUGGESTED)
_OPEN = {Term.OPEN: 1, Term.SUGGESTED: -1, Term.REMAINDER: 1}  # what open items are made of

_TERMS = """
    SELECT source_id, pair_id, term, coalesce(currency, $4) AS currency, {columns} sum(amount) AS amount,
        sum(records)::bigint AS records, sum(without_amount)::bigint AS without_amount, count(*) AS entries
    FROM book_entries WHERE source_id IN ($1, $2) OR pair_id = $3 GROUP BY 1, 2, 3, 4 {groups}
"""


def age(day: str, today: str) -> str:
    """SQL: the place in AGES of a date, or null."""
    cases = " ".join(f"WHEN {today} - {day} <= {to} THEN {n}" for n, (_, to) in enumerate(AGES) if to is not None)
    return f"CASE WHEN {day} IS NULL THEN NULL {cases} ELSE {len(AGES) - 1} END"


_COARSE = _TERMS.format(columns="", groups="")
_FINE = _TERMS.format(columns=f"pass_name, {age('since', '$5')} AS age,", groups=", 5, 6")


@dataclass
class Tally:
    """A number of records, or of open items, and their sum."""

    count: int = 0
    amount: Decimal = Decimal(0)

    def add(self, count: int, amount: Decimal) -> None:
        """Add some more."""
        self.count += count
        self.amount += amount


@dataclass
class Terms:
    """
    The terms of one side in one currency, and how many records stand behind them; a remainder counts as one.

    `passes` is what each pass matched or suggested, and `ages` what is open by the places in AGES. Both are only known
    if they were asked for.
    """

    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    records: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    elsewhere: Tally = field(default_factory=Tally)
    without_amount: int = 0
    passes: dict[str | None, Tally] = field(default_factory=lambda: defaultdict(Tally))
    ages: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def open(self) -> Decimal:
        """What no confirmed match uses, and what confirmed matches of this pair leave open."""
        return self.amounts[Term.OPEN] + self.amounts[Term.REMAINDER]

    @property
    def ties(self) -> bool:
        """Whether the terms, each kept by itself, add up to the total."""
        parts = (Term.MATCHED, Term.BOOKED, Term.EXPLAINED, Term.WRITTEN_OFF)
        return (
            sum((self.amounts[part] for part in parts), self.elsewhere.amount + self.open) == self.amounts[Term.TOTAL]
        )


@dataclass
class Books:
    """What books say: terms by side and currency, and the numbers of matches by status, and by pass and status."""

    sides: dict[Side, dict[str, Terms]] = field(default_factory=lambda: {side: defaultdict(Terms) for side in SIDES})
    matches: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    passes: dict[str | None, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    entries: int = 0  # of which these are the sums

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


async def books_of(snapshot: Reading, pair: PairOf, *, on: date | None = None) -> Books:
    """
    The books of a pair, in its own direction or turned; with the passes, and the ages of open items `on` a day, if it is
    given.
    """
    left, right = pair.sources
    books = Books()
    values = (left, right, pair.id, NO_CURRENCY)
    for row in await (snapshot.rows(_COARSE, *values) if on is None else snapshot.rows(_FINE, *values, on)):
        books.entries += row["entries"]
        if row["source_id"] is None:
            books.matches[row["term"]] += row["records"]
            books.passes[row.get("pass_name")][row["term"]] += row["records"]
        else:
            _add(books.sides["left" if row["source_id"] == left else "right"][row["currency"]], row, pair)
    return books


def _add(terms: Terms, row: dict[str, Any], pair: PairOf) -> None:
    if row["pair_id"] not in (None, pair.id):
        if row["term"] in _OF_PAIR:
            # What matches of another pair leave open is no record of its own.
            terms.elsewhere.add(row["records"] if row["term"] == Term.MATCHED else 0, row["amount"])
        return
    terms.amounts[row["term"]] += row["amount"]
    terms.records[row["term"]] += row["records"]
    if row["term"] == Term.TOTAL:
        terms.without_amount += row["without_amount"]
    if row["term"] in _OF_PASS:
        is_rest = row["term"] in (Term.BOOKED, Term.REMAINDER)  # its records are among the matched ones
        terms.passes[row.get("pass_name")].add(0 if is_rest else row["records"], row["amount"])
    if row.get("age") is not None and (by := _OPEN.get(row["term"])):
        terms.ages[row["age"]].add(by * row["records"], by * row["amount"])
