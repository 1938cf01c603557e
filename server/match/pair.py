"""Reads a pair: its matches over all jobs, and its open items."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from core.clock import now
from core.money import Money
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.project import Project
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.books.pairs import PairOf, find_pair
from server.books.sums import Side
from server.match.queries import MATCH, SORTS, filter_matches, view_of_match
from server.match.schemas import (
    MatchView,
    OpenItem,
    OpenItemList,
    PairMatchList,
    PairQuery,
    Remainder,
)
from server.record import queries as records
from server.record.columns import columns_of
from server.store.reading import Position, Reading, reading

_NO_PAIR = UUID(int=0)
FOUND = """
    EXISTS (SELECT 1 FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id
        WHERE u.match_id IN (t.id, t.extends_id) AND (strpos(lower(r.reference), lower(?)) > 0
             OR EXISTS (SELECT 1 FROM jsonb_each_text(r.data) v WHERE strpos(lower(v.value), lower(?)) > 0)))
"""
_DIFFERENCE = "(CASE WHEN t.turned THEN -t.difference ELSE t.difference END)"
_FROM_BOTH_SIDES = """
    SELECT (SELECT sign FROM pairs WHERE id = $1) AS sign,
        EXISTS (SELECT 1 FROM matches WHERE pair_id = $1 AND turned) AS has_turned
"""
# An open record, or a record of the match that leaves a remainder.
_FOUND_ITEM = """
    EXISTS (SELECT 1 FROM reconciliation_records r
        WHERE (r.id = t.record_id OR r.id IN (SELECT u.record_id FROM match_records u WHERE u.match_id = t.match_id))
        AND (strpos(lower(r.reference), lower(?)) > 0
             OR EXISTS (SELECT 1 FROM jsonb_each_text(r.data) v WHERE strpos(lower(v.value), lower(?)) > 0)))
"""
# Records that no match holds, and what confirmed matches leave open. A remainder is as old as its match.
_OPEN_ITEMS = """
    (SELECT r.id, r.source_id, r.id AS record_id, NULL::uuid AS match_id, r.amount, r.currency, r.date AS since,
        NULL::text AS of_side, NULL::timestamptz AS remainder_since, NULL::uuid AS remainder_record_id
    FROM reconciliation_records r WHERE r.source_id IN ($1, $2)
        AND NOT EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.active)
    UNION ALL
    SELECT m.id, CASE WHEN (m.remainder_side = 'left') = m.turned THEN p.right_source_id ELSE p.left_source_id END,
        NULL, m.id, m.remainder, m.currency, m.remainder_since::date, m.remainder_side, m.remainder_since,
        m.remainder_record_id
    FROM matches m JOIN pairs p ON p.id = m.pair_id WHERE m.pair_id = $3 AND m.remainder IS NOT NULL) t
"""
_ITEM_SORTS = {
    "date": Sort("t.since", "date", nullable=True),
    "-date": Sort("t.since", "date", nullable=True, descending=True),
    "amount": Sort("t.amount", "numeric", nullable=True),
    "-amount": Sort("t.amount", "numeric", nullable=True, descending=True),
}


async def pair_for(snapshot: Reading, actor: Actor, project_id: UUID, query: PairQuery | Any) -> PairOf:
    """
    The pair that somebody looks at, which may not exist yet. Raises: NotFound, Forbidden, Invalid if a source is not
    one of the project.
    """
    await access.load(actor, Project, project_id, "project.read_within")
    rows = await snapshot.rows(
        "SELECT id FROM sources WHERE id IN ($1, $2) AND project_id = $3",
        query.left_source,
        query.right_source,
        project_id,
    )
    known = {row["id"] for row in rows}
    faults = [
        Fault(f"?{name}", "invalid_field", "is not a source of this project")
        for name in ("left_source", "right_source")
        if getattr(query, name) not in known
    ]
    if not faults and query.left_source == query.right_source:
        faults = [Fault("?right_source", "invalid_field", "must differ from left_source")]
    if faults:
        raise Invalid(errors=tuple(faults))
    found = await find_pair(snapshot, query.left_source, query.right_source)
    return found or PairOf(_NO_PAIR, query.left_source, query.right_source, None)


async def list_matches(actor: Actor, project_id: UUID, query: PairMatchList) -> tuple[Page[MatchView], Position]:
    """The matches of a pair, of all its jobs and by hand. Raises: as `pair_for`."""
    async with reading() as snapshot:
        pair = await pair_for(snapshot, actor, project_id, query)
        listing = Listing(MATCH, "matches t", await sort_of(snapshot, pair, query.sort), f"matches/{project_id}")
        listing.where("t.pair_id = ?", pair.id)
        filter_matches(listing, query)
        for column in ("job_id", "origin", "assignee_id"):
            if (value := getattr(query, column.removesuffix("_id"))) is not None:
                listing.where(f"t.{column} = ?", value)
        if query.q is not None:
            listing.where(FOUND, query.q, query.q)
        columns = await columns_of(snapshot, pair.sources)
        view = partial(view_of_match, columns=columns, left_source=query.left_source)
        return await listing.page(snapshot, query, view), await snapshot.position(streams.project(project_id))


async def sort_of(snapshot: Reading, pair: PairOf, name: str) -> Sort:
    """An order of a pair's matches. Differences are sorted as they are shown, which depends on who looks at the pair."""
    sort = SORTS[name]
    if not name.endswith("difference"):
        return sort
    found = (await snapshot.rows(_FROM_BOTH_SIDES, pair.id))[0]
    if found["sign"] != -1:
        return replace(sort, expression=_DIFFERENCE, flipped=pair.turned)
    # The difference is the same from both sides, so that those of turned matches stand in another place of the index.
    return sort if found["has_turned"] else replace(sort, expression=_DIFFERENCE)


async def list_open_items(actor: Actor, project_id: UUID, query: OpenItemList) -> tuple[Page[OpenItem], Position]:
    """What is open in a pair: records that no match holds, and remainders. Raises: as `pair_for`."""
    async with reading() as snapshot:
        pair = await pair_for(snapshot, actor, project_id, query)
        left, right = pair.sources
        listing = Listing("t.*", _OPEN_ITEMS, _ITEM_SORTS[query.sort], f"open-items/{project_id}")
        listing.values += [left, right, pair.id]
        if query.side is not None:
            listing.where("t.source_id = ?", left if query.side == "left" else right)
        if query.q is not None:
            listing.where(_FOUND_ITEM, query.q, query.q)
        today = now().date()
        page = await listing.page(snapshot, query, lambda row: _item(row, left, today))
        await _with_records(snapshot, page.items)
        return page, await snapshot.position(streams.project(project_id))


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
        amount=amount,
        age_days=None if row["since"] is None else (today - row["since"]).days,
    )


async def _with_records(snapshot: Reading, items: list[OpenItem]) -> None:
    ids = [str(item.id) for item in items if item.match_id is None]
    rows = await snapshot.rows(
        f"SELECT {records.COLUMNS} FROM reconciliation_records t {records.USES} WHERE t.id = ANY($1::text[]::uuid[])",
        ids,
    )
    columns = await columns_of(snapshot, {row["source_id"] for row in rows})
    views = {row["id"]: records.view(row, columns.get(row["source_id"], [])) for row in rows}
    for item in items:
        item.record = views.get(item.id)
