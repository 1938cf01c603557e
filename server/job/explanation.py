"""
Why a job matched two records, or why it did not.

Nothing is run again. What the plan's gates say of the two records is computed anew, in a process of its own; everything
else is read from what the job has stored: its matches with their runners-up, and how its passes ended.
"""

from typing import Any
from uuid import UUID

import orjson

from core.problems import Fault, Internal, Invalid
from core.settings import Settings
from models import access
from models.access import Actor
from models.job import Job
from models.status import MatchStatus
from server.api.admission import Seat
from server.job.fates import Asked, Found, Seen, judge
from server.job.schemas import Explain, ExplainQuery
from server.store.program import answer_of
from server.store.reading import Reading, reading

TIMEOUT_S = 30
MOST_MATCHES = 200  # that hold one of the two records, of all jobs; a record is rarely in more than a few


async def explain(actor: Actor, job_id: UUID, query: ExplainQuery, seat: Seat, settings: Settings) -> Explain:
    """
    Explains two records of a job.

    Raises: NotFound, Forbidden, Invalid if a record is not of that side of the job, Busy.
    """
    async with seat.connection(), reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        added = await _revisions(snapshot, job, query)
        matches = await _matches_of(snapshot, query)
        reached = await snapshot.rows("SELECT max(pass_index) AS last FROM job_chunks WHERE job_id = $1", job_id)
    compared: dict[str, Any] = {"compared": []}
    if job.plan_document is not None:
        async with seat.explanation():
            compared = await _compared(settings, job_id, query)
    seen = Seen(
        compared=compared.get("compared", []),
        matches=matches,
        is_late={side: added[side] > job.inputs.get(side, {}).get("revision", 2**31) for side in ("left", "right")},
        last_pass=-1 if reached[0]["last"] is None else reached[0]["last"],
        refused=compared.get("refused"),
    )
    return judge(Asked(job, query.left, query.right), seen)


async def _revisions(snapshot: Reading, job: Job, query: ExplainQuery) -> dict[str, int]:
    """The revision of its source that added each record. Raises: Invalid, with a fault for each record of another side."""
    rows = await snapshot.rows(
        "SELECT id, source_id, revision FROM reconciliation_records WHERE id = ANY($1)", [query.left, query.right]
    )
    found = {row["id"]: row for row in rows}
    faults, revisions = [], {}
    for side, record_id, source_id in (
        ("left", query.left, job.left_source_id),
        ("right", query.right, job.right_source_id),
    ):
        row = found.get(record_id)
        if row is None or row["source_id"] != source_id:
            faults.append(Fault(f"?{side}", "invalid_field", f"is not a record of the job's {side} source"))
        else:
            revisions[side] = int(row["revision"])
    if faults:
        raise Invalid(errors=tuple(faults))
    return revisions


async def _matches_of(snapshot: Reading, query: ExplainQuery) -> list[Found]:
    """The matches that use or used one of the two records, the oldest first."""
    rows = await snapshot.rows(_MATCHES, [query.left, query.right], MOST_MATCHES)
    return [
        Found(
            id=row["id"],
            job_id=row["job_id"] if row["origin"] == "engine" else None,
            pass_index=row["pass_index"],
            pass_name=row["pass_name"],
            status=MatchStatus(row["status"]),
            score=None if row["score"] is None else float(row["score"]),
            fields=orjson.loads(row["fields"]),
            runner_up=orjson.loads(row["runner"]) if row["runner"] else None,
            records=frozenset(row["records"]),
            at=row["decided_at"] or row["created_at"],
        )
        for row in rows
    ]


_MATCHES = """
    SELECT m.id, m.job_id, m.origin, m.pass_index, m.pass_name, m.status, m.score, m.decided_at, m.created_at,
        m.fields_compared::text AS fields, m.runner_up::text AS runner,
        (SELECT array_agg(a.record_id) FROM match_records a WHERE a.match_id = m.id) AS records
    FROM matches m
    WHERE m.id IN (SELECT u.match_id FROM match_records u WHERE u.record_id = ANY($1)) ORDER BY m.id LIMIT $2
"""


async def _compared(settings: Settings, job_id: UUID, query: ExplainQuery) -> dict[str, Any]:
    output = await answer_of(
        settings,
        "server.processes.explanation",
        [str(job_id), str(query.left), str(query.right)],
        TIMEOUT_S,
        "Comparing the two records took too long. Try again.",
    )
    if not output:
        raise Internal
    found: dict[str, Any] = orjson.loads(output)
    return found
