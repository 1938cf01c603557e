"""Bodies and views of jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from core.money import Money
from models.job import Job
from models.status import JobStatus
from realtime.events.job import Counts
from server.api.paging import Paged
from server.api.schemas import Body, Query, View


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


class PassSummary(View):
    """What a pass has matched."""

    name: str = Field(serialization_alias="pass")
    matches: int
    records: int


class SideSum(View):
    """Sums of one side in one currency: matched + open + written_off = total."""

    side: Literal["left", "right"]
    currency: str
    matched: Money
    open: Money
    written_off: Money
    total: Money
    records: int
    without_amount: int


class FlowNode(View):
    """A number of records and their sums per currency."""

    count: int
    sums: list[Money]


class FlowPass(View):
    """The records that a pass has matched, per side."""

    name: str
    left: FlowNode
    right: FlowNode
    by_status: dict[str, int]


class FlowOpen(View):
    """The open records, per side."""

    left: FlowNode
    right: FlowNode


class Flow(View):
    """How records flow through the passes; `left` and `right` are the totals."""

    left: FlowNode
    right: FlowNode
    passes: list[FlowPass]
    open: FlowOpen


class Balance(View):
    """Whether the sums of one side add up: matched + open + written off = total."""

    side: Literal["left", "right"]
    currency: str
    opening: Money | None = None
    movements: Money
    closing: Money | None = None
    ties: bool


class ProofSide(View):
    """One side of a proof: what people or the plan confirmed, what is only suggested, and what no match uses."""

    confirmed: Money
    to_review: Money
    to_review_records: int
    open: Money
    open_records: int
    without_amount: int


class Proof(View):
    """
    Whether both sides agree in one currency.

    `difference` is the confirmed amount on the left minus that on the right. `agrees` is true if the difference is
    zero, the job is completed, and no record is to be reviewed, open, or without an amount.
    """

    currency: str
    left: ProofSide
    right: ProofSide
    difference: Money
    agrees: bool


class Ageing(View):
    """Open records of one side by age in days."""

    side: Literal["left", "right"]
    from_days: int
    to_days: int | None
    count: int
    sums: list[Money]


class Summary(View):
    """Counts and sums of both sides, which add up to the input."""

    counts: Counts
    by_pass: list[PassSummary]
    sums: list[SideSum]
    balance: list[Balance]
    proof: list[Proof]
    flow: Flow
    ageing: list[Ageing]
    notes: list[str]  # what the job did not compare, and what to do about it
    statistics: dict[str, Any]


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
