"""Accounts over HTTP."""

from aiohttp import web

from core import problems
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest
from server.api.paging import Page
from server.api.reply import no_content, reply, reply_view
from server.api.routing import Routes
from server.auth.answers import GATE
from server.auth.schemas import UserView
from server.user import actions, queries
from server.user.schemas import MeUpdate, UserCreate, UserList, UserUpdate
from server.vault.of_request import cipher_of

routes = Routes("users")
_ADMIN = (problems.Forbidden, problems.NotFound)


@routes.get("/me", scope="read", answers={200: UserView}, password_expired_ok=True)
async def get_me(api: ApiRequest) -> web.StreamResponse:
    """Read your account."""
    view = await queries.own_account(api.actor)
    return reply_view(view, version=view.version)


@routes.patch(
    "/me", body=MeUpdate, answers={200: UserView}, problems=(problems.VersionConflict,), password_expired_ok=True
)
async def update_me(api: BodyRequest[MeUpdate]) -> web.StreamResponse:
    """Change your account."""
    return reply(await actions.update_me(api.actor, api.body, api.if_match))


@routes.get("/users", query=UserList, answers={200: Page[UserView]}, problems=(problems.Forbidden,))
async def list_users(api: QueryRequest[UserList]) -> web.StreamResponse:
    """List accounts."""
    return reply_view(await queries.list_users(api.actor, api.query))


@routes.post("/users", body=UserCreate, answers={201: UserView}, problems=(problems.Forbidden, problems.Duplicate))
async def create_user(api: BodyRequest[UserCreate]) -> web.StreamResponse:
    """Create an account."""
    return reply(await actions.create_user(api.actor, api.body, api.request.app[GATE].passwords))


@routes.get("/users/{id}", answers={200: UserView}, problems=_ADMIN)
async def get_user(api: ApiRequest) -> web.StreamResponse:
    """Read an account."""
    user = await queries.get_user(api.actor, api.path_id())
    return reply_view(UserView.of(user), version=user.version)


@routes.patch(
    "/users/{id}",
    body=UserUpdate,
    answers={200: UserView},
    problems=(*_ADMIN, problems.LastManager, problems.VersionConflict),
)
async def update_user(api: BodyRequest[UserUpdate]) -> web.StreamResponse:
    """Change an account."""
    return reply(await actions.update_user(api.actor, api.path_id(), api.body, api.if_match))


@routes.delete("/users/{id}", answers={204: None}, problems=(*_ADMIN, problems.LastManager, problems.VersionConflict))
async def delete_user(api: ApiRequest) -> web.StreamResponse:
    """Delete a person. The account is emptied, and the audit log keeps its id."""
    await actions.delete_user(api.actor, cipher_of(api), api.path_id(), api.if_match)
    return no_content()


@routes.post("/users/{id}/sessions/revoke", answers={204: None}, problems=_ADMIN, ends_access=True)
async def end_all_sessions(api: ApiRequest) -> web.StreamResponse:
    """End all sessions of an account."""
    await actions.end_all_sessions(api.actor, api.path_id())
    return no_content()
