"""Bodies and views of matches."""

import datetime as dt
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from core.money import Money
from models.status import MatchKind, MatchStatus
from server.api.paging import Paged
from server.api.schemas import Body, View


class Decide(Body):
    """The reason for a decision."""

    reason: Annotated[str, Field(max_length=10_000)] | None = None


class MatchList(Paged):
    """Filters and order for the list of matches."""

    status: MatchStatus | None = None
    pass_name: Annotated[str, Field(max_length=256)] | None = Field(None, alias="pass")
    pass_index: Annotated[int, Field(ge=0, le=1000)] | None = None
    chunk: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    min_score: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] | None = None
    sort: Literal["created", "score", "-score"] = "created"


class UnmatchedList(Paged):
    """Side and order for the list of open records."""

    side: Literal["left", "right"]
    sort: Literal["row", "-row", "amount", "-amount", "date", "-date", "reference", "-reference"] = "row"


class MatchRecordView(View):
    """A record of a match."""

    id: UUID
    side: Literal["left", "right"]
    row: int
    data: dict[str, str | None]
    amount: Money | None
    date: dt.date | None
    reference: str | None
    claim: None = None


class MatchView(View):
    """A match."""

    id: UUID
    job_id: UUID
    pass_name: str | None = Field(serialization_alias="pass")
    pass_index: int | None
    chunk: int | None
    kind: MatchKind
    status: MatchStatus
    origin: Literal["engine", "manual"]
    score: float | None
    margin: float | None
    ambiguity: Literal["none", "ambiguous", "interchangeable"]
    group: str | None
    difference: Money | None
    plan_hash: str | None
    assignee: UUID | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    records: list[MatchRecordView]
    created_at: datetime
    updated_at: datetime
    version: int


class FieldView(View):
    """How a field compares, and its weight in bits."""

    field: str
    compare: str
    left: str | None
    right: str | None
    similarity: float | None
    weight: float
    rarity: float | None


class RunnerUp(View):
    """The best alternative match."""

    records: list[UUID]
    score: float | None
    fields: list[FieldView]


class HistoryActor(View):
    """
    Who decided. `name` is the person's, also where the decision came with one of their API tokens. It is null for the
    system and for a deleted person.
    """

    type: str
    id: UUID | None
    name: str | None


class HistoryEntry(View):
    """A decision on a match."""

    at: datetime
    actor: HistoryActor
    action: str
    reason: str | None


class MatchDetail(MatchView):
    """A match with its evidence and history. `decided_by_name` is null if nobody decided or the person was deleted."""

    decided_by_name: str | None
    prior: float | None
    fields: list[FieldView]
    runner_up: RunnerUp | None
    margin_kind: Literal["exact", "local"] | None
    history: list[HistoryEntry]
