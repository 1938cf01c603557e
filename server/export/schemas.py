"""Queries, bodies and views of exports."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from models.status import MatchKind, MatchStatus
from server.api.schemas import Body, Query, View
from server.match.schemas import MatchSort, SearchText

MAX_PATH = 2000
What = Literal["matches", "open-items"]


class ExportQuery(Query):
    """What to export, and as what. `status` and `pass` choose matches, and `sort` orders them, as in their list."""

    format: Literal["csv", "xlsx", "jsonl", "parquet"] = "csv"
    what: What = "matches"
    status: MatchStatus | None = None
    pass_name: Annotated[str, Field(max_length=256)] | None = Field(None, alias="pass")
    sort: MatchSort | None = None

    @model_validator(mode="after")
    def _filters(self) -> "ExportQuery":
        if self.what != "matches" and any(value is not None for value in self.filters):
            raise ValueError("only matches can be chosen and sorted; leave that out for open items")
        return self

    @property
    def filters(self) -> tuple[object, ...]:
        """What chooses matches."""
        return self.status, self.pass_name, self.sort


class PairExportQuery(ExportQuery):
    """
    Which pair to export, as the reader looks at it. `job`, `kind` and `origin` choose matches too. `q` chooses matches or
    open items by a text or an amount of their records, and `left_q` and `right_q` choose the open items of one side. Records of
    both sources that were written off are one-sided matches, which come after all others.
    """

    left_source: UUID
    right_source: UUID
    job: UUID | None = None
    kind: MatchKind | None = None
    origin: Literal["engine", "manual"] | None = None
    q: SearchText | None = None
    left_q: SearchText | None = None
    right_q: SearchText | None = None

    @model_validator(mode="after")
    def _of_open_items(self) -> "PairExportQuery":
        if self.what != "open-items" and (self.left_q is not None or self.right_q is not None):
            raise ValueError("matches have both sides; choose them by q")
        return self

    @property
    def filters(self) -> tuple[object, ...]:
        """What chooses matches."""
        return (*super().filters, self.job, self.kind, self.origin)

    def words_of(self, side: str) -> tuple[str, ...]:
        """What the open items of a side are looked for by."""
        return tuple(words for words in (self.q, self.left_q if side == "left" else self.right_q) if words is not None)


class DownloadCreate(Body):
    """The path of an export with its query, such as /api/v1/jobs/{id}/export?format=xlsx."""

    path: Annotated[str, Field(min_length=1, max_length=MAX_PATH)]


class DownloadView(View):
    """Where a browser can fetch a file without a token, once."""

    url: str
    expires_in: int


class TicketQuery(Query):
    """The ticket of a link."""

    ticket: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[A-Za-z0-9_.-]+$")]
