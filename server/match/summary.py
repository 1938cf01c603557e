"""Sums books up: by term, by pass, by age, and whether both sides agree. Pairs and jobs are summed up alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.clock import now
from core.money import NO_CURRENCY, Money
from models.access import Actor
from models.status import ACTIVE_MATCH, MatchStatus, Term
from realtime import streams
from realtime.events.job import Counts
from server.books.pairs import PairOf
from server.books.sums import AGES, SIDES, Books, Side, Tally, Terms, books_of
from server.match.pair import pair_for
from server.match.schemas import PairQuery
from server.match.summary_schemas import (
    Ageing,
    Balance,
    BookProof,
    BookSum,
    Flow,
    FlowNode,
    FlowPass,
    FlowSides,
    PairSummary,
    PassSummary,
)
from server.store.reading import Position, Reading, reading

MOST_CURRENCIES = 200  # of a summary: more than there are in use
UNLISTED = ""  # in books, what stands for all currencies that were not added up
MOST_PASSES = 100
BY_HAND = "by hand"
_NAMED = (Term.MATCHED, Term.BOOKED, Term.EXPLAINED, Term.WRITTEN_OFF, Term.TOTAL, Term.SUGGESTED, Term.REMAINDER)
# The passes of the newest plans, in their order.
_PLANNED = """
    SELECT s.value->>'name' AS name FROM (
        SELECT id, plan_document FROM reconciliation_jobs WHERE pair_id = $1 AND plan_document IS NOT NULL
        ORDER BY id DESC LIMIT 20) j, jsonb_array_elements(j.plan_document->'passes') WITH ORDINALITY s(value, n)
    ORDER BY j.id DESC, s.n
"""


# Records that wait for a second signature to be written off. They are in suggestions without a pair.
_TO_WRITE_OFF = f"""
    SELECT coalesce(r.currency, $4) AS currency, count(DISTINCT r.id)::bigint AS n
    FROM matches m JOIN match_records u ON u.match_id = m.id JOIN reconciliation_records r ON r.id = u.record_id
    WHERE m.project_id = $1 AND m.pair_id IS NULL AND m.status = '{MatchStatus.SUGGESTED}' AND r.source_id IN ($2, $3)
    GROUP BY 1
"""


async def summary_of(actor: Actor, project_id: UUID, query: PairQuery) -> tuple[PairSummary, Position]:
    """The books of a pair, from sums that every change keeps. Raises: as `pair_for`."""
    async with reading() as snapshot:
        pair = await pair_for(snapshot, actor, project_id, query)
        books = await books_of(snapshot, pair, on=now().date())
        planned = await _planned(snapshot, pair)
        rows = await snapshot.rows(_TO_WRITE_OFF, project_id, *pair.sources, NO_CURRENCY)
        to_write_off = {row["currency"]: row["n"] for row in rows}
        return summarise(books, pair, planned, to_write_off), await snapshot.position(streams.project(project_id))


async def _planned(snapshot: Reading, pair: PairOf) -> list[str]:
    return [row["name"] for row in await snapshot.rows(_PLANNED, pair.id) if row["name"] is not None]


def summarise(books: Books, pair: PairOf, planned: Sequence[str], to_write_off: Mapping[str, int]) -> PairSummary:
    """The summary of a pair's books. `to_write_off` counts by currency the records that somebody else has to sign for."""
    summed = Summed(books, books.counts, planned)
    sign = pair.sign or 1
    proof = [_proof(books, code, sign, to_write_off.get(code, 0)) for code in summed.listed]
    remainders = {side: books.count(side, lambda terms: terms.records[Term.REMAINDER]) for side in SIDES}
    return PairSummary(
        **summed.totals(pair.sign),
        notes=summed.notes,
        proof=proof,
        agrees=all(row.agrees for row in proof) and not books.counts.suggested and not to_write_off,
        missing=[row.missing for row in proof if row.missing is not None],
        remainders_left=remainders["left"],
        remainders_right=remainders["right"],
        to_sign=sum(to_write_off.values()),
    )


@dataclass
class Summed:
    """Books that are summed up. `planned` is the order of the passes."""

    books: Books
    counts: Counts
    planned: Sequence[str]

    def __post_init__(self) -> None:
        weights: dict[str, int] = {}
        for terms in self.books.sides.values():
            for code in terms.keys() - {UNLISTED}:
                weights[code] = weights.get(code, 0) + terms[code].records[Term.TOTAL]
        self.listed = sorted(sorted(weights, key=lambda code: (-weights[code], code))[:MOST_CURRENCIES])
        self.more_currencies = max(0, len(weights) - MOST_CURRENCIES)

    @property
    def notes(self) -> list[str]:
        """What the summary leaves out."""
        if not self.more_currencies:
            return []
        return [
            f"{self.more_currencies:,} more currencies: their records are counted, but not added up. The {MOST_CURRENCIES} "
            "with most records are. Look whether the column of the currency is the right one."
        ]

    def totals(self, sign: int | None) -> dict[str, Any]:
        """What the summaries of pairs and of jobs have in common."""
        sides = [(side, code) for side in SIDES for code in self.listed if code in self.books.sides[side]]
        passes = self._passes()
        return {
            "counts": self.counts,
            "by_pass": [self._by_pass(name) for name in passes],
            "sign": sign,
            "sums": [_sum(side, code, self.books.sides[side][code]) for side, code in sides],
            "balance": [
                Balance(
                    side=side,
                    currency=code,
                    movements=Money.total(self.books.sides[side][code].amounts[Term.TOTAL], code),
                )
                for side, code in sides
            ],
            "flow": self._flow(passes),
            "ageing": self._ageing(),
        }

    def _passes(self) -> list[str | None]:
        """The passes in which records are, in the order of the plans; then other names, and what was made by hand."""
        used = {name for name, found in self.books.passes.items() if any(found[status] for status in ACTIVE_MATCH)}
        for terms in self.books.sides.values():
            for found in terms.values():
                used |= {name for name, tally in found.passes.items() if tally.count}
        named = [name for name in dict.fromkeys(self.planned) if name in used]
        named += sorted(name for name in used.difference(named) if name is not None)
        return [*named[:MOST_PASSES], *([None] if None in used else [])]

    def _by_pass(self, name: str | None) -> PassSummary:
        found = self.books.passes.get(name, {})
        records = sum(
            terms.passes[name].count
            for side in self.books.sides.values()
            for terms in side.values()
            if name in terms.passes
        )
        return PassSummary(
            name=name or BY_HAND, matches=sum(found.get(status, 0) for status in ACTIVE_MATCH), records=records
        )

    def _flow(self, passes: Sequence[str | None]) -> Flow:
        def both(of: Callable[[Terms], Tally]) -> dict[str, FlowNode]:
            return {side: self._node(side, of) for side in SIDES}

        def of_pass(name: str | None) -> dict[str, FlowNode]:
            return both(lambda terms: terms.passes.get(name) or Tally())

        return Flow(
            **both(lambda terms: _tally(terms, Term.TOTAL)),
            passes=[
                FlowPass(
                    name=name or BY_HAND,
                    **of_pass(name),
                    by_status={
                        str(status): n
                        for status in ACTIVE_MATCH
                        if (n := self.books.passes.get(name, {}).get(str(status), 0))
                    },
                )
                for name in passes
            ],
            open=FlowSides(**both(_open)),
            written_off=FlowSides(**both(lambda terms: _tally(terms, Term.WRITTEN_OFF))),
            elsewhere=FlowSides(**both(lambda terms: terms.elsewhere)),
        )

    def _node(self, side: Side, of: Callable[[Terms], Tally]) -> FlowNode:
        found = {code: of(terms) for code, terms in self.books.sides[side].items()}
        return FlowNode(
            count=sum(tally.count for tally in found.values()),
            sums=[
                Money.total(found[code].amount, code)
                for code in self.listed
                if code in found and (found[code].count or found[code].amount)
            ],
        )

    def _ageing(self) -> list[Ageing]:
        def at(side: Side, place: int) -> FlowNode:
            return self._node(side, lambda terms: terms.ages.get(place) or Tally())

        return [
            Ageing(side=side, from_days=from_days, to_days=to_days, count=node.count, sums=node.sums)
            for side in SIDES
            for place, (from_days, to_days) in enumerate(AGES)
            for node in (at(side, place),)
        ]


def _tally(terms: Terms, term: Term) -> Tally:
    return Tally(terms.records[term], terms.amounts[term])


def _open(terms: Terms) -> Tally:
    """The records that no match uses."""
    return Tally(
        terms.records[Term.OPEN] - terms.records[Term.SUGGESTED],
        terms.amounts[Term.OPEN] - terms.amounts[Term.SUGGESTED],
    )


def _sum(side: Side, code: str, terms: Terms) -> BookSum:
    return BookSum(
        side=side,
        currency=code,
        **{str(term): Money.total(terms.amounts[term], code) for term in _NAMED},
        elsewhere=Money.total(terms.elsewhere.amount, code),
        open=Money.total(terms.open, code),
        remainders=terms.records[Term.REMAINDER],
        records=terms.records[Term.TOTAL],
        without_amount=terms.without_amount,
        ties=terms.ties,
    )


def _proof(books: Books, code: str, sign: int, to_write_off: int) -> BookProof:
    left, right = (books.sides[side].get(code) or Terms() for side in SIDES)
    difference = left.amounts[Term.MATCHED] - sign * right.amounts[Term.MATCHED]
    waiting = left.records[Term.SUGGESTED] + right.records[Term.SUGGESTED]
    agrees = difference == 0 and waiting == 0 and to_write_off == 0 and left.ties and right.ties
    ties = left.ties and right.ties
    return BookProof(
        currency=code,
        left=Money.total(left.amounts[Term.MATCHED], code),
        right=Money.total(right.amounts[Term.MATCHED], code),
        difference=Money.total(difference, code),
        to_review_records=waiting,
        agrees=agrees,
        missing=None if agrees else _missing(code, waiting, to_write_off, difference, ties=ties),
    )


def _missing(code: str, waiting: int, to_write_off: int, difference: Decimal, *, ties: bool) -> str:
    if not ties:
        return f"{code}: the terms do not add up to the total. Run `tallyroom doctor --books`."
    if difference:
        return f"{code}: what is matched on the left differs from the right. Run `tallyroom doctor --books`."
    if waiting:
        records = "record waits in a suggestion" if waiting == 1 else "records wait in suggestions"
        return f"{code}: {waiting:,} {records}. Confirm or reject them."
    if to_write_off == 1:
        return f"{code}: 1 record waits for somebody else to sign that it is written off."
    return f"{code}: {to_write_off:,} records wait for somebody else to sign that they are written off."
