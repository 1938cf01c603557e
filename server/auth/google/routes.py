"""Sign-in with Google over HTTP."""

from aiohttp import web

from core import problems
from core.settings import Settings
from server.api.address import network_of
from server.api.endpoint import ApiRequest, BodyRequest
from server.api.reply import no_content, reply, reply_view
from server.api.routing import Routes
from server.auth.answers import client_of, gate_of, granted, is_api_client
from server.auth.google import actions
from server.auth.google.nonces import LIFE_S, new_browser, new_nonce
from server.auth.google.tokens import Google
from server.auth.routes import SMALL
from server.auth.schemas import (
    GoogleLink,
    GoogleLogin,
    GoogleMethod,
    Nonce,
    NonceWanted,
    SignedIn,
    SignInMethods,
    UserView,
)

GOOGLE: web.AppKey[Google | None] = web.AppKey("google", object)  # type: ignore[arg-type]  # None is not a class
routes = Routes("auth", body_limits=SMALL)
_REFUSED = (problems.GoogleTokenInvalid, problems.RateLimited, problems.NotFound, problems.Unavailable)


@routes.get("/auth/methods", answers={200: SignInMethods}, public=True)
async def read_methods(api: ApiRequest) -> web.StreamResponse:
    """Read how people can sign in here."""
    google = api.request.app[GOOGLE]
    return reply_view(SignInMethods(google=GoogleMethod(client_id=google.client_id) if google else None))


@routes.post(
    "/auth/google/nonce",
    body=NonceWanted,
    body_optional=True,
    answers={200: Nonce},
    problems=(problems.RateLimited, problems.NotFound),
    public=True,
    stores_answer=False,
)
async def make_nonce(api: BodyRequest[NonceWanted]) -> web.StreamResponse:
    """Create a nonce to give to Google. A cookie binds it to this browser."""
    _google(api)
    browser = _browser(api) or new_browser()
    nonce = await new_nonce(browser, network_of(client_of(api).ip))
    response = reply_view(Nonce(nonce=nonce))
    response.set_cookie(
        _cookie(api.settings),
        browser,
        max_age=LIFE_S,
        path="/",
        secure=api.settings.is_production,
        httponly=True,
        samesite="Strict",
    )
    return response


@routes.post(
    "/auth/google",
    body=GoogleLogin,
    answers={200: SignedIn},
    problems=(*_REFUSED, problems.LinkRequired, problems.Busy),
    public=True,
    stores_answer=False,
    gives_tokens=True,
)
async def sign_in(api: BodyRequest[GoogleLogin]) -> web.StreamResponse:
    """Sign in with the credential that Google gave to the page."""
    google, body = _google(api), api.body
    grant = await actions.sign_in(
        gate_of(api), google, body.credential, _browser(api) or "", client_of(api), remember=body.remember
    )
    return granted(api, grant, in_body=is_api_client(api))


@routes.post(
    "/me/google",
    body=GoogleLink,
    answers={200: UserView},
    problems=(*_REFUSED, problems.StepUpRequired, problems.Duplicate),
    stores_answer=False,
)
async def link(api: BodyRequest[GoogleLink]) -> web.StreamResponse:
    """Link a Google account to yours. You must have entered your password in the last five minutes."""
    google = _google(api)
    return reply(
        await actions.link(gate_of(api), google, api.actor, api.body.credential, _browser(api) or "", client_of(api))
    )


@routes.delete("/me/google", answers={204: None}, problems=(problems.StepUpRequired, problems.Forbidden))
async def unlink(api: ApiRequest) -> web.StreamResponse:
    """Unlink the Google account from yours. You must have entered your password in the last five minutes."""
    await actions.unlink(api.actor)
    return no_content()


def _google(api: ApiRequest) -> Google:
    google = api.request.app[GOOGLE]
    if google is None:
        raise problems.NotFound("Sign-in with Google is not set up here.")
    return google


def _cookie(settings: Settings) -> str:
    return "__Host-pre" if settings.is_production else f"pre-{settings.port}"


def _browser(api: ApiRequest) -> str | None:
    """The name of the browser, from its cookie; None without a valid cookie."""
    name = api.request.cookies.get(_cookie(api.settings), "")
    return name if len(name) == len(new_browser()) and name.isascii() else None
