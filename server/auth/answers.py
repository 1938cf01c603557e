"""What all sign-in routes share: their components, the client of a request, and the answer with its cookie."""

import orjson
from aiohttp import web

from core.clock import now
from core.settings import Settings
from server.api.address import client_ip
from server.api.endpoint import ApiRequest
from server.auth.actions import Gate
from server.auth.schemas import SignedIn, UserView
from server.auth.sessions import Client, Grant

GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)


def gate_of(api: ApiRequest) -> Gate:
    """The components that sign-in needs."""
    return api.request.app[GATE]


def client_of(api: ApiRequest) -> Client:
    """Where a request comes from."""
    return Client(client_ip(api.request, api.settings), api.request.headers.get("User-Agent", ""))


def refresh_cookie(settings: Settings) -> str:
    """The name of the refresh token's cookie."""
    # Cookies ignore the port, and two installations on one machine must not overwrite each other's.
    return "__Host-rt" if settings.is_production else f"rt-{settings.port}"


def is_api_client(api: ApiRequest) -> bool:
    """Whether the caller is a program, which has no cookies."""
    return api.request.headers.get("X-Client") == "api"


def granted(api: ApiRequest, grant: Grant, *, in_body: bool) -> web.Response:
    """The answer to a sign-in. The refresh token goes into the body, or into a cookie that scripts cannot read."""
    view = SignedIn(access_token=grant.access.token, expires_in=grant.access.expires_in_s, user=UserView.of(grant.user))
    if in_body:
        view.refresh_token = grant.refresh_token
    body = view.model_dump(mode="json", exclude=None if in_body else {"refresh_token"})
    response = web.Response(body=orjson.dumps(body), content_type="application/json")
    if not in_body:
        response.set_cookie(
            refresh_cookie(api.settings),
            grant.refresh_token,
            max_age=int((grant.refresh_expires_at - now()).total_seconds()),
            path="/",
            secure=api.settings.is_production,
            httponly=True,
            samesite="Strict",
        )
    return response
