"""Reads matches, and the records that are left open."""

from collections.abc import Sequence
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
from models.status import DecisionKind, MatchKind, MatchStatus
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.books.sums import Side
from server.match.assignments import ASSIGNMENT
from server.match.schemas import (
    Extends,
    FieldView,
    HistoryActor,
    HistoryEntry,
    LatestDecision,
    MatchDetail,
    MatchList,
    MatchRecordView,
    MatchView,
    Remainder,
    RunnerUp,
    Signature,
    SignedSplit,
    UnmatchedList,
)
from server.record.columns import columns_of, in_order
from server.record.queries import CLAIM, COLUMNS, USES, sort_of
from server.record.queries import view as record_view
from server.record.schemas import ClaimView, RecordView
from server.store.reading import Position, Reading, reading

# The records of a match as JSON, read in the same statement, so that a page of matches takes one query. A suggestion to
# extend a match uses only its new record, and is shown with those of its base.
_RECORDS = f"""(SELECT json_agg(json_build_object('id', r.id, 'side', u.side, 'row', r."row", 'data', r.data,
    'source_id', r.source_id, 'amount', r.amount::text, 'currency', r.currency, 'date', r.date, 'reference', r.reference,
    'from_base', u.from_base, 'claim', {CLAIM.format("r")}) ORDER BY u.side, r."row")
    FROM (SELECT u.record_id, u.side, EXISTS (
            SELECT 1 FROM match_records o WHERE o.match_id = t.extends_id AND o.record_id = u.record_id) AS from_base
        FROM match_records u WHERE u.match_id = t.id
        UNION ALL SELECT o.record_id, CASE WHEN b.turned = t.turned THEN o.side WHEN o.side = 'left' THEN 'right' ELSE 'left' END, true
        FROM matches b JOIN match_records o ON o.match_id = b.id WHERE b.id = t.extends_id AND NOT EXISTS (
            SELECT 1 FROM match_records u WHERE u.match_id = t.id AND u.record_id = o.record_id)) u
    JOIN reconciliation_records r ON r.id = u.record_id)::text AS records_text"""
_SIDE = "(SELECT p.{}_source_id FROM pairs p WHERE p.id = t.pair_id)"
MATCH = (
    f"t.*, {_SIDE.format('left')} AS pair_left, {_SIDE.format('right')} AS pair_right, "
    f"(SELECT p.sign FROM pairs p WHERE p.id = t.pair_id) AS pair_sign, {_RECORDS}"
)
SORTS = {
    # Matches are written pass by pass and chunk by chunk, with ascending ids.
    "created": Sort("t.id", "uuid"),
    "score": Sort("t.score", "numeric", nullable=True),
    "-score": Sort("t.score", "numeric", descending=True, nullable=True),
    "-created": Sort("t.id", "uuid", descending=True),
    "difference": Sort("t.difference", "numeric", nullable=True),
    "amount": Sort("t.amount", "numeric", nullable=True),
    "-amount": Sort("t.amount", "numeric", descending=True, nullable=True),
    "date": Sort("t.date", "date", nullable=True),
    "-date": Sort("t.date", "date", descending=True, nullable=True),
    "-difference": Sort("t.difference", "numeric", descending=True, nullable=True),
}


# The decisions about a match, and each time one was undone, with the reason, which for many at once is in one audit row; from the audit log what is no decision, assignments of many
# at once that it was among, and decisions made before they were stored as such. $3 has the audit rows that the change which asks has not written yet. Of one moment,
# decisions come first: who matches records by hand signs that match.
HISTORY = f"""
    WITH said AS (
        SELECT id AS n, at, actor_type, actor_id, action, outcome, details FROM audit_log
        WHERE resource_id = $2 AND resource_type = 'match'
        UNION ALL
        SELECT a.id, a.at, a.actor_type, a.actor_id, 'match.assign', a.outcome, a.details FROM matches m,
            jsonb_array_elements_text(m.assigned_in) x(id) JOIN audit_log a ON a.resource_id = x.id
        WHERE m.id = $1 AND a.resource_type = '{ASSIGNMENT}'
        UNION ALL
        SELECT (x.place)::bigint, (x.row->>'at')::timestamptz, x.row->>'actor_type', (x.row->>'actor_id')::uuid,
            x.row->>'action', x.row->>'outcome', x.row->'details'
        FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS x(row, place))
    SELECT h.at, h.actor_type, h.actor_id, h.person, p.display_name, h.action, h.reason, h.signed FROM (
        SELECT d.created_at AS at, d.actor_type, d.actor_id, d.decided_by AS person, d.reason,
            NULL AS signed, CASE
            WHEN t.before IS NULL AND d.kind = '{DecisionKind.WRITE_OFF}' AND t.after = '{MatchStatus.SUGGESTED}' THEN 'match.ask_write_off'
            WHEN t.before IS NULL AND d.kind <> '{DecisionKind.WRITE_OFF}' THEN 'match.create'
            WHEN t.after = '{MatchStatus.SUPERSEDED}' AND (d.kind <> '{DecisionKind.SPLIT}') THEN 'match.supersede'
            ELSE 'match.' || d.kind END AS action, false AS is_note, t.id AS n
        FROM decision_matches t JOIN decisions d ON d.id = t.decision_id WHERE t.match_id = $1
        UNION ALL
        SELECT t.undone_at, 'user', t.undone_by, t.undone_by, coalesce((
            SELECT a.details->>'reason' FROM said a
            WHERE a.action = 'match.undo' AND a.outcome = 'success' AND a.at = t.undone_at LIMIT 1), (
            SELECT a.details->>'reason' FROM audit_log a
            WHERE a.actor_id IN (SELECT t.undone_by UNION ALL SELECT k.id FROM api_tokens k WHERE k.user_id = t.undone_by)
                AND a.at = t.undone_at AND a.chain = 'project:' || d.project_id AND a.action = 'matches.undo' LIMIT 1)),
            NULL, 'match.undo', false, t.id
        FROM decision_matches t JOIN decisions d ON d.id = t.decision_id
        WHERE t.match_id = $1 AND t.undone_at IS NOT NULL AND d.kind <> '{DecisionKind.UNDO}'
        UNION ALL
        SELECT a.at, a.actor_type, a.actor_id, coalesce(k.user_id, a.actor_id), a.details->>'reason',
            a.details->>'signed', a.action, true, a.n
        FROM said a LEFT JOIN api_tokens k ON a.actor_type = 'token' AND k.id = a.actor_id
        WHERE a.outcome = 'success' AND a.details->>'decision' IS NULL AND a.action <> 'match.undo') h
    LEFT JOIN users p ON p.id = h.person ORDER BY h.at, h.is_note, h.n
"""

# The latest decision about a match that is not undone, and the match that it was about, if this one only had to make way.
_LATEST = f"""
    (SELECT json_build_object('kind', d.kind, 'by', d.decided_by, 'by_name', p.display_name, 'at', d.created_at, 'is_bulk', d.is_bulk,
        'match_id', CASE WHEN x.after = '{MatchStatus.SUPERSEDED}' THEN (
            SELECT c.match_id FROM match_records a JOIN match_records o ON o.record_id = a.record_id AND o.match_id <> a.match_id
            JOIN decision_matches c ON c.match_id = o.match_id AND c.decision_id = x.decision_id
            WHERE a.match_id = x.match_id AND c.after <> '{MatchStatus.SUPERSEDED}' ORDER BY c.id LIMIT 1) END)
    FROM decision_matches x JOIN decisions d ON d.id = x.decision_id LEFT JOIN users p ON p.id = d.decided_by
    WHERE x.match_id = t.id AND x.undone_at IS NULL ORDER BY x.id DESC LIMIT 1)::text
"""


async def list_matches(actor: Actor, job_id: UUID, query: MatchList) -> tuple[Page[MatchView], Position]:
    """Lists the matches of a job. Raises: NotFound, Forbidden."""
    listing = Listing(MATCH, "matches t", SORTS[query.sort], f"matches/{job_id}")
    listing.where("t.job_id = ?", job_id)
    filter_matches(listing, query)
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        columns = await columns_of(snapshot, [job.left_source_id, job.right_source_id])
        page = await listing.page(snapshot, query, lambda row: view_of_match(row, columns))
        return page, await snapshot.position(streams.job(job_id))


def filter_matches(listing: Listing, query: MatchList) -> None:
    """Add the query's filters."""
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
        stream = streams.project(match.project_id) if match.job_id is None else streams.job(match.job_id)
        return await detail_of(snapshot, match_id), await snapshot.position(stream)


async def detail_of(snapshot: Reading, match_id: UUID, audited: Sequence[dict[str, Any]] = ()) -> MatchDetail:
    """The details of a match, with audit rows that are not written yet. The caller has checked the actor's rights."""
    rows = await snapshot.rows(
        f"SELECT {MATCH}, t.fields_compared::text AS fields_text, t.runner_up::text AS runner_text, "
        "(SELECT p.display_name FROM users p WHERE p.id = t.decided_by) AS decided_by_name, "
        f"{_LATEST} AS latest_decision FROM matches t WHERE t.id = $1",
        match_id,
    )
    row = rows[0]
    history = await snapshot.rows(HISTORY, match_id, str(match_id), orjson.dumps(audited).decode())
    runner = orjson.loads(row["runner_text"]) if row["runner_text"] else None
    sources = {UUID(record["source_id"]) for record in orjson.loads(row["records_text"] or "[]")}
    view = view_of_match(row, await columns_of(snapshot, sorted(sources)))
    fields = [FieldView(**_field(field)) for field in orjson.loads(row["fields_text"])]
    return MatchDetail(
        **view.model_dump(),
        # The score before any field is compared. With it, the parts add up to the score exactly.
        prior=None if view.score is None else round(view.score - sum(field.weight for field in fields), 3),
        fields=fields,
        runner_up=None if runner is None else _runner_up(runner),
        margin_kind=row["margin_kind"],
        decided_by_name=row["decided_by_name"],
        history=[
            HistoryEntry(
                at=entry["at"],
                actor=HistoryActor(type=entry["actor_type"], id=entry["actor_id"], name=entry["display_name"]),
                action=entry["action"],
                reason=entry["reason"],
                signed=entry["signed"],
            )
            for entry in history
        ],
        signed_split=_signed_split(row),
        latest_decision=LatestDecision(**orjson.loads(row["latest_decision"])) if row["latest_decision"] else None,
    )


def _signed_split(row: dict[str, Any]) -> SignedSplit | None:
    splits = [one["what"] for one in _parsed(row["signatures"]) if one["action"] == "split"]
    return SignedSplit(**splits[-1]) if splits and row["status"] == MatchStatus.CONFIRMED else None


def _runner_up(found: dict[str, Any]) -> RunnerUp:
    """The runner-up as it was stored; matches of earlier versions say nothing about its fields."""
    fields = [FieldView(**_field(field)) for field in found.get("fields", [])]
    return RunnerUp(records=found.get("records", []), score=found.get("score"), fields=fields)


def _parsed(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _field(field: dict[str, Any]) -> dict[str, Any]:
    texts = {name: None if field.get(name) is None else str(field[name]) for name in ("left", "right")}
    return {"similarity": None, "rarity": None, "weight": 0.0, **field, **texts}


def view_of_match(row: dict[str, Any], columns: dict[UUID, list[str]], left_source: UUID | None = None) -> MatchView:
    """The view of a row of MATCH; with `left_source`, as somebody sees it who looks from that side."""
    records_of = orjson.loads(row["records_text"] or "[]")
    sides = (row["pair_right"], row["pair_left"]) if row["turned"] else (row["pair_left"], row["pair_right"])
    if row["pair_id"] is None and records_of:  # written off: its record stands on the side of its source
        sides = (UUID(records_of[0]["source_id"]), None)
    is_turned = left_source is not None and sides[0] is not None and left_source != sides[0]
    names: dict[str, Side] = {"left": "right", "right": "left"} if is_turned else {"left": "left", "right": "right"}
    difference = row["difference"]
    if is_turned and difference is not None and row["pair_id"] is not None:
        difference = difference if row["pair_sign"] == -1 else -difference
    currency = row["currency"] or NO_CURRENCY
    records = [
        MatchRecordView(
            id=record["id"],
            side=names[record["side"]],
            row=record["row"],
            data=in_order(record["data"], columns.get(UUID(record["source_id"]), [])),
            amount=Money.of(None if record["amount"] is None else Decimal(record["amount"]), record["currency"]),
            date=record["date"],
            reference=record["reference"],
            from_base=record["from_base"],
            claim=ClaimView.read(record["claim"]),
        )
        for record in records_of
    ]
    records.sort(key=lambda record: (record.side, record.row))
    return MatchView(
        id=row["id"],
        job_id=row["job_id"],
        left_source=sides[is_turned],
        right_source=sides[not is_turned],
        pass_name=row["pass_name"],
        pass_index=row["pass_index"],
        chunk=row["chunk"],
        kind=MatchKind(row["kind"]).turned if is_turned else row["kind"],
        status=row["status"],
        origin=row["origin"],
        score=None if row["score"] is None else float(row["score"]),
        margin=None if row["margin"] is None else float(row["margin"]),
        ambiguity=row["ambiguity"],
        group=row["group"],
        difference=Money.of(difference, currency),
        difference_reason=row["difference_reason"],
        remainder=None
        if row["remainder"] is None
        else Remainder(
            amount=Money.of(row["remainder"], currency),
            side=names[row["remainder_side"]],
            since=row["remainder_since"],
            record_id=row["remainder_record_id"],
        ),
        extends=None if row["extends_id"] is None else Extends(match_id=row["extends_id"]),
        signatures=[
            Signature(by=signature["by"], at=signature["at"], action=signature["action"])
            for signature in _parsed(row["signatures"])
        ],
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
