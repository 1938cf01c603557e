"""Projects over HTTP."""

from aiohttp import web

from core import problems
from models.project import Project
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import no_content, positioned, reply, reply_view
from server.api.routing import Routes
from server.project import actions, queries
from server.project.schemas import (
    MemberAdd,
    MemberList,
    MemberPut,
    MemberView,
    ProjectCreate,
    ProjectList,
    ProjectUpdate,
    ProjectView,
)
from server.vault.of_request import cipher_of

routes = Routes("projects")
_ROW = (problems.NotFound, problems.Forbidden)


@routes.get("/projects", scope="read", query=ProjectList, answers={200: Page[ProjectView]})
async def list_projects(api: QueryRequest[ProjectList]) -> web.StreamResponse:
    """List the projects that you may see."""
    return reply_view(await queries.list_projects(api.actor, api.query))


@routes.post(
    "/projects",
    scope="write",
    body=ProjectCreate,
    answers={201: ProjectView},
    problems=(problems.Forbidden,),
    replay=Right(Project, "project.read", is_in_answer=True),
)
async def create_project(api: BodyRequest[ProjectCreate]) -> web.StreamResponse:
    """Create a project, which you then own."""
    return reply(await actions.create_project(api.actor, api.body))


@routes.get("/projects/{id}", scope="read", answers={200: ProjectView}, problems=_ROW, stream_position=True)
async def get_project(api: ApiRequest) -> web.StreamResponse:
    """Read a project."""
    view, position = await queries.get_project(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.patch(
    "/projects/{id}",
    scope="write",
    body=ProjectUpdate,
    answers={200: ProjectView},
    problems=(*_ROW, problems.VersionConflict),
)
async def update_project(api: BodyRequest[ProjectUpdate]) -> web.StreamResponse:
    """Change a project."""
    return reply(await actions.update_project(api.actor, api.path_id(), api.body, api.if_match))


@routes.delete("/projects/{id}", answers={204: None}, problems=(*_ROW, problems.VersionConflict, problems.JobState))
async def delete_project(api: ApiRequest) -> web.StreamResponse:
    """Delete a project and everything in it."""
    await actions.delete_project(api.actor, api.path_id(), api.if_match)
    return no_content()


@routes.get("/projects/{id}/members", scope="read", answers={200: MemberList}, problems=_ROW, stream_position=True)
async def list_members(api: ApiRequest) -> web.StreamResponse:
    """List the members of a project."""
    view, position = await queries.members_of(api.actor, api.path_id())
    return positioned(reply_view(view), position)


@routes.post(
    "/projects/{id}/members",
    replay=Right(Project, "project.members.add"),
    body=MemberAdd,
    answers={201: MemberView},
    problems=(*_ROW, problems.Duplicate),
)
async def add_member(api: BodyRequest[MemberAdd]) -> web.StreamResponse:
    """Add a person by e-mail address."""
    return reply(await actions.add_member(api.actor, api.path_id(), api.body))


@routes.put(
    "/projects/{id}/members/{user_id}",
    body=MemberPut,
    answers={200: MemberView},
    problems=(*_ROW, problems.LastManager),
)
async def put_member(api: BodyRequest[MemberPut]) -> web.StreamResponse:
    """Set a person's role."""
    return reply(await actions.put_member(api.actor, api.path_id(), api.path_id("user_id"), api.body))


@routes.delete("/projects/{id}/members/{user_id}", answers={204: None}, problems=(*_ROW, problems.LastManager))
async def remove_member(api: ApiRequest) -> web.StreamResponse:
    """Remove a member, or leave."""
    await actions.remove_member(api.actor, cipher_of(api), api.path_id(), api.path_id("user_id"))
    return no_content()
