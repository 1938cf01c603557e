"""Request bodies and views for records."""

import datetime as dt
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import Field, model_validator

from core.money import Money, parse_amount
from models.status import MatchStatus
from server.api.days import Day
from server.api.paging import Paged
from server.api.schemas import Body, View

MAX_RECORDS = 10_000  # per request
RecordState = Literal["open", "suggested", "matched", "written_off"]
Cell = Annotated[str, Field(max_length=100_000)] | None
RowData = dict[Annotated[str, Field(min_length=1, max_length=256)], Cell]


class RecordIn(Body):
    """A record: its columns as text, and typed values that the source's mapping does not provide."""

    data: Annotated[RowData, Field(min_length=1, max_length=500)]
    amount: Money | None = None
    date: Day | None = None
    reference: Annotated[str, Field(max_length=10_000)] | None = None


class RecordsCreate(Body):
    """One record, or `records` with up to 10,000. Either all are stored or none."""

    records: Annotated[list[RecordIn], Field(min_length=1, max_length=MAX_RECORDS)] | None = None
    data: Annotated[RowData, Field(min_length=1, max_length=500)] | None = None
    amount: Money | None = None
    date: Day | None = None
    reference: Annotated[str, Field(max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "RecordsCreate":
        if (self.records is None) == (self.data is None):
            raise ValueError("give either data (one record) or records (several)")
        return self

    def all(self) -> list[RecordIn]:
        """The records, whichever form they came in."""
        if self.records is not None:
            return self.records
        assert self.data is not None
        return [RecordIn(data=self.data, amount=self.amount, date=self.date, reference=self.reference)]


class RecordUpdate(Body):
    """Changed columns and typed values. What is absent stays as it is."""

    data: Annotated[RowData, Field(min_length=1, max_length=500)] | None = None
    amount: Money | None = None
    date: Day | None = None
    reference: Annotated[str, Field(max_length=10_000)] | None = None


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else parse_amount(value)


class RecordList(Paged):
    """Filters and order for the list of records."""

    state: RecordState | None = None
    amount_from: str | None = None
    amount_to: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    reference: Annotated[str, Field(max_length=2000)] | None = None
    sort: Literal["row", "-row", "amount", "-amount", "date", "-date", "reference", "-reference"] = "row"

    @model_validator(mode="after")
    def _amounts(self) -> "RecordList":
        for name in ("amount_from", "amount_to"):
            _decimal(getattr(self, name))
        return self


class ClaimView(View):
    """Who works on a record, and until when at most."""

    user_id: UUID
    until: datetime

    @classmethod
    def read(cls, found: dict[str, Any] | None) -> "ClaimView | None":
        """The view of a claim as CLAIM reads it."""
        return None if found is None else cls(user_id=found["user_id"], until=found["until"])


class RecordView(View):
    """
    A record. `row` counts the file's data rows from 0, including rejected ones; `data` is in the file's column order.
    """

    id: UUID
    source_id: UUID
    row: int
    data: dict[str, str | None]
    amount: Money | None
    date: dt.date | None
    reference: str | None
    duplicate_of: UUID | None
    state: RecordState
    match_id: UUID | None
    claim: ClaimView | None = None
    signatures: list[dict[str, Any]]  # under a write-off that waits for a second person
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: dict[str, Any], data: dict[str, str | None]) -> "RecordView":
        """The view of a database row that has `match_id` and `match_status`."""
        status = row.get("match_status")
        return cls(
            id=row["id"],
            source_id=row["source_id"],
            row=row["row"],
            data=data,
            amount=Money.of(row["amount"], row["currency"]),
            date=row["date"],
            reference=row["reference"],
            duplicate_of=None,
            state=_state(status, is_written_off=bool(row.get("written_off"))),
            match_id=row.get("match_id"),
            claim=ClaimView.read(orjson.loads(row["claim"])) if row.get("claim") else None,
            signatures=orjson.loads(row["signatures"] or "[]") if row.get("written_off") else [],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            version=row["version"],
        )


def _state(status: str | None, *, is_written_off: bool) -> RecordState:
    if status == MatchStatus.CONFIRMED:
        return "written_off" if is_written_off else "matched"
    return "suggested" if status == MatchStatus.SUGGESTED else "open"


class RecordsView(View):
    """The records that were added."""

    items: list[RecordView]
