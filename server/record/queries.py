"""Read queries for records."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from core.money import parse_amount
from models import access
from models.access import Actor
from models.record import Record
from models.source import Source
from models.status import MatchKind, SourceStatus
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.record.columns import columns_of, in_order
from server.record.schemas import RecordList, RecordView
from server.store.reading import Position, Reading, reading

# The claim of a record `{}`, as JSON.
CLAIM = (
    "(SELECT json_build_object('user_id', c.user_id, 'until', c.until) FROM record_claims c "
    "WHERE c.record_id = {}.id AND c.until > clock_timestamp())"
)
COLUMNS = (
    't.id, t.source_id, t."row", t.data::text AS data_text, t.amount, t.currency, t.date, t.reference, '
    "t.created_at, t.updated_at, t.version, u.match_id, u.status AS match_status, u.written_off, u.signatures, "
    f"{CLAIM.format('t')}::text AS claim"
)
# A record that was written off is the only record of a match without a pair.
WRITTEN_OFF = f"(m.pair_id IS NULL AND m.kind = '{MatchKind.ONE_SIDED}')"
# The newest active use of a record; a confirmed match comes before a suggested one.
USES = (
    f"LEFT JOIN LATERAL (SELECT r.match_id, m.status, {WRITTEN_OFF} AS written_off, m.signatures::text AS signatures FROM match_records r JOIN matches m ON m.id = r.match_id "
    "WHERE r.record_id = t.id AND r.active ORDER BY r.confirmed DESC, r.id DESC LIMIT 1) u ON true"
)
SORTS = {
    "row": Sort('t."row"', "bigint"),
    "amount": Sort("t.amount", "numeric", nullable=True),
    "date": Sort("t.date", "date", nullable=True),
    "reference": Sort("left(t.reference, 100)", "text", nullable=True),
}


async def list_records(actor: Actor, source_id: UUID, query: RecordList) -> tuple[Page[RecordView], Position]:
    """The records of a source. Raises: NotFound, Forbidden."""
    listing = Listing(COLUMNS, "reconciliation_records t", sort_of(query.sort), f"records/{source_id}", adorn=USES)
    listing.where("t.source_id = ?", source_id)
    filter_records(listing, query)
    is_whole = len(listing.conditions) == 1
    async with reading() as snapshot:
        source = (await access.load(actor, Source, source_id, "project.read_within")).row
        if is_whole and source.status == SourceStatus.READY:
            listing.known_total = source.rows_loaded
        columns = await columns_of(snapshot, [source_id])
        page = await listing.page(snapshot, query, partial(view, columns=columns.get(source_id, [])))
        return page, await snapshot.position(streams.project(source.project_id))


def sort_of(text: str) -> Sort:
    """The order that a `sort` parameter names."""
    base = SORTS[text.lstrip("-")]
    return Sort(base.expression, base.cast, descending=text.startswith("-"), nullable=base.nullable)


def filter_records(listing: Listing, query: RecordList) -> None:
    """Add the query's filters."""
    if query.amount_from is not None:
        listing.where("t.amount >= ?", parse_amount(query.amount_from))
    if query.amount_to is not None:
        listing.where("t.amount <= ?", parse_amount(query.amount_to))
    if query.currency is not None:
        listing.where("t.currency = ?", query.currency)
    if query.date_from is not None:
        listing.where("t.date >= ?", query.date_from)
    if query.date_to is not None:
        listing.where("t.date <= ?", query.date_to)
    if query.reference is not None:
        # The index holds the first 100 characters; the rest is compared in the row.
        listing.where("left(t.reference, 100) = left(?, 100) AND t.reference = ?", query.reference, query.reference)
    if query.state is not None:
        used = "EXISTS (SELECT 1 FROM match_records r WHERE r.record_id = t.id AND r.active{})"
        if query.state == "open":
            listing.where("NOT " + used.format(""))
        elif query.state in ("matched", "written_off"):
            is_in = f"IN (SELECT m.id FROM matches m WHERE {WRITTEN_OFF})"
            only = f"r.match_id {'' if query.state == 'written_off' else 'NOT '}{is_in}"
            listing.where(used.format(f" AND r.confirmed AND {only}"))
        else:
            listing.where(used.format("") + " AND NOT " + used.format(" AND r.confirmed"))


async def get_record(actor: Actor, record_id: UUID) -> tuple[RecordView, Position]:
    """A record, loaded through its actor. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        loaded = await access.load(actor, Record, record_id, "project.read_within")
        assert loaded.project_id is not None
        return await view_of(snapshot, record_id), await snapshot.position(streams.project(loaded.project_id))


async def view_of(snapshot: Reading, record_id: UUID) -> RecordView:
    """The view of a record that the actor was allowed to load."""
    rows = await snapshot.rows(f"SELECT {COLUMNS} FROM reconciliation_records t {USES} WHERE t.id = $1", record_id)
    columns = await columns_of(snapshot, [rows[0]["source_id"]])
    return view(rows[0], columns.get(rows[0]["source_id"], []))


def view(row: dict[str, Any], columns: Sequence[str] = ()) -> RecordView:
    """The view of a row of COLUMNS, with its source's columns in order."""
    return RecordView.of(row, in_order(orjson.loads(row["data_text"]), columns))
