"""Reads matches, and the records that are left open."""

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from core.money import NO_CURRENCY, Money
from models import access
from models.access import Actor
from models.job import Job
from models.match import Match
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.match.schemas import (
    FieldView,
    HistoryActor,
    HistoryEntry,
    MatchDetail,
    MatchList,
    MatchRecordView,
    MatchView,
    RunnerUp,
    UnmatchedList,
)
from server.record.columns import columns_of, in_order
from server.record.queries import COLUMNS, USES, sort_of
from server.record.queries import view as record_view
from server.record.schemas import RecordView
from server.store.reading import Position, Reading, reading

# The records of a match as JSON, read in the same statement, so that a page of matches takes one query.
_RECORDS = """(SELECT json_agg(json_build_object('id', r.id, 'side', u.side, 'row', r."row", 'data', r.data,
    'amount', r.amount::text, 'currency', r.currency, 'date', r.date, 'reference', r.reference) ORDER BY u.side, r."row")
    FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id WHERE u.match_id = t.id)::text AS records_text"""
_SORTS = {
    # Matches are written pass by pass and chunk by chunk, with ascending ids.
    "created": Sort("t.id", "uuid"),
    "score": Sort("t.score", "numeric", nullable=True),
    "-score": Sort("t.score", "numeric", descending=True, nullable=True),
}


async def list_matches(actor: Actor, job_id: UUID, query: MatchList) -> tuple[Page[MatchView], Position]:
    """Lists the matches of a job. Raises: NotFound, Forbidden."""
    listing = Listing(f"t.*, {_RECORDS}", "matches t", _SORTS[query.sort], f"matches/{job_id}")
    listing.where("t.job_id = ?", job_id)
    if query.status:
        listing.where("t.status = ?", query.status)
    if query.pass_name is not None:
        listing.where("t.pass_name = ?", query.pass_name)
    if query.pass_index is not None:
        listing.where("t.pass_index = ?", query.pass_index)
    if query.chunk is not None:
        listing.where("t.chunk = ?", query.chunk)
    if query.min_score is not None:
        listing.where("t.score >= ?", Decimal(str(query.min_score)))
    async with reading() as snapshot:
        await access.load(actor, Job, job_id, "project.read_within")
        columns = await _columns_of_sides(snapshot, job_id)
        page = await listing.page(snapshot, query, lambda row: _view(row, columns))
        return page, await snapshot.position(streams.job(job_id))


async def list_unmatched(actor: Actor, job_id: UUID, query: UnmatchedList) -> tuple[Page[RecordView], Position]:
    """Records of one side that a job read and none of its matches uses. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        source_id = job.left_source_id if query.side == "left" else job.right_source_id
        revision = job.inputs.get(query.side, {}).get("revision", 2**31 - 1)
        listing = Listing(COLUMNS, "reconciliation_records t", sort_of(query.sort), f"unmatched/{job_id}", adorn=USES)
        listing.where("t.source_id = ?", source_id)
        listing.where("t.revision <= ?", revision)
        listing.where(
            "NOT EXISTS (SELECT 1 FROM match_records x WHERE x.record_id = t.id AND x.job_id = ? AND x.active)", job_id
        )
        listing.where("NOT EXISTS (SELECT 1 FROM match_records x WHERE x.record_id = t.id AND x.confirmed)")
        columns = (await columns_of(snapshot, [source_id])).get(source_id, [])
        page = await listing.page(snapshot, query, partial(record_view, columns=columns))
        return page, await snapshot.position(streams.job(job_id))


async def get_match(actor: Actor, match_id: UUID) -> tuple[MatchDetail, Position]:
    """Reads a match with its evidence. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        match = (await access.load(actor, Match, match_id, "project.read_within")).row
        return await detail_of(snapshot, match_id), await snapshot.position(streams.job(match.job_id))


async def detail_of(snapshot: Reading, match_id: UUID) -> MatchDetail:
    """The details of a match. The caller has checked the actor's rights."""
    rows = await snapshot.rows(
        f"SELECT t.*, t.fields_compared::text AS fields_text, t.runner_up::text AS runner_text, "
        f"(SELECT p.display_name FROM users p WHERE p.id = t.decided_by) AS decided_by_name, {_RECORDS} "
        "FROM matches t WHERE t.id = $1",
        match_id,
    )
    row = rows[0]
    history = await snapshot.rows(
        "SELECT a.at, a.actor_type, a.actor_id, p.display_name, a.action, a.details->>'reason' AS reason "
        "FROM audit_log a LEFT JOIN api_tokens k ON a.actor_type = 'token' AND k.id = a.actor_id "
        "LEFT JOIN users p ON p.id = coalesce(k.user_id, a.actor_id) "
        "WHERE a.resource_id = $1 AND a.resource_type = 'match' AND a.outcome = 'success' ORDER BY a.id",
        str(match_id),
    )
    runner = orjson.loads(row["runner_text"]) if row["runner_text"] else None
    view = _view(row, await _columns_of_sides(snapshot, row["job_id"]))
    fields = [FieldView(**_field(field)) for field in orjson.loads(row["fields_text"])]
    return MatchDetail(
        **view.model_dump(),
        # The score before any field is compared. With it, the parts add up to the score exactly.
        prior=None if view.score is None else round(view.score - sum(field.weight for field in fields), 3),
        fields=fields,
        runner_up=RunnerUp(records=runner.get("records", []), score=runner.get("score"), fields=[]) if runner else None,
        margin_kind=row["margin_kind"],
        decided_by_name=row["decided_by_name"],
        history=[
            HistoryEntry(
                at=entry["at"],
                actor=HistoryActor(type=entry["actor_type"], id=entry["actor_id"], name=entry["display_name"]),
                action=entry["action"],
                reason=entry["reason"],
            )
            for entry in history
        ],
    )


def _field(field: dict[str, Any]) -> dict[str, Any]:
    texts = {name: None if field.get(name) is None else str(field[name]) for name in ("left", "right")}
    return {"similarity": None, "rarity": None, "weight": 0.0, **field, **texts}


async def _columns_of_sides(snapshot: Reading, job_id: UUID) -> dict[str, list[str]]:
    """The columns of both sources of a job, in file order."""
    rows = await snapshot.rows(
        "SELECT left_source_id AS left, right_source_id AS right FROM reconciliation_jobs WHERE id = $1", job_id
    )
    found = await columns_of(snapshot, [rows[0]["left"], rows[0]["right"]])
    return {side: found.get(rows[0][side], []) for side in ("left", "right")}


def _view(row: dict[str, Any], columns: dict[str, list[str]]) -> MatchView:
    records = [
        MatchRecordView(
            id=record["id"],
            side=record["side"],
            row=record["row"],
            data=in_order(record["data"], columns[record["side"]]),
            amount=Money.of(None if record["amount"] is None else Decimal(record["amount"]), record["currency"]),
            date=record["date"],
            reference=record["reference"],
        )
        for record in orjson.loads(row["records_text"] or "[]")
    ]
    return MatchView(
        id=row["id"],
        job_id=row["job_id"],
        pass_name=row["pass_name"],
        pass_index=row["pass_index"],
        chunk=row["chunk"],
        kind=row["kind"],
        status=row["status"],
        origin=row["origin"],
        score=None if row["score"] is None else float(row["score"]),
        margin=None if row["margin"] is None else float(row["margin"]),
        ambiguity=row["ambiguity"],
        group=row["group"],
        difference=Money.of(row["difference"], row["currency"] or NO_CURRENCY),
        plan_hash=row["plan_hash"],
        assignee=row["assignee_id"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
        records=records,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
