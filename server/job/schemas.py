"""Bodies and views of jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from core.money import Money
from models.job import Job
from models.status import JobStatus, MatchStatus
from realtime.events.job import Counts
from server.api.paging import Paged
from server.api.schemas import Body, Query, View
from server.match.summary_schemas import Totals


class JobCreate(Body):
    """Two sources and a plan. Without a plan, one is suggested, saved and used."""

    left_source: UUID
    right_source: UUID
    plan: UUID | None = None


class JobList(Paged):
    """Filters and order of the list of jobs."""

    status: JobStatus | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class PlanRef(View):
    """The version of the plan that a job uses."""

    id: UUID | None
    version: int | None
    hash: str | None


class JobView(View):
    """A job."""

    id: UUID
    project_id: UUID
    left_source: UUID
    right_source: UUID
    plan: PlanRef
    status: JobStatus
    attempt: int
    created_by: UUID | None
    started_at: datetime | None
    finished_at: datetime | None
    inputs: dict[str, Any]
    counts: Counts
    progress: dict[str, Any] | None
    problem: dict[str, Any] | None
    locked_until: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, job: Job, progress: dict[str, Any] | None = None) -> "JobView":
        """The view of a row; `progress` is the newest state if the job is live."""
        return cls(
            id=job.id,
            project_id=job.project_id,
            left_source=job.left_source_id,
            right_source=job.right_source_id,
            plan=PlanRef(id=job.plan_id, version=job.plan_version, hash=job.plan_hash),
            status=job.status,
            attempt=job.attempt,
            created_by=job.created_by,
            started_at=job.started_at,
            finished_at=job.finished_at,
            inputs=job.inputs,
            counts=Counts(**job.counts),
            progress=progress or job.progress,
            problem=job.problem,
            locked_until=None,
            created_at=job.created_at,
            updated_at=job.updated_at,
            version=job.version,
        )


class ProofSide(View):
    """
    One side of a proof: what confirmed matches match, what is only suggested, and what is open: records that no match
    uses, and the remainders of matches.
    """

    confirmed: Money
    to_review: Money
    to_review_records: int
    open: Money
    open_records: int
    remainders: int
    without_amount: int


class Proof(View):
    """
    Whether both sides agree in one currency.

    `difference` is what is matched on the left minus that on the right, turned if the pair turns signs. `agrees` is true
    if the difference is zero, the job is completed, no record is to be reviewed, open, or without an amount, and no match
    leaves a remainder.
    """

    currency: str
    left: ProofSide
    right: ProofSide
    difference: Money
    agrees: bool


class Summary(Totals):
    """
    Where the records that a job read are now, in the terms of the books, which add up to the input. Its counts of open
    records are those of the list of unmatched ones; those of the job itself know only its own matches. `notes` says what the
    job did not compare, and what to do about it.
    """

    proof: list[Proof]
    statistics: dict[str, Any]


class ExplainQuery(Query):
    """A record of each side of the job."""

    left: UUID
    right: UUID


class ComparedView(View):
    """
    How two records compare in a field, and the weight of that in bits. `weight` is null where the job has not weighed it or
    has not kept it.
    """

    field: str
    compare: str
    left: str | None
    right: str | None
    similarity: float | None
    weight: float | None
    rarity: float | None


class GateView(View):
    """A condition of a pass, the values it was asked about, and whether it holds for the two records."""

    pass_name: str = Field(serialization_alias="pass")
    field: str
    compare: str
    left: str | None
    right: str | None
    similarity: float | None
    ok: bool


class PassFate(View):
    """
    What a pass made of two records, in a sentence. `taken`: an earlier pass had matched one of them elsewhere. `weak`: all
    gates hold, but there is too little evidence. `not_compared`: it left out some records, perhaps these. `not_kept`: it
    matched neither of them, and what it weighed is not kept. `not_reached`: the job ended before it.
    """

    pass_name: str = Field(serialization_alias="pass")
    kind: Literal["rules", "sums", "payouts", "series", "runs", "vouchers", "probabilistic", "within_side"]
    fate: Literal["matched", "gated", "weak", "lost_to", "taken", "not_compared", "not_kept", "not_reached"]
    sentence: str


class Competitor(View):
    """The match that holds one of the two records, with its total in bits. `pass` is null for a match made by hand."""

    match_id: UUID
    side: Literal["left", "right"]
    pass_name: str | None = Field(serialization_alias="pass")
    score: float | None
    status: MatchStatus


class Explain(View):
    """
    Why a job matched two records, or why it did not, from what the job has kept: nothing is run again.

    `weight` is the total in bits: the prior and the weights of all fields. It is kept for matches and their runners-up.
    `unknown` says in sentences what cannot be known any more.
    """

    verdict: Literal["matched", "lost_to", "gated", "not_compared"]
    sentence: str
    pass_name: str | None = Field(serialization_alias="pass")
    match_id: UUID | None
    weight: float | None
    prior: float | None
    fields: list[ComparedView]
    gates: list[GateView]
    passes: list[PassFate]
    competitor: Competitor | None
    unknown: list[str]


class ProgressQuery(Query):
    """How many points of the curve to return."""

    points: Annotated[int, Field(ge=2, le=1000)] = 300


class ProgressPoint(View):
    """A point of the curve: seconds since the start, fraction done, records per second."""

    at_s: float
    fraction: float
    rate: float


class ProgressCurve(View):
    """The progress curve so far."""

    items: list[ProgressPoint]
