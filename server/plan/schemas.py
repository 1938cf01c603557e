"""Request bodies and views for plans."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from matching.plan import Plan as Document
from matching.sentences import sentences_of
from models.plan import Plan, PlanVersion
from server.api.paging import Paged
from server.api.schemas import Body, Name, Query, View


class _PlanSchema:
    """Gives the document the schema of a plan. It is validated later, so that faults have the code `invalid_plan`."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(Document.__pydantic_core_schema__)


class PlanWrite(Body):
    """A plan's name and its document (fields and passes)."""

    name: Name
    document: Annotated[dict[str, Any], _PlanSchema()]


class PlanSuggest(Body):
    """Two sources to suggest a plan for."""

    left_source: UUID
    right_source: UUID


class PlanVersionQuery(Query):
    """Which version to read; by default the newest."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class PlanList(Paged):
    """The order of the list of plans."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"


class PlanView(View):
    """A plan. `sentences` say in plain words what each of its passes does."""

    id: UUID
    project_id: UUID
    name: str
    document: dict[str, Any]
    hash: str
    sentences: list[str]
    origin: Literal["suggested", "written"]
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, plan: Plan, version: PlanVersion | None = None) -> "PlanView":
        """The view of a row, or of one of its older versions."""
        shown = version or plan
        document, sentences = _read(shown.document)
        return cls(
            id=plan.id,
            project_id=plan.project_id,
            name=shown.name,
            document=document,
            hash=shown.hash,
            sentences=sentences,
            origin=plan.origin,
            created_at=plan.created_at,
            updated_at=shown.updated_at,
            version=shown.version,
        )


def _read(stored: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """
    A stored document without what has no effect, which would be refused if it were sent back, and what it says. As it is, and
    nothing, if another version of the server has written it, and this one cannot read it.
    """
    try:
        document = Document.model_validate(stored)
    except ValidationError:
        return stored, []
    return document.model_dump(mode="json", by_alias=True, exclude_none=True), sentences_of(document)


class SuggestedPlan(View):
    """A plan that fits two sources, and its passes in plain words. It is not saved yet."""

    document: dict[str, Any]
    hash: str
    sentences: list[str]

    @classmethod
    def of(cls, document: dict[str, Any], plan_hash: str) -> "SuggestedPlan":
        """The view of a plan that the engine suggested."""
        return cls(document=document, hash=plan_hash, sentences=sentences_of(Document.model_validate(document)))
