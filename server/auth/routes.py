"""Sign-in over HTTP: cookies for browsers, bodies for other callers."""

from aiohttp import web

from core import problems
from server.api.body.intake import BodyLimits
from server.api.endpoint import ApiRequest, BodyRequest
from server.api.keys import SETTINGS
from server.api.reply import no_content, reply_view
from server.api.routing import Routes
from server.auth import actions, queries
from server.auth.answers import client_of, gate_of, granted, is_api_client, refresh_cookie
from server.auth.schemas import (
    AccessTokenView,
    Login,
    PasswordChange,
    Reauthenticate,
    Refresh,
    SessionList,
    SignedIn,
)

SMALL = BodyLimits(size_bytes=16 * 1024, values=64)
routes = Routes("auth", body_limits=SMALL)
_THROTTLED = (problems.InvalidCredentials, problems.RateLimited, problems.Busy)


@routes.post(
    "/auth/login",
    body=Login,
    answers={200: SignedIn},
    problems=_THROTTLED,
    public=True,
    stores_answer=False,
    gives_tokens=True,
)
async def login(api: BodyRequest[Login]) -> web.StreamResponse:
    """Sign in with an e-mail address and a password."""
    body = api.body
    grant = await actions.sign_in(gate_of(api), body.email, body.password, client_of(api), remember=body.remember)
    return granted(api, grant, in_body=is_api_client(api))


@routes.post(
    "/auth/refresh",
    body=Refresh,
    answers={200: SignedIn},
    problems=(problems.RefreshInvalid, problems.RefreshReused, problems.Csrf),
    public=True,
    stores_answer=False,
    gives_tokens=True,
)
async def refresh(api: BodyRequest[Refresh]) -> web.StreamResponse:
    """Exchange a refresh token for a new access token and a new refresh token."""
    token = _refresh_token(api)
    if token is None:
        raise problems.RefreshInvalid
    grant = await actions.refresh(gate_of(api), token, _retry_key(api))
    # The new token goes back the way the old one came, so a script in a page cannot turn its cookie into text.
    return granted(api, grant, in_body=api.body.refresh_token is not None)


@routes.post(
    "/auth/logout", body=Refresh, answers={204: None}, problems=(problems.Csrf,), public=True, stores_answer=False
)
async def logout(api: BodyRequest[Refresh]) -> web.StreamResponse:
    """End the session of the refresh token."""
    token = _refresh_token(api)
    if token is not None:
        await actions.sign_out(token)
    response = no_content()
    # Sent with the attributes it was set with: browsers ignore a __Host- cookie that is not Secure, even one that
    # deletes it.
    response.del_cookie(
        refresh_cookie(api.settings), path="/", secure=api.settings.is_production, httponly=True, samesite="Strict"
    )
    return response


@routes.post(
    "/auth/password/change",
    body=PasswordChange,
    answers={200: SignedIn},
    problems=_THROTTLED,
    stores_answer=False,
    gives_tokens=True,
    password_expired_ok=True,
    ends_access=True,
)
async def change_password(api: BodyRequest[PasswordChange]) -> web.StreamResponse:
    """Change your password and end all your other sessions."""
    body = api.body
    grant = await actions.change_password(
        gate_of(api), api.actor, body.current_password, body.new_password, client_of(api)
    )
    return granted(api, grant, in_body=is_api_client(api))


@routes.post(
    "/auth/reauth", body=Reauthenticate, answers={200: AccessTokenView}, problems=_THROTTLED, stores_answer=False
)
async def reauthenticate(api: BodyRequest[Reauthenticate]) -> web.StreamResponse:
    """Confirm your password. Linking and unlinking a Google account requires this."""
    issued = await actions.reauthenticate(gate_of(api), api.actor, api.body.password, client_of(api))
    return reply_view(AccessTokenView(access_token=issued.token, expires_in=issued.expires_in_s))


@routes.get("/auth/sessions", answers={200: SessionList}, ends_access=True)
async def list_sessions(api: ApiRequest) -> web.StreamResponse:
    """List your sessions."""
    return reply_view(await queries.sessions_of(api.actor))


@routes.delete("/auth/sessions/{id}", answers={204: None}, problems=(problems.NotFound,), ends_access=True)
async def revoke_session(api: ApiRequest) -> web.StreamResponse:
    """End one of your sessions."""
    await actions.end_session(api.actor, api.path_id(), "session_revoke")
    return no_content()


@routes.get("//.well-known/jwks.json", answers={200: dict}, public=True)
async def jwks(api: ApiRequest) -> web.StreamResponse:
    """Read the public keys for verifying access tokens."""
    return reply_view(gate_of(api).tokens.jwks())


def _retry_key(api: ApiRequest) -> str | None:
    key = api.request.headers.get("Idempotency-Key", "")
    return key if 0 < len(key) <= 128 and key.isascii() and key.isprintable() else None


def _refresh_token(api: BodyRequest[Refresh]) -> str | None:
    if api.body.refresh_token is not None or is_api_client(api):
        return api.body.refresh_token
    cookie = api.request.cookies.get(refresh_cookie(api.settings))
    if cookie is None:
        return None
    headers = api.request.headers
    origin = headers.get("Origin")
    allowed = origin in api.request.app[SETTINGS].origins if origin else headers.get("Sec-Fetch-Site") == "same-origin"
    if not allowed or headers.get("X-Requested-With") != "tallyroom":
        raise problems.Csrf
    return cookie
