"""Request bodies and views for sources."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from matching.reading.mapping import Mapping
from models.source import Source
from models.status import SourceStatus
from server.api.paging import Paged
from server.api.schemas import Body, Name, Omittable, View


class SourceCreate(Body):
    """An empty source, to be filled with records over REST."""

    name: Name
    mapping: Mapping | None = None


class SourceUpdate(Body):
    """A new name, the mapping that answers the source's questions, or that answers are to be forgotten."""

    name: Omittable[Name] = None
    mapping: Mapping | None = Field(
        default=None, description="a field that is left out stays as it was; null means that it has no column"
    )
    forget: Annotated[
        bool,
        Field(
            description="forget what people said about this file, and about others with the same layout from now on; the "
            "file is read again, and asks its questions again unless `mapping` answers them"
        ),
    ] = False


class SourceList(Paged):
    """Filters and order for the list of sources."""

    status: SourceStatus | None = None
    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"


class RowCounts(View):
    """Rows of the file, where read = loaded + rejected + left_out. Those left out are no bookings, such as totals."""

    read: int
    loaded: int
    rejected: int
    left_out: int


class SumView(View):
    """A sum of amounts of one currency, unrounded."""

    amount: str
    currency: str


class AnswerRow(View):
    """
    A row of the file as an answer would read it. `line` and `row` are those of rejects. `text` is what the file says in the
    columns that are asked about. If `rejected` is true, the row could not be read in this way.
    """

    line: int
    row: int
    text: str | None
    amount: str | None
    currency: str | None
    date: str | None
    reference: str | None
    rejected: bool


class AnswerView(View):
    """
    A possible answer: the piece of a mapping that PATCH takes, and what it would make of up to three rows. A question of
    the kind `skip` takes any number of its answers at once: their values go into one list, and an empty list counts all
    rows. There `count` says how many of the first `of` rows have the value, and `sums` what those rows sum to.
    """

    value: str | None
    label: str
    mapping: Annotated[dict[str, Any], Field(description="a piece of a Mapping, in which null means no column")]
    rows: list[AnswerRow]
    count: int | None = None
    of: int | None = None
    sums: list[SumView] = []


class QuestionView(View):
    """
    A question that only a person can decide; PATCH `{mapping}` answers it. `columns` holds debit and credit if it is
    about both. Rows are not typed while a question that is `blocking` is open. The answers are not exhaustive: any mapping
    may be sent.
    """

    column: str | None
    columns: list[str] = []
    kind: Literal[
        "amount_column",
        "sign",
        "decimal_mark",
        "minor_units",
        "date_column",
        "date_order",
        "currency",
        "sheet",
        "header",
        "skip",
    ]
    choices: list[str]
    examples: list[str]
    blocking: bool = True  # questions that were asked by an older version lack this field and the answers
    answers: list[AnswerView] = []


class RememberedView(View):
    """Answers about an earlier file of the same layout that were used for this one: when they were given, and by whom."""

    answered_at: datetime
    answered_by: UUID | None
    answered_by_name: str | None


class ColumnView(View):
    """
    What a column contains, in the file's order. `fill` is the share of rows with a value. `min` and `max` are the least
    and greatest value by meaning, as written in the file. `distinct` is exact unless it is marked as estimated. `role` is
    what the column means, and `role_proof` the arithmetic that shows it, if there is any.
    """

    name: str
    type: Literal["amount", "number", "date", "code", "text", "empty"]
    fill: float
    distinct: int
    is_distinct_estimated: bool = True  # older profiles lack this field, and their counts are estimates
    min: str | None
    max: str | None
    examples: list[str]
    decimal: Literal[".", ","] | None
    date_order: Literal["ymd", "dmy", "mdy"] | None
    role: str | None = None
    role_proof: str | None = None


class SourceView(View):
    """A source."""

    id: UUID
    project_id: UUID
    name: str
    format: str
    filename: str | None
    size_bytes: int
    sha256: str | None
    duplicate_of: UUID | None
    status: SourceStatus
    rows: RowCounts
    left_out: Annotated[dict[str, int], Field(description="how many rows were left out for each reason")]
    mapping: Mapping
    questions: list[QuestionView]
    remembered: RememberedView | None
    problem: dict[str, Any] | None
    detection: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, source: Source) -> "SourceView":
        """The view of a row."""
        return cls(
            id=source.id,
            project_id=source.project_id,
            name=source.name,
            format=source.format,
            filename=source.filename,
            size_bytes=source.size_bytes,
            sha256=source.sha256,
            duplicate_of=source.duplicate_of,
            status=source.status,
            rows=RowCounts(
                read=source.rows_read,
                loaded=source.rows_loaded,
                rejected=source.rows_rejected,
                left_out=source.rows_left_out,
            ),
            left_out=source.detection.get("left_out", {}),
            mapping=Mapping.model_validate(source.mapping),
            questions=source.questions,
            remembered=source.detection.get("remembered"),
            problem=source.problem,
            detection=source.detection,
            revision=source.revision,
            created_at=source.created_at,
            updated_at=source.updated_at,
            version=source.version,
        )


class ProfileView(View):
    """What the columns of a source contain."""

    columns: list[ColumnView]
    suggested_mapping: Mapping
    questions: list[QuestionView]
    remembered: RememberedView | None = None


class RejectList(Paged):
    """Filters for the list of rejected rows."""

    code: Annotated[str, Field(max_length=64)] | None = None


class RejectView(View):
    """
    A row that was not loaded, and why.

    `line` is its position in the file, from 1: its first physical line, or its row in the sheet, counting headers and
    empty lines. `row` counts data rows from 0 and is the number that the record would have had, so records and rejects
    together cover all rows of a file. It is null if the row was rejected before rows were counted.
    """

    line: int
    row: int | None
    column: str | None
    code: str
    message: str
    value_type: str


LeftOutReason = Literal[
    "total",
    "opening_balance",
    "closing_balance",
    "header",
    "caption",
    "other_table",
    "not_booked",
    "outside",
]


class LeftOutList(Paged):
    """Filters for the list of rows that were left out."""

    reason: LeftOutReason | None = None


class LeftOutView(View):
    """
    A row of the file that is no booking, and why. `line` and `row` are those of rejects. `data` is what the row says, or
    null if it holds a character that cannot be stored.
    """

    line: int
    row: int | None
    reason: str
    detail: str
    data: dict[str, str | None] | None
