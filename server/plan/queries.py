"""Read queries for plans."""

from typing import Any
from uuid import UUID

from core.problems import NotFound
from models import access, sql
from models.access import Actor
from models.plan import Plan, PlanVersion
from models.project import Project
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.plan.schemas import PlanList, PlanView
from server.store.reading import Position, reading

_SORTS = {"name": Sort("t.name", "text"), "created_at": Sort("t.created_at", "timestamptz")}


async def list_plans(actor: Actor, project_id: UUID, query: PlanList) -> tuple[Page[PlanView], Position]:
    """The plans of a project. Raises: NotFound, Forbidden."""
    name = query.sort.lstrip("-")
    sort = Sort(_SORTS[name].expression, _SORTS[name].cast, descending=query.sort.startswith("-"))
    listing = Listing("t.*", "plans t", sort, f"plans/{project_id}")
    listing.where("t.project_id = ?", project_id)
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.read_within")
        page = await listing.page(snapshot, query, _view)
        return page, await snapshot.position(streams.project(project_id))


async def get_plan(actor: Actor, plan_id: UUID, version: int | None) -> tuple[PlanView, Position]:
    """A plan, or one of its versions. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        plan = (await access.load(actor, Plan, plan_id, "project.read_within")).row
        chosen = None
        if version is not None and version != plan.version:
            chosen = await PlanVersion.filter(plan_id=plan_id, version=version).using_db(snapshot.connection).first()
            if chosen is None:
                raise NotFound
        return PlanView.of(plan, chosen), await snapshot.position(streams.project(plan.project_id))


def _view(row: dict[str, Any]) -> PlanView:
    return PlanView.of(sql.hydrate(Plan, row))
