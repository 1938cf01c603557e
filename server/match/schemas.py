"""Bodies and views of matches."""

import datetime as dt
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from core.money import Money
from models.status import DecisionKind, MatchKind, MatchStatus
from server.api.paging import Paged
from server.api.schemas import Body, Prose, Query, View
from server.record.schemas import ClaimView, RecordView

MOST_RECORDS = 1000  # of a side


class Decide(Body):
    """The reason for a decision."""

    reason: Prose | None = None


ReasonCode = Annotated[str, Field(min_length=1, max_length=64)]


def _distinct(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise ValueError("must not have the same id twice")
    return ids


Records = Annotated[list[UUID], Field(max_length=MOST_RECORDS), AfterValidator(_distinct)]


def _of_booked(code: str | None, info: ValidationInfo) -> str | None:
    if code is not None and (info.data or {}).get("difference") == "open":  # there is none outside a body
        raise ValueError("a difference that stays open has no reason code; book it, or leave the code out")
    return code


DifferenceReason = Annotated[ReasonCode | None, AfterValidator(_of_booked)]


class MatchByHand(Body):
    """
    Records of both sides that belong together.

    What does not come to the same amount needs `difference`: it stays `open` as a remainder, or is `booked` with a
    reason code. `replaces` are matches whose records the new one takes over: it merges them, or pays the remainder of
    one. Then `left` and `right` are only the records added. `remainder_of` says which record a remainder belongs to.
    """

    left: Records = []
    right: Records = []
    reason: Prose | None = None
    difference: Literal["open", "booked"] | None = None
    difference_reason: DifferenceReason = None
    replaces: Annotated[list[UUID], Field(max_length=100), AfterValidator(_distinct)] = []
    remainder_of: UUID | None = None


class PairMatchByHand(MatchByHand):
    """Records of two sources of a project that belong together."""

    left_source: UUID
    right_source: UUID


class Part(Body):
    """A part of a match that is split. Records of one side only are taken out of the match, and are open again."""

    left: Records
    right: Records

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.left and not self.right:
            raise ValueError("must have a record")
        return self

    @property
    def is_match(self) -> bool:
        """Whether it has records of both sides, and stays a match."""
        return bool(self.left and self.right)


def _one_match(parts: list[Part]) -> list[Part]:
    if not any(part.is_match for part in parts):
        raise ValueError("one part has to have records of both sides; to open all records, reject or undo the match")
    return parts


class Split(Body):
    """
    The parts of a match. Each of its records is in exactly one of them. Records of one side only are taken out and open
    again, such as one of the three payments of an invoice.

    Parts of a confirmed match that do not come to the same amount on both sides need `difference`, as by hand.
    """

    parts: Annotated[list[Part], Field(min_length=2, max_length=MOST_RECORDS), AfterValidator(_one_match)]
    reason: Prose | None = None
    difference: Literal["open", "booked"] | None = None
    difference_reason: DifferenceReason = None


class WriteOff(Body):
    """Why a record needs no partner: a reason code of the project."""

    reason: ReasonCode
    comment: Prose | None = None


class Assign(Body):
    """Who is to look at a match; null for nobody."""

    user_id: UUID | None


class CommentCreate(Body):
    """What to say about a match."""

    text: Prose


class CommentView(View):
    """What somebody wrote about a match. `author_name` is null if the person was deleted."""

    id: UUID
    match_id: UUID
    author: UUID | None
    author_name: str | None
    text: str
    at: datetime
    edited_at: datetime | None


MatchSort = Literal[
    "created",
    "-created",
    "score",
    "-score",
    "difference",
    "-difference",
    "amount",
    "-amount",
    "date",
    "-date",
]
SearchText = Annotated[str, Field(min_length=1, max_length=200)]


class MatchList(Paged):
    """Filters and order for the list of matches."""

    status: MatchStatus | None = None
    pass_name: Annotated[str, Field(max_length=256)] | None = Field(None, alias="pass")
    pass_index: Annotated[int, Field(ge=0, le=1000)] | None = None
    chunk: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    min_score: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] | None = None
    sort: MatchSort = "created"


class PairQuery(Query):
    """The two sources of a pair, as the reader looks at them."""

    left_source: UUID
    right_source: UUID


class PairMatchList(MatchList):
    """Filters and order for the matches of a pair. Records of both sources that were written off are among them, as one-sided matches."""

    left_source: UUID
    right_source: UUID
    job: UUID | None = None
    kind: MatchKind | None = None
    origin: Literal["engine", "manual"] | None = None
    assignee: UUID | None = None
    q: SearchText | None = None


class OpenItemList(Paged):
    """Filters and order for the open items of a pair."""

    left_source: UUID
    right_source: UUID
    side: Literal["left", "right"] | None = None
    q: SearchText | None = None
    sort: Literal["date", "-date", "amount", "-amount"] = "date"


class UnmatchedList(Paged):
    """Side and order for the list of open records."""

    side: Literal["left", "right"]
    sort: Literal["row", "-row", "amount", "-amount", "date", "-date", "reference", "-reference"] = "row"


class MatchRecordView(View):
    """A record of a match. `from_base` says that it is a record of the match that this one extends, too."""

    id: UUID
    side: Literal["left", "right"]
    row: int
    data: dict[str, str | None]
    amount: Money | None
    date: dt.date | None
    reference: str | None
    from_base: bool = False
    claim: ClaimView | None = None


class Remainder(View):
    """What a confirmed match leaves open, signed as loaded. `record_id` is the record it belongs to, if that was said."""

    amount: Money
    side: Literal["left", "right"]
    since: datetime
    record_id: UUID | None


class Extends(View):
    """The match whose remainder a match pays."""

    match_id: UUID


class Signature(View):
    """Who has signed a decision that needs two people."""

    by: UUID
    at: datetime
    action: str


class MatchView(View):
    """
    A match. `difference` is the left sum minus the right one, turned if the pair turns signs; null for several
    currencies. A match made by hand has no job. A record that was written off has no pair: it is a one-sided match of which
    only the source of that record is said, and `difference_reason` is why it needs no partner.
    """

    id: UUID
    job_id: UUID | None
    left_source: UUID | None
    right_source: UUID | None
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
    difference_reason: str | None
    remainder: Remainder | None
    extends: Extends | None
    signatures: list[Signature]
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
    """
    A decision on a match, or what else somebody did with it: `match.sign` gives a signature and `match.unsign` takes it
    back. `signed` is what was signed: confirm, match, undo or split.
    """

    at: datetime
    actor: HistoryActor
    action: str
    reason: str | None
    signed: str | None


class SignedPart(View):
    """The ids of a part's records."""

    left: list[UUID]
    right: list[UUID]


class SignedSplit(View):
    """A split that somebody has signed. Whoever signs it too sends the same parts and the same difference."""

    parts: list[SignedPart]
    difference: Literal["open", "booked"] | None
    difference_reason: str | None


class LatestDecision(View):
    """
    A decision that undo takes back: what it was, by whom, and when. If it was about another match, such as one that took
    records of this one, that is `match_id`. `by_name` is null if the person was deleted.
    """

    kind: DecisionKind
    by: UUID | None
    by_name: str | None
    at: datetime
    is_bulk: bool
    match_id: UUID | None


class MatchDetail(MatchView):
    """
    A match with its evidence and history. `decided_by_name` is null if nobody decided or the person was deleted.
    `signed_split` is the latest split that waits for a second person. `latest_decision` is what undo takes back; without
    one there is nothing to undo, unless a job has confirmed the match.
    """

    decided_by_name: str | None
    prior: float | None
    fields: list[FieldView]
    runner_up: RunnerUp | None
    margin_kind: Literal["exact", "local"] | None
    history: list[HistoryEntry]
    signed_split: SignedSplit | None
    latest_decision: LatestDecision | None


class OpenItem(View):
    """
    What is open in a pair: a record that no match holds, or the remainder of a match. `age_days` counts from the
    record's date, or from the decision that left the remainder. `remainder_of` is the record to which a remainder belongs:
    the one that a person named, or else the largest of its side. `remainder_records` is how many records its match has on
    that side.
    """

    id: UUID
    side: Literal["left", "right"]
    record: RecordView | None
    match_id: UUID | None
    remainder: Remainder | None
    remainder_of: RecordView | None
    remainder_records: int | None
    amount: Money | None
    age_days: int | None


class ReviewFilter(Body):
    """Which matches of a pair a bulk is about."""

    job: UUID | None = None
    pass_name: Annotated[str, Field(max_length=256)] | None = Field(None, alias="pass")
    kind: MatchKind | None = None
    origin: Literal["engine", "manual"] | None = None
    status: MatchStatus | None = None
    assignee: UUID | None = None
    q: SearchText | None = None


class Review(Body):
    """
    A decision on many matches: those with these ids, or those that a filter finds.

    `expected_count` is how many there are, as the person who decides has seen it.
    """

    action: Literal["confirm", "reject", "undo", "assign"]
    ids: Annotated[list[UUID], Field(min_length=1, max_length=5000), AfterValidator(_distinct)] | None = None
    filter: ReviewFilter | None = None
    expected_count: Annotated[int, Field(ge=0, le=10_000_000)]
    reason: Prose | None = None
    user_id: UUID | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("give either ids or filter")
        return self


class PairReview(Review):
    """A decision on many matches of a pair."""

    left_source: UUID
    right_source: UUID


class Skipped(View):
    """A match that a bulk left as it was, and why."""

    id: UUID
    code: str


class Reviewed(View):
    """What a bulk did. `decision_id` undoes it as a whole; it is null if nothing changed."""

    decision_id: UUID | None
    changed: int
    skipped: list[Skipped]
