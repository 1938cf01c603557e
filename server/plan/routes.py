"""Plans over HTTP."""

from aiohttp import web

from core import problems
from models.project import Project
from server.api.admission import Seat
from server.api.endpoint import BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import positioned, reply, reply_view
from server.api.routing import Routes
from server.plan import actions, queries, suggestion
from server.plan.schemas import PlanList, PlanSuggest, PlanVersionQuery, PlanView, PlanWrite, SuggestedPlan

routes = Routes("plans")
_ROW = (problems.NotFound, problems.Forbidden)


@routes.get(
    "/projects/{id}/plans",
    scope="read",
    query=PlanList,
    answers={200: Page[PlanView]},
    problems=_ROW,
    stream_position=True,
)
async def list_plans(api: QueryRequest[PlanList]) -> web.StreamResponse:
    """List the plans of a project."""
    page, position = await queries.list_plans(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/projects/{id}/plans",
    scope="write",
    body=PlanWrite,
    answers={201: PlanView},
    problems=_ROW,
    replay=Right(Project, "plan.edit"),
)
async def create_plan(api: BodyRequest[PlanWrite]) -> web.StreamResponse:
    """Save a plan."""
    return reply(await actions.create_plan(api.actor, api.path_id(), api.body))


@routes.post(
    "/projects/{id}/plans/suggest",
    scope="write",
    body=PlanSuggest,
    answers={200: SuggestedPlan},
    problems=(*_ROW, problems.Busy),
    stores_answer=False,
    takes_turns_itself=True,
)
async def suggest_plan(api: BodyRequest[PlanSuggest]) -> web.StreamResponse:
    """Suggest a plan for two sources, from a sample of both."""
    seat = Seat.of(api.request)
    view = await suggestion.suggest_plan(api.actor, api.path_id(), api.body, seat, api.settings)
    return reply_view(view)


@routes.get(
    "/plans/{id}", scope="read", query=PlanVersionQuery, answers={200: PlanView}, problems=_ROW, stream_position=True
)
async def get_plan(api: QueryRequest[PlanVersionQuery]) -> web.StreamResponse:
    """Read a plan, or one of its versions."""
    view, position = await queries.get_plan(api.actor, api.path_id(), api.query.version)
    return positioned(reply_view(view, version=view.version), position)


@routes.put(
    "/plans/{id}",
    scope="write",
    body=PlanWrite,
    answers={200: PlanView},
    problems=(*_ROW, problems.VersionConflict, problems.PreconditionRequired),
    if_match=True,
)
async def update_plan(api: BodyRequest[PlanWrite]) -> web.StreamResponse:
    """Save a new version of a plan."""
    return reply(await actions.update_plan(api.actor, api.path_id(), api.body, api.if_match))
