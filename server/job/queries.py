"""Reads jobs."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import orjson

from core.clock import now
from core.money import NO_CURRENCY, Money
from matching.results import left_out
from models import access
from models.access import Actor, hydrate
from models.job import Job
from models.project import Project
from models.status import ACTIVE_MATCH, JobStatus, MatchStatus, sql_list
from realtime import streams
from realtime.events.job import Counts
from server.api.paging import Listing, Page, Sort
from server.job.schemas import (
    Ageing,
    Balance,
    Flow,
    FlowNode,
    FlowOpen,
    FlowPass,
    JobList,
    JobView,
    PassSummary,
    ProgressCurve,
    ProgressPoint,
    Proof,
    ProofSide,
    SideSum,
    Summary,
)
from server.store.reading import Position, Reading, reading

MOST_CURRENCIES = 200  # of a summary: more than there are in use
AGES = ((0, 7), (8, 30), (31, 60), (61, 90), (91, None))
K = TypeVar("K", bound=Hashable)
_PROGRESS = "(SELECT s.value::text FROM states s WHERE s.key = 'job.progress:' || t.id::text) AS newest_progress"


async def list_jobs(actor: Actor, project_id: UUID, query: JobList) -> tuple[Page[JobView], Position]:
    """Lists the jobs of a project. Raises: NotFound, Forbidden."""
    sort = Sort("t.created_at", "timestamptz", descending=query.sort.startswith("-"))
    listing = Listing(f"t.*, {_PROGRESS}", "reconciliation_jobs t", sort, f"jobs/{project_id}")
    listing.where("t.project_id = ?", project_id)
    if query.status:
        listing.where("t.status = ?", query.status)
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.read_within")
        page = await listing.page(snapshot, query, _view)
        return page, await snapshot.position(streams.project(project_id))


async def get_job(actor: Actor, job_id: UUID) -> tuple[JobView, Position]:
    """Reads a job, if the actor may. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        await access.load(actor, Job, job_id, "project.read_within")
        return await view_of(snapshot, job_id), await snapshot.position(streams.job(job_id))


async def view_of(snapshot: Reading, job_id: UUID) -> JobView:
    """The view of a job. The caller has checked the actor's rights."""
    rows = await snapshot.rows(f"SELECT t.*, {_PROGRESS} FROM reconciliation_jobs t WHERE t.id = $1", job_id)
    return _view(rows[0])


def _view(row: dict[str, Any]) -> JobView:
    newest = row.pop("newest_progress")
    job = hydrate(Job, row)
    is_live = job.status in (JobStatus.RUNNING, JobStatus.CANCELLING)
    return JobView.of(job, orjson.loads(newest) if newest and is_live else None)


async def progress_of(actor: Actor, job_id: UUID, points: int) -> tuple[ProgressCurve, Position]:
    """The progress curve so far, thinned to `points`. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        curve = job.progress_curve
        step = max(1, -(-len(curve) // points))
        thinned = curve[::step] + (curve[-1:] if curve and (len(curve) - 1) % step else [])
        items = [ProgressPoint(at_s=at_s, fraction=fraction, rate=rate) for at_s, fraction, rate in thinned]
        return ProgressCurve(items=items), await snapshot.position(streams.job(job_id))


async def summary_of(actor: Actor, job_id: UUID) -> tuple[Summary, Position]:
    """Counts and sums of both sides, computed from the records themselves. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        sides = (job.left_source_id, job.right_source_id)
        rows = await snapshot.rows(_SUMS, job.id, *sides, *_revisions(job), job.started_at, now().date())
        passes = await snapshot.rows(_PASSES, job.id)
        position = await snapshot.position(streams.job(job_id))
    return await asyncio.to_thread(_summarise, job, rows, passes), position


# The records that the job reads: those of its two sources up to the pinned revisions, unless another job's match was
# confirmed before.
_READ = """
    FROM (SELECT 'left' AS side, * FROM reconciliation_records WHERE source_id = $2 AND revision <= $4
          UNION ALL SELECT 'right', * FROM reconciliation_records WHERE source_id = $3 AND revision <= $5) r
    LEFT JOIN match_records u ON u.record_id = r.id AND u.job_id = $1 AND u.active
    LEFT JOIN matches m ON m.id = u.match_id
"""
# One pass over the records for everything that adds them up: how often each currency, pass and age of either side. Any
# three letters are a currency, so that there may be thousands: those with few records are counted and not added up.
_SUMS = f"""
    WITH parts AS MATERIALIZED (
        SELECT r.side, coalesce(r.currency, '{NO_CURRENCY}') AS currency, m.pass_index, m.id IS NOT NULL AS used, m.status,
               CASE WHEN m.id IS NOT NULL OR r.date IS NULL THEN NULL WHEN $7 - r.date <= 7 THEN 0 WHEN $7 - r.date <= 30 THEN 1
                    WHEN $7 - r.date <= 60 THEN 2 WHEN $7 - r.date <= 90 THEN 3 ELSE 4 END AS bucket,
               count(*) AS records, count(*) FILTER (WHERE r.amount IS NULL) AS without_amount,
               coalesce(sum(r.amount), 0) AS total {_READ}
        WHERE NOT EXISTS (SELECT 1 FROM match_records o JOIN matches p ON p.id = o.match_id
                          WHERE o.record_id = r.id AND o.confirmed AND o.job_id IS DISTINCT FROM $1
                            AND coalesce(p.decided_at, p.created_at) <= $6)
        GROUP BY 1, 2, 3, 4, 5, 6
    ), listed AS (
        SELECT currency FROM parts GROUP BY 1 ORDER BY sum(records) DESC, 1 LIMIT {MOST_CURRENCIES}
    )
    SELECT p.side, l.currency, p.pass_index, p.used, p.status, p.bucket, sum(p.records)::bigint AS records,
           sum(p.without_amount)::bigint AS without_amount, sum(p.total) AS total,
           (SELECT count(DISTINCT currency) FROM parts) AS currencies
    FROM parts p LEFT JOIN listed l USING (currency) GROUP BY 1, 2, 3, 4, 5, 6
"""
_PASSES = f"""
    SELECT pass_index, pass_name, status, count(*) AS matches FROM matches
    WHERE job_id = $1 AND status IN {sql_list(ACTIVE_MATCH)} GROUP BY 1, 2, 3 ORDER BY 1
"""


def _revisions(job: Job) -> tuple[int, int]:
    newest = 2**31 - 1  # a job that has not started reads everything
    return (
        job.inputs.get("left", {}).get("revision", newest),
        job.inputs.get("right", {}).get("revision", newest),
    )


def _summarise(job: Job, rows: list[dict[str, Any]], passes: list[dict[str, Any]]) -> Summary:
    names: dict[int, str] = {}
    by_pass: dict[int, PassSummary] = {}
    statuses: dict[int, dict[str, int]] = defaultdict(dict)
    for row in passes:
        index = _pass_of(row)
        names[index] = row["pass_name"] or "by hand"
        found = by_pass.setdefault(index, PassSummary(name=names[index], matches=0, records=0))
        found.matches += row["matches"]
        statuses[index][row["status"]] = row["matches"]
    for row in rows:
        if row["used"] and (step := by_pass.get(_pass_of(row))):
            step.records += row["records"]
    listed = [row for row in rows if row["currency"] is not None]
    sums, balance = _sums(listed)
    return Summary(
        counts=Counts(**job.counts),
        by_pass=[by_pass[index] for index in sorted(by_pass)],
        sums=sums,
        balance=balance,
        proof=_proof(listed, is_done=job.status == JobStatus.COMPLETED),
        flow=_flow(rows, names, statuses),
        ageing=_ageing(rows),
        notes=_notes(job.statistics, rows),
        statistics=job.statistics,
    )


def _notes(statistics: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    notes = (
        left_out(step["pass_name"], step.get("skipped_blocks", 0), step.get("skipped_pairs", 0))
        for step in statistics.get("passes", [])
    )
    found = [note for note in notes if note is not None]
    if rows and (more := rows[0]["currencies"] - MOST_CURRENCIES) > 0:
        found.append(
            f"{more:,} more currencies: their records are counted, but not added up. The {MOST_CURRENCIES} with most "
            "records are. Look whether the column of the currency is the right one."
        )
    return found


def _sums(rows: list[dict[str, Any]]) -> tuple[list[SideSum], list[Balance]]:
    matched: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    left_open: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    records: dict[tuple[str, str], int] = defaultdict(int)
    without: dict[tuple[str, str], int] = defaultdict(int)
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = (row["side"], row["currency"])
        totals[key] += row["total"]
        (matched if row["used"] else left_open)[key] += row["total"]
        records[key] += row["records"]
        without[key] += row["without_amount"]
    sums, balance = [], []
    for key in sorted(records):
        side, currency = key
        total = matched[key] + left_open[key]
        sums.append(
            SideSum(
                side=side,
                currency=currency,
                matched=_money(matched[key], currency),
                open=_money(left_open[key], currency),
                written_off=_money(Decimal(0), currency),
                total=_money(total, currency),
                records=records[key],
                without_amount=without[key],
            )
        )
        balance.append(
            Balance(side=side, currency=currency, movements=_money(total, currency), ties=total == totals[key])
        )
    return sums, balance


def _proof(rows: list[dict[str, Any]], *, is_done: bool) -> list[Proof]:
    found = []
    parts = _grouped(rows, lambda row: (row["currency"], row["side"]))
    for currency in sorted({currency for currency, _ in parts}):
        left, right = (_proof_side(parts.get((currency, side), []), currency) for side in ("left", "right"))
        difference = Decimal(left.confirmed.amount) - Decimal(right.confirmed.amount)
        waiting = sum(side.to_review_records + side.open_records + side.without_amount for side in (left, right))
        found.append(
            Proof(
                currency=currency,
                left=left,
                right=right,
                difference=_money(difference, currency),
                agrees=is_done and difference == 0 and waiting == 0,
            )
        )
    return found


def _proof_side(rows: list[dict[str, Any]], currency: str) -> ProofSide:
    confirmed = [row for row in rows if row["status"] == MatchStatus.CONFIRMED]
    to_review = [row for row in rows if row["used"] and row["status"] != MatchStatus.CONFIRMED]
    left_open = [row for row in rows if not row["used"]]
    return ProofSide(
        confirmed=_total(confirmed, currency),
        to_review=_total(to_review, currency),
        to_review_records=sum(row["records"] for row in to_review),
        open=_total(left_open, currency),
        open_records=sum(row["records"] for row in left_open),
        without_amount=sum(row["without_amount"] for row in rows),
    )


def _flow(rows: list[dict[str, Any]], names: dict[int, str], statuses: dict[int, dict[str, int]]) -> Flow:
    places = _grouped(rows, lambda row: (row["side"], _pass_of(row) if row["used"] else "open"))
    for side in ("left", "right"):
        places[side, "all"] = [row for row in rows if row["side"] == side]

    def node(side: str, place: int | str) -> FlowNode:
        mine = places.get((side, place), [])
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for row in mine:
            if row["currency"] is not None:
                totals[row["currency"]] += row["total"]
        return FlowNode(
            count=sum(row["records"] for row in mine), sums=[_money(totals[code], code) for code in sorted(totals)]
        )

    return Flow(
        left=node("left", "all"),
        right=node("right", "all"),
        passes=[
            FlowPass(name=names[index], left=node("left", index), right=node("right", index), by_status=statuses[index])
            for index in sorted(names)
        ],
        open=FlowOpen(left=node("left", "open"), right=node("right", "open")),
    )


def _ageing(rows: list[dict[str, Any]]) -> list[Ageing]:
    found = []
    ages = _grouped(rows, lambda row: (row["side"], None if row["used"] else row["bucket"]))
    for side in ("left", "right"):
        for bucket, (from_days, to_days) in enumerate(AGES):
            mine = ages.get((side, bucket), [])
            listed = sorted((row for row in mine if row["currency"] is not None), key=lambda row: row["currency"])
            found.append(
                Ageing(
                    side=side,
                    from_days=from_days,
                    to_days=to_days,
                    count=sum(row["records"] for row in mine),
                    sums=[_money(row["total"], row["currency"]) for row in listed],
                )
            )
    return found


def _grouped(rows: list[dict[str, Any]], key: Callable[[dict[str, Any]], K]) -> dict[K, list[dict[str, Any]]]:
    """Rows by what they have in common, each looked at once."""
    found: dict[K, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _pass_of(row: dict[str, Any]) -> int:
    """The number of a row's pass; -1 for matches made by hand."""
    return -1 if row["pass_index"] is None else int(row["pass_index"])


def _total(rows: list[dict[str, Any]], currency: str) -> Money:
    return _money(sum((row["total"] for row in rows), Decimal(0)), currency)


def _money(amount: Decimal, currency: str) -> Money:
    return Money.total(amount, currency)
