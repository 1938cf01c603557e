"""
Reads what is open in a pair, as its books count it: records that neither a confirmed match nor a suggestion of the pair
uses, and what confirmed matches leave open. A record that is only suggested in another pair is free to be matched here, and
one that waits for a second signature to be written off is not written off yet, so both are open.

Each source is walked along an index, and so are the remainders, which are few; the pages are merged from the three.
"""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from core.clock import now
from core.money import Money
from models.access import Actor
from models.status import Term
from realtime import streams
from server.api.merging import Merged, Place
from server.api.paging import Listing, Page, Sort
from server.books.pairs import PairOf
from server.books.sums import SIDES, Side, books_of
from server.match import search
from server.match.pair import pair_for
from server.match.schemas import OpenItem, OpenItemList, Remainder
from server.record import queries as records
from server.record.columns import columns_of
from server.store.reading import Position, Reading, reading

# `{}` is the place of the pair.
_OPEN = "NOT EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.active AND (u.confirmed OR u.pair_id = {}))"
_RECORD = """
    r.id, r.source_id, NULL::uuid AS match_id, r.amount, r.currency, r.date AS since, NULL::timestamptz AS remainder_since,
    NULL::uuid AS remainder_record_id
"""
_SOURCE = "CASE WHEN (m.remainder_side = 'left') = m.turned THEN p.right_source_id ELSE p.left_source_id END"
_SINCE = "(m.remainder_since AT TIME ZONE 'UTC')::date"
_REMAINDER = f"""
    m.id, {_SOURCE} AS source_id, m.id AS match_id, m.remainder AS amount, m.currency, {_SINCE} AS since, m.remainder_since,
    m.remainder_record_id
"""
# Whether to walk along an index or to read a source as a whole depends on the source. Planning takes 0.2 ms.
_SETTINGS = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"
_REMAINDERS = "matches m JOIN pairs p ON p.id = m.pair_id"
_ALL = f"""
    (SELECT {_RECORD} FROM reconciliation_records r WHERE r.source_id IN ($1, $2) AND {_OPEN.format("$3")}
    UNION ALL SELECT {_REMAINDER} FROM {_REMAINDERS} WHERE m.pair_id = $3 AND m.remainder IS NOT NULL) t
"""
# A record of the match that leaves the remainder.
OF_REMAINDER = f"""
    EXISTS (SELECT 1 FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id = m.id AND {search.OF_RECORD})
"""
# The record that a remainder belongs to: the one that a person named, or else the largest of its side; and how many
# records the match has on that side.
_BELONGS_TO = """
    SELECT m.id AS match_id, u.record_id, u.records FROM matches m CROSS JOIN LATERAL (
        SELECT u.record_id, count(*) OVER () AS records FROM match_records u WHERE u.match_id = m.id AND u.side = m.remainder_side
        ORDER BY coalesce(u.record_id = m.remainder_record_id, false) DESC, abs(u.amount) DESC NULLS LAST, u.record_id
        LIMIT 1) u
    WHERE m.id = ANY($1::text[]::uuid[])
"""


async def list_open_items(actor: Actor, project_id: UUID, query: OpenItemList) -> tuple[Page[OpenItem], Position]:
    """What is open in a pair: records and remainders. Raises: as `pair_for`."""
    async with reading() as snapshot:
        pair = await pair_for(snapshot, actor, project_id, query)
        await snapshot.rows(_SETTINGS)
        view = partial(_item, left=pair.sources[0], today=now().date())
        if query.skip and query.q is None:  # PostgreSQL skips faster than rows can be fetched
            page = await _all(pair, query, project_id).page(snapshot, query, view)
        else:
            page = await _page(snapshot, pair, query, project_id, view)
        await _with_records(snapshot, page.items)
        return page, await snapshot.position(streams.project(project_id))


async def _page(snapshot: Reading, pair: PairOf, query: OpenItemList, project_id: UUID, view: Any) -> Page[OpenItem]:
    sides = [(side, source) for side, source in zip(SIDES, pair.sources, strict=True) if query.side in (None, side)]
    binding = f"open-items/{project_id}"
    of_records = []
    for _, source in sides:
        listing = Listing(_RECORD, "reconciliation_records r", _sort(query.sort, "r", "r.date"), binding)
        listing.where("r.source_id = ?", source)
        listing.where(_OPEN.format("?"), pair.id)
        of_records.append(listing)
    remainders = Listing(_REMAINDER, _REMAINDERS, _sort(query.sort, "m", _SINCE), binding)
    remainders.where("m.pair_id = ?", pair.id)
    remainders.where("m.remainder IS NOT NULL")
    if query.side is not None:
        remainders.where(f"{_SOURCE} = ?", sides[0][1])
    if query.q is None:
        total = await _total(snapshot, pair, [side for side, _ in sides])
        return await Merged([Place(one) for one in (*of_records, remainders)]).page(snapshot, query, view, total)
    values = search.values(query.q)
    places = [Place(one, search.OF_RECORD, values) for one in of_records]
    return await Merged([*places, Place(remainders, OF_REMAINDER, values)]).page(snapshot, query, view)


def _all(pair: PairOf, query: OpenItemList, project_id: UUID) -> Listing:
    """All open items in one statement."""
    left, right = pair.sources
    listing = Listing("t.*", _ALL, _sort(query.sort, "t", "t.since"), f"open-items/{project_id}")
    listing.values += [left, right, pair.id]
    if query.side is not None:
        listing.where("t.source_id = ?", left if query.side == "left" else right)
    return listing


def _sort(name: str, of: str, since: str) -> Sort:
    is_amount = name.endswith("amount")
    amount = "m.remainder" if of == "m" else f"{of}.amount"
    return Sort(
        amount if is_amount else since,
        "numeric" if is_amount else "date",
        descending=name.startswith("-"),
        nullable=True,
        tie=f"{of}.id",
    )


async def _total(snapshot: Reading, pair: PairOf, sides: list[Side]) -> int:
    """How many open items there are, from the books; counting them takes longer than reading the page."""
    books = await books_of(snapshot, pair)
    return sum(
        books.count(
            side,
            lambda terms: terms.records[Term.OPEN] - terms.records[Term.SUGGESTED] + terms.records[Term.REMAINDER],
        )
        for side in sides
    )


def _item(row: dict[str, Any], left: UUID, today: date) -> OpenItem:
    amount = Money.of(row["amount"], row["currency"])
    side: Side = "left" if row["source_id"] == left else "right"
    remainder = None
    if row["match_id"] is not None:
        assert amount is not None
        remainder = Remainder(
            amount=amount, side=side, since=row["remainder_since"], record_id=row["remainder_record_id"]
        )
    return OpenItem(
        id=row["id"],
        side=side,
        record=None,
        match_id=row["match_id"],
        remainder=remainder,
        remainder_of=None,
        remainder_records=None,
        amount=amount,
        age_days=None if row["since"] is None else (today - row["since"]).days,
    )


async def _with_records(snapshot: Reading, items: list[OpenItem]) -> None:
    """Add the records: those that are open, and those that remainders belong to."""
    matches = [str(item.match_id) for item in items if item.match_id is not None]
    owners = {row["match_id"]: row for row in (await snapshot.rows(_BELONGS_TO, matches) if matches else ())}
    ids = [str(item.id) for item in items if item.match_id is None]
    ids += [str(owner["record_id"]) for owner in owners.values()]
    rows = await snapshot.rows(
        f"SELECT {records.COLUMNS} FROM reconciliation_records t {records.USES} WHERE t.id = ANY($1::text[]::uuid[])",
        ids,
    )
    columns = await columns_of(snapshot, {row["source_id"] for row in rows})
    views = {row["id"]: records.view(row, columns.get(row["source_id"], [])) for row in rows}
    for item in items:
        if item.match_id is None:
            item.record = views.get(item.id)
        elif (owner := owners.get(item.match_id)) is not None:
            item.remainder_of = views.get(owner["record_id"])
            item.remainder_records = owner["records"]
