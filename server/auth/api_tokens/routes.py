"""API tokens over HTTP. No token may use these routes, so a token cannot make another one."""

from aiohttp import web

from core import problems
from server.api.endpoint import ApiRequest, BodyRequest
from server.api.reply import no_content, reply_view
from server.api.routing import Routes
from server.auth.api_tokens import actions, queries
from server.auth.api_tokens.schemas import ApiTokenCreate, ApiTokenList, ApiTokenMade, ApiTokenView
from server.auth.routes import SMALL

routes = Routes("auth", body_limits=SMALL)


@routes.get("/me/api-tokens", answers={200: ApiTokenList}, ends_access=True)
async def list_api_tokens(api: ApiRequest) -> web.StreamResponse:
    """List your API tokens."""
    return reply_view(await queries.tokens_of(api.actor))


@routes.post(
    "/me/api-tokens",
    body=ApiTokenCreate,
    answers={201: ApiTokenMade | ApiTokenView},
    problems=(problems.StepUpRequired, problems.OverLimit),
)
async def create_api_token(api: BodyRequest[ApiTokenCreate]) -> web.StreamResponse:
    """
    Make an API token for a program. It is shown only in this response.

    You must have signed in or entered your password in the last five minutes. A response that is repeated for its
    `Idempotency-Key` has no `token`.
    """
    made = await actions.create_token(api.actor, api.body)
    return reply_view(made, 201, version=made.version)


@routes.delete("/me/api-tokens/{id}", answers={204: None}, problems=(problems.NotFound,), ends_access=True)
async def revoke_api_token(api: ApiRequest) -> web.StreamResponse:
    """Revoke one of your API tokens. It stops working at once, and its sockets are closed."""
    await actions.revoke_token(api.actor, api.path_id())
    return no_content()
